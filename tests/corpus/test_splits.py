import itertools
import shutil

import numpy as np
import pytest

from gen.corpus.splits import FEW_FILES, GAP, name_hash
from gen.sound.codec import Linear16
from tests.corpus.recordings import RATE, load, write


def names(part):
    return {s.recording.name for s in part}


def pieces(corpus):
    """Return by name the pieces of a recording in order: start, stop and part, as seconds."""
    out = {}
    for part, segments in zip(("train", "valid", "test"), corpus[:3], strict=True):
        for s in segments:
            out.setdefault(s.recording.name, []).append((s.start / RATE, s.stop / RATE, part))
    return {name: sorted(found) for name, found in out.items()}


def test_adding_files_moves_none_between_the_parts(folder):
    def held():
        return {s.recording.name for s in load(folder, valid=0.3).valid}

    before = held()
    assert 0 < len(before) < 40
    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*.wav")}
    for index in range(40, 60):
        write(folder / "a" / f"{index}.wav", seed=index)
    assert held() & names == before


def test_a_list_names_the_held_out_files(folder, tmp_path):
    (tmp_path / "held.txt").write_text("3_x_3.wav\na/0_x_0.wav\n")
    corpus = load(folder, valid=str(tmp_path / "held.txt"))
    assert {s.recording.name for s in corpus.valid} == {"b/3_x_3.wav", "a/0_x_0.wav"}
    assert len({s.recording.name for s in corpus.train}) == 38


@pytest.mark.parametrize("labels", ["none", "folder"])
def test_many_files_go_whole_by_the_hash_of_their_names(folder, labels):
    corpus = load(folder, labels=labels, valid=0.2, test=0.3)
    every = names(corpus.train + corpus.valid + corpus.test)
    assert len(every) == 40
    assert names(corpus.valid) == {name for name in every if name_hash(name) < 0.2}
    assert names(corpus.test) == {name for name in every if 0.2 <= name_hash(name) < 0.5}
    assert name_hash("a/0_x_0.wav") == name_hash("a/0_x_0.mp3") == pytest.approx(0.99422255366827)
    without = load(folder, labels=labels, valid=0.2)
    assert names(without.valid) == names(corpus.valid)
    assert without.test == []


def test_with_few_files_stretches_from_all_over_each_long_one_are_held_out(tmp_path):
    write(tmp_path / "in" / "long.wav", 60)
    write(tmp_path / "in" / "short.wav", 1, seed=1)
    corpus = load(tmp_path / "in", valid=0.1)
    assert names(corpus.valid) == {"long.wav"}
    assert sum(s.size for s in corpus.valid) == 6 * RATE
    assert all(0.9 <= s.size / RATE <= 1.1 for s in corpus.valid)
    for s, third in zip(corpus.valid[::2], (0, 20, 40), strict=True):
        assert third <= s.start / RATE < third + 20
    inside = {s.start / RATE % 10 for s in corpus.valid}
    assert np.ptp(list(inside)) > 2  # not on a grid


@pytest.mark.parametrize("shares", [{"valid": 0.1}, {"valid": 0.3, "test": 0.1}, {"test": 0.1}])
@pytest.mark.parametrize("seconds", [0.1, 1, 3, 45])
def test_nothing_is_heard_twice_and_both_ends_are_trained_on(tmp_path, seconds, shares):
    write(tmp_path / "in" / "a.wav", seconds)
    corpus = load(tmp_path / "in", segment=60, **{"valid": 0, **shares})
    (found,) = pieces(corpus).values()
    assert (found[0][0], found[0][2]) == (0, "train")
    assert (found[-1][1], found[-1][2]) == (seconds, "train")
    for (_, stop, one), (start, _, other) in itertools.pairwise(found):
        assert (one == "train") != (other == "train")
        assert 0 < start - stop < GAP + 1e-9
        assert start - stop > GAP - 1e-9 or seconds < 45 or len(shares) > 1  # there is no room for it
    for part in ("valid", "test"):
        length = sum(stop - start for start, stop, which in found if which == part)
        assert length == pytest.approx(seconds * shares.get(part, 0), rel=0.02)


def test_each_of_many_labels_with_one_note_is_in_every_part(tmp_path):
    for index in range(30):
        write(tmp_path / "in" / f"{index:02d}.wav", 3 + index % 7, seed=index)
    corpus = load(tmp_path / "in", labels=r"(\d\d).wav", valid=0.1, test=0.1)
    for part in corpus[:3]:
        assert {s.label for s in part} == set(range(30))
    places = [s.start / s.recording.length for s in corpus.valid]
    assert min(places) < 0.2
    assert max(places) > 0.7


