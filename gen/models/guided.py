"""Guidance: a model's predictions moved away from those that it makes when it isn't told what a stream is told.

Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598), on logits as language models have it (Sanchez et al.
2023, arXiv 2306.17806): untold + weight (told - untold), which for a weight of 1 is what is told alone.
"""

from typing import NamedTuple

import torch

from gen.models.base import Model


class Guidance(NamedTuple):
    """How strong guidance is, and what it leads away from: what a second, untold pass of the model is told."""

    weight: float
    label: int | None  # the class that all streams have in it; None: each its own
    curves: bool  # whether it is told the streams' curves


class Guided(Model):
    """A trained model guided: two passes side by side that hear the same symbols, as one model."""

    def __init__(self, model, guidance: Guidance):
        super().__init__()
        self.model, self.guidance = model, guidance
        self.stride, self.digits, self.told = model.stride, model.digits, model.told

    def start(self, labels):
        label = self.guidance.label
        untold = labels if label is None else torch.full_like(labels, label)
        return {"told": self.model.start(labels), "untold": self.model.start(untold)}

    def forward(self, x, state, control=None):
        return self._both(self.model, x, state, control)

    def step(self, x, state, control=None):
        return self._both(self.model.step, x, state, control)

    def _both(self, predict, x, state, control):
        """Return the guided logits and the state after both passes of `predict`, the model's forward or step."""
        told, after = predict(x, state["told"], control)
        untold, second = predict(x, state["untold"], control if self.guidance.curves else None)
        return untold + self.guidance.weight * (told - untold), {"told": after, "untold": second}
