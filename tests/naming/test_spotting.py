"""Words are spotted where they are said."""

import numpy as np
import pytest

from gen.naming.classifier import Classifier
from gen.naming.looks import View
from gen.naming.spotting import check, sounding, spot
from tests.naming.sounds import RATE

SETTINGS = {"seconds": 0.4, "hop": 0.05, "pause": 0.15, "least": 0.5}


class ByPitch:
    """A method that needs no training: what crosses zero more often is the more surely high."""

    view = View(["mfcc"], None, False, 0.0, [1.0])

    def look(self, wave, rate):
        return np.array([np.mean(np.diff(np.sign(wave)) != 0) * rate / 2], np.float32)

    def probabilities(self, looks):
        high = 1 / (1 + np.exp(-(np.concatenate(looks) - 500) / 20))
        return np.stack([high, 1 - high], 1)


@pytest.fixture
def classifier():
    return Classifier(ByPitch(), {}, ("high", "low"), RATE, 10.0, 0.4)


def tone(hertz, seconds):
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def silence(seconds):
    return np.zeros(round(seconds * RATE))


def test_words_between_pauses_are_found_to_a_frame_whatever_their_level(classifier):
    wave = np.concatenate(
        [silence(0.5), tone(300, 0.4), silence(0.3), 0.05 * tone(800, 0.5), silence(0.2), tone(310, 0.2)]
    )
    words = spot(classifier, wave, **SETTINGS)
    assert [w.label for w in words] == ["low", "high", "low"]
    for word, (start, stop) in zip(words, [(0.5, 0.9), (1.2, 1.7), (1.9, 2.1)], strict=True):
        assert (word.start, word.stop) == (pytest.approx(start, abs=0.011), pytest.approx(stop, abs=0.011))


def test_a_short_silence_is_within_a_word(classifier):
    wave = np.concatenate([tone(300, 0.2), silence(0.1), tone(300, 0.2)])
    (word,) = spot(classifier, wave, **SETTINGS)
    assert (word.start, word.stop) == (0.0, pytest.approx(0.5, abs=0.011))


def test_in_what_never_pauses_a_word_ends_where_another_begins(classifier):
    wave = np.concatenate([tone(300, 2.0), tone(800, 1.5), tone(300, 1.0)])
    words = spot(classifier, wave, **SETTINGS)
    assert [w.label for w in words] == ["low", "high", "low"]
    assert [w.start for w in words] == pytest.approx([0, 2.0, 3.5], abs=0.1)
    assert words[-1].stop == pytest.approx(4.5, abs=0.011)


def test_what_is_not_sure_is_no_word_and_silence_has_none(classifier):
    assert spot(classifier, tone(505, 0.4), **SETTINGS | {"least": 0.9}) == []
    assert spot(classifier, silence(3), **SETTINGS) == []
    assert spot(classifier, np.zeros(3), **SETTINGS) == []


def test_noise_under_a_word_does_not_hide_where_it_ends():
    noise = 0.003 * np.random.default_rng(0).standard_normal(3 * RATE)  # 37 dB under the tone
    noise[RATE : 2 * RATE] += tone(300, 1.0)
    ((start, stop),) = sounding(noise, RATE, 0.15)
    assert (start, stop) == (pytest.approx(1.0, abs=0.011), pytest.approx(2.0, abs=0.011))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"seconds": 0.0}, "seconds=0.0"),
        ({"hop": 0.5}, "hop=0.5"),
        ({"pause": 0.0}, "pause=0.0"),
        ({"least": 2.0}, "least=2.0"),
    ],
)
def test_a_setting_out_of_range_is_named(setting, told):
    with pytest.raises(ValueError, match=told):
        check(**SETTINGS | setting)
