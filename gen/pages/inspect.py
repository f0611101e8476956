"""The page of what models remember: bits since a reset, gradients and inputs over distance, and their units."""

import math

from gen.judging import inspect
from gen.judging.memory import NEAREST
from gen.pages import features, template, units
from gen.pages.chart import Axis, Chart, chart, ticks
from gen.pages.learning import COLOURS
from gen.pages.listening import Album

MAKER = "gen inspect"  # as inspect.html has it
LOWEST = 1e-12  # of the largest norm, that is shown


def write(path, found, file):
    """Write the page of what was `found` over a file, or over held-out recordings, to `path`. Raises ValueError."""
    told = {"columns": inspect.COLUMNS, "rows": inspect.rows(found), "over": str(file) if file else None}
    charts = {
        "What it remembers": memories(found),
        "What it hangs on": hangs(found),
        "How far gradients reach": reaches(found),
    }
    known = [(one.name, one.units) for one in found if one.units]
    sounds = [features.Sound(f"{name}, on an excerpt", one.wave, one.rate) for name, one in known]
    takes = [units.takes(one) for _, one in known]
    album = Album([*sounds, *(sound for each in takes for sound in each)])
    shown = [
        {**units.shown(name, sound, one, album), "takes": [album.player(each, each.title) for each in made]}
        for (name, one), sound, made in zip(known, sounds, takes, strict=True)
    ]
    data = {"sounds": album.sounds}
    template.write(path, MAKER, template.render("inspect.html", **told, charts=charts, units=shown, data=data))


def memories(found) -> Chart:
    """Return the chart of bits over the time since the state was reset; dashed, those without a reset."""
    drawn, legend, heights = [], [], []
    last = max(to for one in found for _, to, _ in one.memory.points)
    for number, one in enumerate(found):
        points = [
            (math.log10(math.sqrt(max(a, NEAREST / 2) * b)), one.memory.bits + over) for a, b, over in one.memory.points
        ]
        colour = number % COLOURS
        drawn += [("bold", points, colour), ("dots", points, colour)]
        drawn.append(
            ("base", [(math.log10(NEAREST / 2), one.memory.bits), (math.log10(last), one.memory.bits)], colour)
        )
        heights += [one.memory.bits, *(y for _, y in points)]
        legend.append((f"{one.name}, 95 % there after {inspect.after(one)}", colour))
    low, high = math.floor(2 * min(heights) - 0.1) / 2, math.ceil(2 * max(heights) + 0.1) / 2
    y = Axis(low, high, [(v, f"{v:g}") for v in ticks(low, high)])
    said = "Bits per sample over the time since the state was reset"
    caption = f"{said}; dashed, where it wasn't. 95 % of the gain are there where all but 5 % of the gap is closed."
    return chart(said, caption, decades(NEAREST / 2, last), y, drawn, legend=legend)


def hangs(found) -> Chart:
    """Return the chart of how many bits a prediction changes where a sample is silenced, over how long ago that was."""
    curves = [
        [(math.log10(k / one.symbols), math.log10(b)) for k, b in zip(*one.inputs, strict=True) if b > 0]
        for one in found
    ]
    every = [point for curve in curves for point in curve] or [(-3.0, 0.0)]
    high = math.ceil(max(y for _, y in every))
    low = max(math.floor(min(y for _, y in every)), high + round(math.log10(LOWEST)))
    y = Axis(min(low, high - 1), high, [(v, f"1e{v:g}") for v in range(low, high + 1, max(1, (high - low) // 6))])
    x = decades(10 ** min(x for x, _ in every), 10 ** max(x for x, _ in every))
    drawn = [("bold", [p for p in curve if p[1] >= low], number % COLOURS) for number, curve in enumerate(curves)]
    said = "Bits by which a prediction changes where one sample, so long before it, is silence instead"
    legend = [(one.name, number % COLOURS) for number, one in enumerate(found)]
    return chart(said, f"{said}, on average.", x, y, drawn, legend=legend)


def reaches(found) -> Chart:
    """Return the chart of the norms of gradients over distance, both in decades: thin, before training."""
    points = {}
    for one in found:
        seconds = [k / one.symbols for k in one.gradients.distances]
        for when in ("beginning", "end"):
            norms = getattr(one.gradients, when)
            points[one.name, when] = [
                (math.log10(s), math.log10(n)) for s, n in zip(seconds, norms, strict=True) if n > 0
            ]
    every = [point for curve in points.values() for point in curve] or [(-3.0, 0.0)]
    high = math.ceil(max(y for _, y in every))
    low = max(math.floor(min(y for _, y in every)), high + round(math.log10(LOWEST)))
    low = min(low, high - 1)

    def within(points):
        return [(x, y) for x, y in points if low <= y <= high]

    drawn, legend = [], []
    for number, one in enumerate(found):
        colour = number % COLOURS
        drawn += [
            ("thin", within(points[one.name, "beginning"]), colour),
            ("bold", within(points[one.name, "end"]), colour),
        ]
        drawn.append(("base", within(bound(one)), colour))
        legend.append((one.name, colour))
    y = Axis(low, high, [(v, f"1e{v:g}") for v in range(low, high + 1, max(1, (high - low) // 6))])
    x = decades(10 ** min(x for x, _ in every), 10 ** max(x for x, _ in every))
    said = "Norm of the gradient of a prediction's cost with respect to the state so long before it"
    caption = (
        f"{said}: trained (bold) and before training (thin). Dashed, of Elman networks: as much as the largest "
        "singular value of the recurrent matrix lets through, to the power of the symbols between."
    )
    return chart(said, caption, x, y, drawn, legend=legend)


def bound(one) -> list:
    """Return the points of the most that a norm can be, from that at the nearest distance on; none if unknown."""
    far, most = one.gradients.distances, one.gradients.most
    if most is None or not one.gradients.end[-1] > 0:
        return []
    near = math.log10(one.gradients.end[-1])
    return [(math.log10(k / one.symbols), near + (k - far[-1]) * math.log10(most)) for k in far]


def decades(low: float, high: float) -> Axis:
    """Return an axis of the logarithm of seconds, a text at each decade between two times."""
    marks = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    texts = [(float(n), f"{10.0 ** (n + 3):g} ms" if n < 0 else f"{10.0**n:g} s") for n in marks]
    low, high = math.log10(low), max(math.log10(high), math.log10(low) + 0.1)
    return Axis(low, high, [(n, text) for n, text in texts if low <= n <= high])
