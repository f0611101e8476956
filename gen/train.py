"""The training loop, written out: truncated back-propagation through time over lanes, validation, resume.

Legend: B lanes, T symbols a window. One process and many (torchrun) run the same code; rank 0 writes.
"""

import contextlib
import copy
import math
import signal
import time
from pathlib import Path

import torch

from gen import checkpoint, machine, ranks, resume, sample, terminal
from gen.baselines import spread
from gen.build import build, conform
from gen.data import Windows
from gen.data import load as load_corpus
from gen.ear import Ear
from gen.findings import lines
from gen.journal import Journal
from gen.optimizers import build as build_optimizers
from gen.step import train_step
from gen.verdict import Validation, best, tired, verdict

LOG_EVERY = 10  # steps
VALID_SYMBOLS = 200_000  # held-out symbols scored during training, and twenty times as many at its end
SAVE_SECONDS = 60
CHANGEABLE = {
    "steps",
    "minutes",
    "patience",
    "device",
    "name",
    "valid_every",
}  # keys that may differ when a run is resumed


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
    patience: int | None = None,
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
    them here. A validation comes every `valid_every` steps, and with it a verdict; the model of the best one is kept,
    and training ends where `patience` of them in a row brought none better. Returns the run folder. Raises ValueError,
    Interrupted.
    """
    settings = {k: v for k, v in locals().items() if k not in CHANGEABLE}
    check(steps, minutes, patience, lanes, window, learning_rate, warmup, clip, precision, valid_every, seed)
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
        moving, weights = list(average.parameters()), list(net.parameters())
        optimizers = build_optimizers(optimizer, net, learning_rate)
        windows = Windows(corpus.train, lanes, window, codes.silence, seed, group.rank, group.world)
        state = net.start(torch.zeros(len(windows.mine), dtype=torch.long, device=device))
        step, spent, seen, nats, targets, since, history = 0, 0.0, 0, 0.0, 0, [0.0, 0], []

        identity = [corpus.files, len(corpus.train), sum(s.size for s in corpus.train)]
        if begun := resume.load(run, settings, identity):
            tensors, book = begun
            step, spent, seen, nats, targets = (book[k] for k in ("step", "spent", "seen", "nats", "targets"))
            since, history = book["since"], [Validation(*v) for v in book["history"]]
            windows.seek(book["position"])
            state = resume.restore(tensors, net, average, optimizers, state, windows.mine, group, device)
        share = step / steps if steps else spent / 60 / minutes
        over = share >= 1 or tired(history, patience)
        if chief:
            introduce(run, corpus, net, step, over)
        if over:
            return run
        if chief:
            resume.cut_log(run / "log.jsonl", step if begun else -1)
            few = spread(corpus.valid, VALID_SYMBOLS)
            ear = Ear(corpus.train, few, codes, data["rate"], len(corpus.classes))

        autocast = torch.autocast(device.type, torch.bfloat16, enabled=machine.use_bfloat16(precision, device))
        journal = Journal(run, step) if chief else contextlib.nullcontext()
        bar = terminal.TrainingBar(run.name) if chief else contextlib.nullcontext()
        first, bits, held_out = seen, math.nan, None
        started = saved_at = time.monotonic()
        before = spent
        if chief and not begun:
            for found in lines(corpus, data["path"], data["rate"]) if data["path"] else ():
                terminal.say(found)
            journal.write({"step": 0, "baselines": ear.baselines, "data": ear.data._asdict()})

        def score(net, segments):
            return sample.score(net, segments, codes)

        def save(shipped=None):
            tensors = resume.collect(net, average, optimizers, state, torch.get_rng_state(), group)
            if not chief:
                return
            journal.sync()
            book = {"step": step, "spent": spent, "seen": seen, "nats": nats, "targets": targets}
            book |= {"since": since, "history": history, "position": windows.position()}
            files = {checkpoint.RESUME: (tensors, {**book, "settings": settings, "corpus": identity})}
            trained = {"steps": step, "samples": seen, "minutes": round(spent / 60, 2), "valid_bits": held_out}
            trained |= {"best_step": history[best(history)].step if history else step}
            trained |= {
                "data": ear.data._asdict(),
                "loudest": ear.loudest,
                "files": corpus.files,
                "seconds": round(corpus.seconds, 1),
                "settings": settings,
            }
            described = {"model": model, "codec": codec, "rate": data["rate"], "classes": corpus.classes}
            if shipped or not history:  # else the model of the best validation is there already
                files[checkpoint.MODEL] = (shipped or average).state_dict(), {**described, "trained": trained}
            order = sorted(files, reverse=not (run / checkpoint.RESUME).exists())
            for name in order:  # the model first, so that killed between the two a training comes here once more
                checkpoint.save(run / name, *files[name])

        with bar, journal:
            for batch in windows:
                for each in optimizers:
                    each.param_groups[0]["lr"] = schedule(learning_rate, step, warmup, share)
                loss, state = train_step(net, optimizers, batch, state, autocast, clip, group)
                step, seen = step + 1, seen + batch.targets // codes.digits
                ema = min(0.999, (1 + step) / (10 + step))
                torch._foreach_lerp_(moving, weights, 1 - ema)
                nats, targets = nats + group.total(loss), targets + batch.targets

                now = time.monotonic()
                late = now - saved_at > SAVE_SECONDS
                spent, stop, late = group.highest([before + now - started, caught.number, late])
                share = step / steps if steps else spent / 60 / minutes
                pause, shipped = step % valid_every == 0 or share >= 1, None
                line = {"step": step, "seconds": round(spent, 2)}
                if step % LOG_EVERY == 0 or pause:
                    line["bits"] = bits = nats / math.log(2) / (targets / codes.digits)
                    since = [since[0] + nats, since[1] + targets]
                    nats, targets = 0.0, 0
                    if not math.isfinite(bits):
                        kept = f"{run} keeps what was saved last"
                        raise ValueError(f"step {step}: the loss is no longer a number ({kept}); lower learning_rate")
                if pause:
                    held_out = group.highest([score(average, few) if chief else 0.0])[0] if corpus.valid else None
                    mean = since[0] / math.log(2) / (since[1] / codes.digits)
                    history.append(Validation(step, spent, mean, held_out))
                    since, over = [0.0, 0], share >= 1 or tired(history, patience)
                    shipped = average if best(history) == len(history) - 1 else None
                if pause and chief:
                    heard = ear.listen(average, seed, terminal.say)
                    word, why = verdict(history, heard.heard, ear.data, ear.baselines)
                    line |= {"verdict": word, "why": why, "heard": heard.figures()}
                    if over and not shipped:  # an earlier validation was better: that model is the one to score
                        shipped = copy.deepcopy(average)
                        shipped.load_state_dict(checkpoint.read(run / checkpoint.MODEL)[0])
                    if corpus.valid:
                        whole = spread(corpus.valid, 20 * VALID_SYMBOLS) if over else few
                        line["valid_bits"] = held_out = score(shipped, whole) if over else held_out
                    told = "" if held_out is None else f", held out {held_out:.3f}"
                    terminal.say(
                        f"step {step}, {terminal.clock(spent)} min: {mean:.3f} bits/sample{told}. {word}: {why}"
                    )
                    line["takes"] = journal.preview(step, heard.waves, data["rate"], corpus.classes)
                if chief:
                    speed = (seen - first) / (now - started)
                    bar.show(share, bits, speed, spent / max(share, 1e-9) * (1 - share))
                    if len(line) > 2:
                        journal.write(line, samples_per_second=speed)
                if pause or stop or late:
                    save(shipped)
                    saved_at = time.monotonic()
                if over:
                    break
                if stop:
                    raise Interrupted(int(stop), run)
        if chief:
            if best(history) < len(history) - 1:
                terminal.say(f"{run}: kept is the best model, of step {history[best(history)].step}")
            told = f"done after {step} steps, {terminal.clock(spent)} min, {speed:,.0f} samples/s"
            terminal.say(f"{run}: {told}; listen with: gen sample {run}")
    return run


def check(steps, minutes, patience, lanes, window, learning_rate, warmup, clip, precision, valid_every, seed):
    """Raise ValueError for a setting out of range."""
    if (steps is None) == (minutes is None):
        raise ValueError("steps, minutes: give one of them, the other is null")
    positive = {"steps": steps, "minutes": minutes, "lanes": lanes, "window": window}
    positive |= {"patience": patience, "warmup": warmup, "clip": clip, "valid_every": valid_every}
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


def introduce(run, corpus, net, step, over):
    """Say what is trained on what, and from where."""
    for note in corpus.notes:
        terminal.say(note)
    held = f", {len(corpus.valid)} parts held out" if corpus.valid else ""
    labels = f", labels {' '.join(corpus.classes)}" if corpus.classes else ""
    terminal.say(f"{corpus.files} recordings, {terminal.clock(corpus.seconds)} min{held}{labels}")
    terminal.say(f"{run}: {sum(p.numel() for p in net.parameters()):,} parameters")
    if over:
        more = "give more steps=, minutes= or patience=, or another name="
        terminal.say(f"{run}: already done ({step} steps); {more}")
    elif step:
        terminal.say(f"{run}: goes on from step {step}")


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
