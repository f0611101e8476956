"""The survey of a folder as one HTML file that needs nothing else: findings, tables, two charts, light or dark."""

import numpy as np

from gen.pages import template
from gen.pages.chart import Axis, Chart, chart, ticks
from gen.survey.findings import findings, percent, tables

MAKER = "gen data"  # as survey.html has it
BARS = 24
POINTS = 660  # of a spectrum at most
SHOWN_DB = 110.0  # of a spectrum, below its highest
COLUMNS = ["file", "format", "rate (Hz)", "channels", "length (s)", "peak (dBFS)", "RMS (dBFS)", "DC (dBFS)"]
COLUMNS += ["clipped", "silence", "bandwidth (kHz)"]


def write(path, report: dict):
    """Write the page of a report of `gen.survey.folder` to `path`, whole or not at all. Raises ValueError."""
    template.write(path, MAKER, page(report))


def page(report: dict) -> str:
    """Return the page as HTML."""
    charts = {"Lengths": lengths(report), "Average spectrum": spectrum(report)} if report["files"] else {}
    copies = [(p["copy"], p["first"], p["kind"], f"{p['likeness']:.3f}") for p in report["pairs"]]
    faults = [(fault["name"], fault["why"]) for fault in report["faults"]]
    told = {
        "findings": findings(report),
        "tables": tables(report),
        "charts": charts,
        "copies": copies,
        "faults": faults,
    }
    rows = [each(file) for file in report["files"]]
    return template.render("survey.html", path=report["path"], **told, columns=COLUMNS, rows=rows)


def each(file: dict) -> tuple:
    """Return the row of a file."""
    return (
        *(file["name"], f"{file['format']} {file['subtype']}", f"{file['rate']:,}", f"{file['channels']}"),
        *(f"{file['seconds']:.2f}", *(f"{file[key]:.1f}" for key in ("peak", "rms", "dc"))),
        *(percent(file["clipping"]), f"{file['silence']:.0%}", f"{file['bandwidth'] / 1000:.1f}"),
    )


def lengths(report: dict) -> Chart:
    """Return a histogram of the files' lengths, on a logarithmic axis."""
    seconds = np.array([file["seconds"] for file in report["files"]])
    powers = np.log10(np.maximum(seconds, 1e-3))
    counts, edges = np.histogram(powers, BARS, (powers.min() - 0.02, powers.max() + 0.02))
    x = Axis(edges[0], edges[-1], [(v, f"{10**v:.3g} s") for v in np.linspace(edges[0], edges[-1], 3)])
    y = Axis(0, counts.max(), [(v, f"{v}") for v in (0, counts.max())])
    told = f"{len(seconds)} files from {seconds.min():.2f} to {seconds.max():.2f} s, median {np.median(seconds):.2f} s"
    said = f"Histogram of lengths: {told}"
    steps = [(edges[0], 0), *zip(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2), strict=True), (edges[-1], 0)]
    return chart(said, f"{said}.", x, y, [("area", steps, 0)])


def spectrum(report: dict) -> Chart:
    """Return the average spectrum of all files, level over frequency."""
    levels = np.array(report["spectrum"])
    hertz = np.arange(len(levels)) * report["bin_hz"]
    size = -(-len(levels) // POINTS)
    points = [(hertz[i : i + size].mean(), levels[i : i + size].max()) for i in range(0, len(levels), size)]
    top, highest, half = levels.max(), hertz[-1] or 1.0, report["rate"] / 2
    x = Axis(0, highest, [(v, f"{v / 1000:g} kHz") for v in ticks(0, highest)])
    y = Axis(top - SHOWN_DB, top, [(v, f"{v:g} dB") for v in ticks(top - SHOWN_DB, top)])
    drawn = [("bold", points, 0)]
    said = f"Average spectrum up to {highest / 1000:.1f} kHz; there is sound up to {report['bandwidth'] / 1000:.1f} kHz"
    if half < highest:
        drawn.append(("base", [(half, y.low), (half, y.high)], 0))
        said += f"; dashed is half of data.rate={report['rate']}, above which training hears nothing"
    return chart(said, f"{said}.", x, y, drawn)
