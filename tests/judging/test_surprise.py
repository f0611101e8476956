import csv

import numpy as np
import pytest
import soundfile

from gen.judging import surprise as judged
from gen.sampling.trained import Trained
from gen.sound import audio
from tests.small import save_run

RATE = 8000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return save_run(tmp_path_factory.mktemp("surprise") / "run")


def takes(run, folder, count=3, seconds=1.0):
    """Write takes of the model in `run` into a folder: recordings that surprise it as much as it expects."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, wave in enumerate(Trained(run).sample(seconds=seconds, count=count)):
        audio.write(folder / f"{number}.wav", wave, RATE)
    return folder


def surprise(run, path, label=None):
    trained = Trained(run)
    return judged.surprise(trained, judged.scorer(trained, run), path, path.name, label)


def test_it_is_the_bits_that_the_model_needs(run, tmp_path):
    soundfile.write(tmp_path / "long.wav", 0.3 * np.sin(np.arange(200_001) / 9) ** 3, 22050)
    found = surprise(run, tmp_path / "long.wav")
    wave = audio.read(tmp_path / "long.wav", RATE)
    assert found.bits == pytest.approx(Trained(run).bits_per_sample(wave), abs=1e-3)
    assert found.seconds == len(wave) / RATE
    assert len(found.curve) == -(-len(wave) // 80)
    assert found.curve[:-1].mean(0) == pytest.approx((found.bits, found.expected), abs=0.01)


def test_what_no_take_holds_is_found_where_it_is_and_ranked_first(gen, run, tmp_path):
    folder = takes(run, tmp_path / "takes")
    wave, _ = soundfile.read(folder / "1.wav")
    random = np.random.default_rng(0)
    wave[4000:4800] = random.uniform(-1, 1, 800)
    audio.write(folder / "1.wav", wave, RATE)
    (folder / "broken.wav").write_text("no audio")
    assert surprise(run, folder / "1.wav").worst[0] == pytest.approx(0.5, abs=0.05)
    code, out, err = gen("score", folder, f"run={run}")
    assert code == 0
    assert "skipped" in err
    assert "broken.wav" in err
    lines = list(csv.reader((tmp_path / "score" / "files.csv").read_text().splitlines()))
    assert tuple(lines[0]) == judged.COLUMNS
    assert lines[1][0] == "1.wav"
    assert len(lines) == 4
    own = [float(line[4]) for line in lines[2:]]
    assert float(lines[1][4]) > 0.1 > max(map(abs, own))
    assert "1.wav" in out


def test_one_file_has_its_curve_and_a_page(gen, run, tmp_path):
    folder = takes(run, tmp_path / "<b>&", count=1)
    code, out, err = gen("score", folder / "0.wav", f"run={run}")
    assert (code, err) == (0, "")
    assert out.split()[-2:] == ["score/0.csv", "score/0.html"]
    lines = list(csv.reader((tmp_path / "score" / "0.csv").read_text().splitlines()))
    assert tuple(lines[0]) == judged.CURVE
    assert len(lines) == 101
    text = (tmp_path / "score" / "0.html").read_text()
    assert "audio/mpeg" in text
    assert '"mp3"' in text
    (tmp_path / "score" / "0.html").write_text("mine")
    code, _, err = gen("score", folder / "0.wav", f"run={run}")
    assert (code, err.count("\n")) == (1, 1)
    assert "0.html: is there already" in err


def test_without_a_label_a_recording_is_heard_with_the_one_that_suits_it(tmp_path):
    run = save_run(tmp_path / "run", ["a", "b", "c"])
    for label in "abc":
        wave = Trained(run).sample(seconds=1.5, label=label, seed=1)
        audio.write(tmp_path / f"{label}.wav", wave, RATE)
        found = surprise(run, tmp_path / f"{label}.wav")
        assert found.bits == surprise(run, tmp_path / f"{label}.wav", label).bits
        others = [surprise(run, tmp_path / f"{label}.wav", other).bits for other in "abc" if other != label]
        assert found.bits < min(others)


def test_a_recording_of_another_kind_is_said_to_be(gen, run, tmp_path):
    audio.write(tmp_path / "noise.wav", np.random.default_rng(0).uniform(-1, 1, RATE), RATE)
    err = gen("score", tmp_path / "noise.wav", f"run={run}")[2]
    assert "noise.wav: this model expected" in err
    assert "another kind of sound" in err
    takes(run, tmp_path / "own", count=1)
    assert gen("score", tmp_path / "own" / "0.wav", f"run={run}")[2] == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere", "run={run}"], "nowhere: there is no such"),
        (["empty", "run={run}"], "empty: is an empty folder"),
        (["bad", "run={run}"], "bad: no recording in it can be read"),
        (["bad/broken.wav", "run={run}"], "broken.wav: isn't audio"),
        (["one.wav"], "run: this has no value yet"),
        (["one.wav", "run=nowhere"], "nowhere: No such file"),
        (["one.wav", "run={run}", "label=7"], "label=7: this model was trained without labels"),
        (["one.wav", "run={labelled}", "label=c"], "label=c: this model has no such label; it has a, b"),
        (["one.wav", "run={run}", "out=one.wav"], "can't be written"),
        ([], "give the recording to score"),
    ],
)
def test_bad_input_is_one_line(gen, run, tmp_path, words, told):
    audio.write(tmp_path / "one.wav", np.zeros(800), RATE)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "broken.wav").write_text("no audio")
    labelled = save_run(tmp_path / "labelled", ["a", "b"])
    code, _, err = gen("score", *(word.format(run=run, labelled=labelled) for word in words))
    assert code == 1
    assert told in err.splitlines()[-1]
    assert "Traceback" not in err
