import numpy as np
import pytest

from gen.repair.blended import JOIN
from gen.repair.settled import NEAR, SETTLE, settled
from gen.sound import hearing

RATE = 16000
NOISE = np.random.default_rng(0).standard_normal(3 * RATE)


def through(*coefficients):
    """Return noise of -25 dBFS through a filter, so that it is bright or dull."""
    wave = np.convolve(NOISE, coefficients, "same")
    return 10 ** (-25 / 20) * wave / wave.std()


BRIGHT, DULL = through(1, -1), through(1, 1)


def bands(wave):
    """Return the level of the lower and of the upper half of the spectrum, in dB."""
    power = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) ** 2
    return 10 * np.log10([half.mean() for half in np.array_split(power, 2)])


def test_its_ends_have_the_spectrum_and_the_level_of_what_is_beside_them():
    before, wave, after = BRIGHT[:RATE], DULL[RATE : 2 * RATE], 0.3 * BRIGHT[2 * RATE :]
    made, size = settled(wave, before, after, RATE), round(0.03 * RATE)
    assert made.shape == wave.shape
    assert np.abs(bands(wave[-size:]) - bands(after[:size])).max() > 15
    assert np.abs(bands(made[-size:]) - bands(after[:size])).max() < 4
    assert np.abs(bands(made[:size]) - bands(before[-size:])).max() < 4
    near = round(NEAR * RATE)
    assert hearing.level(made[-near:].std()) == pytest.approx(hearing.level(after[:near].std()), abs=1.5)


def test_between_its_ends_it_stays_as_it_was_and_so_do_its_first_and_last_sample():
    before, wave, after = BRIGHT[:RATE], DULL[RATE : 2 * RATE], 0.3 * BRIGHT[2 * RATE :]
    made = settled(wave, before, after, RATE)
    inner = slice(round((SETTLE + 0.05) * RATE), -round((SETTLE + 0.05) * RATE))
    assert made[inner] == pytest.approx(wave[inner], abs=1e-9)
    assert made[[0, -1]] == pytest.approx(wave[[0, -1]], abs=0.02)
    assert np.abs(made[: round(JOIN * RATE)] - wave[: round(JOIN * RATE)]).max() > 0.02


@pytest.mark.parametrize("count", [1, 100])
def test_sides_that_are_short_or_silent_make_numbers(count):
    made = settled(DULL[:RATE], np.zeros(count), DULL[-count:], RATE)
    assert np.isfinite(made).all()
