"""What is trained on and what is held out: parts of recordings, and the same cut into segments."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from gen.corpus.cache import Recording

FEW_FILES = 20  # with fewer, the end of each is held out instead of whole files


class Segment(NamedTuple):
    """Symbols start..stop of a recording, with its class, and after them `tail` symbols of silence or more."""

    recording: Recording
    start: int
    stop: int
    label: int
    tail: int = 0

    @property
    def size(self):
        return self.stop - self.start + self.tail


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
    parts: tuple[list, list] = [], []
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


def spread(segments: list, symbols: int) -> list:
    """Return every n-th segment, so that they hold about `symbols` symbols or fewer."""
    return segments[:: max(1, -(-sum(s.size for s in segments) // symbols))]
