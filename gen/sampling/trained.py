"""A trained model as one uses it: load it, sample from it, score with it."""

import inspect
import math

import numpy as np
import torch
import torch.nn.functional as F

from gen.engine.program import WEIGHTS
from gen.run import checkpoint
from gen.sampling import reference
from gen.sampling.guard import Guard
from gen.sound import audio

LIVE, WHOLE = 0.02, 0.25  # seconds of audio made at a time, to be heard at once, and else
ALIGN = 64  # samples: blocks are a multiple of these, as decoding wants them
ENGINES = ("compiled", "reference")


class Trained:
    """A trained model, to sample and to score with: what `gen.load` returns. `rate` is in Hz."""

    def __init__(self, path):
        self.model, self.codec, self.rate, self.classes, self.header = checkpoint.open_model(path)
        self._engines = {}

    def label_ids(self, label, count: int, stream: int = 0):
        """Return the class of each of `count` takes from `stream` on: `label`'s, or without one each class in turn."""
        if label is None:
            return [i % max(1, len(self.classes)) for i in range(stream, stream + count)]
        if not self.classes:
            raise ValueError(f"label={label}: this model was trained without labels; leave label out")
        if str(label) not in self.classes:
            raise ValueError(f"label={label}: this model has no such label; it has {', '.join(self.classes)}")
        return [self.classes.index(str(label))] * count

    def own_labels(self, segments, classes: list) -> list:
        """Return `segments`, whose labels are numbers of `classes`, with this model's numbers. Raises ValueError."""
        if classes == self.classes:
            return segments
        return [s._replace(label=self.label_ids(classes[s.label], 1)[0]) for s in segments]

    def sample(self, seconds: float = 5.0, count: int | None = None, **settings):
        """Return new audio, float32 (T,) in [-1, 1], or (count, T) with a `count`; see `stream` for the settings.

        The same seed gives the same audio, and stream 3 of it is the same whether it was made alone or among others.
        """
        if not math.isfinite(seconds):
            raise ValueError(f"seconds={seconds}: this has an end; use stream for audio without one")
        waves = np.concatenate(list(self.stream(seconds, count, block=WHOLE, **settings)), 1)
        return waves if count else waves[0]

    def stream(
        self,
        seconds: float = 5.0,
        count: int | None = None,
        seed: int = 0,
        temperature: float = 1.0,
        top_p: float = 1.0,
        label: str | None = None,
        prime: str | None = None,
        engine: str = "compiled",
        weights: str = "bfloat16",
        guard: bool = False,
        stream: int = 0,
        block=LIVE,
        warn=lambda text: None,
    ):
        """Return an iterator over new audio, for `seconds` or forever: blocks (count or 1, n) of up to `block` seconds.

        `prime` is a recording to go on from: a path, or a wave (T,) at `rate` Hz. `engine` is compiled or reference,
        the definition in PyTorch, slow; where a model can't be compiled it takes over, which `warn` is told. `weights`
        of the compiled one are bfloat16, float32 (twice the bytes, slower) or float64, numbers beside them float32 or
        float64. `guard` has what collapses drawn again (see `gen.sampling.guard`), and `warn` is told how often.
        `stream` is the first one's number, the others follow. Raises ValueError.
        """
        check(seconds=seconds, count=count, seed=seed, temperature=temperature, top_p=top_p, stream=stream)
        labels = self.label_ids(label, count or 1, stream)
        wave = audio.read(prime, self.rate) if isinstance(prime, str) or hasattr(prime, "__fspath__") else prime
        primed = None if wave is None else self.codec.encode(wave)
        digits = self.codec.digits
        steps = round(seconds * self.rate) * digits if math.isfinite(seconds) else math.inf
        if steps < digits:
            raise ValueError(f"seconds={seconds}: is less than one sample at {self.rate} Hz")
        size = max(1, int(block * self.rate) // ALIGN) * ALIGN * digits
        streams = list(range(stream, stream + len(labels)))
        made = self.engine(engine, weights, warn).generate
        if guard:
            made = self.guarded(made, primed is not None, warn)
        made = made(steps, streams, labels, seed, temperature, top_p, primed, size)
        return self.codec.decode_blocks(made, float(wave[-1]) if wave is not None and len(wave) else 0.0)

    def guarded(self, generate, primed: bool, warn):
        """Return `generate` with a guard, and `warn` told at the end how often it went back. Raises ValueError."""
        if "guard" not in inspect.signature(generate).parameters:
            raise ValueError("guard=on: only the compiled engine has it; leave engine=reference or guard out")
        trained = self.header.get("trained", {})
        if "data" not in trained:
            raise ValueError("guard=on: this model doesn't say what its recordings sound like; train it again")
        guard = Guard.of(self.codec, self.rate, trained, primed)

        def told(*how):
            yield from generate(*how, guard=guard)
            if guard.again:
                warn(f"guard: seconds drawn again {guard.again} times; {guard.kept} collapsed all the same")

        return told

    def engine(self, name: str = "compiled", weights: str = "bfloat16", warn=lambda text: None):
        """Return the sampler `name`, with a method `generate`; see `stream`."""
        from gen.engine.player import Engine  # numba takes its time to import

        if name not in ENGINES:
            raise ValueError(f"engine={name}: there are {' and '.join(ENGINES)}")
        if weights not in WEIGHTS:
            raise ValueError(f"weights={weights}: there are {', '.join(WEIGHTS)}")
        silence = tuple(self.codec.silence)
        if name == "compiled" and weights not in self._engines:
            try:
                self._engines[weights] = Engine(self.model, silence, weights, say=warn)
            except NotImplementedError as error:
                warn(f"{error}: sampling with engine=reference, which is slow")
                name = "reference"
        return self._engines[weights] if name == "compiled" else reference.Reference(self.model, silence)

    @torch.inference_mode()
    def bits_per_sample(self, wave, label: str | None = None) -> float:
        """Return how many bits the model needs for each sample of a wave (T,) at `rate` Hz, from silence on."""
        symbols = torch.from_numpy(self.codec.encode(wave))
        if not len(symbols):
            raise ValueError("the wave holds no samples; give at least one")
        state = self.model.start(torch.tensor(self.label_ids(label, 1)))
        stride = self.model.stride
        padded = F.pad(symbols, (1, -len(symbols) % stride), value=self.codec.silence[-1])
        total, chunk = 0.0, max(1, reference.CHUNK // stride) * stride
        for at in range(0, len(symbols), chunk):
            logits, state = self.model(padded[None, at : at + chunk][:, : len(padded) - 1 - at], state)
            y = symbols[at : at + chunk]
            total += F.cross_entropy(logits[0, : len(y)].double(), y, reduction="sum").item()
        return total / math.log(2) / (len(symbols) / self.codec.digits)


def check(**settings):
    """Raise ValueError for a setting of sampling that is out of range."""
    rules = {
        "seconds": (lambda v: v > 0, "is a length over 0, or inf"),
        "count": (lambda v: v is None or v >= 1, "is how many takes, 1 or more"),
        "seed": (lambda v: 0 <= v < 2**64, "is 0 or more, and under 2^64"),
        "stream": (lambda v: 0 <= v < 2**63, "is the number of the first take, 0 or more"),
        "temperature": (
            lambda v: 0 <= v < math.inf,
            "is 0 (greedy: always the likeliest symbol) or more, 1 as trained",
        ),
        "top_p": (lambda v: 0 < v <= 1, "is over 0 and at most 1 (off)"),
    }
    for key, value in settings.items():
        holds, rule = rules[key]
        if not holds(value):
            raise ValueError(f"{key}={value}: {key} {rule}")
