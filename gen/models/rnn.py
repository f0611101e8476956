"""The char-RNN: an embedding of the previous symbol, stacked recurrent layers, logits of the next.

Each cell is its equation, written out in `step`. Over a window the same weights run through torch's own loop, which is
several times as fast; the laws hold the two to each other.
"""

from typing import Any

import torch
from torch import nn

from gen.models.base import Label, Model
from gen.models.told import spread

ACTIVATIONS = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": torch.relu}


class Elman(nn.RNN):
    """h' = f(W x + b + U h + c), f one of tanh, sigmoid, relu. Elman 1990, Finding Structure in Time."""

    parts = 1  # vectors of H that the state holds

    def __init__(self, inputs, hidden, activation):
        super().__init__(inputs, hidden, batch_first=True, nonlinearity="relu" if activation == "relu" else "tanh")
        self.activation = activation

    def step(self, x, state):
        (h,) = state
        h = ACTIVATIONS[self.activation](gates(self, x, h, torch.add))
        return h, (h,)

    def run(self, x, state):
        if self.activation == "sigmoid":  # torch has no loop for it
            return run_steps(self, x, state)
        y, h = self(x, state[0][None])
        return y, (h[0],)


class LSTM(nn.LSTM):
    """Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000, its bias begun at 1.

    c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c'), each gate an affine map of x and h.
    """

    parts = 2
    bias_ih_l0: nn.Parameter

    def __init__(self, inputs, hidden):
        super().__init__(inputs, hidden, batch_first=True)
        nn.init.ones_(self.bias_ih_l0.data[hidden : 2 * hidden])

    def step(self, x, state):
        h, c = state
        i, f, g, o = gates(self, x, h, torch.add).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        return h, (h, c)

    def run(self, x, state):
        y, (h, c) = self(x, (state[0][None], state[1][None]))
        return y, (h[0], c[0])


class GRU(nn.GRU):
    """Cho et al. 2014 (arXiv 1406.1078), with the reset gate after the product as in cuDNN.

    r, z = sigmoid(gates);  n = tanh(W x + b + r (U h + c));  h' = (1 - z) n + z h
    """

    parts = 1

    def __init__(self, inputs, hidden):
        super().__init__(inputs, hidden, batch_first=True)

    def step(self, x, state):
        (h,) = state
        xr, xz, xn, hr, hz, hn = gates(self, x, h, lambda a, b: torch.cat([a, b], -1)).chunk(6, -1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        n = torch.tanh(xn + r * hn)
        h = n + z * (h - n)
        return h, (h,)

    def run(self, x, state):
        y, h = self(x, state[0][None])
        return y, (h[0],)


def gates(rnn, x, h, join):
    """Return the two affine maps of a cell, of its input and of its hidden vector, joined."""
    linear = nn.functional.linear
    return join(linear(x, rnn.weight_ih_l0, rnn.bias_ih_l0), linear(h, rnn.weight_hh_l0, rnn.bias_hh_l0))


def run_steps(rnn, x, state):
    """Return y (B, T, H) and the state after x (B, T, inputs), one `step` after the other."""
    out = []
    for t in range(x.shape[1]):
        y, state = rnn.step(x[:, t], state)
        out.append(y)
    return torch.stack(out, 1), state


CELLS = {"elman": Elman, "lstm": LSTM, "gru": GRU}


class CharRNN(Model):
    """A char-RNN over audio symbols (Karpathy 2015, The Unreasonable Effectiveness of Recurrent Neural Networks)."""

    layers: Any  # a ModuleList of cells
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
        hidden: int,
        layers: int,
        embedding: int,
        dropout: float,
        activation: str | None = None,
    ):
        """Build it for `levels` symbols, `classes` labels (0: none) and `control` channels, `hop` symbols a frame.

        `dropout` acts between layers; the `activation` is Elman's, other cells have none to choose.
        """
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"model.cell={cell}: there are {', '.join(CELLS)}")
        if cell == "elman" and activation not in ACTIVATIONS:
            raise ValueError(f"model.activation={activation}: there are {', '.join(ACTIVATIONS)}")
        if activation and cell != "elman":
            raise ValueError(f"model.activation={activation}: only cell=elman has a choice")
        if min(hidden, layers, embedding) < 1 or not 0 <= dropout < 1:
            raise ValueError("model: hidden, layers and embedding are 1 or more, dropout is in [0, 1)")
        extra = {"activation": activation} if cell == "elman" else {}
        sizes = [embedding] + [hidden] * (layers - 1)
        self.embedding = nn.Embedding(levels, embedding)
        self.label = Label(classes, embedding)
        self.layers = nn.ModuleList(CELLS[cell](size, hidden, **extra) for size in sizes)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden, levels)
        self.hear(control, hop, [embedding])

    def start(self, labels):
        like = self.out.weight
        zeros = [[like.new_zeros(len(labels), r.hidden_size) for _ in range(r.parts)] for r in self.layers]
        return {"labels": labels, "layers": [tuple(z) for z in zeros]}

    def forward(self, x, state, control=None):
        self.check_length(x, control)
        h = self.embedding(x) + self.label(state["labels"], self.out.weight).unsqueeze(-2)
        if self.told:
            h = h + spread(self.told(control, x)[0], x.shape[1])
        return self._through(h, state, lambda rnn, *a: rnn.run(*a))

    def step(self, x, state, control=None):
        h = self.embedding(x) + self.label(state["labels"], self.out.weight)
        if self.told:
            h = h + self.told(control, x)[0]
        return self._through(h, state, lambda rnn, *a: rnn.step(*a))

    def _through(self, h, state, move):
        carried = []
        for depth, (rnn, old) in enumerate(zip(self.layers, state["layers"], strict=True)):
            h, new = move(rnn, self.dropout(h) if depth else h, old)
            carried.append(tuple(part.to(o.dtype) for part, o in zip(new, old, strict=True)))
        return self.out(h), {"labels": state["labels"], "layers": carried}
