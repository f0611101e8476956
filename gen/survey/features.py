"""The features of the recordings in a folder, on all cores: a row of means and deviations a file, or all frames."""

import contextlib
import csv
import io
import math
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base import files, processes
from gen.base.machine import cores
from gen.base.terminal import unseen
from gen.corpus.names import find_audio, label_of
from gen.sound import audio, blockwise, features
from gen.sound.pool import Pool

LITTLE = 4e6  # bytes of recordings that one process has measured before others would have started
FIRST = ("file", "seconds")  # columns of a table before the features; with labels, `label` comes between
MARK = "files.npy"  # of a file of frames: its first array
CHUNK = 1 << 22  # bytes copied at a time
SHOWN = {
    **{"loudness": "dB", "rms": "dBFS", "centroid": "Hz", "bandwidth": "Hz", "rolloff": "Hz", "flatness": ""},
    **{"crossings": "1/s", "f0": "Hz", "voiced": "", "onset": "dB", "attack": "", "tempo": "1/min"},
}  # the columns that a table in the terminal has room for, and their units


class Task(NamedTuple):
    """A file to measure, and where its frames go, if they are kept."""

    path: Path
    rate: int
    families: tuple
    hop: float
    spool: Path | None


class Row(NamedTuple):
    """What a file came to: the mean and deviation of each column (2 C); or why it couldn't be measured."""

    file: str
    label: str | None
    seconds: float
    frames: int
    names: tuple
    values: np.ndarray
    fault: str | None


def measure(task: Task, count: int = 1, track=unseen) -> Row:
    """Return the Row of a file, measured by `count` processes, its frames written to the task's spool."""
    pool, frames, seconds = None, 0, 0.0
    try:
        with open(task.spool, "wb") if task.spool else contextlib.nullcontext() as spool:
            blocks = blockwise.frames(*task[:4], count)
            for part, reached in track(blocks, f"measuring {task.path.name}", blockwise.count(task.path, task.rate)):
                pool = pool or Pool(part.names)
                pool.add(part.values)
                frames, seconds = frames + len(part.values), reached
                if spool:
                    spool.write(part.values.tobytes())
    except ValueError as fault:
        return Row(task.path.name, None, 0.0, 0, (), np.zeros(0), str(fault))
    assert pool  # there is a block, or an error
    names, values = pool.result()
    return Row(task.path.name, None, seconds, frames, names, values, None)


def rows(path, rate: int, labels: str, families: tuple, hop: float, spools=None, track=unseen):
    """Yield the Row of each recording in `path`, a folder or one file, in the order of their names.

    `labels` is as `gen.corpus.names.label_of` takes it. With `spools`, a folder, the frames of the n-th file are
    written there, in a file called n, float32 (frames, C). Raises ValueError where nothing can be measured at all.
    """
    folder, names = find_audio(path)
    told = [label_of(name, labels) for name in names]
    if rate not in audio.RATES:
        raise ValueError(f"data.rate={rate}: a rate is {audio.RATES[0]} to {audio.RATES[-1]} Hz")
    features.check(families)
    features.hop_samples(rate, hop)
    features.library(), features.wavelets.library()  # whose lack is no fault of a file
    tasks = [
        Task(folder / name, rate, families, hop, Path(spools) / f"{number}" if spools else None)
        for number, name in enumerate(names)
    ]
    much = sum(size(task.path) for task in tasks) > LITTLE
    count = cores() if much else 1
    if len(tasks) < max(2, count):
        made = (measure(task, count, track) for task in tasks)
    else:
        made = track(processes.ordered(measure, tasks, count), "measuring", len(tasks))
    for row, name, label in zip(made, names, told, strict=True):
        yield row._replace(file=name, label=label)


def size(path) -> int:
    """Return how many bytes a file has; 0 where it can't be told."""
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


def split(text: str) -> tuple:
    """Return the families in a text such as "mfcc+pitch", or "all". Raises ValueError."""
    families = tuple(features.FAMILIES if text == "all" else text.split("+"))
    features.check(families)
    return families


