"""A training that leaves labels out now and then: its model can be guided; without, it is as it was."""

import numpy as np
import pytest
import soundfile

import gen as package
from gen.run import checkpoint
from gen.run.folder import MODEL, RESUME
from gen.run.resume import BOOK

pytestmark = pytest.mark.trains

TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=64", "data.rate=8000", "valid_every=5"]
TINY += ["data.labels=folder", "data.valid=0.2"]


@pytest.fixture
def folder(tmp_path):
    """Return a folder of tones of two kinds."""
    for index in range(24):
        place = tmp_path / "in" / ("low", "high")[index % 2]
        place.mkdir(parents=True, exist_ok=True)
        soundfile.write(place / f"{index}.wav", 0.5 * np.sin(np.arange(1000) * (0.1 + 0.2 * (index % 2))), 8000)
    return tmp_path / "in"


def header(run):
    return checkpoint.read(run / MODEL, checkpoint.HEADER).header


def test_its_model_has_a_class_more_and_can_be_guided(gen, folder, tmp_path):
    code, _, err = gen("train", folder, *TINY, "steps=5", "name=a", "unlabelled=0.1")
    assert code == 0, err
    found = header(tmp_path / "runs/a")
    assert (found["any"], found["classes"], found["trained"]["settings"]["unlabelled"]) == (True, ["high", "low"], 0.1)
    trained = package.load("runs/a")
    assert len(trained.model.label.table.weight) == 3
    assert trained.sample(seconds=0.01, guidance=2.0).shape == (80,)
    for command in (["evaluate", "runs/a"], ["sample", "runs/a", "seconds=0.1", "label=any", "guidance=1"]):
        assert gen(*command)[0] == 0


def test_where_all_labels_are_told_a_run_is_as_those_of_before(gen, folder, tmp_path):
    """Its settings and its model tell of nothing new, and it isn't resumed with labels left out."""
    run = tmp_path / "runs/a"
    assert gen("train", folder, *TINY, "steps=5", "name=a")[0] == 0
    assert "unlabelled" not in checkpoint.read(run / RESUME, BOOK).header["settings"]
    assert "any" not in header(run)
    code, _, err = gen("train", folder, *TINY, "steps=10", "name=a", "unlabelled=0.2")
    assert code == 1
    assert "unlabelled=0.2: runs/a was begun with unlabelled=0.0; go on with that, or give another name=" in err


@pytest.mark.parametrize("share", ["1", "-0.1", "nan"])
def test_a_share_that_is_none_is_named(gen, folder, share):
    code, _, err = gen("train", folder, *TINY, "steps=2", f"unlabelled={share}")
    assert (code, err.count("\n")) == (1, 1), err
    assert "a share of the segments is 0 or more and under 1; 0.1 is usual" in err


def test_where_there_are_no_labels_none_can_be_left_out(gen, folder):
    code, _, err = gen("train", folder, *TINY, "steps=2", "data.labels=none", "unlabelled=0.1")
    assert (code, err.count("\n")) == (1, 1), err
    assert "unlabelled=0.1: there are no labels to leave out; give data.labels= too" in err
