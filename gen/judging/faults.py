"""Faults of a recording: clicks and splices, which a model hears, and dropouts and clipping, which are plain to see.

A break, be it a click or a splice, is a moment at which the error of linear prediction stands out from the 20 ms on
both sides of it, as the pulses of a voice, which come again, and onsets, after which all is loud, don't; and at which a
model of such sounds is surprised beyond what it expected. Waves are (T,) mono at the model's rate for breaks, and what
is stored, channel by channel at its own rate, for the others. Places are in seconds.
"""

from typing import NamedTuple

import numpy as np

from gen.sound import audio, depths
from gen.sound.autoregression import filter_of, interpolate, stretch

CLICK, SPLICE, DROPOUT, CLIPPING = "click", "splice", "dropout", "clipping"
COLUMNS = ("file", "from", "to", "fault", "strength")

ORDER = 32  # of linear prediction
FITTED = 0.05  # seconds for which it is fitted, on three times as many
NEAR, FAR = 0.001, 0.02  # seconds from a moment that are left out, and up to which it must stand out
FLOOR = 1e-3  # of full scale: an error under it is nothing to hear
STANDS = 2.5  # times the highest error around it
SURPRISED = 8.0  # bits over what was expected, of four samples
MENDED = (0.0006, 0.0014)  # seconds of a break before and after the moment
SMOOTH = 0.62  # of the error around it: where what joins the sides has more, they don't belong together
PIECE, MARGIN = 10.0, 0.1  # seconds looked at together, and of those on each side

SILENT = 0.001  # seconds of nothing but one value that are a dropout, at least
LOUD = 10 ** (-50 / 20)  # RMS on both sides of a dropout, at least
AROUND = 0.005  # seconds of a side
CLIPPED, TOP = 3, 0.1  # samples in a row at the highest level there is, and that level, at least
ALIKE = 2.0**-15  # samples that differ by less are at one level


class Fault(NamedTuple):
    """A fault from one second to another; the strength of a break is how far it stands out, of others their samples."""

    begin: float
    end: float
    kind: str
    strength: float


class Breaks:
    """Listens with a model: is called with each block of a wave and its Cost, and finds clicks and splices."""

    def __init__(self, rate: int):
        self.rate = rate
        self.found: list = []
        self.wave, self.over, self.begin = np.zeros(0), np.zeros(0), 0
        self.margin, self.done = round(MARGIN * rate), 0

    def __call__(self, block, cost):
        """Hear a block (n,) of the wave and what it cost."""
        self.wave = np.concatenate([self.wave, block])
        self.over = np.concatenate([self.over, (cost.nats - cost.expected) / np.log(2)])
        if len(self.wave) > PIECE * self.rate:
            self.search(len(self.wave) - self.margin)

    def end(self) -> list:
        """Return all Faults, when the wave has ended."""
        self.search(len(self.wave))
        return self.found

    def search(self, until: int):
        """Add what is found before sample `until` of those kept; keep what comes after it, and a margin."""
        for at, strength in breaks(self.wave, self.over, self.rate):
            if self.done <= self.begin + at < self.begin + until:
                moment = (self.begin + at) / self.rate
                kind = SPLICE if roughness(self.wave, at, self.rate) > SMOOTH else CLICK
                self.found.append(Fault(max(0.0, moment - MENDED[0]), moment + MENDED[1], kind, strength))
        self.done = self.begin + until
        left = max(0, until - self.margin)
        self.wave, self.over, self.begin = self.wave[left:], self.over[left:], self.begin + left


def breaks(wave, over, rate: int) -> list:
    """Return the breaks of a wave: sample, and how far the error stands out. `over` (T,) are bits over the expected."""
    error = prediction_error(wave, rate)
    strength = error / (surrounding(error, round(NEAR * rate), round(FAR * rate)) + FLOOR)
    surprise = np.convolve(over, np.ones(4), "same")
    found: list = []
    for at in np.flatnonzero(strength > STANDS):
        near = surprise[max(0, at - 4) : at + 8]
        if near.max() < SURPRISED:
            continue
        if found and at - found[-1][0] < NEAR * rate:
            found[-1] = max(found[-1], (int(at), float(strength[at])), key=lambda each: each[1])
        else:
            found.append((int(at), float(strength[at])))
    return found


def prediction_error(wave, rate: int):
    """Return the size of the error (T,) of linear prediction, which is fitted anew for each FITTED seconds."""
    size, error = round(FITTED * rate), np.zeros(len(wave))
    for at in range(0, len(wave), size):
        begin = max(0, at - size)
        part = wave[begin : at + 2 * size]
        inside = np.convolve(part, filter_of(part, min(ORDER, len(part) - 1)))[at - begin : at - begin + size]
        error[at : at + size] = np.abs(inside[: len(error) - at])
    error[:ORDER] = 0  # which nothing comes before
    return error


def surrounding(error, near: int, far: int):
    """Return the highest error (T,) from `near` to `far` samples before and after each sample."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(error, far), far - near).max(1)
    before, after = windows[: len(error)], windows[far + near + 1 :][: len(error)]
    return np.maximum(before, np.pad(after, (0, len(error) - len(after))))


def roughness(wave, at: int, rate: int) -> float:
    """Return the error of what joins the sides of a break at sample `at`, beside that around it.

    The smoothest of all that might join them is smooth where the sides belong together, as those of a click do.
    """
    reach, size = round(FITTED * rate), round(sum(MENDED) * rate)
    begin = max(0, at - reach)
    part = wave[begin : at + reach].astype(np.float64)
    first = max(0, at - begin - round(MENDED[0] * rate))
    if first < ORDER or len(part) - first - size < 2 * ORDER:
        return 0.0  # at an end there is nothing to be joined
    joined = interpolate(part, stretch(part, first, size), ORDER, rounds=2)
    error = np.convolve(joined, filter_of(joined, ORDER))[: len(part)] ** 2
    last, wide = first + size + ORDER // 2, round(FAR / 2 * rate)
    around = np.concatenate([error[max(0, first - wide) : first], error[last : last + wide]])
    return float(np.sqrt(error[first:last].mean()) / (np.sqrt(around.mean()) + FLOOR / 10))


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
