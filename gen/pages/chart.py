"""Bits over time: a training's log, drawn as a chart of HTML and SVG that fits any width, and as a table."""

import math
from html import escape as safe

import numpy as np

POINTS = 200  # of a curve at most
ROWS = 40  # of a table at most
COLOURS = 6
TALL = 0.075  # share of the chart's height under which two baselines share one label


def charts(runs) -> str:
    """Return a chart for each set of recordings that the Runs with a log learned from."""
    logged = [run for run in runs if run.log and (run.log.training or run.log.valid)]
    references = list({id(run.reference): run.reference for run in logged}.values())
    parts = [
        chart([run for run in logged if run.reference is one], one.name if len(references) > 1 else "")
        for one in references
    ]
    return "".join(parts)


def chart(runs, name: str) -> str:
    """Return the curves of Runs over the same recordings, the trivial predictors dashed, then a table of all."""
    timed = all(step in run.log.seconds for run in runs for step in (*run.log.training, *run.log.valid))
    unit = "minutes" if timed else "steps"

    def curve(run, values):
        return [(run.log.seconds[step] / 60 if timed else step, bits) for step, bits in sorted(values.items())]

    baselines = next((run.log.baselines for run in runs if run.log.baselines), {})
    curves = [(curve(run, run.log.training), curve(run, run.log.valid)) for run in runs]
    points = [point for pair in curves for part in pair for point in part]
    right = max(x for x, _ in points) or 1.0
    heights = [y for _, y in points if math.isfinite(y)] + list(baselines.values())
    low, high = math.floor(2 * min(heights) - 0.1) / 2, math.ceil(2 * max(heights) - 0.2) / 2

    def path(part, mark="L"):
        moved = [f"{1000 * x / right:.1f} {1000 * (high - max(low, y)) / (high - low):.1f}" for x, y in part]
        return "M" + mark.join(moved) if mark == "L" else "".join(f"M{at}h0" for at in moved)

    lines, labels = [], []
    for y in ticks(low, high):
        lines.append(f'<path class="grid" d="{path([(0, y), (right, y)])}"/>')
        labels.append(f'<span class="y" style="bottom:{share(y, low, high)}">{y:g}</span>')
    for y in baselines.values():
        lines.append(f'<path class="base" d="{path([(0, y), (right, y)])}"/>')
    for text, y in gathered(baselines, (high - low) * TALL):
        labels.append(f'<span class="name" style="bottom:{share(y, low, high)}">{safe(text)}</span>')
    for index, (training, valid) in enumerate(curves):
        colour = f"stroke:var(--c{index % COLOURS})"
        for kind, part in (("thin", thinned(training)), ("bold", valid)):
            if part:
                lines.append(f'<path class="{kind}" style="{colour}" d="{path(part)}"/>')
        lines.append(f'<path class="dots" style="{colour}" d="{path(valid, "dots")}"/>')
    for x in ticks(0, right):
        labels.append(f'<span class="x" style="left:{share(x, 0, right)}">{x:g}{" min" * (timed and x > 0)}</span>')
    legend = [
        f'<li><i style="background:var(--c{index % COLOURS})"></i>{safe(run.name)}'
        + (f", {valid[-1][1]:.3f} bits held out" if valid else "")
        for index, (run, (_, valid)) in enumerate(zip(runs, curves, strict=True))
    ]
    said = f"Bits per sample over {unit}" + (f", {safe(name)}" if name else "")
    return (
        f'<figure><ul class="legend">{"</li>".join(legend)}</li></ul><div class="plot" role="img" aria-label="{said}; '
        'the table below has the numbers"><svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(lines)}</svg>{''.join(labels)}</div><figcaption>{said}: held out (bold, with dots) and in training "
        f"(thin). Lower is better. Dashed: predictors that learn next to nothing.</figcaption>"
        f"<details><summary>The numbers as a table</summary>{table(runs, baselines)}</details></figure>"
    )


def table(runs, baselines) -> str:
    """Return the validations of Runs as a table, and the baselines."""
    rows = []
    for run in runs:
        steps = sorted(run.log.valid or run.log.training)
        for step in [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, ROWS).round().astype(int))]:
            minutes = f"{run.log.seconds[step] / 60:.1f}" if step in run.log.seconds else ""
            bits = [f"{part[step]:.3f}" if step in part else "" for part in (run.log.valid, run.log.training)]
            rows.append((run.name, minutes, f"{step:,}", *bits, run.log.said.get(step, "")))
    rows += [(name, "", "", f"{bits:.3f}", "", "learns next to nothing") for name, bits in baselines.items()]
    return rendered(("run", "minutes", "step", "held out, bits", "in training, bits", "verdict"), rows)


def rendered(columns, rows) -> str:
    """Return a table whose first column heads its rows."""
    head = "".join(f'<th scope="col">{safe(name)}</th>' for name in columns)
    body = "".join(
        f'<tr><th scope="row">{safe(first)}</th>' + "".join(f"<td>{safe(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def gathered(baselines, near: float) -> list:
    """Return labels and heights of the baselines, those less than `near` bits apart in one label."""
    out = []
    for name, bits in sorted(baselines.items(), key=lambda item: -item[1]):
        if out and out[-1][1] - bits < near:
            out[-1] = (f"{out[-1][0]}; {name} {bits:.2f}", out[-1][1])
        else:
            out.append((f"{name} {bits:.2f}", bits))
    return out


def ticks(low: float, high: float) -> list:
    """Return 3 to 8 round numbers from `low` to `high`."""
    ten = 10 ** math.floor(math.log10((high - low) / 3))
    step = max(m * ten for m in (1, 2, 5, 10) if (high - low) / (m * ten) >= 2.5)
    return [round(i * step, 10) for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def share(value, low, high) -> str:
    """Return where a value lies from `low` to `high`, in percent."""
    return f"{100 * (value - low) / (high - low):.2f}%"


def thinned(points) -> list:
    """Return a curve of POINTS points at most, each the mean of its neighbours."""
    each = -(-len(points) // POINTS)
    return [tuple(np.mean(points[i : i + each], axis=0)) for i in range(0, len(points), each)] if points else []
