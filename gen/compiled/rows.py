"""What kernels do to a row of numbers: its norm (Ba et al. 2016, arXiv 1607.06450), a gated unit; their gradients."""

import numpy as np

from gen.compiled.door import piece
from gen.compiled.elementary import ONE, ZERO, sigmoid
from gen.compiled.numbers import read, write

EPSILON = 1e-5  # of a norm, as torch has it
ROOM = np.float32(EPSILON)


@piece
def norm(x, scale, n):
    """Write into n the norm of x, scaled; return the mean of x and its precision, 1 / deviation."""
    sum_, squares, count = ZERO, ZERO, np.float32(len(x))
    for i in range(len(x)):
        sum_ += read(x, i)
    mean = sum_ / count
    for i in range(len(x)):
        off = read(x, i) - mean
        squares += off * off
    precision = ONE / np.sqrt(squares / count + ROOM)
    norm_again(x, mean, precision, scale, n)
    return mean, precision


@piece
def norm_again(x, mean, precision, scale, n):
    for i in range(len(x)):
        write(n, i, (read(x, i) - mean) * precision * scale[i])


@piece
def norm_back(x, mean, precision, scale, d_n, d_x, d_scale):
    """Add to d_x and to d_scale what the gradient d_n of a norm gives.

    With n = (x - mean) precision and g = d_n scale that is precision (g - mean(g) - n mean(g n)), and d_n n.
    """
    along, across, count = ZERO, ZERO, np.float32(len(x))
    for i in range(len(x)):
        pull, n = read(d_n, i), (read(x, i) - mean) * precision
        d_scale[i] += pull * n
        along += pull * scale[i]
        across += pull * scale[i] * n
    along, across = along / count, across / count
    for i in range(len(x)):
        n = (read(x, i) - mean) * precision
        write(d_x, i, read(d_x, i) + (read(d_n, i) * scale[i] - along - across * n) * precision)


@piece
def gate(value, open_, y):
    """Write value * silu(open) into y."""
    for i in range(len(y)):
        g = read(open_, i)
        write(y, i, read(value, i) * (g * sigmoid(g)))


@piece
def gate_on(x, value, open_, y):
    """Write x + value * silu(open) into y."""
    for i in range(len(y)):
        g = read(open_, i)
        write(y, i, read(x, i) + read(value, i) * (g * sigmoid(g)))


@piece
def gate_back(value, open_, d_y, d_value, d_open):
    """Write the gradients: silu(g) = g s with s = sigmoid(g), and its slope is s + g s (1 - s)."""
    for i in range(len(d_y)):
        pull, g = read(d_y, i), read(open_, i)
        s = sigmoid(g)
        write(d_value, i, pull * (g * s))
        write(d_open, i, pull * read(value, i) * (s + g * s * (ONE - s)))
