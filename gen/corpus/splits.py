"""The parts of a corpus: what is trained on, `valid` and `test`, and the same cut into segments.

Recordings go whole into a part by a hash of their names, so that adding files moves none. Where a label has few, the
parts `valid` and `test` are stretches from all over them, so that they are like the rest and each label is in all.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from gen.base import files
from gen.corpus.cache import Recording

TRAIN, VALID, TEST = range(3)
FEW_FILES = 20  # of a label: with fewer, stretches of them are held out instead of whole files
LEAST = 0.25  # seconds: shorter stretches say too little, so that short files are held out whole where there are some
GAP = 0.05  # seconds beside a stretch that are in no part, so that nothing is both trained on and held out


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


def divide(whole: list, valid: float | str, test: float | str, digits: int, second: int) -> tuple:
    """Return the segments of the three parts of `whole` recordings; a `second` is so many samples.

    `valid` and `test` are a share of each label, or the path of a list of names. Copies of a recording, whatever they
    are called, are in one part: that of the first. Raises ValueError.
    """
    first, named, shares = asked(whole, valid, test)
    pieces = {content: [(part, 0, first[content].stop)] for content, part in named.items()}
    labels: dict[int, list] = {}
    for content, s in first.items():
        if content not in pieces:
            labels.setdefault(s.label, []).append(s)
    for group in labels.values():
        made = drawn(group, shares, digits, second)
        pieces |= {s.recording.content: p for s, p in zip(group, made, strict=True)}
    parts: tuple[list, list, list] = [], [], []
    for s in whole:
        for part, start, stop in pieces[s.recording.content]:
            parts[part].append(s._replace(start=start, stop=stop))
    return parts


def asked(whole: list, valid: float | str, test: float | str) -> tuple:
    """Return the first Segment of each content, the part of those that a list names, and the shares to be drawn.

    `valid` and `test` are as in `divide`; the share of one that is a list is 0. Raises ValueError.
    """
    first: dict[str, Segment] = {}
    for s in whole:
        first.setdefault(s.recording.content, s)
    parts: dict[str, int] = {}
    shares = []
    for part, key, given in ((VALID, "data.valid", valid), (TEST, "data.test", test)):
        if isinstance(given, str):
            named = listed(whole, given, key)
            for content in (c for c in first if c in named):
                if content in parts:
                    name = first[content].recording.name
                    raise ValueError(f"data.valid={valid}, data.test={test}: both name {name}; leave it out of one")
                parts[content] = part
        elif not 0 <= given < 1:
            raise ValueError(f"{key}={given}: a fraction is 0 or more and under 1; or give a file of names")
        shares.append(0.0 if isinstance(given, str) else given)
    if sum(shares) >= 1:
        raise ValueError(f"data.valid={valid}, data.test={test}: together they are under 1, the rest is trained on")
    return first, parts, shares


def listed(segments, path: str, key: str) -> set:
    """Return the contents that a file names, one a line: a path within the folder or a file's own name.

    `key` is the setting that gave its `path`. Raises ValueError where it can't be read or names none.
    """
    try:
        wanted = {line.strip() for line in files.regular(path).read_text(encoding="utf-8").splitlines()} - {""}
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "isn't text"
        raise ValueError(f"{key}={path}: {reason}; give a file of names, one a line") from None
    found = {s.recording.content for s in segments if wanted & {s.recording.name, Path(s.recording.name).name}}
    if not found:
        raise ValueError(f"{key}={path}: names none of the recordings; give their names, one a line")
    return found


def drawn(group, shares, digits, second) -> list:
    """Return for each recording of a label its pieces (part, start, stop), by the shares of `valid` and `test`."""
    wanted = [share for share in shares if share]
    hashes = [name_hash(s.recording.name) for s in group]
    if wanted and len(group) < FEW_FILES:
        least = min(wanted)
        long = [s for s in group if s.size * least >= LEAST * second * digits]
        if long or not round(least * len(group)) or len(group) <= len(wanted):
            chosen = {s.recording.content for s in long or group}
            return [
                stretches(s, shares, digits, second) if s.recording.content in chosen else [(TRAIN, 0, s.stop)]
                for s in group
            ]
    bounds = bounds_of(hashes, shares)
    return [
        [(VALID if h < bounds[0] else TEST if h < bounds[1] else TRAIN, 0, s.stop)]
        for h, s in zip(hashes, group, strict=True)
    ]


def bounds_of(hashes: list, shares: list) -> tuple:
    """Return the bound under which a hash is in `valid`, and that under which it is in `test` if not in `valid`.

    They are the shares, so that more names move none; of few, each part that is wanted has at least one where there
    are enough, `test` first, and one is always left to train on.
    """
    wanted = sum(share > 0 for share in shares)
    if not wanted or len(hashes) >= FEW_FILES:
        return shares[0], sum(shares)
    valid, both = (sum(h < bound for h in hashes) for bound in (shares[0], sum(shares)))
    valid = max(0, min(max(valid, bool(shares[0])), len(hashes) - wanted))
    both = min(max(both, valid + bool(shares[1])), len(hashes) - 1)
    return sorted(hashes)[valid], sorted(hashes)[both]


def stretches(s, shares, digits, second) -> list:
    """Return the pieces of one recording: for each part, stretches of about a second from all over it; the rest trains.

    It is cut into equal cells, a cell into a room for each part, and a stretch lies in its room by a hash of the name,
    not at its ends: the recording's own beginning and end are trained on, as a label may have no other.
    """
    size, held = s.size // digits, sum(shares)
    count = max(1, round(size * max(shares) / second))
    stem = Path(s.recording.name).with_suffix("").as_posix()
    parts = [part for part in (VALID, TEST) if shares[part - 1]]
    pieces, done, at = [], 0, 0.0
    for cell in range(count):
        for part in parts if chance(f"{stem} {cell}") < 0.5 else parts[::-1]:
            room = size / count * shares[part - 1] / held
            margin = room * (1 - held) / 8
            gap = int(min(GAP * second, margin / 2))
            start = int(at + margin * (1 + 6 * chance(f"{stem} {cell} {part}")))
            stop = start + round(room * held)
            pieces += [(TRAIN, done, start - gap), (part, start, stop)]
            done, at = stop + gap, at + room
    pieces.append((TRAIN, done, size))
    return [(part, start * digits, stop * digits) for part, start, stop in pieces if start < stop]


def name_hash(name: str) -> float:
    """Return a number in [0, 1) that depends on a file's name alone, its extension left out."""
    return chance(Path(name).with_suffix("").as_posix())


def chance(text: str) -> float:
    """Return a number in [0, 1) that depends on a text alone."""
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).digest()
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
