"""The functions of vectors that the engine knows: the cells of recurrent networks and what stands beside them.

Loops over a vector become vector code when they are compiled into `gen.engine.loop.run`.
"""

import numpy as np

from gen.compiled.door import inlined, total, total_squares
from gen.compiled.elementary import ONE, TWO, ZERO, expm1, sigmoid, tanh
from gen.engine.program import RELU, TANH


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
