"""What a wave sounds like, in numbers: its level, silence, noise, repetition and spectrum.

Waves are float (T,), mono, in [-1, 1] at `rate` Hz. Levels are in dBFS, decibels beside a constant of 1.
"""

from typing import NamedTuple

import numpy as np

FLOOR = -120.0  # dBFS: what nothing at all counts as
QUIET = -60.0  # dBFS: what is under it is silent
FRAME = 0.01  # seconds over which silence is told
SPECTRUM = 0.064  # seconds of a frame of spectrum
BANDS = 40  # of a mel spectrum
LOOPS = (0.1, 0.5)  # the shortest loop in seconds, and the longest as a share of the wave
CLIPPED = 3  # samples in a row at the wave's own highest level


class Heard(NamedTuple):
    """What `hear` measures."""

    rms: float  # dBFS, without the DC
    dc: float  # dBFS
    peak: float  # dBFS
    silence: float  # share of the frames
    clipping: float  # share of the samples
    flatness: float  # of the spectrum of frames that sound: noise has 0.56, a tone next to 0
    noise: float  # the same beside the frame's own envelope, so that coloured noise has it too
    loop: float  # how alike the wave is to itself a tenth of a second later or more: 1 is the same again and again


def hear(wave, rate: int) -> Heard:
    """Measure a wave; one of no samples sounds like silence."""
    wave = np.asarray(wave, np.float64)
    if not len(wave):
        return Heard(FLOOR, FLOOR, FLOOR, 1.0, 0.0, 0.0, 0.0, 0.0)
    dc = wave.mean()
    flat, noise = flatness(wave - dc, rate)
    return Heard(
        level(np.sqrt(np.mean((wave - dc) ** 2))),
        level(abs(dc)),
        level(np.abs(wave).max()),
        silence(wave, rate),
        clipping(wave),
        flat,
        noise,
        loop(wave - dc, rate),
    )


def mean(heard) -> Heard:
    """Return the mean of each figure over several sounds; of levels, that of their powers."""
    figures = list(zip(*heard, strict=True))
    powers = [level(np.sqrt(np.mean(10 ** (np.array(dbs) / 10)))) for dbs in figures[:3]]
    return Heard._make([*powers, *(float(np.mean(shares)) for shares in figures[3:])])


def level(amplitude: float) -> float:
    """Return an amplitude in dBFS."""
    return float(max(FLOOR, 20 * np.log10(max(amplitude, 1e-12))))


def framed(wave, rate: int, seconds: float = FRAME):
    """Return the whole frames (n, size) of so many seconds in a wave (T,), one after the other, float64."""
    size = max(2, round(seconds * rate))
    return np.asarray(wave[: len(wave) // size * size], np.float64).reshape(-1, size)


def fitted(wave, size: int):
    """Return a wave (T,) cut to `size` samples, or followed by silence."""
    return np.pad(wave[:size], (0, max(0, size - len(wave))))


def loud(frames, decibels: float):
    """Return the numbers, one or more, of the frames (n, size) that are at most so much fainter than the loudest."""
    power = (frames**2).mean(1)
    return np.flatnonzero(power >= power.max() * 10 ** (-decibels / 10))


def silence(wave, rate: int) -> float:
    """Return the share of frames of 10 ms whose RMS without their DC is under -60 dBFS."""
    frames = framed(wave, rate, min(FRAME, len(wave) / rate))
    return float(np.mean(frames.std(1) < 10 ** (QUIET / 20))) if len(frames) else 1.0


def clipping(wave) -> float:
    """Return the share of samples in runs of three or more at the wave's own highest level, if that is 0.9 or more."""
    magnitude = np.abs(wave)
    top = magnitude.max()
    if top < 0.9:
        return 0.0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (magnitude > top - 1e-4).astype(np.int8), [0]])))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= CLIPPED].sum() / len(wave))


