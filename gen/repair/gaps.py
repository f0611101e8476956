"""Where the gaps of a recording are: stretches of seconds that a person wrote, or a file of labels."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

from gen.base import files

STRETCH = re.compile(r"(\d+\.?\d*|\.\d+):(\d+\.?\d*|\.\d+)")  # seconds from and to
AUTO = "auto"  # in place of stretches: what is found
SPECTRAL = "\\"  # begins Audacity's lines about frequencies
LARGEST = 1 << 20  # bytes of a file of labels


class Gap(NamedTuple):
    """A gap from sample `begin` on, before sample `end`, of every channel."""

    begin: int
    end: int

    @property
    def size(self) -> int:
        """How many samples it has."""
        return self.end - self.begin


def read(text: str, path, rate: int, frames: int) -> list:
    """Return the Gaps in the recording at `path`, `frames` samples at `rate` Hz, that `text` says, in their order.

    It says stretches in seconds, such as "1.20:1.35", several with a space or a comma between them, or names a file of
    labels as Audacity exports them. Raises ValueError.
    """
    if not are_stretches(text):
        if not Path(text).exists():
            raise ValueError(
                f"gap={text}: is no stretch of seconds, such as 1.20:1.35, and no file of labels that is there"
            )
        stretches = labels(text)
    else:
        stretches = [(word, *map(float, word.split(":"))) for word in words_of(text)]
    return checked(stretches, path, rate, frames)


def words_of(text: str) -> list:
    """Return the words of a text between spaces and commas."""
    return re.split(r"[\s,]+", text.strip())


def are_stretches(text: str) -> bool:
    """Return whether a text says stretches of seconds."""
    return all(STRETCH.fullmatch(word) for word in words_of(text))


def labels(path) -> list:
    """Return the stretches in a file of labels: what they are called in an error, their begin and end in seconds."""
    try:
        text = files.regular(path).read_bytes()[: LARGEST + 1].decode(errors="replace")
    except OSError as error:
        raise ValueError(f"gap={path}: {error.strerror}") from None
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith(SPECTRAL):
            continue
        words = line.split()
        if len(words) < 2 or len(text) > LARGEST or not STRETCH.fullmatch(":".join(words[:2])):
            raise ValueError(
                f"gap={path}: line {number} is no label, seconds from and to; export labels from Audacity again"
            )
        found.append((f"{path}, line {number}", float(words[0]), float(words[1])))
    if not found:
        raise ValueError(f"gap={path}: holds no labels; put a line for each gap there, seconds from and to")
    return found


def checked(stretches, path, rate: int, frames: int) -> list:
    """Return stretches as Gaps in their order. Raises ValueError for what lies outside, overlaps or leaves nothing."""
    found, length = [], f"{path} is {frames / rate:.3f} s long"
    for name, begin, end in stretches:
        gap = Gap(round(begin * rate), round(end * rate))
        if gap.size < 1:
            raise ValueError(f"gap={name}: ends before a sample of it; give seconds from and to, such as 1.20:1.35")
        if gap.end > frames:
            raise ValueError(f"gap={name}: {length}; give a gap inside it")
        if gap.size == frames:
            raise ValueError(f"gap={name}: is all of {path}; something must be left to mend it from")
        found.append((gap, name))
    found.sort()
    for (gap, name), (after, other) in itertools.pairwise(found):
        if after.begin < gap.end:
            raise ValueError(f"gap={name}: overlaps {other}; give one gap for both")
        if after.begin == gap.end:
            raise ValueError(f"gap={name}: touches {other}; give one gap for both")
    return [gap for gap, _ in found]
