"""The network below the tiers of `gen.models.tiered`, forward and backward, a few rows at a time.

A row is a sample; all rows of a window are more than a processor's caches hold, and each is read and written a dozen
times. So ROWS of them go all the way down, and in the backward pass up, before the next ones.

Legend: B streams, T samples, R = B T rows, H samples of history, D channels, P places of the expectation, L levels.
"""

from typing import NamedTuple

import torch

from gen.compiled import rows
from gen.compiled.elementary import ONE, ZERO, tanh
from gen.compiled.numbers import read, write
from gen.compiled.threads import shared, total

ROWS = 4096  # a multiple of BLOCK
BLOCK = 64  # rows whose share of a gradient is summed at once, whatever the number of threads
CHANNELS = 64  # whose sums over rows one thread takes


class Weights(NamedTuple):
    """The parameters of `gen.models.tiered.TieredLRU` below its tiers."""

    coefficients: torch.Tensor  # (H, D)
    coefficients_bias: torch.Tensor
    slope: torch.Tensor  # (P,)
    offset: torch.Tensor  # (P,)
    places: torch.Tensor  # (D, P)
    inp: torch.Tensor  # (D, 2 H)
    bias: torch.Tensor  # (D,)
    embedding: torch.Tensor  # (L, D)
    norm: torch.Tensor  # (D,)
    first: torch.Tensor  # (2 D, D)
    second: torch.Tensor  # (2 D, D)
    last_norm: torch.Tensor  # (D,)
    out: torch.Tensor  # (L, D)
    out_bias: torch.Tensor  # (L,)


