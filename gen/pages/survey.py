"""The survey of a folder as one HTML file that needs nothing else: findings, tables, two pictures, light or dark."""

from html import escape

import numpy as np

from gen.base import files
from gen.survey.findings import findings, percent, tables

MARK = '<meta name="generator" content="gen data">'
WIDTH, HEIGHT, LEFT, BOTTOM = 720, 220, 60, 34  # of a picture
BARS = 24
SHOWN_DB = 110  # of a spectrum, below its highest
STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1f; --paper: #fdfdfc; --line: #8a8a92; --mark: #1f6f8b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e3; --paper: #17181b; --line: #85858d; --mark: #6cc0dc; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
th:first-child, td:first-child, table.text td { text-align: left; }
th[scope=row] { font-weight: normal; }
svg { width: 100%; height: auto; max-width: 45rem; }
svg text { fill: var(--ink); font-size: 13px; }
.mark { fill: var(--mark); }
.curve { fill: none; stroke: var(--mark); stroke-width: 1.5; } .axis { fill: none; stroke: var(--line); }
"""


def write(path, report: dict):
    """Write the page of a report of `gen.survey.folder` to `path`, whole or not at all. Raises ValueError."""
    files.spare(path, MARK)
    try:
        with files.replacing(path) as file:
            file.write(page(report).encode())
    except OSError as error:
        raise ValueError(f"{path}: can't be written ({error.strerror}); give another place with out=") from None


def page(report: dict) -> str:
    """Return the page as HTML."""
    title = f"Recordings in {escape(report['path'])}"
    told = "".join(f"<li>{escape(finding)}</li>\n" for finding in findings(report))
    parts = [f"<h1>{title}</h1>", f"<h2>What was found, and what to do</h2>\n<ul>\n{told}</ul>", "<h2>Figures</h2>"]
    parts += [table(columns, rows) for columns, rows in tables(report)]
    if report["files"]:
        parts += ["<h2>Lengths</h2>", lengths(report), "<h2>Average spectrum</h2>", spectrum(report)]
    if report["pairs"]:
        rows = [(p["copy"], p["first"], p["kind"], f"{p['likeness']:.3f}") for p in report["pairs"]]
        parts.append(table(("copy", "of", "the same", "correlation"), rows, "text"))
    if report["faults"]:
        parts.append(table(("can't be used", "why"), [(f["name"], f["why"]) for f in report["faults"]], "text"))
    if report["files"]:
        parts.append(f"<details><summary>Every file</summary>\n{each(report['files'])}</details>")
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{MARK}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def each(files: list) -> str:
    """Return the table of all files."""
    columns = ("file", "format", "rate (Hz)", "channels", "length (s)", "peak (dBFS)", "RMS (dBFS)", "DC (dBFS)")
    columns += ("clipped", "silence", "bandwidth (kHz)")
    rows = [
        (
            *(f["name"], f"{f['format']} {f['subtype']}", f"{f['rate']:,}", f"{f['channels']}", f"{f['seconds']:.2f}"),
            *(f"{f[key]:.1f}" for key in ("peak", "rms", "dc")),
            *(percent(f["clipping"]), f"{f['silence']:.0%}", f"{f['bandwidth'] / 1000:.1f}"),
        )
        for f in files
    ]
    return table(columns, rows)


def table(columns, rows, kind: str = "figures") -> str:
    """Return a table whose first column names its rows."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    drawn = f'<table class="{kind}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>'
    return f'<div class="wide" role="region" aria-label="{escape(columns[0])}" tabindex="0">\n{drawn}\n</div>'


def lengths(report: dict) -> str:
    """Return a histogram of the files' lengths, on a logarithmic axis."""
    seconds = np.array([f["seconds"] for f in report["files"]])
    low, high = np.log10(max(1e-3, seconds.min())), np.log10(max(1e-3, seconds.max()))
    edges = np.linspace(low - 0.02, high + 0.02, BARS + 1)
    counts, _ = np.histogram(np.log10(np.maximum(seconds, 1e-3)), edges)
    wide, tall = (WIDTH - LEFT) / BARS, HEIGHT - BOTTOM
    bars = "".join(
        f'<rect class="mark" x="{LEFT + i * wide + 1:.1f}" y="{tall * (1 - n / counts.max()):.1f}" '
        f'width="{wide - 2:.1f}" height="{tall * n / counts.max():.1f}"/>'
        for i, n in enumerate(counts)
        if n
    )
    across = [
        (LEFT + (WIDTH - LEFT) * s, f"{10 ** (edges[0] + (edges[-1] - edges[0]) * s):.3g} s") for s in (0, 0.5, 1)
    ]
    told = f"{len(seconds)} files from {seconds.min():.2f} to {seconds.max():.2f} s, median {np.median(seconds):.2f} s"
    return picture(f"Histogram of lengths: {told}", bars, across, [(12, f"{counts.max()}"), (tall, "0")])


def spectrum(report: dict) -> str:
    """Return the average spectrum of all files, level over frequency."""
    levels = np.array(report["spectrum"])
    hertz = np.arange(len(levels)) * report["bin_hz"]
    size = -(-len(levels) // (WIDTH - LEFT))
    points = [(hertz[i : i + size].mean(), levels[i : i + size].max()) for i in range(0, len(levels), size)]
    top, tall, highest = max(level for _, level in points), HEIGHT - BOTTOM, hertz[-1] or 1.0
    line = " ".join(
        f"{LEFT + (WIDTH - LEFT) * f / highest:.1f},{min(tall, tall * (top - level) / SHOWN_DB):.1f}"
        for f, level in points
    )
    across = [(LEFT + (WIDTH - LEFT) * s, f"{highest * s / 1000:.3g} kHz") for s in (0, 0.25, 0.5, 0.75, 1)]
    told = f"Average spectrum up to {highest / 1000:.1f} kHz; there is sound up to {report['bandwidth'] / 1000:.1f} kHz"
    curve = f'<polyline class="curve" points="{line}"/>'
    if report["rate"] / 2 < highest:
        x = LEFT + (WIDTH - LEFT) * report["rate"] / 2 / highest
        curve += f'<path class="axis" stroke-dasharray="4" d="M{x:.0f} 0V{tall}"/>'
        told += f"; dashed is half of data.rate={report['rate']}, above which training hears nothing"
    return picture(told, curve, across, [(12, f"{top:.0f} dB"), (tall, f"{top - SHOWN_DB:.0f} dB")])


def picture(told: str, inside: str, across, up) -> str:
    """Return an SVG with axes: `across` and `up` are places and texts. What it shows is told in words below it."""
    tall = HEIGHT - BOTTOM
    axes = f'<path class="axis" d="M{LEFT} 0V{tall}H{WIDTH}"/>'
    anchor = {LEFT: "start", WIDTH: "end"}
    texts = "".join(
        f'<text x="{x:.0f}" y="{tall + 20}" text-anchor="{anchor.get(round(x), "middle")}">{escape(text)}</text>'
        for x, text in across
    )
    texts += "".join(f'<text x="{LEFT - 6}" y="{y:.0f}" text-anchor="end">{escape(text)}</text>' for y, text in up)
    drawn = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(told)}">{inside}{axes}{texts}</svg>'
    return f"<figure>{drawn}<figcaption>{escape(told)}.</figcaption></figure>"
