"""A recording's features in blocks are those of its whole wave, however long it is and wherever blocks end."""

import tracemalloc

import numpy as np
import pytest
import soundfile

from gen.sound import audio, blockwise, features, hearing

EXACT = [family for family in features.FAMILIES if family not in ("pitch", "constant_q", "scalogram", "tempo")]


def song(seconds, rate, seed=0):
    """Return notes of a hummed kind, a third of a second each, with pauses and faint noise."""
    random = np.random.default_rng(seed)
    note = np.arange(round(seconds * rate)) // (rate // 3)
    hz = 110 * 2 ** (random.integers(0, 24, note[-1] + 1) / 12)
    loud = random.uniform(0, 0.3, note[-1] + 1) * (random.uniform(size=note[-1] + 1) > 0.2)
    phase = 2 * np.pi * np.cumsum(hz[note]) / rate
    wave = loud[note] * sum(np.sin(n * phase) / n for n in (1, 2, 3))
    return (wave + random.normal(0, 1e-3, len(wave))).astype(np.float32)


def both(folder, monkeypatch, families, rate, seconds=14.0, hop=0.01):
    """Return the frames of a file as a whole, and in blocks of about three seconds."""
    monkeypatch.setattr(blockwise, "SECONDS", 2.5)
    soundfile.write(folder / "song.wav", song(seconds, rate), rate, "FLOAT")
    whole = features.frames(audio.read(folder / "song.wav", rate), rate, families, hop)
    parts = list(blockwise.frames(folder / "song.wav", rate, families, hop))
    assert parts[-1][1] == pytest.approx(seconds)
    assert (np.diff([0, *(reached for _, reached in parts)]) > 0).all()
    return whole, [part for part, _ in parts]


@pytest.mark.parametrize(("rate", "hop"), [(16000, 0.01), (8000, 0.01), (11025, 0.02), (44100, 0.01)])
def test_blocks_equal_the_whole(tmp_path, monkeypatch, rate, hop):
    whole, parts = both(tmp_path, monkeypatch, EXACT, rate, hop=hop)
    assert len(parts) > 2
    np.testing.assert_allclose(np.concatenate([part.times for part in parts]), whole.times)
    np.testing.assert_allclose(np.concatenate([part.values for part in parts]), whole.values, rtol=1e-4, atol=2e-3)


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("family", ["constant_q", "scalogram"])
def test_blocks_of_resampled_sound_are_within_a_hundredth_of_a_decibel_where_one_hears_it(
    tmp_path, monkeypatch, family, rate
):
    whole, parts = both(tmp_path, monkeypatch, [family], rate)
    there = whole.values > hearing.QUIET
    np.testing.assert_allclose(np.concatenate([p.values for p in parts])[there], whole.values[there], atol=0.01)


@pytest.mark.parametrize("family", ["pitch", "tempo"])
def test_what_is_chosen_along_the_way_is_chosen_alike_in_blocks(tmp_path, monkeypatch, family):
    whole, parts = both(tmp_path, monkeypatch, [family], 8000, seconds=24.0)
    alike = np.isclose(np.concatenate([part.values for part in parts]), whole.values, rtol=1e-3, equal_nan=True)
    assert alike.mean() > 0.998


def test_memory_is_that_of_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(blockwise, "SECONDS", 2.5)
    most = []
    for seconds in (20, 120):
        soundfile.write(tmp_path / "long.wav", song(seconds, 8000), 8000)
        tracemalloc.start()
        for part, _ in blockwise.frames(tmp_path / "long.wav", 8000, ["level"], 0.01):
            assert len(part.values) < 1000
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert most[1] < 1.3 * most[0]


def test_a_file_of_less_than_a_sample_is_told(tmp_path):
    soundfile.write(tmp_path / "tick.wav", np.zeros(1), 96000)
    with pytest.raises(ValueError, match=r"tick\.wav: is shorter than one sample at 1000 Hz; remove it"):
        list(blockwise.frames(tmp_path / "tick.wav", 1000, ["level"], 0.01))
