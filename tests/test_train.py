import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

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


def test_a_training_that_is_killed_and_resumed_logs_the_same_numbers(gen, folder, tmp_path):
    keys = [*COMMON, "steps=400", "optimizer=muon"]  # Muon has AdamW beside it
    code, _, errors = gen("train", folder, *keys, "name=whole")
    assert code == 0, errors
    command, told = [sys.executable, "-m", "gen", "train", folder, *keys, "name=parts"], ""
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        lines = len(log(tmp_path / "runs/parts")) if (tmp_path / "runs/parts/log.jsonl").exists() else 0
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            time.sleep(0.02)
            if (tmp_path / "runs/parts/resume.safetensors").exists() and (
                len(log(tmp_path / "runs/parts")) > lines or number == signal.SIGKILL
            ):
                break
        process.send_signal(number)
        errors = process.communicate()[1]
        told += errors
        if number != signal.SIGKILL and process.returncode:
            assert process.returncode == 128 + number, errors
            assert "run the same command again" in errors
    last = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    assert "goes on from step" in told + last.stderr
    assert log(tmp_path / "runs/parts") == log(tmp_path / "runs/whole")
    assert not [p for p in (tmp_path / "runs/parts").iterdir() if p.name.endswith(".part")]


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
