"""The reference sampler: any model, one symbol after the other.

One loop, `run`, serves all uses: the function that picks the next symbol either draws it (sampling) or returns the one
that is known (priming, scoring). Legend: B streams, L levels, C channels of what they are told.
"""

import itertools

import numpy as np
import torch

from gen.base.uniforms import Uniforms
from gen.models.base import tree_map
from gen.models.guided import Guided
from gen.models.told import held

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


def frames(model, control, at: int, count: int = 1):
    """Return `count` frames (B, count, C) of what streams of a model are told, from symbol `at` on.

    `control` has for each of them all that it is told, frames (n, C) of which the last holds on; of None this is None.
    """
    if control is None:
        return None
    told = [held(tale, at // model.stride, count) for tale in control]
    return model.told.tell[0].weight.new_tensor(np.stack(told))


@torch.inference_mode()
def run(model, state, x, steps, pick, control=None, heard: int = 0):
    """Yield (logits (B, L), picked (B,), state) for each of `steps`, an iterable of numbers, after x (B,).

    The streams are told `control` (see `frames`), and have `heard` so many symbols before step 0.
    """
    for t in steps:
        told = frames(model, control, heard + t)
        logits, state = model.step(x, state, None if told is None else told[:, 0])
        x = pick(t, logits)
        yield logits, x, state


@torch.inference_mode()
def prime(model, symbols, label: int, before: int, control=None):
    """Return the state of one stream (B = 1) after all but the last of `symbols` (T,) were heard, and that last (1,).

    `before` is the symbol ahead of the first; `control` is all that the stream is told (see `frames`). Whole chunks go
    through `forward`, the rest through `step`.
    """
    state = model.start(torch.tensor([label]))
    x = torch.cat([torch.tensor([before]), symbols])[None]
    heard = x.shape[1] - 1
    chunk = CHUNK // model.stride * model.stride or model.stride
    at = 0
    while heard - at >= chunk:
        _, state = model(x[:, at : at + chunk], state, frames(model, control, at, chunk // model.stride))
        at += chunk
    for _, _, new in run(model, state, x[:, at], range(heard - at), force(x[:, at + 1 :]), control, at):
        state = new
    return state, x[:, -1]


class Reference:
    """The sampler that defines what a take is. `silence` are the digits ahead of a stream's first symbol."""

    def __init__(self, model, silence: tuple):
        self.model, self.before = model, silence[-1]

    def generate(
        self, steps, streams, labels, seed: int, temperature=1.0, top_p=1.0, primed=None, block=CHUNK, control=None,
        guidance=None,
    ):  # fmt: skip
        """Yield `steps` (or math.inf) symbols as blocks (len(streams), n) int64, n at most `block`.

        Each of `streams` (different numbers) has its class of `labels` and sits in row `stream % ROWS` of a block of
        ROWS; the other rows idle. `primed` (T,) are symbols to go on from. `control` is what they are told from the
        first symbol on that they hear, those primed included (see `frames`). `guidance` is a
        `gen.models.guided.Guidance`, or None.
        """
        model = Guided(self.model, guidance) if guidance else self.model
        primed = torch.zeros(0, dtype=torch.long) if primed is None else torch.as_tensor(primed)
        kinds = [(label, id(control[place]) if control else 0) for place, label in enumerate(labels)]
        begun = {
            kind: prime(model, primed, kind[0], self.before, control and control[place : place + 1])
            for kind, place in {kind: place for place, kind in enumerate(kinds)}.items()
        }
        blocks: dict[int, list] = {}
        for place, stream in enumerate(streams):
            blocks.setdefault(stream // ROWS, []).append(place)
        runs = []
        for places in blocks.values():
            rows = [places[0]] * ROWS
            numbers: list[Uniforms | None] = [None] * ROWS
            for place in places:
                rows[streams[place] % ROWS] = place
                numbers[streams[place] % ROWS] = Uniforms(seed, streams[place])
            first = [begun[kinds[place]] for place in rows]
            state = tree_map(lambda *leaves: torch.cat(leaves), *[state for state, _ in first])
            x = torch.cat([x for _, x in first])
            uniforms = lambda t, numbers=numbers: np.array([n(t) if n else 0.5 for n in numbers])  # noqa: E731
            pick, told = draw(uniforms, temperature, top_p), control and [control[place] for place in rows]
            runs.append((run(model, state, x, itertools.count(), pick, told, len(primed)), places))
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
