"""The reference sampler: any model, one symbol after the other.

One loop, `run`, serves all uses: the function that picks the next symbol either draws it (sampling) or returns the one
that is known (priming, scoring). Legend: B streams, L levels.
"""

import itertools

import numpy as np
import torch

from gen.base.uniforms import Uniforms
from gen.models.base import tree_map

ROWS = 8  # streams computed side by side, always: a stream has the same row, shapes and so bits in every batch
CHUNK = 1024  # symbols a forward pass takes of a prime


def draw(uniforms, temperature: float = 1.0, top_p: float = 1.0):
    """Return a pick that samples from the model.

    `uniforms(t)` gives (B,) float64 in [0, 1) for symbol t. Logits are divided by `temperature` (0: the likeliest
    symbol); `top_p` keeps the fewest symbols whose probabilities reach it (nucleus sampling, Holtzman et al. 2020,
    arXiv 1904.09751). The symbol is where the cumulative distribution passes the uniform number.
    """

    def pick(t, logits):
        if temperature == 0:
            return logits.argmax(-1)
        p = torch.softmax(logits.double() / temperature, -1)
        if not torch.isfinite(p).all():
            raise ValueError("the model's probabilities are not numbers: its weights are damaged; train again")
        if top_p < 1:
            ranked, order = torch.sort(p, dim=-1, descending=True, stable=True)
            drop = ranked.cumsum(-1) - ranked >= top_p
            p = p.scatter(-1, order, ranked.masked_fill(drop, 0.0))
        total = p.cumsum(-1)
        at = torch.as_tensor(uniforms(t), dtype=torch.double).unsqueeze(-1) * total[:, -1:]
        return (total <= at).sum(-1).clamp(max=logits.shape[-1] - 1)

    return pick


def force(symbols):
    """Return a pick that returns the known `symbols` (B, T), whatever the model thinks."""
    return lambda t, logits: symbols[:, t]


@torch.inference_mode()
def run(model, state, x, steps, pick):
    """Yield (logits (B, L), picked (B,), state) for each of `steps`, an iterable of numbers, after x (B,)."""
    for t in steps:
        logits, state = model.step(x, state)
        x = pick(t, logits)
        yield logits, x, state


@torch.inference_mode()
def prime(model, symbols, label: int, before: int):
    """Return the state of one stream (B = 1) after all but the last of `symbols` (T,) were heard, and that last (1,).

    `before` is the symbol ahead of the first. Whole chunks go through `forward`, the rest through `step`.
    """
    state = model.start(torch.tensor([label]))
    x = torch.cat([torch.tensor([before]), symbols])[None]
    heard = x.shape[1] - 1
    chunk = CHUNK // model.stride * model.stride or model.stride
    at = 0
    while heard - at >= chunk:
        _, state = model(x[:, at : at + chunk], state)
        at += chunk
    for _, _, new in run(model, state, x[:, at], range(heard - at), force(x[:, at + 1 :])):
        state = new
    return state, x[:, -1]


class Reference:
    """The sampler that defines what a take is. `silence` are the digits ahead of a stream's first symbol."""

    def __init__(self, model, silence: tuple):
        self.model, self.before = model, silence[-1]

    def generate(self, steps, streams, labels, seed: int, temperature=1.0, top_p=1.0, primed=None, block=CHUNK):
        """Yield `steps` (or math.inf) symbols as blocks (len(streams), n) int64, n at most `block`.

        Each of `streams` (different numbers) has its class of `labels` and sits in row `stream % ROWS` of a block of
        ROWS; the other rows idle. `primed` (T,) are symbols to go on from.
        """
        primed = torch.zeros(0, dtype=torch.long) if primed is None else torch.as_tensor(primed)
        begun = {label: prime(self.model, primed, label, self.before) for label in sorted(set(labels))}
        blocks: dict[int, list] = {}
        for place, stream in enumerate(streams):
            blocks.setdefault(stream // ROWS, []).append(place)
        runs = []
        for places in blocks.values():
            rows = [labels[places[0]]] * ROWS
            numbers: list[Uniforms | None] = [None] * ROWS
            for place in places:
                rows[streams[place] % ROWS] = labels[place]
                numbers[streams[place] % ROWS] = Uniforms(seed, streams[place])
            state = tree_map(lambda *leaves: torch.cat(leaves), *[begun[label][0] for label in rows])
            x = torch.cat([begun[label][1] for label in rows])
            uniforms = lambda t, numbers=numbers: np.array([n(t) if n else 0.5 for n in numbers])  # noqa: E731
            runs.append((run(self.model, state, x, itertools.count(), draw(uniforms, temperature, top_p)), places))
        done = 0
        while done < steps:
            out = np.empty((len(streams), min(block, steps - done)), np.int64)
            for column in out.T:
                for steps_of_block, places in runs:
                    picked = next(steps_of_block)[1].numpy()
                    for place in places:
                        column[place] = picked[streams[place] % ROWS]
            done += out.shape[1]
            yield out
