"""A training that begins from another's weights, or on recordings that vary: what is taken, what is named."""

import numpy as np
import pytest
import soundfile
import torch

from gen.run import checkpoint
from gen.run.folder import MODEL, RESUME
from gen.run.resume import BOOK

pytestmark = pytest.mark.trains

TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=64", "data.rate=8000", "data.valid=0.2"]
WORDS = ["data.labels=(\\d)_*.wav"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(24):
        wave = 0.5 * np.sin(np.arange(2000) * (0.1 + 0.01 * index))
        soundfile.write(tmp_path / "in" / f"{index % 3}_{index}.wav", wave, 8000)
    return tmp_path / "in"


def weights(path):
    """Return the weights that a run stopped with."""
    tensors = checkpoint.read(path / RESUME, BOOK).tensors
    return {name.removeprefix("weights."): w for name, w in tensors.items() if name.startswith("weights.")}


def test_it_begins_with_the_weights_of_a_run_but_for_labels_that_are_others(gen, folder, tmp_path):
    assert gen("train", folder, *TINY, "steps=3", "name=a")[0] == 0
    slow = [*TINY, "steps=1", "learning_rate=1e-9"]
    code, _, err = gen("train", folder, *slow, *WORDS, "seed=5", "start=runs/a", "name=b")
    assert code == 0, err
    assert "weights of runs/a" in err
    model = checkpoint.open_model(tmp_path / "runs/a").model.state_dict()
    begun = weights(tmp_path / "runs/b")
    others = [name for name in begun if name not in model]
    assert others
    assert all("label" in name for name in others)
    for name, weight in model.items():
        torch.testing.assert_close(begun[name], weight, rtol=0, atol=1e-6)
    assert gen("train", folder, *slow, *WORDS, "seed=5", "start=runs/b", "name=c")[0] == 0  # the same labels are taken
    kept = checkpoint.open_model(tmp_path / "runs/b").model.state_dict()
    torch.testing.assert_close(weights(tmp_path / "runs/c")[others[0]], kept[others[0]], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (
            ["model.hidden=32"],
            "start=runs/a: it has model.hidden=16, and this training 32; give the same model.hidden",
        ),
        (["data.rate=16000"], "start=runs/a: it has data.rate=8000, and this training 16000; give the same data.rate"),
        (["model=lstm"], "start=runs/a: it has model.cell=gru, and this training lstm; give the same model.cell="),
        (["start=nowhere"], "nowhere: No such file or directory; train first, or give a run"),
    ],
)
def test_another_kind_of_model_is_named(gen, folder, keys, line):
    assert gen("train", folder, *TINY, "steps=1", "name=a")[0] == 0
    given = [key for key in TINY if key.partition("=")[0] not in [each.partition("=")[0] for each in keys]]
    code, _, err = gen("train", folder, *given, "start=runs/a", *keys, "steps=1", "name=b")
    assert (code, err.splitlines()[-1].count(line)) == (1, 1), err


def test_recordings_that_vary_are_a_setting_of_their_run(gen, folder, tmp_path):
    vary = [*TINY, "vary=gain+speed+polarity", "control=loudness", "valid_every=5"]
    for steps in (5, 10):
        code, _, err = gen("train", folder, *vary, f"steps={steps}", "name=a")
        assert code == 0, err
    assert "goes on from step 5" in err
    settings = checkpoint.read(tmp_path / "runs/a" / MODEL, checkpoint.HEADER).header["trained"]["settings"]
    assert settings["vary"] == "gain+speed+polarity"
    code, _, err = gen("train", folder, *TINY, "control=loudness", "valid_every=5", "steps=20", "name=a")
    assert (code, "vary=None: runs/a was begun with vary=gain+speed+polarity" in err) == (1, True)
