"""What the units of a model do: what they go with, what can be read from them, how long they keep it, their worth."""

import contextlib
import math
from typing import NamedTuple

import numpy as np
import torch

from gen.base.terminal import unseen
from gen.judging.gradients import untrained
from gen.judging.parts import held, keeping, magnitudes, parts, turns
from gen.judging.traits import TRAITS, correlations, excerpts, probes
from gen.models.likelihood import cross_entropy
from gen.sampling.settings import REFERENCE

HEARD, SCORED = 90.0, 10.0  # seconds of excerpts that are heard, and that are scored without a unit
CHUNK = 1024  # symbols that are scored at a time
READINGS = ("value", "level")  # of a unit: what it holds, and how far from 0 that is, in dB


class Studied(NamedTuple):
    """What was found out about a part of a model with n units."""

    name: str
    readings: np.ndarray  # (2, n, len(TRAITS)): how READINGS go with traits
    mean: np.ndarray  # (n,)
    deviation: np.ndarray  # (n,)
    halved: np.ndarray  # (n,): seconds in which a unit keeps half of what it holds; NaN where no gate says so
    hertz: np.ndarray  # (n,): at which it oscillates; NaN where it doesn't
    probes: np.ndarray  # (len(TRAITS),): R2 of what is read from all readings of all units
    before: np.ndarray  # the same before training
    without: float  # bits/sample where all its units are held at their means


class Left(NamedTuple):
    """A unit of a part, both by number, a reading of which goes with a trait; bits/sample where it is left out."""

    part: int
    unit: int
    reading: int
    trait: int
    bits: float
    take: np.ndarray  # (T,): what the model makes without it, of no samples where that wasn't asked for


class Units(NamedTuple):
    """What was found out about a model's parts and some of its units, beside its bits/sample on the same excerpts.

    `wave` (T,) at `rate` Hz is the longest of these, in which the readings of those units are `curves` (chosen, frames)
    at `times` (frames,) in seconds. `take` (T,) is of the same chance as those without a unit.
    """

    parts: list
    chosen: list
    bits: float
    wave: np.ndarray
    rate: int
    times: np.ndarray
    curves: np.ndarray
    take: np.ndarray


def study(trained, segments, count: int, seconds: float, seed: int, track=unseen) -> Units:
    """Return the Units of a trained model over segments of recordings, `count` units of which are left out in turn.

    Left out is held at its mean; takes without it have so many `seconds`. Raises ValueError where librosa or
    scikit-learn is missing, for recordings that are too short, and for another kind of model.
    """
    model, codec, rate = trained.model, trained.codec, trained.rate
    found = parts(model)
    heard = excerpts(segments, codec, rate, model.stride, HEARD, seed, track)
    x = inputs(heard, codec)
    states, forgets = listen(model, found, x, heard, "units", track)
    blank = untrained(trained, seed)
    before, _ = listen(blank, parts(blank), x, heard, "units before training", track)
    few = max(1, round(SCORED / HEARD * len(x)))

    def without(part: int, units: slice):
        return held(found[part], units, torch.from_numpy(states[part][0][:, units].mean(0)))

    def scored() -> float:
        return bits(model, x[:few], heard, codec)

    def take():
        return trained.sample(seconds=seconds, seed=seed, engine=REFERENCE) if seconds else np.zeros(0)

    made = []
    for number, part in enumerate(track(found, "probes, and without each part", len(found))):
        with without(number, slice(0, states[number].shape[2])):
            lacking = scored()
        step = part.frame / codec.digits / rate
        made.append(studied(part, states[number], before[number], forgets[number], step, heard, lacking))
    chosen = choose(made, count)
    left = []
    for part, unit, how, why in track(chosen, "without a unit", len(chosen)):
        with without(part, slice(unit, unit + 1)):
            left.append(Left(part, unit, how, why, scored(), take()))
    frames = heard.frames
    number = int(np.argmax(frames))
    first, count = sum(frames[:number]), frames[number]
    curves = np.array([states[part][reading][first : first + count, unit] for part, unit, reading, _ in chosen])
    times = (1 + np.arange(count)) * heard.hop / codec.digits / rate
    return Units(made, left, scored(), heard.waves[number], rate, times, curves, take())


