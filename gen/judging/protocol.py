"""How runs and folders of takes are judged, one after the other, those of the same recordings by the same."""

import dataclasses
import json
import math

from gen.base.terminal import unseen
from gen.judging import takes as sources
from gen.judging.judge import judge, write
from gen.judging.reference import FEWEST, Reference
from gen.judging.verdict import sentence
from gen.run.folder import is_run

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


def judged(paths, recordings: list, nodes: dict, protocol: Protocol, settings: dict, labels, say, track=unseen):
    """Yield for each path what it was judged by, as text, and the result, which is written beside it as `judge.json`.

    `recordings` says for each where its recordings are (see `takes.recordings_of`); `settings` are those of sampling,
    `labels` those of the files in a folder of takes. Raises ValueError.
    """
    references: dict[str, Reference] = {}
    for path, data in zip(paths, recordings, strict=True):
        key = json.dumps(data, sort_keys=True)
        if key not in references:
            references[key] = Reference(data, nodes, protocol, say, track)
            for note in references[key].notes:
                say(note)
        result = of_path(path, references[key], data, protocol, settings, labels, say, track)
        write(path, result)
        yield key, result


def of_path(path, reference, data: dict, protocol: Protocol, settings: dict, labels, say, track) -> dict:
    """Return what is judged of a run, or of a folder of takes, and how."""
    if is_run(path):
        seconds = max(reference.seconds, protocol.long)
        made = sources.sampled(path, reference.rate, protocol.count, seconds, settings, track)
    else:
        pattern = labels or data["labels"]
        made = sources.read(path, reference.rate, pattern, reference.names, labels is not None)
        if reference.names and made.labels is None:
            say(f"{path}: the names of the files tell no labels; labels= says how they do")
    numbers = None
    if made.labels is not None and reference.names:
        numbers = [sources.number(path, label, reference.names) for label in made.labels]
    figures = judge(path, reference, made.waves, numbers, protocol.seed, track)
    told = {"part": reference.part, "recordings": len(reference.real.waves), "seconds": reference.seconds}
    told |= {"rate": reference.rate, "long": protocol.long, "takes": len(made.waves)}
    how = settings if is_run(path) else None
    return {"sentence": sentence(figures, len(made.waves)), **told, "sampled": how, "figures": figures}
