"""How far back a model remembers: the bits it needs where its state was reset, beside those where it wasn't.

Two streams hear the same excerpt. One has heard what came before it, the other begins afresh in its middle: what the
second needs more, so many samples after its beginning, is what the model had from beyond them. As both predict the same
samples, how hard these are cancels out.
"""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.engine.forced import hear
from gen.engine.program import BLOCK

NEAREST = 0.001  # seconds after a reset that are the first point
FINE = 2  # points an octave behind it
GAIN = 0.95  # of what memory brings is there at the horizon
TOLD = ("from s", "to s", "bits/sample", "over")


class Excerpt(NamedTuple):
    """Symbols of a recording with its label; the state is reset before symbol `cut`."""

    label: int
    symbols: np.ndarray
    cut: int


class Memory(NamedTuple):
    """Bits a sample with all that was heard, and how many more where the state was reset so many seconds ago.

    `over` has a number for each stretch between two of the `edges`, nan where no excerpt is that long.
    """

    bits: float
    edges: np.ndarray
    over: np.ndarray

    @property
    def points(self) -> list:
        """The stretches as (from, to, bits over those without a reset)."""
        found = zip(self.edges[:-1], self.edges[1:], self.over, strict=True)
        return [(float(a), float(b), float(over)) for a, b, over in found if np.isfinite(over)]

    @property
    def horizon(self) -> float | None:
        """The seconds after which GAIN of what memory brings is there for good; None where that isn't reached."""
        points = self.points
        lacking = [to for _, to, over in points if over > (1 - GAIN) * max(0.0, points[0][2])]
        last = max(lacking, default=0.0)
        return None if last == points[-1][1] else last


def excerpts(segments, reach: int, digits: int, count: int, seed: int) -> list:
    """Return `count` Excerpts drawn by chance from segments, of at most `reach` symbols before the cut and behind."""
    chance = np.random.default_rng(seed)
    sizes = np.array([s.stop - s.start for s in segments], float)
    made = []
    for number in chance.choice(len(segments), count, p=sizes / sizes.sum()):
        s = segments[number]
        cut = s.start + digits * int(chance.integers((s.stop - s.start) // digits))
        begin, end = max(s.start, cut - reach), min(s.stop, cut + reach)
        made.append(Excerpt(s.label, s.recording.read(begin, end), cut - begin))
    return made


def costs(engine, labels, rows, track, text: str) -> list:
    """Return what the symbols of each of `rows`, of any length, cost from the beginning on, in bits."""
    length = max(map(len, rows))
    together = np.full((len(rows), length), engine.before)
    for row, symbols in zip(together, rows, strict=True):
        row[: len(symbols)] = symbols
    streams, begins = engine.begin(labels), range(0, length, BLOCK)
    found = [hear(engine, streams, together[:, at : at + BLOCK]).bits for at in track(begins, text, len(begins))]
    return [row[: len(symbols)] for row, symbols in zip(np.concatenate(found, 1), rows, strict=True)]


def memory(engine, chosen, codec, rate: int, longest: float, track=unseen) -> Memory:
    """Return the Memory of the model in an engine over Excerpts `chosen`, up to `longest` seconds after a reset."""
    labels = [e.label for e in chosen]
    whole = costs(engine, labels, [e.symbols for e in chosen], track, "with all that came before")
    cut = costs(engine, labels, [e.symbols[e.cut :] for e in chosen], track, "with a state that was reset")
    known = [row[e.cut :] for row, e in zip(whole, chosen, strict=True)]
    each = [(b - a).reshape(-1, codec.digits).sum(1) for a, b in zip(known, cut, strict=True)]
    steps = np.arange(max(1, FINE * np.log2(longest / NEAREST)) + 1)
    edges = np.concatenate([[0.0], NEAREST * 2 ** (steps / FINE)])
    places = np.concatenate([np.searchsorted(edges * rate, np.arange(len(over)), "right") - 1 for over in each])
    sums, counts = np.zeros(len(edges)), np.zeros(len(edges))
    np.add.at(sums, places, np.concatenate(each))
    np.add.at(counts, places, 1)
    with np.errstate(invalid="ignore"):
        over = (sums / counts)[:-1]
    bits = np.concatenate(known).sum(dtype=np.float64) / sum(map(len, each))
    return Memory(float(bits), edges, over)
