"""The ends of a long continuation, led to the recordings on both sides of it.

What was made freely ends anywhere: over its last tenth of a second each narrow band is led to its level right after it,
and over the first to that right before it, and then the whole to the level of 20 ms of that side, so that there is no
greater step than within recordings. Waves are float64 (T,) at the model's rate.
"""

import numpy as np

from gen.repair.blended import MOST, PARTS, decibels, frame, joined_at_ends, spectra, wave_of, window
from gen.sound import hearing

SETTLE = 0.1  # seconds from an end over which it is led there
SMOOTH = 5  # bins over which spectra are smoothed
NEAR = 0.02  # seconds of a side whose level it has in the end
LOUDER = 20.0  # dB by which the whole is led up or down


def settled(wave, before, after, rate: int):
    """Return a wave (T,) whose first and last SETTLE seconds are led to what is `before` and `after` it."""
    size, ramp, near = frame(rate), round(SETTLE * rate), round(NEAR * rate)
    sides = before[-size:], after[:size]
    found = spectra(wave, sides, size)
    levels, gain = decibels(found, SMOOTH), 0.0
    centres = np.arange(len(found)) * (size // PARTS) - size / 2 - len(sides[0])
    for side, away in zip(sides, (centres, len(wave) - centres), strict=True):
        there = decibels(np.fft.rfft(side * window(size)[: len(side)], size), SMOOTH)
        share = np.clip(1 - (away - size / 2) / ramp, 0, 1)[:, None]
        gain = gain + share * np.clip(there - levels, -MOST, MOST)
    made = wave_of(found * 10 ** (gain / 20), len(sides[0]), len(wave), size)
    made = leveled(made, before[-near:], ramp)
    return joined_at_ends(leveled(made[::-1], after[:near], ramp)[::-1], wave, rate)


def leveled(wave, beginning, ramp: int):
    """Return a wave whose level rises or falls, over `ramp` samples, to that of its `beginning` as it should be.

    It does so by LOUDER at most, steadily in dB.
    """
    size = len(beginning)
    levels = [hearing.level(np.sqrt(np.mean(part**2))) for part in (beginning, wave[:size])]
    gain = np.clip(levels[0] - levels[1], -LOUDER, LOUDER) * np.clip(1 - (np.arange(len(wave)) - size) / ramp, 0, 1)
    return wave * 10 ** (gain / 20)
