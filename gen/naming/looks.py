"""What a method sees of a wave: its features frame by frame, over parts of its length, or their statistics.

All that isn't the sound's own is left out where that is asked for: `centered` features are less their mean over the
recording, which takes away what a microphone, a room and the level add to cepstra (Atal 1974, cepstral mean
subtraction).
"""

import math
from itertools import pairwise

import numpy as np

from gen.sound import features

HOP = 0.01  # seconds from frame to frame
SHORTEST = 0.032  # seconds of a frame: a wave that is shorter has nothing to be told by


def sequence(wave, rate: int, families, centered: bool):
    """Return the features (n, C) float32 of each frame of a wave (T,); a pitch that there isn't is 0 Hz."""
    values = np.nan_to_num(features.frames(wave, rate, families, HOP).values, nan=0.0)
    return values - values.mean(0) if centered else values


def parts(wave, rate: int, families, centered: bool, count: int):
    """Return the mean of each feature in `count` equal parts of a wave, and its length in seconds: (count C + 1,)."""
    values = sequence(wave, rate, families, centered)
    edges = np.linspace(0, len(values), count + 1)
    means = [values[int(a) : max(int(a) + 1, int(np.ceil(b)))].mean(0) for a, b in pairwise(edges)]
    return np.concatenate([*means, [len(wave) / rate]]).astype(np.float32)


def statistics(wave, rate: int, families, centered: bool):
    """Return the mean and deviation of each feature over a wave (2 C,); where they are `centered`, deviations (C,)."""
    values = np.nan_to_num(features.pooled(features.frames(wave, rate, families, HOP))[1], nan=0.0)
    return values[1::2] if centered else values


def padded(wave, rate: int):
    """Return a wave, silence behind it if it is shorter than a frame."""
    return np.pad(wave, (0, max(0, math.ceil(SHORTEST * rate) - len(wave))))
