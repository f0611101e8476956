"""A run of gen classifier and of gen classify as a person meets them, on small recordings."""

import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

import gen as house
from gen.naming import classifier as classifiers
from gen.naming.augment import changed
from gen.naming.training import Examples, train
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound import audio
from tests.cli.test_commands import refused
from tests.mutate import with_header as with_mutation
from tests.naming.sounds import KINDS, PLAYERS, RATE, node, record, sound
from tests.small import save_run

DATA = ["data.rate=8000", r"data.labels=(\w+)_*_*.wav"]
GROUPS = r"data.groups=_(\w+)_"
TINY = [*DATA, "classifier=svm", "name=a"]


@pytest.fixture
def sounds(tmp_path):
    return record(tmp_path / "in")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose classifier, a forest, was trained on a few of the sounds, from Python."""
    told = [(sound(kind, player, n), k) for k, kind in enumerate(KINDS) for player in range(3) for n in range(3)]
    examples = Examples([wave for wave, _ in told], [label for _, label in told], KINDS, RATE)
    folder = tmp_path_factory.mktemp("naming") / "run"
    train(node("forest"), examples).save(folder / MODEL)
    return folder


def test_a_folder_becomes_a_run_that_names_its_kind(gen, sounds):
    code, out, err = gen("classifier", "in", *TINY, GROUPS)
    assert code == 0, err
    assert re.search(r"label +recordings +train +valid +test", out)
    assert all(re.search(rf"{kind} +12 +4 +4 +4", out) for kind in KINDS)
    assert re.search(r"runs/a +100.0% +\d\d.\d% to 100.0% +1.000 ", out)
    assert out.rstrip().endswith("runs/a/model.safetensors")
    header = checkpoint.read("runs/a/model.safetensors", classifiers.HEADER, kind="classifier").header
    assert header["classes"] == list(KINDS)
    assert np.trace(header["trained"]["confusion"]) == 12  # one player of three, four recordings of three kinds
    named = house.load("runs/a").classify(sound("buzz", 1, 9))
    assert named.label == "buzz"
    assert named.probability == max(named.probabilities.values())


def test_a_sweep_ends_in_one_table_and_the_same_command_again_is_the_same_run(gen, sounds):
    code, out, err = gen("classifier", "in", *DATA, "classifier=svm", "classifier.C=1.0")
    assert code == 0, err
    code, out, err = gen("classifier", "in", *DATA, "classifier=forest", "classifier.trees=10")
    assert code == 0, err
    last = out[out.rindex("accuracy") :]
    assert "runs/in-classifier-svm" in last
    assert "runs/in-classifier-forest" in last
    before = house.load("runs/in-classifier-forest").probabilities([sound("hiss")])
    assert gen("classifier", "in", *DATA, "classifier=forest", "classifier.trees=10")[0] == 0
    assert np.array_equal(house.load("runs/in-classifier-forest").probabilities([sound("hiss")]), before)
    told = "classifier.trees=20: runs/in-classifier-forest was trained with classifier.trees=10"
    refused(gen("classifier", "in", *DATA, "classifier=forest", "classifier.trees=20"), told)


def test_each_fold_is_named_by_its_group_and_none_is_on_both_sides(gen, sounds):
    code, out, err = gen("classifier", "in", *TINY, GROUPS, "folds=3", "data.valid=0")
    assert code == 0, err
    for player in PLAYERS:
        assert re.search(rf"^ *{player} +\d+\.\d%", out, re.MULTILINE)
    assert re.search(r"runs/a .* 3 folds, 36", out)
    assert "both sides" not in err


def test_a_list_that_tears_groups_is_told(gen, sounds, tmp_path):
    (tmp_path / "test.txt").write_text("tone_anna_0.wav\nbuzz_anna_0.wav\nhiss_ben_0.wav\n")
    code, _, err = gen("classifier", "in", *TINY, GROUPS, "data.test=test.txt", "data.valid=0")
    assert code == 0
    assert "data.test=test.txt: the group anna (and 1 more) is on both sides" in err


def test_counts_are_not_hidden_where_they_are_unbalanced(gen, sounds):
    for number in range(1, 4):
        for player in PLAYERS:
            (sounds / f"hiss_{player}_{number}.wav").unlink()
    for balance in ("none", "weights", "sampling"):
        code, out, err = gen("classifier", "in", *TINY[:-1], f"balance={balance}", f"name={balance}")
        assert code == 0, err
        assert re.search(r"hiss +3 ", out)


BAD = {
    "one class": (lambda f: [p.unlink() for p in f.glob("[bh]*")], [], "are labelled tone, and a classifier tells two"),
    "one recording": (
        lambda f: [p.unlink() for p in f.glob("hiss*") if p.name != "hiss_ben_1.wav"],
        [],
        "labelled hiss is one recording alone, hiss_ben_1.wav",
    ),
    "a group that is a class": (lambda f: None, [r"data.groups=^(\w+)_\w+_"], "labelled buzz are in the group buzz"),
    "no labels": (lambda f: None, ["data.labels=none"], "data.labels=none: a classifier learns labels"),
    "no folders": (lambda f: None, ["data.labels=folder"], "it lies in no sub-folder"),
    "no balance": (lambda f: None, ["balance=even"], "balance=even: there are none, weights, sampling"),
    "copies": (lambda f: None, ["augment=-1"], "augment=-1"),
    "folds": (lambda f: None, [GROUPS, "folds=4"], "folds=4: there are 3 groups; give 2 to 3"),
    "all held out": (
        lambda f: (f.parent / "t.txt").write_text("\n".join(p.name for p in f.glob("tone*"))),
        ["data.test=t.txt"],
        "hold out every recording labelled tone",
    ),
    "unknown": (lambda f: None, ["classifier=cnn"], "there is no such classifier; there are elman, forest"),
    "key": (lambda f: None, ["data.tail=1"], "data.tail"),
    "seconds": (lambda f: None, ["seconds=0"], "seconds=0"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_no_classifier_can_learn_from_is_refused_in_one_line(gen, sounds, case):
    change, extra, told = BAD[case]
    change(sounds)
    refused(gen("classifier", "in", *TINY, *extra), told)


def test_what_cannot_be_heard_is_skipped_and_named(gen, sounds):
    audio.write(sounds / "tone_anna_8.wav", np.zeros(2000), RATE)
    audio.write(sounds / "tone_anna_9.wav", sound("tone")[:100], RATE)
    soundfile.write(sounds / "tone_ben_9.wav", np.full(900, np.nan), RATE, "FLOAT")
    code, out, err = gen("classifier", "in", *TINY)
    assert code == 0
    assert "skipped tone_anna_8.wav: is silent" in err
    assert "skipped tone_anna_9.wav: lasts 12 ms, which is shorter than a frame" in err
    assert "tone_ben_9.wav: holds NaN" in err
    assert all(re.search(rf"{kind} +12 ", out) for kind in KINDS)


def test_files_are_named_in_a_table_and_a_csv_and_what_cannot_be_is_told(gen, run, sounds):
    audio.write(sounds / "silence.wav", np.zeros(2000), RATE)
    soundfile.write(sounds / "nan.wav", np.full(900, np.nan), RATE, "FLOAT")
    soundfile.write(sounds / "short.wav", sound("tone")[:100], RATE)
    code, out, err = gen("classify", run, "in", "out=named.csv")
    assert code == 0, err
    for told in ("silence.wav: is silent", "nan.wav: holds NaN", "short.wav: lasts 12 ms"):
        assert sum(told in line for line in err.splitlines()) == 1
    lines = Path("named.csv").read_text().splitlines()
    assert lines[0] == "file,label,probability"
    assert len(lines) == 37
    for line in lines[1:]:
        file, label, probability = line.split(",")
        assert file.startswith(f"in/{label}_")
        assert 0.5 < float(probability) <= 1
        assert file in out
    refused(gen("classify", run, "in/silence.wav"), "silence.wav: is silent")


def test_a_recording_at_another_rate_is_resampled_and_that_is_told(gen, run, tmp_path):
    wave = sound("buzz", 1, 5)
    soundfile.write(tmp_path / "high.wav", audio.resampled(wave, RATE, 44100), 44100)
    code, out, err = gen("classify", run, "high.wav")
    assert code == 0
    assert " buzz " in out
    assert "high.wav: is at another rate; resampled to the 8000 Hz" in err
    classifier = house.load(run)
    there = classifier.classify(audio.resampled(wave, RATE, 16000), 16000)
    assert there.label == classifier.classify(wave).label == "buzz"


def test_a_long_recording_becomes_a_timeline_in_each_format(gen, run, tmp_path):
    pause = np.zeros(RATE // 2)
    wave = np.concatenate([pause, sound("tone", 0, 7), pause, sound("hiss", 2, 7), pause, sound("buzz", 1, 7)])
    audio.write(tmp_path / "long.wav", wave, RATE)
    code, _, err = gen("classify", run, "long.wav", "seconds=0.4", "out=spotted")
    assert code == 0, err
    rows = [line.split("\t") for line in Path("spotted/long.txt").read_text().splitlines()]
    assert [row[2] for row in rows] == ["tone", "hiss", "buzz"]
    assert [float(row[0]) for row in rows] == pytest.approx([0.5, 1.3, 2.1], abs=0.05)
    assert [float(row[1]) for row in rows] == pytest.approx([0.8, 1.6, 2.4], abs=0.05)
    assert Path("spotted/long.csv").read_text().splitlines()[0] == "file,start,stop,label,probability"
    page = Path("spotted/long.html").read_text()
    assert page.count('class="word"') == 3
    assert gen("classify", run, "long.wav", "seconds=0.4", "out=one.csv")[0] == 0
    assert Path("one.csv").read_text() == Path("spotted/long.csv").read_text()
    refused(gen("classify", run, "long.wav", "seconds=0.4", "hop=9"), "hop=9")
    refused(gen("classify", run, "long.wav", "out=long.wav"), "out=long.wav: is the name of a recording")


def test_a_generator_names_nothing_and_a_classifier_makes_no_takes(gen, run, tmp_path):
    save_run(tmp_path / "model")
    refused(gen("classify", "model", "in"), "model/model.safetensors: is a generator")
    for command in ("sample", "evaluate", "report", "bench"):
        refused(gen(command, run), f"{run}/model.safetensors: is a classifier, which names recordings")
    refused(gen("classify", run), "give the recordings too")
    refused(gen("classify", tmp_path / "none", "in"), "none: No such file")


def test_a_run_of_something_else_is_not_written_over(gen, sounds, tmp_path):
    save_run(tmp_path / "runs" / "a")
    refused(gen("classifier", "in", *TINY), "runs/a/model.safetensors: is a generator")
    (tmp_path / "runs" / "b").mkdir()
    (tmp_path / "runs" / "b" / "mine.txt").write_text("mine")
    refused(gen("classifier", "in", *TINY[:-1], "name=b"), "runs/b: is there already, and no run of gen classifier")


def test_python_names_a_wave_and_says_what_cannot_be_named(run):
    classifier = house.load(run)
    waves = [sound(kind, 1, 8) for kind in KINDS]
    assert classifier.names == KINDS
    assert classifier.rate == RATE
    sure = classifier.probabilities(waves)
    assert sure.argmax(1).tolist() == [0, 1, 2]
    assert classifier.embed(waves).shape == (3, len(classifier.method.scale.mean))
    for wave, told in (
        (np.zeros(4000), "silent"),
        (np.full(4000, np.nan), "NaN"),
        (waves[0][:99], "shorter"),
        (np.ones((2, 99)), "shape"),
    ):
        with pytest.raises(ValueError, match=told):
            classifier.classify(wave)


def test_what_is_longer_than_is_heard_at_once_is_named_by_the_mean_of_its_parts(run):
    classifier = house.load(run)
    classifier.seconds = 0.3
    tone, hiss = sound("tone", 0, 5), sound("hiss", 0, 5)
    apart = classifier.probabilities([tone, hiss])
    assert classifier.probabilities([np.concatenate([tone, hiss])])[0] == pytest.approx(apart.mean(0))


def with_header(run, tmp_path, **changes):
    tensors, header, _ = checkpoint.read(run / MODEL, classifiers.HEADER, kind="classifier")
    checkpoint.save(tmp_path / MODEL, tensors, {**header, **changes})
    return tmp_path / MODEL


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"classes": ["a", "a", "b"]}, "classes are not names"), ({"classes": ["buzz", "hiss"]}, "shares"),
        ({"classes": ["a", "b", "\x1b[2J"]}, "classes are not names"), ({"rate": 10}, "rate"),
        ({"seconds": 0}, "seconds"), ({"kind": "oracle"}, "oracle"), ({"kind": ["classifier"]}, "kind"),
        ({"classifier": {"_target_": "gen.run.checkpoint.save"}}, "no such Method"),
        ({"classifier": node("svm")}, "shape"),
        ({"classifier": node("forest", trees=5)}, "sizes"), ({"classifier": node("lstm", hidden=[10**9])}, "shape"),
        ({"trained": {"confusion": [[1]]}}, "trained"),
    ],
)  # fmt: skip
def test_a_header_that_no_classifier_has_is_refused_in_a_line(run, tmp_path, changes, told):
    path = with_header(run, tmp_path, **changes)
    with pytest.raises(ValueError, match=rf"^{re.escape(str(path))}: .*({told})"):
        classifiers.load(path)


def test_a_changed_recording_is_drawn_by_the_seed_and_stays_what_it_is(run):
    wave, classifier = sound("tone", 1, 3), house.load(run)
    first, same, other = (changed(wave, RATE, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(first, same)
    assert not np.array_equal(first[:100], other[:100])
    many = [changed(wave, RATE, np.random.default_rng(seed)) for seed in range(12)]
    assert len({len(each) for each in many}) > 6
    assert all(np.isfinite(each).all() and 0.7 < len(each) / len(wave) < 1.5 for each in many)
    peaks = [np.abs(np.fft.rfft(each, RATE)).argmax() for each in many]
    assert np.ptp(peaks) > 20  # Hz: the speed moves it
    assert json.dumps(classifier.classify(first).probabilities)


def test_two_hundred_mutated_headers_are_each_refused_in_a_line_or_harmless(run, tmp_path):
    whole, chance, told = (run / MODEL).read_bytes(), random.Random(0), []
    for _ in range(200):
        (tmp_path / MODEL).write_bytes(with_mutation(whole, chance))
        try:
            classifiers.load(tmp_path)
        except ValueError as error:
            told.append(str(error))
    assert len(told) > 100
    assert [line for line in told if not line.startswith(f"{tmp_path / MODEL}: ")] == []
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]


def test_features_that_it_did_not_learn_from_are_refused(run, tmp_path):
    path = with_header(run, tmp_path, classifier=node("forest", parts=10))
    with pytest.raises(ValueError, match="learned from 481 features, and now there are 601"):
        house.load(path).classify(sound("tone"))


def test_copies_are_trained_on_beside_the_recordings():
    told = [(sound(kind, player), k) for k, kind in enumerate(KINDS) for player in range(2)]
    examples = Examples([wave for wave, _ in told], [label for _, label in told], KINDS, RATE)
    plain, more = (train(node("forest"), examples, augment=augment) for augment in (0, 2))
    counts = [made.method.learned["sizes"].sum() for made in (plain, more)]
    assert counts[1] > counts[0]
    with pytest.raises(ValueError, match="hiss: has no recording to train on"):
        train(node("forest"), Examples(examples.waves[:2], [0, 2], KINDS, RATE))
