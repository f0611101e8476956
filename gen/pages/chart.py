"""A chart as plain data, which chart.html draws at any width: paths in a box of SIZE x SIZE, and texts beside it."""

import math
from typing import NamedTuple

SIZE = 1000


class Axis(NamedTuple):
    """The values at the two ends of a side, and those that are told there, as (value, text)."""

    low: float
    high: float
    ticks: list

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 at the low end to 1; what is outside lies at an end."""
        return float(min(1.0, max(0.0, (value - self.low) / (self.high - self.low))))

    def labels(self, ticks) -> list:
        """Return the texts of ticks, and where they stand in percent."""
        return [(text, 100 * self.share(value)) for value, text in ticks]


class Chart(NamedTuple):
    """What is drawn and told."""

    said: str  # to those who don't see it
    caption: str
    paths: list  # (kind, path, colour), as in the stylesheet
    across: list  # (text, percent), as the next two
    up: list
    names: list
    legend: list  # (text, colour)


def chart(said: str, caption: str, x: Axis, y: Axis, curves: list, names=(), legend=()) -> Chart:
    """Return the Chart of curves (kind, points, colour) over a grid; `names` are heights with a name, (value, text)."""
    grid = [("grid", [(x.low, value), (x.high, value)], 0) for value, _ in y.ticks]
    paths = [(kind, path(kind, points, x, y), colour) for kind, points, colour in grid + curves if points]
    return Chart(said, caption, paths, x.labels(x.ticks), y.labels(y.ticks), y.labels(names), legend)


def path(kind: str, points, x: Axis, y: Axis) -> str:
    """Return the path through points in the box, whose top is 0; of dots, one that is a dot at each."""
    places = [f"{SIZE * x.share(a):.1f} {SIZE * (1 - y.share(b)):.1f}" for a, b in points]
    return "".join(f"M{place}h0" for place in places) if kind == "dots" else "M" + "L".join(places)


def ticks(low: float, high: float) -> list:
    """Return 3 to 8 round numbers from `low` to `high`."""
    ten = 10 ** math.floor(math.log10((high - low) / 3))
    step = max(m * ten for m in (1, 2, 5, 10) if (high - low) / (m * ten) >= 2.5)
    return [round(i * step, 10) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
