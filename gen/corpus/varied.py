"""Segments varied each time they are read, so that few recordings are more: louder or softer, faster or slower, turned.

What a segment becomes depends on the seed and on how many were begun before it alone: a training that is resumed reads
the same again. Speech recognisers are trained so (Ko et al. 2015, "Audio augmentation for speech recognition",
Interspeech): a copy that is faster by a tenth is higher by as much, as a tape is.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from gen.base.schema import terms
from gen.corpus.splits import chance
from gen.sound.audio import resampled
from gen.sound.curves import SPECTRA
from gen.sound.hearing import fitted

KINDS = ("gain", "speed", "polarity")
GAIN = 4.0  # dB, up or down
SPEED = 1.5  # semitones, up or down
SEMITONES = 12  # of an octave, in which frequency doubles


class Change(NamedTuple):
    """What is done to a segment: played at `speed` times its own, each sample multiplied by `gain`."""

    speed: float = 1.0
    gain: float = 1.0

    def size(self, symbols: int, digits: int) -> int:
        """Return how many symbols, `digits` a sample, so many become."""
        return symbols if self.speed == 1 else max(1, round(symbols / digits / self.speed)) * digits

    def applied(self, symbols, codec):
        """Return symbols (n,) of a codec as they are changed, `size(n)` of them, and the gain that they have.

        It is less where a peak would be clipped.
        """
        if self == SAME:
            return symbols, 1.0
        wave = codec.decode(symbols)
        if self.speed != 1:
            wave = fitted(resampled(wave, self.speed, 1.0), self.size(len(symbols), codec.digits) // codec.digits)
        peak = float(np.abs(wave).max(initial=1e-9))
        gain = math.copysign(min(abs(self.gain), max(1.0, 1 / peak)), self.gain)
        return codec.encode(gain * wave), gain


SAME = Change()


class Variation(NamedTuple):
    """Which of KINDS of change there are, to symbols of a `codec`."""

    kinds: list
    codec: Any = None

    def drawn(self, seed: int, begun: int) -> Change:
        """Return the Change of the segment before which `begun` were, evenly spread in dB and in semitones."""

        if not self.kinds:
            return SAME

        def between(kind, most):
            return most * (2 * chance(f"{seed} {begun} {kind}") - 1) if kind in self.kinds else 0.0

        sign = -1.0 if between("polarity", 1.0) < 0 else 1.0
        return Change(2 ** (between("speed", SPEED) / SEMITONES), sign * 10 ** (between("gain", GAIN) / 20))


UNVARIED = Variation([])


def parse(vary: str, control: str | None = None) -> list:
    """Return the kinds of a sum, such as gain+speed, of recordings that a model is told `control` of.

    Raises ValueError.
    """
    kinds = terms("vary", vary, KINDS, "gain+speed")
    if "speed" in kinds and set(SPECTRA).intersection((control or "").split("+")):
        raise ValueError(f"vary={vary}, control={control}: faster sound has other bands; leave speed out")
    return kinds
