"""A report's plots as PNG files, for papers. The only door to `matplotlib`, which is an extra."""

from pathlib import Path

import numpy as np

from gen.pages import pictures
from gen.pages.chart import thinned
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
    figures = {"bits.png": bits(runs), "takes.png": takes(runs)}
    paths = [Path(folder) / name for name, figure in figures.items() if figure]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for path in paths:
            figures[path.name].savefig(path, dpi=DPI)
    except OSError as error:
        raise ValueError(f"{folder}: can't be written ({error.strerror}); give another folder with png=") from None
    return paths


def bits(runs):
    """Return the figure of bits per sample over time beside the trivial predictors; None where there is no log."""
    logged = [run for run in runs if run.log and (run.log.training or run.log.valid)]
    if not logged:
        return None
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    timed = all(step in run.log.seconds for run in logged for step in (*run.log.training, *run.log.valid))
    for index, run in enumerate(logged):
        for values, style in ((run.log.training, {"alpha": 0.4, "lw": 0.8}), (run.log.valid, {"marker": "o", "ms": 3})):
            points = [(run.log.seconds[step] / 60 if timed else step, y) for step, y in sorted(values.items())]
            if points:
                shown = thinned(points) if values is run.log.training else points
                label = f"{run.name}, {points[-1][1]:.3f}" if values is run.log.valid else None
                axes.plot(*zip(*shown, strict=True), color=f"C{index}", label=label, **style)
    baselines = {name: y for run in logged for name, y in run.log.baselines.items()}
    for name, y in baselines.items():
        axes.axhline(y, color="0.5", ls="--", lw=0.8)
        axes.annotate(
            name,
            (1, y),
            (-2, 2),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            fontsize=7,
            color="0.35",
        )
    axes.set(xlabel="minutes of training" if timed else "steps", ylabel="bits per sample", xlim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    if any(run.log.valid for run in logged):
        axes.legend(frameon=False, fontsize=8)
    return figure


def takes(runs):
    """Return the figure of spectrograms, rows of real clips and of each run's takes by temperature."""
    references = list({id(run.reference): run.reference for run in runs if run.reference}.values())
    rows = [("recorded", one.real[:ACROSS]) for one in references if one.real]
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
    for line, (name, sounds) in zip(grid, rows, strict=True):
        for axes, sound in zip(line, sounds, strict=False):
            height = float(hearing.to_mel(sound.rate / 2))
            axes.imshow(
                drawn[id(sound)],
                cmap="gray_r",
                vmin=top - pictures.RANGE,
                vmax=top,
                aspect="auto",
                extent=(0, len(sound.wave) / sound.rate, 0, height),
            )
            marks = [hz for hz in (0, 500, 1000, 2000, 4000, 8000, 16000) if hz <= sound.rate / 2]
            axes.set_yticks(hearing.to_mel(np.array(marks)), [f"{hz / 1000:g}" for hz in marks], fontsize=6)
            axes.set_xlim(0, longest)
            axes.tick_params(axis="x", labelsize=6)
        for axes in line[len(sounds) :]:
            axes.set_visible(False)
        line[0].set_ylabel(f"{name}\nkHz", fontsize=7)
    figure.supxlabel("seconds", fontsize=8)
    return figure
