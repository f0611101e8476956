"""The features of a recording of any length, block by block in constant memory: the same as of its whole wave.

Blocks overlap by as much as their families hear beyond a frame, and begin at multiples of ALIGNED frames, at which the
grids of all transforms have a point, however coarse they are.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from gen.base import processes
from gen.sound import audio, features
from gen.sound.features import Frames

ALIGNED = 128  # frames
SECONDS, SAMPLES = 40.0, 640_000  # of a block at most, or a little more


class Stretch(NamedTuple):
    """A part of a wave (T,) whose frames from number `before` on, `keep` of them or all, are those from `first` on."""

    wave: np.ndarray
    before: int
    keep: int | None
    first: int
    end: int  # samples of the recording that are read, as far as these frames go


def aligned(seconds: float, hop: float) -> int:
    """Return how many frames `seconds` are, at least, that are a multiple of ALIGNED."""
    return ALIGNED * math.ceil(seconds / hop / ALIGNED)


def stretches(path, rate: int, families, hop: float):
    """Yield the Stretches of a file, read as `gen.sound.audio` reads it. Raises ValueError."""
    samples = features.hop_samples(rate, hop)
    around = aligned(max(features.REACH[family] for family in families), samples / rate)
    block = aligned(length(rate), samples / rate)
    held, before, first = np.zeros(0, np.float32), 0, 0
    for part in audio.blocks(path, rate):
        held = np.concatenate([held, part])
        while len(held) >= (needed := (before + block + around) * samples):
            yield Stretch(held[:needed], before, block, first, (first + block) * samples)
            first += block
            after = min(around, first)
            held, before = held[(before + block - after) * samples :], after
    end = (first - before) * samples + len(held)
    if not end:
        raise ValueError(f"{path}: is shorter than one sample at {rate} Hz; remove it")
    yield Stretch(held, before, None, first, end)


def measured(stretch: Stretch, rate: int, families, hop: float) -> tuple:
    """Return the Frames of a Stretch, and where in seconds the recording is by their end."""
    names, _, values = features.frames(stretch.wave, rate, families, hop)
    stop = None if stretch.keep is None else stretch.before + stretch.keep
    values = values[stretch.before : stop]
    times = (stretch.first + np.arange(len(values))) * features.hop_samples(rate, hop) / rate
    return Frames(names, times, values), stretch.end / rate


def frames(path, rate: int, families, hop: float, count: int = 1):
    """Yield the Frames of a file at `rate` Hz block by block, and with each how many seconds they reach.

    They are measured by `count` processes. Raises ValueError for a file that can't be read.
    """
    measure = functools.partial(measured, rate=rate, families=families, hop=hop)
    yield from processes.ordered(measure, stretches(path, rate, families, hop), count)


def length(rate: int) -> float:
    """Return about how many seconds a block has."""
    return min(SECONDS, SAMPLES / rate)


def count(path, rate: int) -> int:
    """Return about how many blocks `frames` will yield, by what the file's header says."""
    return max(1, math.ceil(audio.frames(path) / audio.native_rate(path) / length(rate)))
