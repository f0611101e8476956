"""Are takes the notes they were asked for? The pitch of a take of each label, beside that of the recordings themselves.

Run it as `python -m tests.measure.notes_heard RUN NOTES`: a run trained on the folder NOTES, a file a note, with labels
by name (`'data.labels=([A-G]s?\\d).mp3'`: C4, Ds5). Pitch is that of the highest peak of a wave's autocorrelation over
all notes of a piano; of a note above 1 kHz, where a period has few samples, that of the strongest partial over 500 Hz.
"""

import sys
from pathlib import Path

import numpy as np

import gen
from gen.corpus.names import find_audio
from gen.sound import audio

TONES = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}  # semitones over the A of an octave
LOWEST, HIGHEST, HIGH = 26.0, 4500.0, 1000.0  # Hz
THUMP = 500.0  # Hz: of the highest notes one hears the hammer as well, and it is louder
SECONDS, SKIPPED = 1.5, 0.1  # of a take that are heard, after its attack
FINER = 8  # places between two samples of an autocorrelation
FIRST = 0.9  # of the highest peak that a peak of a shorter period must have to be the pitch


def hertz(label: str) -> float:
    """Return the frequency of a note by name, such as A4 or Ds5, in equal temperament."""
    return 440 * 2 ** ((TONES[label[0]] + ("s" in label)) / 12 + int(label[-1]) - 4)


def pitch(wave, rate: int, high: bool) -> float:
    """Return the pitch of a wave (T,) in Hz, by its strongest partial where it is a `high` one."""
    wave = (wave - wave.mean()) * np.hanning(len(wave))
    size = 4 * len(wave)
    power = np.abs(np.fft.rfft(wave, size)) ** 2
    if high:
        lowest = int(THUMP / rate * size)
        return float(lowest + np.argmax(power[lowest:])) * rate / size
    alike = np.fft.irfft(power, size * FINER)  # as if sampled FINER times as often
    window = np.hanning(len(wave))
    own = np.fft.irfft(np.abs(np.fft.rfft(window, size)) ** 2, size * FINER)
    lags = np.arange(int(rate * FINER / HIGHEST), int(rate * FINER / LOWEST))
    likeness = alike[lags] / np.maximum(own[lags], 1e-9 * own[0])  # Boersma 1993: the window divided out
    peaks = 1 + np.flatnonzero((likeness[1:-1] > likeness[:-2]) & (likeness[1:-1] >= likeness[2:]))
    first = peaks[likeness[peaks] >= FIRST * likeness[peaks].max()][0]
    return rate * FINER / float(lags[first])


def cents(wave, rate: int, label: str) -> float:
    """Return how many cents a wave lies over the note of its label."""
    heard = wave[round(SKIPPED * rate) : round((SKIPPED + SECONDS) * rate)]
    return 1200 * float(np.log2(pitch(heard, rate, hertz(label) > HIGH) / hertz(label)))


def show(name: str, off: dict):
    """Print how far each note is off, and how many within 50 and 20 cents."""
    within = [sum(abs(c) <= most for c in off.values()) for most in (50, 20)]
    print(name, " ".join(f"{label}:{c:+.0f}" for label, c in off.items()))
    print(f"{name}: {within[0]} of {len(off)} within 50 cents, {within[1]} within 20")


def main(run, notes):
    model = gen.load(run)
    folder, names = find_audio(notes)
    files = {Path(name).stem: folder / name for name in names if Path(name).stem in model.classes}
    show("real", {label: cents(audio.read(f, model.rate), model.rate, label) for label, f in files.items()})
    for seed in range(3):
        takes = {label: model.sample(seconds=SECONDS + SKIPPED, seed=seed, label=label) for label in files}
        show(f"takes of seed {seed}", {label: cents(wave, model.rate, label) for label, wave in takes.items()})


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
