"""Gated units, value * silu(gate) (Dauphin et al. 2017, arXiv 1612.08083; Shazeer 2020, arXiv 2002.05202).

Legend: R rows, D channels.
"""

import torch
import torch.nn.functional as F

from gen.compiled import rows
from gen.compiled.threads import fit, shared


def gated(both, x=None):
    """Return value * silu(gate), (..., D), for both (..., 2 D), the values before the gates; or x plus that."""
    if fit(both, *([] if x is None else [x])):
        return Gated.apply(both, x)
    value, gate = both.chunk(2, -1)
    made = value * F.silu(gate)
    return made if x is None else x + made


class Gated(torch.autograd.Function):
    """Rows of `gen.compiled.rows.gate`."""

    @staticmethod
    def forward(ctx, both, x):
        both, size = both.contiguous(), both.shape[-1] // 2
        dtype = both.dtype if x is None else torch.result_type(both, x)
        y = both.new_empty(*both.shape[:-1], size, dtype=dtype)
        given = y.new_empty(0, size) if x is None else x.contiguous().view(-1, size)
        count = y.numel() // size
        gate_rows(count, both.view(count, -1), given, y.view(count, -1))
        ctx.save_for_backward(both)
        ctx.added = x is not None
        return y

    @staticmethod
    def backward(ctx, d_y):
        (both,) = ctx.saved_tensors
        d_both, size = torch.empty_like(both), both.shape[-1] // 2
        count = both.numel() // 2 // size
        gate_rows_back(count, both.view(count, -1), d_y.contiguous().view(count, -1), d_both.view(count, -1))
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
        count = parts[0].numel() // width
        for number, part in enumerate(parts):
            open_rows(count, gate.view(count, -1), part.view(count, -1), number * width, y.view(count, -1))
        ctx.save_for_backward(gate, *parts)
        return y

    @staticmethod
    def backward(ctx, d_y):
        gate, *parts = ctx.saved_tensors
        d_y, d_gate, d_parts = d_y.contiguous(), torch.empty_like(gate), [torch.empty_like(part) for part in parts]
        width = parts[0].shape[-1]
        count = parts[0].numel() // width
        flat = [each.view(count, -1) for each in (d_y, gate, d_gate)]
        for number, (part, d_part) in enumerate(zip(parts, d_parts, strict=True)):
            open_rows_back(count, *flat, part.view(count, -1), number * width, d_part.view(count, -1))
        return (d_gate, *d_parts)


@shared
def gate_rows(begin, end, both, x, y):
    size = y.shape[1]
    for r in range(begin, end):
        value, open_ = both[r, :size], both[r, size:]
        if len(x):
            rows.gate_on(x[r], value, open_, y[r])
        else:
            rows.gate(value, open_, y[r])


@shared
def gate_rows_back(begin, end, both, d_y, d_both):
    size = d_y.shape[1]
    for r in range(begin, end):
        rows.gate_back(both[r, :size], both[r, size:], d_y[r], d_both[r, :size], d_both[r, size:])


@shared
def open_rows(begin, end, gate, part, place, y):
    after = place + part.shape[1]
    for r in range(begin, end):
        rows.gate(part[r], gate[r, place:after], y[r, place:after])


@shared
def open_rows_back(begin, end, d_y, gate, d_gate, part, place, d_part):
    after = place + part.shape[1]
    for r in range(begin, end):
        rows.gate_back(part[r], gate[r, place:after], d_y[r, place:after], d_part[r], d_gate[r, place:after])
