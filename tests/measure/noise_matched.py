"""Are takes of a model of noise that noise? Pink noise, and a band of it, a minute each; takes beside fresh noise.

Run it as `python -m tests.measure.noise_matched FOLDER [MINUTES [KIND ...] [KEY=VALUE ...]]`: recordings in clips as
long as those of the embedded tones, and the runs of `gen train` on them, with those keys, are written to FOLDER; a
training that was stopped goes on.
Spectra are in those third octaves (IEC 61260-1:2014, midbands of base ten) that hold sound, at the takes' own level.
"""

import os
import sys
from pathlib import Path

import numpy as np

import gen
from gen.__main__ import main as command
from gen.corpus.tones import RATE, SECONDS
from gen.sound import audio, hearing

KINDS = {"pink": (20.0, RATE / 2, 0.5), "band": (500.0, 1500.0, 0.0)}  # Hz; amplitude falls with this power of them
CLIPS = 30  # a minute
LEVEL = 0.1  # RMS of the noise
TAKES, LENGTH = 32, 5.0  # seconds each
TEMPERATURES = 1.0, 0.9
MIDDLES = 1000 * 10 ** (np.arange(-16, 6) / 10)  # Hz: the third octaves from 25 Hz on that lie under half the rate
EDGES = MIDDLES[:, None] * 10 ** np.array([-0.05, 0.05])
HOLDS = 20.0  # dB under the loudest third octave, from which on one holds sound
FRESH = 1000  # seed of the first clip that is not trained on


def noise(kind: str, seed: int, seconds: float):
    """Return a stretch (T,) float32 of Gaussian noise; the same seed gives the same."""
    low, high, fall = KINDS[kind]
    size = round(seconds * RATE)
    hz = np.fft.rfftfreq(size, 1 / RATE)
    colour = np.where((hz >= low) & (hz < high), np.maximum(hz, low) ** -fall, 0.0)
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    return np.fft.irfft(white * colour * LEVEL / np.sqrt(np.mean(colour**2)), size).astype(np.float32)


def third_octaves(waves):
    """Return the mean power of waves (n, T) in each of MIDDLES, in dB."""
    size = len(waves[0])
    hz = np.fft.rfftfreq(size, 1 / RATE)
    power = np.mean([np.abs(np.fft.rfft(wave)) ** 2 for wave in waves], 0) * 2 / size**2
    return np.array([10 * np.log10(power[(low <= hz) & (hz < high)].sum() + 1e-12) for low, high in EDGES])


def write(kind: str):
    """Write the recordings of a kind into a folder of its name; files that are there already stay as they are."""
    for seed in range(CLIPS):
        path = Path(kind, f"{seed:02d}.wav")
        if not path.exists():
            audio.write(path, noise(kind, seed, SECONDS), RATE)


def main(folder, minutes="5", *more):
    """Train on each of the kinds in `more`, on all unless given, and print how far takes are from fresh noise."""
    keys = [f"data.rate={RATE}", "data.tail=0", f"minutes={minutes}", *(word for word in more if "=" in word)]
    kinds = [word for word in more if "=" not in word]
    Path(folder).mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    for kind in kinds or KINDS:
        write(kind)
        sys.argv = ["gen", "train", kind, *keys, f"name={kind}"]
        command()
        model = gen.load(Path("runs", kind))
        fresh = third_octaves([noise(kind, FRESH + number, LENGTH) for number in range(TAKES)])
        holds = fresh > fresh.max() - HOLDS
        for temperature in TEMPERATURES:
            waves = model.sample(seconds=LENGTH, count=TAKES, temperature=temperature)
            off = (third_octaves(waves) - fresh)[holds]
            each = " ".join(f"{hz:.0f}:{db:+.1f}" for hz, db in zip(MIDDLES[holds], off, strict=True))
            level = hearing.level(float(waves.std())) - hearing.level(LEVEL)
            told = (
                f"off by {np.abs(off).max():.2f} dB at most, {np.abs(off).mean():.2f} on average; level {level:+.2f} dB"
            )
            print(f"{kind}, temperature {temperature:g}: {told}; by Hz {each}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
