"""The gaps that a recording has by itself: clicks that a model hears, dropouts, and peaks that were cut off."""

import numpy as np

from gen.base.terminal import unseen
from gen.judging import faults
from gen.judging.clicks import Breaks
from gen.judging.surprise import scorer, surprise
from gen.repair.gaps import Gap
from gen.sound import depths
from gen.sound.autoregression import interpolate

APART = 0.001  # seconds: faults nearer to each other are one gap
REACH, ORDER = 0.032, 0.004  # seconds of the wave around peaks that were cut off, and of linear prediction
ROOM = 0.9  # of full scale: whole numbers have no room for peaks that were cut off above it


def find(path, trained=None, run=None, label: str | None = None, track=unseen) -> list:
    """Return the faults of the file at `path` that can be mended, and with a model those that it hears: Faults.

    Splices miss nothing, and are not among them. Raises ValueError.
    """
    plain = faults.plain(path)
    if trained is None:
        return plain
    engine = scorer(trained, run)
    breaks = Breaks(trained, engine, path, label)
    surprise(trained, engine, path, str(path), label, track, breaks)
    return [fault for fault in faults.together(breaks.end(), plain) if fault.kind != faults.SPLICE]


def as_gaps(found, rate: int, frames: int) -> dict:
    """Return the Gaps of Faults in their order, each with its kind; what is side by side is one."""
    gaps: list = []
    for fault in sorted(found):
        begin, end = int(fault.begin * rate + 0.5), min(frames, int(np.ceil(fault.end * rate - 1e-6)))
        if gaps and begin - gaps[-1][0].end < APART * rate:
            gap, kind = gaps[-1]
            both = kind if kind == fault.kind else faults.CLICK
            gaps[-1] = Gap(gap.begin, max(end, gap.end)), both
        else:
            gaps.append((Gap(begin, end), fault.kind))
    return dict(gaps)


def by_unclipping(recording, gap: Gap, gaps):
    """Return the wave (n, channels) of peaks that were cut off: linear prediction's, but no lower than these."""
    rate = recording.rate
    reach = round(REACH * rate)
    begin = max(0, gap.begin - reach)
    whole = recording.wave(begin, gap.end + reach)
    made = []
    for wave in whole.T:
        top = np.abs(wave[gap.begin - begin : gap.end - begin]).max()
        cut = np.abs(wave) > top - faults.ALIKE
        order = min(round(ORDER * rate), (len(wave) - cut.sum()) // 4)
        bound = np.where(cut, np.sign(wave) * top, 0)
        made.append(interpolate(wave, cut, max(1, order), bound) if cut.sum() >= faults.CLIPPED else wave)
    return np.stack(made, 1)[gap.begin - begin : gap.end - begin], "filled by ar, above where it was cut off"


def mendable(recording, found, fillers, say) -> tuple:
    """Return the Gaps of the Faults found in a recording that can be mended, and `fillers` for them (see `mend.mend`).

    Peaks above ROOM that were cut off stay as they are in whole numbers, which `say` is told. Raises ValueError where
    there is nothing to mend.
    """
    kinds = as_gaps(found, recording.rate, recording.frames)
    full = [gap for gap, kind in kinds.items() if kind == faults.CLIPPING and not has_room(recording, gap)]
    if full:
        say(
            f"{recording.path}: is cut off at full scale in {len(full)} places, over which {recording.subtype} has no "
            "room; lower its level, or convert it to float, to have them mended"
        )
    gaps = [gap for gap in kinds if gap not in full]
    if not gaps:
        raise ValueError(f"{recording.path}: nothing was found in it to mend; say where with gap=")
    return gaps, lambda gap: by_unclipping if kinds[gap] == faults.CLIPPING else fillers(gap)


def has_room(recording, gap: Gap) -> bool:
    """Return whether a recording's numbers have room for peaks above those that were cut off in a gap."""
    return recording.subtype in depths.REAL or np.abs(recording.wave(*gap)).max() < ROOM
