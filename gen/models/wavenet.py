"""WaveNet (van den Oord et al. 2016, arXiv 1609.03499): dilated causal convolutions with gated units.

Its state is what each layer has yet to look back at, a queue of its inputs. So windows of training continue each other
as those of a recurrent network do, and a new sample takes one product a layer (Le Paine et al. 2016, arXiv 1611.09482).

Legend: D channels, N layers, d the dilation of a layer.
"""

from typing import Any

import torch
from torch import nn

from gen.models.base import Label, Model
from gen.models.told import spread

LONGEST = 14  # layers in a cycle: the last of them looks 8,192 symbols back


class WaveNet(Model):
    """Residual layers of gated units, all of which the network that makes logits sees (section 2.4 of the paper).

    With x_0 an embedding of the symbol, [a, b] the halves of what layer k's gates are, and the condition its share of
    what the label and the control tell (section 2.5, equation 3):
    [a, b] = W_k [x_k[t - d], x_k[t]] + condition;  z_k = tanh(a) sigmoid(b);  x_{k+1} = x_k + V_k z_k;
    logits = O relu(H relu(S [z_0, z_1, ...]))
    """

    gates: Any  # a ModuleList of N layers: W
    residual: Any  # a ModuleList of N - 1: V
    out: nn.Linear

    def __init__(
        self,
        levels: int,
        silence: tuple,
        classes: int = 0,
        control: int = 0,
        hop: int = 1,
        *,
        layers: int,
        cycle: int,
        size: int,
        skip: int,
    ):
        """Build `layers` layers, `size` wide: in a `cycle` dilations are 1, 2, 4 and so on, then 1 again.

        The network that makes logits is `skip` wide.
        """
        super().__init__()
        if min(layers, size, skip) < 1 or not 1 <= cycle <= LONGEST:
            raise ValueError(
                f"model.layers={layers}, model.size={size}, model.skip={skip}, model.cycle={cycle}: "
                f"all are 1 or more, and a cycle has at most {LONGEST} layers"
            )
        self.dilations = [2 ** (number % cycle) for number in range(layers)]
        self.embedding = nn.Embedding(levels, size)
        self.gates = nn.ModuleList(nn.Linear(2 * size, 2 * size) for _ in self.dilations)
        self.residual = nn.ModuleList(nn.Linear(size, size, bias=False) for _ in self.dilations[1:])
        self.skip = nn.Linear(layers * size, skip)
        self.hidden = nn.Linear(skip, skip)
        self.out = nn.Linear(skip, levels)
        self.condition = layers * 2 * size
        self.label = Label(classes, self.condition)
        self.hear(control, hop, [self.condition])

    def start(self, labels):
        like = self.embedding.weight
        return {"labels": labels, "queues": [like.new_zeros(len(labels), d, like.shape[1]) for d in self.dilations]}

    def forward(self, x, state, control=None):
        self.check_length(x, control)
        return self._through(x, state, self.told(control, x)[0] if self.told else None)

    def step(self, x, state, control=None):
        told = self.told(control, x)[0].unsqueeze(1) if self.told else None
        logits, state = self._through(x.unsqueeze(1), state, told)
        return logits.squeeze(1), state

    def _through(self, symbols, state, told):
        x, length = self.embedding(symbols), symbols.shape[1]
        z: list = []
        queues = []
        condition = self.label(state["labels"], self.out.weight).unsqueeze(1)
        condition = condition.expand(-1, -1, self.condition) if told is None else condition + told
        for number, part in enumerate(condition.chunk(len(self.gates), -1)):
            if number:
                x = x + self.residual[number - 1](z[-1])
            seen = torch.cat([state["queues"][number], x], 1)
            a, b = self.gates[number](torch.cat([seen[:, :length], x], -1)).add(spread(part, length)).chunk(2, -1)
            z.append(torch.tanh(a) * torch.sigmoid(b))
            queues.append(seen[:, -self.dilations[number] :])
        h = torch.relu(self.skip(torch.cat(z, -1)))
        return self.out(torch.relu(self.hidden(h))), {"labels": state["labels"], "queues": queues}
