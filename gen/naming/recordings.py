"""A folder of labelled recordings made ready for a classifier: what can be heard of it, its groups, its parts.

Recordings are kept in the encoded cache as 16-bit samples and read from there, a window at a time.
"""

import hashlib
import json
from typing import NamedTuple

from gen.base.terminal import unseen
from gen.corpus import groups as grouping
from gen.corpus.corpus import gather, more, remarks
from gen.corpus.splits import Segment, cut
from gen.naming.classifier import unheard
from gen.naming.training import Examples
from gen.sound import audio
from gen.sound.codec import Linear16

CODEC = Linear16()
BLOCK = 60  # seconds read at a time
PARTS = ("train", "valid", "test")


class Recordings(NamedTuple):
    """Whole recordings as Segments, the group of each or None, class names, their rate in Hz, notes for the person."""

    whole: list
    groups: list
    classes: list
    rate: int
    notes: list


class Side(NamedTuple):
    """Windows, as Segments, to train on, to choose by and to test on; the fold's name; notes for the person."""

    name: str
    train: list
    valid: list
    test: list
    notes: list


def prepare(path: str, *, rate: int, labels: str, groups: str, track=unseen) -> Recordings:
    """Return the recordings in a folder that can be named and learned from. Raises ValueError.

    `labels` is "folder" or a pattern (see `gen.corpus.names.label_of`), `groups` is "none", "folder" or a regular
    expression (see `gen.corpus.groups.group_of`).
    """
    if rate not in audio.RATES:
        raise ValueError(f"data.rate={rate}: a rate is {audio.RATES[0]} to {audio.RATES[-1]} Hz")
    if labels == "none":
        raise ValueError(
            "data.labels=none: a classifier learns labels; give folder, or a pattern such as '(\\d)_*.wav'"
        )
    _, whole, classes, notes = gather(path, CODEC, rate, labels, track)
    told = [grouping.group_of(s.recording.name, groups) for s in whole]
    faults = [fault_of(s, rate) for s in whole]
    notes += [f"skipped {s.recording.name}: {fault}" for s, fault in zip(whole, faults, strict=True) if fault]
    rows = [i for i, fault in enumerate(faults) if not fault]
    if not rows:
        raise ValueError(f"{path}: no recording can be used: {whole[0].recording.name} {faults[0]}{more(faults)}")
    whole, told = [whole[i] for i in rows], [told[i] for i in rows]
    check_labels(whole, classes, path)
    check_groups(whole, told, classes, groups)
    notes += remarks([s.recording for s in whole], rate, True)
    return Recordings(whole, told, classes, rate, notes)


def check_labels(whole: list, classes: list, path):
    """Raise ValueError unless there are two classes or more, and two recordings or more of each."""
    contents: dict[int, dict] = {label: {} for label in range(len(classes))}
    for s in whole:
        contents[s.label].setdefault(s.recording.content, s.recording.name)
    for label, found in contents.items():
        if len(found) < 2:
            what = f"one recording alone, {next(iter(found.values()))}" if found else "no recording that can be used"
            raise ValueError(
                f"{path}: labelled {classes[label]} is {what}, and it takes two, one to train on and one to test with; "
                "record more, or move it away"
            )
    if len(classes) < 2:
        raise ValueError(
            f"{path}: all {len(whole)} recordings are labelled {classes[0]}, and a classifier tells two labels or more "
            "apart; give a folder that has them, or another data.labels="
        )


def check_groups(whole: list, groups: list, classes: list, pattern: str):
    """Raise ValueError where all recordings of a label are in one group, and so on one side."""
    for label, group in grouping.one_sided(whole, groups).items():
        raise ValueError(
            f"data.groups={pattern}: all recordings labelled {classes[label]} are in the group {group}, and so on one "
            "side; give groups that have several labels each, or data.groups=none"
        )


