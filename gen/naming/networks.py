"""Recurrent networks over the frames of a recording: stacked cells of `gen.models.rnn`, dropout, softmax, Adam.

The usual ones have an LSTM of 128 units, dropout of a half, an LSTM of 64 and dropout again, over MFCC.
"""

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gen.base.terminal import unseen
from gen.models.rnn import CELLS
from gen.naming.figures import confusion, macro_f1
from gen.naming.looks import View
from gen.naming.method import Method, Scale, Shown, evenly, taken, weights_of

GATES = {"elman": 1, "gru": 3, "lstm": 4}  # affine maps of each cell
DECISIONS = ("last", "every")
TOGETHER = 256  # recordings named at a time
SHUFFLED = 16  # batches within which recordings are sorted by length, so that little is padded
CLIP = 1.0  # longest gradient


class Stack(nn.Module):
    """Recurrent layers, dropout after each, and at every frame the logits of K classes."""

    layers: Any  # a ModuleList of cells

    def __init__(self, inputs: int, classes: int, cell: str, hidden: list, dropout: float):
        super().__init__()
        extra = {"activation": "tanh"} if cell == "elman" else {}
        self.layers = nn.ModuleList(CELLS[cell](a, b, **extra) for a, b in pairwise([inputs, *hidden]))
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(hidden[-1], classes)

    def forward(self, x):
        """Return the logits (N, n, K) and the last layer's hidden vectors (N, n, H) of frames x (N, n, C)."""
        for rnn in self.layers:
            state = tuple(x.new_zeros(len(x), rnn.hidden_size) for _ in range(rnn.parts))
            x, _ = rnn.run(x, state)
            x = self.dropout(x)
        return self.out(x), x


