"""MIDI files as curves, the pitch and loudness of each channel, or as a wave; and ports. The only door to `mido`.

A channel plays one note at a time, the latest that is held. Its velocity is a level of 40 log10(velocity / 127) dB, as
General MIDI has it, into which a note rises in ATTACK seconds and from which it falls in RELEASE, unless the next one
begins; the pitch wheel bends by two semitones, the modulation wheel is vibrato.
"""

from typing import NamedTuple

import numpy as np

from gen.base import files

DRUMS = 9  # the channel of percussion, which has no pitch
ATTACK, RELEASE = 0.02, 0.1  # seconds
FALL = 60.0  # dB under its level from which a note rises, and to which it falls
SILENT = -120.0  # dB where nothing sounds
BEND = 2.0  # semitones of the whole pitch wheel
VIBRATO, DEPTH = 5.5, 0.5  # Hz, and semitones of the whole modulation wheel
LONGEST = 4 * 3600.0  # seconds
HARMONICS, SLOPE, DECAY = 10, 1.5, 1.5  # of a string: how many, the power by which they fall off, seconds of the first
FADED = 10  # times DECAY: -87 dB
TOGETHER = 3600.0  # seconds that channels play together at most
NAMES = ["f0", "voiced", "loudness"]


class Note(NamedTuple):
    """A key from `begin` to `end` seconds."""

    begin: float
    end: float
    key: int
    velocity: int


class Channel(NamedTuple):
    """What a channel plays: its notes in their order, and its two wheels as (seconds, value) from 0 on."""

    notes: list
    bend: list  # semitones
    modulation: list  # 0 to 1


def library():
    """Return mido. Raises ValueError where it isn't installed."""
    try:
        import mido
    except ImportError:
        raise ValueError("midi=: reading MIDI needs mido; pip install 'gen[midi]'") from None
    return mido


def opened(port: str):
    """Return the first input port of this machine that has `port` in its name, in either case. Raises ValueError.

    What is set as its `callback` is called with each message, from another thread.
    """
    mido = library()
    try:
        names = mido.get_input_names()
    except ImportError:
        raise ValueError("midi=: listening to a port needs python-rtmidi; pip install 'gen[keyboard]'") from None
    except OSError as error:
        raise ValueError(f"midi={port}: this machine has no MIDI ({error}); leave it out") from None
    found = [name for name in names if port.lower() in name.lower()]
    if not found:
        there = f"there are: {', '.join(names)}" if names else "there is none; plug one in"
        raise ValueError(f"midi={port}: no input port has this in its name; {there}")
    try:
        return mido.open_input(found[0])
    except OSError as error:
        raise ValueError(f"midi={port}: {found[0]} can't be opened ({error}); another program may have it") from None


def hertz(key):
    """Return the frequency of a key, or of each of an array, equally tempered from key 69 = 440 Hz."""
    return 440 * 2 ** ((key - 69) / 12)


def level(velocity: int) -> float:
    """Return the level of a velocity from 1 to 127, in dB under the loudest."""
    return 40 * np.log10(velocity / 127)


def read(path) -> list:
    """Return the Channels of a MIDI file that play notes, but percussion. Raises ValueError, which names the file."""
    mido = library()
    try:
        messages, now = [], 0.0
        for message in mido.MidiFile(files.regular(path), clip=True):
            now += message.time
            if now > LONGEST:
                raise ValueError(f"{path}: is longer than {LONGEST / 3600:g} hours; cut it")
            if message.type == "set_tempo" and message.tempo <= 0:
                raise ValueError(f"{path}: has a tempo of zero at {now:.2f} s; export it again")
            messages.append((now, message))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or 'breaks off'}; give a MIDI file") from None
    except ValueError as error:
        raise ValueError(
            str(error) if str(error).startswith(f"{path}: ") else f"{path}: isn't a MIDI file ({error})"
        ) from None
    except Exception as error:  # mido raises what comes on a damaged file
        raise ValueError(f"{path}: isn't a MIDI file that can be read ({type(error).__name__})") from None
    channels = [played(messages, number, now) for number in range(16) if number != DRUMS]
    found = [channel for channel in channels if channel.notes]
    if not found:
        raise ValueError(f"{path}: plays no notes; give a file with some, on another channel than percussion's")
    return found


