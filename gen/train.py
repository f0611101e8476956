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
import torch.distributed as dist
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

from gen import audio, checkpoint, data, sample, terminal
from gen.build import build
from gen.models.base import detach, reset, tree_leaves, tree_map

LOG_EVERY = 10  # steps
VALID_SYMBOLS = 200_000  # held-out symbols scored during training; all of them at its end
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
    window: int = 256,
    learning_rate: float = 0.002,
    warmup: int = 100,
    clip: float = 1.0,
    precision: str = "float32",
    valid_every: int = 250,
):
    """Train `model` on the recordings `data` describes, in runs/`name`, for `steps` or `minutes`; resume if begun.

    `learning_rate` rises over `warmup` steps and falls as a cosine over the budget; gradients are clipped to norm
    `clip`; `precision` is float32, or bfloat16 for autocast. Returns the run folder. Raises ValueError, Interrupted.
    """
    settings = {k: v for k, v in locals().items() if k not in CHANGEABLE}
    check(steps, minutes, lanes, window, learning_rate, precision, seed)
    run = Path("runs") / name
    with processes() as (rank, world), catch_signals() as caught:
        device = choose_device(device, rank)
        if lanes % world:
            raise ValueError(f"lanes={lanes}: the lanes must divide evenly among {world} processes")
        the_codec = build(codec, "codec")
        track = terminal.track if rank == 0 else (lambda items, text, total: items)
        if rank:
            dist.barrier()  # rank 0 fills the cache, the others find it full
        corpus = _corpus(data, the_codec, lanes, track)
        if world > 1 and not rank:
            dist.barrier()
        torch.manual_seed(seed)
        facts = {"levels": the_codec.levels, "silence": the_codec.silence, "classes": len(corpus.classes)}
        net = build(model, "model", **facts).to(device)
        if window % net.stride:
            raise ValueError(f"window={window}: this model takes multiples of {net.stride}")
        average = (
            copy.deepcopy(net).eval().requires_grad_(False)
        )  # the moving average of the weights: validated, sampled, shipped
        optimizer = torch.optim.AdamW(net.parameters(), learning_rate, (0.9, 0.98), weight_decay=0.01, fused=True)
        windows = _windows(corpus, lanes, window, the_codec, seed, rank, world)
        state = net.start(torch.zeros(lanes // world, dtype=torch.long, device=device))
        step, spent, nats, targets, best = 0, 0.0, 0.0, 0, None

        header = {"settings": settings, "corpus": [corpus.files, len(corpus.train), sum(s.size for s in corpus.train)]}
        if (run / checkpoint.RESUME).exists():
            tensors, saved = checkpoint.read(run / checkpoint.RESUME)
            same(run, saved, header)
            step, spent, nats, targets, best = (saved[k] for k in ("step", "spent", "nats", "targets", "valid_bits"))
            windows.seek(saved["position"])
            restore(tensors, net, average, optimizer, device)
            torch.set_rng_state(tensors[f"rng.{rank}"] if f"rng.{rank}" in tensors else tensors["rng.0"])
            names = iter(range(len(tree_leaves(state))))
            mine = slice(windows.mine.start, windows.mine.stop)
            state = tree_map(lambda leaf: tensors[f"carried.{next(names)}"][mine].to(device), state)
        elif run.exists() and (run / checkpoint.MODEL).exists():
            raise ValueError(f"{run}: holds a model but no {checkpoint.RESUME} to go on from; give another name=")
        share = step / steps if steps else spent / 60 / minutes
        if rank == 0:
            begin(run, corpus, step, share, best)
        if share >= 1:
            return run

        forward = DistributedDataParallel(net, broadcast_buffers=False) if world > 1 else net
        autocast = torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
        log = open(run / "log.jsonl", "a") if rank == 0 else open(os.devnull, "w")  # noqa: SIM115
        board = writer(run, step) if rank == 0 else None
        bar = terminal.TrainingBar(run.name) if rank == 0 else contextlib.nullcontext()
        began, first, saved_at = time.monotonic() - spent, step, time.monotonic()
        started, bits = time.monotonic(), math.nan

        def save():
            carried = [gather(leaf, world) for leaf in tree_leaves(state)]
            rngs = gather(torch.get_rng_state()[None], world)
            if rank:
                return
            book = {"step": step, "spent": spent, "nats": nats, "targets": targets, "valid_bits": best}
            tensors = {f"carried.{i}": leaf for i, leaf in enumerate(carried)}
            tensors |= {f"rng.{i}": row for i, row in enumerate(rngs)}
            tensors |= collect(net, average, optimizer)
            log.flush()
            os.fsync(log.fileno())
            checkpoint.save(run / checkpoint.RESUME, tensors, {**header, **book, "position": windows.position()})
            trained = {"steps": step, "minutes": round(spent / 60, 2), "valid_bits": best}
            trained |= {"files": corpus.files, "seconds": round(corpus.seconds, 1), "settings": settings}
            described = {"model": model, "codec": codec, "rate": data["rate"], "classes": corpus.classes}
            checkpoint.save(run / checkpoint.MODEL, average.state_dict(), {**described, "trained": trained})

        with bar, log:
            for batch in windows:
                x, y, rows, labels = (part.to(device) for part in batch[:4])
                for group in optimizer.param_groups:
                    group["lr"] = schedule(learning_rate, step, warmup, share)
                with autocast:
                    logits, state = forward(x, reset(net, detach(state), rows, labels))
                loss = F.cross_entropy(logits.flatten(0, 1).float(), y.flatten(), reduction="sum", ignore_index=-1)
                optimizer.zero_grad()
                (loss * world / batch.targets).backward()  # DDP averages over ranks: the gradient of the joined batch
                torch.nn.utils.clip_grad_norm_(net.parameters(), clip)
                optimizer.step()
                step += 1
                ema = min(0.999, (1 + step) / (10 + step))
                torch._foreach_lerp_(list(average.parameters()), list(net.parameters()), 1 - ema)
                nats, targets = nats + total(loss.detach(), world), targets + batch.targets

                spent, stop = agree([time.monotonic() - began, caught.number], world)
                share = step / steps if steps else spent / 60 / minutes
                line = {"step": step}
                if step % LOG_EVERY == 0 or share >= 1:
                    line["bits"] = bits = nats / math.log(2) / (targets / the_codec.digits)
                    nats, targets = 0.0, 0
                if corpus.valid and (step % valid_every == 0 or share >= 1) and rank == 0:
                    part = corpus.valid if share >= 1 else spread(corpus.valid, VALID_SYMBOLS)
                    line["valid_bits"] = best = sample.score(average, part, the_codec)
                    told = f"step {step}: {bits:.3f} bits/sample, held out {best:.3f}"
                    terminal.say(f"{told}, {elapsed(time.monotonic() - began)}")
                if (step % valid_every == 0 or share >= 1) and rank == 0:
                    preview(run, step, average, the_codec, data["rate"], corpus.classes, seed)
                if rank == 0:
                    speed = (step - first) * lanes * window / the_codec.digits / (time.monotonic() - started)
                    bar.show(share, bits, speed, spent / max(share, 1e-9) * (1 - share))
                    if len(line) > 1:
                        log.write(json.dumps(line) + "\n")
                        for key, value in {**line, "samples_per_second": speed}.items():
                            board.add_scalar(key, value, step)
                if step % valid_every == 0 or share >= 1 or stop or late(saved_at, world):
                    save()
                    saved_at = time.monotonic()
                if share >= 1:
                    break
                if stop:
                    raise Interrupted(int(stop), run)
        if rank == 0:
            board.close()
            terminal.say(f"{run}: done after {step} steps, {elapsed(spent)}; listen with: gen sample {run}")
    return run


def _corpus(settings, codec, lanes, track):
    return data.load(**{**settings, "codec": codec, "lanes": lanes, "track": track})


def _windows(corpus, lanes, length, codec, seed, rank, world):
    return data.Windows(corpus.train, lanes, length, codec.silence, seed, rank, world)


def check(steps, minutes, lanes, window, learning_rate, precision, seed):
    """Raise ValueError for a setting out of range."""
    if (steps is None) == (minutes is None):
        raise ValueError("steps, minutes: give one of them, the other is null")
    for key, value in {"steps": steps, "minutes": minutes, "lanes": lanes, "window": window}.items():
        if value is not None and not 0 < value < math.inf:
            raise ValueError(f"{key}={value}: this is over 0")
    if not 0 < learning_rate < 1:
        raise ValueError(f"learning_rate={learning_rate}: this is over 0 and under 1; 0.002 is usual")
    if precision not in ("float32", "bfloat16"):
        raise ValueError(f"precision={precision}: there are float32 and bfloat16")
    if not 0 <= seed < 2**63:
        raise ValueError(f"seed={seed}: this is 0 or more")


def schedule(rate, step, warmup, share):
    """Return the learning rate: linear over `warmup` steps, then a cosine over the budget down to a twentieth."""
    return rate * min(1.0, (step + 1) / warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, share))))


