"""What guidance costs: streams with it and without, in turn: `python -m tests.measure.guidance_cost RUN [RUN ...]`

Times are of the processor, on one core, the least of some rounds: what else runs there counts little.
"""

import sys
import time

import numpy as np

import gen
from gen.engine.player import Engine
from gen.engine.program import BLOCK
from gen.models.guided import Guidance

ROUNDS = 20
STREAMS = 1, 16
GUIDED = Guidance(2.0, None, False)


def seconds(engine, count: int, guidance) -> float:
    """Return the seconds that a symbol of one of `count` streams takes, drawn as in sampling."""
    streams = engine.begin([0] * count, guidance=guidance)
    uniforms = np.random.default_rng(0).random((count, BLOCK))
    engine.advance(streams, BLOCK, None, uniforms)
    began = time.process_time()
    engine.advance(streams, BLOCK, None, uniforms)
    return (time.process_time() - began) / BLOCK / count


def main(runs):
    """Print for each run, type of weights and number of streams the samples a second of both ways."""
    for run in runs:
        trained = gen.load(run)
        for weights in ("bfloat16", "float32"):
            engine = Engine(trained.model, tuple(trained.codec.silence), weights, threads=1, say=print)
            for count in STREAMS:
                rounds = [[seconds(engine, count, way) for way in (None, GUIDED)] for _ in range(ROUNDS)]
                plain, guided = (1 / min(each) / trained.codec.digits for each in zip(*rounds, strict=True))
                told = f"{plain:,.0f} samples/s plain, {guided:,.0f} guided, {plain / guided:.2f} times the time"
                print(f"{run}, {weights}, streams: {count}: {told}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
