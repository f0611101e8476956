"""Does a model play a piece that it follows? The pitch class of takes beside the recording's, where one voice sounds.

Run it as `python -m tests.measure.piece_followed RUN FOLDER HELD_OUT`: a run trained with control=pitch+loudness on
FOLDER, and the file of the recordings' names held out from it. One voice is where pYIN finds a pitch, ONE of the power
lies at its harmonics and FIRST of it at the fundamental: the notes of a chord are harmonics of one that doesn't sound.
Needs librosa (`pip install '.[analysis]'`).
"""

import sys
from pathlib import Path

import numpy as np

import gen
from gen.base.terminal import track
from gen.sound import audio, features
from gen.sound.curves import STEP

TEMPERATURES = 1.0, 0.8, 0.6
ONE, FIRST = 0.9, 0.2  # shares of the power
SOUNDS = 40.0  # dB under the loudest of a recording
NEAR = 0.5  # semitones
FRAME = 0.128  # seconds of a spectrum


def pitched(wave, rate: int):
    """Return pitches in octaves over 1 Hz, NaN where there is none, and levels in dB, each (n,), every STEP seconds."""
    found = features.frames(wave, rate, ["pitch", "loudness"], STEP)
    f0, level = (found.values[:, found.names.index(name)] for name in ("f0", "loudness"))
    return np.log2(f0), level


def harmonic(wave, rate: int, octaves):
    """Return which shares of the power, each (n,), lie at the harmonics of pitches (n,), and at the fundamental."""
    size, hertz = round(FRAME * rate), 2.0 ** octaves[:, None]
    starts = (np.arange(len(octaves)) * STEP * rate).astype(int)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, (size // 2, size)), size)[starts]
    power = np.abs(np.fft.rfft(frames * np.hanning(size))) ** 2 + 1e-12
    bins = np.arange(power.shape[1]) / FRAME
    number = np.maximum(1, np.round(bins / hertz))
    inside = np.abs(bins - number * hertz) <= 2 / FRAME  # the lobe of the window
    total = power.sum(1)
    return (power * inside).sum(1) / total, (power * (inside & (number == 1))).sum(1) / total


def heard(real, made, rate: int) -> list:
    """Return counts for a take: frames of one voice, those voiced in it, right in pitch class, right in octave."""
    octaves, level = pitched(real, rate)
    share, first = harmonic(real, rate, np.nan_to_num(octaves, nan=0.0))
    one = np.isfinite(octaves) & (share >= ONE) & (first >= FIRST) & (level > level.max() - SOUNDS)
    found = pitched(made, rate)[0]
    off = 12 * (found - octaves)[one]
    with np.errstate(invalid="ignore"):
        same = np.abs(off - 12 * np.round(off / 12)) < NEAR
        octave = np.abs(off) < NEAR
    return [one.sum(), np.isfinite(off).sum(), same.sum(), octave.sum()]


def main(run, folder, names):
    """Print how well pieces are followed, at several temperatures, and what pYIN hears after 8-bit mu-law."""
    model, made, size = gen.load(run), {}, 0
    held = Path(names).read_text().split()
    for name in track(held, "following", len(held)):
        real = audio.read(Path(folder, name), model.rate)
        size += len(real)
        takes = {"8-bit mu-law": model.codec.decode(model.codec.encode(real))}
        for temperature in TEMPERATURES:
            takes[f"temperature {temperature:g}"] = model.sample(follow=real, temperature=temperature)
        for kind, wave in takes.items():
            made.setdefault(kind, []).append(heard(real, wave, model.rate))
    for kind, counts in made.items():
        one, voiced, same, octave = np.sum(counts, 0)
        print(
            f"{kind}: of {one} frames of one voice ({one * STEP * model.rate / size:.0%} of all) {same / one:.1%} have "
            f"the right pitch class, {octave / one:.1%} the octave too; {voiced / one:.1%} have a pitch, of which "
            f"{same / voiced:.1%} are right"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
