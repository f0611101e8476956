"""How good a classifier is, by its confusion matrix (K, K): a row for what recordings are, a column for each name."""

from typing import NamedTuple

import numpy as np

Z = 1.96  # of a 95 % interval


class Figures(NamedTuple):
    """What a confusion matrix says: shares of 1; the class that is worst recognised, and how much of it is."""

    accuracy: float
    low: float  # of the accuracy's 95 % interval
    high: float
    macro_f1: float
    worst: int
    worst_recall: float


def confusion(labels, named, classes: int):
    """Return how many recordings of each class were given each name, int64 (K, K)."""
    cells = np.asarray(labels, np.int64) * classes + np.asarray(named, np.int64)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def figures(matrix) -> Figures:
    """Return the Figures of a confusion matrix; classes without recordings count for none of them."""
    matrix = np.asarray(matrix)
    right, there = matrix.trace(), matrix.sum()
    counts = matrix.sum(1)
    recalls = np.where(counts > 0, np.diag(matrix) / np.maximum(counts, 1), np.inf)
    worst = int(recalls.argmin())
    low, high = interval(right, there)
    return Figures(float(right / there), low, high, macro_f1(matrix), worst, float(recalls[worst]))


def macro_f1(matrix) -> float:
    """Return the mean F1 over the classes that have recordings or are named: 2 TP / (2 TP + FP + FN) of each."""
    matrix = np.asarray(matrix)
    both = matrix.sum(0) + matrix.sum(1)
    return float(np.mean(2 * np.diag(matrix)[both > 0] / both[both > 0]))


def interval(right: int, there: int) -> tuple:
    """Return the 95 % interval of a share, `right` of all that are `there`: Wilson 1927."""
    share, wide = right / there, 1 + Z**2 / there
    half = Z * np.sqrt(share * (1 - share) / there + Z**2 / (4 * there**2))
    middle = share + Z**2 / (2 * there)
    return float(max(0.0, (middle - half) / wide)), float(min(1.0, (middle + half) / wide))
