"""A classifier trained: examples looked at once, changed copies beside them, a method fitted to what was seen."""

from typing import NamedTuple

import numpy as np

from gen.base.build import build
from gen.base.terminal import unseen
from gen.naming.augment import changed
from gen.naming.classifier import Classifier
from gen.naming.looks import padded
from gen.naming.method import BALANCES, Method, Shown

LONGEST = 10.0  # seconds heard at once unless told otherwise


class Examples(NamedTuple):
    """N recordings that are named already: `waves` (T,) each, or functions that return one, `labels` by number.

    `names` are those of the K classes, `rate` is in Hz.
    """

    waves: list
    labels: list
    names: tuple
    rate: int


class Seen(NamedTuple):
    """What a method sees of N examples, their own `looks` and those of changed copies of each, and their `labels`."""

    looks: list
    copies: list
    labels: np.ndarray
    lengths: np.ndarray  # seconds

    def of(self, rows) -> "Seen":
        """Return the examples of some rows."""
        rows = list(rows)
        looks, copies = [self.looks[i] for i in rows], [self.copies[i] for i in rows]
        return Seen(looks, copies, self.labels[rows], self.lengths[rows])

    def shown(self) -> Shown:
        """Return all looks, copies behind the examples, with their labels."""
        labels = [
            self.labels,
            *(np.repeat(label, len(some)) for label, some in zip(self.labels, self.copies, strict=True)),
        ]
        return Shown(self.looks + [look for some in self.copies for look in some], np.concatenate(labels))


def train(
    node: dict,
    train: Examples,
    valid: Examples | None = None,
    *,
    balance: str = "none",
    augment: int = 0,
    seed: int = 0,
    seconds: float = LONGEST,
    track=unseen,
) -> Classifier:
    """Return a classifier of a config node (see conf/classifier) trained on examples, the best for those of `valid`.

    `augment` is the number of changed copies of each; `balance` is one of BALANCES. Raises ValueError.
    """
    method = make(node, len(train.names), balance, augment)
    seen = look(method, train, augment, seed, track)
    held = look(method, valid, 0, seed, track) if valid else seen.of([])
    return fitted(method, node, train, seen, held, balance, seed, seconds, track)


def make(node: dict, classes: int, balance: str, augment: int) -> Method:
    """Return the method of a config node for so many classes. Raises ValueError for a setting out of range."""
    if balance not in BALANCES:
        raise ValueError(f"balance={balance}: there are {', '.join(BALANCES)}")
    if not 0 <= augment <= 1000:
        raise ValueError(f"augment={augment}: this is how many changed copies are made of each recording, 0 to 1,000")
    return build(node, "classifier", Method, classes=classes)


def look(method: Method, examples: Examples, augment: int, seed: int, track=unseen) -> Seen:
    """Return what a method sees of examples and of `augment` changed copies of each, the same for the same seed."""
    looks, copies, lengths = [], [], []
    for number, example in enumerate(track(examples.waves, "listening", len(examples.waves))):
        wave = example() if callable(example) else example
        random = np.random.default_rng([seed, number])
        waves = [wave, *(changed(wave, examples.rate, random) for _ in range(augment))]
        first, *others = [method.look(padded(each, examples.rate), examples.rate) for each in waves]
        looks.append(first)
        copies.append(others)
        lengths.append(len(wave) / examples.rate)
    return Seen(looks, copies, np.array(examples.labels, np.int64), np.array(lengths))


def fitted(method, node, told: Examples, seen: Seen, held: Seen, balance, seed, seconds, track=unseen) -> Classifier:
    """Return the classifier that a method is once it is fitted to what it has `seen`; `told` names classes and rate.

    Raises ValueError where a class has no example.
    """
    counts = np.bincount(seen.labels, minlength=len(told.names))
    if len(told.names) < 2:
        raise ValueError(
            f"{told.names[0] if told.names else 'nothing'}: is the one class; a classifier tells two apart"
        )
    if not counts.all():
        raise ValueError(f"{told.names[int(counts.argmin())]}: has no recording to train on; give some")
    method.fit(seen.shown(), held.shown(), balance, seed, track)
    return Classifier(method, node, told.names, told.rate, seconds, float(np.median(seen.lengths)))
