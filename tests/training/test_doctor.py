"""The doctor passes here, and finds each of the faults planted."""

import contextlib
import io
import shutil
import sys

import numpy as np
import pytest
import torch

import gen.training.step
from gen.__main__ import main
from gen.corpus.windows import Windows
from gen.engine.player import Engine
from gen.sampling import reference
from gen.sound.codec import MuLaw
from gen.training import doctor
from tests.conftest import make_cache


def off_by_one(patch):
    """A codec that decodes each level as the next."""
    true = MuLaw.decode_blocks
    patch.setattr(
        MuLaw, "decode_blocks", lambda self, blocks, *a: true(self, (np.minimum(s + 1, 255) for s in blocks), *a)
    )


def forgetful_training(patch):
    """A training that begins every window afresh."""
    true = gen.training.step.reset
    patch.setattr(
        gen.training.step, "reset", lambda net, state, rows, labels: true(net, state, torch.ones_like(rows), labels)
    )


def forgetful_engine(patch):
    """A compiled sampler that loses its state from block to block."""
    true = Engine.advance

    def advance(self, streams, *how, **settings):
        streams.numbers[:] = self.packed.initial
        return true(self, streams, *how, **settings)

    patch.setattr(Engine, "advance", advance)


def wrong_feedback(patch, above=1):
    """A reference sampler that feeds back the symbol above the one it drew."""

    def run(model, state, x, steps, pick):
        for t in steps:
            logits, state = model.step(x, state)
            picked = pick(t, logits)
            x = (picked + above).clamp(max=255)
            yield logits, picked, state

    patch.setattr(reference, "run", torch.inference_mode()(run))


def far_wrong_feedback(patch):
    """The same, four symbols above: what its take is heard by, wherever the training came to."""
    wrong_feedback(patch, above=4)


def late_targets(patch):
    """Windows whose x is one sample older than what precedes y."""
    true = Windows.__next__

    def later(self):
        window = true(self)
        return window._replace(x=torch.cat([window.x[:, :1], window.x[:, :-1]], 1))

    patch.setattr(Windows, "__next__", later)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    """Return what `gen doctor` printed here, its exit code, its errors, and the runs that it trained."""
    folder, out, err = tmp_path_factory.mktemp("healthy"), io.StringIO(), io.StringIO()
    learn = doctor.learn

    def learn_and_keep():
        found = learn()
        shutil.copytree("runs", folder / "runs")
        return found

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setenv("GEN_CACHE", str(make_cache(folder / "cache")))
        patch.chdir(folder)
        patch.setattr(doctor, "learn", learn_and_keep)
        patch.setattr(sys, "argv", ["gen", "doctor"])
        with pytest.raises(SystemExit) as ended:
            main()
    return out.getvalue(), ended.value.code, err.getvalue(), folder / "runs"


def test_all_is_well_here(healthy):
    out, code, err, _ = healthy
    assert code == 0, out
    assert err == ""
    assert all(line.startswith("PASS  ") for line in out.splitlines())
    for name in ("versions", "processor", "gpu", "folders", "audio", "codec", "training", "memory", "samplers"):
        assert f"PASS  {name}: " in out


@pytest.mark.parametrize(
    ("fault", "where", "sampler"),
    [
        (off_by_one, "codec", True),
        (forgetful_training, "memory", False),
        (forgetful_engine, "samplers", True),
        (wrong_feedback, "samplers", True),
        (far_wrong_feedback, "reference takes", True),
        (late_targets, "compiled takes", False),
    ],
)
def test_a_planted_fault_is_found(monkeypatch, healthy, fault, where, sampler):
    if sampler:  # the fault comes after training, which need not be done anew
        monkeypatch.setattr(doctor, "learn", lambda: str(shutil.copytree(healthy[-1], "runs")))
    else:
        monkeypatch.setitem(doctor.TRAINING, "steps", 120)  # it shows in half of it
    fault(monkeypatch)
    check = next(check for check in doctor.doctor() if check.name == where)  # those after it need not be made
    assert not check.passed, check


def test_a_fault_is_a_line_with_a_remedy_and_exit_code_1(gen, monkeypatch):
    monkeypatch.setenv("GEN_CACHE", "/dev/null/cache")
    code, out, _ = gen("doctor")
    assert code == 1
    (line,) = (line for line in out.splitlines() if line.startswith("FAIL  folders: "))
    assert "can't be written" in line
    assert "set GEN_CACHE to a folder where you may" in line
