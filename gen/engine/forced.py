"""The engine forced: streams hear symbols that are known, as those of a prime are, and tell what each of them cost."""

from typing import NamedTuple

import numpy as np

from gen.engine.program import BLOCK


class Cost(NamedTuple):
    """What symbols cost a model, in nats, and what it expected them to: each (S, n) for S streams of n symbols."""

    nats: np.ndarray  # -log p of the symbol that came
    expected: np.ndarray  # the entropy of the prediction: the mean of -log p over what might have come
    variance: np.ndarray  # of -log p over what might have come, in nats squared

    @property
    def bits(self):
        """-log2 p of each symbol (S, n)."""
        return self.nats / np.log(2)


def hear(engine, streams, symbols) -> Cost:
    """Let streams hear their `symbols` (S, n), any number of them, and return what these cost.

    Raises ValueError where the model's probabilities are no numbers.
    """
    symbols = np.ascontiguousarray(symbols, np.int64)
    parts = []
    for at in range(0, symbols.shape[1], BLOCK):
        y = symbols[:, at : at + BLOCK]
        parts.append(cost(engine.advance(streams, y.shape[1], y, logits=True), y))
    if not parts:
        return Cost(*np.zeros((3, *symbols.shape), np.float32))
    found = Cost(*(np.concatenate(part, 1) for part in zip(*parts, strict=True)))
    if not np.isfinite(found.nats).all():
        raise ValueError("the model's probabilities are not numbers: its weights are damaged; train again")
    return found


def cost(logits, y) -> Cost:
    """Return what symbols y (S, n) cost where the model's logits are (S, n, L), in the logits' own type."""
    shifted = logits - logits.max(-1, keepdims=True)
    odds = np.exp(shifted)
    mass = odds.sum(-1)
    log_mass = np.log(mass)
    mean = np.einsum("snl,snl->sn", odds, shifted) / mass
    square = np.einsum("snl,snl,snl->sn", odds, shifted, shifted) / mass
    nats = log_mass - np.take_along_axis(shifted, y[..., None], -1)[..., 0]
    return Cost(nats, log_mass - mean, np.maximum(square - mean**2, 0))
