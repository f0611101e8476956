"""A folder of recordings made ready for training: encoded, labelled, split, cut into segments."""

from typing import NamedTuple

from gen.base import files
from gen.base.terminal import unseen
from gen.corpus import cache, tones
from gen.corpus.names import label_of, list_audio
from gen.corpus.splits import Segment, cut, hold_out

LONG_SECONDS = 10.0


class Corpus(NamedTuple):
    """A folder made ready: segments to train on and held out, class names, notes for the person."""

    train: list
    valid: list
    classes: list
    files: int
    seconds: float
    notes: list

    @property
    def identity(self) -> list:
        """What a resumed training must find again: how many files, segments and symbols."""
        return [self.files, len(self.train), sum(s.size for s in self.train)]


def prepare(
    path: str | None,
    codec,
    *,
    rate: int,
    labels: str,
    valid: float | str,
    segment: float,
    tail: float,
    lanes: int = 1,
    track=unseen,
) -> Corpus:
    """Return the corpus in `path`, a folder or one file, encoded at `rate` Hz; None is the corpus of synthetic tones.

    `labels` is "none", "folder" or a pattern (see `label_of`); `valid` is a fraction or the path of a list of names;
    `segment` is the longest segment in seconds, shorter where `lanes` need more of them; `tail` is how many seconds of
    silence, at least, follow the end of a recording trained on, so that a model learns that sounds end. Raises
    ValueError.
    """
    if rate < 1000 or segment <= 0:
        raise ValueError(f"data.rate={rate}, data.segment={segment}: a rate is 1000 Hz or more, a segment over 0 s")
    if not 0 <= tail <= segment:
        raise ValueError(f"data.tail={tail}: this is 0 (none) or more, and at most data.segment={segment}")
    if path is None:
        path = str(files.cache() / f"tones-{tones.version()}")
        tones.write(path)
    folder, names = list_audio(path)
    recordings, notes, damaged = cache.encode(folder, names, codec, rate, track)
    if not recordings:
        more = f" (and {len(notes) - 1} more files like it)" if len(notes) > 1 else ""
        raise ValueError(f"{path}: no recording can be used: {notes[0]}{more}")
    notes = [f"skipped {note}" for note in notes]
    if damaged:
        others = f" (and {len(damaged) - 1} more files like it)" if len(damaged) > 1 else ""
        notes.append(f"the cache of {damaged[0]}{others} was damaged and is made anew")
    low = max(r.rate for r in recordings)
    if rate > low:
        notes.append(
            f"data.rate={rate} is above the recordings' own {low} Hz: data.rate={low} loses nothing, costs less"
        )
    names = [label_of(r.name, labels) for r in recordings]
    classes = sorted(set(names) - {None})
    whole = [
        Segment(r, 0, r.length, classes.index(n) if classes else 0) for r, n in zip(recordings, names, strict=True)
    ]
    train, held = hold_out(whole, valid, codec.digits, LONG_SECONDS * rate * codec.digits)
    if not train:
        raise ValueError(f"data.valid={valid}: holds out every recording in {path}; hold out less")
    if not held:
        notes.append(f"data.valid={valid} holds out no recording: there will be no held-out figures")
    size = max(1, min(round(segment * rate), sum(s.size for s in train) // codec.digits // lanes)) * codec.digits
    seconds = sum(r.length for r in recordings) / codec.digits / rate
    longest = round(segment * rate) * codec.digits
    silence = round(tail * rate) * codec.digits
    train = [s._replace(tail=silence) if s.stop == s.recording.length else s for s in cut(train, size)]
    return Corpus(train, cut(held, longest), classes, len(recordings), seconds, notes)