def collect(net, average, optimizer):
    """Return all that the optimizer and both sets of weights hold, as tensors by name."""
    tensors = {f"weights.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for index, moments in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v for k, v in moments.items()}
    return tensors


def restore(tensors, net, average, optimizer, device):
    """Put back what `collect` returned."""

    def under(prefix):
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    net.load_state_dict(under("weights."))
    average.load_state_dict(under("average."))
    moments = {}
    for key, value in under("optimizer.").items():
        index, name = key.split(".")
        moments.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})


def same(run, saved, now):
    """Raise ValueError, naming the key, if a run was begun with other settings or other recordings."""

    def flat(tree, at=""):
        return (
            {k: v for key, sub in tree.items() for k, v in flat(sub, f"{at}.{key}" if at else key).items()}
            if isinstance(tree, dict)
            else {at: tree}
        )

    before, after = flat(saved["settings"]), flat(now["settings"])
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            raise ValueError(
                f"{key}={after.get(key)}: {run} was begun with {key}={before.get(key)}; "
                "go on with that, or give another name="
            )
    if saved["corpus"] != now["corpus"]:
        raise ValueError(
            f"{run}: was begun on other recordings ({saved['corpus'][0]} files, now {now['corpus'][0]}); "
            "bring them back, or give another name="
        )


