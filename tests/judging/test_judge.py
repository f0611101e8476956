"""The judge as a whole, on a small corpus of a voice: two labels, low and high."""

import json

import numpy as np
import pytest
import soundfile

from gen.judging import anchors, judge, takes, verdict
from gen.judging.protocol import Protocol
from gen.judging.reference import Reference
from gen.pages import judged
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sampling.settings import Settings
from tests.conftest import make_cache
from tests.judging.test_statistics import RATE, spoken
from tests.small import MULAW, model_node, node_of, save_run, sharp, trained_on, usual

NODES = {name: node_of("classifier", name) for name in ("svm", "svm_spectral")}
LABELS = ("low", "high")


def voiced(seed, label):
    """Return a second of the voice, read faster where it is high."""
    wave = spoken(seed, 1.6)
    return wave[:RATE] if label == "low" else np.interp(np.arange(RATE) * 1.6, np.arange(len(wave)), wave)


def write(folder, seeds, rate=RATE):
    """Write the voice with each label for each seed into a folder; return it."""
    folder.mkdir(parents=True)
    for seed in seeds:
        for number, label in enumerate(LABELS):
            wave = voiced(2 * seed + number, label)
            if rate != RATE:
                wave = np.interp(np.arange(rate) / rate, np.arange(RATE) / RATE, wave)
            soundfile.write(folder / f"{label}-{seed}.wav", wave, rate)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return a folder of 40 recordings."""
    return write(tmp_path_factory.mktemp("corpus") / "voices", range(20))


@pytest.fixture(scope="module")
def reference(corpus, tmp_path_factory):
    """Return what takes of the corpus are judged by."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_CACHE", str(make_cache(tmp_path_factory.mktemp("cache") / "gen")))
        data = {**usual("data/folder"), "path": str(corpus), "rate": RATE, "labels": "(low|high)-*.wav", "valid": 0.4}
        said = []
        yield Reference(data, NODES, Protocol("test", 16, None, 3.0, 0), said.append)


def labelled(count, first=500):
    """Return takes that are as good as recordings, and the numbers of their labels, high being 0."""
    numbers = [i % 2 for i in range(count)]
    return [voiced(first + i, ("high", "low")[number]) for i, number in enumerate(numbers)], numbers


def test_what_is_as_good_as_recordings_is_placed_at_zero_and_noise_at_one(reference):
    made, numbers = labelled(16)
    found = judge.judge(reference, made, numbers, 0)
    low, high = found[judge.PLACE]["interval"]
    assert low < 0.05
    assert found[judge.PLACE]["takes"] < 0.1
    assert high - low < 0.3
    noise = anchors.noise(reference.colour, RATE, RATE, 16, 9)
    assert judge.judge(reference, noise, None, 0)[judge.PLACE]["takes"] == pytest.approx(1, abs=0.1)
    assert "it stands at 0.0" in verdict.sentence(found, 16) or "at -0.0" in verdict.sentence(found, 16)


def test_the_two_halves_of_the_recordings_are_within_their_interval_of_zero(reference):
    found = judge.halves(reference, 0)
    low, high = judge.interval(found)
    assert low <= 0 <= high


def test_labels_that_are_right_are_named_right_and_shuffled_ones_by_chance(reference):
    made, numbers = labelled(40)
    heard = reference.hear(made)
    right = judge.named(reference, heard, numbers, 0)
    shuffled = judge.named(reference, heard, np.random.default_rng(0).permutation(numbers), 0)
    assert set(right) == {"named right by svm", "named right by svm_spectral"}
    for name in right:
        assert right[name]["takes"] > 85, name
        assert shuffled[name]["takes"] == pytest.approx(50, abs=20), name


def test_copies_of_what_was_trained_on_are_told_and_other_recordings_are_not(reference):
    copied = judge.judge(reference, reference.second.waves, None, 0)
    assert judge.by_heart(copied)
    assert "by heart" in verdict.sentence(copied, 16)
    assert copied[judge.NEAREST]["takes"] < 0.001
    other = judge.judge(reference, labelled(16)[0], None, 0)
    assert not judge.by_heart(other)


