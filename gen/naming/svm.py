"""Support vector machines with a radial basis function, fitted by scikit-learn and evaluated here, from their arrays.

Each two classes have a machine of their own; their votes decide (Chang & Lin 2011, LIBSVM), and a sigmoid of each
class makes a probability of its votes (Platt 1999). `tests/naming/test_svm.py` holds it to scikit-learn's.
"""

from itertools import combinations

import numpy as np

from gen.base.terminal import unseen
from gen.naming.looks import View
from gen.naming.method import Method, Scale, Shown, evenly, taken, weights_of

CHUNK = 1024  # rows whose distances to all vectors are in memory at a time


class Pooled(Method):
    """A method that sees one row of numbers of each recording: statistics of features, or their means in parts."""

    def __init__(self, classes: int, view: View, parts: int):
        view.check()
        if not 0 <= parts <= 1000:
            raise ValueError(f"classifier.parts={parts}: this is 0 (statistics of the whole) to 1,000")
        self.classes, self.view, self.parts = classes, view, parts
        self.scale: Scale

    def look(self, wave, rate: int):
        if self.parts:
            return self.view.parts(wave, rate, self.parts)
        return self.view.statistics(wave, rate)

    def rows(self, looks):
        """Return looks as standardised rows (N, D)."""
        return np.stack([self.scale.of(look) for look in looks])

    def embed(self, looks):
        return self.rows(looks)

    def shown(self, train: Shown, balance: str, seed: int) -> tuple:
        """Set the scale; return the rows to be fitted, their labels, and their weights."""
        self.scale = Scale.fitted(train.looks)
        rows, labels = self.rows(train.looks), train.labels
        if balance == "sampling":
            drawn = evenly(labels, np.random.default_rng(seed))
            rows, labels = rows[drawn], labels[drawn]
        return rows, labels, weights_of(labels, self.classes) if balance == "weights" else None


class SVM(Pooled):
    """A support vector machine: see Cortes & Vapnik 1995."""

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
        C: float,
        gamma: float | str,
    ):
        """Build it: `C` is what a mistake costs, `gamma` is 1 over the kernel's width squared, or scale.

        gamma=scale is 1 over the number of features times their variance, as in scikit-learn.
        """
        super().__init__(classes, View(features, columns, centered, trim, speeds), parts)
        if C <= 0 or not (gamma == "scale" if isinstance(gamma, str) else gamma > 0):
            raise ValueError(f"classifier.C={C}, classifier.gamma={gamma}: both are over 0, or gamma=scale")
        self.C, self.gamma = C, gamma
        self.learned: dict

    def fit(self, train: Shown, valid: Shown, balance: str, seed: int, track=unseen):
        from gen.naming import fitting

        rows, labels, weights = self.shown(train, balance, seed)
        gamma = 1 / (rows.shape[1] * max(float(rows.var()), 1e-9)) if isinstance(self.gamma, str) else self.gamma
        fitted = fitting.support_vectors(rows, labels, weights, self.C, gamma, seed)
        self.learned = fitting.vector_arrays(fitted, gamma)

    def probabilities(self, looks):
        rows = self.rows(looks)
        votes = np.concatenate([self.votes(rows[at : at + CHUNK]) for at in range(0, len(rows), CHUNK)])
        sure = sigmoid(-(self.learned["slopes"] * votes + self.learned["offsets"]))
        if self.classes == 2:
            return np.concatenate([1 - sure, sure], 1)
        total = sure.sum(1, keepdims=True)
        return np.where(total > 0, sure / np.where(total > 0, total, 1), 1 / self.classes)

    def votes(self, rows):
        """Return what speaks for each class (N, K); of two, for the second alone (N, 1).

        A class has a vote for each machine that decides for it, and within a third of one the sum of their decisions.
        """
        a, ends = self.learned, np.cumsum(self.learned["counts"])
        spans = [slice(end - count, end) for end, count in zip(ends, a["counts"], strict=True)]
        near = kernel(rows, a["vectors"], a["gamma"])
        if self.classes == 2:
            return near @ a["coefficients"].T + a["intercepts"]
        votes, sums = np.zeros((2, len(rows), self.classes))
        for (i, j), intercept in zip(combinations(range(self.classes), 2), a["intercepts"], strict=True):
            for_i = near[:, spans[i]] @ a["coefficients"][j - 1, spans[i]]
            decision = for_i + near[:, spans[j]] @ a["coefficients"][i, spans[j]] + intercept
            votes[:, i] += decision >= 0
            votes[:, j] += decision < 0
            sums[:, i] += decision
            sums[:, j] -= decision
        return votes + sums / (3 * (np.abs(sums) + 1))

    def arrays(self) -> dict:
        return {**self.scale.arrays(), **self.learned}

    def restore(self, arrays: dict):
        self.scale = Scale.restored(arrays)
        two = self.classes == 2
        vectors = taken(arrays, "vectors", (None, len(self.scale.mean)))
        counts = taken(arrays, "counts", (self.classes,), integers=True)
        if (counts < 0).any() or counts.sum() != len(vectors):
            raise ValueError("its counts are not of its vectors")
        learned = {
            "vectors": vectors,
            "counts": counts,
            "coefficients": taken(arrays, "coefficients", (self.classes - 1, len(vectors))),
            "intercepts": taken(arrays, "intercepts", (self.classes * (self.classes - 1) // 2,)),
            "gamma": taken(arrays, "gamma", (1,)),
            "slopes": taken(arrays, "slopes", (1 if two else self.classes,)),
            "offsets": taken(arrays, "offsets", (1 if two else self.classes,)),
        }
        if learned["gamma"][0] <= 0:
            raise ValueError("its gamma is not over 0")
        self.learned = learned


def kernel(rows, vectors, gamma):
    """Return exp(-gamma |x - v|^2) for each row x and vector v, float64 (N, V)."""
    rows, vectors = np.asarray(rows, np.float64), np.asarray(vectors, np.float64)
    squares = (rows**2).sum(1)[:, None] + (vectors**2).sum(1) - 2 * rows @ vectors.T
    return np.exp(-gamma * np.maximum(squares, 0))


def sigmoid(x):
    """Return 1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))
