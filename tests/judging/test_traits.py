import numpy as np
import pytest

from gen.corpus.splits import Segment
from gen.judging.traits import TRAITS, correlations, excerpts, probes
from gen.sound.codec import MuLaw
from tests.sound.test_features import sine

RATE = 8000


class Held:
    """A recording of one tone, as the cache has it."""

    def __init__(self, name, hz, seconds, codec):
        self.name, self.symbols = name, codec.encode(sine(hz, seconds, RATE))

    def read(self, start, stop):
        return self.symbols[start:stop]


@pytest.fixture(scope="module")
def heard():
    codec = MuLaw(8, 0.0)
    tones = [Held(str(n), hz, 1.0, codec) for n, hz in enumerate((220, 440, 880, 1000))]
    short = Held("short", 440, 0.03, codec)
    segments = [Segment(one, 0, len(one.symbols), number % 2) for number, one in enumerate([*tones, short])]
    return excerpts(segments, codec, RATE, 64, 90, 0)


def test_excerpts_have_what_one_hears_in_the_frames_behind_each_hop(heard):
    assert heard.hop == 64
    assert heard.frames == [125] * 4
    assert heard.traits.shape == (500, len(TRAITS))
    pitch = [np.nanmedian(part[:, 0]) for part in np.split(heard.traits, 4)]
    np.testing.assert_allclose(sorted(pitch), np.log2(np.array([220, 440, 880, 1000]) / 440), atol=0.01)
    assert sorted(heard.groups) == [0, 1, 2, 3]
    assert set(heard.traits[:, 4]) == {0, 1}


def test_segments_too_short_to_be_heard_are_refused():
    codec = MuLaw(8, 0.0)
    short = Held("short", 440, 0.03, codec)
    with pytest.raises(ValueError, match=r"no recording is 0\.05 s long"):
        excerpts([Segment(short, 0, 240, 0)], codec, RATE, 64, 90, 0)


def test_correlations_are_pearsons_and_of_labels_the_ratio():
    chance = np.random.default_rng(0)
    traits = np.stack([*chance.normal(size=(4, 300)), chance.integers(3, size=300)], 1)
    traits[:50, 0] = np.nan
    units = np.stack(
        [traits[:, 1], -2 * traits[:, 2] + 1, chance.normal(size=300), np.zeros(300), traits[:, 4] == 1], 1
    )
    units[50:, 2] += traits[50:, 0]
    found = correlations(units, traits)
    assert found[0, 1] == pytest.approx(1)
    assert found[1, 2] == pytest.approx(-1)
    assert found[2, 0] == pytest.approx(np.corrcoef(units[50:, 2], traits[50:, 0])[0, 1])
    assert (found[3] == 0).all()
    assert found[4, 4] == pytest.approx(1)
    traits[:, 3] = 5
    assert np.isnan(correlations(units, traits)[:, 3]).all()


def test_a_probe_reads_what_is_there_from_other_recordings_and_no_more():
    chance = np.random.default_rng(0)
    groups = np.repeat(np.arange(8), 60)
    units = chance.normal(size=(480, 6))
    traits = np.full((480, 5), np.nan)
    traits[:, 0] = units @ np.arange(6) + 0.5 * chance.normal(size=480)
    traits[:, 1] = chance.normal(size=480)
    traits[:, 2] = 7.0
    traits[:150, 3] = units[:150, 0]
    traits[:, 4] = (units[:, 0] > 0) + 2 * (groups == 7)
    found = probes(units, traits, groups)
    assert found[0] == pytest.approx(1 - 0.25 / 55.25, abs=0.01)
    assert abs(found[1]) < 0.05
    assert np.isnan(found[2:]).all()  # never varies; too few frames; a label that it wasn't fitted to
    traits[:, 4] = units[:, 0] > 0
    assert 0.5 < probes(units, traits, groups)[4] < 0.8
