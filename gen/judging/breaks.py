"""What breaks out: takes with a second that is louder than any recording, noise, a loop, or silence.

All thresholds come from recordings that a model was trained on, joined to stretches as long as the takes; held-out ones
are heard as takes are, and say how often it is wrong. It shares nothing with what hears while a take is made (the guard
of gen.sampling), so that takes that were chosen aren't graded by what chose them.
"""

import itertools
from typing import NamedTuple

import numpy as np

from gen.judging.statistics import flutter
from gen.judging.voice import FAINT, listen
from gen.sound.hearing import QUIET, framed, level, power

SECOND = 1.0
KINDS = ("louder", "noise", "loop", "silence")
RARE = 0.01  # of the recordings' seconds: how far the loudest stands over these is how far over it is louder
SHORTEST = 0.1  # seconds of a loop; the longest is a second
SAME = 0.97  # likeness of recordings' own seconds to what follows from which on loops can't be told from them
NOISES = 200  # seconds of noise that are listened to
INSIDE = 0.99  # share of them that is noise for sure
SILENT = np.full(3, np.nan), np.nan  # flicker and tone of what doesn't sound
EACH = 0.03  # seconds from a frame to the next whose tone is heard
CLEAR = 0.1  # of r between noise and recordings, else tone doesn't tell: in chords r is low
MOST = 0.9  # share of a second's frames that are no more tonal than it


class Second(NamedTuple):
    """What a second is: level in dBFS, likeness to what follows, how it flickers (3,), and its tone from 0 to 1."""

    level: float
    again: float
    flicker: np.ndarray
    tone: float


def seconds(wave, rate: int) -> list:
    """Return the Second for each whole second of a wave (T,)."""
    size = round(SECOND * rate)
    wave = np.asarray(wave, np.float64)
    parts = [wave[at : at + size] for at in range(0, len(wave) - size + 1, size)]
    found = []
    for i, part in enumerate(parts):
        loud = level(float(part.std()))
        sounds, follows = loud > QUIET, i + 1 < len(parts)
        repeats = again(part, parts[i + 1], rate) if sounds and follows else 0.0
        found.append(Second(loud, repeats, *((flicker(part, rate), tone(part, rate)) if sounds else SILENT)))
    return found


def again(second, after, rate: int) -> float:
    """Return the highest correlation of a second (n,) with the wave 0.1 s to a second later, `after` being the next."""
    size, first = len(second), round(SHORTEST * rate)
    whole = np.concatenate([second, after])
    room = 1 << (2 * len(whole) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(whole, room) * np.conj(np.fft.rfft(second, room)), room)[first : size + 1]
    energy = np.concatenate([[0.0], np.cumsum(whole**2)])
    later = (energy[size:] - energy[: size + 1])[first:]
    return float(np.max(products / np.sqrt(np.maximum(later, 1e-3 * energy[size]) * energy[size])))


def flicker(second, rate: int) -> np.ndarray:
    """Return how a second's narrow bands change from frame to frame, mean and deviation, and its level's deviation, dB.

    The power of noise in a narrow band is another from frame to frame, whatever its colour: the change is 1/2 (see
    `gen.judging.statistics.flutter`), always, and its level is steady. In a tone it is less, where something begins or
    ends it is more, and the level of what speaks or is played moves.
    """
    spectra = power(second, rate)[::2]  # those that share no sample
    change = [flutter(a, b) for a, b in itertools.pairwise(spectra)]
    loud = 10 * np.log10(spectra.sum(1) + 1e-12)
    return np.array([np.mean(change), np.std(change), np.std(loud)])


def tone(second, rate: int) -> float:
    """Return r of the most tonal tenth of what sounds in a second (see `gen.judging.voice`): under 1/2 in noise.

    Other than `flicker` it tells noise that swells and fades as speech does: a voice of which only hiss is left.
    """
    heard = listen(second, rate, EACH)
    power = framed(second, rate, EACH).var(1)[: len(heard.ratio)]
    loud = heard.ratio[: len(power)][power > 10 ** (-FAINT / 10) * power.max()]
    if not len(loud):
        return 1.0  # it sounds too short a time to be told from a tone
    return float(np.quantile(1 / (1 + 10 ** (-loud / 10)), MOST))


class Usual:
    """What no recording does: the bounds of a second, from stretches (T,) of recordings and `noise` (T,) of any colour.

    `ends` says that recordings end by themselves: silence up to the end of a take is none of its faults then.
    """

    def __init__(self, stretches, noise, rate: int, ends: bool):
        heard = [s for wave in stretches for s in seconds(wave, rate)]
        levels = np.array([s.level for s in heard])
        self.rate, self.ends = rate, ends
        self.loudest = float(2 * levels.max() - np.quantile(levels, 1 - RARE))
        alike = np.array([s.again for s in heard])
        self.again = float((1 + alike.max()) / 2) if alike.max() < SAME else None
        self.silent = bool(np.mean(levels <= QUIET) < RARE / 10)
        noises = [s for wave in noise for s in seconds(wave, rate)][-NOISES:]
        flickers = np.stack([s.flicker for s in noises])
        self.middle, self.spread = flickers.mean(0), np.linalg.inv(np.cov(flickers, rowvar=False))
        noisy = float(np.quantile(self.from_noise(flickers), INSIDE))
        real = [self.from_noise(s.flicker[None])[0] for s in heard if s.level > QUIET]
        least = float(np.quantile(real, RARE / 10)) if real else 0.0
        self.noise = float(np.sqrt(noisy * least)) if least > noisy else None
        most = float(np.quantile([s.tone for s in noises], INSIDE))
        tones = [s.tone for s in heard if s.level > QUIET]
        lowest = float(np.quantile(tones, RARE / 10)) if tones else 0.0
        self.toneless = (most + lowest) / 2 if lowest - most > CLEAR else None

    def from_noise(self, flickers):
        """Return how far seconds that flicker so (n, 3) are from those of noise, in its deviations (Mahalanobis)."""
        apart = flickers - self.middle
        return np.sqrt(np.einsum("ni,ij,nj->n", apart, self.spread, apart))

    def is_noise(self, second: Second) -> bool:
        """Return whether a second that sounds is noise: it flickers as noise does, or holds no more tone."""
        steady = self.noise is not None and self.from_noise(second.flicker[None])[0] < self.noise
        return bool(steady or (self.toneless is not None and second.tone < self.toneless))

    def faults(self, wave) -> dict:
        """Return for each of KINDS the first second of a wave (T,) that is so, None where none is."""
        heard = seconds(wave, self.rate)
        silent = [s.level <= QUIET for s in heard]
        sounding = [i for i, quiet in enumerate(silent) if not quiet]
        if self.ends and sounding:
            silent = silent[: sounding[-1] + 1]
        found = {
            "louder": [s.level > self.loudest for s in heard],
            "noise": [s.level > QUIET and self.is_noise(s) for s in heard],
            "loop": [self.again is not None and s.again > self.again for s in heard],
            "silence": [self.silent and quiet for quiet in silent],
        }
        return {kind: next((i for i, so in enumerate(found[kind]) if so), None) for kind in KINDS}