def write_table(path, found) -> list:
    """Write Rows as they come as a CSV file, which pandas and spreadsheets open, and return them.

    A value that there isn't, such as the pitch of a drum, is an empty cell. Raises ValueError where no Row has any.
    """
    files.spare(path, f"{FIRST[0]},", "table")
    kept: list = []
    with files.named(path), files.replacing(path) as raw, io.TextIOWrapper(raw, "utf-8", "replace", newline="") as text:
        table = csv.writer(text)
        for row in found:
            if not row.fault:
                label = [] if row.label is None else [inert(row.label)]
                if all(before.fault for before in kept):
                    table.writerow([FIRST[0], *(["label"] if label else []), *FIRST[1:], *row.names])
                values = ["" if math.isnan(value) else f"{value:.6g}" for value in row.values]
                table.writerow([inert(row.file), *label, f"{row.seconds:.3f}", *values])
            kept.append(row)
        usable(kept)
    return kept


def usable(found) -> list:
    """Return the Rows that could be measured. Raises ValueError, which names a fault, where none could."""
    faults = [row.fault for row in found if row.fault]
    if len(faults) == len(found):
        more = f" (and {len(faults) - 1} more files like it)" if len(faults) > 1 else ""
        raise ValueError(f"no recording can be used: {faults[0]}{more}")
    return [row for row in found if not row.fault]


def inert(text: str) -> str:
    """Return a file's name such that no spreadsheet takes it for a formula."""
    return f"./{text}" if text[:1] in "=+-@\t\r" else text


def write_frames(path, found, spools, rate: int, hop: float, families):
    """Write the frames of Rows, whose values are in the folder `spools`, as one NPZ file, in constant memory.

    Of F files with N frames of C columns together: `files` and, where there are labels, `labels` (F); `starts` (F + 1),
    so that values[starts[i]:starts[i + 1]] are of file i; `names` (C), `times` (N) in seconds, `values` (N, C) float32;
    and `hertz_mel` and the like, the frequencies of a family's columns.
    """
    usable(found)
    kept = [(number, row) for number, row in enumerate(found) if not row.fault]
    starts = np.cumsum([0, *(row.frames for _, row in kept)])
    names = [name.removesuffix("_mean") for name in kept[0][1].names[::2]]
    arrays = {"files": [row.file for _, row in kept], "starts": starts, "names": names}
    if kept[0][1].label is not None:
        arrays["labels"] = [row.label for _, row in kept]
    axes = {f"hertz_{family}": features.hertz(family, rate) for family in families}
    arrays |= {name: hertz for name, hertz in axes.items() if hertz is not None}
    step = features.hop_samples(rate, hop) / rate
    with files.named(path), files.replacing(path) as raw, zipfile.ZipFile(raw, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
        with begun(archive, "times", "<f8", starts[-1:]) as file:
            for _, row in kept:
                file.write((np.arange(row.frames) * step).tobytes())
        with begun(archive, "values", "<f4", (starts[-1], len(names))) as file:
            for number, _ in kept:
                with open(Path(spools) / f"{number}", "rb") as spool:
                    while chunk := spool.read(CHUNK):
                        file.write(chunk)


@contextlib.contextmanager
def begun(archive, name: str, kind: str, shape):
    """Yield a file in an NPZ archive, to which the bytes of an array of a `kind` and `shape` may be written."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        header = {"descr": kind, "fortran_order": False, "shape": tuple(int(side) for side in shape)}
        np.lib.format.write_array_header_2_0(file, header)
        yield file


def spooled(path):
    """Return a temporary folder beside `path`, for frames on their way there. Raises ValueError."""
    files.spare(path, MARK, "frames")
    with files.named(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".features-", dir=Path(path).parent)


def summary(found) -> tuple:
    """Return columns and rows of a table of Rows: of one file its means and deviations, of several their means."""
    names, values = found[0].names, np.stack([row.values for row in found])
    one = len(found) == 1
    out = []
    for name, unit in SHOWN.items():
        if f"{name}_mean" in names:
            at = names.index(f"{name}_mean")
            told = values[0, at : at + 2] if one else spread(values[:, at])
            out.append((f"{name} ({unit})" if unit else name, *(f"{value:.4g}" for value in told)))
    return (("feature", "mean", "deviation") if one else ("mean of each file", "lowest", "median", "highest")), out


def spread(values):
    """Return the lowest, the median and the highest of values, NaN left out."""
    there = values[~np.isnan(values)]
    return np.percentile(there, [0, 50, 100]) if len(there) else np.full(3, np.nan)
