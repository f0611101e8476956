"""Functions of one number for compiled loops: exp, tanh and the sigmoid.

None is from a C library: exp is a power of two times a Taylor series, the others follow from it. Loops over a vector
become vector code when they are compiled.
"""

import math

import numpy as np

from gen.compiled.door import by_type, fma, inlined, power_of_two


def taylor(real, degree):
    """Return the coefficients of (e**r - 1 - r) / r**2 up to r**degree / degree!, the highest first."""
    return [real(1 / math.factorial(n)) for n in range(degree, 1, -1)]


def constants(real, magic, high, low):
    """Return what `reduce` needs: 1 / ln 2, a number that rounds what it is added to, and ln 2 in two parts."""
    return [real(v) for v in (1 / math.log(2), magic, high, low)]


ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)  # with a float64 beside them they are float64
A7, A6, A5, A4, A3, A2 = taylor(np.float32, 7)
PER_LN2, MAGIC, HIGH, LOW = constants(np.float32, 1.5 * 2**23, 0.693359375, -2.12194440e-4)
LEAST, MOST = np.float32(-80), np.float32(80)
B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2 = taylor(np.float64, 14)
PER_LN2_D, MAGIC_D, HIGH_D, LOW_D = constants(np.float64, 1.5 * 2**52, 0.6931471803691238, 1.9082149292705877e-10)
LEAST_D, MOST_D = np.float64(-700), np.float64(700)


@inlined
def reduce_32(x):
    """Return 2**k and e**r - 1 with x = k ln 2 + r; x is cut off where e**x is no normal number."""
    x = min(max(x, LEAST), MOST)
    k = fma(x, PER_LN2, MAGIC) - MAGIC
    r = fma(k, -LOW, fma(k, -HIGH, x))
    p = fma(fma(fma(fma(fma(A7, r, A6), r, A5), r, A4), r, A3), r, A2)
    return power_of_two(np.int32(k), x), fma(p * r, r, r)


@inlined
def reduce_64(x):
    """The same in float64."""
    x = min(max(x, LEAST_D), MOST_D)
    k = fma(x, PER_LN2_D, MAGIC_D) - MAGIC_D
    r = fma(k, -LOW_D, fma(k, -HIGH_D, x))
    p = fma(fma(fma(fma(fma(fma(B14, r, B13), r, B12), r, B11), r, B10), r, B9), r, B8)
    p = fma(fma(fma(fma(fma(fma(p, r, B7), r, B6), r, B5), r, B4), r, B3), r, B2)
    return power_of_two(np.int64(k), x), fma(p * r, r, r)


reduce = by_type(reduce_32, reduce_64)


@inlined
def exp(x):
    """Return e**x."""
    power, p = reduce(x)
    return fma(power, p, power)


@inlined
def expm1(x):
    """Return e**x - 1."""
    power, p = reduce(x)
    return fma(power, p, power - ONE)


@inlined
def sigmoid(x):
    """Return 1 / (1 + e**-x)."""
    return ONE / (expm1(-x) + TWO)


@inlined
def tanh(x):
    """Return 1 - 2 / (e**2x + 1), as (e**2x - 1) / (e**2x + 1)."""
    e = expm1(x + x)
    return e / (e + TWO)
