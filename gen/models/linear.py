"""Gated linear recurrences, trained in parallel by a scan: RG-LRU, CG-LRU, minGRU, blocks and stacks of blocks.

h_t = a_t h_{t-1} + b_t, with a_t and b_t functions of the input alone. Legend: D channels.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from gen.compiled import griffin
from gen.compiled.conv import convolved
from gen.compiled.gate import gated, opened
from gen.compiled.norm import normed
from gen.compiled.threads import fit
from gen.models.base import Label, Model
from gen.models.told import spread


def scan(a, b, h):
    """Return all h_t = a_t h_{t-1} + b_t, (B, T, D), for a, b (B, T, D) and h = h_{-1} (B, D)."""
    return Scan.apply(a, b, h)


class Scan(torch.autograd.Function):
    """The scan with its gradient, which is the same scan run backwards: l_t = g_t + a_{t+1} l_{t+1}."""

    @staticmethod
    def forward(ctx, a, b, h):
        y = run_scan(a, b, h)
        ctx.save_for_backward(a, h, y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        a, h, y = ctx.saved_tensors
        later = torch.cat([a[:, 1:], torch.zeros_like(a[:, :1])], 1)
        reach = run_scan(later, gradient.contiguous(), torch.zeros_like(h), backwards=True)
        before = torch.cat([h.unsqueeze(1), y[:, :-1]], 1)
        return reach * before, reach, reach[:, 0] * a[:, 0]


def run_scan(a, b, h, backwards=False):
    """Compute the scan in about 2 sqrt(T) vector operations: inside all chunks side by side, then across them.

    A chunk begun at zero yields y, and what it carries over is p h with p the product of its decays so far.
    """
    streams, length, size = a.shape
    inside = min((n for n in range(1, length + 1) if length % n == 0), key=lambda n: n + length // n)
    a, b = (part.reshape(streams, -1, inside, size) for part in (a, b))
    y, p = torch.empty_like(b), torch.empty_like(a)
    order = range(inside)[::-1] if backwards else range(inside)
    last = order[0]
    y[:, :, last], p[:, :, last] = b[:, :, last], a[:, :, last]
    for t in order[1:]:
        torch.addcmul(b[:, :, t], a[:, :, t], y[:, :, last], out=y[:, :, t])
        torch.mul(a[:, :, t], p[:, :, last], out=p[:, :, t])
        last = t
    carried = torch.empty_like(b[:, :, 0])
    chunks = range(a.shape[1])
    for chunk in chunks[::-1] if backwards else chunks:
        carried[:, chunk] = h
        h = torch.addcmul(y[:, chunk, last], p[:, chunk, last], h)
    return y.addcmul_(p, carried.unsqueeze(2)).view(streams, length, size)


class Cell(nn.Module):
    """A recurrence whose `coefficients` are functions of the input alone."""

    count = 1

    def coefficients(self, x):
        """Return a and b of the recurrence for inputs (..., D)."""
        raise NotImplementedError

    def forward(self, x, h):
        """Return all h_t (B, T, D) for inputs x (B, T, D) and h = h_{-1} (B, D)."""
        a, b = self.coefficients(x)
        return scan(a, b, h)

    def along(self, parts, h) -> list:
        """Return the same as one of one part, as `Beside` has several."""
        return [self(*parts, h)]


class RGLRU(Cell):
    """The real-gated linear recurrent unit of Griffin (De et al. 2024, arXiv 2402.19427, equations 1 to 4).

    r, i = sigmoid(gates of x);  a = exp(-8 softplus(decay) r);  h' = a h + sqrt(1 - a^2) (i x)
    """

    def __init__(self, size: int, slowest: float = 1000.0):
        """Begin with time constants from 2 to `slowest` steps, spread evenly in their logarithm, at half-open gates."""
        super().__init__()
        self.gates = nn.Linear(size, 2 * size)
        self.decay = nn.Parameter(decays(size, 2.0, slowest))

    def coefficients(self, x):
        a, scale = griffin_gates(self.gates(x), self.decay)
        return a, scale * x

    def forward(self, x, h):
        if fit(x, h):
            return griffin.Real.apply(self.gates(x), x, -8 * F.softplus(self.decay), h)
        return super().forward(x, h)


def griffin_gates(gates, decay):
    """Return a and sqrt(1 - a^2) i, both (..., N), for what the gates of r and i are sigmoids of (..., 2 N)."""
    r, i = torch.sigmoid(gates.to(decay.dtype)).chunk(2, -1)
    log_a = -8 * F.softplus(decay) * r
    lost = -torch.expm1(2 * log_a).clamp_max(-torch.finfo(log_a.dtype).tiny)  # of 0 the root has no gradient
    return torch.exp(log_a), torch.sqrt(lost) * i


def decays(count: int, fastest: float, slowest: float):
    """Return `count` decay parameters with time constants in steps, spread evenly in their logarithm."""
    rate = torch.exp(-torch.linspace(math.log(fastest), math.log(slowest), count)) / 4  # gates are half open, 8 / 2
    return torch.log(torch.expm1(rate))  # softplus of it is the rate


class CGLRU(Cell):
    """The complex-gated linear recurrent unit (De et al. 2024, arXiv 2402.19427, appendix B): channels that oscillate.

    h' = a e^{j angle} h + sqrt(1 - a^2) (i x), gates and a as in the RG-LRU; channel k is the real part, k + D/2 the
    imaginary part of a complex one. Here an angle is learned but does not follow the gate, as in Orvieto et al. 2023
    (arXiv 2303.06349), so that in coordinates which turn with it the recurrence is real, and its scan the same.
    """

    def __init__(self, size: int, fastest: float = 4.0, slowest: float = 1000.0):
        """Begin with angles from 0 to pi, evenly spread, and time constants of `fastest` to `slowest` steps, mixed."""
        super().__init__()
        if size % 2:
            raise ValueError(f"model.cell=cglru: its channels are pairs, and {size} is odd; choose another model.size")
        self.gates = nn.Linear(size, size)
        self.decay = nn.Parameter(decays(size // 2, fastest, slowest)[torch.randperm(size // 2)])
        self.angle = nn.Parameter(math.pi * (torch.arange(size // 2) + 0.5) / (size // 2))

    def coefficients(self, x):
        a, scale = griffin_gates(self.gates(x), self.decay)
        return torch.cat([a, a], -1), torch.cat([scale, scale], -1) * x

    def forward(self, x, h):
        if fit(x, h):
            return griffin.Complex.apply(self.gates(x), x, -8 * F.softplus(self.decay), self.angle, h)
        a, b = self.coefficients(x)
        steps = torch.arange(1, x.shape[1] + 1, device=x.device, dtype=torch.double)
        turned = torch.outer(steps, self.angle.double())  # float32 would blur what many steps add up to
        cosine, sine = turned.cos().to(b.dtype), turned.sin().to(b.dtype)
        return turn(scan(a, turn(b, cosine, -sine), h), cosine, sine)


def turn(x, cosine, sine):
    """Return complex channels, real parts before imaginary ones in x (..., D), turned by angles (..., D/2)."""
    real, imaginary = x.chunk(2, -1)
    return torch.cat([real * cosine - imaginary * sine, imaginary * cosine + real * sine], -1)


class MinGRU(Cell):
    """The minimal GRU of Feng et al. 2024 (arXiv 2410.01201, section 3.1).

    z = sigmoid(gate of x);  h' = (1 - z) h + z (candidate of x)
    """

    def __init__(self, size: int):
        super().__init__()
        self.gates = nn.Linear(size, 2 * size)

    def coefficients(self, x):
        gate, candidate = self.gates(x).to(x.dtype).chunk(2, -1)
        z = torch.sigmoid(gate)
        return 1 - z, z * candidate


class Block(nn.Module):
    """A residual pair, as in Griffin: a recurrence beside a gate, after a short causal convolution; a gated MLP.

    Where Griffin has RMSNorm, GELU and biases, this has LayerNorm, SiLU and none, which take a CPU less time.
    """

    def __init__(self, size: int, cell, conv: int, dropout: float, expand: int = 2):
        """Build it around `cell`, a Cell or Beside; `conv` is the convolution's width (1: none)."""
        super().__init__()
        self.size, self.cell, self.conv = size, cell, conv
        self.norm, self.branches, self.out = (
            nn.LayerNorm(size, bias=False),
            nn.Linear(size, 2 * size, bias=False),
            nn.Linear(size, size, bias=False),
        )
        self.mlp_norm, self.up = nn.LayerNorm(size, bias=False), nn.Linear(size, 2 * expand * size, bias=False)
        self.down = nn.Linear(expand * size, size, bias=False)
        self.taps = nn.Parameter(torch.cat([torch.zeros(conv - 1, size), torch.ones(1, size)])) if conv > 1 else None
        self.dropout = nn.Dropout(dropout)

    def start(self, streams: int):
        """Return the state of `streams` streams: h, and the inputs that the convolution still sees."""
        like = self.norm.weight
        h = like.new_zeros(streams, self.size)
        return (h, like.new_zeros(streams, self.conv - 1, self.size)) if self.conv > 1 else (h,)

    def forward(self, x, state):
        """Return y (B, T, D) and the state after x (B, T, D)."""
        x, normal = normed(x, self.norm.weight)
        both, count, window = self.branches(normal), self.cell.count, []
        if self.taps is None:
            u, gate = both.chunk(2, -1)
            parts = u.to(state[0].dtype).chunk(count, -1)
        else:
            *parts, gate = convolved(both, state[1], self.taps, count)
            last = both[:, 1 - self.conv :, : self.size].to(state[1].dtype)
            window = [torch.cat([state[1], last], 1)[:, 1 - self.conv :]]
        y = self.cell.along(parts, state[0])
        more = self.dropout(self.out(opened(gate, y)))
        x, normal = normed(x, self.mlp_norm.weight, more)
        x = x + self.dropout(self.down(gated(self.up(normal))))
        return x, (torch.cat([part[:, -1] for part in y], -1), *window)


