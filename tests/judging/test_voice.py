"""Voice of sounds whose pitch and noise are known."""

import numpy as np
import pytest

from gen.judging import voice


def sung(hz, rate, decibels, seconds=1.5, seed=0):
    """Return a tone with all its harmonics, each fainter than the last, so many dB over white noise."""
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(np.sin(2 * np.pi * k * hz * time + k) / k for k in range(1, int(rate / 2 / hz)))
    noise = np.random.default_rng(seed).standard_normal(len(time))
    return 0.05 * (tone + noise * np.sqrt(np.mean(tone**2) / np.mean(noise**2)) * 10 ** (-decibels / 20))


@pytest.mark.parametrize("decibels", [5, 10, 20])
@pytest.mark.parametrize(("hz", "rate"), [(110.3, 8000), (220.0, 16000), (437.7, 44100)])
def test_harmonics_stand_over_noise_by_what_was_added(hz, rate, decibels):
    heard = voice.listen(sung(hz, rate, decibels), rate)
    inside = slice(5, -5)  # windows that reach over the ends hear silence
    assert heard.voiced[inside].all()
    assert heard.ratio[inside].mean() == pytest.approx(decibels, abs=1)
    assert np.median(heard.hz) == pytest.approx(hz, rel=0.01)


def test_noise_and_silence_are_unvoiced():
    noise = np.random.default_rng(0).standard_normal(16000) / 10
    assert not voice.listen(noise, 16000).voiced.any()
    heard = voice.listen(np.zeros(16000), 16000)
    assert not heard.voiced.any()
    assert np.isfinite(heard.ratio).all()


def test_there_is_a_frame_each_hundredth_of_a_second_and_one_at_least():
    assert len(voice.listen(np.zeros(8000), 8000).hz) == 100
    assert len(voice.listen(np.zeros(3), 8000).hz) == 1


def test_a_voice_that_is_twice_as_loud_is_the_same_voice():
    once, twice = (voice.listen(scale * sung(150.0, 8000, 15), 8000) for scale in (1, 2))
    assert np.allclose(once.ratio, twice.ratio)
