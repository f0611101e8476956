"""The gated linear recurrences of Griffin (De et al. 2024, arXiv 2402.19427), gates, scan and all in one pass.

Legend: B streams, T steps, N channels.
"""

import numpy as np
import torch

from gen.compiled.elementary import ONE, TWO, expm1, sigmoid
from gen.compiled.numbers import read, write
from gen.compiled.threads import shared, total

LEAST = np.float32(1.2e-38)  # of what is lost: the root of 0 has no gradient


class Real(torch.autograd.Function):
    """The RG-LRU: h' = a h + s i x, with a = exp(rate r), s = sqrt(1 - a^2), and sigmoids r and i.

    With l the gradient that reaches h', its own and a times that of the next: dx = l s i, di = l s x, and of log a
    l (a h - i x a^2 / s).
    """

    @staticmethod
    def forward(ctx, gates, x, rate, h):
        """Return all h' (B, T, N) for gates (B, T, 2 N), those of r first, x (B, T, N), rate (N,) and h (B, N)."""
        gates, x, rate, h = gates.contiguous(), x.contiguous(), rate.contiguous(), h.contiguous()
        y = torch.empty_like(x)
        real(len(x), gates, x, rate, h, y)
        ctx.save_for_backward(gates, x, rate, h, y)
        return y

    @staticmethod
    def backward(ctx, d_y):
        gates, x, rate, h, y = ctx.saved_tensors
        d_gates, d_x, d_h = torch.empty_like(gates), torch.empty_like(x), torch.zeros_like(h)
        d_rate = rate.new_zeros(len(x), len(rate))
        real_back(len(x), gates, x, rate, h, y, d_y.contiguous(), d_gates, d_x, d_rate, d_h)
        return d_gates, d_x, total(d_rate), d_h


class Complex(torch.autograd.Function):
    """The CG-LRU, the same with complex h and x and h turned by an angle before it decays; gates are real.

    With p = e^{j angle} h the gradient of log a is a Re(conj(l) p) and so on, that of the angle a Re(conj(l) j p).
    """

    @staticmethod
    def forward(ctx, gates, x, rate, angle, h):
        """Return all h' (B, T, 2 M) for gates (B, T, 2 M), x (B, T, 2 M), rate and angle (M,) and h (B, 2 M)."""
        gates, x, rate, h = gates.contiguous(), x.contiguous(), rate.contiguous(), h.contiguous()
        y, turn = torch.empty_like(x), torch.stack([angle.cos(), angle.sin()]).to(h.dtype)
        complex_(len(x), gates, x, rate, turn, h, y)
        ctx.save_for_backward(gates, x, rate, turn, h, y)
        return y

    @staticmethod
    def backward(ctx, d_y):
        gates, x, rate, turn, h, y = ctx.saved_tensors
        d_gates, d_x, d_h = torch.empty_like(gates), torch.empty_like(x), torch.zeros_like(h)
        d_rate, d_angle = rate.new_zeros(2, len(x), len(rate))
        complex_back(len(x), gates, x, rate, turn, h, y, d_y.contiguous(), d_gates, d_x, d_rate, d_angle, d_h)
        return d_gates, d_x, total(d_rate), total(d_angle), d_h


@shared
def real(begin, end, gates, x, rate, h, y):
    size = len(rate)
    for b in range(begin, end):
        before = h[b]
        for t in range(x.shape[1]):
            r, i, now, after = gates[b, t, :size], gates[b, t, size:], x[b, t], y[b, t]
            for n in range(size):
                lost = expm1(rate[n] * sigmoid(read(r, n)))  # a - 1
                scale = np.sqrt(-lost * (lost + TWO)) * sigmoid(read(i, n))
                after[n] = before[n] + lost * before[n] + scale * now[n]
            before = after


