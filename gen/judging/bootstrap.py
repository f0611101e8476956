"""How sure a figure is: the bootstrap over the sounds that it was measured on (Efron 1979)."""

import numpy as np

DRAWS = 1000  # samples of the bootstrap
LIKELY = 0.95  # of an interval


def drawn(count: int, seed: int, draws: int = DRAWS):
    """Return how often each of `count` sounds is in each sample, float (1 + draws, count); the first has each once."""
    samples = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws)
    samples[(samples == count).any(1)] = 1  # one sound alone, which has no other to be compared with
    return np.concatenate([np.ones((1, count)), samples])


def interval(found) -> list:
    """Return the bounds that 95 of 100 of what was found (1 + R,) of the samples lie in; the first isn't one."""
    return [float(bound) for bound in np.quantile(found[1:], [(1 - LIKELY) / 2, (1 + LIKELY) / 2])]


def share(values, seed: int) -> tuple:
    """Return the mean of values (N,), one of each sound, and its interval."""
    found = drawn(len(values), seed) @ np.asarray(values, float) / len(values)
    return float(found[0]), interval(found)
