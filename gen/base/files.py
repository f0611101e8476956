"""Files written whole or not at all, and what they hold as a hash."""

import contextlib
import hashlib
import os
import stat
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ELSEWHERE = "give another place with out="


def sha256(path) -> str:
    """Return the SHA-256 of a `regular` file's content in hexadecimal digits. Raises OSError."""
    digest = hashlib.sha256()
    with open(regular(path), "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def regular(path) -> Path:
    """Return a path that leads to a regular file; raise ValueError for a pipe or a device, which may have no end.

    Raises OSError where there is nothing, or it may not be seen.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise ValueError(f"{path}: is no regular file; give one")
    return Path(path)


def spare(path, mark: str, what: str = "page"):
    """Raise ValueError if there is a file at `path` that doesn't hold `mark` near its beginning, as our pages do.

    `what` is what it is then said not to be.
    """
    path = Path(path)
    if not path.exists():
        return
    with named(path), open(path, "rb") as file:
        ours = mark.encode() in file.read(2000)
    if not ours:
        raise ValueError(f"{path}: is there already, and no {what} of gen; move it, or give another place with out=")


@contextlib.contextmanager
def named(path, remedy: str = ELSEWHERE):
    """Raise an OSError of the block as a ValueError that names `path` and the `remedy`."""
    try:
        yield
    except OSError as error:
        raise ValueError(f"{path}: can't be written ({error.strerror}); {remedy}") from None


def write(path, data: bytes, remedy: str = ELSEWHERE):
    """Write `data` to `path`, whole or not at all. Raises ValueError, which says the `remedy`."""
    with named(path, remedy), replacing(path) as file:
        file.write(data)


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


@contextlib.contextmanager
def alone(path):
    """Have the block to this process alone, of all that ask so for the file at `path`, which stays as it is.

    On systems without such locks nobody waits.
    """
    with open(path, "rb") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def cache() -> Path:
    """Return the cache's folder: $GEN_CACHE, else `gen` in the user's cache folder."""
    given = os.environ.get("GEN_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gen"
