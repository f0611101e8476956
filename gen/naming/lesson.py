"""A run of gen classifier: a method fitted to one part of a folder, chosen by a second, tested once on the third.

With `folds` each fold of the recordings is the tested part in turn, and the classifier kept is fitted to all of them.
"""

import contextlib
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.corpus.splits import Segment
from gen.naming import recordings, training
from gen.naming.classifier import HEADER, Classifier
from gen.naming.figures import confusion, figures
from gen.naming.recordings import Recordings
from gen.run import checkpoint
from gen.run.checkpoint import CLASSIFIER, Otherwise
from gen.run.folder import HOME, MODEL
from gen.run.resume import flat

COLUMNS = ("", "accuracy", "95 % interval", "macro-F1", "worst class", "s to train", "ms to name", "tested on")
FOLD_COLUMNS = ("fold", "accuracy", "macro-F1", "worst class", "tested on")


class Answer(NamedTuple):
    """A recording, or a window of it, that was tested on: a Segment, the class it was named, and how surely."""

    segment: Segment
    named: int
    probability: float


class Lesson(NamedTuple):
    """What came of a run: the classifier, what it was tested on, how long that took, and each fold's matrix by name."""

    classifier: Classifier
    tested: list
    folds: dict
    fit_seconds: float
    name_seconds: float  # for each of what was tested

    def matrix(self):
        """Return the confusion matrix (K, K)."""
        return matrix(self.tested, len(self.classifier.names))


def learn(node, recorded: Recordings, sides: list, balance, augment: int, seed: int, seconds, track=unseen) -> Lesson:
    """Return the Lesson of a method of a config node on the Sides that `recordings.sides` made. Raises ValueError."""
    if len(sides) > 1:
        return learn_in_folds(node, recorded, sides, balance, augment, seed, seconds, track)
    (one,) = sides
    method = training.make(node, len(recorded.classes), balance, augment)
    told = [recordings.examples(part, recorded.classes, recorded.rate) for part in (one.train, one.valid)]
    began = time.monotonic()
    seen = training.look(method, told[0], augment, seed, track)
    held = training.look(method, told[1], 0, seed, track)
    made = training.fitted(method, node, told[0], seen, held, balance, seed, seconds, track)
    fitted = time.monotonic()
    tested = named(made, one.test, track)
    return Lesson(made, tested, {}, fitted - began, (time.monotonic() - fitted) / max(1, len(tested)))


def learn_in_folds(node, recorded, sides: list, balance, augment: int, seed: int, seconds, track=unseen) -> Lesson:
    """Return the Lesson of a method fitted anew for each fold, and at last to all recordings, its last epoch kept."""
    every = sorted({s for one in sides for s in one.test}, key=lambda s: (s.recording.name, s.start))
    row = {s: number for number, s in enumerate(every)}
    told = recordings.examples(every, recorded.classes, recorded.rate)
    began = time.monotonic()
    seen = training.look(training.make(node, len(recorded.classes), balance, augment), told, augment, seed, track)
    looking = time.monotonic() - began
    tested, matrices, naming = [], {}, 0.0
    for one in track(sides, "folds", len(sides)):
        method = training.make(node, len(recorded.classes), balance, augment)
        train, valid = (seen.of([row[s] for s in part]) for part in (one.train, one.valid))
        made = training.fitted(method, node, told, train, valid, balance, seed, seconds)
        began = time.monotonic()
        found = named(made, one.test)
        naming += time.monotonic() - began
        matrices[one.name] = matrix(found, len(recorded.classes))
        tested += found
    began = time.monotonic()
    method = training.make(node, len(recorded.classes), balance, augment)
    made = training.fitted(method, node, told, seen, seen.of([]), balance, seed, seconds, track)
    return Lesson(made, tested, matrices, time.monotonic() - began + looking, naming / len(tested))


def named(classifier: Classifier, segments: list, track=unseen) -> list:
    """Return how a classifier names segments, as Answers."""
    if not segments:
        return []
    waves = recordings.examples(segments, classifier.names, classifier.rate).waves
    sure = classifier.probabilities(waves, track)
    return [Answer(s, int(p.argmax()), float(p.max())) for s, p in zip(segments, sure, strict=True)]


