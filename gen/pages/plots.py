"""Plots of a report, and of features, as PNG files, for papers. The only door to `matplotlib`, which is an extra."""

import io
from pathlib import Path

import numpy as np

from gen.base import files
from gen.pages import lanes, learning, pictures
from gen.sound import hearing

try:
    from matplotlib.figure import Figure
except ImportError:
    raise ValueError("png=: drawing plots needs matplotlib; pip install 'gen[plots]', or leave png= out") from None

DPI = 200
ACROSS = 4  # sounds side by side
RESOLUTION = 400, 160  # columns and rows of a spectrogram


def write(runs, folder) -> list:
    """Write bits.png and takes.png of the Runs of a report into `folder`; return the paths of those there are."""
    return save_all({"bits.png": bits(runs), "takes.png": takes(runs)}, folder)


def write_features(sounds, drawn, folder) -> list:
    """Write a plot of each of the Sounds of a features' page, of which `drawn` has the lanes; return their paths."""
    names = [sound.title.replace("/", "-") + ".png" for sound in sounds]
    return [
        path
        for name, sound, some in zip(names, sounds, drawn, strict=True)
        for path in save_all({name: stacked(sound, some)}, folder)
    ]


def save_all(figures: dict, folder) -> list:
    """Write figures by name into `folder`, but for None; return the paths of those there are."""
    paths = [Path(folder) / name for name, figure in figures.items() if figure]
    for path in paths:
        save(figures[path.name], path, "give another folder with png=")
    return paths


def save(figure, path, remedy: str):
    """Write a figure as PNG. Raises ValueError, which says the `remedy`."""
    file = io.BytesIO()
    figure.savefig(file, dpi=DPI)
    files.write(path, file.getvalue(), remedy)


