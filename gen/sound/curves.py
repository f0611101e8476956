"""Curves: what a model is told of a sound as it goes, such as its pitch and loudness, or its mel bands or semitones.

They are families of `gen.sound.features`, measured every STEP seconds. A model's frame has what was measured at its
middle, CONTEXT seconds before and as much after, each in deviations from its mean over what the model was trained on,
and a 1; a frame of zeros tells nothing. Frequencies are in octaves; where there is none they lead from the last to the
next, beside the probability that there is one. They are told as WAVES too, sines and cosines over octaves: of a number
alone a network hears little more than whether it is high or low (Tancik et al. 2020, arXiv 2006.10739).
"""

from typing import NamedTuple

import numpy as np

from gen.base.schema import terms
from gen.sound import features

FAMILIES = ("mel", "constant_q", "loudness", "pitch", "onset")
SPECTRA = ("mel", "constant_q")  # families of levels by frequency
STEP = 0.01  # seconds from one measured frame to the next
CONTEXT = 0.02  # seconds
FURTHEST = 5.0  # deviations from the mean that are told at most
HERTZ = {"f0"}  # columns of frequencies
LEVELS = ("loudness", *SPECTRA)  # how the names of those of levels in dB begin
WAVES = tuple(2.0**power for power in range(-3, 6))  # turns in an octave: one in eight octaves, to 32 in one
SHOWN: dict = {  # columns of which it is said that they go beyond training: by how much, and how they are shown
    "f0": (1 / 12, lambda octaves: f"{2**octaves:.0f} Hz"),
    "loudness": (3.0, lambda level: f"{level:.0f} dB"),
}
FRAMES = 200  # a second that a model is told, or more, if its stride allows


class Curves(NamedTuple):
    """Curves of `families` as a model hears them, a frame in `hop` symbols, `digits` of them a sample at `rate` Hz.

    Of each column, by name: its mean and deviation in training, its value in silence, and from where to where (`low`,
    `high`) nearly all of it lay; frequencies in octaves over 1 Hz.
    """

    families: list
    rate: int
    digits: int
    hop: int
    names: list
    mean: list
    deviation: list
    silence: list
    low: list
    high: list

    @property
    def channels(self) -> int:
        return channels(self.names)

    @property
    def spectral(self) -> bool:
        """Whether they tell levels by frequency."""
        return bool(set(SPECTRA).intersection(self.families))

    @property
    def seconds(self) -> float:
        """How long a frame is."""
        return self.hop / self.digits / self.rate

    def described(self) -> dict:
        """Return as plain types what a model's file says of them."""
        return {key: value for key, value in self._asdict().items() if key not in ("rate", "digits")}

    def measure(self, wave):
        """Return the columns (n, C) of a wave (T,), every STEP seconds. Raises ValueError."""
        return measure(wave, self.rate, self.families)

    def told(self, columns, begin: float, count: int, speed: float = 1.0):
        """Return `count` frames (count, channels) float32, the first of which begins `begin` seconds into columns.

        The `columns` (n, C) are those of `measure`; behind their end there is silence. They pass at `speed` times
        their own.
        """
        rows = filled(np.concatenate([columns, [self.silence]]), self.names, self.mean)
        scaled = np.clip((rows - self.mean) / self.deviation, -FURTHEST, FURTHEST)
        middles = begin + (np.arange(count) + 0.5) * self.seconds * speed

        def at(values, seconds):
            """Return rows of `values` at so many seconds from the middles, between those measured."""
            place = np.clip((middles + seconds) / step(self.rate), 0, len(columns))
            before = np.minimum(place.astype(int), len(columns) - 1)
            part = (place - before)[:, None]
            return (1 - part) * values[before] + part * values[before + 1]

        octaves = at(rows, 0.0)[:, [name in HERTZ for name in self.names]]
        angles = (2 * np.pi * octaves[:, :, None] * WAVES).reshape(count, -1)
        parts = [at(scaled, seconds * speed) for seconds in (-CONTEXT, 0.0, CONTEXT)]
        return np.concatenate([*parts, np.sin(angles), np.cos(angles), np.ones((count, 1))], 1).astype(np.float32)

    def changed(self, columns, speed: float, gain: float):
        """Return columns (n, C) as those of sound played at `speed`, `gain` times as loud; their times stay.

        Spectra have no speed: raises ValueError for one with them.
        """
        if speed != 1 and self.spectral:
            raise ValueError("bands of faster sound are measured, not moved")
        made = np.array(columns, np.float64)
        for number, name in enumerate(self.names):
            if name in HERTZ:
                made[:, number] += np.log2(speed)
            elif name.startswith(LEVELS):
                made[:, number] = raised(made[:, number], 20 * np.log10(abs(gain)), self.silence[number])
        return made

    def whole(self, columns, ends: bool = True):
        """Return all frames (n, channels) of columns (n, C); where they end, in the last one there is silence."""
        beyond = 2 * CONTEXT if ends else -2 * CONTEXT
        return self.told(columns, 0.0, int((len(columns) * step(self.rate) + beyond) / self.seconds) + 1)

    def unheard(self, columns) -> list:
        """Return a line on the pitch and on the loudness of columns (n, C) where no recording had it in training."""
        said = []
        for name in (name for name in SHOWN if name in self.names):
            margin, show = SHOWN[name]
            number = self.names.index(name)
            column = columns[np.isfinite(columns[:, number]), number]
            low, high = self.low[number], self.high[number]
            if len(column) and (column.max() > high + margin or (name in HERTZ and column.min() < low - margin)):
                had, asked = (f"{show(a)} to {show(b)}" for a, b in ((low, high), (column.min(), column.max())))
                said.append(f"{name} is from {asked}, and in training it was from {had}: beyond it the model guesses")
        return said


def raised(levels, decibels: float, silence):
    """Return levels in dB, so many of them louder; what is as soft as silence stays so, and nothing becomes softer."""
    return np.maximum(np.where(levels > silence, levels + decibels, silence), silence)


def channels(names) -> int:
    """Return how many numbers a model's frame of so many columns has."""
    return 3 * len(names) + 2 * len(WAVES) * len(HERTZ.intersection(names)) + 1


def parse(control: str) -> list:
    """Return the families of a sum, such as pitch+loudness. Raises ValueError."""
    return terms("control", control, FAMILIES, "pitch+loudness")


def step(rate: int) -> float:
    """Return the seconds from one measured frame to the next: STEP in whole samples."""
    return features.hop_samples(rate, STEP) / rate


def measure(wave, rate: int, families):
    """Return the columns (n, C) float32 of a wave (T,), every STEP seconds. Raises ValueError, without librosa too."""
    found = features.frames(wave, rate, families, STEP)
    return in_octaves(found.values, found.names)


def in_octaves(columns, names):
    """Return columns (n, C), those in Hz in octaves."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where([name in HERTZ for name in names], np.log2(columns), columns).astype(np.float32)


def filled(columns, names, mean):
    """Return columns (n, C) float64 whose frequencies lead from one to the next, or are the mean if there is none."""
    made = np.array(columns, np.float64)
    for column in (number for number, name in enumerate(names) if name in HERTZ):
        there = np.flatnonzero(np.isfinite(made[:, column]))
        if len(there):
            made[:, column] = np.interp(np.arange(len(made)), there, made[there, column])
        else:
            made[:, column] = mean[column]
    return made
