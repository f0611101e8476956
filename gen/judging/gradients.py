"""How far back training reaches: the gradient of a prediction's cost with respect to what the state was before it.

In a network whose state goes through the same matrix at each step it shrinks or grows by about the same factor a step
(Bengio et al. 1994, Learning Long-Term Dependencies with Gradient Descent is Difficult): it vanishes, or it explodes.
"""

from typing import Any, NamedTuple

import numpy as np
import torch

from gen.base.terminal import unseen
from gen.models.base import tree_leaves, tree_map
from gen.models.likelihood import cross_entropy
from gen.models.make import make
from gen.models.rnn import Elman

FINE = 2  # distances an octave
PREDICTIONS, TOGETHER = 32, 8  # at most, and in a pass: all its activations are in memory
FADED = 0.01  # of what it is nearest to the prediction
TOLD = ("symbols", "ms", "at the beginning", "at the end")


class Gradients(NamedTuple):
    """Norms of d loss_t / d state_{t-k}, for k of `distances` in symbols, of an untrained model and of the trained.

    `most` is the factor a symbol by which those of the trained one can grow at most, None where none is known.
    """

    distances: list  # the largest first
    beginning: np.ndarray
    end: np.ndarray
    most: float | None


def distances(stride: int, reach: int) -> list:
    """Return distances in symbols, the largest first, up to `reach`: multiples of `stride` that grow by octaves."""
    found = np.unique(np.round(2 ** (np.arange(64) / FINE)).astype(np.int64)) * stride
    return [int(k) for k in found[found <= max(reach, stride)][::-1]]


def norms(model, x, labels, far: list):
    """Return the norm for each distance of `far` and each stream, (len(far), B), for symbols x (B, T + 1).

    The loss is the cost of the last symbol in nats; T is a multiple of the model's stride and at least far[0].
    """
    length, states = x.shape[1] - 1, []
    state = model.start(labels)
    if length > far[0]:
        with torch.no_grad():
            _, state = model(x[:, : length - far[0]], state)
    for begin, end in zip(far, [*far[1:], 0], strict=True):
        state = tree_map(followed, state)
        states.append([leaf for leaf in tree_leaves(state) if leaf.requires_grad])
        logits, state = model(x[:, length - begin : length - end], state)
    loss = cross_entropy(logits[:, -1:], x[:, -1:])
    found = iter(torch.autograd.grad(loss, [leaf for leaves in states for leaf in leaves], allow_unused=True))
    squares = [[next(found) for _ in leaves] for leaves in states]
    none = torch.zeros(len(x))
    return torch.stack(
        [sum((none if g is None else g.flatten(1).square().sum(1) for g in one), none) for one in squares]
    ).sqrt()


def followed(leaf):
    """Return a part of a state such that a gradient with respect to it can be asked for, if it is of numbers."""
    return leaf.detach().requires_grad_() if leaf.is_floating_point() and not leaf.requires_grad else leaf


def untrained(trained, seed: int):
    """Return the model that a trained one began as, but for chance."""
    facts = {"control": trained.curves.channels, "hop": trained.curves.hop} if trained.curves else {}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make(trained.header["model"], trained.codec, len(trained.classes), **facts).eval()


def gradients(trained, chosen, reach: int, seed: int, track=unseen) -> Gradients:
    """Return the Gradients at the ends of some Excerpts `chosen`, root mean squares over them. Raises ValueError.

    Those that hold less than `reach` symbols are left out, or where that is all of them they reach less far.
    """
    stride, longest = trained.model.stride, max(len(e.symbols) for e in chosen) - 1
    reach = min(reach, longest // stride * stride)
    if reach < stride:
        raise ValueError(f"no recording is longer than {stride} symbols, the stride of the model; give longer ones")
    far = distances(stride, reach)
    enough = [e for e in chosen if len(e.symbols) > far[0]][:PREDICTIONS]
    x = torch.from_numpy(np.stack([e.symbols[-far[0] - 1 :] for e in enough]))
    labels = torch.tensor([e.label for e in enough])
    models, found = (untrained(trained, seed), trained.model), []
    for number, model in enumerate(models):
        begins = track(
            range(0, len(x), TOGETHER), f"gradients, {('untrained', 'trained')[number]}", -(-len(x) // TOGETHER)
        )
        each = [norms(model, x[at : at + TOGETHER], labels[at : at + TOGETHER], far) for at in begins]
        found.append(torch.cat(each, 1).double().square().mean(1).sqrt().numpy())
    beginning, end = found
    return Gradients(far, beginning, end, steepest(trained.model))


def steepest(model) -> float | None:
    """Return the largest factor by which a step back multiplies a gradient's norm; None but for one layer of Elman's.

    That is the largest singular value of its recurrent matrix times the steepest slope of its activation (Pascanu et
    al. 2013, arXiv 1211.5063, section 2.1).
    """
    (first, *others) = getattr(model, "layers", None) or [None]
    if others or not isinstance(first, Elman):
        return None
    slope = {"tanh": 1.0, "sigmoid": 0.25, "relu": 1.0}[first.activation]
    recurrent: Any = first.weight_hh_l0
    return slope * float(torch.linalg.matrix_norm(recurrent.detach().double(), 2))


def kept(far: list, norms) -> float:
    """Return the factor a symbol by which the norm changes on average, from the nearest distance to the farthest."""
    (k, last), near = next((k, norm) for k, norm in zip(far, norms, strict=True) if norm > 0), norms[-1]
    return (last / near) ** (1 / (k - far[-1])) if k > far[-1] else 0.0


def faded(far: list, norms) -> int | None:
    """Return the least distance from which on the norm is under FADED of the nearest; None where it never is."""
    over = [k for k, norm in zip(far, norms, strict=True) if norm >= FADED * norms[-1]]
    beyond = [k for k in far if k > max(over, default=0)]
    return min(beyond, default=None)
