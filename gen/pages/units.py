"""What the units of models do, as parts of a page: how long they keep what they hold, and a player they run along."""

import math

import numpy as np

from gen.judging import unit_tables
from gen.judging.units import READINGS
from gen.pages import features, lanes
from gen.pages.chart import Axis, Chart, chart, ticks
from gen.pages.learning import COLOURS

UNIT = {"value": "", "level": "dB"}


def shown(run: str, sound, found, album) -> dict:
    """Return what the template shows of the Units of a run, whose excerpt is a `sound` of the album."""
    drawn: list = [lanes.spectrogram(sound.wave, sound.rate)]
    for line, chosen, values in zip(unit_tables.told(found), found.chosen, found.curves, strict=True):
        drawn.append(lanes.Curve(line, UNIT[READINGS[chosen.reading]], found.times, values, np.zeros(0)))
    return {
        "run": run,
        "bits": found.bits,
        "columns": unit_tables.PARTS,
        "rows": unit_tables.part_rows(found),
        "sound": features.show(sound, drawn, album),
        "chart": lasting(found),
    }


def takes(found) -> list:
    """Return the takes as sounds: that of the whole model, then without each unit; none where none was made."""
    made = [found.take, *(left.take for left in found.chosen)]
    titles = ["Nothing left out", *(f"Without {each.partition(':')[0]}" for each in unit_tables.told(found))]
    return [features.Sound(*each, found.rate) for each in zip(titles, made, strict=True) if len(each[1])]


def lasting(found) -> Chart | None:
    """Return the chart of the share of each part's units that forget half within a time; None where none says it."""
    sets = [(one.name, np.sort(one.halved[~np.isnan(one.halved)])) for one in found.parts]
    sets = [(name, halved) for name, halved in sets if len(halved)]
    if not sets:
        return None
    low = math.floor(math.log10(min(halved[0] for _, halved in sets)))
    high = max(low + 1, math.ceil(math.log10(min(60.0, max(halved[-1] for _, halved in sets)))))
    marks = range(low, high + 1)
    x = Axis(low, high, [(n, f"{10.0 ** (n + 3):g} ms" if n < 0 else f"{10.0**n:g} s") for n in marks])
    y = Axis(0, 100, [(v, f"{v:g} %") for v in ticks(0, 100)])
    drawn, legend = [], []
    for number, (name, halved) in enumerate(sets):
        points = [(math.log10(s), 100 * (i + 1) / len(halved)) for i, s in enumerate(halved) if s <= 60]
        drawn.append(("bold", points, number % COLOURS))
        legend.append((name, number % COLOURS))
    said = "Share of units that have forgotten half of what they hold, over time, as their gates were on average"
    return chart(said, said + ".", x, y, drawn, legend=legend)
