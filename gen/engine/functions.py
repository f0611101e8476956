"""The functions of vectors that the engine knows: exp, tanh and the cells of recurrent networks.

None is from a C library: exp is a power of two times a Taylor series, the others follow from it. Loops over a vector
become vector code when they are compiled into `gen.engine.loop.run`.
"""

import math

import numpy as np

from gen.engine.kernels import by_type, fma, inlined, power_of_two, total, total_squares
from gen.engine.program import RELU, TANH


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


@inlined
def move(y, x, add):
    for i in range(len(y)):
        y[i] = y[i] + x[i] if add else x[i]


@inlined
def dot(sum_, y, x):
    """Of as many numbers as x has; behind them y, which becomes their products, holds zeros."""
    for i in range(len(x)):
        y[i] = y[i] * x[i]
    sum_[0] = total(y, 0, len(y))


@inlined
def activate(y, kind):
    if kind == RELU:
        for i in range(len(y)):
            y[i] = max(y[i], ZERO)
    elif kind == TANH:
        for i in range(len(y)):
            y[i] = tanh(y[i])
    else:
        for i in range(len(y)):
            y[i] = sigmoid(y[i])


@inlined
def gate(y, value, open_, add):
    for i in range(len(y)):
        new = value[i] * (open_[i] * sigmoid(open_[i]))
        y[i] = y[i] + new if add else new


@inlined
def gru(h, x, gates):
    """Cho et al. 2014 (arXiv 1406.1078), the reset gate after the product; see `gen.models.rnn.GRU`."""
    n = len(h)
    for i in range(n):
        new = tanh(x[2 * n + i] + sigmoid(x[i] + gates[i]) * gates[2 * n + i])
        h[i] = new + sigmoid(x[n + i] + gates[n + i]) * (h[i] - new)


@inlined
def lstm(h, c, gates):
    """Hochreiter & Schmidhuber 1997; see `gen.models.rnn.LSTM`."""
    n = len(h)
    for i in range(n):
        c[i] = sigmoid(gates[n + i]) * c[i] + sigmoid(gates[i]) * tanh(gates[2 * n + i])
        h[i] = sigmoid(gates[3 * n + i]) * tanh(c[i])


@inlined
def rglru(h, gates, x, decay):
    """De et al. 2024 (arXiv 2402.19427, equations 1 to 4); see `gen.models.linear.RGLRU`."""
    n = len(h)
    for i in range(n):
        lost = expm1(decay[i] * sigmoid(gates[i]))  # a - 1
        h[i] = h[i] + lost * h[i] + np.sqrt(-lost * (lost + TWO)) * (sigmoid(gates[n + i]) * x[i])


@inlined
def cglru(h, gates, x, decay, turn):
    """De et al. 2024 (arXiv 2402.19427, appendix B), in `turn` cosines, then sines; see `gen.models.linear.CGLRU`."""
    n = len(h) // 2
    for i in range(n):
        lost = expm1(decay[i] * sigmoid(gates[i]))  # a - 1
        scale = np.sqrt(-lost * (lost + TWO)) * sigmoid(gates[n + i])
        cosine, sine = turn[i], turn[n + i]
        real = h[i] * cosine - h[n + i] * sine
        imaginary = h[n + i] * cosine + h[i] * sine
        h[i] = real + lost * real + scale * x[i]
        h[n + i] = imaginary + lost * imaginary + scale * x[n + i]


@inlined
def mingru(h, gates):
    """Feng et al. 2024 (arXiv 2410.01201); see `gen.models.linear.MinGRU`."""
    n = len(h)
    for i in range(n):
        h[i] = h[i] + sigmoid(gates[i]) * (gates[n + i] - h[i])


@inlined
def norm(y, x, scale, n):
    """Ba et al. 2016 (arXiv 1607.06450), of the first n numbers; behind them x and y hold zeros, `scale` epsilon."""
    mean = total(x, 0, len(x)) / np.float32(n)
    for i in range(n):
        y[i] = x[i] - mean
    precision = ONE / np.sqrt(total_squares(y, 0, len(y)) / np.float32(n) + scale[n])
    for i in range(n):
        y[i] = y[i] * (precision * scale[i])


@inlined
def conv(y, x, past, taps, n, room):
    """A causal convolution over time; `past` holds the inputs before x, each in its `room`, the oldest first."""
    newest = len(past) - room
    for i in range(n):
        y[i] = taps[newest + room + i] * x[i]
    for k in range(0, len(past), room):
        for i in range(k, k + n):
            y[i - k] += taps[i] * past[i]
    for i in range(newest):
        past[i] = past[room + i]
    for i in range(n):
        past[newest + i] = x[i]


@inlined
def delay(y, past, x):
    """y = [past, x], and past = x; see `gen.engine.program.Program.delay`."""
    n = len(x)
    for i in range(n):
        y[i] = past[i]
    for i in range(n):
        y[n + i] = x[i]
        past[i] = x[i]


@inlined
def units(y, x):
    """The gated units of van den Oord et al. 2016 (arXiv 1609.03499, equation 2); see `gen.models.wavenet.WaveNet`."""
    n = len(y)
    for i in range(n):
        y[i] = tanh(x[i]) * sigmoid(x[n + i])