def studied(part, readings, before, forgets, seconds: float, heard, without: float) -> Studied:
    """Return what was found out about a Part, a step of which takes so many `seconds`; see `Studied` and `listen`."""
    groups = np.repeat(heard.groups, heard.frames)
    turned = np.array(turns(part) or [None] * readings.shape[2], float)
    return Studied(
        part.name,
        np.stack([correlations(each, heard.traits) for each in readings]),
        readings[0].mean(0),
        readings[0].std(0),
        seconds * math.log(2) / np.maximum(forgets, 1e-12),
        turned / seconds,
        probes(np.concatenate(list(readings), 1), heard.traits, groups),
        probes(np.concatenate(list(before), 1), heard.traits, groups),
        without,
    )


def inputs(heard, codec):
    """Return the symbols of Excerpts (B, T), silence before them and behind those that end, T a multiple of the hop."""
    count = max(heard.frames) * heard.hop
    x = np.full((len(heard.symbols), count), codec.silence[-1], np.int64)
    for row, symbols in zip(x, heard.symbols, strict=True):
        row[1 : len(symbols) + 1] = symbols[: count - 1]
    return torch.from_numpy(x)


@torch.inference_mode()
def listen(model, found, x, heard, text: str, track) -> tuple:
    """Return of each of a model's Parts the READINGS (2, N, n) in the frames of Excerpts, and how fast it forgets (n,).

    That is -log of what a unit keeps of itself in a step, on average; NaN where no gate says it. x is (B, T).
    """
    state, lasts = model.start(torch.from_numpy(heard.labels)), np.array(heard.frames)
    rows: list = [[] for _ in found]
    kept: list = [[] for _ in found]
    with contextlib.ExitStack() as stack:
        logs = [stack.enter_context(keeping(part)) for part in found]
        for frame in track(range(max(lasts)), text, max(lasts)):
            there = torch.from_numpy(lasts > frame)
            _, state = model(x[:, frame * heard.hop : (frame + 1) * heard.hop], state)
            for number, part in enumerate(found):
                rows[number].append(part.units(state).float().numpy())
                if logs[number]:
                    kept[number].append(logs[number].pop()[there].mean(1).numpy())
    readings, forgets = [], []
    for part, each, log in zip(found, rows, kept, strict=True):
        values = np.concatenate([row[:last] for row, last in zip(np.stack(each, 1), lasts, strict=True)])
        readings.append(np.stack([values, magnitudes(part, values)]).astype(np.float32))
        forgets.append(-np.concatenate(log).mean(0) if log else np.full(values.shape[1], np.nan))
    return readings, forgets


@torch.inference_mode()
def bits(model, x, heard, codec) -> float:
    """Return the bits/sample of a model over the first of Excerpts, those of x (B, T)."""
    y = torch.full_like(x, -1)
    for row, symbols in zip(y, heard.symbols, strict=False):
        row[: len(symbols)] = torch.from_numpy(symbols[: len(row)].astype(np.int64))
    state, nats = model.start(torch.from_numpy(heard.labels[: len(x)])), 0.0
    size = heard.hop * max(1, CHUNK // heard.hop)
    for at in range(0, x.shape[1], size):
        logits, state = model(x[:, at : at + size], state)
        nats += cross_entropy(logits, y[:, at : at + size]).item()
    return nats / math.log(2) / ((y >= 0).sum().item() / codec.digits)


def choose(made, count: int) -> list:
    """Return `count` units as (part, unit, reading, trait), for each trait in turn the one left that goes with it most.

    A unit is chosen once, and of two whose readings go with all traits alike, as those of a pair that oscillates, one.
    """
    ranked = []
    for trait in range(len(TRAITS)):
        size = {
            (part, unit, reading): abs(r)
            for part, one in enumerate(made)
            for reading, each in enumerate(one.readings[:, :, trait])
            for unit, r in enumerate(each)
            if not math.isnan(r)
        }
        ranked.append(iter(sorted(size, key=size.__getitem__, reverse=True)))
    chosen: dict = {}
    seen = set()
    while len(chosen) < count:
        before = len(chosen)
        for trait, rank in enumerate(ranked):
            for part, unit, reading in rank if len(chosen) < count else ():
                kind = part, made[part].readings[reading, unit].tobytes()
                if (part, unit) not in chosen and kind not in seen:
                    chosen[part, unit] = reading, trait
                    seen.add(kind)
                    break
        if len(chosen) == before:
            break
    return [(*where, *why) for where, why in chosen.items()]
