"""What is made of a recording, in versions to choose from, each with its address."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Version(NamedTuple):
    """One version: its address, what was done in a line each, and the bits a sample that follow each filled gap.

    `write(out, comment, new)` writes it, see `gen.sound.audio.rewrite`.
    """

    comment: str
    told: list
    bits: list
    write: Callable


def keep(versions, there: Path, new: bool, count: int, say, show) -> list:
    """Write `count` versions to `there`, numbered where they are several, say what was done, and return their paths.

    `show` is told their paths, and `say` all else: of several that a model made, which is the likeliest.
    """
    made, paths = [], []
    for number, version in enumerate(versions):
        name = there if count == 1 else there.with_stem(f"{there.stem}-{number}")
        path = version.write(name, version.comment, new)
        for line in version.told:
            say(line)
        show(path)
        paths.append(path)
        if version.bits:
            made.append((float(np.mean(version.bits)), path))
    if len(made) > 1:
        ranked = ", ".join(f"{bits:.2f} after {path.name}" for bits, path in sorted(made))
        say(f"the likeliest first, by the bits/sample that what follows the gaps costs: {ranked}")
    return paths
