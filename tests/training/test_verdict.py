"""The line that says what a training has come to: each from a state made for it, and overfitting by a real training.

`python -m tests.measure.provoked_verdicts RECORDINGS` provokes all seven by real trainings, in minutes.
"""

import json

import numpy as np
import pytest
import soundfile

from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound.hearing import Heard, level
from gen.training.verdict import Validation, best, tired, unlike, verdict

pytestmark = pytest.mark.trains

DATA = Heard(-25, -60, -10, silence=0.1, clipping=0, flatness=0.02, noise=0.3, loop=0.2)
BASELINES = {"uniform": 8.0, "histogram": 7.0, "linear prediction, order 16": 5.0}


def history(*bits, training=None, harder=0.0):
    return [
        Validation(250 * (i + 1), 30.0 * (i + 1), t, b, harder)
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


@pytest.mark.parametrize(
    ("bits", "training", "harder", "found"),
    [  # clear by half a bit or more, of the two it takes, and by 0.4 or more of the 1.5 that it is harder
        ([7.3, 7.5, 7.9], [4.5, 2.5, 1.5], 2.5, 0),  # noise held out of speech, which the histogram's bits are under
        ([7.1, 7.2, 7.4], [5.6, 4.6, 4.2], 1.9, 1),  # the same, and a model that learns more slowly
        ([9.5, 6.5, 6.0], [6.5, 4.5, 4.2], 4.0, 0),  # much louder recordings, to which it comes nearer later
        ([9.2, 13.1, 13.4], [3.7, 0.1, 0.1], 0.5, 3),  # a few seconds, soon known by heart: it overfits
        ([7.3, 7.4, 9.0], [7.2, 6.0, 3.0], 0.1, 3),  # noise known by heart
        ([4.5, 4.3, 4.4], [4.4, 4.0, 3.7], 0.2, 3),  # overfits slowly
        ([5.6, 5.4, 5.3], [4.5, 4.0, 3.8], 2.0, 3),  # harder, and yet it tells how good the model is
        ([3.0, 2.5, 2.4], [5.5, 4.6, 4.4], 0.0, 3),  # easier
    ],
)
def test_what_is_held_out_is_unlike_the_rest_where_linear_prediction_too_finds_it_harder(bits, training, harder, found):
    course = history(*bits, training=training, harder=harder)
    assert unlike(course) == found
    for i in range(1, 4):
        assert unlike(course[:i]) == min(i, found)  # and from then on for the whole training
    word, line = verdict(course, DATA, DATA, BASELINES)
    assert (word == "held-out part unlike the rest") == (found < 3)
    assert (f"linear prediction, too, needs {harder:.1f} bits more for it" in line) == (found < 3)
    kept = [best(course[:i]) for i in range(1, 4)]
    assert kept == [0, 1, 2] if found < 3 else [bits.index(min(bits[:i])) for i in range(1, 4)]


def test_the_best_is_the_one_that_was_kept_when_it_came():
    """Held-out bits had chosen the second when the fourth's, 2.45 above training's, not 1.9 any more, told nothing."""
    course = history(7.0, 6.9, 7.0, 7.6, 7.7, training=[6.0, 5.2, 5.1, 5.15, 5.12], harder=2.5)
    assert unlike(course) == 3
    assert [best(course[:i]) for i in range(1, 6)] == [0, 1, 1, 3, 4]
    assert tired(course[:3], 1)
    assert not tired(course, 1)


def test_overfitting_is_told_wherever_what_is_held_out_is_as_hard_as_the_rest():
    """Held-out bits are 1.8 under or over the histogram's 7, up to 6 over training's; it is 0.5 harder, of 1.5."""
    for height in (-1.8, 1.8):
        course = history(*(7 + height + rise for rise in (0, 0.2, 0.5, 0.9)), training=[6.9, 4, 3, 2.5], harder=0.5)
        assert verdict(course, DATA, DATA, BASELINES)[0] == "overfitting"


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


def test_held_out_noise_does_not_choose_among_models_of_a_tone(gen, tmp_path):
    """From the second validation on held-out bits are 4.9 or more above training's, with any of five seeds; 2 tells.

    They rise by 0.5 to the third, training's fall by 0.5. The noise is 5.9 harder, of 1.5.
    """
    random = np.random.default_rng(0)
    (tmp_path / "in").mkdir()
    for index in range(24):
        wave = np.sin(np.arange(800) * (0.1 + 0.01 * index)) if index % 4 else random.standard_normal(800)
        soundfile.write(tmp_path / "in" / f"{index}.wav", 0.3 * wave, 8000)
    (tmp_path / "held.txt").write_text("".join(f"{index}.wav\n" for index in range(0, 24, 4)))
    keys = ["model=gru", "model.hidden=64", "lanes=8", "window=32", "learning_rate=0.01", "data.valid=held.txt"]
    code, _, err = gen("train", "in", "data.rate=8000", *keys, "steps=150", "valid_every=50", "name=a")
    assert code == 0, err
    judged = [line for line in lines(tmp_path / "runs/a") if "verdict" in line]
    assert [line["verdict"] for line in judged[1:]] == 2 * ["held-out part unlike the rest"]
    assert "chose the model kept, of step 150: hold out some of each kind" in judged[-1]["why"]
    header = checkpoint.read(tmp_path / "runs/a" / MODEL, checkpoint.HEADER).header
    assert header["trained"]["best_step"] == header["trained"]["steps"] == 150
