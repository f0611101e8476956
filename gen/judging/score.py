"""Bits per sample of a model on segments of recordings."""

import math

import torch

from gen.base.terminal import unseen
from gen.corpus.windows import Windows
from gen.models.base import reset
from gen.models.likelihood import cross_entropy


@torch.inference_mode()
def score(model, segments, codec, lanes: int = 64, length: int = 512, track=unseen, told=None) -> float:
    """Return bits per audio sample over segments, each from `start`: the protocol of every number here.

    With `told`, a model's curves (see `gen.sound.curves.Curves`), it is told those of the segments.
    """
    length = max(1, length // model.stride) * model.stride
    device = next(model.parameters()).device
    lanes = min(lanes, len(segments))
    state = model.start(torch.zeros(lanes, dtype=torch.long, device=device))
    nats, targets = 0.0, 0
    total = sum(s.size for s in segments) // (lanes * length)
    for window in track(Windows(segments, lanes, length, codec.silence, seed=None, told=told), "scoring", total):
        x, y, rows, labels = (part.to(device) for part in window[:4])
        control = None if window.control is None else window.control.to(device)
        logits, state = model(x, reset(model, state, rows, labels), control)
        nats += cross_entropy(logits, y).item()
        targets += window.targets
    return nats / math.log(2) / (targets / codec.digits)
