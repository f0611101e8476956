"""How sure a figure is: the bootstrap over the sounds that it was measured on."""

import numpy as np

DRAWS = 1000  # samples of the bootstrap
LIKELY = 0.95  # of an interval


def drawn(count: int, seed: int, draws: int = DRAWS):
    """Return how often each of `count` sounds is in each sample of the bootstrap (Efron 1979), float (draws, count)."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws).astype(float)


def interval(found) -> list:
    """Return the bounds that 95 of 100 of the numbers found (R,) lie in, symmetric in their ranks."""
    return [float(bound) for bound in np.quantile(found, [(1 - LIKELY) / 2, (1 + LIKELY) / 2])]
