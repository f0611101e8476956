"""The space in which the judge measures, and the order in which it has what one hears."""

import numpy as np
import pytest

from gen.judging import anchors, voice
from gen.judging.distances import Discrepancy, nearness
from gen.judging.statistics import FAMILIES, Main, Scale, flutter, statistics
from gen.sound.hearing import power

RATE = 8000


def spoken(seed, seconds=1.0):
    """Return a voice that glides in syllables between pauses: harmonics under two formants that move."""
    random = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = random.uniform(100, 200) * 2 ** (
        random.uniform(-0.3, 0.3) * np.sin(2 * np.pi * random.uniform(1, 3) * time)
    )
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    formants = [
        low + width * np.sin(2 * np.pi * random.uniform(1, 4) * time + random.uniform(0, 6))
        for low, width in ((600, 200), (1600, 500))
    ]
    wave = np.zeros(len(time))
    for k in range(1, 18):
        gain = sum(np.exp(-(((k * pitch - formant) / 200) ** 2)) for formant in formants) + 0.01
        wave += np.where(k * pitch < RATE / 2, gain, 0) * np.sin(k * phase)
    wave *= np.maximum(0, np.sin(2 * np.pi * random.uniform(2, 4) * time + random.uniform(0, 6))) ** 0.5
    return 0.1 * wave + 1e-4 * random.standard_normal(len(time))


def rows(waves):
    """Return the statistics of waves, (N, K, D)."""
    return np.stack([statistics(wave, RATE, voice.listen(wave, RATE)) for wave in waves])


def test_a_second_is_a_row_and_a_level_is_none_of_its_numbers():
    wave = spoken(0, 2.5)
    found = rows([wave, wave / 3])
    assert found.shape == (2, 2, sum(FAMILIES))
    assert np.allclose(found[0], found[1], atol=1e-6)
    assert rows([wave[:3000]]).shape == (1, 1, sum(FAMILIES))


@pytest.mark.parametrize("colour", ["white", "brown"])
def test_narrow_bands_of_noise_of_any_colour_change_by_half(colour):
    noise = dict(zip(("white", "brown"), anchors.coloured(RATE, 0), strict=True))[colour]
    spectra = power(noise, RATE)
    assert flutter(spectra[:-2], spectra[2:]).mean() == pytest.approx(0.5, abs=0.03)


def test_narrow_bands_of_a_tone_do_not_change():
    spectra = power(np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE), RATE)
    assert flutter(spectra[:-2], spectra[2:]).max() < 0.01


def test_silence_and_a_single_sample_have_finite_numbers():
    assert np.isfinite(rows([np.zeros(RATE), np.eye(1, RATE)[0]])).all()
    assert np.isfinite(rows([np.zeros(1)])).all()


def test_a_scale_gives_recordings_mean_zero_and_each_family_a_deviation_of_one():
    found = rows([spoken(seed) for seed in range(12)])[:, 0]
    scaled = Scale(found)(found)
    assert np.allclose(scaled.mean(0), 0, atol=1e-9)
    for family in np.split(scaled.T, np.cumsum(FAMILIES)[:-1]):
        assert np.sqrt((family.std(1) ** 2).sum()) == pytest.approx(1, abs=0.05)


def test_main_directions_are_those_in_which_rows_vary_most():
    random = np.random.default_rng(0)
    found = random.standard_normal((500, 4)) * [5, 0.1, 3, 0.1] + 7
    along = Main(found, 2)(found)
    assert np.allclose(along.std(0), [5, 3], rtol=0.1)
    assert np.allclose(along.mean(0), 0, atol=1e-9)


def test_more_noise_is_further_from_recordings_and_noise_alone_furthest():
    real, second, takes = ([spoken(seed) for seed in range(at, at + 16)] for at in (0, 16, 32))
    scale = Scale(rows(second)[:, 0])
    colour = anchors.spectrum_of(second, RATE)
    noise = anchors.noise(colour, RATE, RATE, 16, 0)
    worse = [takes]
    for decibels in (15, 0):
        gain = 10 ** (-decibels / 20)
        worse.append([t + n * gain * np.std(t) / np.std(n) for t, n in zip(takes, noise, strict=True)])
    worse.append(anchors.noise(colour, RATE, RATE, 16, 1))
    found = [float(Discrepancy(scale(rows(real)), scale(rows(waves)), nearness)()[0]) for waves in worse]
    places = (np.array(found) - found[0]) / (found[-1] - found[0])
    assert (np.diff(places) > 0.02).all()
