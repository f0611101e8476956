"""A folder of recordings as training windows: what is held out, segments, lanes.

Legend: B lanes, T symbols a window. A lane plays whole segments one after the other.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from gen import cache, tones
from gen.folder import label_of, list_audio

FEW_FILES = 20  # with fewer, the end of each is held out instead of whole files
LONG_SECONDS = 10.0


class Segment(NamedTuple):
    """Symbols start..stop of a recording, with its class, and after them `tail` symbols of silence or more."""

    recording: cache.Recording
    start: int
    stop: int
    label: int
    tail: int = 0

    @property
    def size(self):
        return self.stop - self.start + self.tail


class Corpus(NamedTuple):
    """A folder made ready: segments to train on and held out, class names, notes for the person."""

    train: list
    valid: list
    classes: list
    files: int
    seconds: float
    notes: list


def load(
    path: str | None,
    codec,
    rate: int = 16000,
    labels: str = "none",
    valid: float | str = 0.1,
    segment: float = 20.0,
    tail: float = 0.02,
    lanes: int = 1,
    track=cache.unseen,
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
        path = cache.root() / f"tones-{tones.version()}"
        tones.write(path)
    folder, names = list_audio(path)
    recordings, notes = cache.encode(folder, names, codec, rate, track)
    if not recordings:
        more = f" (and {len(notes) - 1} more files like it)" if len(notes) > 1 else ""
        raise ValueError(f"{path}: no recording can be used: {notes[0]}{more}")
    notes = [f"skipped {note}" for note in notes]
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


def hold_out(whole, valid, digits, long):
    """Return the segments to train on and those held out.

    A fraction holds out the files whose hashed name falls under it, so that adding files moves none; with few files,
    the end of each one of `long` symbols or more (of each, if none is so long). Otherwise `valid` is a file of names.
    """
    if isinstance(valid, str):
        return by_list(whole, valid)
    if not 0 <= valid < 1:
        raise ValueError(f"data.valid={valid}: a fraction is 0 or more and under 1; or give a file of names")
    if len(whole) >= FEW_FILES:
        return parted(whole, lambda s: name_hash(s.recording.name) < valid)
    train, held = [], []
    some_long = any(s.size >= long for s in whole)
    for s in whole:
        at = s.stop if some_long and s.size < long else s.stop - int(s.size * valid) // digits * digits
        train.append(s._replace(stop=at))
        held.append(s._replace(start=at))
    return train, [s for s in held if s.size]


def by_list(whole, path):
    """Split by a file of names, one a line: a path within the folder or a file's own name."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "isn't text"
        raise ValueError(f"data.valid={path}: {reason}; give a fraction or a file of names, one a line") from None
    wanted = {line.strip() for line in lines} - {""}
    train, held = parted(whole, lambda s: bool(wanted & {s.recording.name, Path(s.recording.name).name}))
    if not held:
        raise ValueError(f"data.valid={path}: names none of the recordings; give their names, one a line")
    return train, held


def parted(whole, out) -> tuple:
    """Return the segments for which `out` is false, and those for which it is true."""
    parts = [], []
    for s in whole:
        parts[out(s)].append(s)
    return parts


def name_hash(name: str) -> float:
    """Return a number in [0, 1) that depends on a file's name alone, its extension left out."""
    digest = hashlib.sha256(str(Path(name).with_suffix("").as_posix()).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def cut(segments, size):
    """Return the segments, those longer than `size` symbols cut into equal parts no longer than it."""
    out = []
    for s in segments:
        parts = -(-s.size // size)
        step = -(-s.size // parts) if parts else 1
        step += -step % 2  # so that no pair of coarse and fine is cut
        out += [s._replace(start=a, stop=min(a + step, s.stop)) for a in range(s.start, s.stop, step)]
    return out


class Window(NamedTuple):
    """One TBPTT batch. y[:, t] follows x[:, t]; y is -1 where a segment has ended; `targets` counts over all ranks."""

    x: torch.Tensor  # (B, T) int64
    y: torch.Tensor  # (B, T) int64
    reset: torch.Tensor  # (B,) bool
    labels: torch.Tensor  # (B,) int64
    targets: int


class Windows:
    """Endless windows over shuffled segments, or with `seed=None` one pass in the given order.

    Each of `lanes` plays whole segments one after the other, the next one in the seeded order whenever it is free.
    With several ranks, each keeps the books of all lanes and reads only its own: together they see what one would.
    """

    def __init__(self, segments, lanes, length, silence, seed=0, rank=0, world=1):
        self.segments, self.length, self.silence, self.seed = segments, length, silence, seed
        self.mine = range(rank * lanes // world, (rank + 1) * lanes // world)
        self.taken = 0  # segments begun so far
        self.lanes = [None] * lanes  # [segment index, offset], or None when it waits for a segment
        self._symbols = {}

    def position(self):
        """Return where the windows are, as plain numbers; `seek` goes back there."""
        return {"taken": self.taken, "lanes": [list(lane) if lane else None for lane in self.lanes]}

    def seek(self, position):
        """Go to a `position`."""
        self.taken, self.lanes = position["taken"], [list(lane) if lane else None for lane in position["lanes"]]
        self._symbols = {}

    def __iter__(self):
        return self

    def __next__(self):
        count, length = len(self.mine), self.length
        x = torch.full((count, length), self.silence[-1])
        y = torch.full((count, length), -1)
        reset, labels = torch.zeros(count, dtype=torch.bool), torch.zeros(count, dtype=torch.long)
        targets = 0
        for number, lane in enumerate(self.lanes):
            if lane is None:
                lane = self.lanes[number] = self._next_segment()
                if lane is None:
                    continue
            index, offset = lane
            segment = self.segments[index]
            n = length if segment.tail else min(length, segment.size - offset)  # a tail goes on to the window's end
            targets += n
            if number in self.mine:
                row = number - self.mine.start
                symbols = self._read(number, segment)
                y[row, :n] = symbols[offset : offset + n]
                x[row, 1:n] = symbols[offset : offset + n - 1]
                if offset:
                    x[row, 0] = symbols[offset - 1]
                reset[row], labels[row] = offset == 0, segment.label
            self.lanes[number] = [index, offset + n] if offset + n < segment.size else None
        if not targets:
            raise StopIteration
        return Window(x, y, reset, labels, targets)

    def _next_segment(self):
        epoch, place = divmod(self.taken, len(self.segments))
        if self.seed is None:
            if epoch:
                return None
            index = place
        else:
            if getattr(self, "_epoch", None) != epoch:
                self._epoch, self._order = (
                    epoch,
                    np.random.default_rng([self.seed, epoch]).permutation(len(self.segments)),
                )
            index = int(self._order[place])
        self.taken += 1
        return [index, 0]

    def _read(self, number, segment):
        held = self._symbols.get(number)
        if held is None or held[0] is not segment:
            symbols = segment.recording.read(segment.start, segment.stop)
            after = np.resize(np.asarray(self.silence, np.int64), segment.tail + self.length if segment.tail else 0)
            self._symbols[number] = held = (segment, torch.from_numpy(np.concatenate([symbols, after])))
        return held[1]
