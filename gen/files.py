"""Files written whole or not at all, and what they hold as a hash."""

import contextlib
import hashlib
import os
from pathlib import Path


def sha256(path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


@contextlib.contextmanager
def replacing(path, mark: str = "", sync: bool = False):
    """Yield a binary file that takes the place of `path` when the block ends well; otherwise what was there stays.

    `mark` sets the temporary names of several writers of one file apart; `sync` waits until the disk holds it, so
    that it survives a power cut. Raises OSError.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}{mark}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            yield file
            if sync:
                file.flush()
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
