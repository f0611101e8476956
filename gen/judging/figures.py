"""What voice and signal are like in two sets of sounds: hoarse, off, dull, too loud; each a figure of both sets.

What is measured of a sound are sums (numbers that add up over sounds), by name. A figure is a function of the sums of a
set, so that it has an interval for little: the bootstrap draws sounds, and adds their sums up again.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gen.judging import voice
from gen.judging.bootstrap import drawn, interval
from gen.judging.statistics import LOUDNESS
from gen.sound import features, hearing

STEP = 0.25  # semitones: how finely pitch is counted
SEMITONES = round(12 * np.log2(voice.HIGHEST / voice.LOWEST) / STEP)  # steps
MODULATIONS = (0.5, 1, 2, 4, 8, 16)  # Hz, the bounds of octaves
TINY = 1e-12
HOARSE, PITCH, LEVEL, SILENCE = "harmonics over noise where voiced", "pitch", "level", "silence"  # names of figures


class Figure(NamedTuple):
    """A figure: what it is called and counted in, its value (R,) for sums (R, ...), and how far two sums are apart.

    There is none of sounds in which nothing `counts`, as pitch where nothing is voiced.
    """

    name: str
    unit: str
    value: Callable | None
    apart: Callable
    counts: Callable


def sums(wave, rate: int, heard: voice.Voice) -> dict:
    """Return what is summed up of a wave (T,) whose voice was `heard`: arrays by name."""
    wave = np.asarray(wave, np.float64)
    hz, ratio = heard.hz[heard.voiced], heard.ratio[heard.voiced]
    pitch = np.clip(12 * np.log2(hz / voice.LOWEST) / STEP, 0, SEMITONES - 1).astype(int)
    spectra = hearing.mel(wave, rate)
    size = max(2, round(hearing.FRAME * rate))
    frames = wave[: len(wave) // size * size].reshape(-1, size)
    sounding = frames.var(1) > 10 ** (hearing.QUIET / 10)
    return {
        "ratio": np.array([ratio.sum(), len(ratio)]),
        "voiced": np.array([len(ratio), sounding.sum()]),
        "pitch": np.bincount(pitch, minlength=SEMITONES),
        "onsets": np.array([onsets(wave, rate), sounding.sum() * hearing.FRAME]),
        "spectrum": spectra.sum(0),
        "modulation": modulation(spectra),
        "level": np.array([frames.var(1)[sounding].sum(), sounding.sum()]),
        "dc": np.array([wave.mean() ** 2, 1]),
        "silence": np.array([len(frames) - sounding.sum(), len(frames)]),
        "clipping": np.array([hearing.clipping(wave) * len(wave), len(wave)]),
    }


def onsets(wave, rate: int) -> float:
    """Return how often something begins in a wave (T,) (see `gen.sound.features.onset`)."""
    return float(features.frames(wave, rate, ("onset",)).values[:, 1].sum())


def modulation(spectra) -> np.ndarray:
    """Return the power (MODULATIONS - 1,) at which the loudness of mel spectra (frames, bands) rises and falls."""
    loudness = (spectra**LOUDNESS).sum(1)
    share = np.abs(np.fft.rfft((loudness - loudness.mean()) / max(TINY, loudness.mean()))) ** 2 / len(loudness)
    hz = np.fft.rfftfreq(len(loudness), hearing.SPECTRUM / 2)
    octaves = np.digitize(hz, MODULATIONS)
    return np.bincount(octaves, share, minlength=len(MODULATIONS) + 1)[1 : len(MODULATIONS)]


def ratio_of(name: str, scale: float = 1.0):
    """Return the value of a figure whose sums are a numerator and a denominator, times `scale`."""
    return lambda s: scale * s[name][..., 0] / np.maximum(s[name][..., 1], TINY)


def decibels(name: str):
    """Return the value of a figure whose sums are power and a count, in dBFS."""
    return lambda s: np.maximum(hearing.FLOOR, 10 * np.log10(ratio_of(name)(s) + TINY))


def difference(value):
    """Return how far takes are from the real in a figure of that `value`, with its sign."""
    return lambda real, takes: value(takes) - value(real)


def median_pitch(s):
    """Return the median pitch in Hz."""
    share = np.cumsum(s["pitch"], -1) / np.maximum(s["pitch"].sum(-1, keepdims=True), TINY)
    return voice.LOWEST * 2 ** (((share < 0.5).sum(-1) + 0.5) * STEP / 12)


def pitch_apart(real, takes):
    """Return the Wasserstein distance of two distributions of pitch in semitones: the area between what they sum to."""
    one, other = (
        np.cumsum(s["pitch"], -1) / np.maximum(s["pitch"].sum(-1, keepdims=True), TINY) for s in (real, takes)
    )
    return STEP * np.abs(one - other).sum(-1)


def shape_apart(name: str):
    """Return the root mean square difference in dB of two spectra, whatever their levels."""

    def apart(real, takes):
        one, other = (
            10 * np.log10(s[name] / np.maximum(s[name].sum(-1, keepdims=True), TINY) + 1e-9) for s in (real, takes)
        )
        return np.sqrt(np.mean((one - other - (one - other).mean(-1, keepdims=True)) ** 2, -1))

    return apart


def counted(name: str):
    """Return what counts in a figure whose sums are a numerator and a denominator: the latter."""
    return lambda s: s[name][..., 1]


def mean(name: str, unit: str, key: str, scale: float = 1.0) -> Figure:
    """Return the Figure of a ratio of sums, whose distance is its difference."""
    value = ratio_of(key, scale)
    return Figure(name, unit, value, difference(value), counted(key))


def loudness(name: str, unit: str, key: str) -> Figure:
    """Return the Figure of a level, whose distance is its difference."""
    return Figure(name, unit, decibels(key), difference(decibels(key)), counted(key))


FIGURES = (
    mean(HOARSE, "dB", "ratio"),
    mean("voiced, of what sounds", "%", "voiced", 100),
    Figure(PITCH, "Hz", median_pitch, pitch_apart, lambda s: s["pitch"].sum(-1)),
    mean("onsets a second", "", "onsets"),
    Figure("average spectrum", "dB", None, shape_apart("spectrum"), lambda s: s["spectrum"].sum(-1)),
    Figure("modulation spectrum", "dB", None, shape_apart("modulation"), lambda s: s["modulation"].sum(-1)),
    loudness(LEVEL, "dBFS", "level"),
    loudness("DC", "dBFS", "dc"),
    mean(SILENCE, "%", "silence", 100),
    mean("clipping", "%", "clipping", 100),
)


def compare(real: list, takes: list, seed: int = 0) -> dict:
    """Return for each of FIGURES, by its name, what it is of `real` and of `takes`, each a list of `sums`.

    "real" and "takes" are None for a figure that is of both only, and where nothing counts; "interval" is that of
    "distance".
    """
    sets = []
    for number, sounds in enumerate((real, takes)):
        weights = drawn(len(sounds), seed + number)
        sets.append({name: weights @ np.stack([s[name] for s in sounds]).astype(float) for name in sounds[0]})
    found = {}
    for each in FIGURES:
        there = [bool(each.counts(s)[0] > 0) for s in sets]
        apart = each.apart(*sets) if all(there) else None
        one, other = (
            float(each.value(s)[0]) if each.value and counts else None for s, counts in zip(sets, there, strict=True)
        )
        found[each.name] = {
            "real": one,
            "takes": other,
            "distance": None if apart is None else float(apart[0]),
            "interval": None if apart is None else interval(apart),
            "unit": each.unit,
        }
    return found
