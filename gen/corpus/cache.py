"""The encoded cache: every recording as symbols on disk, keyed by the content of its file.

An object is named by the SHA-256 of the audio file and lies under its codec and rate; the index of a folder remembers
which content a file of that size and time of change had, so that a second start reads no audio at all. Everything is
written to a temporary name and renamed: two trainings may share a cache.
"""

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.sound import audio

OBJECTS, INDEX = "symbols", "index"  # folders of the cache
MARK = f".{os.getpid()}"  # two trainings may encode one recording at a time


class Recording(NamedTuple):
    """An encoded file: `name` is its path within the folder, `length` in symbols, `rate` in Hz as recorded."""

    name: str
    symbols: Path
    dtype: str
    length: int
    rate: int

    def read(self, start: int, stop: int):
        """Return symbols start..stop as int64, reading no others."""
        part = np.memmap(self.symbols, self.dtype, "r", shape=(self.length,))[start:stop]
        return part.astype(np.int64)


def encode(folder: Path, names: list, codec, rate: int, track=unseen):
    """Return the Recordings of `names` in `folder` at `rate` Hz, and a line about each file that can't be used.

    `track(iterable, text, total)` may show the progress of a first, long encoding.
    """
    settings = "-".join(f"{k}{v}" for k, v in sorted(vars(codec).items()) if k in ("bits", "emphasis"))
    objects = files.cache() / OBJECTS / f"{type(codec).__name__.lower()}-{settings}-{rate}hz"
    dtype = "uint8" if codec.levels <= 256 else "uint16"
    index_path = files.cache() / INDEX / f"{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]}.json"
    known = _read_index(index_path)
    index, found, faults, fresh = {}, {}, [], []
    with files.named(files.cache(), "set GEN_CACHE to another folder"):
        for name in names:
            entry = known.get(name)
            stamp = _stamp(folder / name)
            if entry and entry["stamp"] == stamp and (objects / entry["content"]).exists():
                index[name] = entry
            else:
                fresh.append(name)
        for name in track(fresh, "reading the recordings", len(fresh)) if fresh else ():
            try:
                index[name] = _encode_file(folder / name, objects, dtype, codec, rate)
            except ValueError as fault:
                faults.append(str(fault))
        if fresh:
            with files.replacing(index_path, MARK) as file:
                file.write(json.dumps({**known, **index}).encode())
    for name in names:
        if name in index:
            path = objects / index[name]["content"]
            length = path.stat().st_size // np.dtype(dtype).itemsize
            found[name] = Recording(name, path, dtype, length, index[name]["rate"])
    return list(found.values()), faults


def _encode_file(path, objects, dtype, codec, rate):
    stamp = _stamp(path)  # taken before reading: a file that changes meanwhile is noticed next time
    native = audio.native_rate(path)
    content = files.sha256(path)
    if not (objects / content).exists():
        before = 0.0
        with files.replacing(objects / content, MARK) as file:
            for block in audio.blocks(path, rate):
                file.write(codec.encode(block, before).astype(dtype).tobytes())
                before = float(block[-1])
    return {"stamp": stamp, "content": content, "rate": native}


def _stamp(path):
    try:
        status = os.stat(path)
    except OSError:
        return None  # reading it will say what is wrong
    return [status.st_size, status.st_mtime_ns]


def _read_index(path):
    with contextlib.suppress(OSError, ValueError):
        return json.loads(path.read_text())
    return {}
