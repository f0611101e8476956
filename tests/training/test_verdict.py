"""The line that says what a training has come to: each from a state made for it, and overfitting by a real training.

`python -m tests.measure.provoked_verdicts RECORDINGS` provokes all six by real trainings, in minutes.
"""

import json

import numpy as np
import pytest
import soundfile

from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound.hearing import Heard, level
from gen.training.verdict import Validation, best, tired, verdict

pytestmark = pytest.mark.trains

DATA = Heard(-25, -60, -10, silence=0.1, clipping=0, flatness=0.02, noise=0.3, loop=0.2)
BASELINES = {"uniform": 8.0, "histogram": 7.0, "linear prediction, order 16": 5.0}


def history(*bits, training=None):
    return [
        Validation(250 * (i + 1), 30.0 * (i + 1), t, b)
        for i, (b, t) in enumerate(zip(bits, training or bits, strict=True))
    ]


@pytest.mark.parametrize(
    ("word", "bits", "training", "heard", "says"),
    [
        ("learning", [5.5], None, {}, "0.50 bits above linear prediction: go on"),
        ("learning", [5.5, 4.8, 4.5, 4.3], None, {}, "0.70 bits under linear prediction, 30 fewer an hour: go on"),
        ("learning", [5.5, 4.8], None, {"noise": 0.58}, "its takes are still noise: wait"),
        ("plateau", [4.5, 4.3, 4.301, 4.299, 4.302], None, {}, "of step 1000"),
        ("plateau", [4.5, 4.3, 4.34, 4.36, 4.38], [4.5, 4.3, 4.34, 4.36, 4.38], {}, "of step 500"),
        ("overfitting", [4.5, 4.3, 4.34, 4.36, 4.38], [4.5, 4.2, 4.0, 3.8, 3.6], {}, "since step 500"),
        ("plateau", [4.5, 4.3, 4.34, 4.36], [4.5, 4.2, 4.0, 3.8], {}, "of step 500"),  # too soon to tell more
        ("collapsed to silence", [4.5, 4.3], None, {"silence": 0.99}, "99% of its takes is silence"),
        ("noise", [7.3, 7.4], None, {"noise": 0.58}, "lower learning_rate"),
        ("learning", [7.3, 7.4], [7.3, 6.5], {"noise": 0.58}, "its takes are still noise: wait"),
        ("noise", [4.5, 4.3, 4.299, 4.298], None, {"noise": 0.58}, "a larger model"),
        ("noise", [4.5, 4.3, 4.34, 4.36, 4.38], None, {"noise": 0.58}, "a larger model"),
        ("overfitting", [4.5, 4.3, 4.34, 4.36, 4.38], [4.5, 4.2, 4.0, 3.8, 3.6], {"noise": 0.58}, "since step 500"),
        ("collapsed to silence", [4.5, 4.3, 4.301, 4.299], None, {"silence": 0.99, "loop": 0.97}, "99% of its takes"),
        ("stuck in a loop", [4.5, 4.3], None, {"loop": 0.97}, "repeat themselves (correlation 0.97, recordings 0.20)"),
    ],
)
def test_each_verdict_says_why_and_what_to_try(word, bits, training, heard, says):
    got, line = verdict(history(*bits, training=training), DATA._replace(**heard), DATA, BASELINES)
    assert got == word
    assert says in line
    assert "\n" not in line


@pytest.mark.parametrize("heard", [{"silence": 0.99}, {"noise": 0.58}, {"loop": 0.97}])
def test_takes_are_judged_beside_the_recordings(heard):
    """Recordings of rain are noise, those of a steady tone repeat themselves, those of a clock are mostly silent."""
    alike = DATA._replace(**heard)
    assert verdict(history(7.3, 7.2), alike, alike, BASELINES)[0] == "learning"


def test_without_held_out_recordings_training_bits_are_judged():
    course = [v._replace(held_out=None) for v in history(4.5, 4.3, 4.4, 4.5, 4.6)]
    assert verdict(course, DATA, DATA, {})[0] == "plateau"
    assert best(course) == 1


def test_patience_counts_validations_since_the_best():
    course = history(4.5, 4.3, 4.4, 4.4)
    assert [tired(course, patience) for patience in (None, 1, 2, 3)] == [False, True, True, False]


def lines(run):
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_training_that_overfits_keeps_its_best_model_and_patience_ends_it(gen, tmp_path):
    """After the second validation held-out bits rise by 0.14 or more each time, with any of five seeds; 0.01 tells."""
    random = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for index in range(24):
        soundfile.write(tmp_path / "in" / f"{index}.wav", 0.3 * random.standard_normal(400), 8000)
    keys = ["model=gru", "model.hidden=96", "lanes=8", "window=32", "data.rate=8000", "data.valid=0.5", "patience=4"]
    code, _, err = gen("train", "in", *keys, "steps=2000", "valid_every=25", "name=a", "learning_rate=0.01")
    assert code == 0
    log = lines(tmp_path / "runs/a")
    judged = [line for line in log if "valid_bits" in line]
    assert judged[-1]["step"] < 2000
    assert judged[-1]["verdict"] == "overfitting", judged[-1]["why"]
    lowest = min(judged[:-1], key=lambda line: line["valid_bits"])
    assert f"kept is the best model, of step {lowest['step']}" in err
    gen("evaluate", tmp_path / "runs/a")
    kept = json.loads((tmp_path / "runs/a/evaluate.json").read_text())["bits_per_sample"]
    assert kept == pytest.approx(lowest["valid_bits"], abs=1e-5)
    assert kept == pytest.approx(judged[-1]["valid_bits"], abs=1e-5)
    assert {"rms", "dc", "silence", "clipping", "flatness", "loop", "distance"} <= set(judged[0]["heard"])
    assert log[0]["baselines"]["uniform"] == 8
    loudest = checkpoint.read(tmp_path / "runs/a" / MODEL, checkpoint.HEADER).header["trained"]["loudest"]
    assert loudest == pytest.approx(level(0.3) + 10 * np.log10(400 / 8000), abs=1)  # of a second with one in it
    assert all((tmp_path / "runs/a" / take).exists() for line in judged for take in line.get("takes", []))
    again = gen("train", "in", *keys, "steps=2000", "valid_every=25", "name=a", "learning_rate=0.01")
    assert "already done" in again[2]
