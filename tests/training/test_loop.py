import contextlib
import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from gen.sampling.trained import Trained
from gen.training import loop

pytestmark = pytest.mark.trains

SMALL = {
    "data.rate": 8000,
    "data.valid": 0.2,
    "model": "gru",
    "model.hidden": 16,
    "model.embedding": 8,
    "lanes": 4,
    "window": 32,
}
COMMON = [f"{k}={v}" for k, v in {**SMALL, "valid_every": 100}.items()]


@pytest.fixture
def folder(tmp_path):
    for index in range(24):
        wave = 0.5 * np.sin(np.arange(1500 + 50 * index) * (0.1 + 0.01 * index))
        (tmp_path / "in").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "in" / f"{index}.wav", wave, 8000)
    return tmp_path / "in"


def log(run):
    """Return the lines of a log, without what the clock tells."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines() if line.endswith("}")]
    return [{k: v for k, v in line.items() if k not in ("seconds", "why")} for line in lines]


@pytest.mark.parametrize("told", [[], ["control=loudness", "untold=0.3"]], ids=["untold", "told"])
def test_a_training_that_is_killed_and_resumed_logs_the_same_numbers(gen, folder, tmp_path, told):
    keys = ["window=16" if not told else "window=64", "steps=200", "valid_every=40", "optimizer=muon", *told]
    command = ["train", folder, *COMMON, *keys]
    code, _, errors = gen(*command, "name=whole")
    assert code == 0, errors
    run, command = tmp_path / "runs/parts", [*command, "name=parts"]
    with subprocess.Popen([sys.executable, "-m", "gen", *command], cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not (run / "resume.safetensors").exists():
            time.sleep(0.02)
        process.kill()
    assert process.returncode == -signal.SIGKILL  # it was in the middle
    for number, after in ((signal.SIGTERM, 17), (signal.SIGINT, 50)):
        with interrupted(number, after):
            code, _, errors = gen(*command)
        assert code == 128 + number, errors
        assert "goes on from step" in errors
        assert "run the same command again" in errors
    code, _, errors = gen(*command)
    assert code == 0, errors
    assert "goes on from step" in errors
    assert log(run) == log(tmp_path / "runs/whole")
    assert not [p for p in run.iterdir() if p.name.endswith(".part")]


@contextlib.contextmanager
def interrupted(number, after):
    """Send a signal to the training in the block, before its step `after` from where it goes on."""
    true, left = loop.train_step, iter(range(after))

    def train_step(*given, **settings):
        if next(left, None) is None:
            signal.raise_signal(number)
        return true(*given, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "train_step", train_step)
        yield


def test_reversed_time_is_trained_on_and_scored_and_named(gen, folder, tmp_path):
    code, _, err = gen("train", folder, *COMMON, "steps=2", "reverse=on")
    assert code == 0, err
    assert Trained("runs/in-gru-reverse").backward
    assert gen("evaluate", "runs/in-gru-reverse")[0] == 0
    code, _, err = gen("train", folder, *COMMON, "steps=4", "name=in-gru-reverse")
    assert (code, err.count("\n")) == (1, 1)
    assert "data.reverse" in err
    code, _, err = gen("train", folder, *COMMON, "steps=2", "reverse=on", "control=loudness")
    assert (code, err) == (1, "reverse=on: curves are told as time goes; leave control= out\n")


def test_another_setting_is_refused_by_name_and_a_finished_run_says_so(gen, folder, tmp_path):
    command = ["train", folder, *COMMON, "steps=10", "name=a"]
    assert gen(*command)[0] == 0
    before = (tmp_path / "runs/a/resume.safetensors").read_bytes()
    code, _, errors = gen(*command, "model.layers=2")
    assert (code, errors.count("\n")) == (1, 1)
    assert "model.layers=2: runs/a was begun with model.layers=1" in errors
    assert (tmp_path / "runs/a/resume.safetensors").read_bytes() == before
    code, _, errors = gen(*command)
    assert code == 0
    assert "already done" in errors


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["nowhere"], "nowhere: there is no such folder"),
        (["IN", "model=foo"], "model=foo: there is no such model; there are elman, gru, lstm"),
        (["IN", "model.hiden=3"], "model.hiden: there is no such key"),
        (["IN", "model.hidden=big"], "model.hidden=big: this must be of type int"),
        (["IN", "stepz=3"], "stepz: there is no such key"),
        (["IN", "steps=many"], "steps=many: "),
        (["IN", "data.rate=many"], "data.rate=many: this must be of type int"),
        (["IN", "steps=3", "minutes=3"], "one of them"),
        (["IN", "data.valid=null"], "data.valid=None: this must be of type float or str"),
        (["data=folder"], "data.path: this has no value yet"),
    ],
)
def test_a_wrong_command_is_one_line_and_makes_no_folder(gen, folder, tmp_path, args, named):
    code, _, errors = gen("train", *[folder if a == "IN" else a for a in args])
    assert code == 1
    assert errors.count("\n") == 1, errors
    assert named in errors
    assert not (tmp_path / "runs").exists()
