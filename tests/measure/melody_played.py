"""Does a model play the notes it is given? Melodies it never heard: pitch, onsets and loudness beside what was asked.

Run it as `python -m tests.measure.melody_played RUN`: a run trained with control=pitch+loudness, or constant_q. The
melody is drawn by a seed, within the pitches that the model heard in training. Needs mido and librosa (`pip install
'.[midi,analysis]'`).
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
from gen.sound import audio, features, midi
from gen.sound.curves import STEP
from gen.sound.midi import ATTACK, RELEASE

NOTES, LENGTHS, RESTS = 24, (0.3, 0.8), (0.0, 0.1, 0.2)  # seconds
MAJOR = 0, 2, 4, 5, 7, 9, 11  # semitones of the scale
VELOCITIES = 50, 127
RECORDINGS, SECONDS, RATE = 20, 30.0, 8000  # of an organ
OCTAVES = 7.6, 9.6  # over 1 Hz
SOFTEST = 24.0  # dB under the loudest
TEMPERATURES = 1.0, 0.8, 0.6
CENTS, NEAR = 20, 0.03
KEYS = 220.0, 880.0  # Hz, from where to where, for a model that is told spectra


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


def measured(wave, rate: int) -> tuple:
    """Return f0 in Hz, NaN where there is none, loudness in dB, each every STEP seconds, and the onsets in seconds."""
    found = features.frames(wave, rate, ["pitch", "loudness", "onset"], STEP)
    column = {name: found.values[:, k] for k, name in enumerate(found.names)}
    return column["f0"], column["loudness"], found.times[column["attack"] > 0]


def heard(wave, rate: int, channel, levels) -> list:
    """Return of a take that plays a channel, `levels` (n,) in dB, shares of its voiced frames that are within CENTS,
    and nearest to the key, of frames that are voiced, of onsets that are NEAR; and how its loudness correlates."""
    f0, loudness, onsets = measured(wave, rate)
    asked, sounds, _ = midi.curves(channel, STEP).T
    size = min(len(f0), len(asked), len(levels))
    sounds = sounds[:size] > 0.5
    both = sounds & np.isfinite(f0[:size])
    off = 1200 * np.abs(np.log2(f0[:size][both] / asked[:size][both]))
    late = [np.abs(onsets - note.begin).min() if len(onsets) else np.inf for note in channel.notes]
    alike = np.corrcoef(levels[:size][sounds], loudness[:size][sounds])[0, 1]
    return [np.mean(off <= CENTS), np.mean(off < 50), both.sum() / sounds.sum(), np.mean(np.array(late) <= NEAR), alike]


def main(run, *seeds):
    """Print how well melodies are played, at several temperatures, and beside them by what plays them exactly."""
    model, made = gen.load(run), {}
    low, high = KEYS
    if "f0" in model.curves.names:
        low, high = (2 ** getattr(model.curves, end)[model.curves.names.index("f0")] for end in ("low", "high"))
    with tempfile.TemporaryDirectory() as folder:
        for seed in track(seeds or range(3), "playing", len(seeds or range(3))):
            path = Path(folder, "melody.mid")
            melody(path, low, high, int(seed))
            (channel,) = midi.read(path)
            strings = midi.rendered([channel], model.rate)
            levels = measured(strings, model.rate)[1] if model.curves.spectral else midi.curves(channel, STEP)[:, 2]
            takes = {"strings": strings}
            for temperature in TEMPERATURES:
                takes[f"temperature {temperature:g}"] = model.sample(midi=path, seed=int(seed), temperature=temperature)
            for kind, wave in takes.items():
                made.setdefault(kind, []).append(heard(wave, model.rate, channel, levels))
    print(f"{run}: melodies of {NOTES} notes from {low:.0f} to {high:.0f} Hz")
    for kind, figures in made.items():
        right, nearest, voiced, near, alike = np.mean(figures, 0)
        print(
            f"{kind}: {right:.1%} of voiced frames within {CENTS} cents, {nearest:.1%} nearest to the key "
            f"({voiced:.1%} of those asked for are voiced), {near:.1%} of onsets within {NEAR * 1000:.0f} ms, "
            f"loudness correlated {alike:.3f}"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        write(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
