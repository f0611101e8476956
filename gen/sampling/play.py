"""What a take is asked to sound like: the curves of a recording, a table of them, or constants.

A table is a CSV file: a column of seconds, and columns of curves by name, in Hz and dB, empty where there is no pitch.
From a row to the next curves lead straight, in octaves and dB.
"""

import csv
import io
import math
import re
from typing import NamedTuple

import numpy as np

from gen.base import files
from gen.base.tables import as_csv
from gen.sound import audio, curves, features, hearing, midi
from gen.sound.curves import HERTZ, Curves
from gen.sound.midi import Channel

TIME = "seconds"  # the column of a table that has the times
LONGEST = 1 << 27  # bytes of a table
NOTE = re.compile(r"([A-G])(#|b|)(-?\d)")
SEMITONES = {"": 0, "#": 1, "b": -1}
FEW = 20.0, 20_000.0  # Hz: what is a pitch
HELD = 16  # rows of what is asked all the time
LEVELS = -120.0, 20.0  # dB: what is a loudness


class Table(NamedTuple):
    """Columns by name, `values` (n, C) at `times` (n,) in seconds, in Hz and dB; NaN where there is no pitch."""

    names: list
    times: np.ndarray
    values: np.ndarray

    @property
    def seconds(self) -> float:
        return float(self.times[-1])


def opened(key: str, path, rate: int):
    """Return what is in a file that the setting `key` names: a wave (T,) at `rate`, a Table, Channels of MIDI."""
    if key == "curves":
        return read(path)
    return midi.read(path) if key == "midi" else audio.read(path, rate)


def hertz(pitch: str) -> float:
    """Return the frequency of a note such as A4, C#3 or Bb2, or of a number of Hz. Raises ValueError."""
    if found := NOTE.fullmatch(pitch):
        octave = int(found[3]) + (features.NOTES.index(found[1]) + SEMITONES[found[2]] - 9) / 12
        return 440 * 2 ** (octave - 4)
    try:
        value = float(pitch)
    except ValueError:
        value = math.nan
    if not FEW[0] <= value <= FEW[1]:
        raise ValueError(f"pitch={pitch}: this is a note, such as A4 or C#3, or a frequency of 20 to 20000 Hz")
    return value


def write(path, table: Table):
    """Write a table as CSV. Raises ValueError."""
    rows = np.column_stack([table.times, table.values])
    lines = (["" if np.isnan(value) else f"{value:.4f}" for value in row] for row in rows)
    files.write(path, as_csv([TIME, *table.names], lines))


def read(path) -> Table:
    """Return the table in a CSV file. Raises ValueError, which names the file and the line."""
    try:
        if files.regular(path).stat().st_size > LONGEST:
            raise ValueError(f"{path}: has more than {LONGEST >> 20} MB; a row in a hundredth of a second is enough")
        rows = list(csv.reader(io.StringIO(files.regular(path).read_text(encoding="utf-8"))))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise ValueError(f"{path}: isn't a table in CSV; gen controls writes one") from None
    first = [name.strip() for name in rows[0]] if rows else []
    if TIME not in first or len(first) < 2 or len(set(first)) < len(first):
        raise ValueError(
            f"{path}: its first line names the columns, {TIME} and curves, each once; gen controls has one"
        )
    numbers = np.array([numbered(path, line, row, first) for line, row in enumerate(rows[1:], 2) if row])
    if not len(numbers):
        raise ValueError(f"{path}: holds no row behind its first line; give one or more")
    at = first.index(TIME)
    times, names = numbers[:, at], [name for name in first if name != TIME]
    back = np.flatnonzero(np.diff(times) <= 0)
    if times[0] < 0 or len(back):
        line = back[0] + 3 if len(back) else 2
        raise ValueError(f"{path}: line {line}: its time is not after that of the line before; sort the rows by {TIME}")
    return Table(names, times, np.delete(numbers, at, 1))


def numbered(path, line: int, row: list, names: list) -> list:
    """Return a row of a table as numbers, NaN where a frequency is left out. Raises ValueError."""
    if len(row) != len(names):
        raise ValueError(f"{path}: line {line} has {len(row)} columns, and the first line {len(names)}")
    out = []
    for name, text in zip(names, row, strict=True):
        try:
            value = math.nan if name in HERTZ and not text.strip() else float(text)
        except ValueError:
            value = math.inf
        if math.isinf(value) or (math.isnan(value) and (text.strip() or name not in HERTZ)):
            raise ValueError(f"{path}: line {line}: {name} is {text[:20]!r}, and no number; fill the gap")
        if name in HERTZ and not math.isnan(value) and not FEW[0] <= value <= FEW[1]:
            raise ValueError(f"{path}: line {line}: {name} is {text[:20]}; leave it empty where there is no pitch")
        out.append(value)
    return out


def controls(wave, rate: int, families) -> Table:
    """Return what is measured of a wave (T,), as a table. Raises ValueError."""
    found = features.frames(wave, rate, families, curves.STEP)
    return Table(list(found.names), found.times, found.values)


