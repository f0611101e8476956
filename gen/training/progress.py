"""How far a training has come, and how far it is to go."""

import dataclasses
import math
from typing import NamedTuple

from gen.training.verdict import Validation, best, tired


@dataclasses.dataclass
class Progress:
    """All that a training needs besides tensors to go on: `resume.safetensors` keeps it as it is.

    It has taken `step` steps over `seen` recorded samples in `spent` seconds. `nats` and `targets`, recorded ones, came
    since the last line of the log that has bits, and so did `gradients`: the sum of the norms of so many steps'
    gradients, and how many of them were clipped. `since` are nats and targets since the last validation. `position` is
    that of the windows when it was saved.
    """

    step: int = 0
    spent: float = 0.0
    seen: int = 0
    nats: float = 0.0
    targets: int = 0
    gradients: list = dataclasses.field(default_factory=lambda: [0.0, 0, 0])  # missing in runs of before
    since: list = dataclasses.field(default_factory=lambda: [0.0, 0])
    history: list = dataclasses.field(default_factory=list)
    position: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, book: dict):
        """Return the Progress that a file has kept."""
        kept = {field.name: book[field.name] for field in dataclasses.fields(cls) if field.name in book}
        return cls(**kept | {"history": [Validation(*each) for each in kept["history"]]})

    def book(self) -> dict:
        """Return it as plain types, for a file."""
        return dict(vars(self))

    def add(self, nats: float, norm: float, targets: int, digits: int, clip: float):
        """Count a step of `targets` recorded symbols, `digits` of them a sample.

        Its gradient was as long as `norm`, and clipped to `clip`. Raises ValueError where the loss or the gradient is
        no number.
        """
        self.step, self.seen = self.step + 1, self.seen + targets // digits
        self.nats, self.targets = self.nats + nats, self.targets + targets
        total, steps, clipped = self.gradients
        self.gradients = [total + norm, steps + 1, clipped + (norm > clip)]
        for what, value in {"loss": nats, "gradient": norm}.items():
            if not math.isfinite(value):
                kept = "what was saved last is kept"
                raise ValueError(f"step {self.step}: the {what} is no longer a number; {kept}: lower learning_rate")

    def bits(self, digits: int) -> float:
        """Return the bits per sample since the last time, and begin anew."""
        bits = per_sample(self.nats, self.targets, digits)
        self.since = [self.since[0] + self.nats, self.since[1] + self.targets]
        self.nats, self.targets = 0.0, 0
        return bits

    def clipping(self) -> dict:
        """Return the mean norm of gradients before clipping since the last time, and the share clipped; begin anew."""
        total, steps, clipped = self.gradients
        self.gradients = [0.0, 0, 0]
        return {"gradient": total / steps, "clipped": clipped / steps}

    def validated(self, held_out: float | None, harder: float, digits: int):
        """Add a Validation to the history: the bits held out, and how much `harder` that is for linear prediction."""
        nats, targets = self.since
        before = self.history[-1].bits if self.history else 0.0
        bits = per_sample(nats, targets, digits) if targets else before  # all was silence that follows a recording
        self.history.append(Validation(self.step, self.spent, bits, held_out, harder))
        self.since = [0.0, 0]

    @property
    def best_step(self) -> int:
        """The step of the best validation; before the first, the one it is at."""
        return self.history[best(self.history)].step if self.history else self.step


def per_sample(nats: float, targets: int, digits: int) -> float:
    return nats / math.log(2) / (targets / digits)


class Plan(NamedTuple):
    """A training ends after `steps` or `minutes`, or where `patience` validations in a row brought nothing better.

    The learning rate rises to `learning_rate` over `warmup` steps; gradients are clipped to norm `clip`; a validation
    comes every `valid_every` steps.
    """

    steps: int | None
    minutes: float | None
    patience: int | None
    learning_rate: float
    warmup: int
    clip: float
    valid_every: int

    def share(self, progress: Progress) -> float:
        """Return which share of the budget is spent: 1 is all."""
        return progress.step / self.steps if self.steps else progress.spent / 60 / (self.minutes or math.inf)

    def pauses(self, progress: Progress) -> bool:
        """Return whether a validation is due."""
        return progress.step % self.valid_every == 0 or self.share(progress) >= 1

    def over(self, progress: Progress) -> bool:
        """Return whether the training is done."""
        return self.share(progress) >= 1 or tired(progress.history, self.patience)

    def learning_rate_at(self, progress: Progress) -> float:
        """Return the learning rate: linear over the warm-up, then a cosine over the budget down to a twentieth."""
        share = min(1.0, self.share(progress))
        rising = self.learning_rate * min(1.0, (progress.step + 1) / self.warmup)
        return rising * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * share)))
