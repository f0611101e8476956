"""Layer normalisation (Ba et al. 2016, arXiv 1607.06450) of the sum that a residual block hands on, in one pass.

Legend: R rows, D channels. Numbers are bfloat16 or float, sums at least float32.
"""

import numpy as np
import torch
import torch.nn.functional as F

from gen.compiled.elementary import ONE, ZERO
from gen.compiled.numbers import read, write
from gen.compiled.threads import fit, shared, total

EPSILON = 1e-5  # as torch has it
ROOM = np.float32(EPSILON)
BLOCK = 64  # rows whose share of a weight's gradient is summed at once, whatever the number of threads


def normed(x, scale, more=None):
    """Return x + more, and its norm, scaled by `scale` (D,): both (..., D)."""
    if fit(x, scale, *([] if more is None else [more])):
        return Normed.apply(x, scale, more)
    x = x if more is None else x + more
    return x, F.layer_norm(x, scale.shape, scale, eps=EPSILON)


class Normed(torch.autograd.Function):
    """With n = (y - mean) p scale, g = gradient scale: dy = p (g - mean(g) - n' mean(g n')), n' = n / scale."""

    @staticmethod
    def forward(ctx, x, scale, more):
        ctx.set_materialize_grads(False)
        x, size = x.contiguous(), len(scale)
        y = x if more is None else torch.empty_like(x, dtype=torch.result_type(x, more))
        n, statistics = torch.empty_like(y), y.new_empty(y.numel() // size, 2, dtype=scale.dtype)
        given = y.new_empty(0, size) if more is None else more.contiguous().view(-1, size)
        norm(len(statistics), x.view(-1, size), given, scale, y.view(-1, size), n.view(-1, size), statistics)
        ctx.save_for_backward(y, scale, statistics)
        ctx.summed = more is not None
        return y, n

    @staticmethod
    def backward(ctx, d_y, d_n):
        y, scale, statistics = ctx.saved_tensors
        if d_n is None:
            return d_y, None, d_y if ctx.summed else None
        rows, size = len(statistics), len(scale)
        d_x, blocks = torch.empty_like(y), -(-rows // BLOCK)
        d_scale = scale.new_empty(blocks, size)
        kept = y.new_empty(0, size) if d_y is None else d_y.contiguous().view(-1, size)
        d_n = d_n.contiguous().view(-1, size)
        norm_back(blocks, y.view(-1, size), statistics, scale, kept, d_n, d_x.view(-1, size), d_scale)
        return d_x, total(d_scale), d_x if ctx.summed else None


@shared
def norm(begin, end, x, more, scale, y, n, statistics):
    for r in range(begin, end):
        x_r, y_r, n_r = x[r], y[r], n[r]
        size = len(x_r)
        if len(more):
            more_r = more[r]
            for i in range(size):
                write(y_r, i, read(x_r, i) + read(more_r, i))
        sum_, squares, count = ZERO, ZERO, np.float32(size)
        for i in range(size):
            sum_ += read(y_r, i)
        mean = sum_ / count
        for i in range(size):
            off = read(y_r, i) - mean
            squares += off * off
        precision = ONE / np.sqrt(squares / count + ROOM)
        statistics[r, 0], statistics[r, 1] = mean, precision
        for i in range(size):
            write(n_r, i, (read(y_r, i) - mean) * precision * scale[i])


@shared
def norm_back(begin, end, y, statistics, scale, d_y, d_n, d_x, d_scale):
    for block in range(begin, end):
        share = d_scale[block]
        share[:] = 0
        for r in range(block * BLOCK, min(block * BLOCK + BLOCK, len(y))):
            y_r, d_n_r, d_x_r, mean, precision = y[r], d_n[r], d_x[r], statistics[r, 0], statistics[r, 1]
            size = len(y_r)
            along, across, count = ZERO, ZERO, np.float32(size)
            for i in range(size):
                pull, normal = read(d_n_r, i), (read(y_r, i) - mean) * precision
                share[i] += pull * normal
                along += pull * scale[i]
                across += pull * scale[i] * normal
            along, across = along / count, across / count
            for i in range(size):
                normal = (read(y_r, i) - mean) * precision
                write(d_x_r, i, (read(d_n_r, i) * scale[i] - along - across * normal) * precision)
            if len(d_y):
                d_y_r = d_y[r]
                for i in range(size):
                    write(d_x_r, i, read(d_x_r, i) + read(d_y_r, i))
