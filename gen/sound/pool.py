"""Frames of features, and the means and deviations of their columns, which may come block by block."""

from typing import NamedTuple

import numpy as np


class Frames(NamedTuple):
    """What was measured of a wave: `values` (n, C) float32 at `times` (n,) seconds, a column each of `names` (C)."""

    names: tuple
    times: np.ndarray
    values: np.ndarray


class Pool:
    """The mean and the standard deviation of each of some columns, over the rows given so far; NaN is left out.

    Blocks are merged as Chan, Golub and LeVeque (1979) do it, so that the result hardly depends on where they end.
    """

    def __init__(self, names):
        self.names = tuple(names)
        self.count, self.mean, self.squares = np.zeros((3, len(self.names)))

    def add(self, values):
        """Add rows (n, C)."""
        there = ~np.isnan(values)
        count = there.sum(0)
        of_one = np.maximum(count, 1)
        mean = np.where(there, values, 0).sum(0, dtype=np.float64) / of_one
        squares = (np.where(there, values - mean, 0) ** 2).sum(0)
        total = np.maximum(self.count + count, 1)
        apart = np.where(count > 0, mean - self.mean, 0)
        self.squares += squares + apart**2 * self.count * count / total
        self.mean += apart * count / total
        self.count += count

    def result(self) -> tuple:
        """Return the names (2 C) `x_mean` and `x_deviation` of each column x, and their values (2 C) float32.

        They are NaN for a column that held nothing else.
        """
        names = [f"{name}_{what}" for name in self.names for what in ("mean", "deviation")]
        told = np.stack([self.mean, np.sqrt(self.squares / np.maximum(self.count, 1))], -1)
        return tuple(names), np.where(self.count[:, None] > 0, told, np.nan).astype(np.float32).ravel()


def pooled(frames: Frames) -> tuple:
    """Return the mean and deviation of each column of frames, NaN left out: names (2 C), and values (2 C) float32."""
    pool = Pool(frames.names)
    pool.add(frames.values)
    return pool.result()
