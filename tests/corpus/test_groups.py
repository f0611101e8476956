"""Groups are never torn: by shares, by folds, with copies; and what tears them is told."""

from pathlib import Path

import pytest

from gen.corpus.cache import Recording
from gen.corpus.groups import astride, divide, fold, group_of, joined, one_sided
from gen.corpus.splits import Segment

SPEAKERS = ("ann", "bob", "cid", "dot", "eve", "fay")


def whole(labels=3, speakers=SPEAKERS, count=4):
    """Return Segments of `count` recordings of each label by each speaker, and their groups."""
    out = []
    for label in range(labels):
        for speaker in speakers:
            for number in range(count):
                name = f"{label}_{speaker}_{number}.wav"
                out.append(Segment(Recording(name, Path(name), "uint8", 100, 8000), 0, 100, label))
    return out, [s.recording.name.split("_")[1] for s in out]


def names(segments, groups, whole):
    group = dict(zip((s.recording.name for s in whole), groups, strict=True))
    return {group[s.recording.name] for s in segments}


@pytest.mark.parametrize("shares", [(0.1, 0.1), (0.0, 0.3), (0.4, 0.0), (0.2, 0.3)])
def test_a_group_is_in_one_part_and_each_part_asked_for_has_one(shares):
    segments, groups = whole()
    parts = divide(segments, groups, *shares)
    held = [names(part, groups, segments) for part in parts]
    assert sum(map(len, parts)) == len(segments)
    assert sum(map(len, held)) == len(SPEAKERS)
    assert [bool(part) for part in parts] == [True, shares[0] > 0, shares[1] > 0]


def test_without_groups_each_label_has_its_share_of_each_part():
    segments, _ = whole(count=10)
    parts = divide(segments, [None] * len(segments), 0.2, 0.2)
    for label in range(3):
        counts = [sum(s.label == label for s in part) for part in parts]
        assert sum(counts) == 60
        assert counts[1] > 3
        assert counts[2] > 3


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_few_recordings_one_is_trained_on_then_one_tested_then_one_chosen_by(count):
    segments, _ = whole(1, ("ann",), count)
    assert [len(part) for part in divide(segments, [None] * count, 0.1, 0.1)] == [[1, 0, 0], [1, 0, 1], [1, 1, 1]][
        count - 1
    ]


def test_more_groups_move_none_of_many():
    speakers = [f"speaker{i}" for i in range(60)]
    before = divide(*whole(1, speakers[:40]), 0.2, 0.2)
    after = divide(*whole(1, speakers), 0.2, 0.2)
    for some, more in zip(before, after, strict=True):
        assert {s.recording.name for s in some} <= {s.recording.name for s in more}


def test_copies_join_the_groups_that_hold_them():
    segments, groups = whole(1, ("ann", "bob", "cid", "dot"), 2)
    copy = segments[2].recording._replace(symbols=segments[0].recording.symbols)  # bob has one of ann's
    segments[2] = segments[2]._replace(recording=copy)
    assert joined(segments, groups)[:4] == ["ann"] * 4
    for part in divide(segments, groups, 0.0, 0.4):
        assert names(part, groups, segments) & {"ann", "bob"} in (set(), {"ann", "bob"})


def test_a_list_holds_whatever_group_it_tears_and_that_is_told(tmp_path):
    segments, groups = whole()
    (tmp_path / "test.txt").write_text("0_ann_0.wav\n1_bob_3.wav\n")
    train, valid, test = divide(segments, groups, 0.2, str(tmp_path / "test.txt"))
    assert {s.recording.name for s in test} == {"0_ann_0.wav", "1_bob_3.wav"}
    assert names(valid, groups, segments).isdisjoint(names(train, groups, segments))
    held = [1 if s in test else 0 for s in segments]
    assert astride(groups, held) == ["ann", "bob"]
    assert astride([None] * len(groups), held) == []


@pytest.mark.parametrize("count", [2, 3, 6])
def test_folds_hold_whole_groups_and_are_alike_in_size(count):
    segments, groups = whole()
    where = fold(segments, groups, count)
    assert astride(groups, where) == []
    assert {where.count(f) for f in range(count)} == {len(segments) // count}


def test_folds_without_groups_have_the_labels_alike():
    segments, _ = whole()
    where = fold(segments, [None] * len(segments), 4)
    for f in range(4):
        assert [
            sum(s.label == label for s, w in zip(segments, where, strict=True) if w == f) for label in range(3)
        ] == [6] * 3


@pytest.mark.parametrize("count", [1, 7])
def test_folds_are_two_to_as_many_as_there_are_groups(count):
    with pytest.raises(ValueError, match=rf"folds={count}: there are 6 groups; give 2 to 6"):
        fold(*whole(), count)


def test_a_group_is_what_a_folder_or_the_first_parentheses_say():
    assert group_of("a/7_theo_3.wav", "none") is None
    assert group_of("a/7_theo_3.wav", "folder") == "a"
    assert group_of("a/7_theo_3.wav", r"\d_(\w+)_") == "theo"
    assert group_of("theo/7.wav", r"^(\w+)/") == "theo"


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("*_(x)", "no regular expression"), ("theo", "no part in parentheses"), ("(x)", "finds no group")],
)
def test_a_pattern_that_finds_no_group_is_named(pattern, told):
    with pytest.raises(ValueError, match=rf"data\.groups=.*{told}"):
        group_of("7_theo_3.wav", pattern)


def test_a_group_that_is_a_label_is_found():
    segments, groups = whole()
    assert one_sided(segments, groups) == {}
    assert one_sided(segments, [str(s.label) for s in segments]) == {0: "0", 1: "1", 2: "2"}
    assert one_sided(segments, [None] * len(segments)) == {}
