"""Two processes train as one, on the CPU."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from gen.base.ranks import Ranks
from gen.models.base import detach, tree_leaves, tree_map
from gen.run import resume
from gen.training.learner import Learner
from tests.small import small_model

pytestmark = pytest.mark.trains

GRADIENT = """
import sys, torch
import torch.nn.functional as F
from gen.base import ranks
from gen.corpus.windows import Windows
from gen.sound.codec import MuLaw
from gen.models.base import reset
from tests.small import corpus, small_model

codec = MuLaw(8, 0.0)
with ranks.join() as group:
    corpus = corpus("in", codec, rate=8000, valid=0.0, lanes=4)
    windows = Windows(corpus.train, 4, 64, codec.silence, 0, group.rank, group.world)
    torch.manual_seed(0)
    net = small_model("gru", levels=256)
    state = net.start(torch.zeros(len(windows.mine), dtype=torch.long))
    seen = []
    for _ in range(6):
        x, y, rows, labels, _, targets, *_ = next(windows)
        logits, state = net(x, reset(net, state, rows, labels))
        (F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum", ignore_index=-1) / targets).backward(
            retain_graph=True
        )
        seen.append(torch.stack([x, y]))
    group.sum_gradients(net.parameters())
    seen = group.gather(torch.stack(seen).permute(2, 0, 1, 3))
    torch.save([seen, [p.grad for p in net.parameters()]], f"{sys.argv[1]}-{group.rank}.pt")
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(24):
        wave = 0.5 * np.sin(np.arange(1500 + 50 * index) * (0.1 + 0.01 * index))
        soundfile.write(tmp_path / "in" / f"{index}.wav", wave, 8000)
    return tmp_path


def two(*args, cwd, monkeypatch):
    """Run a program under torchrun with two processes."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", *args]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


def test_two_ranks_see_each_sample_once_and_have_the_gradient_of_the_joined_batch(folder, monkeypatch):
    (folder / "gradient.py").write_text(GRADIENT)
    two("gradient.py", "two", cwd=folder, monkeypatch=monkeypatch)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["gradient.py", "one"])
    runpy.run_path("gradient.py")
    seen, expected = torch.load(folder / "one-0.pt")
    for rank in (0, 1):
        joined, gradients = torch.load(folder / f"two-{rank}.pt")
        assert torch.equal(joined, seen)
        for ours, theirs in zip(gradients, expected, strict=True):
            assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-7)


def test_two_ranks_train_as_one_does_and_one_goes_on_from_there(gen, folder, monkeypatch):
    keys = ["model=gru", "model.hidden=16", "model.embedding=8", "lanes=4", "window=32", "precision=float32"]
    keys += ["data.rate=8000", "data.valid=0.2", "valid_every=10"]
    command = ["train", "in", *keys]
    two("-m", "gen", *command, "steps=20", "name=two", cwd=folder, monkeypatch=monkeypatch)
    assert gen(*command, "steps=20", "name=one")[0] == 0
    for name in ("one", "two"):
        code, _, err = gen(*command, "steps=30", f"name={name}")
        assert code == 0, err
        assert "goes on from step 20" in err
    one, joined = (
        [json.loads(line) for line in (folder / "runs" / name / "log.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    assert [line.keys() for line in one] == [line.keys() for line in joined]
    for a, b in zip(one, joined, strict=True):
        assert all(abs(a[key] - b[key]) < 1e-4 for key in a if key.endswith("bits"))


def test_each_rank_gets_back_its_own_lanes():
    learner = Learner(small_model("gru"), "muon", 0.01)
    state = tree_map(torch.randn_like, learner.net.start(torch.zeros(4)))
    learner.net(torch.zeros(4, 8, dtype=torch.long), detach(state))[0].sum().backward()
    for each in learner.optimizers:
        each.step()
    random = torch.get_rng_state()
    saved = resume.collect(learner, state, random, Ranks())
    for rank in (0, 1):
        other = Learner(small_model("gru"), "muon", 0.01)
        lanes = range(2 * rank, 2 * rank + 2)
        got = resume.restore(saved, other, state, lanes, Ranks(rank, 2), "cpu")
        for part, whole in zip(tree_leaves(got), tree_leaves(state), strict=True):
            assert torch.equal(part, whole[lanes.start : lanes.stop])
        again = resume.collect(other, state, random, Ranks())
        assert again.keys() == saved.keys()
        assert all(torch.equal(again[key], saved[key]) for key in saved)