def asked(told: Curves, follow=None, curves=None, midi=None, pitch=None, loudness=None, shift: float = 0.0):
    """Return what a take is asked to sound like, the columns (n, C) that `told` measures of a wave.

    It follows a wave (T,), a Table, or a Channel of MIDI or a list of them (see `parts`), else there are HELD rows, all
    the same; its `pitch`, a note or Hz, and `loudness` in dB may be given, and all pitches are moved by `shift`
    semitones. What nothing is said of is as in training on average. Raises ValueError.
    """
    rows = np.tile(np.array(told.mean), (HELD, 1))
    if follow is not None:
        rows = np.array(followed(told, follow), np.float64)
    elif curves is not None:
        rows = tabled(told, curves)
    elif midi is not None:
        rows = strummed(told, midi) if isinstance(midi, list) else tabled(told, notes(told, midi))
    semitones = [number for number, name in enumerate(told.names) if name.startswith("constant_q")]
    for key, name, value in (
        ("pitch", "f0", pitch),
        ("loudness", "loudness", loudness),
        ("shift", "f0", None if semitones else shift or None),
    ):
        if value is not None and name not in told.names:
            raise ValueError(
                f"{key}={value}: this model is told {'+'.join(told.families)}; train one with control=pitch"
            )
    if pitch is not None:
        rows[:, told.names.index("f0")] = math.log2(hertz(pitch))
        rows[:, told.names.index("voiced")] = 1.0
    if loudness is not None:
        if not LEVELS[0] <= loudness <= LEVELS[1]:
            raise ValueError(f"loudness={loudness}: this is a level of {LEVELS[0]:g} to {LEVELS[1]:g} dB")
        rows[:, told.names.index("loudness")] = loudness
    if shift and "f0" in told.names:
        rows[:, told.names.index("f0")] += shift / 12
    if shift and semitones:
        rows[:, semitones] = shifted(rows[:, semitones], shift, np.array(told.silence)[semitones])
    return rows


def shifted(levels, shift: float, silence):
    """Return levels by semitone (n, S) moved up by `shift` of them, silence (S,) where there were none."""
    places = np.arange(levels.shape[1])
    return np.stack([np.interp(places - shift, places, row, silence[0], silence[-1]) for row in levels])


def followed(told: Curves, wave):
    """Return the columns (n, C) of a wave (T,), its loudest moments as loud as those of training. Raises ValueError."""
    if not len(wave) or hearing.level(float(np.abs(wave).max())) <= hearing.QUIET:
        raise ValueError("follow=: the recording is silent throughout; give another")
    columns = told.measure(wave)
    if "f0" in told.names and not np.isfinite(columns[:, told.names.index("f0")]).any():
        raise ValueError("follow=: no pitch is heard in the recording; give one in which a voice or a tone sounds")
    for family in curves.LEVELS:
        at = [number for number, name in enumerate(told.names) if name.startswith(family)]
        if at:  # bands all move by as much, the loudest of them to where the loudest was; silence stays
            lift = max(told.high[number] for number in at) - np.percentile(columns[:, at].max(1), 99.9)
            columns[:, at] = curves.raised(columns[:, at], lift, np.array(told.silence)[at])
    return columns


def parts(told: Curves | None, channels: list) -> list:
    """Return what takes play of the Channels of MIDI: each of them one, or, where a model is told spectra, one all."""
    return [channels] if told and told.spectral else channels


def strummed(told: Curves, channels: list):
    """Return the columns (n, C) of what strings sound like that play channels together, no softer than in training."""
    return np.maximum(followed(told, midi.rendered(channels, told.rate)), told.low)


def notes(told: Curves, channel: Channel) -> Table:
    """Return as a table what a channel of MIDI plays, full velocity as loud as the loudest moments of training."""
    if "f0" not in told.names:
        raise ValueError(f"midi=: this model is told {'+'.join(told.families)}; train one with control=pitch+loudness")
    step = curves.step(told.rate)
    values = midi.curves(channel, step)
    if "loudness" in told.names:
        at = told.names.index("loudness")
        values[:, 2] = np.maximum(values[:, 2] + told.high[at], told.silence[at])
    kept = [number for number, name in enumerate(midi.NAMES) if name in told.names]
    return Table([midi.NAMES[number] for number in kept], np.arange(len(values)) * step, values[:, kept])


def tabled(told: Curves, table: Table):
    """Return the columns (n, C) of a table, those it hasn't got as in training on average. Raises ValueError."""
    strange = [name for name in table.names if name not in told.names]
    if strange:
        raise ValueError(f"curves=: has a column {strange[0]}, and this model is told {', '.join(told.names)}")
    times = np.arange(math.floor(table.seconds / curves.step(told.rate)) + 1) * curves.step(told.rate)
    rows = np.tile(np.array(told.mean), (len(times), 1))
    for name, column in zip(table.names, curves.in_octaves(table.values, table.names).T, strict=True):
        there = np.isfinite(column)
        if there.any():
            rows[:, told.names.index(name)] = np.interp(times, table.times[there], column[there])
        if name == "f0" and "voiced" not in table.names:
            last = np.maximum(np.searchsorted(table.times, times, "right") - 1, 0)
            rows[:, told.names.index("voiced")] = there[last]
    return rows


def behind(told: Curves, rows, prime):
    """Return columns (n, C) that come after those of a wave (T,) that a take goes on from."""
    before = told.measure(prime)
    place = len(prime) / told.rate / curves.step(told.rate)
    begin = math.ceil(place)
    rows = curves.filled(np.concatenate([rows, rows[-1:]]), told.names, told.mean)
    at = np.arange(len(rows) - 1) + begin - place
    moved = np.stack([np.interp(at, np.arange(len(rows)), column) for column in rows.T], 1)
    return np.concatenate([before[:begin], moved])
