"""Does a model play the notes it is given? Melodies it never heard: pitch, onsets and loudness beside what was asked.

Run it as `python -m tests.measure.melody_played RUN`: a run trained with control=pitch+loudness. The melody is drawn by
a seed, within the pitches that the model heard in training. Needs mido and librosa (`pip install '.[midi,analysis]'`).
`python -m tests.measure.melody_played write FOLDER` writes recordings to train on: ten minutes of an organ's notes, one
after the other, of any pitch of two octaves, any length and loudness.
"""

import sys
import tempfile
from pathlib import Path

import mido
import numpy as np

import gen
from gen.base.terminal import track
from gen.corpus import tones
from gen.sampling import play
from gen.sound import audio, features, midi
from gen.sound.curves import STEP, in_octaves
from gen.sound.midi import ATTACK, RELEASE

NOTES, LENGTHS, RESTS = 24, (0.3, 0.8), (0.0, 0.1, 0.2)  # seconds
MAJOR = 0, 2, 4, 5, 7, 9, 11  # semitones of the scale
VELOCITIES = 50, 127
RECORDINGS, SECONDS, RATE = 20, 30.0, 8000  # of an organ
OCTAVES = 7.6, 9.6  # over 1 Hz
SOFTEST = 24.0  # dB under the loudest
TEMPERATURES = 1.0, 0.8, 0.6
CENTS, NEAR = 20, 0.03


def organ(seed: int):
    """Return a recording (T,) float32 of notes drawn by a seed, which sound as those of `gen tones` do."""
    random = np.random.default_rng(seed)
    wave = np.zeros(round(SECONDS * RATE))
    at = 0
    while at < len(wave):
        time = np.arange(round(random.uniform(*LENGTHS) * RATE)) / RATE
        level, hertz = 0.6 * 10 ** (-random.uniform(0, SOFTEST) / 20), 2 ** random.uniform(*OCTAVES)
        note = sum(0.5 ** (n - 1) / n * np.sin(2 * np.pi * n * hertz * time) for n in tones.HARMONICS)
        edges = np.minimum(1, np.minimum(time / ATTACK, (time[-1] - time) / RELEASE))
        note = (level * edges * note)[: len(wave) - at]
        wave[at : at + len(note)] = note
        at += len(note) + round(random.choice(RESTS) * RATE)
    return (wave + tones.WIND / 4 * random.standard_normal(len(wave))).astype(np.float32)


def write(folder):
    """Write RECORDINGS of an organ to a folder."""
    for seed in range(RECORDINGS):
        audio.write(Path(folder) / f"organ-{seed:02d}.wav", organ(seed), RATE)


def melody(path, low: float, high: float, seed: int):
    """Write a melody of NOTES from `low` to `high` Hz, a note after the other, as a MIDI file."""
    random = np.random.default_rng(seed)
    lowest, highest = (69 + 12 * np.log2(hertz / 440) for hertz in (low, high))
    keys = [key for key in range(int(np.ceil(lowest)), int(highest) + 1) if key % 12 in MAJOR]
    sounding = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=1_000_000)])  # a beat a second
    for _ in range(NOTES):
        key, velocity = int(random.choice(keys)), int(random.integers(*VELOCITIES))
        rest, length = (round(480 * seconds) for seconds in (random.choice(RESTS), random.uniform(*LENGTHS)))
        sounding.append(mido.Message("note_on", note=key, velocity=velocity, time=rest))
        sounding.append(mido.Message("note_off", note=key, time=length))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(sounding)
    file.save(path)


def heard(wave, told, asked, begins) -> list:
    """Return of a take: shares of frames within CENTS and voiced, of onsets that are NEAR, correlation of loudness."""
    found = features.frames(wave, told.rate, ["pitch", "loudness", "onset"], STEP)
    column = {name: in_octaves(found.values, found.names)[:, k] for k, name in enumerate(found.names)}
    f0, voiced, loudness = (asked[: len(wave), told.names.index(n)] for n in ("f0", "voiced", "loudness"))
    size = min(len(f0), len(column["f0"]))
    f0, voiced, loudness = f0[:size], voiced[:size] > 0.5, loudness[:size]
    both = voiced & np.isfinite(column["f0"][:size])
    off = 1200 * np.abs(column["f0"][:size] - f0)[both]
    onsets = found.times[column["attack"] > 0]
    late = [np.abs(onsets - begin).min() if len(onsets) else np.inf for begin in begins]
    alike = np.corrcoef(loudness[voiced], column["loudness"][:size][voiced])[0, 1]
    return [np.mean(off <= CENTS), both.sum() / voiced.sum(), np.mean(np.array(late) <= NEAR), alike]


def main(run, *seeds):
    """Print how well melodies are played, at several temperatures."""
    model, made = gen.load(run), {}
    low, high = (2 ** getattr(model.curves, end)[model.curves.names.index("f0")] for end in ("low", "high"))
    with tempfile.TemporaryDirectory() as folder:
        for seed in track(seeds or range(3), "playing", len(seeds or range(3))):
            path = Path(folder, "melody.mid")
            melody(path, low, high, int(seed))
            (channel,) = midi.read(path)
            asked, begins = play.asked(model.curves, midi=channel), [note.begin for note in channel.notes]
            for temperature in TEMPERATURES:
                wave = model.sample(midi=path, seed=int(seed), temperature=temperature)
                made.setdefault(temperature, []).append(heard(wave, model.curves, asked, begins))
    print(f"{run}: melodies of {NOTES} notes from {low:.0f} to {high:.0f} Hz")
    for temperature, figures in made.items():
        right, voiced, near, alike = np.mean(figures, 0)
        print(
            f"temperature {temperature:g}: {right:.1%} of voiced frames within {CENTS} cents ({voiced:.1%} of those "
            f"asked for are voiced), {near:.1%} of onsets within {NEAR * 1000:.0f} ms, loudness correlated {alike:.3f}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