def bits(runs):
    """Return the figure of bits per sample over time beside the trivial predictors; None where there is no log."""
    runs = learning.logged(runs)
    if not runs:
        return None
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    unit, curves = learning.curves(runs)
    for index, (name, training, valid) in enumerate(curves):
        axes.plot(*np.reshape(training, (-1, 2)).T, color=f"C{index}", alpha=0.4, lw=0.8)
        label = f"{name}, {valid[-1][1]:.3f}" if valid else None
        axes.plot(*np.reshape(valid, (-1, 2)).T, color=f"C{index}", label=label, marker="o", ms=3)
    right = axes.get_yaxis_transform()
    for name, y in {name: y for run in runs for name, y in run.log.baselines.items()}.items():
        axes.axhline(y, color="0.5", ls="--", lw=0.8)
        axes.text(0.99, y, name, transform=right, ha="right", va="bottom", fontsize=7, color="0.35")
    axes.set(xlabel="minutes of training" if unit == "minutes" else unit, ylabel="bits per sample", xlim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    if any(curve.valid for curve in curves):
        axes.legend(frameon=False, fontsize=8)
    return figure


def stacked(sound, drawn):
    """Return the figure of a Sound's waveform and lanes (see `gen.pages.lanes`), one under the other."""
    high = [1.2 if isinstance(lane, lanes.Picture) else 0.7 for lane in drawn]
    figure = Figure(figsize=(8, 0.7 + sum(high) + 0.25 * len(high)), layout="constrained")
    first, *rest = figure.subplots(len(drawn) + 1, height_ratios=[0.7, *high], sharex=True)
    seconds = len(sound.wave) / sound.rate
    first.plot(np.arange(len(sound.wave)) / sound.rate, sound.wave, lw=0.3, color="C0", rasterized=True)
    first.set_ylabel("Waveform", fontsize=6)
    for axes, lane in zip(rest, drawn, strict=True):
        if isinstance(lane, lanes.Picture):
            axes.imshow(lane.ink, cmap="gray_r", vmin=0, vmax=1, aspect="auto", extent=(0, seconds, 0, 1))
            axes.set_yticks([share for _, share in lane.marks], [text for text, _ in lane.marks])
        else:
            axes.plot(lane.times, lane.values, lw=0.8, color="C0")
            axes.plot(lane.dots, np.full(len(lane.dots), lanes.scale(lane)[0]), ".", ms=3, color="C1")
        axes.set_ylabel(lane.name.partition(";")[0].replace(", ", ",\n") + f"\n{getattr(lane, 'unit', '')}", fontsize=6)
    for axes in (first, *rest):
        axes.tick_params(labelsize=6)
        axes.set_xlim(0, seconds)
    rest[-1].set_xlabel("seconds", fontsize=7)
    return figure


def confusion(matrix, names, folder) -> Path:
    """Write confusion.png, of a confusion matrix (K, K) and its classes' names, into `folder`; return its path."""
    side = 1.6 + 0.45 * len(names)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(
                column, row, f"{count}", ha="center", va="center", color="w" if shares[row, column] > 0.5 else "k"
            )
    axes.set_xticks(range(len(names)), names, rotation=90 if max(map(len, names)) > 3 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="named", ylabel="is")
    return save_all({"confusion.png": figure}, folder)[0]


def takes(runs):
    """Return the figure of spectrograms, rows of real clips and of each run's takes by temperature."""
    rows = [("recorded", one.real[:ACROSS]) for one in learning.references(runs) if one.real]
    for run in runs:
        for temperature in dict.fromkeys(take.temperature for take in run.takes):
            alike = [take for take in run.takes if take.temperature == temperature]
            told = run.name if temperature is None else f"{run.name}\nat {temperature:g}"
            rows += [(told, alike[i : i + ACROSS]) for i in range(0, len(alike), ACROSS)]
    longest = max(len(sound.wave) / sound.rate for _, sounds in rows for sound in sounds)
    figure = Figure(figsize=(2 * ACROSS, 1.3 * len(rows) + 0.3), layout="constrained")
    grid = figure.subplots(len(rows), ACROSS, squeeze=False, sharex=True)
    drawn = {id(s): pictures.spectrogram(s.wave, s.rate, *RESOLUTION) for _, sounds in rows for s in sounds}
    top = max(float(np.quantile(d, 0.999)) for d in drawn.values())
    shades = {"cmap": "gray_r", "vmin": top - pictures.RANGE, "vmax": top}
    for line, (name, sounds) in zip(grid, rows, strict=True):
        for axes, sound in zip(line, sounds, strict=False):
            extent = (0, len(sound.wave) / sound.rate, 0, float(hearing.to_mel(sound.rate / 2)))
            axes.imshow(drawn[id(sound)], **shades, aspect="auto", extent=extent)
            marks = [hz for hz in (0, 500, 1000, 2000, 4000, 8000, 16000) if hz <= sound.rate / 2]
            axes.set_yticks(hearing.to_mel(np.array(marks)), [f"{hz / 1000:g}" for hz in marks], fontsize=6)
            axes.set_xlim(0, longest)
            axes.tick_params(axis="x", labelsize=6)
        for axes in line[len(sounds) :]:
            axes.set_visible(False)
        line[0].set_ylabel(f"{name}\nkHz", fontsize=7)
    figure.supxlabel("seconds", fontsize=8)
    return figure


def surprise(one, wave, rate: int):
    """Return the figure of a Surprise: the spectrogram of its recording `wave` (T,), under it the bits over time."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True)
    drawn = pictures.spectrogram(wave, rate, *RESOLUTION)
    top = float(np.quantile(drawn, 0.999))
    shades = {"cmap": "gray_r", "vmin": top - pictures.RANGE, "vmax": top}
    upper.imshow(drawn, **shades, aspect="auto", extent=(0, one.seconds, 0, float(hearing.to_mel(rate / 2))))
    marks = [hz for hz in (0, 500, 1000, 2000, 4000, 8000, 16000) if hz <= rate / 2]
    upper.set_yticks(hearing.to_mel(np.array(marks)), [f"{hz / 1000:g}" for hz in marks], fontsize=7)
    upper.set_ylabel("kHz")
    seconds, bits, expected = np.transpose(learning.thinned(one.points, ACROSS * RESOLUTION[0]))
    lower.plot(seconds, bits, color="C1", lw=0.8, label=f"needed, {one.bits:.3f}")
    lower.plot(seconds, expected, color="C0", label=f"expected, {one.expected:.3f}")
    lower.set(xlabel="seconds", ylabel="bits per sample", xlim=(0, one.seconds), ylim=(0, None))
    lower.spines[["top", "right"]].set_visible(False)
    lower.legend(frameon=False, fontsize=8)
    return figure
