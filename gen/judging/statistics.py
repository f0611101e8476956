"""What a second of a sound is like, as a row of numbers: the space in which the judge measures distances.

Four families: how loud each band is, and how that varies; texture, by which noise is told from what speaks or plays;
and tone. Loudness is power^0.3 (Stevens 1957; as in perceptual linear prediction, Hermansky 1990), which weighs what
is faint as ears do: in decibels the holes that an MP3 leaves where nobody hears would count more than a hiss. A sound's
own level is left out, which is a figure of its own.
"""

import itertools

import numpy as np

from gen.judging.voice import HOP, Voice
from gen.sound.hearing import BANDS, FRAME, QUIET, mel, power

SECONDS = 1.0
LOUDNESS = 0.3  # the exponent of power
LEVEL = 0.1  # RMS that a sound is brought to
OCTAVES = (60, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000)  # Hz, in which texture is looked at
DEEP = 20.0  # dB under its octave, below which a narrow band is masked
FADED = 40.0  # dB under its loudest, below which an octave has faded
NOTHING = 1e-10  # power that is none
FAMILIES = (BANDS, BANDS, 4, 3)  # numbers of loudness, its deviation, texture, tone


def statistics(wave, rate: int, voice: Voice) -> np.ndarray:
    """Return what each second of a wave (T,) with that Voice is like, (K, D).

    A shorter wave is one row; of a longer one a rest that fills no second is left out.
    """
    size, frames = round(SECONDS * rate), round(SECONDS / HOP)
    wave = levelled(np.asarray(wave, np.float64), rate)
    count = max(1, len(wave) // size)
    rows = [
        described(
            wave[i * size : (i + 1) * size], rate, Voice(*(part[i * frames : (i + 1) * frames] for part in voice))
        )
        for i in range(count)
    ]
    return np.stack(rows)


def levelled(wave, rate: int):
    """Return a wave, brought to one level where it sounds; silence stays."""
    size = max(2, round(FRAME * rate))
    square = wave[: len(wave) // size * size].reshape(-1, size).var(1)
    sounds = square > 10 ** (QUIET / 10)
    return wave * (LEVEL / np.sqrt(square[sounds].mean())) if sounds.any() else np.zeros(len(wave))


def described(wave, rate: int, voice: Voice) -> np.ndarray:
    """Return the numbers (D,) of one second of a wave: FAMILIES, one after the other."""
    loudness = mel(wave, rate) ** LOUDNESS
    return np.concatenate([loudness.mean(0), loudness.std(0), texture(power(wave, rate), rate), tone(voice)])


def texture(spectra, rate: int) -> np.ndarray:
    """Return what the power spectra (frames, bins) of a second are woven of: four numbers.

    Each is a mean over octaves, as loud as they are: how narrow bands change (`flutter`), how far they lie under their
    octave's level, in dB; how far the octave's level does over time under its mean power, and how much it changes from
    frame to frame, in dB. Frames that are silent have no texture.
    """
    spectra = spectra[spectra.sum(1) > 10 ** (QUIET / 10)]
    if len(spectra) < 3:
        return np.zeros(4)
    hertz = np.linspace(0, rate / 2, spectra.shape[1])
    found, weights = [], []
    for low, high in itertools.pairwise(OCTAVES):
        if low < rate / 2:
            bands = spectra[:, (hertz >= low) & (hertz < high)]
            octave = bands.mean(1) + NOTHING
            loud = octave**LOUDNESS
            under = -10 * np.log10(np.maximum(bands / octave[:, None], 10 ** (-DEEP / 10))).mean(1)
            level = 10 * np.log10(np.maximum(octave, octave.max() * 10 ** (-FADED / 10)))
            both = np.minimum(loud[:-2], loud[2:])
            change = np.average(flutter(bands[:-2], bands[2:]), weights=both)
            faded, steps = 10 * np.log10(octave.mean()) - level.mean(), np.abs(np.diff(level)).mean()
            found.append([change, np.average(under, weights=loud), faded, steps])
            weights.append(loud.mean())
    return np.average(found, axis=0, weights=weights)


def flutter(one, other):
    """Return the difference of power spectra (..., bins) as a share of their sum: 0 where they are alike, at most 1.

    Of two frames that share no sample it is 1/2 in noise of any colour: the mean difference of two exponential numbers
    over their sum's. In a steady tone it is 0.
    """
    return np.abs(one - other).sum(-1) / np.maximum((one + other).sum(-1), NOTHING)


def tone(voice: Voice) -> np.ndarray:
    """Return how tonal a second is: the share of voiced frames, their mean r, and their mean ratio in dB."""
    ratio = voice.ratio[voice.voiced]
    if not len(ratio):
        return np.array([0.0, 0.5, 0.0])  # as low as voiced frames can have it
    return np.array([voice.voiced.mean(), np.mean(1 / (1 + 10 ** (-ratio / 10))), ratio.mean()])


class Scale:
    """Brings the numbers of seconds to mean 0, each family to a deviation of 1 in all, by what recordings (n, D) have.

    In the families of loudness a unit is as large in each band, else what is faint in all recordings would count most.
    """

    def __init__(self, rows):
        self.mean = rows.mean(0)
        spread = rows.std(0)
        self.spread = np.empty(len(spread))
        for family in np.split(np.arange(len(spread)), np.cumsum(FAMILIES)[:-1]):
            total = np.sqrt((spread[family] ** 2).sum())
            each = spread[family] * np.sqrt(len(family)) if len(family) < BANDS else total
            self.spread[family] = np.maximum(each, 0.01 * total + NOTHING)

    def __call__(self, rows):
        """Return rows (..., D) on this scale."""
        return (rows - self.mean) / self.spread


class Main:
    """The directions in which the seconds of recordings (n, D) vary most, `count` of them (principal components)."""

    def __init__(self, rows, count: int):
        self.mean = rows.mean(0)
        self.axes = np.linalg.svd(rows - self.mean, full_matrices=False)[2][:count]

    def __call__(self, rows):
        """Return where rows (..., D) are along these directions, (..., count)."""
        return (rows - self.mean) @ self.axes.T
