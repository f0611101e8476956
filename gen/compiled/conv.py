"""The short causal convolution of a residual block, which also parts what it is given among cells side by side.

Legend: B streams, T steps, D channels, K taps.
"""

import torch

from gen.compiled.elementary import ZERO
from gen.compiled.numbers import read, write
from gen.compiled.threads import fit, shared, total


def convolved(both, past, taps, cells: int):
    """Return for each of `cells` its part of the channels, convolved, (B, T, D / cells) each; and the other half.

    `both` (B, T, 2 D) holds what is convolved, then what isn't; `past` (B, K - 1, D) the steps before it, in whose type
    the parts are; taps (K, D) have the last one for now.
    """
    if fit(both, past, taps):
        return Convolved.apply(both, past, taps, cells)
    u, rest = both.chunk(2, -1)
    seen = torch.cat([past, u.to(past.dtype)], 1)
    made = sum(seen[:, k : k + both.shape[1]] * tap for k, tap in enumerate(taps))
    return (*made.chunk(cells, -1), rest)


class Convolved(torch.autograd.Function):
    """The gradient is the convolution run backwards; that of a tap is the sum of products with what it met."""

    @staticmethod
    def forward(ctx, both, past, taps, cells):
        both, past = both.contiguous(), past.contiguous()
        streams, length, size = len(both), both.shape[1], taps.shape[1]
        parts = [past.new_empty(streams, length, size // cells) for _ in range(cells)]
        for number, part in enumerate(parts):
            convolve(streams, both, past, taps, number * part.shape[2], part)
        ctx.save_for_backward(both, past, taps)
        return (*parts, both[..., size:].contiguous())

    @staticmethod
    def backward(ctx, *gradients):
        both, past, taps = ctx.saved_tensors
        *d_parts, d_rest = gradients
        d_both, d_past = torch.empty_like(both), torch.empty_like(past)
        d_taps, room = taps.new_empty(len(both), *taps.shape), taps.new_empty(len(both), taps.shape[1])
        for number, part in enumerate(d_parts):
            place = number * part.shape[2]
            convolve_back(len(both), both, past, taps, place, part.contiguous(), d_both, d_past, d_taps, room)
        d_both[..., taps.shape[1] :] = d_rest
        return d_both, d_past, total(d_taps), None


@shared
def convolve(begin, end, both, past, taps, place, part):
    size, width = part.shape[2], len(taps)
    for b in range(begin, end):
        for t in range(part.shape[1]):
            y, now, tap = part[b, t], both[b, t, place : place + size], taps[width - 1, place : place + size]
            for i in range(size):
                y[i] = read(now, i) * tap[i]
            for k in range(width - 1):
                tap, at = taps[k, place : place + size], t + k + 1 - width
                if at < 0:
                    then = past[b, at + width - 1, place : place + size]
                    for i in range(size):
                        y[i] += then[i] * tap[i]
                else:
                    then_ = both[b, at, place : place + size]
                    for i in range(size):
                        y[i] += read(then_, i) * tap[i]


@shared
def convolve_back(begin, end, both, past, taps, place, d_part, d_both, d_past, d_taps, room):
    size, width, length = d_part.shape[2], len(taps), d_part.shape[1]
    for b in range(begin, end):
        for k in range(width):
            share = d_taps[b, k, place : place + size]
            share[:] = ZERO
            for t in range(length):
                pull, at = d_part[b, t], t + k + 1 - width
                if at < 0:
                    then = past[b, at + width - 1, place : place + size]
                    for i in range(size):
                        share[i] += then[i] * pull[i]
                else:
                    then_ = both[b, at, place : place + size]
                    for i in range(size):
                        share[i] += read(then_, i) * pull[i]
        pulled = room[b, :size]
        for at in range(1 - width, length):
            pulled[:] = ZERO
            for k in range(max(0, -at), min(width, length - at)):
                pull, tap = d_part[b, at + k], taps[width - 1 - k, place : place + size]
                for i in range(size):
                    pulled[i] += pull[i] * tap[i]
            if at < 0:
                d_then = d_past[b, at + width - 1, place : place + size]
                for i in range(size):
                    d_then[i] = pulled[i]
            else:
                d_now = d_both[b, at, place : place + size]
                for i in range(size):
                    write(d_now, i, pulled[i])
