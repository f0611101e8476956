"""Methods that see one row of numbers of each recording, of whatever length that is."""

import numpy as np

from gen.naming.looks import View
from gen.naming.method import Method, Scale, Shown, evenly, weights_of


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
