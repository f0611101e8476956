"""A gap filled from both sides: a model continues what is before it, one of reversed time what is after it.

They meet where they are most alike, so that what begins and what ends the gap is each as good as its model. Waves are
float64 (T,) at the model's rate.
"""

import numpy as np

from gen.engine.forced import hear
from gen.repair.continuation import AFTER, FADE, HEARD
from gen.repair.seams import HOP, frames

AROUND = 0.03  # seconds on each side of a moment in which the two must be alike


def met(ahead, back, rate: int):
    """Return the wave that begins as `ahead` and ends as `back`, cross-faded for FADE where they are most alike.

    First the spectrum says about where, then the samples which moment within HOP.
    """
    size, hop = min(round(FADE * rate), len(ahead)), round(HOP * rate)
    apart = ((frames(ahead, rate) - frames(back, rate)) ** 2).mean(1)
    wide = min(2 * round(AROUND / HOP) + 1, len(apart))
    near = np.convolve(apart, np.ones(wide) / wide, "valid")
    middle = (int(np.argmin(near)) + wide // 2) * hop
    firsts = np.clip(np.arange(middle - size // 2 - hop, middle - size // 2 + hop + 1), 0, len(ahead) - size)
    parts = np.arange(size) + firsts[:, None]
    differ = ((ahead[parts] - back[parts]) ** 2).sum(1) / ((ahead[parts] ** 2 + back[parts] ** 2).sum(1) + 1e-9)
    first = int(firsts[np.argmin(differ)])
    fade = np.ones(len(ahead))
    fade[first : first + size] = np.cos(np.pi / 2 * (np.arange(size) + 0.5) / size) ** 2
    fade[first + size :] = 0
    return fade * ahead + (1 - fade) * back


def follows(engine, codec, label: int, before, wave, after, rate: int) -> float:
    """Return the bits a sample that what is `after` a gap costs a model that heard what is `before` and in it."""
    size = min(round(AFTER[1] * rate), len(after))
    heard = np.concatenate([before[-round(HEARD * rate) :], wave, after[:size]])
    bits = hear(engine, engine.begin([label]), codec.encode(heard)[None]).bits[0]
    return float(bits[-size * codec.digits :].sum() / size)
