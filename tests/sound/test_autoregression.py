import numpy as np
import pytest

from gen.sound.autoregression import LARGEST, extrapolate, fill, filter_of, interpolate, predict, stretch

RATE = 16000


def notes(seconds=0.6, seed=0, rate=RATE):
    """Return a chord of decaying partials and a little noise: what linear prediction knows."""
    random, t = np.random.default_rng(seed), np.arange(round(seconds * rate)) / rate
    partials = [random.uniform(0.05, 0.2) * np.exp(-2 * t) * np.sin(2 * np.pi * hz * t) for hz in (220, 277, 660, 1320)]
    return np.sum(partials, 0) + 1e-4 * random.standard_normal(len(t))


def snr(real, made):
    return 10 * np.log10((real @ real) / ((real - made) @ (real - made)))


def autoregression(a, count, seed=0):
    noise = np.random.default_rng(seed).standard_normal(count)
    wave = np.zeros(count)
    for t in range(len(a), count):
        wave[t] = noise[t] - a[1:] @ wave[t - 1 : t - len(a) : -1]
    return wave


def test_the_filter_is_that_which_made_the_wave():
    a = np.array([1, -1.6, 0.9, -0.1])
    assert filter_of(autoregression(a, 200_000), 3) == pytest.approx(a, abs=0.02)
    assert np.array_equal(filter_of(np.zeros(100), 3), [1, 0, 0, 0])


def test_what_is_filled_in_has_the_least_prediction_error():
    """The estimate is where the gradient of sum e^2 with respect to the missing samples is zero."""
    wave = autoregression(np.array([1, -1.6, 0.9]), 800)
    missing = stretch(wave, 300, 20) | stretch(wave, 340, 7)
    before = interpolate(wave, missing, 8, rounds=2)
    a = filter_of(before, 8)
    filled = interpolate(wave, missing, 8, rounds=3)
    error = np.convolve(filled, a)
    gradient = np.correlate(error, a, "valid")
    assert np.abs(gradient[missing]).max() < 1e-8 < np.abs(gradient[~missing]).max()
    assert np.array_equal(filled[~missing], wave[~missing])


@pytest.mark.parametrize(("seconds", "least"), [(0.005, 35), (0.02, 25), (0.06, 12)])
def test_a_gap_in_a_chord_is_filled(seconds, least):
    wave, size = notes(), round(seconds * RATE)
    before, gap, after = np.split(wave, [5000, 5000 + size])
    assert snr(gap, fill(before[-4096:], size, after[:4096], RATE)) > least


def test_a_gap_is_filled_at_other_rates_from_little_context_and_at_an_end():
    wave = notes(rate=48000)
    before, gap, after = np.split(wave, [15000, 15240])
    assert snr(gap, fill(before[-12288:], 240, after[:12288], 48000)) > 30
    before, gap, after = np.split(notes(), [5000, 5080])
    assert snr(gap, fill(before[-300:], 80, after[:300], RATE)) > 15
    nothing = np.zeros(0)
    assert snr(gap, fill(before, 80, nothing, RATE)) > 15
    assert snr(gap, fill(nothing, 80, after, RATE)) > 15
    assert snr(gap, fill(before, 80, after[:3], RATE)) > 15
    assert np.array_equal(fill(nothing, 80, nothing, RATE), np.zeros(80))


def test_a_long_gap_is_predicted_from_both_sides_in_little_time():
    wave = notes(1.0)
    size = LARGEST + 1
    before, gap, after = np.split(wave, [6000, 6000 + size])
    made = fill(before[-4096:], size, after[:4096], RATE)
    assert made.shape == gap.shape
    assert snr(gap, made) > 3
    assert np.array_equal(made, predict(before[-4096:], size, after[:4096], RATE))


def test_prediction_goes_on_with_a_sine():
    wave = np.sin(0.1 * np.arange(3000))
    assert snr(wave[2000:2100], extrapolate(wave[:2000], 100, 32)) > 20


def test_silence_is_filled_with_silence():
    assert np.array_equal(fill(np.zeros(1000), 50, np.zeros(1000), RATE), np.zeros(50))


def test_what_was_clipped_comes_back_above_where_it_was_cut():
    wave = notes()[2000:4000]
    level = 0.6 * np.abs(wave).max()
    clipped = np.clip(wave, -level, level)
    missing = np.abs(wave) > level
    bound = np.where(missing, np.sign(wave) * level, 0)
    made = interpolate(clipped, missing, 64, bound)
    assert (np.abs(made[missing]) >= level - 1e-12).all()
    assert (np.sign(made[missing]) == np.sign(wave[missing])).all()
    assert np.array_equal(made[~missing], wave[~missing])
    assert snr(wave[missing], made[missing]) > snr(wave[missing], clipped[missing]) + 10
