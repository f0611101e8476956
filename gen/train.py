"""The training loop, written out: truncated back-propagation through time over lanes, validation, resume.

Legend: B lanes, T symbols a window. One process and many (torchrun) run the same code; rank 0 writes.
"""

import contextlib
import copy
import json
import math
import os
import signal
import time
from pathlib import Path

import numpy as np
import torch

from gen import audio, checkpoint, machine, ranks, resume, sample, terminal
from gen.build import build, conform
from gen.data import Windows
from gen.data import load as load_corpus
from gen.loss import cross_entropy
from gen.models.base import detach, reset
from gen.optimizers import build as build_optimizers

LOG_EVERY = 10  # steps
VALID_SYMBOLS = 200_000  # held-out symbols scored during training, and twenty times as many at its end
PREVIEW_SECONDS = 1.0
SAVE_SECONDS = 60
CHANGEABLE = {"steps", "minutes", "device", "name", "valid_every"}  # keys that may differ when a run is resumed


class Interrupted(Exception):
    """Training was asked to stop by a signal, and has saved; `number` is the signal's."""

    def __init__(self, number: int, run):
        super().__init__(f"stopped and saved in {run}; to go on, run the same command again")
        self.number = number


def train(
    data: dict,
    codec: dict,
    model: dict,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    name: str | None = None,
    device: str = "auto",
    lanes: int = 32,
    window: int = 128,
    learning_rate: float = 0.002,
    optimizer: str = "adamw",
    warmup: int = 100,
    clip: float = 1.0,
    precision: str = "auto",
    valid_every: int = 250,
):
    """Train `model` on the recordings `data` describes, in runs/`name`, for `steps` or `minutes`; resume if begun.

    `learning_rate` rises over `warmup` steps and falls as a cosine over the budget; `optimizer` is adamw or muon;
    gradients are clipped to norm `clip`; `precision` is float32, bfloat16 for autocast, or auto for the faster one of
    them here. A validation comes every `valid_every` steps. Returns the run folder. Raises ValueError, Interrupted.
    """
    settings = {k: v for k, v in locals().items() if k not in CHANGEABLE}
    check(steps, minutes, lanes, window, learning_rate, warmup, clip, precision, valid_every, seed)
    run = Path("runs") / name
    with ranks.join() as group, catch_signals() as caught:
        chief = group.rank == 0
        device = machine.device(device, group.rank)
        machine.keep_freed_memory()
        if lanes % group.world:
            raise ValueError(f"lanes={lanes}: the lanes must divide evenly among {group.world} processes")
        codes = build(codec, "codec")
        conform(data, load_corpus, "data", facts=("codec", "lanes", "track"))
        with group.first_alone():
            corpus = load_corpus(**data, codec=codes, lanes=lanes, **({"track": terminal.track} if chief else {}))
        facts = {"levels": codes.levels, "silence": codes.silence, "classes": len(corpus.classes)}
        torch.manual_seed(seed)
        net = build(model, "model", **facts).to(device)
        if window % net.stride:
            raise ValueError(f"window={window}: this model takes multiples of {net.stride}")
        torch.manual_seed(seed + group.rank)  # dropout differs between ranks
        average = copy.deepcopy(net).eval().requires_grad_(False)  # of the weights over time: what is scored, shipped
        optimizers = build_optimizers(optimizer, net, learning_rate)
        windows = Windows(corpus.train, lanes, window, codes.silence, seed, group.rank, group.world)
        state = net.start(torch.zeros(len(windows.mine), dtype=torch.long, device=device))
        step, spent, seen, nats, targets, held_out = 0, 0.0, 0, 0.0, 0, None

        identity = [corpus.files, len(corpus.train), sum(s.size for s in corpus.train)]
        if begun := resume.load(run, settings, identity):
            tensors, book = begun
            step, spent, seen, nats, targets = (book[k] for k in ("step", "spent", "seen", "nats", "targets"))
            held_out = book["valid_bits"]
            windows.seek(book["position"])
            state = resume.restore(tensors, net, average, optimizers, state, windows.mine, group, device)
        share = step / steps if steps else spent / 60 / minutes
        if chief:
            introduce(run, corpus, net, step, share)
        if share >= 1:
            return run
        if chief:
            resume.cut_log(run / "log.jsonl", step)

        autocast = torch.autocast(device.type, torch.bfloat16, enabled=machine.use_bfloat16(precision, device))
        log = open(run / "log.jsonl" if chief else os.devnull, "a")  # noqa: SIM115
        board = writer(run, step) if chief else None
        bar = terminal.TrainingBar(run.name) if chief else contextlib.nullcontext()
        first, bits = seen, math.nan
        started = saved_at = time.monotonic()
        before = spent

        def save():
            tensors = resume.collect(net, average, optimizers, state, torch.get_rng_state(), group)
            if not chief:
                return
            log.flush()
            os.fsync(log.fileno())
            book = {"step": step, "spent": spent, "seen": seen, "nats": nats, "targets": targets}
            book |= {"valid_bits": held_out, "settings": settings, "corpus": identity, "position": windows.position()}
            checkpoint.save(run / checkpoint.RESUME, tensors, book)
            trained = {"steps": step, "samples": seen, "minutes": round(spent / 60, 2), "valid_bits": held_out}
            trained |= {"files": corpus.files, "seconds": round(corpus.seconds, 1), "settings": settings}
            described = {"model": model, "codec": codec, "rate": data["rate"], "classes": corpus.classes}
            checkpoint.save(run / checkpoint.MODEL, average.state_dict(), {**described, "trained": trained})

        with bar, log:
            for batch in windows:
                x, y, rows, labels = (part.to(device) for part in batch[:4])
                for each in optimizers:
                    each.param_groups[0]["lr"] = schedule(learning_rate, step, warmup, share)
                with autocast:
                    logits, state = net(x, reset(net, detach(state), rows, labels))
                loss = cross_entropy(logits, y)
                net.zero_grad()
                (loss / batch.targets).backward()  # `targets` are those of all ranks
                group.sum_gradients(net.parameters())
                torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
                for each in optimizers:
                    each.step()
                step, seen = step + 1, seen + batch.targets // codes.digits
                ema = min(0.999, (1 + step) / (10 + step))
                torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), 1 - ema)
                nats, targets = nats + group.total(loss.detach()), targets + batch.targets

                now = time.monotonic()
                late = now - saved_at > SAVE_SECONDS
                spent, stop, late = group.highest([before + now - started, caught.number, late])
                share = step / steps if steps else spent / 60 / minutes
                pause = step % valid_every == 0 or share >= 1
                line = {"step": step}
                if step % LOG_EVERY == 0 or share >= 1:
                    line["bits"] = bits = nats / math.log(2) / (targets / codes.digits)
                    nats, targets = 0.0, 0
                    if not math.isfinite(bits):
                        kept = f"{run} keeps what was saved last"
                        raise ValueError(f"step {step}: the loss is no longer a number ({kept}); lower learning_rate")
                if chief and pause and corpus.valid:
                    part = spread(corpus.valid, VALID_SYMBOLS * (20 if share >= 1 else 1))
                    line["valid_bits"] = held_out = sample.score(average, part, codes)
                    terminal.say(f"step {step}, {elapsed(spent)}: {bits:.3f} bits/sample, held out {held_out:.3f}")
                if chief and pause and (share >= 1 or is_power_of_two(step // valid_every)):
                    preview(run, step, average, codes, data["rate"], corpus.classes, seed)
                if chief:
                    speed = (seen - first) / (now - started)
                    bar.show(share, bits, speed, spent / max(share, 1e-9) * (1 - share))
                    if len(line) > 1:
                        log.write(json.dumps(line) + "\n")
                        for key, value in {**line, "samples_per_second": speed}.items():
                            board.add_scalar(key, value, step)
                if pause or stop or late:
                    save()
                    saved_at = time.monotonic()
                if share >= 1:
                    break
                if stop:
                    raise Interrupted(int(stop), run)
        if chief:
            board.close()
            told = f"done after {step} steps, {elapsed(spent)}, {speed:,.0f} samples/s"
            terminal.say(f"{run}: {told}; listen with: gen sample {run}")
    return run


def check(steps, minutes, lanes, window, learning_rate, warmup, clip, precision, valid_every, seed):
    """Raise ValueError for a setting out of range."""
    if (steps is None) == (minutes is None):
        raise ValueError("steps, minutes: give one of them, the other is null")
    positive = {"steps": steps, "minutes": minutes, "lanes": lanes, "window": window}
    positive |= {"warmup": warmup, "clip": clip, "valid_every": valid_every}
    for key, value in positive.items():
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{key}={value}: this is over 0")
    if not 0 < learning_rate < 1:
        raise ValueError(f"learning_rate={learning_rate}: this is over 0 and under 1; 0.002 is usual")
    if precision not in ("auto", "float32", "bfloat16"):
        raise ValueError(f"precision={precision}: there are auto, float32 and bfloat16")
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed={seed}: this is 0 or more, and under 2^63")


def schedule(rate, step, warmup, share):
    """Return the learning rate: linear over `warmup` steps, then a cosine over the budget down to a twentieth."""
    return rate * min(1.0, (step + 1) / warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def introduce(run, corpus, net, step, share):
    """Say what is trained on what, and from where."""
    for note in corpus.notes:
        terminal.say(note)
    held = f", {len(corpus.valid)} parts held out" if corpus.valid else ""
    labels = f", labels {' '.join(corpus.classes)}" if corpus.classes else ""
    terminal.say(f"{corpus.files} recordings, {elapsed(corpus.seconds)}{held}{labels}")
    terminal.say(f"{run}: {sum(p.numel() for p in net.parameters()):,} parameters")
    if share >= 1:
        terminal.say(f"{run}: already done ({step} steps); give more steps= or minutes=, or another name=")
    elif step:
        terminal.say(f"{run}: goes on from step {step}")


def preview(run, step, average, codec, rate, classes, seed):
    """Write a short take, so that one can listen while it trains; of the first four labels, if there are any."""
    from gen.engine.player import Engine  # numba takes its time to import

    count = min(4, max(1, len(classes)))
    net = copy.deepcopy(average).cpu()
    steps = round(PREVIEW_SECONDS * rate) * codec.digits
    made = Engine(net, tuple(codec.silence), say=terminal.say).generate(steps, range(count), list(range(count)), seed)
    for label, wave in zip(classes or ["take"], codec.decode(np.concatenate(list(made), 1)), strict=False):
        audio.write(run / "previews" / f"step-{step:06d}-{label.replace('/', '-')}.wav", wave, rate)


def is_power_of_two(number):
    """Return whether `number` is 1, 2, 4, 8, ...: what one hears changes ever more slowly, and a preview takes time."""
    return number > 0 and number & (number - 1) == 0


def spread(segments, symbols):
    """Return every n-th segment, so that they hold about `symbols` symbols or fewer."""
    return segments[:: max(1, math.ceil(sum(s.size for s in segments) / symbols))]


def writer(run, step):
    from torch.utils.tensorboard import SummaryWriter  # takes a second to import

    return SummaryWriter(run / "tensorboard", purge_step=step + 1)


def elapsed(seconds):
    """Return a length of time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


@contextlib.contextmanager
def catch_signals():
    """Yield an object whose `number` is the SIGINT or SIGTERM that arrived, or 0; a second one acts at once."""

    class Caught:
        number = 0

    def note(number, _):
        Caught.number = number
        signal.signal(number, before[number])

    before = {n: signal.signal(n, note) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield Caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
