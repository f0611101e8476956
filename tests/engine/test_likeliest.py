"""Which symbols top_p keeps, in the engine: the fewest likeliest, as a plain sort finds them."""

import numpy as np
import pytest

from gen.compiled.door import compiled
from gen.engine.loop import POWERS, keep_likeliest


@compiled
def keep(p, share, heap, mass):
    keep_likeliest(p, share, heap, mass)


def kept(p, share):
    left = p.copy()
    keep(left, share, np.zeros(len(p), np.int64), np.zeros(POWERS))
    assert np.all((left == p) | (left == 0))
    return set(np.flatnonzero(left))


@pytest.mark.parametrize("share", [1e-9, 0.1, 0.5, 0.95, 0.9999, 1 - 1e-9])
@pytest.mark.parametrize("spread", [0.01, 1.0, 8.0, 60.0])
def test_the_fewest_likeliest_are_kept(share, spread):
    random = np.random.default_rng(int(1000 * spread))
    for _ in range(50):
        p = np.exp(spread * random.standard_normal(256))
        p /= p.max()
        order = np.argsort(-p, kind="stable")
        before = np.cumsum(p[order]) - p[order]
        assert kept(p, share) == set(order[before < share * p.sum()])


def test_of_equally_likely_ones_the_first_are_kept():
    assert kept(np.full(256, 0.25), 0.5) == set(range(128))
    assert kept(np.eye(1, 256, 9)[0], 0.9999) == {9}


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_not_hidden(value):
    p = np.full(16, 0.5)
    p[3] = value
    left = p.copy()
    keep(left, 0.9, np.zeros(16, np.int64), np.zeros(POWERS))
    assert not 0 < left.sum() < np.inf