def power(wave, rate: int):
    """Return the power spectra (frames, bins) of Hann windows of 64 ms, each half a window after the last.

    A sine of amplitude 1 has 0.25 in its highest bin. A wave shorter than a window is padded with zeros.
    """
    size = max(16, round(SPECTRUM * rate) // 2 * 2)
    wave = np.pad(wave, (0, max(0, size - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[:: size // 2]
    window = np.hanning(size + 1)[:-1]
    return np.abs(np.fft.rfft(frames * window)) ** 2 / window.sum() ** 2


def flatness(wave, rate: int) -> tuple:
    """Return the spectral flatness and the noise of the frames that sound, as medians; 0 and 0 where none does.

    Flatness is the geometric over the arithmetic mean of the power (Gray and Markel 1974). Noise is that of the power
    over its own envelope, the mean of its neighbourhood of 500 Hz: what a filter can't hide.
    """
    spectra = power(wave, rate)
    bins = spectra.shape[1]
    spectra = spectra[:, max(2, round(60 * SPECTRUM)) : round(0.9 * bins)]
    loud = spectra.sum(1)
    spectra = spectra[(loud > 10 ** (QUIET / 10)) & (loud > 1e-3 * loud.max())]
    if not len(spectra):
        return 0.0, 0.0
    spectra = spectra + 1e-12
    width = min(spectra.shape[1] - 1, round(500 * SPECTRUM)) // 2 * 2 + 1  # odd, and no wider than there is
    summed = np.cumsum(np.pad(spectra, ((0, 0), (width // 2 + 1, width // 2)), mode="reflect"), axis=1)
    fine = spectra / ((summed[:, width:] - summed[:, :-width]) / width)
    return tuple(float(np.median(np.exp(np.log(s).mean(1)) / s.mean(1))) for s in (spectra, fine))


def loop(wave, rate: int) -> float:
    """Return the highest correlation of a wave with itself, 0.1 s later or more and up to half its length.

    It is 0 for a wave too short, or silent. A steady tone has it near 1 as well as a loop; speech and music don't.
    """
    shortest, longest = round(LOOPS[0] * rate), int(LOOPS[1] * len(wave))
    if longest <= shortest or np.sqrt(np.mean(wave**2)) < 10 ** (QUIET / 20):
        return 0.0
    size = 1 << (2 * len(wave) - 1).bit_length()
    products = np.fft.irfft(np.abs(np.fft.rfft(wave, size)) ** 2)[: len(wave)]
    energy = np.concatenate([[0.0], np.cumsum(wave**2)])
    lags = np.arange(shortest, longest)
    both = np.sqrt((energy[-1] - energy[lags]) * energy[len(wave) - lags])
    return float(np.max(products[lags] / np.maximum(both, 1e-3 * energy[-1] + 1e-12)))


def to_mel(hertz):
    """Return frequencies on the mel scale, 2595 log10(1 + Hz / 700) (O'Shaughnessy 1987)."""
    return 2595 * np.log10(1 + np.asarray(hertz) / 700)


def from_mel(mels):
    """Return the frequencies in Hz of places on the mel scale, the inverse of `to_mel`."""
    return 700 * (10 ** (mels / 2595) - 1)


def bands(rate: int, bins: int, count: int):
    """Return the weights (count, bins) of a spectrum's bins in bands as wide on the mel scale, 0 Hz to half the rate.

    The bands are triangles, the lowest first, and each sums to 1.
    """
    edges = from_mel(np.linspace(0, to_mel(rate / 2), count + 2))
    hertz = np.linspace(0, rate / 2, bins)
    low, middle, high = (edges[i : count + i, None] for i in range(3))
    triangles = np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
    triangles += 1e-9  # a band narrower than a bin is not empty
    return triangles / triangles.sum(1, keepdims=True)


def mel(wave, rate: int, count: int = BANDS):
    """Return the power (frames, count) of a wave in mel bands."""
    spectra = power(np.asarray(wave, np.float64), rate)
    return spectra @ bands(rate, spectra.shape[1], count).T


def spectrum(waves, rate: int):
    """Return the average spectrum (BANDS,) of several waves in dB."""
    return 10 * np.log10(np.concatenate([mel(wave, rate) for wave in waves]).mean(0) + 1e-12)


def distance(spectrum, other) -> float:
    """Return how far apart two spectra are: the root mean square of their difference in dB."""
    return float(np.sqrt(np.mean((np.asarray(spectrum) - other) ** 2)))
