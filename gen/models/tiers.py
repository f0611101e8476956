"""Tiers over frames of samples, as SampleRNN has them (Mehri et al. 2016, arXiv 1612.07837): what its heirs share.

Each tier sees one frame of past samples at a time, so that the upper ones run seldom, and hands a vector down for each
frame of the tier below; a network at the bottom predicts each sample from the last few and from what it was handed. A
label is told to each of them, since what is told to the topmost alone may get lost on the way down; and so is control.

Legend: a tier of frame size f runs once in f samples; D is a tier's width; n frames in a window.
"""

from typing import Any

import torch
from torch import nn

from gen.models.base import Label, Model, tree_map
from gen.models.told import spread


class Tier(nn.Module):
    """A frame tier: frames in, a `core` along them, vectors for the tier below out.

    `core` has start(streams) -> state and forward(z (B, n, D), state) -> (B, n, D), state.
    """

    def __init__(self, frame: int, features: int, size: int, core, up: int, below: int):
        """Build it for frames of `frame` samples of `features` each; it hands down `up` vectors of `below` channels."""
        super().__init__()
        self.frame, self.ratio, self.below = frame, up, below
        self.inp, self.core, self.up = nn.Linear(frame * features, size), core, nn.Linear(size, up * below)

    def forward(self, frames, condition, state):
        """Return (B, n, ratio, below) and the state after `frames` (B, n, frame * features)."""
        z = self.inp(frames)
        z, state = self.core(z + condition.to(z.dtype), state)
        return self.up(z).unflatten(-1, (self.ratio, self.below)), state


class Tiered(Model):
    """Tiers over a network that predicts samples; a subclass builds them and gives `features` and `predict`.

    `tiers` go from the smallest frame to the largest, `history` is how many samples `predict` sees. The state holds the
    last samples, the place within the largest frame and what each tier handed down last.
    """

    tiers: Any  # a ModuleList of Tiers

    def __init__(self, tiers, history: int, silence: int, classes: int, top: int, control: int, hop: int):
        super().__init__()
        self.tiers = nn.ModuleList(tiers)
        self.stride = tiers[-1].frame
        self.history, self.silence = history, silence
        self.past = max(self.stride, history)
        sizes = [top, *(t.below for t in reversed(tiers))]
        self.labels = nn.ModuleList(Label(classes, size) for size in sizes)
        self.hear(control, hop, sizes)

    def features(self, symbols):
        """Return what tiers see of symbols (B, T): (B, T, features)."""
        raise NotImplementedError

    def predict(self, seen, handed):
        """Return logits (B, T, L) from symbols (B, T + history - 1), the last `history` for each, and (B, T, below)."""
        raise NotImplementedError

    def start(self, labels):
        like = self.tiers[0].inp.weight
        tiers = [
            {"core": t.core.start(len(labels)), "handed": like.new_zeros(len(labels), t.ratio, t.below)}
            for t in self.tiers
        ]
        past = torch.full((len(labels), self.past), self.silence, device=labels.device)
        return {"labels": labels, "past": past, "place": torch.zeros_like(labels), "tiers": tiers}

    def forward(self, x, state, control=None):
        """Return logits (B, T, L) and the state; x begins where a largest frame does."""
        self.check_length(x, control)
        length = x.shape[1]
        seen = torch.cat([state["past"], x], 1)
        features = self.features(seen)
        told = self.told(control, x) if self.told else [None] * len(self.labels)
        handed, after = self._label(state, told[0], length // self.tiers[-1].frame), []
        for tier, label, tale, before in self._downwards(state, told):
            begin = self.past + 1 - tier.frame
            frames = features[:, begin : begin + length].unflatten(1, (-1, tier.frame)).flatten(2)
            handed, core = tier(frames, handed, before["core"])
            after.append({"core": core, "handed": handed[:, -1].to(before["handed"].dtype)})
            handed = self._tell(label, tale, handed.flatten(1, 2), state)
        logits = self.predict(seen[:, self.past + 1 - self.history :], handed)
        return logits, {**state, "past": seen[:, -self.past :], "tiers": after[::-1]}

    def step(self, x, state, control=None):
        place, rows = state["place"], torch.arange(len(x), device=x.device)
        seen = torch.cat([state["past"], x.unsqueeze(1)], 1)
        features = self.features(seen)
        told = [each.unsqueeze(1) for each in self.told(control, x)] if self.told else [None] * len(self.labels)
        handed, after = self._label(state, told[0], 1), []
        for tier, label, tale, before in self._downwards(state, told):
            due = place % tier.frame == 0
            new = before
            if due.any():
                made, core = tier(features[:, -tier.frame :].flatten(1).unsqueeze(1), handed, before["core"])
                new = tree_map(
                    lambda fresh, old, due=due: torch.where(due.view(-1, *[1] * (old.ndim - 1)), fresh, old),
                    {"core": core, "handed": made[:, 0]},
                    before,
                )
            after.append(new)
            vector = new["handed"][rows, place % tier.frame * tier.ratio // tier.frame]
            handed = self._tell(label, tale, vector.unsqueeze(1), state)
        logits = self.predict(seen[:, -self.history :], handed).squeeze(1)
        place = (place + 1) % self.stride
        return logits, {**state, "past": seen[:, 1:], "place": place, "tiers": after[::-1]}

    def _downwards(self, state, told):
        """Return the tiers, the topmost first, with the label of what is below, what that is told, and their states."""
        return zip(reversed(self.tiers), self.labels[1:], told[1:], reversed(state["tiers"]), strict=True)

    def _label(self, state, told, frames: int):
        """Return the vectors that the topmost tier is told, the label's among them, (B or 1, frames or 1, D or 1)."""
        vector = self.labels[0](state["labels"], self.tiers[-1].inp.weight).unsqueeze(1)
        return vector if told is None else vector + spread(told, frames)

    def _tell(self, label, told, handed, state):
        """Return what a tier hands down (B, n, below) with the vectors that what is below it is told."""
        handed = handed + label(state["labels"], handed).unsqueeze(1).to(handed.dtype) if label.table else handed
        return handed if told is None else handed + spread(told, handed.shape[1]).to(handed.dtype)


def ratios(frames) -> list:
    """Return how many vectors each tier hands down; raise ValueError unless each frame size divides the next."""
    below = [1, *frames[:-1]]
    if not frames or any(f % b or f <= b for f, b in zip(frames, below, strict=True)):
        raise ValueError(f"model.frames={list(frames)}: these grow, over 1, and each divides the next, such as [4, 16]")
    return [f // b for f, b in zip(frames, below, strict=True)]
