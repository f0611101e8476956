"""What a model would have played in a gap: continuations of what is before it, chosen by how well the rest follows.

A particle filter (Doucet and Johansen 2009, "A tutorial on particle filtering and smoothing") over the engine's
streams: they sample the gap from the model, given what is before, and are weighted by p(after | what they sampled),
the right side forced through copies of them. On the way that likelihood, as if the right side came now, is the twist
by which they are resampled (Whiteley and Lee 2014, arXiv 1204.4807), tempered, since the gap still has a way to go.
Waves are float64 (T,) at the model's rate.
"""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.base.uniforms import Uniforms
from gen.engine.forced import hear
from gen.engine.program import BLOCK
from gen.repair.blended import blended, likely
from gen.repair.settled import leveled, settled
from gen.sound.autoregression import SHORT, extrapolate

HEARD = 4.0  # seconds before a gap that the model hears, at most
STEP = 0.02  # seconds between two looks at the right side
AFTER = 0.02, 0.06  # seconds of it that are heard then, and at the end
SHARP = 0.1  # of its log-likelihood that counts at the end of the gap for resampling, less before
FADE = 0.015  # seconds at each end in which a continuation is cross-faded with what leads on from that side
ORDER, REACH = 0.016, 0.128  # seconds of the linear prediction that leads on, and of the side it is fitted to
RAMP = 0.25  # seconds before the right side in which the level is led to the one there; twice as long is long
STREAMS = 64


class Continuation(NamedTuple):
    """A gap filled: its wave (T,), and the bits a sample that the right side costs after it.

    `over` are the bits a sample that the left side costs over what the model expected, `heard` the seconds of it.
    """

    wave: np.ndarray
    bits: float
    over: float
    heard: float


def continuation(
    engine, codec, before, predicted, after, rate: int, label: int, seed: int, stream: int, temperature, track=unseen
):
    """Return the Continuation of `before` that suits `after` best, of STREAMS, for as long as what is `predicted` (T,).

    That is the gap by linear prediction, with which it is blended. The uniform numbers are those of streams `stream` *
    STREAMS and on of the seed. Without anything after, it is that of the first of them.
    """
    symbols = codec.encode(before[-round(HEARD * rate) :])
    begun = engine.begin([label])
    cost = hear(engine, begun, symbols[None])
    filtered = Filter(engine, begun, seed, stream, STREAMS if len(after) else 1, temperature)
    digits = codec.digits
    short, long = (
        codec.encode(after[: round(seconds * rate)], float(after[0])) if len(after) else [] for seconds in AFTER
    )
    step, total = round(STEP * rate) * digits, len(predicted) * digits
    for at in track(range(0, total, step), "continuing", -(-total // step)):
        filtered.sample(min(step, total - at))
        if len(after) and at + step < total:
            filtered.resample(SHARP * (at + step) / total * filtered.likelihood(short))
    nats = -filtered.likelihood(long) if len(after) else np.zeros(1)
    last, rivals = float(before[-1]) if len(before) else 0.0, likely(nats)
    made = codec.decode(filtered.symbols()[rivals], last).astype(np.float64)
    waves = [joined(wave, before, after, rate) for wave in made]
    wave = waves[0]
    if len(before) and len(after):
        wave = blended(waves, nats[rivals], predicted, before, after, rate)
        wave = settled(wave, before, after, rate) if is_long(wave, rate) else wave
    bits = float(nats[rivals[0]] / np.log(2) / max(1, len(long) // digits))
    over = float((cost.nats - cost.expected).sum() / np.log(2) / max(1, len(symbols) // digits))
    return Continuation(wave, bits, over, len(symbols) / digits / rate)


class Filter:
    """Streams that sample a gap, and are resampled by what they are likely to lead to."""

    def __init__(self, engine, begun, seed: int, stream: int, count: int, temperature: float):
        """Go on from where the one stream `begun` is."""
        self.engine, self.state, self.count, self.temperature = engine, begun.rows([0] * count), count, temperature
        self.numbers = [Uniforms(seed, stream * STREAMS + each) for each in range(count)]
        self.made: list = []
        self.weights, self.twist = np.zeros(count), np.zeros(count)

    def sample(self, steps: int):
        """Sample `steps` symbols more."""
        uniforms = np.stack([number.take(steps) for number in self.numbers])
        for at in range(0, steps, BLOCK):
            part = uniforms[:, at : at + BLOCK]
            self.made.append(self.engine.advance(self.state, part.shape[1], None, part, self.temperature))

    def likelihood(self, symbols):
        """Return the logarithm (S,) of the probability that each stream gives to `symbols` (T,), as its next ones."""
        copies = self.state.rows(np.arange(self.count))
        return -hear(self.engine, copies, np.tile(symbols, (self.count, 1))).nats.sum(1, dtype=np.float64)

    def resample(self, twist):
        """Weight the streams by their new `twist` (S,), and resample them, systematically, where few count."""
        self.weights += twist - self.twist
        self.twist = twist
        share = np.exp(self.weights - self.weights.max())
        share /= share.sum()
        offset = float(self.numbers[0].take(1)[0])  # taken always, so that the numbers after it are the same
        if 1 / np.sum(share**2) > self.count / 2:
            return
        places = (np.arange(self.count) + offset) / self.count
        chosen = np.minimum(np.searchsorted(np.cumsum(share), places), self.count - 1)
        self.state = self.state.rows(chosen)
        self.made, self.twist, self.weights = [self.symbols()[chosen]], twist[chosen], np.zeros(self.count)

    def symbols(self):
        """Return what each stream sampled (S, T)."""
        return np.concatenate(self.made, 1)


def joined(wave, before, after, rate: int):
    """Return a continuation cross-faded at both ends with what linear prediction expects there of the sides.

    In a long one, in which its level may wander, that is led to the one at the right before it.
    """
    size = min(round(FADE * rate), len(wave) // 2)
    ahead, back = (leading(side, size, rate) for side in (before, after[::-1]))
    fade = np.cos(np.pi / 2 * (np.arange(size) + 0.5) / size) ** 2
    wave = wave.copy()
    if back is not None and is_long(wave, rate):
        wave[::-1] = leveled(wave[::-1], back, round(RAMP * rate))
    for expected, made in ((ahead, wave), (back, wave[::-1])):
        if expected is not None:
            made[:size] = fade * expected + (1 - fade) * made[:size]
    return wave


def is_long(wave, rate: int) -> bool:
    """Return whether a continuation is so long that its level and spectrum may wander."""
    return len(wave) > 2 * round(RAMP * rate)


def leading(side, size: int, rate: int):
    """Return the `size` samples that linear prediction expects after a side (T,); None where it has next to nothing."""
    near = side[max(0, len(side) - round(REACH * rate)) :]
    if len(near) < SHORT or not size:
        return None
    return extrapolate(near, size, min(round(ORDER * rate), len(near) // 2))
