"""A recording mended: each gap filled by a method, in its own rate, depth and channels, and all else left as it is."""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.repair.gaps import Gap
from gen.sound import audio, autoregression, depths

AUTO, MODEL, AR, CUT = "auto", "model", "ar", "cut"  # the methods
LONGEST = 0.05  # seconds that linear prediction fills as well as anything that is known
JOIN = (0.002, 0.012)  # seconds between the sides of a cut, at least and at most
COMPARED = 0.008  # seconds of a side that must fit on the other


class Patch(NamedTuple):
    """What stands in place of a gap: samples (n, channels) as `gen.sound.audio.stored`, and how they were made."""

    gap: Gap
    samples: np.ndarray
    how: str


class Recording:
    """A file that is mended: `wave` reads its samples as numbers of full scale 1, in whose gaps patches lie."""

    def __init__(self, path):
        audio.check_kept(path)
        header = audio.info(path)
        self.path, self.rate, self.channels = path, header["rate"], header["channels"]
        self.subtype, self.frames = header["subtype"], audio.frames(path)
        self.patches: list = []

    def wave(self, begin: int, end: int):
        """Return the wave (n, channels), float64, from `begin` to `end`, those of the file's that there are."""
        begin, end = max(0, begin), min(self.frames, end)
        stored = audio.stored(self.path, begin, end)
        for gap, samples, _ in self.patches:
            if len(samples) == gap.size and gap.begin < end and begin < gap.end:
                inside = slice(max(begin, gap.begin), min(end, gap.end))
                stored[inside.start - begin : inside.stop - begin] = samples[
                    inside.start - gap.begin : inside.stop - gap.begin
                ]
        wave = depths.full_scale(stored)
        if not np.isfinite(wave).all():
            raise ValueError(f"{self.path}: holds NaN or infinity beside a gap; export it again")
        return wave

    def sides(self, gap: Gap, other_gaps, reach: int) -> tuple:
        """Return the waves (n, channels) before and after a gap, `reach` samples at most, to the next gap after it."""
        first = max([cut.gap.end for cut in self.patches if len(cut.samples) != cut.gap.size], default=0)
        last = min([other.begin for other in other_gaps if other.begin >= gap.end], default=self.frames)
        before = self.wave(max(first, gap.begin - reach), gap.begin)
        return before, self.wave(gap.end, min(last, gap.end + reach))


def mend(recording: Recording, gaps, fillers, track=unseen) -> list:
    """Return the Patches of a recording's gaps.

    `fillers(gap)` gives the function for a gap that, of (recording, gap, gaps), returns the wave (n, channels) to put
    there, and in words how it was made. Raises ValueError.
    """
    for gap in track(gaps, "mending", len(gaps)):
        wave, how = fillers(gap)(recording, gap, gaps)
        recording.patches.append(Patch(gap, depths.as_stored(wave, recording.subtype), how))
    return recording.patches


def by_prediction(recording: Recording, gap: Gap, gaps):
    """Return the wave (n, channels) of a gap by linear prediction, channel by channel, and how it was made."""
    rate = recording.rate
    before, after = recording.sides(gap, gaps, round(autoregression.REACH * rate))
    sides = zip(before.T, after.T, strict=True)
    return np.stack([autoregression.fill(left, gap.size, right, rate) for left, right in sides], 1), "filled by ar"


def by_cutting(recording: Recording, gap: Gap, gaps):
    """Return the few samples (m, channels) that join the sides of a gap, which is left out, and how it was done.

    There are as many as let the side after it fit best on what linear prediction expects after the one before it.
    """
    rate = recording.rate
    before, after = recording.sides(gap, gaps, round(autoregression.REACH * rate))
    least, most = (min(gap.size, max(1, round(seconds * rate))) for seconds in JOIN)
    size = min(len(after), round(COMPARED * rate))
    if min(len(before), size) < autoregression.SHORT:
        return np.zeros((0, recording.channels)), "left out"
    order = min(round(LONGEST * rate / 2), len(before) // 2)
    misfit = np.zeros(most - least + 1)
    for left, right in zip(before.T, after.T, strict=True):
        expected = autoregression.extrapolate(left, most + size, order)
        places = np.lib.stride_tricks.sliding_window_view(expected[least:], size)
        misfit += ((places[: len(misfit)] - right[:size]) ** 2).sum(1)
    count = least + int(np.argmin(misfit))
    sides = zip(before.T, after.T, strict=True)
    joint = np.stack([autoregression.fill(left, count, right, rate) for left, right in sides], 1)
    return joint, f"left out, joined by {1000 * count / rate:.1f}"


def chosen(method: str, rate: int, by_model=None):
    """Return the `fillers` of `mend` for a `method`; `by_model` is that of a model, where there is one.

    Raises ValueError.
    """
    if method not in (AUTO, MODEL, AR, CUT):
        raise ValueError(f"method={method}: there are {AUTO}, {MODEL}, {AR} and {CUT}")
    if method == MODEL and by_model is None:
        raise ValueError(f"method={MODEL}: run= says which, one that was trained on such sounds")

    def fillers(gap):
        if method == AUTO and gap.size > LONGEST * rate and by_model is None:
            raise ValueError(
                f"gap={gap.begin / rate:.3f}:{gap.end / rate:.3f}: is {1000 * gap.size / rate:.0f} ms long, more than "
                f"the {1000 * LONGEST:.0f} that linear prediction knows; give run=, a model of such sounds, or "
                f"method={AR}, which tries it all the same"
            )
        by_length = by_model if gap.size > LONGEST * rate else by_prediction
        return {AUTO: by_length, MODEL: by_model, AR: by_prediction, CUT: by_cutting}[method]

    return fillers


def told(patch: Patch, rate: int) -> str:
    """Return the line that says what was done to a gap."""
    gap = patch.gap
    return f"{gap.begin / rate:.3f} to {gap.end / rate:.3f} s: {1000 * gap.size / rate:.1f} ms {patch.how}"


def write(recording: Recording, out, comment: str, new: bool):
    """Write a mended recording to `out`; see `gen.sound.audio.rewrite`."""
    patches = [(gap.begin, gap.end, samples) for gap, samples, _ in recording.patches]
    return audio.rewrite(recording.path, out, patches, comment, new)
