"""Gated units, value * silu(gate) (Dauphin et al. 2017, arXiv 1612.08083; Shazeer 2020, arXiv 2002.05202).

Legend: R rows, D channels.
"""

import torch
import torch.nn.functional as F

from gen.compiled.elementary import ONE, sigmoid
from gen.compiled.numbers import read, write
from gen.compiled.threads import fit, shared


def gated(both, x=None):
    """Return value * silu(gate), (..., D), for both (..., 2 D), the values before the gates; or x plus that."""
    if fit(both, *([] if x is None else [x])):
        return Gated.apply(both, x)
    value, gate = both.chunk(2, -1)
    made = value * F.silu(gate)
    return made if x is None else x + made


class Gated(torch.autograd.Function):
    """silu(g) = g s with s = sigmoid(g), and its slope is s + g s (1 - s)."""

    @staticmethod
    def forward(ctx, both, x):
        both, size = both.contiguous(), both.shape[-1] // 2
        dtype = both.dtype if x is None else torch.result_type(both, x)
        y = both.new_empty(*both.shape[:-1], size, dtype=dtype)
        given = y.new_empty(0, size) if x is None else x.contiguous().view(-1, size)
        rows = y.numel() // size
        gate_(rows, both.view(rows, -1), given, y.view(rows, -1))
        ctx.save_for_backward(both)
        ctx.added = x is not None
        return y

    @staticmethod
    def backward(ctx, d_y):
        (both,) = ctx.saved_tensors
        d_both, size = torch.empty_like(both), both.shape[-1] // 2
        rows = both.numel() // 2 // size
        gate_back(rows, both.view(rows, -1), d_y.contiguous().view(rows, -1), d_both.view(rows, -1))
        return d_both, d_y if ctx.added else None


def opened(gate, parts):
    """Return silu(gate) times `parts` (..., D / n) next to each other: (..., D), in the gate's type."""
    if fit(gate, *parts):
        return Opened.apply(gate, *parts)
    return torch.cat(parts, -1).to(gate.dtype) * F.silu(gate)


class Opened(torch.autograd.Function):
    """As Gated, with the values in parts."""

    @staticmethod
    def forward(ctx, gate, *parts):
        gate, parts = gate.contiguous(), tuple(part.contiguous() for part in parts)
        y, width = torch.empty_like(gate), parts[0].shape[-1]
        rows = parts[0].numel() // width
        for number, part in enumerate(parts):
            open_part(rows, gate.view(rows, -1), part.view(rows, -1), number * width, y.view(rows, -1))
        ctx.save_for_backward(gate, *parts)
        return y

    @staticmethod
    def backward(ctx, d_y):
        gate, *parts = ctx.saved_tensors
        d_y, d_gate, d_parts = d_y.contiguous(), torch.empty_like(gate), [torch.empty_like(part) for part in parts]
        width = parts[0].shape[-1]
        rows = parts[0].numel() // width
        flat = [each.view(rows, -1) for each in (d_y, gate, d_gate)]
        for number, (part, d_part) in enumerate(zip(parts, d_parts, strict=True)):
            open_back(rows, *flat, part.view(rows, -1), number * width, d_part.view(rows, -1))
        return (d_gate, *d_parts)


@shared
def gate_(begin, end, both, x, y):
    for r in range(begin, end):
        both_r, y_r = both[r], y[r]
        size = len(y_r)
        value, open_ = both_r[:size], both_r[size:]
        if len(x):
            x_r = x[r]
            for i in range(size):
                g = read(open_, i)
                write(y_r, i, read(x_r, i) + read(value, i) * (g * sigmoid(g)))
        else:
            for i in range(size):
                g = read(open_, i)
                write(y_r, i, read(value, i) * (g * sigmoid(g)))


@shared
def gate_back(begin, end, both, d_y, d_both):
    for r in range(begin, end):
        both_r, d_y_r, d_both_r = both[r], d_y[r], d_both[r]
        size = len(d_y_r)
        value, open_ = both_r[:size], both_r[size:]
        d_value, d_open = d_both_r[:size], d_both_r[size:]
        for i in range(size):
            pull, g = read(d_y_r, i), read(open_, i)
            s = sigmoid(g)
            write(d_value, i, pull * (g * s))
            write(d_open, i, pull * read(value, i) * (s + g * s * (ONE - s)))


@shared
def open_part(begin, end, gate, part, place, y):
    size = part.shape[1]
    for r in range(begin, end):
        value, open_, y_r = part[r], gate[r, place : place + size], y[r, place : place + size]
        for i in range(size):
            g = read(open_, i)
            write(y_r, i, read(value, i) * (g * sigmoid(g)))


@shared
def open_back(begin, end, d_y, gate, d_gate, part, place, d_part):
    size = part.shape[1]
    for r in range(begin, end):
        value, open_, pulls = part[r], gate[r, place : place + size], d_y[r, place : place + size]
        d_value, d_open = d_part[r], d_gate[r, place : place + size]
        for i in range(size):
            pull, g = read(pulls, i), read(open_, i)
            s = sigmoid(g)
            write(d_value, i, pull * (g * s))
            write(d_open, i, pull * read(value, i) * (s + g * s * (ONE - s)))
