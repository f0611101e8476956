"""The default data: a labelled corpus of synthetic tones, made in seconds, small enough to learn in minutes.

One octave of C major, each note in a folder of its own name, sustained as an organ holds it: three harmonics under the
fundamental, their levels, phases and the loudness drawn anew for every clip.
"""

from pathlib import Path

import numpy as np

from gen import audio

RATE = 8000  # Hz
SECONDS = 2.0
NOTES = {"C4": -9, "D4": -7, "E4": -5, "F4": -4, "G4": -2, "A4": 0, "B4": 2, "C5": 3}  # semitones from A4


def hz(label: str) -> float:
    """Return the frequency of a label such as "E4", equally tempered from A4 = 440 Hz."""
    return 440.0 * 2 ** (NOTES[label] / 12)


def tone(label: str, seed: int):
    """Return one clip (T,) float32 of a note; the same seed gives the same clip."""
    random = np.random.default_rng([seed, NOTES[label] + 9])
    time = np.arange(round(SECONDS * RATE)) / RATE
    wave = np.zeros_like(time)
    for harmonic in (1, 2, 3, 4):
        level = 1.0 if harmonic == 1 else random.uniform(0.0, 0.5) / harmonic
        wave += level * np.sin(2 * np.pi * (harmonic * hz(label) * time + random.uniform()))
    attack = np.minimum(time / 0.02, 1.0)
    return (random.uniform(0.3, 0.6) * attack * wave / np.abs(wave).max()).astype(np.float32)


def write(folder, clips: int = 12):
    """Write `clips` WAVs of each note under `folder`/<note>/; files that are there already stay as they are."""
    for label in NOTES:
        for seed in range(clips):
            path = Path(folder) / label / f"{label}-{seed:02d}.wav"
            if not path.exists():
                audio.write(path, tone(label, seed), RATE)