def test_a_hoarse_faint_voice_that_ends_in_noise_is_told_in_a_sentence(reference):
    made, numbers = labelled(16)
    random = np.random.default_rng(0)
    hoarse = [0.2 * (wave + np.std(wave) * 0.3 * random.standard_normal(RATE)) for wave in made]
    broken = [np.concatenate([wave, random.standard_normal(RATE) / 20]) for wave in hoarse]
    said = verdict.sentence(judge.judge(reference, broken, numbers, 0), 16)
    assert "its voice is hoarser than the recordings by" in said
    assert "it is fainter by" in said
    assert said.endswith("16 of 16 takes break out, most into noise.")


def test_silent_takes_are_told_to_be_silent_and_judged_far(reference):
    found = judge.judge(reference, [np.zeros(2 * RATE)] * 10, [0] * 10, 0)
    assert verdict.sentence(found, 10) == "Its takes are silent: nothing is above -60 dBFS."
    assert found[judge.PLACE]["takes"] > 0.5
    json.dumps(found, allow_nan=False)


def test_a_table_has_a_row_a_figure_and_a_column_a_run(reference):
    made, numbers = labelled(16)
    found = {"figures": judge.judge(reference, made, numbers, 0)}
    columns, rows = verdict.table({"a": found, "b": {"figures": {judge.PLACE: found["figures"][judge.PLACE]}}})
    assert columns == ("", "recordings", "a", "b")
    assert [len(row) for row in rows] == [4] * len(found["figures"])
    table = dict((row[0], row) for row in rows)
    assert table["pitch, Hz"][2].count("semitones") == 1
    assert table["pitch, Hz"][3] == ""
    assert table["Frechet distance"][2] == "too few"  # of 16 places in 16 directions


def run_on(folder, corpus, **data):
    """Save a run that says that it was trained on a corpus, whose untrained takes are loud noise; return its folder."""
    node = {**model_node("gru"), "hidden": 24, "embedding": 12, "layers": 2}
    told = trained_on(corpus, **{})
    told["settings"]["data"] |= {"rate": RATE, "labels": "(low|high)-*.wav", "valid": 0.4, **data}
    header = {"model": node, "codec": MULAW, "rate": RATE, "classes": ["high", "low"], "trained": told}
    checkpoint.save(folder / MODEL, sharp("gru", 2, levels=256).state_dict(), header)
    return folder


QUICK = ["count=8", "long=1", "classifiers.lstm.epochs=1", "classifiers.lstm.hidden=[8]"]


@pytest.mark.trains
def test_a_run_and_a_folder_are_judged_beside_one_another_and_the_page_shows_it(gen, corpus, tmp_path):
    run = run_on(tmp_path / "runs" / "noisy", corpus)
    others = write(tmp_path / "others", range(60, 66), rate=16000)
    code, out, err = gen("judge", run, others, *QUICK, "labels=(low|high)-*.wav")
    assert code == 0, err
    assert "judged by part valid, which chose the models" in err
    noisy, good = (json.loads((folder / "judge.json").read_text()) for folder in (run, others))
    assert noisy["figures"][judge.PLACE]["takes"] > 0.4 > good["figures"][judge.PLACE]["takes"]
    assert good["figures"]["named right by svm_spectral"]["takes"] > 70
    assert good["sampled"] is None
    plain = {key: getattr(Settings(), key) for key in ("seed", "temperature", "top_p", "guard", "guidance")}
    assert noisy["sampled"] == plain  # what gen judge has as usual is what gen sample has
    assert (good["takes"], good["part"], good["rate"]) == (12, "valid", RATE)
    assert f"{run}: {noisy['sentence']}" in out
    assert out.count("named right by lstm") == 1  # in one table
    assert gen("report", run, "seconds=0.2", "count=1", "temperatures=[1.0]")[0] == 0
    page = (run / "report.html").read_text()
    assert noisy["sentence"].partition(",")[0] in page
    assert "harmonics over noise where voiced" in page
    (run / "judge.json").write_text('{"sentence": 7}')
    with pytest.raises(
        ValueError, match=r"judge.json: it.sentence is 7, and no str; run gen judge again, or remove it"
    ):
        judged.read(run)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["part=train"], "part=train: there are test and valid"),
        (["count=3"], "count=3: 8 takes are needed for an estimate, and 10,000 are the most"),
        (["seconds=0"], "seconds=0: takes of 0.05 to 60 s are compared"),
        (["long=0.5"], "long=0.5: what breaks out is heard in takes of 1 s or more; 0 leaves it out"),
        (["long=inf"], "long=inf: what breaks out"),
        (
            ["long=100000"],
            "count=, long=: these are 222.2 hours of takes, and 4 hours are judged at most; lower count= or long=",
        ),
        (["data.valid=0"], "no recording is held out; give data.test= or data.valid=, a share or a list"),
        (["data.valid=0.02"], "8 of each are needed: hold out more, or lower seconds="),
        (["data.labels=x_(.)*.wav"], "doesn't match data.labels=x_(.)*.wav"),
        (["data.rate=many"], "data.rate"),
        (["temperature=-1"], "temperature=-1"),
    ],
)
def test_bad_input_is_one_line(gen, corpus, tmp_path, keys, line):
    run = run_on(tmp_path / "run", corpus, labels="none")
    code, _, err = gen("judge", run, "count=8", "long=0", *keys)
    assert code == 1
    assert line in err
    assert len(err.strip().splitlines()) == 1
    assert not (run / "judge.json").exists()


