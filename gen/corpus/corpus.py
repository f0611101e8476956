"""A folder of recordings made ready for training: encoded, labelled, in three parts, cut into segments."""

import hashlib
import json
import math
from pathlib import Path
from typing import NamedTuple

from gen.base import files
from gen.base.terminal import unseen
from gen.corpus import cache, tones
from gen.corpus.names import label_of, list_audio
from gen.corpus.splits import Segment, cut, divide
from gen.sound import audio


class Corpus(NamedTuple):
    """A folder made ready: segments of its parts, class names, notes for the person.

    `train` is trained on, `valid` picks the best model, `test` is for `gen evaluate` alone.
    """

    train: list
    valid: list
    test: list
    classes: list
    files: int
    seconds: float
    notes: list
    folder: Path  # where the recordings lie

    @property
    def identity(self) -> list:
        """What a resumed training must find again: how many files, segments and symbols, and a hash of what they are.

        The hash is of each segment's content, bounds and label.
        """
        parts = [[(s.recording.content, s.start, s.stop, s.label) for s in part] for part in self[:3]]
        digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
        return [self.files, len(self.train), sum(s.size for s in self.train), digest]


def prepare(
    path: str | None,
    codec,
    *,
    rate: int,
    labels: str,
    valid: float | str,
    segment: float,
    tail: float,
    test: float | str = 0.0,  # none, as in runs from before there was such a part
    reverse: bool = False,
    lanes: int = 1,
    track=unseen,
) -> Corpus:
    """Return the corpus in `path`, a folder or one file, encoded at `rate` Hz; None is the corpus of synthetic tones.

    `labels` is "none", "folder" or a pattern (see `label_of`); `valid` and `test` are a fraction or the path of a list
    of names; `segment` is the longest segment in seconds, shorter where `lanes` need more of them; `tail` is how many
    seconds of silence, at least, follow the end of a recording trained on, so that a model learns that sounds end. With
    `reverse` all segments are played backward. Raises ValueError.
    """
    if rate not in audio.RATES or segment <= 0:
        least, most = audio.RATES[0], audio.RATES[-1]
        raise ValueError(
            f"data.rate={rate}, data.segment={segment}: a rate is {least} to {most} Hz, a segment over 0 s"
        )
    if not 0 <= tail <= segment:
        raise ValueError(f"data.tail={tail}: this is 0 (none) or more, and at most data.segment={segment}")
    if segment == math.inf:
        raise ValueError("data.segment=inf: this is a length in seconds that has an end; 20 is usual")
    if path is None:
        path = str(files.cache() / f"tones-{tones.version()}")
        tones.write(path)
    folder, whole, classes, notes = gather(path, codec, rate, labels, track)
    train, held, tested = divide(whole, valid, test, codec.digits, rate)
    if reverse:
        train, held, tested = (backward(part, codec) for part in (train, held, tested))
    left = {s.label for s in train}
    for number, label in enumerate(classes or [""]):
        if number not in left:
            what = f"labelled {label}" if label else f"in {path}"
            raise ValueError(f"data.valid={valid}, data.test={test}: hold out every recording {what}; hold out less")
    size = max(1, min(round(segment * rate), sum(s.size for s in train) // codec.digits // lanes)) * codec.digits
    longest = round(segment * rate) * codec.digits
    silence = round(tail * rate) * codec.digits
    train = [s._replace(tail=silence) if s.stop == s.recording.length else s for s in cut(train, size)]
    seconds = sum(s.size for s in whole) / codec.digits / rate
    notes += remarks([s.recording for s in whole], rate, bool(held or tested))
    if not held:
        notes.append(f"data.valid={valid} holds out no recording: there will be no held-out figures")
    if test and not tested:
        notes.append(f"data.test={test} holds out no recording: gen evaluate will score the valid part")
    parts = train, cut(held, longest), cut(tested, longest)
    return Corpus(*parts, classes, len(whole), seconds, notes, folder)


def backward(segments, codec) -> list:
    """Return Segments that are played backward. Raises ValueError for a codec whose symbols mean nothing so."""
    if getattr(codec, "emphasis", 0):
        raise ValueError(f"reverse=on: codec.emphasis={codec.emphasis:g} is another thing backward; leave one out")
    return [
        s._replace(
            recording=s.recording._replace(backward=codec.digits),
            start=s.recording.length - s.stop,
            stop=s.recording.length - s.start,
        )
        for s in segments
    ]


def gather(path, codec, rate: int, labels: str, track=unseen) -> tuple:
    """Return the folder of recordings; these whole as Segments, encoded and labelled; class names; what can't be used.

    `path`, `rate` and `labels` are as in `prepare`. Raises ValueError.
    """
    folder, names = list_audio(path)
    recordings, faults, damaged = cache.encode(folder, names, codec, rate, track)
    if not recordings:
        raise ValueError(f"{path}: no recording can be used: {faults[0]}{more(faults)}")
    found = [label_of(r.name, labels) for r in recordings]
    classes = sorted(set(found) - {None})
    whole = [
        Segment(r, 0, r.length, classes.index(n) if classes else 0) for r, n in zip(recordings, found, strict=True)
    ]
    notes = [f"skipped {fault}" for fault in faults]
    if damaged:
        notes.append(f"the cache of {damaged[0]}{more(damaged)} was damaged and is made anew")
    return folder, whole, classes, notes


def remarks(recordings, rate: int, divided: bool) -> list:
    """Return what a person should know of Recordings that are read at `rate` Hz, and that may be `divided`."""
    out = []
    low = max(r.rate for r in recordings)
    if rate > low:
        out.append(f"data.rate={rate} is above the recordings' own {low} Hz: data.rate={low} loses nothing, costs less")
    first: dict[str, str] = {}
    copies = [(r.name, first[r.content]) for r in recordings if first.setdefault(r.content, r.name) != r.name]
    if copies and divided:
        name, of = copies[0]
        out.append(f"{name} is a copy of {of}{more(copies)}: copies of a recording are in one part")
    return out


def more(names: list) -> str:
    """Return how many names there are besides the first, to stand behind it."""
    return f" (and {len(names) - 1} more files like it)" if len(names) > 1 else ""
