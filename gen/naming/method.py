"""What a method of naming is: what it looks at in a recording, how it is fitted, and how sure it is of each class.

Legend for this folder: N recordings, K classes, T samples, n frames, C features of a frame, D numbers of a recording.
"""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.naming.looks import View

BALANCES = ("none", "weights", "sampling")


class Shown(NamedTuple):
    """What a method is fitted to: `looks` of N recordings, and the class (N,) int64 of each."""

    looks: list
    labels: np.ndarray


class Scale(NamedTuple):
    """The mean and the deviation (C,) of features over what was trained on; `of` what is measured by them."""

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fitted(cls, looks) -> "Scale":
        """Return the Scale of looks, (n, C) or (C,) each."""
        rows = np.concatenate([np.atleast_2d(look) for look in looks])
        deviation = rows.std(0, dtype=np.float64)
        return cls(rows.mean(0, dtype=np.float64), np.where(deviation > 1e-9, deviation, 1.0))

    def of(self, look):
        """Return a look, less the mean and over the deviation, in float32; raise ValueError for other features."""
        if look.shape[-1] != len(self.mean):
            seen, learned = look.shape[-1], len(self.mean)
            raise ValueError(
                f"the classifier learned from {learned} features, and now there are {seen}; train it again"
            )
        return ((look - self.mean) / self.deviation).astype(np.float32)

    def arrays(self) -> dict:
        """Return it as arrays by name."""
        return {"scale.mean": self.mean, "scale.deviation": self.deviation}

    @classmethod
    def restored(cls, arrays: dict) -> "Scale":
        """Return the Scale in arrays that a file held. Raises ValueError."""
        mean, deviation = taken(arrays, "scale.mean", (None,)), taken(arrays, "scale.deviation", (None,))
        if len(mean) != len(deviation) or not len(mean) or not (deviation > 0).all():
            raise ValueError("its scale isn't a mean and a deviation over 0 of each feature")
        return cls(mean, deviation)


class Method:
    """A way to tell K classes apart. Its settings are its constructor's arguments, as in conf/classifier."""

    view: View

    def look(self, wave, rate: int):
        """Return what it sees of a wave (T,) at `rate` Hz: frames (n, C), or (D,) of the whole, float32."""
        raise NotImplementedError

    def fit(self, train: Shown, valid: Shown, balance: str, seed: int, track=unseen):
        """Fit it to what is in `train`; where there is a choice, the best for `valid`, which may be empty, is kept.

        `balance` is one of BALANCES: each recording counts the same, or each class does by weights on its recordings,
        or by drawing as often from it as from any other.
        """
        raise NotImplementedError

    def probabilities(self, looks):
        """Return how sure it is of each class, float64 (N, K), whose rows sum to 1."""
        raise NotImplementedError

    def embed(self, looks):
        """Return where it sees recordings, float32 (N, D): a space in which alike is near."""
        raise NotImplementedError

    def arrays(self) -> dict:
        """Return what it has learned as numpy arrays by name."""
        raise NotImplementedError

    def restore(self, arrays: dict):
        """Put back what `arrays` returned; raise ValueError unless they are what this method could have learned."""
        raise NotImplementedError


def taken(arrays: dict, name: str, shape: tuple, integers: bool = False):
    """Return the array of that name, which is of finite floats or of `integers`, and of a `shape`; None is any side.

    Raises ValueError.
    """
    array = arrays.get(name)
    given = () if array is None else array.shape
    wanted = [own if side is None else side for side, own in zip(shape, given, strict=False)]
    if array is None or len(given) != len(shape) or list(given) != wanted:
        told = ", ".join("any" if side is None else str(side) for side in shape)
        raise ValueError(f"its {name} is not of shape ({told})")
    if array.dtype.kind != ("i" if integers else "f") or not np.isfinite(array).all():
        raise ValueError(f"its {name} holds what is no {'whole' if integers else 'finite'} number")
    return array


def weights_of(labels, classes: int):
    """Return a weight (N,) for each recording, so that each class that is there weighs as much; their mean is 1."""
    counts = np.bincount(labels, minlength=classes)
    return (len(labels) / np.count_nonzero(counts) / np.maximum(counts, 1))[labels]


def evenly(labels, random):
    """Return rows, shuffled, in which each class is drawn as often as the most frequent one, all of its rows alike."""
    rows = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    most = max(map(len, rows))
    drawn = [np.concatenate([random.permutation(each) for _ in range(-(-most // len(each)))])[:most] for each in rows]
    return random.permutation(np.concatenate(drawn))
