"""What is seen of a wave, and what isn't: the level, the microphone, silence at its ends."""

import numpy as np
import pytest

from gen.naming.looks import View, trimmed
from tests.naming.sounds import RATE, sound

PLAIN = View(["mfcc"], None, False, 0.0, [1.0])


def test_parts_and_statistics_are_means_of_the_frames():
    wave = sound("buzz")
    frames = PLAIN.sequence(wave, RATE)
    parts = PLAIN.parts(wave, RATE, 1)
    assert parts == pytest.approx([*frames.mean(0), len(frames)], abs=1e-3)
    statistics = PLAIN.statistics(wave, RATE)
    assert statistics[::2] == pytest.approx(frames.mean(0), abs=1e-3)
    assert statistics[1::2] == pytest.approx(frames.std(0), abs=1e-3)
    assert PLAIN.parts(wave, RATE, 500).shape == (500 * frames.shape[1] + 1,)  # more than there are frames


def test_centered_features_do_not_hear_the_level():
    view = PLAIN._replace(centered=True)
    wave = sound("buzz")
    assert np.allclose(view.sequence(wave, RATE), view.sequence(wave / 4, RATE), atol=0.02)
    assert not np.allclose(PLAIN.sequence(wave, RATE), PLAIN.sequence(wave / 4, RATE), atol=1)
    assert view.statistics(wave, RATE).shape == (60,)


def test_trimming_takes_silence_and_faint_noise_from_the_ends_alone():
    noise = 1e-4 * np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    wave = np.concatenate([noise, sound("tone"), noise, sound("tone"), noise])
    left = trimmed(wave, RATE, 30)
    assert len(left) == pytest.approx(len(wave) - 2000, abs=0.03 * RATE)
    assert np.array_equal(trimmed(wave, RATE, 0), wave)
    assert len(trimmed(np.zeros(800), RATE, 30)) == 800


def test_columns_are_kept_by_name_and_one_that_is_none_is_told():
    kept = PLAIN._replace(columns=r"(d_)?mfcc(\d|1[0-2])").sequence(sound("tone"), RATE)
    every = PLAIN.sequence(sound("tone"), RATE)
    assert np.array_equal(kept, every[:, [*range(13), *range(20, 33)]])
    with pytest.raises(ValueError, match=r"classifier\.columns=pitch: is the name of no feature; there are mfcc0"):
        PLAIN._replace(columns="pitch").sequence(sound("tone"), RATE)


@pytest.mark.parametrize(
    ("change", "told"), [({"columns": "("}, "columns"), ({"speeds": []}, "speeds"), ({"trim": -1.0}, "trim")]
)
def test_a_setting_out_of_range_is_named(change, told):
    with pytest.raises(ValueError, match=rf"classifier\.{told}"):
        PLAIN._replace(**change).check()


def test_at_another_speed_a_sound_is_shorter_and_higher():
    slow, same, fast = PLAIN._replace(speeds=[0.8, 1.0, 1.25]).heard(sound("tone"), RATE)
    assert [round(RATE * 0.3 / len(w), 2) for w in (slow, same, fast)] == [0.8, 1.0, 1.25]
    peaks = [np.abs(np.fft.rfft(w, RATE)).argmax() for w in (slow, same, fast)]
    assert peaks == pytest.approx([0.8 * peaks[1], peaks[1], 1.25 * peaks[1]], abs=3)


def test_a_pitch_that_there_is_not_is_no_nan():
    assert np.isfinite(PLAIN._replace(features=["pitch"]).sequence(sound("hiss"), RATE)).all()