def test_a_folder_of_bad_takes_is_refused_in_one_line(gen, corpus, tmp_path):
    data = [f"data.path={corpus}", "data.valid=0.4", "long=0"]
    few = write(tmp_path / "few", range(2))
    empty, odd = tmp_path / "empty", write(tmp_path / "odd", range(5))
    empty.mkdir()
    (empty / "notes.txt").write_text("no audio")
    soundfile.write(odd / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    for folder, keys, line in (
        (few, data, f"{few}: holds 4 takes, and 8 are needed for an estimate; make more"),
        (empty, data, f"{empty}: holds no audio files; put recordings there"),
        (odd, data, f"{odd}/nan.wav: holds NaN or infinity at 0.00 s; export it again"),
        (few, [], f"{few}: is a folder of takes, no run; give data.path= the recordings to judge it by"),
        (tmp_path / "none", data, f"{tmp_path}/none: there is no such folder or file"),
        (odd, [*data, "labels=x(..)*.wav"], "doesn't match data.labels=x(..)*.wav"),
    ):
        code, _, err = gen("judge", folder, *keys)
        assert code == 1
        assert line in err.splitlines()[-1], err


def test_a_label_that_the_recordings_do_not_have_is_refused():
    assert takes.number("others", "low", ["high", "low"]) == 1
    with pytest.raises(
        ValueError, match="others: a take has the label lo, and the recordings have high, low; see labels="
    ):
        takes.number("others", "lo", ["high", "low"])


def test_a_model_that_tells_no_recordings_and_a_classifier_are_refused(gen, reference, tmp_path):
    run = save_run(tmp_path / "run")
    code, _, err = gen("judge", run)
    line = "this model doesn't say what it was trained on; train it again with gen train"
    assert (code, err.strip()) == (1, f"{run}: {line}")
    (tmp_path / "names").mkdir()
    reference.ears.classifiers["svm"].save(tmp_path / "names" / MODEL)
    code, _, err = gen("judge", tmp_path / "names")
    assert code == 1
    assert err.startswith(f"{tmp_path}/names/{MODEL}: ")
    assert "classifier" in err
    assert len(err.strip().splitlines()) == 1


def test_silent_recordings_can_judge_nothing(gen, tmp_path):
    for name in ("real", "takes"):
        (tmp_path / name).mkdir()
        for number in range(30):
            soundfile.write(tmp_path / name / f"{number}.wav", np.zeros(RATE), RATE)
    code, _, err = gen("judge", tmp_path / "takes", f"data.path={tmp_path}/real", "data.valid=0.4")
    assert code == 1
    assert err.strip().endswith(f"{tmp_path}/real: its recordings are silent; nothing can be judged by them")
