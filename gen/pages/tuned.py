"""What a search for the size of a model came to: an answer in words, a table, and a page with two charts."""

import math
import shlex

import numpy as np

from gen.base.terminal import clock
from gen.pages import template
from gen.pages.chart import Axis, Chart, chart, ticks

MAKER = "gen tune"  # as tuned.html has it
COLUMNS = ("what", "parameters", "trained", "bits held out", "expected", "from", "to")
LEAST = 0.005  # bits under which one size isn't worse than another
SHOWN = 3  # sizes beside the best of which it is said how they would do
POINTS = 60  # of a law's curve
HOURS = 1000  # beyond which it isn't said how long a size would need


def rows(found) -> list:
    """Return the rows of COLUMNS for what `gen.training.tuning.answer` found."""
    return [
        (
            f.candidate.keys,
            f"{f.parameters:,}",
            f"{clock(60 * f.minutes)} min",
            f"{f.bits:.3f}",
            *(f"{value:.3f}" for value in f.expected),
        )
        for f in found
    ]


def lines(found, minutes: float, law, command: str) -> list:
    """Return the answer: which size is expected to be best after `minutes`, how others would do, and the command."""
    best = found[0]
    bits, low, high = best.expected
    said = [
        f"for {minutes:g} minutes on this machine, on these recordings: {best.candidate.keys} "
        f"({bits:.2f} bits expected, {low:.2f} to {high:.2f})"
    ]
    others = []
    for f in found[1 : 1 + SHOWN]:
        worse = f.expected[0] - bits
        told = "is as good" if worse < LEAST else f"is {worse:.2f} worse"
        if worse >= LEAST and f.parameters > best.parameters and (needed := until(f, bits, law, minutes)):
            told += f", and would need {needed}"
        others.append(f"{f.parameters:,} parameters {told}")
    if others:
        said.append("; ".join(others))
    return [*said, f"{command} {best.candidate.keys} minutes={minutes:g}"]


def command(data: dict, choice: str) -> str:
    """Return the beginning of the command that trains a model of a `choice` on the recordings `data` describes."""
    keys = {"data.rate": data["rate"], "data.labels": data["labels"], "data.valid": data["valid"]}
    keys |= {"data.test": data["test"], "model": choice}
    return shlex.join(["gen", "train", str(data["path"]), *(f"{key}={value}" for key, value in keys.items())])


def until(f, bits: float, law, minutes: float) -> str:
    """Return how long a size would train until it has so many bits, in words; nothing where that is beyond HOURS."""
    for factor in 2 ** np.arange(0.25, 20, 0.25):
        if factor * minutes > 60 * HOURS:
            return ""
        after = law.bits(f.parameters, f.speed * minutes * factor) - law.bits(f.parameters, f.samples)
        if f.bits + after <= bits:
            return f"{factor * minutes:.0f} minutes" if factor * minutes < 120 else f"{factor * minutes / 60:.0f} hours"
    return ""


def write(path, folder: str, said: list, found, done, law):
    """Write the page to `path`, whole or not at all. Raises ValueError."""
    charts = [over_parameters(found), over_minutes(done)]
    told = (
        f"The law: bits = {law.a:.3f} + {law.b:.3f} (N / {law.size:,.0f})^-{law.c:g} + "
        f"{law.d:.3f} (T / {law.seen:,.0f})^-{law.e:g}, with N parameters after T samples."
    )
    html = template.render(
        "tuned.html", folder=folder, said=said, law=told, columns=COLUMNS, rows=rows(found), charts=charts
    )
    template.write(path, MAKER, html)


def around(values, least: float = 0.05) -> Axis:
    """Return an Axis around bits."""
    low, high = min(values), max(values)
    room = max(least, 0.1 * (high - low))
    return Axis(low - room, high + room, [(v, f"{v:g}") for v in ticks(low - room, high + room)])


def logarithmic(values, unit: str) -> Axis:
    """Return an Axis around numbers over 0 whose places are their logarithms to base 2."""
    low, high = math.log2(min(values)) - 0.1, math.log2(max(values)) + 0.1
    return Axis(low, high, [(v, f"{2**v:,.3g}{unit}") for v in np.linspace(low, high, 4)])


def over_parameters(found) -> Chart:
    """Return the bits of each size over its parameters: as last measured, and as expected."""
    some = sorted(found, key=lambda f: f.parameters)
    x = logarithmic([f.parameters for f in some], "")
    y = around([value for f in some for value in (f.bits, *f.expected)])

    def points(bits):
        return [(math.log2(f.parameters), bits(f)) for f in some]

    expected = points(lambda f: f.expected[0])
    drawn = [("dots", points(lambda f: f.bits), 1), ("bold", expected, 0), ("dots", expected, 0)]
    drawn += [("thin", points(lambda f, end=end: f.expected[end]), 0) for end in (1, 2)]
    said = "Bits per sample held out over parameters"
    caption = f"{said}: where each size was last, and what is expected of it (thin: from and to). Lower is better."
    return chart(said, caption, x, y, drawn, (), [("expected", 0), ("measured", 1)])


def over_minutes(done) -> Chart:
    """Return the bits of every training over the minutes it has had, a line each."""
    paths: dict[str, list] = {}
    for found in done:
        for f in found:
            paths.setdefault(f.candidate.name, []).append((math.log2(f.minutes), f.bits))
    x = logarithmic([f.minutes for found in done for f in found], " min")
    y = around([f.bits for found in done for f in found])
    drawn = [(kind, path, number % 6) for number, path in enumerate(paths.values()) for kind in ("thin", "dots")]
    said = "Bits per sample held out over minutes"
    return chart(said, f"{said}: the better half of a round goes on into the next.", x, y, drawn)
