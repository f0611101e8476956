"""A timeline: what each setting of a session was from which sample on, and how a take's address tells of it.

A setting holds from a multiple of ALIGN samples on until it is changed. An address has the settings at the beginning as
that of any take, and beside them for each key its changes: how many times ALIGN samples after the one before, and the
new value.
"""

from bisect import bisect_right
from itertools import pairwise
from operator import itemgetter
from typing import Any

from gen.base.schema import Each, Number
from gen.sampling.settings import LONGEST_HOURS, STRONGEST, Settings
from gen.sound.codec import ALIGN

KEYS = ("seed", "temperature", "top_p", "label", "guidance", "pitch", "loudness")  # of Settings, that may change
MOST = 4000  # changes of a setting that are remembered
LATEST = LONGEST_HOURS * 3600 * 768_000  # samples
LABEL = (None, str, Each(Number(float, 0, 1)))  # a label, or the share of each in a mix
VALUES: dict[str, Any] = {
    "seed": Number(int, 0, 2**64 - 1),
    "temperature": Number(float, 0, 1000),
    "top_p": Number(float, 0, 1),
    "label": LABEL,
    "guidance": Number(float, 0, STRONGEST),
    "pitch": (None, str),
    "loudness": (None, Number(float, -1e3, 1e3)),
}
CHANGES = {f"{key}?": [[Number(int, 0, LATEST), rule]] for key, rule in VALUES.items()}
RULE = {"begin": Number(int, 0, LATEST), "changes": CHANGES}  # of what an address tells of a session
WHEN, VALUE = itemgetter(0), itemgetter(1)


class Timeline:
    """The settings of a session: by key, (sample, value) in their order, the first from sample 0 on.

    Of a setting that was changed too often the oldest changes are forgotten, and it is no longer `whole`.
    """

    def __init__(self, **first):
        usual = Settings()
        self.columns = {key: [(0, first.get(key, getattr(usual, key)))] for key in KEYS}
        self.whole = True

    @classmethod
    def read(cls, first: dict, changes: dict):
        """Return that of an address, whose settings at the beginning are `first`; both were checked."""
        made = cls(**first)
        for key, column in changes.items():
            at = 0
            for later, value in column:
                at += later * ALIGN
                made.columns[key].append((at, value))
        return made

    def told(self) -> tuple:
        """Return what an address tells of it: the settings at the beginning, and the changes."""
        first = {key: VALUE(column[0]) for key, column in self.columns.items()}
        changes = {}
        for key, column in self.columns.items():
            times = [WHEN(each) // ALIGN for each in column]
            later = [b - a for a, b in pairwise(times)]
            if later:
                changes[key] = [[n, VALUE(each)] for n, each in zip(later, column[1:], strict=True)]
        return first, changes

    def put(self, at: int, key: str, value):
        """Have a setting be `value` from sample `at` on, which is no earlier than its last change."""
        column = self.columns[key]
        if value == VALUE(column[-1]):
            return
        if WHEN(column[-1]) == at:
            column.pop()
        if not column or value != VALUE(column[-1]):
            column.append((at, value))
        if len(column) > MOST:
            del column[: MOST // 2]
            self.whole = False

    def cut(self, at: int):
        """Forget what is changed after sample `at`."""
        for key, column in self.columns.items():
            self.columns[key] = column[: max(1, bisect_right(column, at, key=WHEN))]

    def since(self, key: str, at: int) -> tuple:
        """Return from which sample on a setting is what it is at sample `at`, and its value."""
        column = self.columns[key]
        return column[max(1, bisect_right(column, at, key=WHEN)) - 1]

    def at(self, at: int) -> dict:
        """Return the settings at sample `at`."""
        return {key: VALUE(self.since(key, at)) for key in KEYS}

    def until(self, at: int) -> float:
        """Return the first sample after `at` at which anything changes, or infinity."""
        later = (column[bisect_right(column, at, key=WHEN) :][:1] for column in self.columns.values())
        return min((WHEN(each) for some in later for each in some), default=float("inf"))
