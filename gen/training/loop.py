"""The training loop, written out: truncated back-propagation through time over lanes, validation, resume.

Legend: B lanes, T symbols a window. One process and many (torchrun) run the same code; rank 0 writes.
"""

import contextlib
import functools
import math
import time

import torch

from gen.base import machine, ranks, terminal
from gen.base.build import build, conform
from gen.base.signals import Interrupted, catch_signals
from gen.corpus.corpus import prepare
from gen.corpus.curves import learn
from gen.corpus.names import NONE
from gen.corpus.varied import Variation, parse
from gen.corpus.windows import Windows
from gen.models.make import make
from gen.run import resume
from gen.run.folder import run_folder
from gen.run.lock import owning
from gen.sound.codec import Codec
from gen.training.chief import NOTHING, Chief
from gen.training.learner import Learner
from gen.training.noise import Noisy
from gen.training.pace import Pace
from gen.training.progress import Plan, Progress
from gen.training.start import start_from
from gen.training.step import train_step

LOG_EVERY = 10  # steps
HEARD, UNTOLD = 0.5, 0.1  # noise through which models hear the past that are told curves, and that are told none
SAVE_SECONDS = 60


def train(
    data: dict,
    codec: dict,
    model: dict,
    control: str | None,
    untold: float,
    unlabelled: float,
    hear_noise: float | None,
    vary: str | None,
    steps: int | None,
    minutes: float | None,
    patience: int | None,
    start: str | None,
    seed: int,
    name: str | None,
    device: str,
    lanes: int,
    window: int,
    learning_rate: float,
    optimizer: str,
    warmup: int,
    clip: float,
    precision: str,
    valid_every: int,
):
    """Train `model` on the recordings `data` describes, in runs/`name`, for `steps` or `minutes`; resume if begun.

    It is told the curves of `control` (see `gen.sound.curves.parse`) as it goes, but in a share `untold` of the
    segments, and hears the past through `hear_noise` (see `gen.training.noise`), unless given HEARD if it is told some,
    UNTOLD if not. It is told labels but in a share `unlabelled`. Each time a segment is read it is varied by `vary`
    (see `gen.corpus.varied.parse`). It begins with the weights of the model in `start` (see `gen.training.start`), or
    at random.
    `learning_rate` rises over `warmup` steps and falls as a cosine over the budget; `optimizer` is adamw or muon;
    gradients are clipped to norm `clip`; `precision` is float32, bfloat16 for autocast, or auto for the faster one of
    them here. A validation comes every `valid_every` steps, and with it a verdict; the model of the best one is kept,
    and training ends where `patience` of them in a row brought none better. Returns the run folder. Raises ValueError,
    Interrupted.
    """
    check(steps, minutes, patience, lanes, window, learning_rate, warmup, clip, precision, valid_every, seed)
    check_shares(data["labels"], untold=untold, unlabelled=unlabelled)
    settings = {"data": data, "codec": codec, "model": model, "seed": seed, "lanes": lanes, "window": window}
    settings |= {"learning_rate": learning_rate, "optimizer": optimizer, "warmup": warmup, "clip": clip}
    settings |= {"precision": precision}  # all that may not differ when a run is resumed
    hear_noise = hearing_noise(hear_noise, control, codec)
    if control or hear_noise:
        settings |= {"control": control, "untold": untold, "hear_noise": hear_noise}
    settings |= {key: value for key, value in (("unlabelled", unlabelled), ("vary", vary)) if value}
    kinds = parse(vary, control) if vary else []
    plan, run = Plan(steps, minutes, patience, learning_rate, warmup, clip, valid_every), run_folder(name or "")
    with ranks.join() as group, catch_signals() as caught, contextlib.ExitStack() as held:
        held.callback(torch.set_num_threads, torch.get_num_threads())  # for what follows, as many as before
        place = machine.device(device, group.rank)
        machine.keep_freed_memory()
        codes, corpus, curves, net = begin(data, codec, model, control, unlabelled, seed, lanes, window, group)
        if not group.rank:
            held.enter_context(owning(run))
        learner = Learner(net.to(place), optimizer, learning_rate)
        told = curves, untold, unlabelled, Variation(kinds, codes)
        windows = Windows(corpus.train, lanes, window, codes.silence, seed, group.rank, group.world, *told)
        state = net.start(torch.zeros(len(windows.mine), dtype=torch.long, device=place))
        begun = resume.begun(run, settings, corpus.identity, learner, state, windows)
        progress, state = goes_on(begun, learner, state, windows, group, place) if begun else (Progress(), state)
        if start and not begun:
            corpus.notes.append(start_from(start, learner, settings, corpus.classes, curves))
        chief = None if group.rank else Chief(run, settings, corpus, codes, learner, curves)
        if chief:
            chief.introduce(progress, plan)
        if plan.over(progress):
            return run
        hear = Noisy(hear_noise, codes.levels, seed, lanes, windows.mine)
        step = stepping(learner, place, precision, clip=clip, group=group)
        with chief.at_work(progress) if chief else contextlib.nullcontext():
            if stopped := loop(step, hear, learner, windows, state, progress, plan, chief, group, caught):
                raise Interrupted(stopped, run)
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


