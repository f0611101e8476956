"""Several methods asked at once: what one mishears another may not, and their mean is right more often than each."""

import numpy as np

from gen.base.build import build
from gen.base.terminal import unseen
from gen.naming.method import Method, Shown


class Several(Method):
    """Methods that name together: the probability of a class is the mean of theirs."""

    def __init__(self, classes: int, *, members: dict):
        """Build it of `members`, a node each by its name; all of them name at the same speeds."""
        if not members or any(isinstance(node, dict) and node.get("_target_") == TARGET for node in members.values()):
            raise ValueError("classifier.members: these are one or more nodes, none of them several itself")
        self.members: dict[str, Method] = {}
        for name, node in members.items():
            if not isinstance(node, dict):
                raise ValueError(f"classifier.members.{name}={node}: this must be a node, with its _target_")
            self.members[name] = build(node, f"classifier.members.{name}", Method, classes=classes)
        self.view = next(iter(self.members.values())).view
        if any(member.view.speeds != self.view.speeds for member in self.members.values()):
            raise ValueError("classifier.members: they have other speeds; give each the same")

    def look(self, wave, rate: int) -> tuple:
        """Return what each member sees."""
        return tuple(member.look(wave, rate) for member in self.members.values())

    def each(self, looks):
        """Return each member with its part of looks."""
        return [(member, [look[i] for look in looks]) for i, member in enumerate(self.members.values())]

    def fit(self, train: Shown, valid: Shown, balance: str, seed: int, track=unseen):
        held = self.each(valid.looks)
        for (member, looks), (_, others) in zip(self.each(train.looks), held, strict=True):
            member.fit(Shown(looks, train.labels), Shown(others, valid.labels), balance, seed, track)

    def probabilities(self, looks):
        return np.mean([member.probabilities(own) for member, own in self.each(looks)], 0)

    def embed(self, looks):
        return np.concatenate([member.embed(own) for member, own in self.each(looks)], 1)

    def arrays(self) -> dict:
        return {f"{name}.{k}": v for name, member in self.members.items() for k, v in member.arrays().items()}

    def restore(self, arrays: dict):
        for name, member in self.members.items():
            own = {k.removeprefix(f"{name}."): v for k, v in arrays.items() if k.startswith(f"{name}.")}
            try:
                member.restore(own)
            except ValueError as error:
                raise ValueError(f"its member {name[:100]}: {error}") from None


TARGET = f"{Several.__module__}.{Several.__name__}"
