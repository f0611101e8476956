"""How fast a trained model generates here: the engine beside the reference sampler, and both beside the machine."""

import json
import time

import numpy as np
import torch

from gen.base import files, machine
from gen.corpus.corpus import prepare
from gen.engine import measure
from gen.engine.forced import hear
from gen.engine.player import Engine
from gen.engine.program import BLOCK
from gen.sampling.trained import Trained

BATCH = 64  # streams
REFERENCE_SECONDS = 3.0
SCORED = 100_000  # symbols, at most, of held-out audio for the bits of each type of weights
COLUMNS = (
    "", "samples/s", "x real time", "x reference", "weights a sample", "read at", "of the peak", "largest matrix",
    "outside products", "bits/sample",
)  # fmt: skip


def bench(run, say=lambda text: None) -> dict:
    """Time the model in `run` with each type of weights, one stream and a batch; return the figures by row.

    Speeds are audio samples a second, over all streams. The peak is what reading the same weights in the same order and
    nothing else reaches in the same run, on one core.
    """
    trained = Trained(run)
    digits, rate = trained.codec.digits, trained.rate
    silence = tuple(trained.codec.silence)
    held = held_out(trained)
    rows = {"reference, 1 stream": {"samples/s": reference_speed(trained)}}
    for weights in ("float32", "bfloat16"):
        say(f"timing the engine with {weights} weights")
        try:
            engine = Engine(trained.model, silence, weights, say=say)
        except NotImplementedError as error:
            raise ValueError(f"{run}: {error}, so there is nothing to measure") from None
        one, many = (generation_speed(engine, count) / digits for count in (1, BATCH))
        bytes_ = measure.bytes_a_symbol(engine.packed) * digits
        products = program_speed(engine, measure.products(engine.packed)) / digits
        largest = measure.largest_product(engine.packed)
        row = {
            "samples/s": one,
            "weight bytes a sample": bytes_,
            "weight bytes/s": bytes_ * one,
            "share of peak": one / (read_speed(engine.packed) / digits),
            "largest matrix, share of peak": program_speed(engine, largest) / read_speed(largest),
            "outside products": 1 - one / products,
        }
        if held:
            row["bits/sample"] = bits_per_sample(engine, held, trained.codec)
        rows[f"{weights}, 1 stream"] = row
        rows[f"{weights}, {BATCH} streams"] = {"samples/s": many}
    for row in rows.values():
        row["x real time"] = row["samples/s"] / rate
        row["x reference"] = row["samples/s"] / rows["reference, 1 stream"]["samples/s"]
    return {"run": str(run), "rate": rate, "cores": machine.cores(), "rows": rows}


def reference_speed(trained) -> float:
    """Return the samples a second of the reference sampler, one stream."""
    torch.set_num_threads(1)  # as gen sample does
    made = trained.sampler("reference").generate(np.inf, [0], [0], 0, block=trained.codec.digits)
    next(made)
    samples, began = 0, time.perf_counter()
    while time.perf_counter() < began + REFERENCE_SECONDS:
        next(made)
        samples += 1
    return samples / (time.perf_counter() - began)


def generation_speed(engine, count: int) -> float:
    """Return the symbols a second of `count` streams together, drawn as in sampling."""
    streams = engine.begin([0] * count)
    uniforms = np.random.default_rng(0).random((count, BLOCK))
    return measure.speed(lambda: engine.advance(streams, BLOCK, None, uniforms)) * BLOCK * count


def program_speed(engine, packed) -> float:
    """Return the symbols a second of one stream that runs `packed` and draws nothing."""
    whole, engine.packed = engine.packed, packed
    try:
        streams, forced = engine.begin([0]), np.zeros((1, BLOCK), np.int64)
        return measure.speed(lambda: engine.advance(streams, BLOCK, forced)) * BLOCK
    finally:
        engine.packed = whole


def read_speed(packed) -> float:
    """Return for how many symbols a second the weights of `packed` can be read."""
    return measure.speed(lambda: measure.read_weights(packed, 0, BLOCK)) * BLOCK


def held_out(trained) -> list:
    """Return some of the recordings held out from training, or none where they are gone."""
    try:
        corpus = prepare(**{**trained.header["trained"]["settings"]["data"], "tail": 0.0}, codec=trained.codec)
        held = trained.own_labels(corpus.valid[:: max(1, len(corpus.valid) // 100)], corpus.classes)
    except (ValueError, KeyError):
        return []
    chosen, symbols = [], 0
    for segment in held:
        if symbols >= SCORED:
            break
        chosen.append(segment._replace(stop=min(segment.stop, segment.start + SCORED - symbols)))
        symbols += chosen[-1].size
    return chosen


def bits_per_sample(engine, segments, codec) -> float:
    """Return the bits per sample that the engine needs for `segments`, each from `start`, one after the other."""
    nats, symbols = 0.0, 0
    for segment in segments:
        heard = segment.recording.read(segment.start, segment.stop)
        nats += hear(engine, engine.begin([segment.label]), heard[None]).nats.sum(dtype=np.float64)
        symbols += len(heard)
    return nats / np.log(2) / (symbols / codec.digits)


def table(result: dict) -> list:
    """Return COLUMNS as text for each row of what `bench` returns."""
    formats = {
        "samples/s": "{:,.0f}", "x real time": "{:.2f}", "x reference": "{:.1f}", "weight bytes a sample": "{:,.0f}",
        "weight bytes/s": "{:.3g} B/s", "share of peak": "{:.0%}", "largest matrix, share of peak": "{:.0%}",
        "outside products": "{:.0%}", "bits/sample": "{:.4f}",
    }  # fmt: skip
    return [
        (name, *(f.format(row[key]) if key in row else "" for key, f in formats.items()))
        for name, row in result["rows"].items()
    ]


def write(result: dict, path):
    """Write what `bench` returned as JSON."""
    files.write(path, (json.dumps(result, indent=1) + "\n").encode(), "give another place with json=")
