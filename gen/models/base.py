"""What a model is: a distribution over the next audio symbol, given those before it.

Legend for this folder: B streams, T symbols, L levels, H hidden units.
"""

import torch
from torch import nn


class Model(nn.Module):
    """A distribution over audio symbols, each given those before it.

    x[:, t] is the symbol before target t; a model that needs a longer past keeps it in its state. The state is a plain
    tree (dicts, lists, tuples) of tensors whose first dimension is B, goes in and comes out, and holds the label.

    Laws, held by `tests/models/test_laws.py`: `step` equals `forward`; chunks equal the whole; no logit sees its own
    target; permuting streams permutes outputs; a reset stream equals a fresh one; every parameter gets a gradient.
    """

    stride: int = 1  # forward takes T in multiples of this
    digits: int = 1  # symbols of an audio sample, as its codec has
    out: nn.Module

    def start(self, labels):
        """Return the state before the first symbol of streams with `labels` (B,) int64."""
        raise NotImplementedError

    def forward(self, x, state):
        """Return logits (B, T, L) and the state after x (B, T) int64; raise ValueError for T off the stride."""
        raise NotImplementedError

    def step(self, x, state):
        """Return logits (B, L) and the state after one symbol x (B,) int64."""
        raise NotImplementedError

    def heads(self) -> list:
        """Return the layers that make logits."""
        return [self.out]

    def check_length(self, x):
        """Raise ValueError unless x (B, T) has a positive T in multiples of the stride."""
        if x.ndim != 2 or x.shape[1] == 0 or x.shape[1] % self.stride:
            raise ValueError(f"x {tuple(x.shape)}: {type(self).__name__} takes (B, T), T a multiple of {self.stride}")


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