class Samples(torch.autograd.Function):
    """Logits (B, T, L) from symbols (B, T), their features (B, T + H - 1, 2), what is handed down (B, T, D), Weights.

    e = <coefficients(handed), waves>;  z = inp(windows) + places(tanh(slope e + offset)) + handed + embedding(symbols);
    y = z + gate(first(norm(z)));  x = y + gate(second(y));  logits = out(last_norm(x))
    """

    @staticmethod
    def forward(ctx, symbols, features, handed, *weights):
        w, kind = Weights(*weights), handed.dtype
        low = Weights(*(each.to(kind) for each in w))
        shape, size, length = handed.shape[:2], handed.shape[2], handed.shape[1]
        handed, symbols = handed.contiguous().view(-1, size), symbols.flatten()
        features = features.to(w.bias.dtype).flatten(1).contiguous()
        count = len(handed)

        def made(width, dtype=kind):
            return torch.empty(count, width, dtype=dtype)

        z, y, x, both, more = made(size), made(size), made(size), made(2 * size), made(2 * size)
        expected, logits = made(1, w.bias.dtype), made(len(w.out))
        moments, last_moments = made(2, w.bias.dtype), made(2, w.bias.dtype)
        mix = torch.cat([low.inp, low.places], 1)  # of windows and places in one product
        seen, told, n = (torch.empty(ROWS, k, dtype=kind) for k in (mix.shape[1], len(low.coefficients), size))
        for at in range(0, count, ROWS):
            part = slice(at, min(at + ROWS, count))
            rows_ = part.stop - at
            seen_, told_, n_ = seen[:rows_], told[:rows_], n[:rows_]
            torch.mm(handed[part], low.coefficients.t(), out=told_)
            expect(rows_, at, length, told_, w.coefficients_bias, features, w.slope, w.offset, expected, seen_)
            torch.mm(seen_, mix.t(), out=n_)
            enter(rows_, at, n_, w.bias, handed, symbols, w.embedding, w.norm, z, moments, y)
            torch.mm(y[part], low.first.t(), out=both[part])
            go_on(rows_, at, z, both, y)
            torch.mm(y[part], low.second.t(), out=more[part])
            leave(rows_, at, y, more, w.last_norm, x, last_moments, n_)
            torch.addmm(low.out_bias, n_, low.out.t(), out=logits[part])
        ctx.save_for_backward(symbols, features, handed, z, y, x, both, more, expected, moments, last_moments, mix, *w)
        ctx.length = length
        return logits.view(*shape, -1)

    @staticmethod
    def backward(ctx, gradient):
        symbols, features, handed, z, y, x, both, more, expected, moments, last_moments, mix, *weights = (
            ctx.saved_tensors
        )
        w, kind = Weights(*weights), handed.dtype
        low = Weights(*(each.to(kind) for each in w))
        gradient, size, count = gradient.flatten(0, 1).contiguous(), handed.shape[1], len(handed)
        history, places, blocks = len(w.coefficients), len(w.slope), -(-len(handed) // BLOCK)
        d = Weights(*(torch.zeros_like(each) for each in w))._asdict()
        d_mix, d_handed = torch.zeros(mix.shape, dtype=w.bias.dtype), torch.empty_like(handed)
        shares = {
            name: w.bias.new_zeros(blocks, len(getattr(w, name))) for name in ("norm", "last_norm", "slope", "offset")
        }
        seen, n, d_n, d_z, d_both, d_places, d_told = (
            torch.empty(ROWS, k, dtype=kind) for k in (mix.shape[1], size, size, size, 2 * size, places, history)
        )
        for at in range(0, count, ROWS):
            part = slice(at, min(at + ROWS, count))
            rows_ = part.stop - at
            blocks_ = -(-rows_ // BLOCK)
            pull = gradient[part]
            seen_, n_, d_n_, d_z_, d_both_ = seen[:rows_], n[:rows_], d_n[:rows_], d_z[:rows_], d_both[:rows_]
            columns(-(-len(w.out) // CHANNELS), pull, d["out_bias"])
            again(rows_, at, x, last_moments, w.last_norm, n_)
            d["out"] += pull.t() @ n_
            torch.mm(pull, low.out, out=d_n_)
            leave_back(blocks_, at, d_n_, x, last_moments, w.last_norm, shares["last_norm"], more, d_z_, d_both_)
            d["second"] += d_both_.t() @ y[part]
            torch.mm(d_both_, low.second, out=d_n_)
            go_back(rows_, at, d_n_, both, d_z_, d_both_, z, moments, w.norm, n_)
            d["first"] += d_both_.t() @ n_
            torch.mm(d_both_, low.first, out=d_n_)
            enter_back(blocks_, at, d_n_, z, moments, w.norm, shares["norm"], d_z_)
            gather(-(-size // CHANNELS), at, d_z_, symbols, d["embedding"], d["bias"])
            d_places_, d_told_ = d_places[:rows_], d_told[:rows_]
            torch.mm(d_z_, low.places, out=d_places_)
            expect_back(
                blocks_, at, ctx.length, d_places_, expected, features, w.slope, w.offset, shares["slope"],
                shares["offset"], seen_, d_told_,
            )  # fmt: skip
            d_mix += d_z_.t() @ seen_
            columns(-(-history // CHANNELS), d_told_, d["coefficients_bias"])
            d["coefficients"] += d_told_.t() @ handed[part]
            torch.addmm(d_z_, d_told_, low.coefficients, out=d_handed[part])
        d |= {name: total(share) for name, share in shares.items()}
        d |= {"inp": d_mix[:, : 2 * history].contiguous(), "places": d_mix[:, 2 * history :].contiguous()}
        return None, None, d_handed.view(-1, ctx.length, size), *d.values()


@shared
def expect(begin, end, at, length, told, bias, features, slope, offset, expected, seen):
    """Of each row its window, then the places, and what is expected."""
    history, places = told.shape[1], len(slope)
    for s in range(begin, end):
        stream, t = divmod(at + s, length)
        window, told_s, seen_s = features[stream, 2 * t : 2 * (t + history)], told[s], seen[s]
        sum_ = ZERO
        for k in range(history):
            sum_ += (read(told_s, k) + bias[k]) * window[2 * k + 1]
        expected[at + s, 0] = sum_
        for k in range(2 * history):
            write(seen_s, k, window[k])
        there = seen_s[2 * history :]
        for k in range(places):
            write(there, k, tanh(slope[k] * sum_ + offset[k]))


@shared
def enter(begin, end, at, mixed, bias, handed, symbols, embedding, scale, z, moments, n):
    """z and its norm, which lies where y will."""
    for s in range(begin, end):
        r = at + s
        mixed_s, handed_r, told, z_r = mixed[s], handed[r], embedding[symbols[r]], z[r]
        for i in range(len(z_r)):
            write(z_r, i, read(mixed_s, i) + bias[i] + read(handed_r, i) + told[i])
        moments[r, 0], moments[r, 1] = rows.norm(z_r, scale, n[r])


@shared
def go_on(begin, end, at, z, both, y):
    size = y.shape[1]
    for r in range(at + begin, at + end):
        rows.gate_on(z[r], both[r, :size], both[r, size:], y[r])


@shared
def leave(begin, end, at, y, more, scale, x, moments, n):
    size = y.shape[1]
    for s in range(begin, end):
        r = at + s
        rows.gate_on(y[r], more[r, :size], more[r, size:], x[r])
        moments[r, 0], moments[r, 1] = rows.norm(x[r], scale, n[s])


@shared
def again(begin, end, at, x, moments, scale, n):
    for s in range(begin, end):
        rows.norm_again(x[at + s], moments[at + s, 0], moments[at + s, 1], scale, n[s])


@shared
def leave_back(begin, end, at, d_n, x, moments, scale, share, more, d_z, d_both):
    size = x.shape[1]
    for block in range(begin, end):
        for s in range(block * BLOCK, min(block * BLOCK + BLOCK, len(d_n))):
            r, d_z_s = at + s, d_z[s]
            for i in range(size):
                write(d_z_s, i, ZERO)
            rows.norm_back(x[r], moments[r, 0], moments[r, 1], scale, d_n[s], d_z_s, share[at // BLOCK + block])
            rows.gate_back(more[r, :size], more[r, size:], d_z_s, d_both[s, :size], d_both[s, size:])


@shared
def go_back(begin, end, at, d_n, both, d_z, d_both, z, moments, scale, n):
    size = z.shape[1]
    for s in range(begin, end):
        r, d_n_s, d_z_s = at + s, d_n[s], d_z[s]
        for i in range(size):
            write(d_z_s, i, read(d_z_s, i) + read(d_n_s, i))
        rows.gate_back(both[r, :size], both[r, size:], d_z_s, d_both[s, :size], d_both[s, size:])
        rows.norm_again(z[r], moments[r, 0], moments[r, 1], scale, n[s])


@shared
def enter_back(begin, end, at, d_n, z, moments, scale, share, d_z):
    for block in range(begin, end):
        for s in range(block * BLOCK, min(block * BLOCK + BLOCK, len(d_n))):
            r = at + s
            rows.norm_back(z[r], moments[r, 0], moments[r, 1], scale, d_n[s], d_z[s], share[at // BLOCK + block])


@shared
def expect_back(
    begin, end, at, length, d_places, expected, features, slope, offset, d_slope, d_offset, seen, d_told,
):  # fmt: skip
    """The gradients of the expectation; what was seen is made again on the way."""
    history, places = d_told.shape[1], len(slope)
    for block in range(begin, end):
        share, other = d_slope[at // BLOCK + block], d_offset[at // BLOCK + block]
        for s in range(block * BLOCK, min(block * BLOCK + BLOCK, len(d_places))):
            stream, t = divmod(at + s, length)
            window, pulls, seen_s, told_s = features[stream, 2 * t : 2 * (t + history)], d_places[s], seen[s], d_told[s]
            e, pull, there = expected[at + s, 0], ZERO, seen_s[2 * history :]
            for k in range(places):
                place = tanh(slope[k] * e + offset[k])
                slant = read(pulls, k) * (ONE - place * place)
                write(there, k, place)
                share[k] += slant * e
                other[k] += slant
                pull += slant * slope[k]
            for k in range(2 * history):
                write(seen_s, k, window[k])
            for k in range(history):
                write(told_s, k, pull * window[2 * k + 1])


@shared
def columns(begin, end, pulls, sums):
    """Add to sums those of each column, of CHANNELS at once."""
    for group in range(begin, end):
        first, last = group * CHANNELS, min(group * CHANNELS + CHANNELS, pulls.shape[1])
        sum_ = sums[first:last]
        for s in range(len(pulls)):
            row = pulls[s, first:last]
            for i in range(len(sum_)):
                sum_[i] += read(row, i)


@shared
def gather(begin, end, at, d_z, symbols, d_embedding, d_bias):
    """Add to each symbol's row of the embedding's gradient what its samples have, and all of it to that of the bias."""
    for group in range(begin, end):
        first, last = group * CHANNELS, min(group * CHANNELS + CHANNELS, d_z.shape[1])
        sum_ = d_bias[first:last]
        for s in range(len(d_z)):
            row, told = d_z[s, first:last], d_embedding[symbols[at + s], first:last]
            for i in range(len(sum_)):
                pull = read(row, i)
                sum_[i] += pull
                told[i] += pull
