"""What training on a folder would be like here: seconds of the real thing, timed, and what trivial predictors reach."""

import contextlib
import sys
import time

import torch

from gen.base import machine
from gen.base.build import build
from gen.base.terminal import unseen
from gen.corpus.corpus import prepare
from gen.corpus.splits import spread
from gen.corpus.windows import Windows
from gen.judging.baselines import baselines
from gen.models.make import make
from gen.sound.codec import Codec
from gen.training.optimizers import build as build_optimizers
from gen.training.step import train_step

FIT_SYMBOLS, HELD_SYMBOLS = 500_000, 200_000  # for the trivial predictors: some seconds' work
WARM = 3  # steps before the clock runs
SECONDS = 5.0  # that it runs


def trial(data: dict, codec: dict, model: dict, lanes, window, learning_rate, optimizer, track=unseen) -> dict:
    """Return what training with these settings, those of `gen.training.loop.train`, comes to on this machine.

    Encodes the whole folder, as training does, which then finds it done. Raises ValueError for what training refuses.
    """
    codes = build(codec, "codec", Codec)
    if lanes < 1 or not 0 < learning_rate < 1:
        raise ValueError(f"lanes={lanes}, learning_rate={learning_rate}: lanes are 1 or more, a rate between 0 and 1")
    corpus = prepare(**data, codec=codes, lanes=lanes, track=track)
    net = make(model, codes, len(corpus.classes), lanes, window)
    if window < 1 or window % net.stride:
        raise ValueError(f"window={window}: this model takes multiples of {net.stride}")
    machine.keep_freed_memory()
    speed = pace(net, corpus.train, codes, lanes, window, build_optimizers(optimizer, net, learning_rate))
    memory = peak_memory()  # before the predictors, which need more than what came before
    held = spread(corpus.valid, HELD_SYMBOLS)
    return {
        "parameters": sum(p.numel() for p in net.parameters()),
        "samples_per_second": speed,
        "train_seconds": sum(s.stop - s.start for s in corpus.train) / codes.digits / data["rate"],
        "rate": data["rate"],
        "memory_mb": memory,
        "baselines": baselines(spread(corpus.train, FIT_SYMBOLS), held, codes) if held else {},
    }


def pace(net, segments, codes, lanes, window, optimizers) -> float:
    """Return how many recorded samples a second training on `segments` takes in, over SECONDS, once warm."""
    device = machine.device("auto", 0)
    net.to(device)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=machine.use_bfloat16("auto", device))
    state = net.start(torch.zeros(lanes, dtype=torch.long, device=device))
    started, spent, seen = 0.0, 0.0, 0
    for step, batch in enumerate(Windows(segments, lanes, window, codes.silence)):
        if step == WARM:
            started = time.monotonic()
        nats, _, state = train_step(net, optimizers, batch, state, autocast)
        nats.item()  # waits for a GPU
        if step >= WARM:
            seen, spent = seen + batch.counted // codes.digits, time.monotonic() - started
            if spent >= SECONDS:
                break
    return seen / spent


def peak_memory() -> float | None:
    """Return the most memory this process has had in MB; None on systems that don't tell."""
    with contextlib.suppress(ImportError):
        import resource

        unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return None
