"""The page of a classifier: its confusion matrix, whose cells play their mistakes, beside other runs."""

from typing import Any, NamedTuple

from gen.base import files
from gen.base.terminal import unseen
from gen.naming.recordings import CODEC, wave_of
from gen.pages.listening import Album
from gen.pages.report import Sound
from gen.pages.template import render

MARK = '<meta name="generator" content="gen classifier">'  # as confusion.html has it
EACH, ALL = 12, 120  # mistakes that a cell plays, and the page
LONGEST = 10  # seconds of each


class Cell(NamedTuple):
    """A cell: how many, their share of the row, whether it is on the diagonal, the list it plays, and all in words."""

    number: int
    share: float
    right: bool
    anchor: str
    said: str


class Row(NamedTuple):
    """A row of the matrix: a label, its Cells, the share named right."""

    name: str
    cells: list
    recall: str


class Mistakes(NamedTuple):
    """The mistakes of a cell to be played: Cards, and how many are left out."""

    anchor: str
    said: str
    cards: list
    left: int


def write(path, title: str, lesson, runs: tuple, folds: tuple | None = None, track=unseen):
    """Write the page of a `gen.naming.lesson.Lesson` to `path`, whole or not at all. Raises ValueError.

    `runs` and `folds` are tables, columns and rows, of classifiers tested on the same and of each fold.
    """
    files.spare(path, MARK)
    files.write(path, page(title, lesson, runs, folds, track).encode(errors="replace"))


def page(title: str, lesson, runs: tuple, folds: tuple | None = None, track=unseen) -> str:
    """Return the page as HTML."""
    classifier, matrix = lesson.classifier, lesson.matrix()
    wrong: dict[tuple, list] = {}
    for each in lesson.tested:
        if each.named != each.segment.label:
            wrong.setdefault((each.segment.label, each.named), []).append(each)
    shown = {place: sorted(some, key=lambda t: -t.probability) for place, some in sorted(wrong.items())}
    room = min(EACH, max(1, ALL // max(1, len(shown))))
    rows = [row_of(matrix, label, classifier.names) for label in range(len(matrix))]
    sounds = {place: [sound(t, classifier) for t in some[:room]] for place, some in shown.items()}
    album = Album([each for some in sounds.values() for each in some])
    mistakes = []
    for (label, named), some in track(sounds.items(), "drawing and encoding", len(sounds)):
        cell = rows[label].cells[named]
        cards = [album.card(each, each.title) for each in some]
        mistakes.append(Mistakes(cell.anchor, cell.said, cards, cell.number - len(some)))
    what = "windows" if any(t.segment.start for t in lesson.tested) else "recordings"
    told: dict[str, Any] = {"title": title, "right": int(matrix.trace()), "tested": int(matrix.sum()), "what": what}
    told |= {"names": classifier.names, "matrix": rows, "runs": runs, "folds": folds, "mistakes": mistakes}
    return render("confusion.html", **told, data={"sounds": album.sounds})


def row_of(matrix, label: int, names) -> Row:
    """Return the Row of a label in a confusion matrix (K, K)."""
    total = int(matrix[label].sum())
    cells = []
    for named, count in enumerate(map(int, matrix[label])):
        said = f"{count} of {total} that are {names[label]}, named {names[named]}"
        anchor = f"cell-{label}-{named}" if count and named != label else ""
        cells.append(Cell(count, count / max(1, total), named == label, anchor, said))
    return Row(names[label], cells, f"{matrix[label, label] / total:.1%}" if total else "")


def sound(tested, classifier) -> Sound:
    """Return what was tested on as a Sound, its title saying how it was named."""
    segment, rate = tested.segment, classifier.rate
    at = f" at {segment.start / CODEC.digits / rate:.1f} s" if segment.start else ""
    title = f"{segment.recording.name}{at}: {classifier.names[tested.named]}, {tested.probability:.0%}"
    return Sound(title, wave_of(segment)[: LONGEST * rate], rate, classifier.names[segment.label])
