"""The default model: tiers of gated linear recurrences over a network that sees the last few dozen samples.

The tiers are SampleRNN's idea (arXiv 1612.07837), the recurrence Griffin's (2402.19427), complex in half of the
channels since sound oscillates, and to let the slow tiers be large because they seldom run is SaShiMi's (2202.09729).
Nearly all of its work in training is products of large matrices over all time steps at once.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from gen.compiled.gate import gated
from gen.compiled.norm import normed
from gen.compiled.samples import Samples, Weights
from gen.compiled.threads import fit
from gen.models.linear import Block, recurrence
from gen.models.tiers import Tier, Tiered, ratios
from gen.sound.codec import MU, expand

LOUDER = 2  # the linear wave as it is seen, being quiet beside the companded one


class Stack(nn.Module):
    """Blocks, one after the other, along the frames of a tier."""

    blocks: Any  # a ModuleList of Blocks

    def __init__(self, cell: str, size: int, layers: int, conv: int, dropout: float):
        super().__init__()
        self.blocks = nn.ModuleList(Block(size, recurrence(cell, size), conv, dropout) for _ in range(layers))

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


class Expectation(nn.Module):
    """What linear prediction expects next, its coefficients chosen by the tiers, told to the network below them.

    e = <coefficients(handed), samples>;  out = W tanh(slope e + offset), places on the wave's scale that e is past. To
    tell a network of samples what a linear predictor expects is LPCNet's idea (Valin & Skoglund 2019, arXiv
    1810.11846), whose coefficients come from a spectrum; these are learned with all else.
    """

    def __init__(self, history: int, hidden: int, places: int = 16):
        """Build it for a network `hidden` wide; its `places` begin spread as the levels of mu-law are."""
        super().__init__()
        self.coefficients = nn.Linear(hidden, history)
        place = expand(torch.linspace(-1, 1, places), torch)
        slope = places / 2 / math.log1p(MU) / (place.abs() + 1 / MU)  # a place is as wide as they are apart
        self.slope, self.offset = nn.Parameter(slope / LOUDER), nn.Parameter(-slope * place)
        self.out = nn.Linear(places, hidden, bias=False)

    def forward(self, waves, handed):
        """Return (B, T, hidden) for the last samples (B, T, history) and what the tiers hand down (B, T, hidden)."""
        expected = (waves * self.coefficients(handed)).sum(-1, keepdim=True)
        return self.out(torch.tanh(self.slope * expected + self.offset))


class TieredLRU(Tiered):
    """Tiers and the sample network see each sample twice, companded as its symbol is and as the linear wave."""

    table: torch.Tensor  # (levels, 2): both of them
    out: nn.Linear
    up: Any  # a ModuleList of Linears

    def __init__(
        self,
        levels: int,
        silence: tuple,
        classes: int = 0,
        control: int = 0,
        hop: int = 1,
        *,
        frames: list[int],
        layers: list[int],
        cell: str,
        size: int,
        conv: int,
        history: int,
        hidden: int,
        dropout: float,
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
        super().__init__(tiers, history, silence[-1], classes, size, control, hop)
        companded = torch.arange(levels) / (levels / 2) - 1
        self.register_buffer("table", torch.stack([companded, LOUDER * expand(companded, torch)], 1), persistent=False)
        self.embedding = nn.Embedding(levels, hidden)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.inp = nn.Linear(2 * history, hidden)
        self.expectation = Expectation(history, hidden)
        self.norm = nn.LayerNorm(hidden, bias=False)
        self.up = nn.ModuleList(nn.Linear(hidden, 2 * hidden, bias=False) for _ in range(2))
        self.last_norm = nn.LayerNorm(hidden, bias=False)
        self.out = nn.Linear(hidden, levels)

    def features(self, symbols):
        return F.embedding(symbols, self.table)

    def predict(self, seen, handed):
        features = self.features(seen)
        if fit(handed) and not features.requires_grad:  # as a table that isn't learned has them
            return Samples.apply(seen[:, self.history - 1 :], features, handed, *self._weights())
        windows = features.flatten(1).unfold(1, 2 * self.history, 2)
        z = self.inp(windows) + self.expectation(windows[..., 1::2], handed)
        z = z + handed + F.embedding(seen[:, self.history - 1 :], self.embedding.weight.to(z.dtype))
        z, normal = normed(z, self.norm.weight)
        z = gated(self.up[0](normal), z)
        z = gated(self.up[1](z), z)
        return self.out(normed(z, self.last_norm.weight)[1])

    def _weights(self) -> Weights:
        """Return the parameters of `predict`."""
        e = self.expectation
        return Weights(
            coefficients=e.coefficients.weight,
            coefficients_bias=e.coefficients.bias,
            slope=e.slope,
            offset=e.offset,
            places=e.out.weight,
            inp=self.inp.weight,
            bias=self.inp.bias,
            embedding=self.embedding.weight,
            norm=self.norm.weight,
            first=self.up[0].weight,
            second=self.up[1].weight,
            last_norm=self.last_norm.weight,
            out=self.out.weight,
            out_bias=self.out.bias,
        )
