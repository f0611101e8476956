"""A wave by wavelets: a continuous scalogram, and energies by octave. The only door to `pywt` (PyWavelets).

Waves and frames are as in `gen.sound.features`. Both transforms are of powers whose mean is taken around each frame.
"""

import math

import numpy as np

from gen.sound import audio

MORLET = "cmor6.0-1.0"  # complex, of a bandwidth of 6 periods squared around one
VOICES = 8  # frequencies an octave
HIGHEST, LOWEST = 0.4, 30.0  # of the scalogram, as a share of the rate, and in Hz
COARSEST = 0.35  # share of the rate that a frequency has at most for the wave to be halved in rate before
HALVINGS = 7  # at most, of the rate, and levels of the discrete transform
DAUBECHIES = "db8"


def library():
    """Return PyWavelets. Raises ValueError where it isn't installed."""
    try:
        import pywt
    except ImportError:
        raise ValueError("features: wavelets need PyWavelets; pip install 'gen[analysis]'") from None
    return pywt


def frequencies(rate: int):
    """Return the frequencies in Hz of a scalogram, eight an octave, the lowest first."""
    highest = HIGHEST * rate
    count = math.floor(VOICES * math.log2(highest / LOWEST)) + 1
    return highest * 2 ** (-np.arange(count)[::-1] / VOICES)


def scalogram(wave, rate: int, hop: int):
    """Return the power (frequencies, frames) of a wave in a continuous wavelet transform, its mean over each hop.

    A sine of amplitude 1 has 0.25 at its own frequency, whatever it is. Low frequencies are looked for in the wave at
    a half of its rate, a quarter, and so on, which hold them as well.
    """
    hertz, count = frequencies(rate), 1 + len(wave) // hop
    halved = np.clip(np.floor(np.log2(COARSEST * rate / hertz)), 0, HALVINGS).astype(int)
    out = np.zeros((len(hertz), count))
    wave = np.pad(wave, (0, max(0, 2**HALVINGS - len(wave))))
    for times in range(halved.max() + 1):
        step = 2**times
        found = np.flatnonzero(halved == times)
        shares = hertz[found] * step / rate
        values, _ = library().cwt(wave, 1 / shares, MORLET, method="conv") if len(found) else ((), ())
        for row, share, value in zip(found, shares, values, strict=True):
            power = np.abs(value) ** 2 * share / np.sinc(share) ** 2  # its wavelet is a mean over each sample
            out[row] = around(power, 0.0, step, hop, count, hop)
        wave = audio.resampled(wave, 2, 1)
    return out


def levels(rate: int) -> int:
    """Return how many octaves there are."""
    return min(HALVINGS, math.floor(math.log2(rate / 2 / LOWEST)))


def edges(rate: int):
    """Return the lower edges in Hz of the octaves, the lowest first; the first is what lies below them all, from 0."""
    return np.array([0.0, *(rate / 2 / 2 ** np.arange(levels(rate), 0, -1))])


def octaves(wave, rate: int, hop: int, window: float):
    """Return the power (octaves, frames) of a wave by octave, its mean over a `window` of seconds around each frame.

    It is that of the coefficients of a discrete wavelet transform (Mallat 1989) by Daubechies' wavelet of eight
    vanishing moments. Octaves add up to the wave's own power.
    """
    pywt, deepest, count = library(), levels(rate), 1 + len(wave) // hop
    taps = pywt.Wavelet(DAUBECHIES).dec_len
    wave = np.pad(wave, (0, max(0, taps * 2**deepest - len(wave))))
    parts = pywt.wavedec(np.asarray(wave, np.float64), DAUBECHIES, mode="zero", level=deepest)
    out = np.zeros((len(parts), count))
    for row, (part, level) in enumerate(zip(parts, [deepest, *range(deepest, 0, -1)], strict=True)):
        first = (2**level - 1) * (1 - (taps - 1) / 2)  # the sample that the middle of the first coefficient lies at
        out[row] = around(part**2 / 2**level, first, 2**level, hop, count, window * rate)
    return out


def around(values, first: float, step: int, hop: int, count: int, width: float):
    """Return the mean (count,) over `width` samples around each frame of values that lie at first, first + step, ...

    Each stands for `step` samples; before and after them there is nothing.
    """
    edges = first + step * (np.arange(len(values) + 1) - 0.5)
    summed = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)]) * step
    middles = np.arange(count) * hop
    high, low = (np.interp(middles + side * width / 2, edges, summed) for side in (1, -1))
    return (high - low) / width
