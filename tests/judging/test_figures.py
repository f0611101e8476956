"""Figures of voice and signal, of sounds that differ by what is known."""

import numpy as np
import pytest

from gen.judging import figures, voice
from gen.judging.bootstrap import drawn, interval, share

RATE = 8000


def tones(hz, gain=0.1, seconds=0.5, noise=0.0, dc=0.0):
    """Return sums of four rich tones around a pitch."""
    found = []
    for number, each in enumerate((0.9, 0.97, 1.03, 1.1)):
        time = np.arange(round(seconds * RATE)) / RATE
        wave = gain * sum(np.sin(2 * np.pi * k * each * hz * time) / k for k in range(1, 6))
        wave = wave + noise * np.random.default_rng(number).standard_normal(len(time)) + dc
        found.append(figures.sums(wave, RATE, voice.listen(wave, RATE)))
    return found


def test_what_is_twice_as_loud_an_octave_higher_and_noisier_differs_by_just_that():
    real, takes = tones(150), tones(300, gain=0.2)
    found = figures.compare(real, takes)
    assert found["pitch"]["distance"] == pytest.approx(12, abs=0.5)
    assert found["pitch"]["real"] == pytest.approx(150, rel=0.05)
    assert found["level"]["distance"] == pytest.approx(6.02, abs=0.2)  # fewer harmonics under half the rate
    hoarse = figures.compare(real, tones(150, noise=0.03))["harmonics over noise where voiced"]
    assert hoarse["distance"] < -10
    assert hoarse["interval"][1] < -5


def test_sounds_beside_themselves_differ_by_nothing_and_the_interval_holds_nothing():
    real = tones(150)
    for name, each in figures.compare(real, real).items():
        assert each["distance"] == 0, name
        assert each["interval"][0] <= 0 <= each["interval"][1] or name.endswith("spectrum") or name == "pitch"


def test_silence_dc_and_clipping_are_shares_and_levels():
    quiet = np.zeros(RATE)
    loud = np.clip(3 * np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE), -1, 1) / 2 + 0.5
    real, takes = ([figures.sums(wave, RATE, voice.listen(wave, RATE))] * 3 for wave in (quiet, loud))
    found = figures.compare(real, takes)
    assert (found["silence"]["real"], found["silence"]["takes"]) == (100, pytest.approx(0, abs=20))
    assert found["DC"]["takes"] == pytest.approx(-6, abs=0.1)
    assert found["clipping"]["takes"] > 30
    assert found["clipping"]["real"] == 0


def test_what_never_sounds_has_no_pitch_and_no_voice():
    quiet = [figures.sums(np.zeros(RATE), RATE, voice.listen(np.zeros(RATE), RATE))] * 3
    found = figures.compare(tones(150), quiet)
    for name in ("pitch", "harmonics over noise where voiced", "level"):
        assert found[name]["takes"] is None, name
        assert found[name]["distance"] is None
        assert found[name]["interval"] is None
        assert found[name]["real"] is not None


def test_clicks_are_onsets():
    wave = np.zeros(4 * RATE)
    for at in range(8):
        wave[at * RATE // 2 + 800 :][:400] = 0.3 * np.random.default_rng(at).standard_normal(400)
    assert figures.onsets(wave, RATE) == pytest.approx(8, abs=1)


def test_a_rhythm_lies_in_its_octave_of_the_modulation_spectrum():
    time = np.arange(4 * RATE) / RATE
    wave = np.random.default_rng(0).standard_normal(len(time)) * (1 + np.sin(2 * np.pi * 5.5 * time)) / 10
    sums = figures.sums(wave, RATE, voice.listen(wave, RATE))["modulation"]
    assert int(sums.argmax()) == figures.MODULATIONS.index(4)


def test_the_bootstrap_holds_a_mean_in_its_interval_as_often_as_it_says():
    random, held = np.random.default_rng(0), 0
    for seed in range(100):
        _, (low, high) = share(random.standard_normal(50), seed)
        held += low <= 0 <= high
    assert held >= 87  # of 95; 87 or fewer come by chance once in a thousand
    weights = drawn(7, 0)
    assert (weights[0] == 1).all()
    assert (weights.sum(1) == 7).all()
    assert interval(np.array([99.0, *range(1, 202)])) == pytest.approx([6.0, 196.0])
