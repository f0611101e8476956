"""Faults of a recording, and those that are plain to see: dropouts and clipping.

Clicks and splices, which a model hears, are those of gen.judging.clicks. Waves here are what is stored, channel by
channel at its own rate. Places are in seconds.
"""

from typing import NamedTuple

import numpy as np

from gen.sound import audio, depths

CLICK, SPLICE, DROPOUT, CLIPPING = "click", "splice", "dropout", "clipping"
COLUMNS = ("file", "from", "to", "fault", "strength")

NEAR = 0.001  # seconds within which breaks are one
PIECE, MARGIN = 10.0, 0.1  # seconds looked at together, and of those on each side

SILENT = 0.001  # seconds of nothing but one value that are a dropout, at least
LOUD = 10 ** (-50 / 20)  # RMS on both sides of a dropout, at least
AROUND = 0.005  # seconds of a side
CLIPPED, TOP = 3, 0.1  # samples in a row at the highest level there is, and that level, at least
ALIKE = 2.0**-15  # samples that differ by less are at one level


class Fault(NamedTuple):
    """A fault from one second to another.

    The strength of a click is the bits that a model saves where it is mended, of a splice how many times it stands out,
    of others their samples.
    """

    begin: float
    end: float
    kind: str
    strength: float


def plain(path) -> list:
    """Return the dropouts, of MARGIN seconds at least, and the clipping of the file at `path`, as it is stored.

    A fault in one channel is one of all. Raises ValueError.
    """
    rate, frames = audio.native_rate(path), audio.frames(path)
    size, margin = round(PIECE * rate), round(MARGIN * rate)
    highest = np.max(
        [np.abs(depths.full_scale(audio.stored(path, at, at + size))).max(0) for at in range(0, frames, size)], 0
    )
    found: list = []
    for at in range(0, frames, size):
        begin = max(0, at - margin)
        for wave, top in zip(depths.full_scale(audio.stored(path, begin, at + size + margin)).T, highest, strict=True):
            runs = [(DROPOUT, *run) for run in dropouts(wave, top, rate)] + [
                (CLIPPING, *run) for run in clips(wave, top)
            ]
            runs = [
                (kind, begin + first, begin + last) for kind, first, last in runs if at <= begin + first < at + size
            ]
            found += [Fault(first / rate, last / rate, kind, float(last - first)) for kind, first, last in runs]
    return sorted(set(found))


def equal(wave, alike: float) -> list:
    """Return the runs, first sample and the one after the last, of samples `alike` to the next or more."""
    same = np.concatenate([[False], np.abs(np.diff(wave)) < alike, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(same))
    return [(int(first), int(last) + 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def dropouts(wave, top: float, rate: int) -> list:
    """Return the runs of one value in a channel whose highest level is `top`, with sound on both sides."""
    side, found = round(AROUND * rate), []
    for first, last in equal(wave, 1e-9):
        parts = wave[max(0, first - side) : first], wave[last : last + side]
        sounds = all(len(part) == side and part.std() > LOUD for part in parts)
        if last - first >= SILENT * rate and sounds and abs(wave[first]) < top - ALIKE:
            found.append((first, last))
    return found


def clips(wave, top: float) -> list:
    """Return the runs at the highest level `top` of a channel."""
    if top < TOP:
        return []
    return [
        (first, last)
        for first, last in equal(wave, ALIKE)
        if last - first >= CLIPPED and abs(wave[first]) > top - ALIKE
    ]


def together(found, plainly) -> list:
    """Return the breaks that were found, but for those beside what is `plainly` a fault, and that, in order."""
    near = 2 * NEAR
    alone = [b for b in found if all(b.end + near < p.begin or p.end + near < b.begin for p in plainly)]
    return sorted([*alone, *plainly])


def rows(name: str, found) -> list:
    """Return COLUMNS as text for Faults."""
    return [(name, f"{f.begin:.4f}", f"{f.end:.4f}", f.kind, f"{f.strength:.1f}") for f in found]
