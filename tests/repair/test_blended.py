import numpy as np
import pytest

from gen.repair import blended
from gen.sound import autoregression

RATE, COUNT = 8000, 800


def sides(wave):
    """Return what is before, in and after a gap of COUNT samples in the middle of a wave."""
    return np.split(wave, [(len(wave) - COUNT) // 2, (len(wave) + COUNT) // 2])


def filled(waves, nats, before, after):
    predicted = autoregression.fill(before, COUNT, after, RATE)
    return blended.blended(waves, np.array(nats), predicted, before, after, RATE)


def noise(seed, count=COUNT, level=0.1):
    return level * np.random.default_rng(seed).standard_normal(count)


def decibels(wave):
    return 20 * np.log10(wave.std())


def test_spectra_make_the_wave_again():
    before, gap, after = sides(noise(0, 4000))
    size = blended.frame(RATE)
    found = blended.spectra(gap, (before[-size:], after[:size]), size)
    assert blended.wave_of(found, size, COUNT, size) == pytest.approx(gap, abs=1e-12)


def test_a_note_that_sounds_through_the_gap_is_kept_to_the_phase_over_what_is_continued():
    t = np.arange(16000) / RATE
    note = 0.3 * np.sin(2 * np.pi * 440 * t) + noise(1, 16000, 1e-4)
    before, gap, after = sides(note)
    share = blended.foretold(before, COUNT, after, RATE)
    at = round(440 / RATE * blended.frame(RATE))
    assert share[at] > 0.99
    other_phase = 0.3 * np.cos(2 * np.pi * 440 * t[:COUNT])
    made = filled([other_phase], [0.0], before, after)
    assert decibels(made - gap) < decibels(gap) - 20
    assert decibels(other_phase - gap) > decibels(gap)


def test_of_noise_nothing_is_foretold_and_its_level_is_led_to_the_mean_of_what_is_as_likely():
    before, _, after = sides(noise(2, 16000))
    assert blended.foretold(before, COUNT, after, RATE).mean() < 0.3
    loud, faint = noise(3, level=0.2), noise(4, level=0.05)
    inner = slice(200, 600)
    between = filled([loud, faint], [0.0, 0.0], before, after)
    assert decibels(between[inner]) == pytest.approx(decibels(noise(5)), abs=2)
    alone = filled([loud, faint], [0.0, 1000.0], before, after)
    assert decibels(alone[inner]) == pytest.approx(decibels(loud[inner]), abs=1.5)


def test_a_side_with_no_room_for_a_gap_as_long_foretells_nothing():
    before, _, after = sides(noise(2, COUNT + 2000))
    assert not blended.foretold(before, COUNT, after, RATE).any()


def test_those_count_that_are_nearly_as_likely_the_likeliest_first():
    few = blended.FEW / blended.TRUST
    assert blended.likely(np.array([5.0, 3.0 + 2 * few, 3.0, 2.9 + few])).tolist() == [2, 0, 3]


def test_a_gap_of_a_few_samples_is_filled():
    before, after = noise(6, 4000), noise(7, 4000)
    made = blended.blended([noise(8, 3)], np.zeros(1), np.zeros(3), before, after, RATE)
    assert made.shape == (3,)
    assert np.isfinite(made).all()
