"""What breaks out, by bounds from recordings: each kind is found where it was put, and none in other recordings."""

import numpy as np
import pytest

from gen.judging import anchors
from gen.judging.breaks import KINDS, Usual, again, flicker, seconds
from tests.judging.test_statistics import RATE, spoken

SECONDS = 6


@pytest.fixture(scope="module")
def usual():
    """Return the bounds of stretches of the voice of `spoken`, which pauses and doesn't end."""
    return made(range(8), ends=False)


def made(seeds, ends):
    """Return the Usual of stretches of `spoken`."""
    stretches = [np.concatenate([spoken(100 * seed + n) for n in range(SECONDS)]) for seed in seeds]
    colour = anchors.spectrum_of(stretches, RATE)
    noise = anchors.noise(colour, 2 * RATE, RATE, 30, 0) + anchors.coloured(RATE, 1)
    return Usual(stretches, noise, RATE, ends)


def take(seed=99, **put):
    """Return a take like the recordings, but for what is `put` into its fourth second: a wave, or a factor."""
    wave = np.concatenate([spoken(1000 * seed + n) for n in range(SECONDS)])
    for value in put.values():
        wave[3 * RATE : 4 * RATE] = wave[3 * RATE : 4 * RATE] * value if np.isscalar(value) else value
    return wave


def test_other_recordings_of_the_kind_break_out_in_nothing(usual):
    assert usual.faults(take()) == dict.fromkeys(KINDS)


def test_a_second_that_is_louder_is_found(usual):
    assert usual.faults(take(gain=4.0))["louder"] == 3


@pytest.mark.parametrize("colour", [0, 1])
@pytest.mark.parametrize("gain", [0.05, 1.0])
def test_a_second_of_noise_is_found_whatever_its_colour_and_level(usual, colour, gain):
    noise = anchors.coloured(RATE, 7)[colour][:RATE]
    assert usual.faults(take(noise=gain * noise))["noise"] == 3


def test_a_second_of_which_only_hiss_is_left_is_noise_though_it_swells_and_fades_as_speech_does(usual):
    wave = take()
    second = wave[3 * RATE : 4 * RATE]
    envelope = np.sqrt(np.convolve(second**2, np.ones(200) / 200, "same"))
    assert usual.faults(take(hiss=envelope * np.random.default_rng(0).standard_normal(RATE)))["noise"] == 3


def test_a_second_that_repeats_itself_is_found(usual):
    loop = np.tile(spoken(5, 0.25), 8)
    wave = take()
    wave[3 * RATE : 5 * RATE] = loop[: 2 * RATE]
    assert usual.faults(wave)["loop"] == 3


def test_silence_is_found_within_a_take_and_at_its_end_only_where_recordings_do_not_end(usual):
    assert usual.faults(take(gain=0.0))["silence"] == 3
    wave = take()
    wave[4 * RATE :] = 0
    assert usual.faults(wave)["silence"] == 4
    ends = made(range(8), ends=True)
    assert ends.faults(wave)["silence"] is None
    assert ends.faults(take(gain=0.0))["silence"] == 3
    assert ends.faults(np.zeros(3 * RATE))["silence"] == 0


def test_recordings_of_noise_or_of_steady_tones_are_no_faults_of_takes_like_them():
    noise = anchors.coloured(RATE, 3)
    rain = Usual([noise[1]], noise, RATE, False)
    assert rain.noise is None
    assert rain.toneless is None
    assert rain.faults(anchors.coloured(RATE, 4)[1])["noise"] is None
    time = np.arange(6 * RATE) / RATE
    organ = Usual([np.sin(2 * np.pi * 440 * time) / 4] * 4, noise, RATE, False)
    assert organ.again is None
    assert organ.faults(np.sin(2 * np.pi * 330 * time) / 4)["loop"] is None


def test_what_is_shorter_than_a_second_breaks_out_in_nothing(usual):
    assert usual.faults(np.ones(RATE // 2)) == dict.fromkeys(KINDS)


def test_a_loop_is_like_what_follows_at_its_period_and_noise_is_like_nothing():
    random = np.random.default_rng(0)
    noise = random.standard_normal(2 * RATE)
    assert again(noise[:RATE], noise[RATE:], RATE) < 0.1
    loop = np.tile(noise[: RATE // 3], 7)[: 2 * RATE]
    assert again(loop[:RATE], loop[RATE:], RATE) > 0.99


def test_noise_flickers_alike_at_every_level():
    noise = np.random.default_rng(0).standard_normal(RATE)
    assert np.allclose(flicker(noise, RATE), flicker(noise / 100, RATE))


@pytest.mark.parametrize("ms", [1, 5, 20, 40])
def test_a_second_in_which_it_sounds_for_a_moment_at_its_end_is_heard(ms):
    wave = np.zeros(RATE)
    wave[-RATE * ms // 1000 :] = np.random.default_rng(0).standard_normal(RATE * ms // 1000)
    (found,) = seconds(wave, RATE)
    assert found.tone == pytest.approx(0.5, abs=0.5)
    assert np.isfinite(found.flicker).all()
