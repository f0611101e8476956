"""The ends of the scale: excerpts of recordings, and noise of their colour."""

import numpy as np
import pytest

from gen.corpus.cache import Recording
from gen.corpus.splits import Segment
from gen.judging import anchors
from gen.sound import hearing
from gen.sound.codec import Linear16

CODEC, RATE = Linear16(), 8000


def segment(tmp_path, name, wave, start=0, stop=None):
    """Return a Segment of a recording of that wave, from a sample to a sample."""
    symbols = CODEC.encode(wave).astype(np.uint8)
    (tmp_path / name).write_bytes(symbols.tobytes())
    recording = Recording(name, tmp_path / name, "uint8", len(symbols), RATE)
    return Segment(recording, 2 * start, len(symbols) if stop is None else 2 * stop, 0)


def test_excerpts_come_from_all_over_and_a_short_recording_is_followed_by_silence(tmp_path):
    long = segment(tmp_path, "long", np.repeat([0.1, 0.2, 0.3], RATE))
    short = segment(tmp_path, "short", np.full(RATE // 2, 0.5))
    found = anchors.excerpts([long, short], CODEC, RATE, 1.0, 10, 0)
    assert sorted(round(float(wave[0]), 2) for _, wave in found) == [0.1, 0.2, 0.3, 0.5]
    assert all(len(wave) == RATE for _, wave in found)
    padded = next(wave for s, wave in found if s is short)
    assert np.all(padded[RATE // 2 :] == 0)


def test_a_stretch_that_is_too_short_is_left_out_since_no_silence_follows_it(tmp_path):
    wave = np.full(3 * RATE, 0.1)
    stretches = [segment(tmp_path, "a", wave, 0, RATE // 2), segment(tmp_path, "b", wave, 0, RATE)]
    found = anchors.excerpts(stretches, CODEC, RATE, 1.0, 10, 0)
    assert [s.recording.name for s, _ in found] == ["b"]


@pytest.mark.parametrize(
    ("lengths", "whole", "wanted"),
    [((0.4, 0.5, 0.6), True, 1.0), ((3, 4, 9), True, 5.0), ((0.92, 1.5, 1.6), False, 0.9)],
)
def test_takes_are_as_long_as_recordings_or_as_their_stretches_surely_are(tmp_path, lengths, whole, wanted):
    made = [segment(tmp_path, str(n), np.zeros(20 * RATE), 0, round(n * RATE)) for n in lengths]
    if whole:
        made = [segment(tmp_path, f"w{n}", np.zeros(round(n * RATE))) for n in lengths]
    assert anchors.usual_seconds(made, CODEC, RATE, 5.0) == pytest.approx(wanted)


def test_noise_has_the_colour_and_the_level_of_the_recordings_and_nothing_else():
    random = np.random.default_rng(0)
    shaped = np.convolve(random.standard_normal(20 * RATE), [0.2, 0.3, 0.3, 0.2], "same") / 10
    made = anchors.noise(anchors.spectrum_of([shaped], RATE), 5 * RATE, RATE, 4, 1)
    assert np.mean([np.std(wave) for wave in made]) == pytest.approx(shaped.std(), rel=0.03)
    apart = hearing.spectrum(made, RATE) - hearing.spectrum([shaped], RATE)
    assert np.abs(apart[hearing.spectrum([shaped], RATE) > -60]).max() < 1
    assert hearing.hear(made[0], RATE).noise > 0.5  # 0.56 in all of a band, and this has a gap at its upper end
    assert abs(np.corrcoef(made[0], made[1])[0, 1]) < 0.05


def test_joined_recordings_are_as_long_as_is_asked_for_or_one_of_all_there_is(tmp_path):
    parts = [segment(tmp_path, str(n), np.full(RATE, n / 10)) for n in range(1, 6)]
    joined = anchors.joined(parts, CODEC, RATE, 2.5, 10, 0)
    assert [len(wave) for wave in joined] == [2.5 * RATE] * 2
    assert [len(wave) for wave in anchors.joined(parts, CODEC, RATE, 9.0, 10, 0)] == [5 * RATE]
