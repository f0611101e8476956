"""The encoded cache: every recording as symbols on disk, keyed by the content of its file.

An object is named by the SHA-256 of the audio file and lies under its codec and rate; it ends in the CRC-32 of its
symbols, which is checked at each start. The index of a folder remembers which content a file of that size and time of
change had, so that a second start reads no audio at all. Everything is written to a temporary name and renamed: two
trainings may share a cache.
"""

import contextlib
import hashlib
import json
import os
import re
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.sound import audio

OBJECTS, INDEX = "symbols", "index"  # folders of the cache
MARK = f".{os.getpid()}"  # two trainings may encode one recording at a time
CHECK = 4  # bytes at an object's end: the CRC-32 of those before
CHUNK = 1 << 20  # bytes checked at a time


class Recording(NamedTuple):
    """An encoded file: `name` is its path within the folder, `length` in symbols, `rate` in Hz as recorded.

    Where it is `backward`, so many symbols a sample, its last sample is read first.
    """

    name: str
    symbols: Path
    dtype: str
    length: int
    rate: int
    backward: int = 0

    @property
    def content(self) -> str:
        """The hash of the audio file, the same for each of its copies."""
        return self.symbols.name

    def read(self, start: int, stop: int):
        """Return symbols start..stop as int64, reading no others."""
        whole = np.memmap(self.symbols, self.dtype, "r", shape=(self.length,))
        if not self.backward:
            return whole[start:stop].astype(np.int64)
        part = whole[self.length - stop : self.length - start].astype(np.int64)
        return part.reshape(-1, self.backward)[::-1].ravel()


def encode(folder: Path, names: list, codec, rate: int, track=unseen):
    """Return the Recordings of `names` in `folder` at `rate` Hz, a line about each file that can't be used, and the
    names of those whose object was damaged and is made anew.

    `track(iterable, text, total)` may show the progress of a first, long encoding.
    """
    settings = hashlib.sha256(repr(sorted(vars(codec).items())).encode()).hexdigest()[:16]
    objects = files.cache() / OBJECTS / f"{type(codec).__name__.lower()}-{settings}-{rate}hz"
    dtype = "uint8" if codec.levels <= 256 else "uint16"
    index_path = files.cache() / INDEX / f"{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]}.json"
    known = _read_index(index_path)
    index, found, faults, fresh, damaged = {}, [], [], [], []
    with files.named(files.cache(), "set GEN_CACHE to another folder"):
        for name in names:
            entry = known.get(name)
            if entry and entry["stamp"] == _stamp(folder / name) and is_whole(objects / entry["content"]):
                index[name] = entry
            else:
                fresh.append(name)
        for name in track(fresh, "reading the recordings", len(fresh)) if fresh else ():
            try:
                index[name], replaced = _encode_file(folder / name, objects, dtype, codec, rate)
                damaged += [name] * replaced
            except (ValueError, RuntimeError, MemoryError) as fault:
                faults.append(str(fault) if isinstance(fault, ValueError) else f"{folder / name}: {fault!r}")
        if fresh:
            with files.replacing(index_path, MARK) as file:
                file.write(json.dumps({**known, **index}).encode())
    for name in names:
        if name in index:
            path = objects / index[name]["content"]
            length = (path.stat().st_size - CHECK) // np.dtype(dtype).itemsize
            found.append(Recording(name, path, dtype, length, index[name]["rate"]))
    return found, faults, damaged


def _encode_file(path, objects, dtype, codec, rate):
    """Return the index's entry of an audio file, and whether a damaged object was there and is replaced."""
    stamp = _stamp(path)  # taken before reading: a file that changes meanwhile is noticed next time
    native = audio.native_rate(path)
    try:
        content = files.sha256(path)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    made = objects / content
    entry = {"stamp": stamp, "content": content, "rate": native}
    if is_whole(made):
        return entry, False
    damaged = made.exists()

    def blocks():
        before, none = 0.0, True
        for block in audio.blocks(path, rate):
            yield codec.encode(block, before).astype(dtype).tobytes()
            before, none = float(block[-1]), False
        if none:
            raise ValueError(f"{path}: is shorter than one sample at {rate} Hz; remove it")

    write(made, blocks())
    return entry, damaged


def write(path, blocks):
    """Write an object of blocks of bytes and their CRC-32, whole or not at all."""
    check = 0
    with files.replacing(path, MARK) as file:
        for block in blocks:
            check = zlib.crc32(block, check)
            file.write(block)
        file.write(check.to_bytes(CHECK, "little"))


def is_whole(path) -> bool:
    """Return whether an object is there, holds something, and ends in their CRC-32."""
    try:
        with open(path, "rb") as file:
            left, check = max(0, os.fstat(file.fileno()).st_size - CHECK), 0
            while chunk := file.read(min(left, CHUNK)):
                check, left = zlib.crc32(chunk, check), left - len(chunk)
            return file.tell() > 0 and file.read() == check.to_bytes(CHECK, "little")
    except FileNotFoundError:
        return False


def _stamp(path):
    try:
        status = os.stat(path)
    except OSError:
        return None  # reading it will say what is wrong
    return [status.st_size, status.st_mtime_ns]


def _read_index(path) -> dict:
    """Return the entries of an index by name, without those that aren't what `encode` writes."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        read = json.loads(files.regular(path).read_bytes())
        return {name: entry for name, entry in read.items() if _is_entry(entry)} if isinstance(read, dict) else {}
    return {}


def _is_entry(entry) -> bool:
    """Return whether an index's entry has a stamp, a content that is a hash, and a rate."""
    if not isinstance(entry, dict) or entry.keys() != {"stamp", "content", "rate"}:
        return False
    content, rate = entry["content"], entry["rate"]
    hashed = isinstance(content, str) and re.fullmatch("[0-9a-f]{64}", content)
    return bool(hashed) and isinstance(rate, int) and rate in audio.RATES
