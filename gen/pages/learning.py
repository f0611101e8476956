"""How runs learned: bits per sample over time beside the trivial predictors, as a chart and as a table."""

import math
from typing import NamedTuple

import numpy as np

from gen.pages.chart import Axis, Chart, chart, ticks

POINTS = 200  # of a curve at most
ROWS = 40  # of a table at most
COLUMNS = ("run", "minutes", "step", "held out, bits", "in training, bits", "verdict")
COLOURS = 6  # in the stylesheet
TALL = 0.075  # share of the chart's height under which two baselines share one label


class Curve(NamedTuple):
    """Bits per sample of a run in training and held out, as (minutes or steps, bits)."""

    name: str
    training: list  # of POINTS points at most
    valid: list


def charts(runs) -> list:
    """Return a Chart and the rows of its table for each set of recordings that the Runs with a log learned from."""
    runs = logged(runs)
    several = len(references(runs)) > 1
    drawn = []
    for one in references(runs):
        alike = [run for run in runs if run.reference is one]
        baselines: dict = next((run.log.baselines for run in alike if run.log.baselines), {})
        drawn.append((bits(alike, one.name if several else "", baselines), rows(alike, baselines)))
    return drawn


def references(runs) -> list:
    """Return the References of Runs, each once."""
    return list({id(run.reference): run.reference for run in runs if run.reference}.values())


def logged(runs) -> list:
    """Return those of the Runs that have a log with figures in it."""
    return [run for run in runs if run.log and (run.log.training or run.log.valid)]


def curves(runs) -> tuple:
    """Return the unit of time that the logs of all Runs allow, and a Curve for each."""
    timed = all(step in run.log.seconds for run in runs for step in (*run.log.training, *run.log.valid))

    def points(run, values):
        return [(run.log.seconds[step] / 60 if timed else step, y) for step, y in sorted(values.items())]

    drawn = [Curve(run.name, thinned(points(run, run.log.training)), points(run, run.log.valid)) for run in runs]
    return "minutes" if timed else "steps", drawn


def bits(runs, name: str, baselines: dict) -> Chart:
    """Return the curves of Runs over the same recordings, the trivial predictors dashed."""
    unit, learned = curves(runs)
    points = [point for curve in learned for point in curve.training + curve.valid]
    heights = [y for _, y in points if math.isfinite(y)] + list(baselines.values())
    right = max(x for x, _ in points) or 1.0
    low, high = math.floor(2 * min(heights) - 0.1) / 2, math.ceil(2 * max(heights) - 0.2) / 2
    x = Axis(0, right, [(v, f"{v:g}" + " min" * (unit == "minutes" and v > 0)) for v in ticks(0, right)])
    y = Axis(low, high, [(v, f"{v:g}") for v in ticks(low, high)])
    drawn, legend = [("base", [(0, v), (right, v)], 0) for v in baselines.values()], []
    for index, (label, training, valid) in enumerate(learned):
        colour = index % COLOURS
        drawn += [("thin", training, colour), ("bold", valid, colour), ("dots", valid, colour)]
        legend.append((label + (f", {valid[-1][1]:.3f} bits held out" if valid else ""), colour))
    said = f"Bits per sample over {unit}" + (f", {name}" if name else "")
    caption = (
        f"{said}: held out (bold, with dots) and in training (thin). Lower is better. Dashed: predictors that learn "
        "next to nothing."
    )
    names = gathered(baselines, (high - low) * TALL)
    return chart(f"{said}; the table below has the numbers", caption, x, y, drawn, names, legend)


def rows(runs, baselines) -> list:
    """Return the validations of Runs and the baselines as rows of COLUMNS."""
    out = []
    for run in runs:
        steps = sorted(run.log.valid or run.log.training)
        for step in [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, ROWS).round().astype(int))]:
            minutes = f"{run.log.seconds[step] / 60:.1f}" if step in run.log.seconds else ""
            figures = [f"{part[step]:.3f}" if step in part else "" for part in (run.log.valid, run.log.training)]
            out.append((run.name, minutes, f"{step:,}", *figures, run.log.said.get(step, "")))
    return out + [(name, "", "", f"{y:.3f}", "", "learns next to nothing") for name, y in baselines.items()]


def gathered(baselines, near: float) -> list:
    """Return heights and labels of the baselines, those less than `near` bits apart in one label."""
    out: list[tuple] = []
    for name, y in sorted(baselines.items(), key=lambda item: -item[1]):
        if out and out[-1][0] - y < near:
            out[-1] = (out[-1][0], f"{out[-1][1]}; {name} {y:.2f}")
        else:
            out.append((y, f"{name} {y:.2f}"))
    return out


def thinned(points, most: int = POINTS) -> list:
    """Return a curve of `most` points at most, each the mean of its neighbours."""
    each = -(-len(points) // most)
    return [tuple(np.mean(points[i : i + each], axis=0)) for i in range(0, len(points), each)] if points else []
