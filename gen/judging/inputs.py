"""What a prediction hangs on: how much it changes where one sample of the past, so far back, is silence instead.

Occlusion (Zeiler & Fergus 2014, arXiv 1311.2901, section 4.2). A gradient times its input says the same of small
changes (Simonyan et al. 2014, arXiv 1312.6034), but symbols have no gradient that all models share.
"""

from typing import NamedTuple

import numpy as np
import torch

from gen.base.terminal import unseen

FINE = 4  # distances an octave
PREDICTIONS, TOGETHER = 64, 8  # at most, and in a pass, all at one place within a stride


class Inputs(NamedTuple):
    """How many bits a prediction changes where the sample at each of `distances` is silence, on average."""

    distances: list  # in symbols, 1 for the last one heard, the farthest first
    bits: np.ndarray


def inputs(trained, chosen, reach: int, seed: int, track=unseen) -> Inputs:
    """Return the Inputs of a trained model at the ends of some Excerpts `chosen`, up to `reach` symbols back.

    See `gen.judging.memory.Excerpt`. Those that hold less than that are left out, or where all do they reach less far.
    """
    model, stride = trained.model, trained.model.stride
    longest = max(len(e.symbols) for e in chosen) - 1
    reach = max(stride, min(reach, longest) // stride * stride)
    octaves = np.unique(np.round(2 ** (np.arange(64) / FINE)).astype(np.int64))
    far = [int(k) for k in octaves[octaves <= reach - stride + 1][::-1]]
    enough = [e for e in chosen if len(e.symbols) > reach][:PREDICTIONS]
    x = torch.from_numpy(np.stack([e.symbols[-reach - 1 : -1] for e in enough]).astype(np.int64))
    labels = torch.tensor([e.label for e in enough])
    places = np.random.default_rng(seed).integers(stride, size=-(-len(x) // TOGETHER))
    begins = track(range(0, len(x), TOGETHER), "inputs", len(places))
    found = [
        changes(model, x[at : at + TOGETHER], labels[at : at + TOGETHER], far, int(place), trained.codec.silence)
        for at, place in zip(begins, places, strict=True)
    ]
    return Inputs(far, torch.cat(found, 1).mean(1).numpy())


@torch.inference_mode()
def changes(model, x, labels, far: list, place: int, silence):
    """Return the bits (len(far), B) by which a prediction changes where one of symbols x (B, T) is silence.

    T is a multiple of the stride; predicted is what follows the symbol `place` before the last, and far[i] symbols
    before that is the one that is silenced. The bits are the divergence of the changed prediction from the first,
    Kullback & Leibler's.
    """
    last, stride = x.shape[1] - place, model.stride
    starts = [(last - k) // stride * stride for k in far]
    states, state, at = {}, model.start(labels), 0
    for start in sorted(set(starts)):
        if start > at:
            _, state = model(x[:, at:start], state)
        states[start], at = state, start
    whole = torch.log_softmax(model(x[:, at:], state)[0][:, last - 1 - at].double(), -1)
    out = []
    for k, start in zip(far, starts, strict=True):
        other = x[:, start:].clone()
        other[:, last - k - start] = silence[(last - k) % len(silence) - 1]
        said = torch.log_softmax(model(other, states[start])[0][:, last - 1 - start].double(), -1)
        out.append((whole.exp() * (whole - said)).sum(-1).clamp_min(0) / np.log(2))
    return torch.stack(out)
