"""Recordings that are in a folder twice: the same file, the same samples, or the same sound encoded, scaled, resampled.

Fingerprints such as that of Haitsma and Kalker (2002, "A Highly Robust Audio Fingerprinting System") need seconds of
sound to tell recordings apart, and a spoken digit has less. Here a coarse spectrum, which gain, delay and encoding
hardly change, finds the pairs to look at, and then the waves themselves decide. Waves are float (T,) at RATE Hz.
"""

import functools
from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.sound import audio

RATE = 8000  # Hz at which two waves are compared
BANDS = np.geomspace(100, 3000, 17)  # Hz: the edges of the coarse spectrum's bands
RANGE = 30.0  # dB below the whole under which a band counts as empty
TOLERANCE = 3.0  # dB by which a band of two copies may differ
HEARD = (100.0, 2000.0)  # Hz that are compared
SHIFT = 0.3  # seconds that a copy may begin sooner or later, or be longer: encoders add some silence
LENGTH = 10.0  # seconds that are compared at most, around the loudest part
LIKE = 0.95  # correlation of two waves from which on they may be one recording
STEADY = 0.4  # dB by which their levels may wander apart, as those of two notes of an organ do
FRAME = 0.05  # seconds of a frame of level
FINER = 8  # places between two samples at which they are compared
PAIRS = 200_000  # compared at a time


class Print(NamedTuple):
    """What is remembered of a file: hashes of its bytes and of its samples, its length, spectrum and loudest second."""

    name: str
    content: str
    samples: str
    seconds: float
    bands: np.ndarray  # (16,) dB beside their sum; see `coarse`
    loudest: float  # seconds


class Pair(NamedTuple):
    """Two names of one recording; `kind` says how alike: "file", "samples" or "sound"."""

    first: str
    copy: str
    kind: str
    likeness: float  # correlation


def coarse(spectrum, hertz):
    """Return the power (bins,) at `hertz` as levels in dB of 16 bands beside their sum; of silence, NaN."""
    which = np.digitize(hertz, BANDS)
    powers = np.array([spectrum[which == i].sum() for i in range(1, len(BANDS))])
    if powers.sum() < 1e-12:
        return np.full(len(powers), np.nan, np.float32)
    return (10 * np.log10(powers / powers.sum() + 10 ** (-RANGE / 10))).astype(np.float32)


def pairs(folder, prints, track=unseen) -> list:
    """Return the Pairs among the Prints of files in `folder`: each copy once, beside the first that it is a copy of."""
    out, distinct = [], list(prints)
    for kind, key in (("file", "content"), ("samples", "samples")):
        first: dict[str, Print] = {}
        for p in distinct:
            first.setdefault(getattr(p, key), p)
        out += [Pair(first[k].name, p.name, kind, 1.0) for p in distinct if first[k := getattr(p, key)] is not p]
        distinct = list(first.values())
    maybe = candidates(distinct)
    copies = {}
    for a, b in track(maybe, "comparing", len(maybe)) if maybe else ():
        if a.name in copies or b.name in copies:  # what is like a copy is found beside its first
            continue
        correlation, wander = alike(folder, a, b)
        if correlation >= LIKE and wander <= STEADY:
            copies[b.name] = Pair(a.name, b.name, "sound", round(correlation, 4))
    return out + list(copies.values())


def candidates(prints) -> list:
    """Return the pairs of Prints whose lengths and coarse spectra agree, in the order of the prints."""
    sounding = sorted((p.seconds, i) for i, p in enumerate(prints) if not np.isnan(p.bands).any())
    if not sounding:
        return []
    seconds, index = np.array([s for s, _ in sounding]), np.array([i for _, i in sounding])
    bands = np.stack([prints[i].bands for i in index])
    found: list = []
    step = max(1, PAIRS // len(index))
    for start in range(0, len(index), step):
        rows = slice(start, start + step)
        last = np.searchsorted(seconds, seconds[rows][-1] + SHIFT, "right")
        apart = np.abs(bands[rows, None] - bands[None, start:last]).max(2)
        near = (apart <= TOLERANCE) & (seconds[None, start:last] - seconds[rows, None] <= SHIFT)
        row, column = np.nonzero(np.triu(near, 1))
        found += zip(index[start + row], index[start + column], strict=True)
    return [(prints[i], prints[j]) for i, j in sorted((min(pair), max(pair)) for pair in found)]


def alike(folder, a, b) -> tuple:
    """Return how alike two recordings are: see `compare`."""
    start = max(0.0, a.loudest - LENGTH / 2)
    stop = min(a.seconds, start + LENGTH)
    return compare(excerpt(folder / a.name, start, stop), excerpt(folder / b.name, start - SHIFT, stop + SHIFT))


@functools.lru_cache(256)
def excerpt(path, start: float, stop: float):
    """Return the wave of a file from `start` to `stop` seconds, silent where the file is not, without its DC."""
    first, wanted, at = round(start * RATE), round(stop * RATE) - round(start * RATE), 0
    wave = np.zeros(wanted)
    for block in audio.blocks(path, RATE):
        low, high = max(first, at), min(first + wanted, at + len(block))
        if low < high:
            wave[low - first : high - first] = block[low - at : high - at]
        at += len(block)
        if at >= first + wanted:
            break
    spectrum = np.fft.rfft(wave)
    hertz = np.arange(len(spectrum)) * RATE / len(wave)
    spectrum[(hertz < HEARD[0]) | (hertz > HEARD[1])] = 0
    return np.fft.irfft(spectrum, len(wave))


def compare(wave, longer) -> tuple:
    """Return the highest correlation of a wave (T,) with a part of a longer one, and how their levels wander apart.

    The correlation is of magnitudes, between samples too; the second is the standard deviation in dB of the ratio of
    their levels over time, where the wave is loud.
    """
    lags = len(longer) - len(wave)
    size = 1 << (len(longer) - 1).bit_length()
    product = np.fft.rfft(longer, size) * np.conj(np.fft.rfft(wave, size))
    matches = FINER * np.abs(np.fft.irfft(product, FINER * size))[: FINER * lags + 1]
    energy = np.concatenate([[0.0], np.cumsum(longer**2)])
    energies = energy[len(wave) :] - energy[: lags + 1]
    energies = np.maximum(energies, 0.25 * energies.max())  # a part that is nearly silent matches nothing
    whole = energies * np.sum(wave**2)
    if not whole.max():
        return 0.0, np.inf
    whole = np.interp(np.arange(len(matches)) / FINER, np.arange(lags + 1), whole)
    best = int(np.argmax(matches / np.sqrt(whole)))
    other = longer[best // FINER :][: len(wave)]
    frame = min(len(wave), round(FRAME * RATE))
    mine, theirs = (w[: len(w) // frame * frame].reshape(-1, frame).std(1) for w in (wave, other))
    loud = mine > 0.1 * mine.max()
    wander = np.std(20 * np.log10(np.maximum(theirs[loud], 1e-9) / mine[loud]))
    return float(matches[best] / np.sqrt(whole[best])), float(wander)
