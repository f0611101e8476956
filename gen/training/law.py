"""How bits per sample fall with a model's size and with what it has seen: a law fitted to some trainings.

bits = a + b N^-c + d T^-e, N parameters and T samples seen, each of the terms 0 or more (Hoffmann et al. 2022,
arXiv 2203.15556, equation 2). For given exponents it is linear: they are tried on a grid.
"""

import itertools
from typing import NamedTuple

import numpy as np

EXPONENTS = np.round(np.geomspace(0.05, 2.0, 12), 4)
MADE_UP = 40  # sets of points drawn anew, for intervals
PERCENT = 5, 95


class Law(NamedTuple):
    """The law's numbers, N and T counted in `size` parameters and `seen` samples, on whose scale the points lay."""

    a: float
    b: float
    c: float
    d: float
    e: float
    size: float
    seen: float

    def bits(self, parameters: float, samples: float) -> float:
        """Return the bits per sample of a model of so many parameters that has seen so many samples."""
        return self.a + self.b * (parameters / self.size) ** -self.c + self.d * (samples / self.seen) ** -self.e


def fit(points) -> Law:
    """Return the law nearest to `points`, (parameters, samples, bits) of each of three trainings or more."""
    parameters, samples, bits = np.array(points, float).T
    size, seen = np.exp(np.log(parameters).mean()), np.exp(np.log(samples).mean())
    best, found = np.inf, None
    for c, e in itertools.product(EXPONENTS, EXPONENTS):
        terms = np.stack([np.ones_like(bits), (parameters / size) ** -c, (samples / seen) ** -e], 1)
        numbers = nonnegative(terms, bits)
        if (error := float(((terms @ numbers - bits) ** 2).sum())) < best - 1e-15:
            best, found = error, Law(numbers[0], numbers[1], c, numbers[2], e, size, seen)
    assert found is not None
    return found


def nonnegative(terms, bits):
    """Return the numbers x, each 0 or more, for which `terms` (n, 3) x is nearest to bits (n,)."""
    best, found = np.inf, np.linalg.lstsq(terms, bits, rcond=None)[0]
    if (found >= 0).all():
        return found
    for kept in ([0, 2], [0, 1], [1, 2], [0], [1], [2]):
        some = np.linalg.lstsq(terms[:, kept], bits, rcond=None)[0]
        if (some < 0).any():
            continue
        error = ((terms[:, kept] @ some - bits) ** 2).sum()
        if error < best - 1e-12:
            best, found = error, np.zeros(3)
            found[kept] = some
    return found


def fits(points, seed: int = 0) -> list:
    """Return laws fitted to MADE_UP sets of points drawn from `points` with replacement (Efron 1979)."""
    random, points = np.random.default_rng(seed), list(points)
    return [fit([points[k] for k in random.integers(0, len(points), len(points))]) for _ in range(MADE_UP)]
