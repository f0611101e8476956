"""README's picture: spectrograms of recordings held out from training beside takes of models trained on the others.

Run it as `python -m tests.measure.picture FOLDER [OUT]`: FOLDER holds the recordings of which `samples/README.md`
tells, in `speech_kerstin`, `piano_wtc` and `digits`; the takes are those in `samples`. Needs matplotlib
(`pip install '.[plots]'`).
"""

import io
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.pages.pictures import spectrogram
from gen.sound import audio
from gen.sound.hearing import to_mel

SAMPLES = Path(__file__).parents[2] / "samples"
WIDTH, HEIGHT = 1200, 610  # pixels
LEFTS, ACROSS = (66, 642), 540  # pixels: where each column of spectrograms begins, and its width
TOP, DOWN, APART = 108, 124, 171  # pixels: where the first row begins, its height, from one row to the next
RANGE = 60.0  # dB from the darkest ink down to none
COLOURS = 48
MARKED = (250, 500, 1000, 2000, 4000)  # Hz
PAPER, INK, PALE = "#fbfaf7", "#14213d", "#6b7486"
SHADES = (PAPER, "#cfdde2", "#86b2c2", "#3c7f9d", "#1f4a78", "#0a143c")  # from nothing to loud
VOICES = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")


class Row(NamedTuple):
    """A corpus: its recordings and takes at `rate` Hz, `seconds` of each to show, `marks` to name them by."""

    title: str
    rate: int
    real: list
    takes: list
    seconds: float
    marks: str = ""


ROWS = (
    Row("speech, 5 seconds", 16000, ["speech_kerstin/de_rhasspy-0054.flac"], ["speech-1.flac"], 5.0),
    Row("piano, 8 seconds", 16000, ["piano_wtc/lab_sealed_variation.ogg"], ["piano-0.flac"], 8.0),
    Row(
        "spoken digits, by label",
        8000,
        [f"digits/{digit}_{VOICES[digit % len(VOICES)]}_0.wav" for digit in range(10)],
        [f"digits-{digit}.flac" for digit in range(10)],
        0.7,
        "0123456789",
    ),
)
HEADS = ("recorded", "generated")
UNDER = ("held out from training", "after an hour of training on a CPU; the piano after 8 minutes on a GPU")


def joined(paths, rate: int, seconds: float):
    """Return `seconds` of each file, what is shorter with silence after it, one after the other (T,)."""
    size = round(seconds * rate)
    return np.concatenate([np.pad(wave := audio.read(p, rate)[:size], (0, size - len(wave))) for p in paths])


def draw(axes, row: Row, decibels, top: float, colours):
    """Draw a spectrogram (rows, columns) whose ink is full at `top` dB, with its axes."""
    axes.imshow(decibels, cmap=colours, vmin=top - RANGE, vmax=top, aspect="auto", interpolation="none")
    marked = [hz for hz in MARKED if hz < row.rate / 2]
    places = [DOWN * (1 - to_mel(hz) / to_mel(row.rate / 2)) - 0.5 for hz in marked]
    axes.set_yticks(places, [f"{hz / 1000:g}" for hz in marked])
    axes.set_xticks([ACROSS * (i + 0.35) / len(row.marks) for i in range(len(row.marks))], [*row.marks])
    axes.tick_params(length=0, pad=4, labelcolor=PALE, labelsize=8)
    axes.tick_params(axis="x", labelcolor=INK, labelsize=10)
    axes.spines[:].set_visible(False)


def picture(folder, out):
    """Write the picture of the takes beside the recordings in `folder`."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap
    from PIL import Image  # comes with matplotlib

    colours = LinearSegmentedColormap.from_list("ink", SHADES)
    figure = plt.figure(figsize=(WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=PAPER)

    def write(x, y, text, size, colour=INK, **how):
        figure.text(x / WIDTH, 1 - y / HEIGHT, text, fontsize=size, color=colour, va="baseline", **how)

    for left, head, under in zip(LEFTS, HEADS, UNDER, strict=True):
        write(left, 36, head, 17, weight="bold")
        write(left, 57, under, 10.5, PALE)
    for number, row in enumerate(ROWS):
        upper = TOP + number * APART
        waves = [joined([Path(folder, name) for name in row.real], row.rate, row.seconds)]
        waves += [joined([SAMPLES / name for name in row.takes], row.rate, row.seconds)]
        drawn = [spectrogram(wave, row.rate, ACROSS, DOWN) for wave in waves]
        write(LEFTS[0], upper - 9, row.title, 10.5)
        write(LEFTS[0] - 8, upper - 9, "kHz", 8, PALE, ha="right")
        for left, decibels in zip(LEFTS, drawn, strict=True):
            box = left / WIDTH, 1 - (upper + DOWN) / HEIGHT, ACROSS / WIDTH, DOWN / HEIGHT
            draw(figure.add_axes(box), row, decibels, drawn[0].max() - 6, colours)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor=PAPER)
    Image.open(buffer).convert("RGB").quantize(COLOURS).save(out, optimize=True)


if __name__ == "__main__":
    picture(sys.argv[1], *(sys.argv[2:] or [SAMPLES / "real-and-generated.png"]))
