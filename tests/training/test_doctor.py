"""The doctor passes here, and finds each of the faults planted.

No fault is found by where a training ended up: bits or symbols that must agree don't, and by far. Only that takes are
the sine hangs on the training; its margins stand beside its limits in `gen.training.doctor`.
"""

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
from gen.sampling.settings import COMPILED, REFERENCE
from gen.sampling.trained import Trained
from gen.sound.codec import MuLaw
from gen.training import doctor
from tests.conftest import make_cache

pytestmark = pytest.mark.trains


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


def training_without_beginnings(patch):
    """A training that begins no recording afresh."""
    patch.setattr(gen.training.step, "reset", lambda net, state, rows, labels: state)


def forgetful_engine(patch):
    """A compiled sampler that loses its state from block to block."""
    true = Engine.advance

    def advance(self, streams, *how, **settings):
        streams.numbers[:] = self.packed.initial
        return true(self, streams, *how, **settings)

    patch.setattr(Engine, "advance", advance)


def wrong_feedback(patch, above=1):
    """A reference sampler that feeds back the symbol above the one it drew."""

    def run(model, state, x, steps, pick, *told):
        for t in steps:
            logits, state = model.step(x, state)
            picked = pick(t, logits)
            x = (picked + above).clamp(max=255)
            yield logits, picked, state

    patch.setattr(reference, "run", torch.inference_mode()(run))


def far_wrong_feedback(patch):
    """The same, four symbols above."""
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
    """The takes of any of five seeds are within a fifth of the limits of pitch and level, and half of that of DC."""
    out, code, err, _ = healthy
    assert code == 0, out
    assert err == ""
    assert all(line.startswith("PASS  ") for line in out.splitlines())
    for name in ("versions", "processor", "gpu", "folders", "audio", "codec", "training", "memory"):
        assert f"PASS  {name}: " in out
    for name in (COMPILED, REFERENCE):
        assert f"PASS  {name} sampler: " in out
        assert f"PASS  {name} takes: " in out


@pytest.mark.parametrize(
    ("fault", "where", "says", "trained"),
    [
        (off_by_one, "codec", "a level, decoded and encoded, is another", True),
        (forgetful_training, "memory", "a window of training at most", False),
        (training_without_beginnings, "memory", "a window of training at most", True),
        (forgetful_engine, "compiled sampler", "isn't what follows", True),
        (wrong_feedback, "reference sampler", "isn't what follows", True),
        (far_wrong_feedback, "reference sampler", "isn't what follows", True),
        (late_targets, "memory", "a window of training at most", False),
    ],
)
def test_a_planted_fault_is_found(monkeypatch, healthy, fault, where, says, trained):
    """After 20 steps a forgetful training is 2.0% off or more, with any of five seeds, and one of late targets 4.8%.

    That is 200 and 480 times what rounding may be. A sampler at fault draws a wrong symbol in its first two blocks.
    """
    if trained:  # the fault comes after training, which need not be done anew
        monkeypatch.setattr(doctor, "learn", lambda: str(shutil.copytree(healthy[-1], "runs")))
    else:
        monkeypatch.setitem(doctor.TRAINING, "steps", 20)  # it needn't learn much
    fault(monkeypatch)
    check = next(check for check in doctor.doctor() if check.name == where)  # those after it need not be made
    assert not check.passed, check
    assert says in check.found


@pytest.mark.parametrize(
    ("cents", "dc", "db", "passes"),
    [(0, 0, 0, True), (10, 0.002, -0.5, True), (60, 0, 0, False), (0, 0.02, 0, False), (0, 0, 2, False)],
)
def test_takes_are_the_sine_by_pitch_dc_and_level(monkeypatch, healthy, cents, dc, db, passes):
    phase = 2 * np.pi * doctor.HZ * 2 ** (cents / 1200) * np.arange(2400) / doctor.RATE
    waves = np.tile(dc + 10 ** (db / 20) * doctor.AMPLITUDE * np.sin(phase), (doctor.TAKES, 1))
    monkeypatch.chdir(healthy[-1].parent)
    monkeypatch.setattr(Trained, "sample", lambda self, **how: waves)
    with contextlib.nullcontext() if passes else pytest.raises(ValueError, match="they are not the sine"):
        doctor.take("compiled")


def test_a_fault_is_a_line_with_a_remedy_and_exit_code_1(gen, monkeypatch):
    monkeypatch.setenv("GEN_CACHE", "/dev/null/cache")
    code, out, _ = gen("doctor")
    assert code == 1
    (line,) = (line for line in out.splitlines() if line.startswith("FAIL  folders: "))
    assert "can't be written" in line
    assert "set GEN_CACHE to a folder where you may" in line