def check_shares(labels: str, untold: float, unlabelled: float):
    """Raise ValueError for a share of the segments that is none, and for one without labels where there are none."""
    for key, share in (("untold", untold), ("unlabelled", unlabelled)):
        if not 0 <= share < 1:
            raise ValueError(f"{key}={share}: a share of the segments is 0 or more and under 1; 0.1 is usual")
    if unlabelled and labels == NONE:
        raise ValueError(f"unlabelled={unlabelled}: there are no labels to leave out; give data.labels= too")


def hearing_noise(given: float | None, control: str | None, codec: dict) -> float:
    """Return the noise to hear the past through. Raises ValueError."""
    one = build(codec, "codec", Codec).digits == 1
    usual = (HEARD if control else UNTOLD) if one else 0.0
    noise = usual if given is None else given
    if not 0 <= noise <= 10:
        raise ValueError(f"hear_noise={noise}: this is 0 (none) to 10; 0.1 is usual, with control= 0.5")
    if noise and not one:
        raise ValueError(f"hear_noise={noise}: noise is added to mu-law; with codec=linear16 leave it out")
    return noise


def begin(
    data: dict,
    codec: dict,
    model: dict,
    control: str | None,
    unlabelled: float,
    seed: int,
    lanes: int,
    window: int,
    group,
):
    """Return the codec, the corpus made ready, its curves, if any, and the model with its first weights.

    The model has a class more where some segments are `unlabelled`. Raises ValueError.
    """
    if lanes % group.world:
        raise ValueError(f"lanes={lanes}: the lanes must divide evenly among {group.world} processes")
    codes = build(codec, "codec", Codec)
    conform(data, prepare, "data", facts=("codec", "lanes", "track"))
    track, curves = terminal.unseen if group.rank else terminal.track, None
    with group.first_alone():
        corpus = prepare(**data, codec=codes, lanes=lanes, track=track)
        if control:
            curves = learn(control, corpus, codes, data["rate"], track)
    torch.manual_seed(seed)
    facts = (curves.channels, curves.hop) if curves else (0, 0)
    net = make(model, codes, len(corpus.classes) + (unlabelled > 0), lanes, window, *facts)
    if window % net.stride:
        raise ValueError(f"window={window}: this model takes multiples of {net.stride}")
    torch.manual_seed(seed + group.rank)  # dropout differs between ranks
    return codes, corpus, curves and curves._replace(hop=net.stride), net


def goes_on(begun, learner, state, windows, group, place) -> tuple:
    """Return the Progress and the state that a training was saved with, the learner and the windows as they were."""
    tensors, book = begun
    progress = Progress.of(book)
    windows.seek(progress.position)
    return progress, resume.restore(tensors, learner, state, windows.mine, group, place)


def stepping(learner, place, precision: str, **settings):
    """Return the function (batch, state) that takes a step of training, on a CPU with as many threads as are faster."""
    autocast = torch.autocast(place.type, torch.bfloat16, enabled=machine.use_bfloat16(precision, place))
    step = functools.partial(train_step, learner.net, learner.optimizers, autocast=autocast, **settings)
    return functools.partial(Pace(), step) if place.type == "cpu" else step


def loop(step, hear, learner, windows, state, progress, plan, chief, group, caught):
    """Take steps until the plan is fulfilled, or a signal was caught, which is returned; all is saved then.

    `step(batch, state)` is one of training, on what is heard of a batch by `hear(x, step)`. Rank 0 alone has a
    `chief`, which judges, logs and saves.
    """
    digits = len(windows.silence)
    started = saved_at = time.monotonic()
    before = progress.spent
    for batch in windows:
        learner.set_learning_rate(plan.learning_rate_at(progress))
        nats, norm, state = step(batch._replace(x=hear(batch.x, progress.step)), state)
        progress.add(group.total(nats), norm.item(), batch.counted, digits, plan.clip)
        learner.follow(progress.step)

        now = time.monotonic()
        late = now - saved_at > SAVE_SECONDS
        progress.spent, stop, late = group.highest([before + now - started, caught.number, late])
        pause, shipped = plan.pauses(progress), None
        line = {"step": progress.step, "seconds": round(progress.spent, 2)}
        if progress.targets and (progress.step % LOG_EVERY == 0 or pause):
            line |= {"bits": progress.bits(digits), **progress.clipping()}
        if pause:
            held_out, harder = group.highest(chief.score() if chief else [NOTHING, 0.0])
            progress.validated(None if held_out == NOTHING else held_out, harder, digits)
        over = pause and plan.over(progress)
        if chief:
            if pause:
                told, shipped = chief.validate(progress, over)
                line |= told
            chief.log(line, progress, plan)
        if pause or stop or late:
            progress.position = windows.position()
            tensors = resume.collect(learner, state, torch.get_rng_state(), group)
            if chief:
                chief.save(tensors, progress, shipped)
            saved_at = time.monotonic()
        if over or stop:
            return 0 if over else int(stop)