def sides(recorded: Recordings, valid: float | str, test: float | str, folds: int | None, seconds: float) -> list:
    """Return the Sides that are learned from and tested on: one, or with `folds` one for each. Raises ValueError.

    `valid` and `test` are as in `gen.corpus.groups.divide`; with folds each of them is tested on in turn, and `test`
    is not asked. Recordings are cut into windows no longer than `seconds`.
    """
    if folds is None:
        parts = grouping.divide(recorded.whole, recorded.groups, valid, test)
        return [side(recorded, "", parts, f"data.valid={valid}, data.test={test}", seconds)]
    where = grouping.fold(recorded.whole, recorded.groups, folds)
    out = []
    for number in range(folds):
        rows = [i for i, fold in enumerate(where) if fold != number]
        rest, groups = [recorded.whole[i] for i in rows], [recorded.groups[i] for i in rows]
        train, held, _ = grouping.divide(rest, groups, valid, 0.0)
        tested = [s for s, fold in zip(recorded.whole, where, strict=True) if fold == number]
        named = sorted({g for g, fold in zip(recorded.groups, where, strict=True) if fold == number and g})
        name = " ".join(named) or f"fold {number + 1}"
        out.append(side(recorded, name, (train, held, tested), f"folds={folds}, data.valid={valid}", seconds))
    return out


def side(recorded: Recordings, name: str, parts: tuple, told: str, seconds: float) -> Side:
    """Return the Side of parts (train, valid, test); raise ValueError where a class has nothing to train on."""
    there = {s.label for s in parts[0]}
    if missing := sorted(set(range(len(recorded.classes))) - there):
        raise ValueError(f"{told}: hold out every recording labelled {recorded.classes[missing[0]]}; hold out less")
    group = dict(zip((s.recording.name for s in recorded.whole), recorded.groups, strict=True))
    held = [group[s.recording.name] for part in parts for s in part]
    torn = grouping.astride(held, [number for number, part in enumerate(parts) for _ in part])
    notes = []
    if torn:
        notes.append(
            f"{told}: the group {torn[0]}{f' (and {len(torn) - 1} more)' if len(torn) > 1 else ''} is on both sides: "
            "figures tell of new recordings of groups that it knows, and nothing of other groups"
        )
    for what, part in zip(PARTS[1:], parts[1:], strict=True):
        absent = [recorded.classes[label] for label in sorted(there - {s.label for s in part})]
        if part and absent:
            notes.append(f"the part {what} has no recording labelled {', '.join(absent)}")
    train, valid, test = (windows(part, recorded.rate, seconds) for part in parts)
    return Side(name, train, valid, test, notes)


def windows(segments: list, rate: int, seconds: float) -> list:
    """Return Segments cut into equal parts no longer than `seconds`, but for those that are silent."""
    if not 0.05 <= seconds <= 600:
        raise ValueError(f"seconds={seconds}: what is heard at once lasts 0.05 to 600 s")
    made = cut(segments, max(1, round(seconds * rate)) * CODEC.digits)
    if len(made) == len(segments):
        return made
    return [s for s in made if not unheard(wave_of(s), rate)]


def wave_of(s: Segment):
    """Return the wave (T,) of a Segment."""
    return CODEC.decode(s.recording.read(s.start, s.stop))


def fault_of(s: Segment, rate: int) -> str:
    """Return why there is nothing to hear in a whole recording, nothing if there is; no more is read than needed."""
    for block in cut([s], BLOCK * rate * CODEC.digits):
        if not (fault := unheard(wave_of(block), rate)):
            return ""
    return fault


def examples(segments: list, classes, rate: int) -> Examples:
    """Return Segments as Examples whose waves are read when they are asked for."""
    readers = [lambda s=s: wave_of(s) for s in segments]
    return Examples(readers, [s.label for s in segments], tuple(classes), rate)


def counts(recorded: Recordings, made: list) -> tuple:
    """Return columns and rows: how many recordings each label has, and of one Side its windows in each part."""
    columns, rows = ["label", "recordings"], []
    parts = made[0][1:4] if len(made) == 1 else ()
    columns += PARTS[: len(parts)]
    for label, name in enumerate(recorded.classes):
        own = [sum(s.label == label for s in part) for part in (recorded.whole, *parts)]
        rows.append((name, *(f"{count:,}" for count in own)))
    return columns, rows


def notes_of(made: list) -> list:
    """Return the notes of Sides, each once."""
    return list(dict.fromkeys(note for one in made for note in one.notes))


def identity(segments: list, classes: list) -> str:
    """Return a hash of what is tested on: which recordings, which parts of them, named how."""
    told = sorted((s.recording.content, s.start, s.stop, classes[s.label]) for s in segments)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