class Beside(nn.Module):
    """Several cells side by side, each for an equal part of the channels."""

    def __init__(self, cells):
        super().__init__()
        self.cells, self.count = nn.ModuleList(cells), len(cells)

    def along(self, parts, h) -> list:
        """Return all h_t (B, T, D / count) of each cell for its part of the inputs, and h = h_{-1} (B, D)."""
        return [cell(*each) for cell, *each in zip(self.cells, parts, h.chunk(self.count, -1), strict=True)]


CELLS = {"mingru": MinGRU, "rglru": RGLRU, "cglru": CGLRU}


def recurrence(name: str, size: int) -> Cell | Beside:
    """Return the recurrence of a name in CELLS, `size` wide, or for "a+b" both side by side; ValueError for others."""
    names = name.split("+")
    if not set(names) <= set(CELLS):
        raise ValueError(f"model.cell={name}: there are {', '.join(CELLS)}, and several side by side: rglru+cglru")
    if size % len(names):
        raise ValueError(f"model.size={size}: it must divide evenly among model.cell={name}")
    cells = [CELLS[each](size // len(names)) for each in names]
    return cells[0] if len(cells) == 1 else Beside(cells)


class LinearRNN(Model):
    """A stack of blocks that all run once a symbol."""

    blocks: Any  # a ModuleList of Blocks
    out: nn.Linear

    def __init__(
        self,
        levels: int,
        silence: tuple,
        classes: int = 0,
        control: int = 0,
        hop: int = 1,
        *,
        cell: str,
        size: int,
        layers: int,
        conv: int,
        dropout: float,
    ):
        super().__init__()
        if min(size, layers, conv) < 1 or not 0 <= dropout < 1:
            raise ValueError("model: size, layers and conv are 1 or more, dropout is in [0, 1)")
        self.embedding = nn.Embedding(levels, size)
        self.label = Label(classes, size)
        self.blocks = nn.ModuleList(Block(size, recurrence(cell, size), conv, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(size, bias=False)
        self.out = nn.Linear(size, levels)
        self.hear(control, hop, [size])

    def start(self, labels):
        return {"labels": labels, "blocks": [block.start(len(labels)) for block in self.blocks]}

    def forward(self, x, state, control=None):
        self.check_length(x, control)
        return self._through(x, state, self.told(control, x)[0] if self.told else None)

    def step(self, x, state, control=None):
        told = self.told(control, x)[0].unsqueeze(1) if self.told else None
        logits, state = self._through(x.unsqueeze(1), state, told)
        return logits.squeeze(1), state

    def _through(self, x, state, told):
        h = self.embedding(x) + self.label(state["labels"], self.out.weight).unsqueeze(-2)
        h = h if told is None else h + spread(told, x.shape[1])
        after = []
        for block, before in zip(self.blocks, state["blocks"], strict=True):
            h, new = block(h, before)
            after.append(new)
        return self.out(normed(h, self.norm.weight)[1]), {"labels": state["labels"], "blocks": after}
