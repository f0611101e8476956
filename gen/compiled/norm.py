"""Layer normalisation (Ba et al. 2016, arXiv 1607.06450) of the sum that a residual block hands on, in one pass.

Legend: R rows, D channels. Numbers are bfloat16 or float, sums at least float32.
"""

import torch
import torch.nn.functional as F

from gen.compiled import rows
from gen.compiled.elementary import ZERO
from gen.compiled.numbers import read, write
from gen.compiled.threads import fit, shared, total

BLOCK = 64  # rows whose share of a weight's gradient is summed at once, whatever the number of threads


def normed(x, scale, more=None):
    """Return x + more, and its norm, scaled by `scale` (D,): both (..., D)."""
    if fit(x, scale, *([] if more is None else [more])):
        return Normed.apply(x, scale, more)
    x = x if more is None else x + more
    return x, F.layer_norm(x, scale.shape, scale, eps=rows.EPSILON)


class Normed(torch.autograd.Function):
    """Rows of `gen.compiled.rows.norm`, of x + more."""

    @staticmethod
    def forward(ctx, x, scale, more):
        ctx.set_materialize_grads(False)
        x, size = x.contiguous(), len(scale)
        y = x if more is None else torch.empty_like(x, dtype=torch.result_type(x, more))
        n, statistics = torch.empty_like(y), y.new_empty(y.numel() // size, 2, dtype=scale.dtype)
        given = y.new_empty(0, size) if more is None else more.contiguous().view(-1, size)
        norm_rows(len(statistics), x.view(-1, size), given, scale, y.view(-1, size), n.view(-1, size), statistics)
        ctx.save_for_backward(y, scale, statistics)
        ctx.summed = more is not None
        return y, n

    @staticmethod
    def backward(ctx, d_y, d_n):
        y, scale, statistics = ctx.saved_tensors
        if d_n is None:
            return d_y, None, d_y if ctx.summed else None
        size = len(scale)
        d_x, blocks = torch.empty_like(y), -(-len(statistics) // BLOCK)
        d_scale = scale.new_empty(blocks, size)
        kept = y.new_empty(0, size) if d_y is None else d_y.contiguous().view(-1, size)
        d_n = d_n.contiguous().view(-1, size)
        norm_rows_back(blocks, y.view(-1, size), statistics, scale, kept, d_n, d_x.view(-1, size), d_scale)
        return d_x, total(d_scale), d_x if ctx.summed else None


@shared
def norm_rows(begin, end, x, more, scale, y, n, statistics):
    for r in range(begin, end):
        y_r = y[r]
        if len(more):
            x_r, more_r = x[r], more[r]
            for i in range(len(y_r)):
                write(y_r, i, read(x_r, i) + read(more_r, i))
        statistics[r, 0], statistics[r, 1] = rows.norm(y_r, scale, n[r])


@shared
def norm_rows_back(begin, end, y, statistics, scale, d_y, d_n, d_x, d_scale):
    for block in range(begin, end):
        share = d_scale[block]
        share[:] = ZERO
        for r in range(block * BLOCK, min(block * BLOCK + BLOCK, len(y))):
            d_x_r = d_x[r]
            if len(d_y):
                d_y_r = d_y[r]
                for i in range(len(d_x_r)):
                    d_x_r[i] = d_y_r[i]
            else:
                for i in range(len(d_x_r)):
                    write(d_x_r, i, ZERO)
            rows.norm_back(y[r], statistics[r, 0], statistics[r, 1], scale, d_n[r], d_x_r, share)
