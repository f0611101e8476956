"""Two classifiers that look at different things, trained on what a model was trained on: do takes say what they are to?

What they learned is kept in the cache, by what they learned it from: the next run of these recordings trains none.
"""

import contextlib
import hashlib
import json
from importlib.metadata import version
from typing import NamedTuple

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.naming import classifier
from gen.naming.training import Examples, train

FADED = 40.0  # dB under a sound's loudest frame: what is so at its ends is left out
FRAME = 0.01  # seconds
KEPT = "ears"  # a folder of the cache


class Ears(NamedTuple):
    """Classifiers by name, which tell the same labels `names` apart."""

    names: tuple
    classifiers: dict

    def named(self, waves) -> dict:
        """Return the number of the label that each classifier gives each wave (T,), (N,), by the classifier's name."""
        return {name: one.probabilities(waves).argmax(1) for name, one in self.classifiers.items()}

    def embed(self, waves):
        """Return where the first classifier sees waves (T,), float32 (N, D): its last state, of a network."""
        return next(iter(self.classifiers.values())).embed(waves)


def learn(nodes: dict, waves, labels, names, rate: int, seed: int, say, track=unseen) -> Ears:
    """Return Ears with a classifier for each of `nodes` (see conf/classifier), trained on waves (T,) and their labels.

    `say` is told where one is trained. Raises ValueError.
    """
    examples = Examples([trimmed(wave, rate) for wave in waves], list(labels), tuple(names), rate)
    digest = hashlib.sha256(json.dumps([list(map(int, labels)), list(names), rate, seed, version("gen")]).encode())
    for wave in examples.waves:
        digest.update(np.ascontiguousarray(wave).tobytes())
    made = {}
    for name, node in nodes.items():
        own = hashlib.sha256(digest.digest() + json.dumps(node, sort_keys=True).encode()).hexdigest()[:32]
        path = files.cache() / KEPT / f"{own}.safetensors"
        with contextlib.suppress(ValueError):
            made[name] = classifier.load(path)
            continue
        say(f"training a classifier on {len(waves):,} recordings, once: {name}")
        made[name] = train(node, examples, seed=seed, track=track)
        with contextlib.suppress(ValueError):  # a cache that can't be written: it is trained again
            made[name].save(path)
    return Ears(examples.names, made)


def trimmed(wave, rate: int):
    """Return a wave (T,) from its first to its last frame that is less than 40 dB under its loudest; silence whole."""
    size = max(1, round(FRAME * rate))
    square = (np.asarray(wave[: len(wave) // size * size], np.float64).reshape(-1, size) ** 2).mean(1)
    if not len(square) or square.max() < 1e-10:
        return np.asarray(wave, np.float32)
    loud = np.flatnonzero(square >= square.max() * 10 ** (-FADED / 10))
    return np.asarray(wave[loud[0] * size : (loud[-1] + 1) * size], np.float32)
