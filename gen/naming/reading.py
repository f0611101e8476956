"""Files read to be named: what each is, what can't be told of some and why; tables of it as CSV and for Audacity."""

import csv
import io
from pathlib import Path
from typing import Any, NamedTuple

from gen.base import files
from gen.base.streams import plain
from gen.base.terminal import unseen
from gen.corpus.corpus import more
from gen.corpus.names import find_audio
from gen.naming.classifier import Classifier, Named, unheard
from gen.sound import audio

TOGETHER = 64  # files named at a time
LONG = 4  # times the usual length: what is longer than that and than what is heard at once is no such recording


class Heard(NamedTuple):
    """A file and its wave (T,) at a classifier's rate; where there is nothing to name a line that says why instead."""

    path: Path
    wave: Any
    fault: str
    rate: int  # Hz, as recorded


def find(paths) -> list:
    """Return the audio files that paths are or hold, each once. Raises ValueError."""
    found = [folder / name for folder, names in map(find_audio, paths) for name in names]
    return list(dict.fromkeys(found))


def read(path: Path, rate: int) -> Heard:
    """Return what is to be heard in a file, its wave resampled to `rate`."""
    try:
        native = audio.native_rate(path)
        wave = audio.read(path, rate)
    except ValueError as error:
        return Heard(path, None, str(error), 0)
    fault = unheard(wave, rate)
    return Heard(path, wave, f"{path}: {fault}" if fault else "", native)


def name(classifier: Classifier, paths: list, track=unseen) -> tuple:
    """Return the Named of each file that can be named, by its path, and notes for the person on all else.

    Raises ValueError where none can.
    """
    found: dict[Path, Named] = {}
    notes, other, long = [], [], []
    waiting: list[Heard] = []

    def settle():
        for heard, sure in zip(waiting, classifier.probabilities([h.wave for h in waiting]), strict=True):
            found[heard.path] = classifier.named(sure)
        waiting.clear()

    for path in track(paths, "naming", len(paths)):
        heard = read(path, classifier.rate)
        if heard.fault:
            notes.append(heard.fault)
            continue
        other += [path] * (heard.rate != classifier.rate)
        long += [path] * (len(heard.wave) > LONG * max(classifier.usual, classifier.seconds) * classifier.rate)
        waiting.append(heard)
        if len(waiting) == TOGETHER:
            settle()
    if waiting:
        settle()
    if not found:
        raise ValueError(notes[0] + more(notes))
    return found, [*notes, *remarks(classifier, other, long)]


def remarks(classifier: Classifier, other: list, long: list) -> list:
    """Return what a person should know of files at other rates, and of those much longer than what was trained on."""
    out = []
    if other:
        rate = f"the {classifier.rate} Hz that this classifier was trained at"
        out.append(f"{other[0]}: is at another rate{more(other)}; resampled to {rate}")
    if long:
        out.append(
            f"{long[0]}: is far longer than what was trained on{more(long)}; "
            f"seconds={classifier.usual:.2g} spots the words in it"
        )
    return out


def as_csv(columns, rows) -> bytes:
    """Return a table as CSV (RFC 4180), which spreadsheets and pandas open; what can't be shown is a ?."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode(errors="replace")


def as_labels(words) -> bytes:
    """Return Words as Audacity's label file: start, stop and label, with tabs between, a line each."""
    return "".join(f"{w.start:.6f}\t{w.stop:.6f}\t{plain(w.label)}\n" for w in words).encode(errors="replace")


def write(path, data: bytes):
    """Write a table to a file. Raises ValueError where it can't be, or where audio would be written over."""
    if Path(path).suffix.lower() in audio.READABLE | audio.FOREIGN:
        raise ValueError(f"out={path}: is the name of a recording; give a .csv")
    files.write(path, data)
