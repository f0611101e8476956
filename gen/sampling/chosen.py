"""Of many takes the best, as the model that made them hears them.

A model with labels is a classifier: a take is the better the likelier it is under its own label than under the
likeliest other, by Bayes' rule with all labels alike. Without labels a take is the better the nearer its bits a sample
are to those that the model needed for held-out recordings; what fell silent or broke out into noise is far from them.
What is so chosen says nothing about what a model makes plainly.
"""

import heapq
from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.engine.forced import hear
from gen.engine.player import Engine


class Chosen(NamedTuple):
    """A take by its stream's number, what it scored in bits a sample, the higher the better, and its wave (T,)."""

    score: float
    stream: int
    wave: np.ndarray


class Chooser:
    """Keeps the `best` of the takes of a trained model. Raises ValueError for a model that can't hear its own takes."""

    def __init__(self, trained, best: int, warn=lambda text: None):
        self.trained, self.best = trained, best
        self.kept: list[Chosen] = []
        engine = trained.sampler(warn=warn)
        if not isinstance(engine, Engine):
            raise ValueError(f"best={best}: takes are heard by the compiled engine, and this model can't be compiled")
        self.engine: Engine = engine
        self.usual = trained.header.get("trained", {}).get("valid_bits")

    def add(self, waves, streams, labels, control=None, primed=None, track=unseen):
        """Hear takes `waves` (n, T) by their `streams` and `labels`, and keep the best of all so far.

        `control` and `primed` are what they were told and went on from, as `Engine.generate` has them.
        """
        symbols = np.stack([self.trained.codec.encode(wave) for wave in waves])
        scores = self.rated(symbols, labels, control, primed, track)
        found = [Chosen(float(score), *rest) for score, *rest in zip(scores, streams, waves, strict=True)]
        self.kept = heapq.nlargest(self.best, [*self.kept, *found], key=lambda take: (take.score, -take.stream))

    def rated(self, symbols, labels, control=None, primed=None, track=unseen):
        """Return the score (n,) of takes, symbols (n, T)."""
        count, digits = len(self.trained.classes), self.trained.codec.digits
        own = np.array(labels)
        if count > 1 and (own < count).all():
            every = track(range(count), "hearing takes as each label", count)
            bits = np.stack([self.bits(symbols, np.full(len(own), k), control, primed) for k in every], 1)
            right = np.arange(count) == own[:, None]
            margin = np.where(right, np.inf, bits).min(1) - bits[right]
        elif self.usual is None:
            raise ValueError(f"best={self.best}: this model was trained with nothing held out to compare takes with")
        else:
            margin = -np.abs(self.bits(symbols, own, control, primed) - self.usual * symbols.shape[1] / digits)
        return margin / (symbols.shape[1] / digits)

    def bits(self, symbols, labels, control, primed):
        """Return what takes, symbols (n, T), cost the model in bits (n,) if they have `labels`."""
        streams = self.engine.begin(labels, control)
        self.engine.prime(streams, [] if primed is None else primed)
        return hear(self.engine, streams, symbols).bits.sum(1, dtype=np.float64)
