"""A training that tells curves: its model describes them and is scored with them; bad settings are named."""

import json

import numpy as np
import pytest
import soundfile

import gen as package
from gen.run import checkpoint
from gen.run.folder import MODEL

pytestmark = pytest.mark.trains

TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=64", "data.rate=8000", "data.valid=0.2"]
TOLD = [*TINY, "control=loudness", "untold=0.3", "valid_every=10"]


@pytest.fixture
def folder(tmp_path):
    """Return a folder of tones that swell, each another."""
    (tmp_path / "in").mkdir()
    for index in range(24):
        wave = np.linspace(0.05, 0.8, 2000) * np.sin(np.arange(2000) * (0.1 + 0.01 * index))
        soundfile.write(tmp_path / "in" / f"{index}.wav", wave, 8000)
    return tmp_path / "in"


def test_its_model_says_what_it_is_told_and_is_scored_with_it(gen, folder, tmp_path):
    code, _, err = gen("train", folder, *TOLD, "steps=10", "name=a")
    assert code == 0, err
    header = checkpoint.read(tmp_path / "runs/a" / MODEL, checkpoint.HEADER).header
    assert header["control"]["families"] == ["loudness"]
    assert header["control"]["hop"] == 32  # 200 frames a second or more
    settings = header["trained"]["settings"]
    assert (settings["control"], settings["untold"], settings["hear_noise"]) == ("loudness", 0.3, 0.5)
    trained = package.load(tmp_path / "runs/a")
    assert trained.curves.names == ["loudness"]
    code, out, _ = gen("evaluate", "runs/a")
    assert code == 0
    assert "runs/a, told no curves" in out
    scores = json.loads((tmp_path / "runs/a/evaluate.json").read_text())
    assert abs(scores["bits_per_sample"] - header["trained"]["valid_bits"]) < 1e-6
    assert scores["untold_bits_per_sample"] != scores["bits_per_sample"]


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["control=tempo"], "control=tempo: there are mel, constant_q, loudness, pitch, onset"),
        (["control=loudness", "untold=1"], "untold=1.0: a share of the segments is 0 or more and under 1"),
        (["hear_noise=-1"], "hear_noise=-1.0: this is 0 (none) to 10"),
        (["model=wavernn", "hear_noise=0.5"], "hear_noise=0.5: noise is added to mu-law; with codec=linear16"),
        (["control=loudness", "window=80"], "window=80: this model takes multiples of 32"),
    ],
)
def test_settings_that_make_no_sense_are_named(gen, folder, keys, line):
    tiny = [key for key in TINY if not keys[0].startswith("model") or not key.startswith("model")]
    code, _, err = gen("train", folder, *tiny, "steps=2", *keys)
    assert (code, err.count("\n")) == (1, 1), err
    assert line in err


def test_a_run_is_not_resumed_with_other_curves(gen, folder):
    assert gen("train", folder, *TOLD, "steps=10", "name=a")[0] == 0
    code, _, err = gen("train", folder, *TINY, "steps=20", "name=a", "control=onset", "untold=0.3")
    assert code == 1
    assert "control=onset: runs/a was begun with control=loudness" in err
    code, _, err = gen("train", folder, *TINY, "steps=20", "name=a")
    assert code == 1
    assert "control=None: runs/a was begun with control=loudness" in err
