"""How surprised a model is by a recording, in bits a sample, beside how surprised it expected to be.

The surprise is -log2 of the probability that the model gave to what came; what it expected is the entropy of its
prediction, the mean surprise if the recording were the model's own. Loud or noisy passages cost more bits and are
expected to: what a model doesn't know shows in the difference. The engine hears the recording as it hears a prime, in
memory that doesn't grow with it but for the curve's three numbers each 10 ms.
"""

from typing import NamedTuple

import numpy as np

from gen.base.tables import as_csv
from gen.base.terminal import unseen
from gen.engine.forced import Cost, hear
from gen.engine.player import Engine
from gen.sound import audio

FRAME = 0.01  # seconds of a point of the curve
WORST = 10  # frames, 0.1 s: of the stretch that surprises most
STRANGE = 0.5  # bits/sample over what it expected: the recording is of another kind than the model's own
COLUMNS = ("file", "seconds", "bits/sample", "expected", "over", "most at", "over there")
DIGITS = (2, 3, 3, 3, 2, 2)  # behind the point, of their numbers
CURVE = ("seconds", "bits", "expected")


class Surprise(NamedTuple):
    """The surprise of one recording: over all of it, and over time, each point the mean of FRAME seconds."""

    name: str
    seconds: float
    bits: float  # a sample
    expected: float  # bits a sample
    curve: np.ndarray  # (frames, 2) float32: bits and expected

    @property
    def over(self) -> float:
        """Bits a sample over what the model expected."""
        return self.bits - self.expected

    @property
    def points(self) -> list:
        """The curve as (seconds, bits, expected)."""
        return [((i + 0.5) * FRAME, float(a), float(b)) for i, (a, b) in enumerate(self.curve)]

    @property
    def worst(self) -> tuple:
        """The second where the tenth of one that surprises most begins, and the bits a sample that it is over."""
        over = np.cumsum(np.concatenate([[0.0], self.curve[:, 0].astype(np.float64) - self.curve[:, 1]]))
        size = min(WORST, len(self.curve))
        means = (over[size:] - over[:-size]) / size
        return float(np.argmax(means) * FRAME), float(means.max())


def scorer(trained, run, say=lambda text: None, backward: bool = False) -> Engine:
    """Return the engine of a trained model, to hear recordings with, `backward` or as they are.

    Raises ValueError where it can't be compiled, or learned the other way round.
    """
    if trained.backward and not backward:
        raise ValueError(f"{run}: learned reversed time, for back= of gen repair and gen bridge; give another run")
    if backward and not trained.backward:
        raise ValueError(f"{run}: learned time as it is; back= takes a run of gen train with reverse=on")
    engine = trained.sampler(warn=say)
    if not isinstance(engine, Engine):
        raise ValueError(f"{run}: its model can't be compiled, and only the compiled engine listens fast enough")
    return engine


def class_of(trained, engine, path, label: str | None) -> int:
    """Return the class of a `label`; without one that in which a recording's first second surprises least."""
    if label is not None or len(trained.classes) < 2:
        return trained.label_ids(label, 1)[0]
    begun = trained.codec.encode(next(iter(audio.blocks(path, trained.rate)))[: trained.rate])
    every = range(len(trained.classes))
    return int(np.argmin(hear(engine, engine.begin(every), np.tile(begun, (len(every), 1))).nats.sum(1)))


def heard(engine, blocks, codec, label: int):
    """Yield each of a recording's `blocks` (n,) with what its samples cost: a Cost (n,), the digits of each added."""
    streams, before = engine.begin([label]), 0.0
    for block in blocks:
        found = hear(engine, streams, codec.encode(block, before)[None])
        before = float(block[-1])
        yield block, Cost(*(part[0].reshape(-1, codec.digits).sum(1) for part in found))


def surprise(trained, engine, path, name: str, label: str | None = None, track=unseen, also=None) -> Surprise:
    """Return the Surprise of the recording at `path`, heard from silence on; `also(block, cost)` hears it too.

    Raises ValueError.
    """
    rate, per_bit = trained.rate, np.log(2)
    number = class_of(trained, engine, path, label)
    size = max(1, round(FRAME * rate))
    total = -(-int(audio.frames(path)) // audio.BLOCK)
    blocks = track(audio.blocks(path, rate), f"listening to {name}", total)
    rest, frames, sums, count = np.zeros((2, 0)), [], np.zeros(2), 0
    for block, cost in heard(engine, blocks, trained.codec, number):
        if also:
            also(block, cost)
        both = np.stack([cost.nats, cost.expected]) / per_bit
        sums += both.sum(1, dtype=np.float64)
        count += both.shape[1]
        rest = np.concatenate([rest, both], 1)
        whole = rest.shape[1] // size * size
        frames.append(rest[:, :whole].reshape(2, -1, size).mean(2).T.astype(np.float32))
        rest = rest[:, whole:]
    if rest.shape[1]:
        frames.append(rest.mean(1, keepdims=True).T.astype(np.float32))
    bits, expected = sums / count
    return Surprise(name, count / rate, float(bits), float(expected), np.concatenate(frames))


def ranked(scores) -> list:
    """Return Surprises, the one that is most over what was expected first."""
    return sorted(scores, key=lambda one: -one.over)


def rows(scores) -> list:
    """Return COLUMNS as text for Surprises."""
    figures = ((one.name, one.seconds, one.bits, one.expected, one.over, *one.worst) for one in scores)
    return [(name, *(f"{x:.{n}f}" for x, n in zip(numbers, DIGITS, strict=True))) for name, *numbers in figures]


def strange(one: Surprise, own: float | None) -> str | None:
    """Return the line that says of a recording that it is of another kind than the model's `own`, None where it isn't.

    `own` are the bits a sample that the model needs for held-out recordings of its own kind.
    """
    if one.over < STRANGE:
        return None
    beside = "" if own is None else f", and {own:.3f} for its own held-out recordings"
    return (
        f"{one.name}: this model expected {one.expected:.3f} bits/sample of it and needed {one.bits:.3f}{beside}: "
        "it learned another kind of sound"
    )


def curve(one: Surprise) -> bytes:
    """Return the curve of a Surprise as CSV of the columns CURVE."""
    return as_csv(CURVE, ((f"{at:.3f}", f"{bits:.4f}", f"{expected:.4f}") for at, bits, expected in one.points))
