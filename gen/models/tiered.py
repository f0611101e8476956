"""The default model: tiers of gated linear recurrences over a network that sees the last few dozen samples.

The tiers are SampleRNN's idea (arXiv 1612.07837), the recurrence Griffin's (2402.19427), complex in half of the
channels since sound oscillates, and to let the slow tiers be large because they seldom run is SaShiMi's (2202.09729).
Nearly all of its work in training is products of large matrices over all time steps at once.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from gen.models.linear import Block, recurrence
from gen.models.tiers import Tier, Tiered, ratios


class Stack(nn.Module):
    """Blocks, one after the other, along the frames of a tier."""

    def __init__(self, cell: str, size: int, layers: int, conv: int, dropout: float):
        super().__init__()
        self.blocks = nn.ModuleList(Block(size, recurrence(cell, size), conv, dropout=dropout) for _ in range(layers))

    def start(self, streams: int):
        """Return the state of `streams` streams, a list with that of each block."""
        return [block.start(streams) for block in self.blocks]

    def forward(self, z, state):
        """Return y (B, n, D) and the state after z (B, n, D)."""
        after = []
        for block, before in zip(self.blocks, state, strict=True):
            z, new = block(z, before)
            after.append(new)
        return z, after


class TieredLRU(Tiered):
    """Tiers and the sample network see each sample twice, companded as its symbol is and as the linear wave."""

    def __init__(
        self,
        levels: int,
        silence: tuple,
        classes: int = 0,
        frames: list = (4, 16, 64),
        layers: list = (1, 1, 2),
        cell: str = "rglru+cglru",
        size: int = 128,
        conv: int = 4,
        history: int = 32,
        hidden: int = 128,
        dropout: float = 0.0,
    ):
        """Build it with `layers` blocks around a recurrence named `cell` in the tier of each of `frames`, `size` wide.

        The network below is `hidden` wide and sees the last `history` samples; `conv` is the width of the convolution
        before each recurrence, 1 for none.
        """
        if len(layers) != len(frames):
            raise ValueError(f"model.layers={list(layers)}: give a number for each of model.frames={list(frames)}")
        if min(size, hidden, history, conv, *layers) < 1 or not 0 <= dropout < 1:
            raise ValueError("model: size, hidden, history, conv and layers are 1 or more, dropout is in [0, 1)")
        tiers = [
            Tier(frame, 2, size, Stack(cell, size, depth, conv, dropout), ratio, size if index else hidden)
            for index, (frame, depth, ratio) in enumerate(zip(frames, layers, ratios(frames), strict=True))
        ]
        super().__init__(tiers, history, silence[-1], classes, size)
        companded = torch.arange(levels) / (levels / 2) - 1
        linear = companded.sign() * torch.expm1(companded.abs() * math.log(levels)) / (levels - 1)
        self.register_buffer("table", torch.stack([companded, 2 * linear], 1), persistent=False)
        self.embedding = nn.Embedding(levels, hidden)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.inp = nn.Linear(2 * history, hidden)
        self.norm = nn.LayerNorm(hidden, bias=False)
        self.up = nn.ModuleList(nn.Linear(hidden, 2 * hidden, bias=False) for _ in range(2))
        self.out = nn.Linear(hidden, levels)

    def features(self, symbols):
        return F.embedding(symbols, self.table)

    def predict(self, seen, handed):
        windows = self.features(seen).flatten(1).unfold(1, 2 * self.history, 2)
        z = self.inp(windows)
        z = z + handed + F.embedding(seen[:, self.history - 1 :], self.embedding.weight.to(z.dtype))
        for up, norm in zip(self.up, (self.norm, nn.Identity()), strict=True):
            value, gate = up(norm(z)).chunk(2, -1)
            z = z + value * F.silu(gate)
        return self.out(z)
