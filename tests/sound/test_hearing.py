"""What a wave sounds like in numbers, on waves of which it is known."""

import numpy as np
import pytest

from gen.sound import hearing

RATE = 8000
TIME = np.arange(2 * RATE) / RATE


def noise(seed=0, seconds=2.0):
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def coloured(seed=0):
    """Return noise through a filter that falls by 40 dB over its band."""
    spectrum = np.fft.rfft(noise(seed))
    return np.fft.irfft(spectrum * np.logspace(0, -2, len(spectrum)))


def test_levels_are_in_dbfs_and_the_rms_is_without_dc():
    heard = hearing.hear(0.5 * np.sin(2 * np.pi * 400 * TIME) + 0.1, RATE)
    assert heard.rms == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)
    assert heard.dc == pytest.approx(-20, abs=0.01)
    assert heard.peak == pytest.approx(20 * np.log10(0.6), abs=0.01)


@pytest.mark.parametrize("wave", [np.zeros(RATE), np.zeros(0), np.full(RATE, 0.3), np.zeros(1)])
def test_nothing_moving_is_silence_and_all_its_figures_are_numbers(wave):
    heard = hearing.hear(wave, RATE)
    assert (heard.silence, heard.rms, heard.noise, heard.loop) == (1.0, hearing.FLOOR, 0.0, 0.0)
    assert np.isfinite(heard).all()


def test_silence_is_the_share_of_frames_that_are_quiet():
    wave = noise()
    wave[RATE:] *= 1e-4
    assert hearing.hear(wave, RATE).silence == pytest.approx(0.5, abs=0.01)


def test_clipping_is_told_from_a_peak():
    sine = np.sin(2 * np.pi * 50 * TIME)
    clipped = np.clip(1.5 * sine, -1, 1)
    share = 1 - 2 * np.arcsin(1 / 1.5) / np.pi
    assert hearing.clipping(clipped) == pytest.approx(share, abs=0.01)
    assert hearing.clipping(sine) == 0
    assert hearing.clipping(0.5 * clipped) == 0


def test_flatness_sees_white_noise_and_noise_sees_coloured():
    white, dark, tone = (hearing.hear(w, RATE) for w in (noise(), coloured(), np.sin(2 * np.pi * 440 * TIME)))
    assert white.flatness == pytest.approx(0.561, abs=0.03)  # exp(-Euler's constant), for a periodogram of noise
    assert dark.flatness < 0.4
    assert white.noise > 0.55
    assert dark.noise > 0.55
    assert tone.flatness < 0.001
    assert tone.noise < 0.45


@pytest.mark.parametrize("rate", [1000, 1025, 4000, 11025, 44100, 96000])
def test_noise_is_heard_at_any_rate(rate):
    assert hearing.hear(np.random.default_rng(0).standard_normal(rate) / 10, rate).noise > 0.54


def test_a_loop_is_like_itself_later_and_noise_is_not():
    assert hearing.hear(np.tile(noise(seconds=0.25), 8), RATE).loop > 0.99
    assert hearing.hear(noise(), RATE).loop < 0.2
    assert hearing.hear(noise(seconds=0.15), RATE).loop == 0  # too short to tell


def test_the_distance_of_spectra_is_their_difference_in_level_and_0_from_themselves():
    plain = hearing.spectrum([noise(0), noise(1)], RATE)
    assert hearing.distance(plain, plain) == 0
    assert hearing.distance(hearing.spectrum([0.1 * noise(0), 0.1 * noise(1)], RATE), plain) == pytest.approx(20)
    assert hearing.distance(hearing.spectrum([coloured()], RATE), plain) > 10
