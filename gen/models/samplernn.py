"""SampleRNN (Mehri et al. 2016, arXiv 1612.07837): recurrent frame tiers over a sample-level network."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm as normed

from gen.models.tiers import Tier, Tiered, ratios

CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


class Recurrent(nn.Module):
    """Stacked GRU or LSTM layers whose first state is learned."""

    def __init__(self, cell: str, size: int, layers: int):
        super().__init__()
        self.rnn = CELLS[cell](size, size, layers, batch_first=True)
        self.first = nn.ParameterList(torch.zeros(layers, size) for _ in range(2 if cell == "lstm" else 1))

    def start(self, streams: int):
        """Return the learned first state of `streams` streams: tensors (B, layers, D)."""
        return tuple(h.expand(streams, -1, -1) for h in self.first)

    def forward(self, z, state):
        """Return y (B, n, D) and the state after z (B, n, D)."""
        before = tuple(h.transpose(0, 1).contiguous() for h in state)
        y, after = self.rnn(z, before if len(before) > 1 else before[0])
        after = after if len(before) > 1 else (after,)
        return y, tuple(h.transpose(0, 1).to(old.dtype) for h, old in zip(after, state, strict=True))


class SampleRNN(Tiered):
    """Frame tiers see samples as numbers in [-2, 2]; the sample tier embeds the last frames[0] symbols."""

    def __init__(
        self,
        levels: int,
        silence: tuple,
        classes: int = 0,
        control: int = 0,
        hop: int = 1,
        *,
        frames: list[int],
        cell: str,
        size: int,
        layers: int,
        embedding: int,
        weight_norm: bool,
    ):
        """Build it with `layers` layers in each tier; `frames` (2, 8) is the paper's 3-tier model, (16,) its 2-tier."""
        if cell not in CELLS:
            raise ValueError(f"model.cell={cell}: there are {', '.join(CELLS)}")
        if min(size, layers, embedding) < 1:
            raise ValueError("model: size, layers and embedding are 1 or more")
        tiers = [
            Tier(f, 1, size, Recurrent(cell, size, layers), r, size)
            for f, r in zip(frames, ratios(frames), strict=True)
        ]
        super().__init__(tiers, frames[0], silence[-1], classes, size, control, hop)
        self.levels = levels
        self.embedding = nn.Embedding(levels, embedding)
        self.inp = nn.Linear(frames[0] * embedding, size, bias=False)
        self.hidden = nn.Linear(size, size)
        self.out = nn.Linear(size, levels)
        if weight_norm:
            for linear in [self.inp, self.hidden, self.out, *(part for t in tiers for part in (t.inp, t.up))]:
                normed(linear)

    def features(self, symbols):
        return (4 * symbols.to(self.out.bias.dtype) / self.levels - 2).unsqueeze(-1)

    def predict(self, seen, handed):
        windows = self.embedding(seen).unfold(1, self.history, 1).transpose(2, 3).flatten(2)
        h = torch.relu(self.inp(windows) + handed)
        return self.out(torch.relu(self.hidden(h)))
