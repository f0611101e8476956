"""WaveRNN (Kalchbrenner et al. 2018, arXiv 1802.08435): 16-bit audio as a coarse and a fine byte, one split GRU."""

from typing import Any

import torch
from torch import nn

from gen.models.base import Label, Model
from gen.models.told import spread

LABEL = 32  # size of the vector of a label and of what is told


class WaveRNN(Model):
    """One GRU a sample, half of whose units predict the coarse byte and half, which see that byte, the fine one.

    Equation 2 of the paper, with x_t = [c_{t-1}, f_{t-1}, c_t] scaled to [-1, 1] and the weights of c_t masked for the
    coarse half of each gate. As in cuDNN the reset gate acts after the product:
    r, u = sigmoid(R h + I x);  e = tanh(r (R h) + I x);  h' = u h + (1 - u) e
    """

    stride = 2
    digits = 2
    rnn: Any  # torch's GRU, whose weights have names that its type doesn't tell
    mask: torch.Tensor  # (3 hidden, inputs): 0 where a gate's coarse half may not see the coarse byte

    def __init__(
        self,
        levels: int,
        silence: tuple,
        classes: int = 0,
        control: int = 0,
        hop: int = 2,
        *,
        hidden: int,
        head: int,
    ):
        """Build it with `hidden` units, an even number, and `head` units in the layer before each softmax."""
        super().__init__()
        if hidden < 2 or hidden % 2 or head < 1:
            raise ValueError(f"model.hidden={hidden}, model.head={head}: hidden is even and over 0, head over 0")
        self.levels, self.silence, self.hidden = levels, silence, hidden
        self.label = Label(classes, LABEL)
        inputs = 3 + LABEL * bool(classes or control)
        self.rnn = nn.GRU(inputs, hidden, batch_first=True)
        mask = torch.ones(3, 2, hidden // 2, inputs)
        mask[:, 0, :, 2] = 0
        self.register_buffer("mask", mask.view(3 * hidden, inputs), persistent=False)
        self.coarse, self.fine = (
            nn.Sequential(nn.Linear(hidden // 2, head), nn.ReLU(), nn.Linear(head, levels)) for _ in range(2)
        )
        self.hear(control, hop, [LABEL])

    def heads(self):
        return [self.coarse[-1], self.fine[-1]]

    def start(self, labels):
        h = self.mask.new_zeros(len(labels), self.hidden)
        coarse, fine = (torch.full_like(labels, digit) for digit in self.silence)
        return {"labels": labels, "h": h, "coarse": coarse, "fine": fine, "place": torch.zeros_like(labels)}

    def forward(self, x, state, control=None):
        """Return logits (B, T, L) and the state; x begins with a fine byte, the one before a sample."""
        self.check_length(x, control)
        h = self.units(x, state, control)[-1]
        below, above = h.chunk(2, -1)
        logits = torch.stack([self.coarse(below), self.fine(above)], 2).flatten(1, 2)
        after = {"h": h[:, -1].to(state["h"].dtype), "coarse": x[:, -1], "fine": x[:, -2]}
        return logits, {**state, **after}

    def units(self, x, state, control=None):
        """Return what the GRU sees (B, T / 2, inputs), its four weights, and all its h (B, T / 2, hidden)."""
        digits = torch.cat([state["coarse"].unsqueeze(1), x], 1)
        told = spread(self.told(control, x)[0], x.shape[1] // 2) if self.told else None
        inputs = self._inputs(digits[:, :-1:2], digits[:, 1::2], digits[:, 2::2], state["labels"], told)
        r = self.rnn
        weights = [r.weight_ih_l0 * self.mask, r.weight_hh_l0, r.bias_ih_l0, r.bias_hh_l0]
        h, _ = torch.gru(inputs, state["h"][None], weights, True, 1, 0.0, self.training, False, True)
        return inputs, weights, h

    def step(self, x, state, control=None):
        second = state["place"] == 1  # x is the coarse byte of the sample at hand, and the fine one is asked for
        fine = torch.where(second, state["fine"], x)
        now = torch.where(second, x, 0)  # masked where it isn't known
        told = self.told(control, x)[0] if self.told else None
        inputs = self._inputs(state["coarse"], fine, now, state["labels"], told)
        h = state["h"]
        weight = self.rnn.weight_ih_l0 * self.mask
        xr, xu, xe = nn.functional.linear(inputs, weight, self.rnn.bias_ih_l0).chunk(3, -1)
        hr, hu, he = nn.functional.linear(h, self.rnn.weight_hh_l0, self.rnn.bias_hh_l0).chunk(3, -1)
        r, u = torch.sigmoid(xr + hr), torch.sigmoid(xu + hu)
        e = torch.tanh(xe + r * he)
        new = u * h + (1 - u) * e
        below, above = new.chunk(2, -1)
        rows = second.unsqueeze(-1)
        logits = torch.where(rows, self.fine(above), self.coarse(below))
        after = {"h": torch.where(rows, new, h), "coarse": torch.where(second, x, state["coarse"]), "fine": fine}
        return logits, {**state, **after, "place": 1 - state["place"]}

    def _inputs(self, coarse, fine, now, labels, told):
        """Return what the GRU sees, (..., 3 or 3 + LABEL): bytes scaled to [-1, 1], the label's vector plus `told`."""
        bytes_ = torch.stack([coarse, fine, now], -1).to(self.mask.dtype) / (self.levels / 2) - 1
        if self.label.table is None and told is None:
            return bytes_
        vector = self.label(labels, bytes_)
        vector = vector.unsqueeze(1) if bytes_.ndim == 3 else vector
        vector = vector if told is None else vector + told
        return torch.cat([bytes_, vector.expand(*bytes_.shape[:-1], LABEL)], -1)