@shared
def real_back(begin, end, gates, x, rate, h, y, d_y, d_gates, d_x, d_rate, d_h):
    size = len(rate)
    for b in range(begin, end):
        reach, share = d_h[b], d_rate[b]  # reach: what flows back from the next step
        for later in range(x.shape[1]):
            t = x.shape[1] - 1 - later
            before = y[b, t - 1] if t else h[b]
            r_t, i_t, now, pull = gates[b, t, :size], gates[b, t, size:], x[b, t], d_y[b, t]
            d_r, d_i, d_now = d_gates[b, t, :size], d_gates[b, t, size:], d_x[b, t]
            for n in range(size):
                r, i = sigmoid(read(r_t, n)), sigmoid(read(i_t, n))
                lost = expm1(rate[n] * r)
                a, scale, whole = ONE + lost, np.sqrt(max(-lost * (lost + TWO), LEAST)), reach[n] + pull[n]
                d_now[n] = whole * scale * i
                write(d_i, n, whole * scale * now[n] * i * (ONE - i))
                slope = whole * a * (before[n] - i * now[n] * a / scale)
                share[n] += slope * r
                write(d_r, n, slope * rate[n] * r * (ONE - r))
                reach[n] = a * whole


@shared
def complex_(begin, end, gates, x, rate, turn, h, y):
    size = len(rate)
    cosine, sine = turn[0], turn[1]
    for b in range(begin, end):
        real_, imaginary = h[b, :size], h[b, size:]
        for t in range(x.shape[1]):
            r, i = gates[b, t, :size], gates[b, t, size:]
            x_real, x_imaginary, y_real, y_imaginary = x[b, t, :size], x[b, t, size:], y[b, t, :size], y[b, t, size:]
            for n in range(size):
                lost = expm1(rate[n] * sigmoid(read(r, n)))
                scale = np.sqrt(-lost * (lost + TWO)) * sigmoid(read(i, n))
                across = real_[n] * cosine[n] - imaginary[n] * sine[n]
                up = imaginary[n] * cosine[n] + real_[n] * sine[n]
                y_real[n] = across + lost * across + scale * x_real[n]
                y_imaginary[n] = up + lost * up + scale * x_imaginary[n]
            real_, imaginary = y_real, y_imaginary


@shared
def complex_back(begin, end, gates, x, rate, turn, h, y, d_y, d_gates, d_x, d_rate, d_angle, d_h):
    size = len(rate)
    cosine, sine = turn[0], turn[1]
    for b in range(begin, end):
        reach_real, reach_imaginary, share, turning = d_h[b, :size], d_h[b, size:], d_rate[b], d_angle[b]
        for later in range(x.shape[1]):
            t = x.shape[1] - 1 - later
            before = y[b, t - 1] if t else h[b]
            real_, imaginary, r_t, i_t = before[:size], before[size:], gates[b, t, :size], gates[b, t, size:]
            x_real, x_imaginary, pull = x[b, t, :size], x[b, t, size:], d_y[b, t]
            d_r, d_i, d_real, d_imaginary = (
                d_gates[b, t, :size],
                d_gates[b, t, size:],
                d_x[b, t, :size],
                d_x[b, t, size:],
            )
            for n in range(size):
                r, i = sigmoid(read(r_t, n)), sigmoid(read(i_t, n))
                lost = expm1(rate[n] * r)
                a, scale = ONE + lost, np.sqrt(max(-lost * (lost + TWO), LEAST))
                l_real, l_imaginary = reach_real[n] + pull[n], reach_imaginary[n] + pull[size + n]
                across = real_[n] * cosine[n] - imaginary[n] * sine[n]
                up = imaginary[n] * cosine[n] + real_[n] * sine[n]
                fresh = l_real * x_real[n] + l_imaginary * x_imaginary[n]
                d_real[n], d_imaginary[n] = l_real * scale * i, l_imaginary * scale * i
                write(d_i, n, fresh * scale * i * (ONE - i))
                slope = a * (l_real * across + l_imaginary * up - fresh * i * a / scale)
                share[n] += slope * r
                write(d_r, n, slope * rate[n] * r * (ONE - r))
                turning[n] += a * (l_imaginary * across - l_real * up)
                reach_real[n] = a * (l_real * cosine[n] + l_imaginary * sine[n])
                reach_imaginary[n] = a * (l_imaginary * cosine[n] - l_real * sine[n])
