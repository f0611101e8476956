"""What is compared, of takes and of recordings."""

import dataclasses
import math

from gen.judging.takes import FEWEST

MOST = 10_000  # takes
PARTS = ("test", "valid")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """What is compared: with which `part` of the recordings, how many takes, and how much of each.

    `seconds` of a take are compared (None: as many as recordings have), `long` seconds are heard for what breaks out
    (0: none); all chance is of the `seed`.
    """

    part: str
    count: int
    seconds: float | None
    long: float
    seed: int

    def check(self):
        """Raise ValueError for a number that is out of range."""
        if self.part not in PARTS:
            raise ValueError(f"part={self.part}: there are {' and '.join(PARTS)}")
        if not FEWEST <= self.count <= MOST:
            raise ValueError(
                f"count={self.count}: {FEWEST} takes are needed for an estimate, and {MOST:,} are the most"
            )
        if self.seconds is not None and not 0.05 <= self.seconds <= 60:
            raise ValueError(f"seconds={self.seconds:g}: takes of 0.05 to 60 s are compared")
        if not (self.long == 0 or 1 <= self.long < math.inf):
            raise ValueError(f"long={self.long:g}: what breaks out is heard in takes of 1 s or more; 0 leaves it out")
