"""What a second of a sound is like, as a row of numbers: the space in which the judge measures distances.

Loudness in bands, its mean, spread and change, and how much of it is tone. Loudness is power^0.3 (Stevens 1957; as in
perceptual linear prediction, Hermansky 1990), which weighs what is faint as ears do: on a scale of decibels the holes
that an MP3 leaves where nobody hears would count more than a hiss.
"""

import numpy as np

from gen.judging import voice
from gen.sound.hearing import mel, power

SECONDS = 1.0
LOUDNESS = 0.3  # the exponent of power
FAINT = 1e-3  # of a second's loudest frame, in power: fainter ones have no tone
STEADY = 1e-3  # of a family's mean deviation: a number that deviates less is as good as constant


def statistics(wave, rate: int) -> np.ndarray:
    """Return what each second of a wave (T,) is like, (K, D); a shorter wave is one row, a rest is left out."""
    size = round(SECONDS * rate)
    count = max(1, len(wave) // size)
    return np.stack([described(wave[i * size : (i + 1) * size], rate) for i in range(count)])


def described(wave, rate: int) -> np.ndarray:
    """Return the numbers (D,) of one second of a wave: FAMILIES, one after the other."""
    loudness = mel(wave, rate) ** LOUDNESS
    change = np.abs(np.diff(loudness, axis=0)).mean(0) if len(loudness) > 1 else np.zeros(loudness.shape[1])
    return np.concatenate([loudness.mean(0), loudness.std(0), change, tone(wave, rate)])


def tone(wave, rate: int) -> np.ndarray:
    """Return how tonal a second is: voiced share, mean and deviation of r where it sounds, and its spectrum's change.

    The change is that of narrow bands from a frame to the next that shares no sample with it, as a share of both: 0 in
    a tone, 1/2 in noise of any colour (the mean difference of two exponential numbers, over their sum's).
    """
    heard = voice.listen(wave, rate)
    r = 1 / (1 + 10 ** (-heard.ratio / 10))
    spectra = power(wave, rate)
    loud = spectra.sum(1)
    frames = np.flatnonzero(loud > max(1e-6, FAINT * loud.max()))
    change = [flutter(spectra[i], spectra[i + 2]) for i in frames if i + 2 < len(spectra)]
    voiced = heard.voiced
    mean, spread = (r[voiced].mean(), r[voiced].std()) if voiced.any() else (0.0, 0.0)
    return np.array([voiced.mean(), mean, spread, np.mean(change) if change else 0.0])


def flutter(one, other) -> float:
    """Return the difference of two power spectra (bins,) as a share of their sum: 0 where they are alike, at most 1."""
    return float(np.abs(one - other).sum() / max(1e-20, (one + other).sum()))


class Scale:
    """Makes numbers of recordings' seconds (n, D) comparable: each of mean 0, deviation 1, each family one voice."""

    def __init__(self, rows, families: tuple):
        """`families` are how many numbers each family has, in order."""
        self.mean = rows.mean(0)
        spread = rows.std(0)
        for family in np.split(np.arange(len(spread)), np.cumsum(families)[:-1]):
            least = STEADY * max(1e-12, spread[family].mean())
            spread[family] = np.maximum(spread[family], least) * np.sqrt(len(family))
        self.spread = spread / np.sqrt(np.mean(families))

    def __call__(self, rows):
        """Return rows (..., D) on this scale."""
        return (rows - self.mean) / self.spread
