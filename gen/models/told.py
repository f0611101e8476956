"""What a model is told while it plays: curves, a frame of numbers for every few symbols.

A frame is seen by one small network and told from there to each part of the model, where a label is told too. It is
heard from its first symbol on: a model sees no frame ahead, whoever hands them may put into one what comes later.

Legend: C channels of a frame, n frames in a window, `hop` symbols a frame.
"""

from typing import Any

import numpy as np
from torch import nn

WIDTH = 128  # of the network that sees a frame


class Told(nn.Module):
    """The vectors W_k m + w_k that the parts of a model are told, m = silu(B silu(A frame + a) + b)."""

    def __init__(self, channels: int, hop: int, sizes: list):
        """Build it for frames of `channels` numbers; part k is told a vector of sizes[k]."""
        super().__init__()
        self.channels, self.hop = channels, hop
        self.hear = nn.Sequential(nn.Linear(channels, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH), nn.SiLU())
        self.tell: Any = nn.ModuleList(nn.Linear(WIDTH, size) for size in sizes)

    def forward(self, control, x) -> list:
        """Return for each part its vectors (B, n, size), of `control` (B, n, C); or (B, size) of (B, C).

        Without control these are of frames of zeros, and there is one for all streams and symbols of x, (B, T) or (B,).
        """
        frames = self.tell[0].weight.new_zeros(*[1] * x.ndim, self.channels) if control is None else control
        heard = self.hear(frames)
        return [each(heard) for each in self.tell]


def spread(vectors, length: int):
    """Return vectors (B, n, size), each as often in a row as makes `length` of them; one alone fits any length."""
    return vectors.repeat_interleave(length // vectors.shape[1], 1) if vectors.shape[1] > 1 else vectors


def held(control, first: int, count: int):
    """Return `count` frames from `first` on of all that a stream is told, an array (n, C) whose last frame holds on."""
    return control[np.minimum(np.arange(first, first + count), len(control) - 1)]
