"""The default data: a labelled corpus of synthetic tones, made in seconds, small enough to learn in minutes.

One octave of C major, each note in a folder of its own name, sustained as an organ with a tremulant: a fundamental and
three fainter harmonics in the sound of wind; brightness, loudness and the depth and rate of its swelling are drawn anew
for every clip. Without the wind a model learns nothing of what is not quite a tone, and having sung a wrong note for a
moment, as it will after few steps, stays with a harmonic.
"""

import hashlib
from pathlib import Path

import numpy as np

from gen.sound import audio

RATE = 8000  # Hz
SECONDS = 2.0
HARMONICS = (1, 2, 3, 4)
WIND = 0.01  # RMS of white noise: -40 dBFS, 23 to 31 dB under the note
NOTES = {"C4": -9, "D4": -7, "E4": -5, "F4": -4, "G4": -2, "A4": 0, "B4": 2, "C5": 3}  # semitones from A4


def version() -> str:
    """Return a name for the corpus as this file makes it, so that one made by another version isn't taken for it."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:8]


def hz(label: str) -> float:
    """Return the frequency of a label such as "E4", equally tempered from A4 = 440 Hz."""
    return 440.0 * 2 ** (NOTES[label] / 12)


def tone(label: str, seed: int):
    """Return one clip (T,) float32 of a note; the same seed gives the same clip."""
    random = np.random.default_rng([seed, NOTES[label] + 9])
    time = np.arange(round(SECONDS * RATE)) / RATE
    bright = random.uniform(0.2, 0.8)
    phase = 2 * np.pi * hz(label) * time
    wave = sum(bright ** (n - 1) / n * np.sin(n * phase) for n in HARMONICS)
    swell = 1 - random.uniform(0.2, 0.6) * (
        0.5 + 0.5 * np.sin(2 * np.pi * random.uniform(3, 6) * (time + random.uniform()))
    )
    attack = np.minimum(time / 0.02, 1.0)
    wave *= random.uniform(0.3, 0.6) * swell / np.abs(wave).max()
    return (attack * (wave + WIND * random.standard_normal(len(time)))).astype(np.float32)


def write(folder, clips: int = 40):
    """Write `clips` WAVs of each note under `folder`/<note>/; files that are there already stay as they are."""
    for label in NOTES:
        for seed in range(clips):
            path = Path(folder) / label / f"{label}-{seed:02d}.wav"
            if not path.exists():
                audio.write(path, tone(label, seed), RATE)
