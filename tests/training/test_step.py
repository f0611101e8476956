"""A step learns from all targets, the silence after a recording too; what it tells is of those recorded."""

import contextlib
import json

import numpy as np
import pytest
import soundfile
import torch
import torch.nn.functional as F

from gen.corpus.windows import Window, Windows
from gen.models.base import detach, reset
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound.codec import MuLaw
from gen.training.progress import Progress
from gen.training.step import train_step
from tests.small import corpus, small_model

CODEC = MuLaw(8, 0.0)

pytestmark = pytest.mark.trains


def record(folder, *lengths):
    folder.mkdir()
    for index, length in enumerate(lengths):
        wave = np.random.default_rng(index).uniform(-0.5, 0.5, length)
        soundfile.write(folder / f"{index}.wav", wave, 8000, subtype="FLOAT")
    return str(folder)


def test_the_gradient_is_over_all_targets_and_what_is_told_over_those_recorded(tmp_path):
    """In double precision, to a part in 10^9; a target more or less would be one in 200."""
    made = corpus(record(tmp_path / "in", 50, 90), CODEC, rate=8000, valid=0.0, tail=0.005)
    torch.manual_seed(0)
    net = small_model("gru", levels=256).double()
    state = net.start(torch.zeros(2, dtype=torch.long))
    recorded = {0: [32, 18, 0, 0], 1: [32, 32, 26, 0]}  # in windows of 32, of a recording and 40 samples of silence
    windows = Windows(made.train, 2, 32, CODEC.silence, seed=None)
    for number, batch in enumerate(windows):
        assert batch.recorded.tolist() == [recorded[row][number] for row in (0, 1)]
        logits, _ = net(batch.x, reset(net, detach(state), batch.reset, batch.labels))
        each = F.cross_entropy(logits.mT, batch.y, reduction="none", ignore_index=-1)
        want = torch.autograd.grad(each.sum() / batch.targets, list(net.parameters()))
        nats, norm, state = train_step(net, [], batch, state, contextlib.nullcontext(), clip=1e9)
        torch.testing.assert_close(
            nats, sum(row[:n].sum().detach() for row, n in zip(each, batch.recorded, strict=True))
        )
        torch.testing.assert_close(norm, sum(gradient.square().sum() for gradient in want).sqrt())
        for p, gradient in zip(net.parameters(), want, strict=True):
            torch.testing.assert_close(p.grad, gradient, rtol=1e-9, atol=1e-12)
            p.grad = None
        if number == 3:
            break
    assert number == 3


def test_the_norm_that_is_told_is_that_before_clipping():
    torch.manual_seed(0)
    net = small_model("gru").double()
    x, y = torch.randint(16, (2, 2, 8))
    batch = Window(x, y, torch.ones(2, dtype=torch.bool), torch.tensor([0, 0]), torch.tensor([8, 8]), 16, 16)
    norms = []
    for clip in (1e9, 1e-3):
        net.zero_grad()
        norms.append(train_step(net, [], batch, net.start(batch.labels), contextlib.nullcontext(), clip=clip)[1].item())
    assert norms[0] == norms[1] > 1e-3
    left = sum(p.grad.square().sum() for p in net.parameters()).sqrt()
    assert left.item() == pytest.approx(1e-3, rel=0.01)


def test_the_log_has_the_gradients_norm_and_how_often_it_was_clipped(gen, tmp_path):
    keys = ["model=gru", "model.hidden=16", "lanes=1", "window=16", "data.rate=8000", "data.valid=0.0", "clip=1e-6"]
    assert gen("train", record(tmp_path / "in", 4000), *keys, "steps=15", "valid_every=15", "name=a")[0] == 0
    log = [json.loads(line) for line in (tmp_path / "runs/a/log.jsonl").read_text().splitlines()]
    told = [line for line in log if "bits" in line]
    assert [line["clipped"] for line in told] == [1, 1]
    assert all(line["gradient"] > 0 for line in told)


def test_norms_are_told_as_their_mean_and_the_share_over_clip_since_the_last_time():
    progress = Progress()
    for norm in (2.0, 0.5, 1.0, 0.5):
        progress.add(1.0, norm, targets=16, digits=1, clip=1.0)
    assert progress.clipping() == {"gradient": 1.0, "clipped": 0.25}
    progress.add(1.0, 3.0, targets=16, digits=1, clip=1.0)
    assert progress.clipping() == {"gradient": 3.0, "clipped": 1.0}


def test_a_gradient_that_is_no_number_ends_a_training_in_a_line():
    with pytest.raises(ValueError, match="step 1: the gradient is no longer a number; what was saved last is kept"):
        Progress().add(1.0, float("inf"), targets=16, digits=1, clip=1.0)


def test_a_training_counts_the_samples_recorded_and_goes_through_silence(gen, tmp_path):
    """An epoch has 25 windows of a recording and 50 of the silence after it, in which there are no bits to log."""
    keys = ["model=gru", "model.hidden=16", "lanes=1", "window=16", "data.rate=8000", "data.valid=0.0", "data.tail=0.1"]
    code, _, err = gen("train", record(tmp_path / "in", 400), *keys, "steps=75", "valid_every=15", "name=a")
    assert code == 0, err
    log = [json.loads(line) for line in (tmp_path / "runs/a/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "bits" in line] == [10, 15, 20, 30]
    assert [line["step"] for line in log if "verdict" in line] == [15, 30, 45, 60, 75]
    assert checkpoint.read(tmp_path / "runs/a" / MODEL, checkpoint.HEADER).header["trained"]["samples"] == 400