def test_a_labels_few_short_files_are_held_out_whole(tmp_path):
    for index in range(24):
        write(tmp_path / "in" / "abc"[index % 3] / f"{index}.wav", seed=index)
    corpus = load(tmp_path / "in", labels="folder", valid=0.1, test=0.1)
    held = corpus.valid + corpus.test
    assert all(s.size == s.recording.length for s in held)
    assert not names(held) & names(corpus.train)
    assert not names(corpus.valid) & names(corpus.test)
    for part in corpus[:3]:
        assert {s.label for s in part} == {0, 1, 2}
    assert len(names(corpus.train)) >= 3 * 5


def test_adding_files_moves_none_where_there_are_few(tmp_path):
    for index in range(5):
        write(tmp_path / "in" / f"{index}.wav", 12, seed=index)
    before = pieces(load(tmp_path / "in", valid=0.1, test=0.1))
    for index in range(5, FEW_FILES - 1):
        write(tmp_path / "in" / f"{index}.wav", 12, seed=index)
    after = pieces(load(tmp_path / "in", valid=0.1, test=0.1))
    assert {name: after[name] for name in before} == before


def test_a_pair_of_coarse_and_fine_is_in_one_part(tmp_path):
    write(tmp_path / "in" / "a.wav", 7.77)
    corpus = load(tmp_path / "in", Linear16(), valid=0.13, test=0.07)
    assert corpus.test
    assert all(s.start % 2 == s.stop % 2 == 0 for part in corpus[:3] for s in part)


@pytest.mark.parametrize("count", [5, 40])
def test_copies_are_in_one_part_that_of_the_first(tmp_path, count):
    for index in range(count):
        write(tmp_path / "in" / f"{index}.wav", 4, seed=index)
        shutil.copy(tmp_path / "in" / f"{index}.wav", tmp_path / "in" / f"z{index}.wav")
    corpus = load(tmp_path / "in", valid=0.2)
    found = pieces(corpus)
    assert len(found) == 2 * count
    for index in range(count):
        assert found[f"{index}.wav"] == found[f"z{index}.wav"]
    assert corpus.notes == [
        f"z0.wav is a copy of 0.wav (and {count - 1} more files like it): copies of a recording are in one part"
    ]
    assert load(tmp_path / "in", valid=0).notes[:-1] == []  # nothing is held out


def test_a_list_that_names_a_copy_names_all(folder, tmp_path):
    shutil.copy(folder / "a" / "0_x_0.wav", folder / "b" / "same.wav")
    (tmp_path / "held.txt").write_text("same.wav\n")
    corpus = load(folder, labels="folder", valid=str(tmp_path / "held.txt"))
    assert names(corpus.valid) == {"a/0_x_0.wav", "b/same.wav"}
    assert sorted(s.label for s in corpus.valid) == [0, 1]
    (tmp_path / "test.txt").write_text("a/0_x_0.wav\n")
    with pytest.raises(ValueError, match=r"both name a/0_x_0\.wav; leave it out of one"):
        load(folder, valid=str(tmp_path / "held.txt"), test=str(tmp_path / "test.txt"))


def test_a_list_and_a_share_do_not_overlap(folder, tmp_path):
    (tmp_path / "test.txt").write_text("".join(f"{index % 10}_x_{index}.wav\n" for index in range(10)))
    corpus = load(folder, valid=0.3, test=str(tmp_path / "test.txt"))
    assert len(names(corpus.test)) == 10
    assert names(corpus.valid) == names(load(folder, valid=0.3).valid) - names(corpus.test)
    assert len(names(corpus.train + corpus.valid + corpus.test)) == 40


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"valid": 0.6, "test": 0.4}, r"data\.valid=0\.6, data\.test=0\.4: together they are under 1"),
        ({"test": -0.1}, r"data\.test=-0\.1: a fraction is 0 or more and under 1"),
        ({"test": "no_such.txt"}, r"data\.test=no_such\.txt: No such file"),
        ({"test": "others.txt"}, "names none of the recordings"),
        ({"valid": "a.txt", "test": "a.txt"}, "both name a/0_x_0.wav"),
        ({"valid": "a.txt", "labels": "folder"}, "hold out every recording labelled a; hold out less"),
        ({"valid": "a.txt", "test": "b.txt"}, "hold out every recording in .*; hold out less"),
    ],
)
def test_parts_that_cannot_be_are_refused_in_one_line(folder, tmp_path, monkeypatch, settings, told):
    monkeypatch.chdir(tmp_path)
    for label in "ab":
        inside = [path.relative_to(folder).as_posix() for path in (folder / label).iterdir()]
        (tmp_path / f"{label}.txt").write_text("\n".join(inside))
    (tmp_path / "others.txt").write_text("other.wav")
    with pytest.raises(ValueError, match=told) as caught:
        load(folder, **settings)
    assert "\n" not in str(caught.value)


def test_a_test_part_that_comes_out_empty_is_pointed_out(folder):
    assert load(folder, test=1e-6).notes == [
        "data.test=1e-06 holds out no recording: gen evaluate will score the valid part"
    ]
