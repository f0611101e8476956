from types import SimpleNamespace

import numpy as np
import pytest

from gen.engine.forced import Cost, hear
from gen.judging import clicks
from gen.sound.autoregression import filter_of
from gen.sound.codec import MuLaw
from tests.sound.test_autoregression import notes

RATE, CODEC, SCALE = 16000, MuLaw(8, 0.0), 0.003
VALUES = CODEC.decode(np.arange(256))
FILTER = filter_of(notes(1.0) + 1e-3 * np.random.default_rng(1).standard_normal(RATE), clicks.ORDER)


class Past:
    """Streams: the last samples of each (S, ORDER)."""

    def __init__(self, samples):
        self.samples = samples

    def rows(self, chosen):
        return Past(self.samples[chosen])


class Foretells:
    """An engine that expects what linear prediction does, within SCALE."""

    def begin(self, labels):
        return Past(np.zeros((len(labels), clicks.ORDER)))

    def advance(self, streams, steps, forced, logits):
        whole = np.concatenate([streams.samples, VALUES[forced]], 1)
        before = np.lib.stride_tricks.sliding_window_view(whole, clicks.ORDER, 1)[:, :steps]
        streams.samples = whole[:, -clicks.ORDER :]
        return -np.abs(before @ -FILTER[:0:-1] - VALUES[:, None, None]).transpose(1, 2, 0) / SCALE


def heard(wave, block=4000):
    """Return the breaks of a wave as that engine hears it."""
    trained = SimpleNamespace(rate=RATE, codec=CODEC, classes=(), label_ids=lambda label, count: [0])
    breaks = clicks.Breaks(trained, Foretells(), None)
    streams = Foretells().begin([0])
    for at in range(0, len(wave), block):
        part = wave[at : at + block]
        breaks(part, Cost(*(each[0] for each in hear(Foretells(), streams, CODEC.encode(part)[None]))))
    return breaks.end()


def clicked(at, seconds=1.0, size=3):
    wave = notes(seconds)
    for moment in at:
        wave[moment : moment + size] += 0.3
    return wave


def test_clicks_are_found_where_they_are_and_nowhere_else():
    at = [3000, 9000, 15000]
    for size in (1, 3, 7, 20):
        found = heard(clicked(at, size=size))
        assert [f.kind for f in found] == ["click"] * 3
        for fault, moment in zip(found, at, strict=True):
            first, last = round(fault.begin * RATE), round(fault.end * RATE)
            assert moment - 2 <= first <= moment
            assert moment + size <= last <= first + 2 * (size + 6)
    assert heard(notes(1.0)) == []
    assert heard(np.zeros(RATE)) == []
    assert heard(notes(1.0)[:20]) == []


def test_what_begins_and_goes_on_is_no_click():
    wave = 0.1 * notes(1.0)
    wave[8000:] += notes(1.0, seed=3)[:8000]
    wave[12000:12400] += 0.2 * np.random.default_rng(0).standard_normal(400)
    assert "click" not in [f.kind for f in heard(wave)]


def test_what_doesnt_go_on_is_a_splice():
    wave = notes(1.5)
    found = heard(np.concatenate([wave[:8000], wave[10333:]]))
    assert [f.kind for f in found] == ["splice"]
    assert found[0].begin < 0.5 < found[0].end


@pytest.mark.parametrize("block", [700, 4000])
def test_the_same_is_found_in_any_blocks_and_across_pieces(monkeypatch, block):
    wave = clicked([*range(1500, 31000, 1777)], 2.0)
    whole = heard(wave)
    assert len(whole) == 17
    monkeypatch.setattr(clicks, "PIECE", 0.3)
    assert [f[:3] for f in heard(wave, block)] == [f[:3] for f in whole]
