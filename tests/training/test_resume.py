"""What a training finds in its run may be damaged, or somebody else's: a line that names it, and nothing lost."""

import json
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import safetensors.torch
import soundfile

from gen.run import checkpoint, log
from gen.run.folder import LOG, RESUME
from gen.run.resume import BOOK
from tests.conftest import full_disk, make_cache
from tests.mutate import damaged, with_header

TINY = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=32", "data.rate=8000", "data.valid=0.2"]
COMMAND = ["train", "in", *TINY, "name=a", "valid_every=10"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder with recordings and a run of ten steps."""
    folder = tmp_path_factory.mktemp("resume")
    (folder / "in").mkdir()
    for index in range(24):
        soundfile.write(folder / "in" / f"{index}.wav", 0.5 * np.sin(np.arange(1500) * (0.1 + 0.01 * index)), 8000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GEN_CACHE", str(make_cache(folder / "cache")))
        subprocess.run([sys.executable, "-m", "gen", *COMMAND, "steps=10"], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def run(trained, tmp_path):
    """Return a copy of that run, in the folder where commands run."""
    import shutil

    for name in ("in", "runs"):
        shutil.copytree(trained / name, tmp_path / name)
    return tmp_path / "runs" / "a"


def with_changes(run, change, tensors=lambda tensors: tensors):
    """Write changes into the header and the tensors of a run's resume file."""
    whole = checkpoint.read(run / RESUME, BOOK)
    book = change(json.loads(json.dumps(whole.header)))
    safetensors.torch.save_file(tensors(whole.tensors), run / RESUME, {"gen": json.dumps(book)})


def without(tree, key):
    return {k: v for k, v in tree.items() if k != key}


CHANGES = {
    "a step that is half": lambda book: book | {"step": 1.5},
    "a step before the first": lambda book: book | {"step": -5},
    "no spent": lambda book: without(book, "spent"),
    "text for nats": lambda book: book | {"nats": "3"},
    "a history of text": lambda book: book | {"history": ["best"]},
    "a short history": lambda book: book | {"history": [[10]]},
    "no position": lambda book: without(book, "position"),
    "a place behind the last segment": lambda book: book | {"position": {"taken": 1, "lanes": [[9999, 0]] * 4}},
    "a lane too few": lambda book: book | {"position": {"taken": 1, "lanes": [None] * 3}},
    "settings that are none": lambda book: book | {"settings": []},
    "a corpus that is none": lambda book: book | {"corpus": 3},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_book_that_no_training_writes_is_refused_before_anything_is_touched(gen, run, change):
    with_changes(run, CHANGES[change])
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name[0] != "."}
    code, _, err = gen(*COMMAND, "steps=20")
    assert (code, err.count("\n")) == (1, 1), err
    assert err.startswith("runs/a/resume.safetensors: "), err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name[0] != "."} == before


def test_a_run_from_before_validations_told_how_hard_it_is_and_norms_were_kept_goes_on(gen, run):
    with_changes(run, lambda book: without(book, "gradients") | {"history": [each[:4] for each in book["history"]]})
    code, _, err = gen(*COMMAND, "steps=20")
    assert code == 0, err
    assert [len(each) for each in checkpoint.read(run / RESUME, BOOK).header["history"]] == [5, 5]


TENSORS = {
    "all moments dropped": lambda tensors: {k: v for k, v in tensors.items() if not k.startswith("optimizer")},
    "a moment dropped": lambda tensors: without(tensors, next(k for k in tensors if k.endswith("exp_avg"))),
    "a weight cut": lambda tensors: tensors | {"weights.out.bias": tensors["weights.out.bias"][:5].clone()},
    "a weight of integers": lambda tensors: tensors | {"weights.out.bias": tensors["weights.out.bias"].long()},
    "no random numbers": lambda tensors: without(tensors, "rng.0"),
    "one more": lambda tensors: tensors | {"more": tensors["weights.out.bias"].clone()},
}


@pytest.mark.parametrize("change", TENSORS)
def test_tensors_that_are_missing_or_bent_are_named(gen, run, change):
    with_changes(run, lambda book: book, TENSORS[change])
    code, _, err = gen(*COMMAND, "steps=20")
    assert (code, err.count("\n")) == (1, 1), err
    assert err.startswith("runs/a/resume.safetensors: "), err


def test_damage_is_refused_in_a_line_or_harmless(gen, run):
    whole, chance = (run / RESUME).read_bytes(), random.Random(1)
    for number in range(12):
        (run / RESUME).write_bytes(with_header(whole, chance) if number % 2 else damaged(whole, chance))
        code, _, err = gen(*COMMAND, "steps=10")
        assert code == 0 or (err.count("\n") == 1 and "defect" not in err), err


@pytest.mark.parametrize(
    "odd", [b"\xff\xfe", b"[" * 50_000, b"[]", b"{}", b'{"step": "x"}', b'{"step": 5, "bits": []}', b"1"]
)
def test_lines_of_a_log_that_no_training_writes_are_left_out(gen, run, odd):
    whole = (run / LOG).read_bytes()
    (run / LOG).write_bytes(odd + b"\n" + whole)
    assert len(log.lines_of(run / LOG)) == whole.count(b"\n")
    assert log.read_log(run, {}).valid
    code, _, err = gen(*COMMAND, "steps=20")
    assert code == 0, err
    assert (run / LOG).read_bytes().startswith(whole)


def test_a_second_training_of_one_name_is_told_who_has_it(gen, run):
    command = [sys.executable, "-m", "gen", *COMMAND, "steps=100000"]
    with subprocess.Popen(command, cwd=run.parent.parent, stderr=subprocess.DEVNULL) as first:
        while not (run / ".owner").exists():
            time.sleep(0.02)
        code, _, err = gen(*COMMAND, "steps=20")
        first.send_signal(signal.SIGKILL)
    assert (code, err.count("\n")) == (1, 1)
    assert f"runs/a: process {first.pid} on " in err
    assert "is training it" in err
    assert gen(*COMMAND, "steps=20")[0] == 0  # a killed one has it no longer


@pytest.mark.parametrize("lines", [0, 500])  # so that it is full for TensorBoard, or for the log
def test_a_disk_that_fills_up_under_a_training_is_one_line(gen, run, lines):
    with open(run / LOG, "a") as file:
        file.writelines('{"step": 10, "seconds": 1.0, "bits": 8.0}\n' for _ in range(lines))
    with full_disk(20_000):
        code, _, err = gen(*COMMAND, "steps=20")
    assert code == 1
    assert "Traceback" not in err
    assert "make room" in err.splitlines()[-1]
    assert gen(*COMMAND, "steps=20")[0] == 0
