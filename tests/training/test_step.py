"""A step learns from all targets, the silence after a recording too; what it tells is of those recorded."""

import contextlib
import json

import numpy as np
import pytest
import soundfile
import torch
import torch.nn.functional as F

from gen.corpus.windows import Windows
from gen.models.base import detach, reset
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound.codec import MuLaw
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
        nats, state = train_step(net, [], batch, state, contextlib.nullcontext(), clip=1e9)
        torch.testing.assert_close(
            nats, sum(row[:n].sum().detach() for row, n in zip(each, batch.recorded, strict=True))
        )
        for p, gradient in zip(net.parameters(), want, strict=True):
            torch.testing.assert_close(p.grad, gradient, rtol=1e-9, atol=1e-12)
            p.grad = None
        if number == 3:
            break
    assert number == 3


def test_a_training_counts_the_samples_recorded_and_goes_through_silence(gen, tmp_path):
    """An epoch has 25 windows of a recording and 50 of the silence after it, in which there are no bits to log."""
    keys = ["model=gru", "model.hidden=16", "lanes=1", "window=16", "data.rate=8000", "data.valid=0.0", "data.tail=0.1"]
    code, _, err = gen("train", record(tmp_path / "in", 400), *keys, "steps=75", "valid_every=15", "name=a")
    assert code == 0, err
    log = [json.loads(line) for line in (tmp_path / "runs/a/log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log if "bits" in line] == [10, 15, 20, 30]
    assert [line["step"] for line in log if "verdict" in line] == [15, 30, 45, 60, 75]
    assert checkpoint.read(tmp_path / "runs/a" / MODEL, checkpoint.HEADER).header["trained"]["samples"] == 400
