import numpy as np
import pytest
import soundfile
import soxr

from gen.corpus import tones
from gen.survey import duplicates
from gen.survey.duplicates import Print
from gen.survey.folder import survey

RATE = 16000


def sound(seed, seconds=0.8, rate=RATE):
    """Return noise of one colour and one swelling for all seeds: the coarse spectra agree, the waves don't."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.normal(size=round(seconds * rate)))
    spectrum /= 1 + (np.fft.rfftfreq(round(seconds * rate), 1 / rate) / 500) ** 2
    wave = np.fft.irfft(spectrum) * np.sin(np.linspace(0, np.pi, round(seconds * rate))) ** 2
    return 0.5 * wave / np.abs(wave).max()


def found(folder):
    return [(p["first"], p["copy"], p["kind"]) for p in survey(folder)["pairs"]]


def fill(folder, count=6):
    for seed in range(count):
        soundfile.write(folder / f"b{seed}.wav", sound(seed), RATE)


@pytest.mark.parametrize(
    ("name", "change", "how"),
    [
        ("mp3", lambda w: (w, RATE), {"format": "MP3"}),
        ("ogg", lambda w: (w, RATE), {"format": "OGG"}),
        ("wav", lambda w: (0.3 * w, RATE), {}),
        ("wav", lambda w: (-1.5 * w, RATE), {}),
        ("wav", lambda w: (np.pad(w, (800, 400)), RATE), {}),
        ("wav", lambda w: (w[800:], RATE), {}),
        ("wav", lambda w: (w + 0.1, RATE), {}),
        ("flac", lambda w: (soxr.resample(w, RATE, 44100), 44100), {}),
        ("mp3", lambda w: (0.4 * soxr.resample(w, RATE, 22050), 22050), {"format": "MP3"}),
    ],
)
def test_a_changed_copy_is_found_and_nothing_else(tmp_path, name, change, how):
    fill(tmp_path)
    wave, rate = change(sound(3))
    soundfile.write(tmp_path / f"copy.{name}", wave, rate, **how)
    pairs = found(tmp_path)
    assert survey(tmp_path)["usable_seconds"] < 6 * 0.85
    assert len(pairs) == 1
    assert {*pairs[0]} == {"b3.wav", f"copy.{name}", "sound"}
    if how:
        assert pairs[0][0] == "b3.wav"  # what is lossy is the copy


def test_the_same_bytes_and_the_same_samples_are_told_apart(tmp_path):
    fill(tmp_path, 2)
    (tmp_path / "same.wav").write_bytes((tmp_path / "b0.wav").read_bytes())
    wave, _ = soundfile.read(tmp_path / "b1.wav", dtype="int16")
    soundfile.write(tmp_path / "same.flac", wave, RATE)
    soundfile.write(tmp_path / "stereo.flac", np.stack([wave, wave], 1), RATE)
    assert found(tmp_path) == [
        ("b0.wav", "same.wav", "file"),
        ("b1.wav", "same.flac", "samples"),
        ("b1.wav", "stereo.flac", "samples"),
    ]


def test_each_of_many_copies_is_listed_once(tmp_path):
    for index in range(5):
        soundfile.write(tmp_path / f"{index}.wav", (0.2 + index / 10) * sound(0), RATE)
    assert found(tmp_path) == [("0.wav", f"{index}.wav", "sound") for index in range(1, 5)]


def test_notes_alike_in_pitch_and_phase_are_no_copies(tmp_path):
    for seed in range(16):
        soundfile.write(tmp_path / f"{seed}.wav", tones.tone("A4", seed), tones.RATE)
    assert found(tmp_path) == []


def test_tones_of_one_spectrum_and_other_phases_are_no_copies(tmp_path):
    time = np.arange(RATE) / RATE
    for name, phase in (("a", 0.0), ("b", np.pi / 2)):
        wave = (
            sum(np.sin(2 * np.pi * 200 * n * time + phase * (n == 2)) for n in (1, 2, 3, 4)) / 5 * np.sin(np.pi * time)
        )
        soundfile.write(tmp_path / f"{name}.wav", wave, RATE)
    assert found(tmp_path) == []


def test_silence_is_a_copy_of_nothing_but_the_same_silence(tmp_path):
    for name, seconds in (("a", 1), ("b", 1.1), ("c", 1)):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(round(seconds * RATE)), RATE)
    assert found(tmp_path) == [("a.wav", "c.wav", "file")]


def test_a_long_recording_is_compared_around_its_loudest_part(tmp_path):
    quiet, loud = 0.05 * sound(1, 15), sound(2, 10)
    soundfile.write(tmp_path / "a.wav", np.concatenate([quiet, loud, quiet]), RATE)
    soundfile.write(tmp_path / "b.wav", np.concatenate([quiet, sound(4, 10), quiet]), RATE)
    soundfile.write(tmp_path / "c.wav", 0.5 * np.concatenate([quiet, loud, quiet]), RATE)
    assert found(tmp_path) == [("a.wav", "c.wav", "sound")]


def test_the_candidates_are_those_that_comparing_all_with_all_finds(monkeypatch):
    random = np.random.default_rng(0)
    bands = random.uniform(0, 8, (60, 16)).round() * 0.5
    prints = [
        Print(f"{i}", "", "", float(random.uniform(0.4, 1.5)), b.astype(np.float32), 0.1) for i, b in enumerate(bands)
    ]
    prints.append(prints[0]._replace(name="silent", bands=np.full(16, np.nan, np.float32)))
    want = {
        (a.name, b.name)
        for i, a in enumerate(prints)
        for b in prints[i + 1 :]
        if np.abs(a.bands - b.bands).max() <= duplicates.TOLERANCE and abs(a.seconds - b.seconds) <= duplicates.SHIFT
    }
    assert 5 < len(want) < 1500
    for size in (1, 500, 200_000):
        monkeypatch.setattr(duplicates, "PAIRS", size)
        assert {(a.name, b.name) for a, b in duplicates.candidates(prints)} == want


def test_a_delay_between_two_samples_costs_next_to_no_likeness():
    wave = soxr.resample(sound(0), RATE, 8000)
    late = np.fft.irfft(np.fft.rfft(wave) * np.exp(-2j * np.pi * np.arange(len(wave) // 2 + 1) * 100.5 / len(wave)))
    likeness, wander = duplicates.compare(wave, np.pad(late, 200))
    assert likeness > 0.995
    assert wander < 0.1
