"""The elementary functions against numpy in extended precision."""

import numba
import numpy as np
import pytest

from gen.compiled import elementary


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_exp_and_tanh_are_right_to_a_few_units_in_the_last_place(real):
    x = np.concatenate([np.linspace(-60, 60, 100001), np.geomspace(1e-6, 1, 1000), -np.geomspace(1e-6, 1, 1000)])
    x = x.astype(real)
    unit = np.finfo(real).eps
    exact = x.astype(np.longdouble)
    np.testing.assert_allclose(each(elementary.expm1, x), np.expm1(exact), rtol=4 * unit)
    np.testing.assert_allclose(each(elementary.tanh, x), np.tanh(exact), rtol=6 * unit)
    np.testing.assert_allclose(each(elementary.sigmoid, x), 1 / (1 + np.exp(-exact)), rtol=6 * unit)


def each(function, x):
    """Return function(x) as compiled loops compute it, a number at a time."""

    @numba.njit(error_model="numpy")
    def fill(x, out):
        for i in range(len(x)):
            out[i] = function(x[i])

    out = np.empty_like(x)
    fill(x, out)
    return out
