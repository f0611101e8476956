"""What a method sees of a wave: its features frame by frame, over parts of its length, or their statistics.

All that isn't the sound's own is left out where that is asked for: `centered` features are less their mean over the
recording, which takes away what a microphone, a room and the level add to cepstra (Atal 1974, cepstral mean
subtraction).
"""

import math
import re
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gen.sound import audio, features
from gen.sound.features import Frames

HOP = 0.01  # seconds from frame to frame
SHORTEST = 0.032  # seconds of a frame: a wave that is shorter has nothing to be told by


class View(NamedTuple):
    """How a wave is looked at: which families of features, which of their columns, whether they are `centered`.

    `columns` is a regular expression of the names of those to keep; `trim` is in dB (see `trimmed`); `speeds` are those
    at which a recording is heard to be named, what is found at each of them averaged.
    """

    features: list
    columns: str | None
    centered: bool
    trim: float
    speeds: list

    def check(self):
        """Raise ValueError for settings out of range."""
        features.check(self.features)
        if not 0 <= self.trim <= 120:
            raise ValueError(f"classifier.trim={self.trim}: this is 0 (nothing is cut off) to 120 dB")
        if not self.speeds or len(self.speeds) > 9 or not all(0.5 <= speed <= 2 for speed in self.speeds):
            raise ValueError(
                f"classifier.speeds={self.speeds}: these are one to nine, from 0.5 to 2; [1.0] is as it is"
            )
        try:
            re.compile(self.columns or "")
        except re.error as error:
            raise ValueError(f"classifier.columns={self.columns}: is no regular expression ({error})") from None

    def frames(self, wave, rate: int) -> Frames:
        """Return the frames of a wave (T,), its ends trimmed; a pitch that there isn't is 0 Hz. Raises ValueError."""
        names, times, values = features.frames(padded(trimmed(wave, rate, self.trim), rate), rate, self.features, HOP)
        kept = [i for i, name in enumerate(names) if not self.columns or re.fullmatch(self.columns, name)]
        if not kept:
            raise ValueError(
                f"classifier.columns={self.columns}: is the name of no feature; there are {', '.join(names)}"
            )
        return Frames(tuple(names[i] for i in kept), times, np.nan_to_num(values[:, kept], nan=0.0))

    def heard(self, wave, rate: int) -> list:
        """Return a wave at each of the speeds."""
        return [wave if speed == 1 else audio.resampled(wave, rate * speed, rate) for speed in self.speeds]

    def sequence(self, wave, rate: int):
        """Return the features (n, C) float32 of each frame of a wave."""
        values = self.frames(wave, rate).values
        return values - values.mean(0) if self.centered else values

    def parts(self, wave, rate: int, count: int):
        """Return the mean of each feature in `count` equal parts of a wave, and the count of frames: (count C + 1,)."""
        values = self.sequence(wave, rate)
        edges = np.linspace(0, len(values), count + 1)
        means = [values[int(a) : max(int(a) + 1, math.ceil(b))].mean(0) for a, b in pairwise(edges)]
        return np.concatenate([*means, [len(values)]]).astype(np.float32)

    def statistics(self, wave, rate: int):
        """Return mean and deviation of each feature over a wave (2 C,), or `centered` the deviations (C,)."""
        _, values = features.pooled(self.frames(wave, rate))
        return values[1::2] if self.centered else values


def padded(wave, rate: int):
    """Return a wave, silence behind it if it is shorter than a frame."""
    return np.pad(wave, (0, max(0, math.ceil(SHORTEST * rate) - len(wave))))


def trimmed(wave, rate: int, decibels: float):
    """Return a wave without what is fainter at its ends, by so many decibels, than its loudest hundredth of a second.

    0 leaves it as it is. Speakers and microphones leave silence and noise there, each their own.
    """
    size = max(1, round(HOP * rate))
    count = len(wave) // size
    if not decibels or count < 2:
        return wave
    power = np.square(wave[: count * size], dtype=np.float64).reshape(count, size).mean(1)
    loud = np.flatnonzero(power >= power.max() * 10 ** (-decibels / 10))
    return wave[max(0, loud[0] - 1) * size : (loud[-1] + 2) * size]
