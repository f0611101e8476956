"""What a model is: a distribution over the next audio symbol, given those before it.

Legend for this folder: B streams, T symbols, L levels, H hidden units.
"""

import torch
from torch import nn

from gen.models.told import Told


class Model(nn.Module):
    """A distribution over audio symbols, each given those before it.

    x[:, t] is the symbol before target t; a model that needs a longer past keeps it in its state. The state is a plain
    tree (dicts, lists, tuples) of tensors whose first dimension is B, goes in and comes out, and holds the label.
    What a model is told as it goes, if it was built to be, is its `control`: frames of numbers, one for every `stride`
    symbols (see `gen.models.told`); None where nothing is told, or the model takes none.

    Laws, held by `tests/models/test_laws.py`: `step` equals `forward`; chunks equal the whole; no logit sees its own
    target; permuting streams permutes outputs; a reset stream equals a fresh one; every parameter gets a gradient; a
    frame of control is heard from its first symbol on and not before; a model that takes none ignores it.
    """

    stride: int = 1  # forward takes T in multiples of this
    digits: int = 1  # symbols of an audio sample, as its codec has
    out: nn.Module
    told: Told | None  # what hears the control, if it takes any

    def start(self, labels):
        """Return the state before the first symbol of streams with `labels` (B,) int64."""
        raise NotImplementedError

    def forward(self, x, state, control=None):
        """Return logits (B, T, L) and the state after x (B, T) int64, told `control` (B, T / stride, C).

        Raises ValueError for T off the stride, or control of another length.
        """
        raise NotImplementedError

    def step(self, x, state, control=None):
        """Return logits (B, L) and the state after one symbol x (B,) int64, told the frame `control` (B, C)."""
        raise NotImplementedError

    def hear(self, control: int, hop: int, sizes: list):
        """Have the model hear frames of `control` channels (0: none) in parts of `sizes`; its stride is then a frame.

        That is its own stride, doubled as often as a frame has at most `hop` symbols.
        """
        self.told = None
        if control:
            while 2 * self.stride <= hop:
                self.stride *= 2
            self.told = Told(control, self.stride, sizes)

    def heads(self) -> list:
        """Return the layers that make logits."""
        return [self.out]

    def check_length(self, x, control=None):
        """Raise ValueError unless x (B, T) has a positive T in multiples of the stride, and `control` its length."""
        if x.ndim != 2 or x.shape[1] == 0 or x.shape[1] % self.stride:
            raise ValueError(f"x {tuple(x.shape)}: {type(self).__name__} takes (B, T), T a multiple of {self.stride}")
        if self.told and control is not None and control.shape[1] * self.stride != x.shape[1]:
            raise ValueError(f"control {tuple(control.shape)}: x {tuple(x.shape)} is told a frame for {self.stride}")


class Label(nn.Module):
    """A learned vector for each class, to be added to what a model's first layer sees; zero without classes."""

    def __init__(self, classes: int, size: int):
        super().__init__()
        self.table = nn.Embedding(classes, size) if classes else None
        if self.table:
            nn.init.normal_(self.table.weight, std=0.5)

    def forward(self, labels, like):
        """Return the vectors (B, size) of `labels` (B,); without classes one zero, of the type and device of `like`."""
        return self.table(labels) if self.table else like.new_zeros(1, 1)


def tree_map(function, tree, *others):
    """Return the tree whose leaves are `function(leaf, *leaves of others)`; all trees have one structure."""
    if isinstance(tree, torch.Tensor):
        return function(tree, *others)
    if isinstance(tree, dict):
        return {k: tree_map(function, v, *(o[k] for o in others)) for k, v in tree.items()}
    return type(tree)(tree_map(function, *leaves) for leaves in zip(tree, *others, strict=True))


def tree_leaves(tree):
    """Return the tensors of a state in a fixed order."""
    if isinstance(tree, torch.Tensor):
        return [tree]
    return [leaf for part in (tree.values() if isinstance(tree, dict) else tree) for leaf in tree_leaves(part)]


def reset(model, state, rows, labels):
    """Return the state with the streams where `rows` (B,) is true begun afresh with `labels` (B,)."""

    def choose(fresh, carried):
        return torch.where(rows.view(-1, *[1] * (carried.ndim - 1)), fresh.to(carried.dtype), carried)

    return tree_map(choose, model.start(labels), state)


def detach(state):
    """Return the state cut from the graph that made it: where back-propagation through time is truncated."""
    return tree_map(torch.Tensor.detach, state)
