"""A model that was always told its labels, trained on with some left out: it can then be guided, without an hour more.

Run it as `python -m tests.measure.labels_left_out RUN OUT [STEPS]`: a run with labels, whose recordings are where they
were, and the folder for the model that is made of it. Its new class begins as the mean of the others.
"""

import functools
import math
import sys
from pathlib import Path

import torch

import gen
from gen.base import machine, terminal
from gen.corpus.corpus import prepare
from gen.corpus.splits import spread
from gen.corpus.windows import Windows
from gen.judging.score import score
from gen.models.make import make
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.training.learner import Learner
from gen.training.step import train_step

SHARE = 0.2  # of the segments
RATE = 0.001  # of learning at the beginning, as a cosine to 0
STEPS, WARM, SEED = 800, 50, 123
SCORED = 200_000  # symbols


def grown(trained, settings):
    """Return a model with the weights of one that is `trained`, and a class more."""
    net = make(settings["model"], trained.codec, len(trained.classes) + 1, settings["lanes"], settings["window"])
    old = trained.model.state_dict()
    for name, tensor in net.state_dict().items():
        more = tensor.shape != old[name].shape
        tensor.copy_(torch.cat([old[name], old[name].mean(0, keepdim=True)]) if more else old[name])
    return net


def main(run, out, steps=STEPS):
    """Train on, save the model, and print its bits per sample on held-out recordings, told their labels and not."""
    trained, steps = gen.load(run), int(steps)
    settings = trained.header["trained"]["settings"]
    corpus = prepare(**settings["data"], codec=trained.codec, lanes=settings["lanes"])
    learner = Learner(grown(trained, settings), settings["optimizer"], RATE)
    windows = Windows(
        corpus.train, settings["lanes"], settings["window"], trained.codec.silence, SEED, unlabelled=SHARE
    )
    state = learner.net.start(torch.zeros(settings["lanes"], dtype=torch.long))
    fast = machine.use_bfloat16("auto", torch.device("cpu"))
    step = functools.partial(train_step, autocast=torch.autocast("cpu", torch.bfloat16, enabled=fast))
    for number in terminal.track(range(steps), "training on", steps):
        warm, cosine = min(1, (number + 1) / WARM), 0.5 * (1 + math.cos(math.pi * number / steps))
        learner.set_learning_rate(RATE * warm * cosine)
        *_, state = step(learner.net, learner.optimizers, next(windows), state)
        learner.follow(number + 1)
    held = spread(corpus.valid, SCORED)
    told, untold = held, [segment._replace(label=len(trained.classes)) for segment in held]
    for name, part in (("told", told), ("any", untold)):
        print(f"{out}, label {name}: {score(learner.average, part, trained.codec):.3f} bits/sample held out")
    header = {key: value for key, value in trained.header.items() if key != "format"} | {"any": True}
    Path(out).mkdir(parents=True, exist_ok=True)
    checkpoint.save(Path(out) / MODEL, learner.average.state_dict(), header)


if __name__ == "__main__":
    main(*sys.argv[1:])
