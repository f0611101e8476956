"""Random forests, fitted by scikit-learn and evaluated here, from their arrays; held to scikit-learn's by a test.

The trees lie one after the other: `sizes` (trees,) of nodes each; for each node its children `left` and `right`,
numbered within the tree, -1 at a leaf; the `feature` and the `threshold` it asks about, left if not above; and the
`shares` (nodes, K) of the classes there.
"""

import numpy as np

from gen.base.terminal import unseen
from gen.naming.looks import View
from gen.naming.method import Scale, Shown, taken
from gen.naming.svm import Pooled


class Forest(Pooled):
    """A random forest over features in parts of a recording's length: Breiman 2001."""

    def __init__(
        self,
        classes: int,
        *,
        features: list[str],
        columns: str | None,
        parts: int,
        centered: bool,
        trim: float,
        speeds: list[float],
        trees: int,
    ):
        super().__init__(classes, View(features, columns, centered, trim, speeds), parts)
        if not 0 < trees <= 10_000:
            raise ValueError(f"classifier.trees={trees}: this is 1 to 10,000")
        self.trees = trees
        self.learned: dict

    def fit(self, train: Shown, valid: Shown, balance: str, seed: int, track=unseen):
        from gen.naming import fitting

        rows, labels, weights = self.shown(train, balance, seed)
        self.learned = fitting.tree_arrays(fitting.forest(rows, labels, weights, self.trees, seed))

    def probabilities(self, looks):
        a, rows = self.learned, self.rows(looks)
        first = np.cumsum(a["sizes"]) - a["sizes"]
        at = np.tile(first, (len(rows), 1))  # of each row, the node it has come to in each tree
        which = np.arange(len(rows))[:, None]
        while (inner := a["left"][at] >= 0).any():
            low = rows[which, a["feature"][at] * inner] <= a["threshold"][at]
            at = np.where(inner, first + np.where(low, a["left"][at], a["right"][at]), at)
        return a["shares"][at].mean(1)

    def arrays(self) -> dict:
        return {**self.scale.arrays(), **self.learned}

    def restore(self, arrays: dict):
        self.scale = Scale.restored(arrays)
        sizes = taken(arrays, "sizes", (self.trees,), integers=True)
        threshold = taken(arrays, "threshold", (None,))
        nodes = len(threshold)
        if (sizes < 1).any() or (sizes > nodes).any() or sizes.sum() != nodes:
            raise ValueError("its sizes are not of its nodes")
        left, right, feature = (taken(arrays, k, (nodes,), integers=True) for k in ("left", "right", "feature"))
        own = np.arange(nodes) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # a node's number in its tree
        size = np.repeat(sizes, sizes)
        leaf, inner = (left == -1) & (right == -1), (left > own) & (right > own) & (left < size) & (right < size)
        if not (leaf | inner).all():  # a child lies behind its parent, so that each way down ends
            raise ValueError("its trees have nodes whose children aren't nodes behind them")
        if not ((feature >= 0) & (feature < len(self.scale.mean)) | leaf).all():
            raise ValueError("its trees ask about features that there aren't")
        shares = taken(arrays, "shares", (nodes, self.classes))
        if not (np.abs(shares.sum(1) - 1) < 1e-6).all() or (shares < 0).any():
            raise ValueError("its shares don't sum to 1")
        self.learned = {
            "sizes": sizes,
            "left": left,
            "right": right,
            "feature": feature,
            "threshold": threshold,
            "shares": shares,
        }
