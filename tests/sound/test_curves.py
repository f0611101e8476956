"""What a model is told of a sound: measured, in deviations, where and when it sounds."""

import numpy as np
import pytest

from gen.sound import curves as made
from tests.small import curves

RATE = 8000


def tone(hertz, seconds=0.5, amplitude=0.5):
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def test_a_tone_is_told_by_its_level_at_its_time_and_silence_after_it():
    told = curves("loudness", hop=32)
    frames = told.whole(told.measure(tone(1000)))
    assert frames.shape[1] == told.channels == 4
    assert (frames[:, 3] == 1).all()
    level = 20 * frames[:, 1] - 40  # mean and deviation of its training
    inside, after = level[10:115], level[int(0.53 * 250) :]
    assert np.abs(inside + 20 * np.log10(2 * np.sqrt(2))).max() < 0.2  # 125 frames are half a second
    assert (after == -120).all()
    assert len(after) > 0
    assert np.allclose(frames[5:100, 0], frames[:95, 1], atol=1e-6)  # 20 ms ago, to five frames of 4 ms
    assert np.allclose(frames[:95, 2], frames[5:100, 1], atol=1e-6)


def test_frames_told_from_the_middle_are_those_of_the_whole():
    told = curves("loudness", hop=64)
    columns = told.measure(np.concatenate([tone(300), tone(900, amplitude=0.05), tone(500)]))
    whole = told.told(columns, 0.0, 150)
    np.testing.assert_allclose(told.told(columns[50:], 0.5 - 50 * 0.01 + 20 * told.seconds - 0.02, 40)[8:], 0, atol=9)
    later = told.told(columns[10:], 32 * told.seconds - 0.1, 60)
    np.testing.assert_allclose(later, whole[32:92], atol=1e-5)


def test_pitch_is_in_octaves_and_leads_from_a_note_to_the_next():
    told = curves("pitch", hop=64)
    wave = np.concatenate([tone(220), np.zeros(4000, np.float32), tone(330)])
    columns = told.measure(wave)
    f0, voiced = columns.T
    assert abs(2 ** np.nanmedian(f0[5:40]) - 220) < 2
    assert abs(2 ** np.nanmedian(f0[110:140]) - 330) < 3
    assert np.isnan(f0[60:90]).all()
    assert voiced[60:90].max() < 0.5 < voiced[10:40].min()
    heard = told.told(columns, 0.0, 187)
    pitch = 7.8 + 0.5 * heard[:, 2]
    assert np.isfinite(heard).all()
    assert (np.diff(pitch[66:120]) >= -1e-6).all()  # in the pause it rises
    assert 2 ** pitch[62] < 235
    assert 2 ** pitch[122] > 315


def test_what_no_recording_had_is_said_and_what_is_far_off_is_told_as_far_as_goes():
    told = curves("pitch+loudness")
    columns = told.measure(tone(900, amplitude=1))
    (line,) = [line for line in told.unheard(columns) if line.startswith("f0")]
    assert "in training it was from 110 Hz to 440 Hz" in line
    assert told.unheard(told.measure(tone(220, amplitude=0.2))) == []
    assert np.abs(told.told(columns + 900, 0.0, 20)[:, :-1]).max() == made.FURTHEST


def test_a_recording_without_pitch_is_told_the_mean():
    told = curves("pitch")
    heard = told.told(np.full((50, 2), [np.nan, -40]), 0.0, 20)
    assert (heard[:, [0, 2, 4]] == 0).all()


@pytest.mark.parametrize("control", ["", "pitch+", "tempo", "mel+mel", "pitch,mel"])
def test_what_are_no_curves_is_named(control):
    with pytest.raises(ValueError, match=r"^control=.*: there are mel, constant_q, loudness, pitch, onset, and sums"):
        made.parse(control)
    assert made.parse("mel+onset") == ["mel", "onset"]


def test_pitch_is_told_as_waves_that_tell_octaves_and_cents_apart():
    told = curves("pitch", hop=64)
    octaves = np.log2([110.0, 220.0, 440.0, 440.0 * 2 ** (10 / 1200)])
    waves = [told.told(np.tile([[pitch, 1.0]], (9, 1)), 0.02, 1)[0, 6:-1] for pitch in octaves]
    assert waves[0].shape == (2 * len(made.WAVES),)
    assert np.allclose(waves[0] ** 2 + np.roll(waves[0], len(made.WAVES)) ** 2, 1, atol=1e-5)
    apart = [[np.linalg.norm(a - b) for b in waves] for a in waves]
    assert min(apart[0][1:] + apart[1][2:]) > 0.5  # an octave, and ten cents, as sqrt(2) would be a wave turned by half
    assert apart[2][3] > 0.5
    assert np.allclose(waves[0][3 : len(made.WAVES)], waves[1][3 : len(made.WAVES)], atol=1e-3)  # of one pitch class
