"""Voice: the pitch of each frame of a wave, and how far its harmonics stand over its noise.

The accurate autocorrelation method of Boersma (1993), Proceedings of the Institute of Phonetic Sciences 17: a frame's
autocorrelation is divided by that of its window; where it peaks is the period, and its height there, r, is the share of
the power that repeats: the harmonics-to-noise ratio is 10 log10(r / (1 - r)) dB.
"""

from typing import NamedTuple

import numpy as np

LOWEST, HIGHEST = 75.0, 1000.0  # Hz
PERIODS = 4.5  # of the lowest pitch in a window, as Praat has it for this ratio
HOP = 0.01  # seconds
FINE = 32000  # Hz: the autocorrelation is interpolated to this rate or more, band-limited
OCTAVE = 0.01  # of r that an octave more must not be better by: of two periods and one, one
VOICED = 0.5  # r from which on a frame is voiced: harmonics as strong as noise
FAINT = 30.0  # dB under a wave's loudest frame, under which none is voiced
CLEAN = 1 - 1e-6  # r at most: 60 dB
CHUNK = 2048  # frames at a time


class Voice(NamedTuple):
    """Of each frame: pitch in Hz, harmonics-to-noise ratio in dB, whether it is voiced; each (frames,)."""

    hz: np.ndarray
    ratio: np.ndarray
    voiced: np.ndarray


def listen(wave, rate: int) -> Voice:
    """Return the Voice of a wave (T,) at `rate` Hz, a frame around each 10 ms; beyond its ends a wave is silent.

    White noise has a ratio of its own, under 0 dB: the highest of many correlations by chance.
    """
    size, hop = round(PERIODS / LOWEST * rate), round(HOP * rate)
    wave = np.pad(np.asarray(wave, np.float64), (size // 2, size - size // 2 + hop))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[hop // 2 :: hop][
        : max(1, (len(wave) - size) // hop - 1)
    ]
    parts = [correlated(frames[at : at + CHUNK], rate) for at in range(0, len(frames), CHUNK)]
    hz, height, power = (np.concatenate(part) for part in zip(*parts, strict=True))
    height = np.clip(height, 1 - CLEAN, CLEAN)
    loud = power > max(1e-6, 10 ** (-FAINT / 10) * power.max())  # 1e-6: -60 dBFS
    return Voice(hz, 10 * np.log10(height / (1 - height)), loud & (height > VOICED))


def correlated(frames, rate: int) -> tuple:
    """Return the pitch in Hz, the height r of the autocorrelation there, and the power of frames (n, size)."""
    size = frames.shape[1]
    window = np.hanning(size + 1)[:-1]
    frames = frames - frames.mean(1, keepdims=True)
    power = (frames**2).mean(1)
    finer = max(1, -(-FINE // rate))
    whole = 1 << int(np.ceil(np.log2(size + rate / LOWEST + 1)))
    shape = np.fft.irfft(np.abs(np.fft.rfft(window, whole)) ** 2, whole * finer)
    found = np.fft.irfft(np.abs(np.fft.rfft(frames * window, whole)) ** 2, whole * finer)
    first, last = int(rate * finer / HIGHEST), int(rate * finer / LOWEST) + 1
    lags = np.arange(first - 1, last + 2)
    r = found[:, lags] / np.maximum(found[:, :1], 1e-20) / (shape[lags] / shape[0])
    peaks = (r[:, 1:-1] >= r[:, :-2]) & (r[:, 1:-1] > r[:, 2:])
    cost = OCTAVE * np.log2(lags[1:-1] / first)
    best = np.where(peaks, r[:, 1:-1] - cost, -np.inf).argmax(1) + 1
    row = np.arange(len(r))
    left, middle, right = r[row, best - 1], r[row, best], r[row, best + 1]
    bend = left - 2 * middle + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, -1), 0)
    shift = np.clip(shift, -1, 1)
    return rate * finer / (lags[best] + shift), middle - 0.25 * (left - right) * shift, power
