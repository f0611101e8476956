"""What is drawn of a sound, one under the other on one time axis: pictures and curves, as numbers."""

import math
from typing import NamedTuple

import numpy as np

from gen.pages import pictures
from gen.sound import features, hearing

WIDE, ROWS = 900, 96  # columns of a picture, at most, and rows of a spectrogram
DEEP = 70.0  # dB from the strongest of a scalogram down to nothing
MARKS = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)  # Hz
NAMED = ("C", "E", "G", "A")  # of the twelve pitch classes
FAMILIES = ("mfcc", "chroma", "spectral", "loudness", "onset", "pitch", "scalogram")
HOPS = 0.004, 0.04  # seconds: frames are as far apart as suits the columns, within these
CURVES = {
    "loudness": ("Loudness, A-weighted", "dB"),
    "f0": ("Fundamental", "Hz"),
    "centroid": ("Spectral centroid", "Hz"),
    "flatness": ("Flatness", ""),
    "onset": ("Onset strength; dots are onsets", "dB"),
}


class Picture(NamedTuple):
    """A picture: `ink` (rows, columns) from 0 to 1, the first row at the top; `marks` are (text, share of height)."""

    name: str
    ink: np.ndarray
    marks: list


class Curve(NamedTuple):
    """A curve: `values` (n,) at `times` (n,) seconds, NaN where there is none; `dots` are the times of its dots."""

    name: str
    unit: str
    times: np.ndarray
    values: np.ndarray
    dots: np.ndarray


def lanes(wave, rate: int) -> list:
    """Return the Pictures and Curves of a wave, those that are looked at first at the top."""
    hop = float(np.clip(len(wave) / rate / WIDE, *HOPS))
    heard = features.frames(wave, rate, FAMILIES, hop)
    wavelets, cepstra = rows(heard, "scalogram"), rows(heard, "mfcc")
    cepstra = cepstra - cepstra.mean(1, keepdims=True)
    cepstra /= np.maximum(cepstra.std(1, keepdims=True), 1e-3)
    column = dict(zip(heard.names, heard.values.T, strict=True))
    chroma = np.stack([column[f"chroma_{note}"] for note in features.NOTES])
    dots = heard.times[column["attack"] > 0]
    return [
        spectrogram(wave, rate, len(heard.times)),
        Picture("Scalogram", inked(wavelets, DEEP)[::-1], log_marks(features.hertz("scalogram", rate))),
        Picture("MFCC", np.clip(0.5 + cepstra / 4, 0, 1)[::-1], [("0", 0.025), ("19", 0.975)]),
        Picture("Chroma", chroma[::-1], [(note, (features.NOTES.index(note) + 0.5) / 12) for note in NAMED]),
        *(Curve(*CURVES[name], heard.times, column[name], dots if name == "onset" else dots[:0]) for name in CURVES),
    ]


def spectrogram(wave, rate: int, columns: int = WIDE) -> Picture:
    """Return the spectrogram of a wave, of so many columns, or WIDE."""
    drawn = pictures.spectrogram(wave, rate, min(WIDE, columns), ROWS)
    return Picture("Spectrogram", inked(drawn, pictures.RANGE), mel_marks(rate))


def rows(heard, family: str):
    """Return the columns of a family of Frames as rows, WIDE columns at most, each the mean of its neighbours."""
    values = heard.values[:, [at for at, name in enumerate(heard.names) if name.rstrip("0123456789") == family]]
    return fitted(values.T)


def fitted(values):
    """Return rows (C, n) with WIDE columns at most, each the mean of its neighbours."""
    edges = np.unique(np.linspace(0, values.shape[1], WIDE + 1).astype(int))
    return np.add.reduceat(values, edges[:-1], axis=1) / np.diff(edges)


def inked(decibels, deep: float):
    """Return levels in dB as ink: full at the loudest, or at what is hardly heard, and gone `deep` below."""
    top = max(hearing.QUIET, float(np.quantile(decibels, 0.999)))
    return np.clip(1 - (top - decibels) / deep, 0, 1)


def mel_marks(rate: int) -> list:
    """Return the MARKS on the mel scale up to half the rate."""
    top = hearing.to_mel(rate / 2)
    return [(told(hz), float(hearing.to_mel(hz) / top)) for hz in MARKS if 400 < hz < 0.45 * rate]


def log_marks(hertz) -> list:
    """Return the MARKS on the logarithmic scale of frequencies, which ends half a step before and after them."""
    low, high = np.log(hertz[0]), np.log(hertz[-1])
    return [
        (told(hz), float((math.log(hz) - low) / (high - low))) for hz in MARKS if 1.1 * hertz[0] < hz < hertz[-1] / 1.1
    ]


def told(hz: float) -> str:
    """Return a frequency in the unit that suits it."""
    return f"{hz:g} Hz" if hz < 1000 else f"{hz / 1000:g} kHz"


def scale(curve: Curve) -> tuple:
    """Return the low and the high end of the axis of a curve."""
    there = curve.values[~np.isnan(curve.values)]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    return (low, high) if high - low > 1e-6 * max(1.0, abs(high)) else (low - 1, high + 1)