def begin(run, corpus, step, share, best):
    """Tell what is trained on, and cut the log back to the step that was saved."""
    for note in corpus.notes:
        terminal.say(note)
    held = f", {len(corpus.valid)} parts held out" if corpus.valid else ""
    labels = f", labels {' '.join(corpus.classes)}" if corpus.classes else ""
    terminal.say(f"{corpus.files} recordings, {elapsed(corpus.seconds)}{held}{labels}")
    if share >= 1:
        terminal.say(f"{run}: already done ({step} steps); give more steps= or minutes=, or another name=")
    elif step:
        terminal.say(f"{run}: goes on from step {step}")
    try:
        run.mkdir(parents=True, exist_ok=True)
        log = run / "log.jsonl"
        kept = [line for line in log.read_text().splitlines() if whole(line, step)] if log.exists() else []
        part = run / ".log.jsonl.part"
        part.write_text("".join(line + "\n" for line in kept))
        part.replace(log)
    except OSError as error:
        raise ValueError(f"{run}: can't be written ({error.strerror}); run gen where you may write") from None


def whole(line, step):
    """Return whether a line of the log is complete and not past `step`."""
    with contextlib.suppress(ValueError):
        return json.loads(line)["step"] <= step
    return False


def preview(run, step, average, codec, rate, classes, seed):
    """Write a short take, so that one can listen while it trains; of the first four labels, if there are any."""
    count = min(4, max(1, len(classes)))
    net = copy.deepcopy(average).cpu()
    steps = round(PREVIEW_SECONDS * rate) * codec.digits
    made = sample.generate(net, steps, range(count), list(range(count)), seed, before=codec.silence[-1])
    for label, wave in zip(classes or ["take"], codec.decode(np.stack(list(made), 1)), strict=False):
        audio.write(run / "previews" / f"step-{step:06d}-{label.replace('/', '-')}.wav", wave, rate)


def spread(segments, symbols):
    """Return every n-th segment, so that they hold about `symbols` symbols or fewer."""
    return segments[:: max(1, math.ceil(sum(s.size for s in segments) / symbols))]


def writer(run, step):
    from torch.utils.tensorboard import SummaryWriter  # takes a second to import

    return SummaryWriter(run / "tensorboard", purge_step=step + 1)


def elapsed(seconds):
    """Return a length of time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def choose_device(device, rank):
    """Return the torch device for "auto", "cpu" or "cuda"."""
    if device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={device}: there are auto, cpu and cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("device=cuda: torch finds no GPU here; use device=cpu")
    gpu = device != "cpu" and torch.cuda.is_available()
    return torch.device("cuda", rank % torch.cuda.device_count()) if gpu else torch.device("cpu")


@contextlib.contextmanager
def processes():
    """Yield (rank, world size), having joined the process group if torchrun started this process."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield 0, 1
        return
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield dist.get_rank(), world
    finally:
        dist.destroy_process_group()


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


def agree(values, world):
    """Return rank 0's `values`, the signal being the largest that any rank has caught."""
    if world == 1:
        return values
    made = torch.tensor(values, dtype=torch.double)
    dist.broadcast(made, 0)
    return made.tolist()


def late(saved_at, world):
    """Return whether the last save is long ago; rank 0 decides."""
    return bool(agree([float(time.monotonic() - saved_at > SAVE_SECONDS)], world)[0])


def total(value, world):
    """Return the sum of a tensor over all ranks."""
    if world > 1:
        dist.all_reduce(value)
    return value.item()


def gather(tensor, world):
    """Return the rows of all ranks, in order."""
    if world == 1:
        return tensor
    parts = [torch.empty_like(tensor) for _ in range(world)]
    dist.all_gather(parts, tensor.contiguous())
    return torch.cat(parts)
