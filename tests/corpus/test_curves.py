"""Curves of a corpus: measured once, from the recordings; standardised over what is trained on; told in windows."""

import numpy as np
import pytest
import torch

from gen.corpus import curves
from gen.corpus.windows import Windows
from gen.sound import audio, features
from gen.sound.curves import FURTHEST
from tests.corpus.recordings import CODEC, RATE, load, write


@pytest.fixture
def heard(monkeypatch):
    """Return the names of the recordings that are measured, as they come."""
    read = []
    real = curves.blockwise.frames
    monkeypatch.setattr(curves.blockwise, "frames", lambda path, *how: read.append(path.name) or real(path, *how))
    return read


@pytest.fixture
def sounds(tmp_path):
    for index in range(6):
        write(tmp_path / "in" / f"{index}.wav", seconds=1.0 + 0.1 * index, seed=index)
    return tmp_path / "in"


def test_recordings_are_measured_once_and_a_damaged_or_changed_one_again(sounds, heard):
    corpus = load(sounds, valid=0.3)
    want = curves.learn("loudness", corpus, CODEC, RATE)
    assert sorted(heard) == sorted(path.name for path in sounds.iterdir())
    heard.clear()
    assert curves.learn("loudness", load(sounds, valid=0.3), CODEC, RATE) == want
    assert heard == []
    kept = curves.place(corpus.train[0].recording, RATE, "loudness")
    kept.write_bytes(kept.read_bytes()[:-9] + b"123456789")
    write(sounds / "3.wav", seconds=1.0, seed=77)
    curves.learn("loudness", load(sounds, valid=0.3), CODEC, RATE)
    assert len(heard) == 2
    assert "3.wav" in heard
    heard.clear()
    curves.learn("onset+loudness", load(sounds, valid=0.3), CODEC, RATE)
    assert len(heard) == 6  # for their onsets alone


def test_they_are_standardised_over_what_is_trained_on(sounds):
    write(sounds / "quiet.wav", seconds=3.0, seed=9)
    (sounds.parent / "held.txt").write_text("quiet.wav")
    corpus = load(sounds, valid=str(sounds.parent / "held.txt"), tail=0)
    made = curves.learn("loudness", corpus, CODEC, RATE)
    waves = [audio.read(sounds / f"{index}.wav", RATE) for index in range(6)]
    want = np.concatenate([features.frames(wave, RATE, ["loudness"]).values for wave in waves])
    np.testing.assert_allclose([made.mean, made.deviation], [want.mean(0), want.std(0)], rtol=0.02)
    assert made.low[0] <= made.mean[0] <= made.high[0]
    assert abs(np.concatenate([curves.told(made, s) for s in corpus.train])[:, 1].mean()) < 0.1
    assert made.silence == [-120.0]


def test_curves_that_no_recording_has_are_named(sounds):
    with pytest.raises(ValueError, match=r"^control=pitch: there is no f0 in any recording; choose other curves"):
        curves.learn("pitch", load(sounds), CODEC, RATE)  # they are noise


def test_windows_tell_each_symbol_what_is_heard_around_it(sounds):
    corpus = load(sounds, valid=0, segment=0.7, tail=0.05)
    made = curves.learn("loudness", corpus, CODEC, RATE)._replace(hop=16)
    seen: dict[int, list] = {}
    lanes: dict[int, list] = {}
    for window in Windows(corpus.train, 3, 64, CODEC.silence, seed=None, told=made):
        assert window.control.shape == (3, 4, made.channels)
        for row in range(3):
            if window.reset[row]:
                lanes[row] = seen.setdefault(len(seen), [])
            if (window.y[row] >= 0).any():
                lanes[row].append(window.control[row])
    assert len(seen) == len(corpus.train)
    for number, segment in enumerate(corpus.train):
        (found,) = [torch.cat(f) for f in seen.values() if torch.equal(torch.cat(f)[:9], frames(made, segment)[:9])]
        want = frames(made, segment)
        assert torch.equal(found[: len(want)], want[: len(found)]), number
        if segment.tail:
            assert (found[-1, :3] == -FURTHEST).all()  # silence behind the end, so far below noise


def frames(made, segment):
    return torch.from_numpy(curves.told(made, segment))


def test_a_share_of_the_segments_is_untold_another_each_time_and_again_after_a_resume(sounds):
    corpus = load(sounds, valid=0, tail=0)
    made = curves.learn("loudness", corpus, CODEC, RATE)._replace(hop=16)

    def windows(**where):
        return Windows(corpus.train, 2, 1024, CODEC.silence, 3, told=made, untold=0.4, **where)

    one = windows()
    told = []
    for number in range(900):
        if number == 450:
            again = windows()
            again.seek(one.position())
        begins = [row for row in range(2) if one.lanes[row] is None]
        window = next(one)
        told += [bool(window.control[row, 0, -1]) for row in begins]
        assert (window.control[..., -1].amin(1) == window.control[..., -1].amax(1)).all()
        if number >= 450:
            assert torch.equal(next(again).control, window.control)
    assert 0.4 < sum(told) / len(told) < 0.8
    ranks = [windows(rank=rank, world=2) for rank in range(2)]
    assert torch.equal(torch.cat([next(each).control for each in ranks]), next(windows()).control)


def test_labels_are_dropped_in_a_share_of_the_segments_half_of_the_time_with_the_curves(sounds):
    corpus = load(sounds, valid=0, tail=0, segment=0.1, labels=r"(\d).wav")  # of six labels
    made = curves.learn("loudness", corpus, CODEC, RATE)._replace(hop=16)

    def windows(told=made, unlabelled=0.4, **where):
        return Windows(corpus.train, 4, 64, CODEC.silence, 3, told=told, untold=0.4, unlabelled=unlabelled, **where)

    def begun(windows, count=600):
        """Return of each segment that begins its label, and whether curves are told."""
        found = [next(windows) for _ in range(count)]
        rows = [(w, row) for w in found for row in np.flatnonzero(w.reset)]
        return [(int(w.labels[row]), w.control is not None and bool(w.control[row, 0, -1])) for w, row in rows]

    found, whole = begun(windows()), begun(windows(unlabelled=0.0))
    assert len(found) > 100
    share = {(any_, told): 0 for any_ in (False, True) for told in (False, True)}
    for (label, told), (real, told_too) in zip(found, whole, strict=True):
        assert (label in (real, 6), told) == (True, told_too)
        share[label == 6, told] += 1 / len(found)
    assert all(0.1 < share[case] < 0.3 for case in ((True, True), (True, False), (False, False)))
    without = begun(windows(told=None))
    assert [label for label, _ in without] == [label for label, _ in found]
    one, again = windows(), windows()
    [next(one) for _ in range(77)]
    again.seek(one.position())
    assert all(torch.equal(next(one).labels, next(again).labels) for _ in range(50))
    ranks = [windows(rank=rank, world=2) for rank in range(2)]
    assert torch.equal(torch.cat([next(each).labels for each in ranks]), next(windows()).labels)
