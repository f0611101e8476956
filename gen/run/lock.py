"""One training at a time in a run. The only door to `filelock`."""

import contextlib
import os
import platform
from pathlib import Path

from filelock import FileLock, Timeout

from gen.base import files

LOCK, OWNER = ".lock", ".owner"


@contextlib.contextmanager
def owning(run: Path):
    """Be the only one that trains in `run` inside the block. Raises ValueError, which says who does, where it isn't."""
    lock = FileLock(run / LOCK)
    with files.named(run, "run gen where you may write"):
        run.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            owner = (run / OWNER).read_text()[:200] if (run / OWNER).exists() else "another process"
            raise ValueError(f"{run}: {owner} is training it; wait, stop that one, or give another name=") from None
        (run / OWNER).write_text(f"process {os.getpid()} on {platform.node()}")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            (run / OWNER).unlink(missing_ok=True)
        lock.release()
