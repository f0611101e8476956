"""Curves of recordings, measured once: kept beside their symbols, a file for each recording and family of features.

It is named by the SHA-256 of the audio file, lies under its family, its rate and a hash of what measures it, and ends
in the CRC-32 of its numbers, which is checked at each start.
"""

import functools
import hashlib
import itertools
import math
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.corpus import cache
from gen.corpus.cache import CHECK, Recording, is_whole
from gen.corpus.splits import spread
from gen.sound import blockwise, curves, features
from gen.sound.curves import Curves

OBJECTS = "curves"  # folder of the cache
NUMBER = np.dtype("<f4")
LEARNED = 3600.0  # seconds of the training part that means and deviations are taken of
RANGE = 0.1, 99.9  # percentiles of what was heard, its range
LEAST = 1e-3  # deviation


def learn(control: str, corpus, codec, rate: int, track=unseen) -> Curves:
    """Return the curves of a sum of families (see `gen.sound.curves.parse`) as they are in what is trained on.

    All recordings of a corpus are measured where they weren't yet. Raises ValueError.
    """
    families = curves.parse(control)
    names, silent = in_silence(rate, tuple(families))
    unknown: list[Any] = [[0.0] * len(names)] * 5
    made = Curves(families, rate, codec.digits, round(rate * codec.digits / curves.FRAMES), list(names), *unknown)
    measure(made, corpus.train + corpus.valid, corpus.folder, track)
    some = spread(corpus.train, round(LEARNED * rate) * codec.digits)
    rows = np.concatenate([columns(made, segment, 0.0)[0] for segment in some])
    for name, column in zip(names, rows.T, strict=True):
        if not np.isfinite(column).any():
            raise ValueError(f"control={control}: there is no {name} in any recording; choose other curves")
    mean, deviation = np.nanmean(rows, 0, np.float64), np.maximum(np.nanstd(rows, 0, np.float64), LEAST)
    told = mean, deviation, np.where(np.isfinite(silent), silent, mean), *(np.nanpercentile(rows, p, 0) for p in RANGE)
    known: list[Any] = [[float(number) for number in column] for column in told]
    return Curves(*made[:5], *known)


@functools.cache
def in_silence(rate: int, families: tuple) -> tuple:
    """Return the names of the columns of `families`, and what they are (C,) in silence."""
    found = features.frames(np.zeros(2 * rate, np.float32), rate, families, curves.STEP)
    return found.names, curves.in_octaves(found.values, found.names)[len(found.values) // 2]


def measure(made: Curves, segments, folder: Path, track=unseen):
    """Measure the recordings of `segments`, which lie in `folder`, where it isn't done yet. Raises ValueError.

    `track(iterable, text, total)` may show the progress of a first, long measurement.
    """
    if list(in_silence(made.rate, tuple(made.families))[0]) != made.names:
        raise ValueError(f"{'+'.join(made.families)}: this version of gen measures other columns; train again")
    recordings = {s.recording.content: s.recording for s in segments}.values()
    with files.named(files.cache(), "set GEN_CACHE to another folder"):
        wanted = itertools.product(recordings, made.families)
        fresh = [(r, family) for r, family in wanted if not is_whole(place(r, made.rate, family))]
        for recording, family in track(fresh, "listening to the recordings", len(fresh)) if fresh else ():
            found = blockwise.frames(folder / recording.name, made.rate, [family], curves.STEP)
            rows = (curves.in_octaves(part.values, part.names).astype(NUMBER).tobytes() for part, _ in found)
            cache.write(place(recording, made.rate, family), rows)


def place(recording: Recording, rate: int, family: str) -> Path:
    """Return where a family of a recording lies, or will lie."""
    return files.cache() / OBJECTS / f"{family}-{measured_by()}-{rate}hz" / recording.content


@functools.cache
def measured_by() -> str:
    """Return a hash of what measures: of these features, of the library that makes them, of how often."""
    try:
        library = version("librosa")
    except PackageNotFoundError:
        library = ""  # measuring will say what to install
    source = Path(features.__file__).read_bytes()
    return hashlib.sha256(source + f"{library} {curves.STEP}".encode()).hexdigest()[:16]


def columns(made: Curves, segment, margin: float) -> tuple:
    """Return the columns (n, C) of a segment and `margin` seconds beside it, and how many seconds into them it begins.

    They are those that were measured, and end where the recording does.
    """
    second, step = made.rate * made.digits, curves.step(made.rate)
    first = max(0, int((segment.start / second - margin) / step))
    last = math.ceil((segment.stop / second + margin) / step) + 1
    parts = []
    for family in made.families:
        path, width = place(segment.recording, made.rate, family), len(in_silence(made.rate, (family,))[0])
        count = (path.stat().st_size - CHECK) // NUMBER.itemsize // width
        parts.append(np.memmap(path, NUMBER, "r", shape=(count, width))[first:last])
    return np.concatenate(parts, 1), segment.start / second - first * step


def told(made: Curves, segment, length: int = 0, speed: float = 1.0, gain: float = 1.0):
    """Return the frames (n, channels) that a model is told in a segment of symbols, and in `length` symbols behind it.

    Behind a recording's end there is silence. The segment may be played at another `speed`, times a `gain`.
    """
    rows, begin = columns(made, segment, 2 * curves.CONTEXT * max(1.0, speed))
    if (speed, gain) != (1, 1):
        rows = made.changed(rows, speed, gain)
    size = round((segment.stop - segment.start) / speed) + segment.tail
    return made.told(rows, begin, -(-(size + length) // made.hop), speed)