class Network(Method):
    """A recurrent network that reads a recording frame by frame; `decision` is how it comes to a class.

    last: by what it thinks at the last frame; every: at each frame, and the class of the highest likelihood over all.
    """

    def __init__(
        self,
        classes: int,
        *,
        features: list[str],
        columns: str | None,
        centered: bool,
        trim: float,
        speeds: list[float],
        cell: str,
        hidden: list[int],
        dropout: float,
        decision: str,
        epochs: int,
        batch: int,
        learning_rate: float,
    ):
        """Build it for K `classes`; `batch` recordings make a step of Adam, all of them an epoch."""
        if cell not in GATES or decision not in DECISIONS:
            raise ValueError(
                f"classifier.cell={cell}, classifier.decision={decision}: there are the cells {', '.join(GATES)} and "
                f"the decisions {' and '.join(DECISIONS)}"
            )
        self.view = View(features, columns, centered, trim, speeds)
        self.view.check()
        if not hidden or min(hidden) < 1 or not 0 <= dropout < 1:
            raise ValueError("classifier: hidden is a layer or more of 1 unit or more, dropout is in [0, 1)")
        if epochs < 1 or batch < 1 or not 0 < learning_rate < 1:
            raise ValueError("classifier: epochs and batch are 1 or more, learning_rate is over 0 and under 1")
        self.classes, self.decision = classes, decision
        self.shape: dict[str, Any] = {"cell": cell, "hidden": hidden, "dropout": dropout}
        self.epochs, self.batch, self.learning_rate = epochs, batch, learning_rate
        self.scale: Scale
        self.net: Stack

    def look(self, wave, rate: int):
        return self.view.sequence(wave, rate)

    def fit(self, train: Shown, valid: Shown, balance: str, seed: int, track=unseen):
        self.scale = Scale.fitted(train.looks)
        looks = [torch.from_numpy(self.scale.of(look)) for look in train.looks]
        labels = torch.from_numpy(train.labels)
        weights = np.ones(len(labels))
        if balance == "weights":
            weights = weights_of(train.labels, self.classes)
        weighing = torch.from_numpy(weights).float()
        random = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = Stack(looks[0].shape[1], self.classes, **self.shape)
            adam = torch.optim.Adam(self.net.parameters(), self.learning_rate)
            best: tuple = ()
            for _ in track(range(self.epochs), "training", self.epochs):
                rows = evenly(train.labels, random) if balance == "sampling" else random.permutation(len(looks))
                self.net.train()
                for some in batches(rows, [len(look) for look in looks], self.batch, random):
                    self.step(adam, [looks[i] for i in some], labels[some], weighing[some])
                self.net.eval()
                if valid.looks and (reached := self.score(valid)) >= best[:2]:
                    best = (*reached, copy.deepcopy(self.net.state_dict()))
            if best:
                self.net.load_state_dict(best[2])

    def step(self, adam, looks: list, labels, weights):
        """Take a step of Adam on a batch of looks (n, C), their classes (N,), and what each of them weighs."""
        x, lengths = stacked(looks)
        logits, _ = self.net(x)
        if self.decision == "last":
            losses = F.cross_entropy(logits[torch.arange(len(x)), lengths - 1], labels, reduction="none")
        else:
            each = F.cross_entropy(logits.transpose(1, 2), labels[:, None].expand(-1, x.shape[1]), reduction="none")
            there = torch.arange(x.shape[1]) < lengths[:, None]
            losses = (each * there).sum(1) / lengths
        adam.zero_grad()
        ((losses * weights).sum() / weights.sum()).backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        adam.step()

    def score(self, valid: Shown) -> tuple:
        """Return how good it is on what it wasn't trained on: macro-F1, then the mean log-likelihood."""
        sure = self.probabilities(valid.looks)
        likely = np.log(np.maximum(sure[np.arange(len(sure)), valid.labels], 1e-9)).mean()
        return macro_f1(confusion(valid.labels, sure.argmax(1), self.classes)), likely

    @torch.inference_mode()
    def read(self, looks) -> tuple:
        """Return the log-likelihood (N, K) of each class, and the last hidden vectors (N, H), of looks (n, C)."""
        self.net.eval()
        order = np.argsort([len(look) for look in looks], kind="stable")
        likely = np.zeros((len(looks), self.classes))
        hidden = np.zeros((len(looks), self.shape["hidden"][-1]), np.float32)
        for at in range(0, len(order), TOGETHER):
            some = order[at : at + TOGETHER]
            x, lengths = stacked([torch.from_numpy(self.scale.of(looks[i])) for i in some])
            logits, states = self.net(x)
            ends = torch.arange(len(x)), lengths - 1
            hidden[some] = states[ends].numpy()
            told = F.log_softmax(logits.double(), -1)
            if self.decision == "last":
                likely[some] = told[ends].numpy()
            else:
                there = torch.arange(x.shape[1]) < lengths[:, None]
                likely[some] = ((told * there[:, :, None]).sum(1) / lengths[:, None]).numpy()
        return likely, hidden

    def probabilities(self, looks):
        likely, _ = self.read(looks)
        sure = np.exp(likely - likely.max(1, keepdims=True))
        return sure / sure.sum(1, keepdims=True)

    def embed(self, looks):
        return self.read(looks)[1]

    def arrays(self) -> dict:
        return {**self.scale.arrays(), **{f"net.{k}": v.numpy() for k, v in self.net.state_dict().items()}}

    def restore(self, arrays: dict):
        self.scale = Scale.restored(arrays)
        shapes = self.shapes(len(self.scale.mean))
        weights = {name: torch.from_numpy(taken(arrays, f"net.{name}", shape)) for name, shape in shapes.items()}
        self.net = Stack(len(self.scale.mean), self.classes, **self.shape)  # no larger than what is in the arrays
        self.net.load_state_dict(weights)
        self.net.eval()

    def shapes(self, inputs: int) -> dict:
        """Return the shapes of the weights by name."""
        out: dict[str, tuple] = {}
        hidden = self.shape["hidden"]
        for depth, (a, b) in enumerate(pairwise([inputs, *hidden])):
            rows = GATES[self.shape["cell"]] * b
            sides = {"weight_ih": (rows, a), "weight_hh": (rows, b), "bias_ih": (rows,), "bias_hh": (rows,)}
            out |= {f"layers.{depth}.{name}_l0": side for name, side in sides.items()}
        return {**out, "out.weight": (self.classes, hidden[-1]), "out.bias": (self.classes,)}


def stacked(looks: list) -> tuple:
    """Return looks (n, C) of several lengths as one tensor (N, longest, C), zeros behind each, and the lengths (N,)."""
    return nn.utils.rnn.pad_sequence(looks, batch_first=True), torch.tensor([len(look) for look in looks])


def batches(rows, lengths: list, size: int, random):
    """Return rows in batches of `size`, those of a batch alike in length, the batches in a drawn order."""
    span = size * SHUFFLED
    near = [sorted(rows[at : at + span], key=lambda i: lengths[i]) for at in range(0, len(rows), span)]
    made = [some[at : at + size] for some in near for at in range(0, len(some), size)]
    return [made[i] for i in random.permutation(len(made))]