def matrix(tested: list, classes: int):
    """Return the confusion matrix (K, K) of Answers."""
    return confusion([t.segment.label for t in tested], [t.named for t in tested], classes)


def described(lesson: Lesson, recorded: Recordings, settings: dict) -> dict:
    """Return what a classifier's file tells of how it was trained and tested."""
    return {
        "settings": settings,
        "files": len(recorded.whole),
        "fit_seconds": round(lesson.fit_seconds, 2),
        "name_seconds": round(lesson.name_seconds, 6),
        "tested_on": recordings.identity([t.segment for t in lesson.tested], recorded.classes),
        "part": f"{len(lesson.folds)} folds" if lesson.folds else "test",
        "confusion": lesson.matrix().tolist(),
    }


def check_begun(run: Path, node: dict, settings: dict):
    """Raise ValueError if there is a run already that is no classifier, or one with other settings."""
    if not (run / MODEL).exists():
        if run.exists() and any(run.iterdir()):
            raise ValueError(f"{run}: is there already, and no run of gen classifier; give another name=")
        return
    header = checkpoint.read(run / MODEL, HEADER, kind=CLASSIFIER).header
    before = flat({"classifier": header["classifier"], **header["trained"]["settings"]} if "trained" in header else {})
    now = flat({"classifier": node, **settings})
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            raise Otherwise(
                f"{key}={now.get(key)}: {run} was trained with {key}={before.get(key)}; give that, or another name="
            )


def rows(headers: dict) -> list:
    """Return COLUMNS as text for the headers of classifiers by run, the best first; those that were tested."""
    out = []
    for run, header in headers.items():
        told = header.get("trained")
        if told and np.sum(told["confusion"]):
            out.append((figures(told["confusion"]), run, header, told))
    return [
        (
            str(run),
            f"{f.accuracy:.1%}",
            f"{f.low:.1%} to {f.high:.1%}",
            f"{f.macro_f1:.3f}",
            f"{header['classes'][f.worst]}, {f.worst_recall:.1%}",
            f"{told['fit_seconds']:.1f}",
            f"{1000 * told['name_seconds']:.1f}",
            f"{told['part']}, {np.sum(told['confusion']):,.0f}",
        )
        for f, run, header, told in sorted(out, key=lambda item: -item[0].macro_f1)
    ]


def fold_rows(lesson: Lesson) -> list:
    """Return FOLD_COLUMNS as text for the folds of a lesson, with their mean at the end."""
    done = {name: figures(matrix) for name, matrix in lesson.folds.items()}
    names = lesson.classifier.names
    out = [
        (name, f"{f.accuracy:.1%}", f"{f.macro_f1:.3f}", f"{names[f.worst]}, {f.worst_recall:.1%}", f"{matrix.sum():,}")
        for (name, f), matrix in zip(done.items(), lesson.folds.values(), strict=True)
    ]
    mean = [
        f"{np.mean([f.accuracy for f in done.values()]):.1%}",
        f"{np.mean([f.macro_f1 for f in done.values()]):.3f}",
    ]
    worst = min(done, key=lambda name: done[name].accuracy)
    return [*out, ("mean", *mean, "", ""), (f"worst: {worst}", f"{done[worst].accuracy:.1%}", "", "", "")]


def beside(run: Path) -> dict:
    """Return the headers, by run, of `run` and of the other classifiers in runs that were tested on the same."""
    own = header_of(run / MODEL)
    same = own["trained"]["tested_on"]
    found = {run: own}
    for path in sorted(HOME.glob(f"*/{MODEL}")):
        with contextlib.suppress(ValueError):
            if path.parent != run and (header := header_of(path)).get("trained", {}).get("tested_on") == same:
                found[path.parent] = header
    return found


def header_of(path) -> dict:
    """Return the header of a classifier's file. Raises ValueError for any other."""
    return checkpoint.read(path, HEADER, kind=CLASSIFIER).header