def played(messages: list, channel: int, end: float) -> Channel:
    """Return what a channel plays in (seconds, message) that end at `end`."""
    made = Channel([], [(0.0, 0.0)], [(0.0, 0.0)])
    held: dict[int, tuple] = {}
    for now, message in messages:
        if getattr(message, "channel", None) != channel:
            continue
        if message.type in ("note_on", "note_off"):
            if message.note in held:
                begin, velocity = held.pop(message.note)
                made.notes.append(Note(begin, now, message.note, velocity))
            if message.type == "note_on" and message.velocity:
                held[message.note] = now, message.velocity
        elif message.type == "pitchwheel":
            made.bend.append((now, BEND * message.pitch / 8192))
        elif message.type == "control_change" and message.control == 1:
            made.modulation.append((now, message.value / 127))
    made.notes.extend(Note(begin, end, key, velocity) for key, (begin, velocity) in held.items())
    made.notes.sort()
    return made


def curves(channel: Channel, step: float):
    """Return the columns NAMES (n, 3) of what a channel plays, every `step` seconds, in Hz and dB under the loudest.

    Pitch is NaN before the first note; after a note its own stays.
    """
    last = max(note.end for note in channel.notes)
    times = np.arange(int((last + RELEASE) / step) + 2) * step
    keys, levels = np.full(len(times), np.nan), np.full(len(times), SILENT)
    for number, note in enumerate(channel.notes):
        following = channel.notes[number + 1].begin if number + 1 < len(channel.notes) else np.inf
        first, until = (int(np.searchsorted(times, t)) for t in (note.begin, min(note.end + RELEASE, following)))
        since, after = times[first:until] - note.begin, times[first:until] - note.end
        loud = level(note.velocity)
        levels[first:until] = loud - FALL * np.clip(np.maximum(1 - since / ATTACK, after / RELEASE), 0, 1)
        keys[first:] = note.key
    keys += wheels(channel, times)
    return np.stack([hertz(keys), (levels > SILENT).astype(float), levels], 1)


def wheels(channel: Channel, times):
    """Return by how many semitones the wheels of a channel move its notes at `times`."""
    swing = np.sin(2 * np.pi * VIBRATO * times)
    return stepped(channel.bend, times) + DEPTH * stepped(channel.modulation, times) * swing


def rendered(channels: list, rate: int):
    """Return what channels play together, a wave (T,) float32 at `rate` Hz in [-0.5, 0.5], each note a plain string.

    Raises ValueError for what is longer than TOGETHER.
    """
    end = max(note.end for channel in channels for note in channel.notes) + RELEASE
    if end > TOGETHER:
        raise ValueError(
            f"midi=: the notes last {end / 60:.0f} minutes, and {TOGETHER / 60:g} are played at most; cut it"
        )
    wave = np.zeros(round(end * rate) + 1, np.float32)
    for channel in channels:
        for note in channel.notes:
            first = round(note.begin * rate)
            lasts = min(note.end + RELEASE - note.begin, FADED * DECAY)
            time = np.arange(min(round(lasts * rate), len(wave) - first)) / rate
            hz = hertz(note.key + wheels(channel, note.begin + time))
            phase = 2 * np.pi * np.cumsum(hz) / rate
            edges = np.clip(np.minimum(time / ATTACK, (note.end + RELEASE - note.begin - time) / RELEASE), 0, 1)
            for n in range(1, HARMONICS + 1):
                loud = 10 ** (level(note.velocity) / 20) * n**-SLOPE * np.exp(-n * time / DECAY) * (n * hz < rate / 2)
                wave[first : first + len(time)] += edges * loud * np.sin(n * phase)
    return wave / max(1e-9, 2 * float(np.abs(wave).max()))


def stepped(changes: list, times):
    """Return at `times` the value that was set last of (seconds, value), the first of which is at 0."""
    when, values = np.array(changes).T
    return values[np.searchsorted(when, times, "right") - 1]
