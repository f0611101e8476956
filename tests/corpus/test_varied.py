"""Segments that differ each time they are read: by how much, that curves follow, and that a place in them is kept."""

import math

import numpy as np
import pytest
import soundfile
import torch

from gen.corpus import curves
from gen.corpus.corpus import prepare
from gen.corpus.varied import GAIN, KINDS, SPEED, Change, Variation, parse
from gen.corpus.windows import Windows
from gen.sound.codec import Linear16, MuLaw

RATE, CODEC = 8000, MuLaw(8, 0.0)
HZ = 440.0


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(6):
        wave = 0.3 * np.sin(2 * np.pi * HZ * np.arange(3000) / RATE + index)
        soundfile.write(tmp_path / "in" / f"{index}.wav", wave, RATE)
    return prepare(str(tmp_path / "in"), CODEC, rate=RATE, labels="none", valid=0.0, segment=0.3, tail=0.02)


def heard(symbols):
    """Return the frequency in Hz of a tone in symbols, and its level as an RMS."""
    wave = CODEC.decode(symbols)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 18))
    return spectrum.argmax() * RATE / (1 << 18), np.sqrt(np.mean(wave[200:-200] ** 2))


def test_a_tone_is_higher_by_the_speed_shorter_by_as_much_and_louder_by_the_gain(corpus):
    segment = corpus.train[0]
    symbols = segment.recording.read(segment.start, segment.stop)
    pitch, level = heard(symbols)
    for change in (Change(2 ** (1.5 / 12), 1.4), Change(2 ** (-1.5 / 12), 0.6), Change(1.0, -1.0)):
        made, gain = change.applied(symbols, CODEC)
        assert gain == change.gain
        assert len(made) == change.size(len(symbols), 1) == round(len(symbols) / change.speed)
        higher, louder = heard(made)
        assert abs(1200 * math.log2(higher / pitch / change.speed)) < 5
        assert abs(20 * math.log10(louder / level / abs(change.gain))) < 0.2
    turned = Change(1.0, -1.0).applied(symbols, CODEC)[0]
    assert np.abs(CODEC.decode(turned) + CODEC.decode(symbols)).max() < 0.02


def test_a_peak_is_not_clipped_and_nothing_is_changed_where_nothing_varies():
    loud = CODEC.encode(np.sin(np.arange(1000) * 0.3))
    made, gain = Change(1.0, 1.5).applied(loud, CODEC)
    assert (abs(gain - 1) < 0.01, Change().applied(loud, CODEC)[0] is loud) == (True, True)
    assert np.abs(CODEC.decode(made) - CODEC.decode(loud)).max() < 0.02
    assert Variation([]).drawn(0, 5) == Change()


def test_changes_are_within_their_range_both_ways_and_depend_on_the_seed_and_the_count():
    varied = Variation([*KINDS], CODEC)
    drawn = [varied.drawn(1, begun) for begun in range(300)]
    semitones = [12 * math.log2(change.speed) for change in drawn]
    decibels = [20 * math.log10(abs(change.gain)) for change in drawn]
    for values, most in ((semitones, SPEED), (decibels, GAIN)):
        assert -most <= min(values) < -0.9 * most < 0.9 * most < max(values) <= most
    assert 0.4 < np.mean([change.gain < 0 for change in drawn]) < 0.6
    assert [varied.drawn(1, begun) for begun in range(300)] == drawn != [varied.drawn(2, b) for b in range(300)]
    assert all(change.gain == 1 for change in (Variation(["speed"], CODEC).drawn(1, b) for b in range(9)))


def test_windows_show_each_segment_as_it_is_changed_and_go_on_from_a_place(corpus):
    varied = Variation(["gain", "speed"], CODEC)

    def windows(**where):
        return Windows(corpus.train, 2, 96, CODEC.silence, 3, vary=varied, **where)

    one, lanes, seen = windows(), {}, 0
    for number in range(400):
        if number == 150:
            again = windows()
            again.seek(one.position())
        before = [lane and lane[2] for lane in one.lanes]
        window = next(one)
        if number >= 150:
            assert torch.equal(next(again).y, window.y)
        for row in range(2):
            if window.reset[row]:
                index, begun = row, before[row]
                lanes[row] = []
            lanes[row] += window.y[row][window.y[row] >= 0].tolist()
            index, _, begun = one.lanes[row] or [None] * 3
            if index is not None:  # so far it is the beginning of the changed segment
                segment, change, sound = one.played(index, begun)
                made, _ = change.applied(segment.recording.read(segment.start, segment.stop), CODEC)
                assert lanes[row][:sound] == made[: len(lanes[row])].tolist()
                seen += len(lanes[row]) > 96
    assert seen > 50
    ranks = [windows(rank=rank, world=2) for rank in range(2)]
    assert torch.equal(torch.cat([next(each).y for each in ranks]), next(windows()).y)


def test_pairs_of_coarse_and_fine_stay_pairs():
    codec = Linear16()
    symbols = codec.encode(0.4 * np.sin(np.arange(2001) * 0.1))
    made, _ = Change(1.07, 1.2).applied(symbols, codec)
    assert len(made) == Change(1.07).size(len(symbols), 2) == 2 * round(2001 / 1.07)
    wave = codec.decode(made)
    assert np.abs(np.diff(wave)).max() < 0.4 * 1.2 * 0.1 * 1.07 * 1.1  # no pair is taken apart


def test_told_curves_are_those_of_the_changed_sound(corpus):
    made = curves.learn("pitch+loudness", corpus, CODEC, RATE)
    segment = corpus.train[0]._replace(tail=0)
    symbols = segment.recording.read(segment.start, segment.stop)
    change = Change(2 ** (1 / 12), 0.7)
    found, gain = change.applied(symbols, CODEC)
    rows, _ = curves.columns(made, segment, 0.0)
    moved = made.changed(rows, change.speed, gain)
    own = made.measure(CODEC.decode(found))
    middle = slice(8, 16)
    pitch, level = made.names.index("f0"), made.names.index("loudness")
    assert np.abs(moved[middle, pitch] - own[middle, pitch]).max() * 1200 < 10
    assert np.abs(moved[middle, level] - own[middle, level]).max() < 0.6  # an ear hears higher tones better
    told = curves.told(made, segment, 0, change.speed, gain)
    assert len(told) == -(-round(len(symbols) / change.speed) // made.hop)


@pytest.mark.parametrize(
    ("vary", "control", "line"),
    [
        ("tempo", None, "vary=tempo: there are gain, speed, polarity"),
        ("gain+gain", None, "vary=gain+gain: there are gain, speed, polarity"),
        ("gain+speed", "mel+loudness", "vary=gain+speed, control=mel+loudness: faster sound has other bands"),
        ("speed", "constant_q", "vary=speed, control=constant_q: faster sound has other bands"),
    ],
)
def test_what_there_is_not_is_named(vary, control, line):
    with pytest.raises(ValueError, match=line.replace("+", r"\+")):
        parse(vary, control)
