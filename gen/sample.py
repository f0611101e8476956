"""The reference sampler: any model, one symbol after the other.

One loop, `run`, serves all uses: the function that picks the next symbol either draws it (sampling) or returns the one
that is known (priming, scoring). Legend: B streams, L levels.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F

from gen import audio, cache, checkpoint
from gen.data import Windows
from gen.loss import cross_entropy
from gen.models.base import reset, tree_map

ROWS = 8  # streams computed side by side, always: a stream has the same row, shapes and so bits in every batch
CHUNK = 1024  # symbols a forward pass takes of a prime


def draw(uniforms, temperature: float = 1.0, top_p: float = 1.0):
    """Return a pick that samples from the model.

    `uniforms(t)` gives (B,) float64 in [0, 1) for symbol t. Logits are divided by `temperature` (0: the likeliest
    symbol); `top_p` keeps the fewest symbols whose probabilities reach it (nucleus sampling, Holtzman et al. 2020,
    arXiv 1904.09751). The symbol is where the cumulative distribution passes the uniform number.
    """

    def pick(t, logits):
        if temperature == 0:
            return logits.argmax(-1)
        p = torch.softmax(logits.double() / temperature, -1)
        if not torch.isfinite(p).all():
            raise ValueError("the model's probabilities are not numbers: its weights are damaged; train again")
        if top_p < 1:
            ranked, order = torch.sort(p, dim=-1, descending=True, stable=True)
            drop = ranked.cumsum(-1) - ranked >= top_p
            p = p.scatter(-1, order, ranked.masked_fill(drop, 0.0))
        total = p.cumsum(-1)
        at = torch.as_tensor(uniforms(t), dtype=torch.double).unsqueeze(-1) * total[:, -1:]
        return (total <= at).sum(-1).clamp(max=logits.shape[-1] - 1)

    return pick


def force(symbols):
    """Return a pick that returns the known `symbols` (B, T), whatever the model thinks."""
    return lambda t, logits: symbols[:, t]


@torch.inference_mode()
def run(model, state, x, steps, pick):
    """Yield (logits (B, L), picked (B,), state) for each of `steps` symbols after x (B,)."""
    for t in range(steps):
        logits, state = model.step(x, state)
        x = pick(t, logits)
        yield logits, x, state


@torch.inference_mode()
def prime(model, symbols, label: int, before: int):
    """Return the state of one stream (B = 1) after all but the last of `symbols` (T,) were heard, and that last (1,).

    `before` is the symbol ahead of the first. Whole chunks go through `forward`, the rest through `step`.
    """
    state = model.start(torch.tensor([label]))
    x = torch.cat([torch.tensor([before]), symbols])[None]
    heard = x.shape[1] - 1
    chunk = CHUNK // model.stride * model.stride or model.stride
    at = 0
    while heard - at >= chunk:
        _, state = model(x[:, at : at + chunk], state)
        at += chunk
    for _, _, new in run(model, state, x[:, at], heard - at, force(x[:, at + 1 :])):
        state = new
    return state, x[:, -1]


class Stream:
    """The uniform numbers of one stream: Philox (Salmon et al. 2011), keyed by seed and stream number."""

    def __init__(self, seed: int, stream: int):
        self.random = np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
        self.block, self.begin = np.zeros(0), 0

    def __call__(self, t: int) -> float:
        """Return number t; t goes up one by one."""
        if t - self.begin >= len(self.block):
            self.begin, self.block = t, self.random.random(4096)
        return self.block[t - self.begin]


def generate(model, steps: int, streams, labels, seed: int, temperature=1.0, top_p=1.0, primed=None, before=0):
    """Yield symbols (len(streams),) int64, `steps` times.

    Each of `streams` (different numbers) has its class of `labels` and sits in row `stream % ROWS` of a block of
    ROWS; the other rows idle. `primed` (T,) are symbols to go on from; `before` the symbol ahead of all others.
    """
    primed = primed if primed is not None else torch.zeros(0, dtype=torch.long)
    begun = {label: prime(model, primed, label, before) for label in sorted(set(labels))}
    blocks = {}
    for place, stream in enumerate(streams):
        blocks.setdefault(stream // ROWS, []).append(place)
    runs = []
    for places in blocks.values():
        rows = [labels[places[0]]] * ROWS
        numbers = [None] * ROWS
        for place in places:
            rows[streams[place] % ROWS] = labels[place]
            numbers[streams[place] % ROWS] = Stream(seed, streams[place])
        state = tree_map(lambda *leaves: torch.cat(leaves), *[begun[label][0] for label in rows])
        x = torch.cat([begun[label][1] for label in rows])
        uniforms = lambda t, numbers=numbers: np.array([n(t) if n else 0.5 for n in numbers])  # noqa: E731
        runs.append((run(model, state, x, steps, draw(uniforms, temperature, top_p)), places))
    for _ in range(steps):
        out = np.empty(len(streams), np.int64)
        for steps_of_block, places in runs:
            picked = next(steps_of_block)[1].numpy()
            for place in places:
                out[place] = picked[streams[place] % ROWS]
        yield out


@torch.inference_mode()
def score(model, segments, codec, lanes: int = 64, length: int = 512, track=cache.unseen) -> float:
    """Return bits per audio sample over segments, each from `start`: the protocol of every number here."""
    length = max(1, length // model.stride) * model.stride
    device = next(model.parameters()).device
    lanes = min(lanes, len(segments))
    state = model.start(torch.zeros(lanes, dtype=torch.long, device=device))
    nats, targets = 0.0, 0
    total = sum(s.size for s in segments) // (lanes * length)
    for window in track(Windows(segments, lanes, length, codec.silence, seed=None), "scoring", total):
        x, y, rows, labels = (part.to(device) for part in window[:4])
        logits, state = model(x, reset(model, state, rows, labels))
        nats += cross_entropy(logits, y).item()
        targets += window.targets
    return nats / math.log(2) / (targets / codec.digits)


class Trained:
    """A trained model, to sample and to score with: what `gen.load` returns. `rate` is in Hz."""

    def __init__(self, path):
        self.model, self.codec, self.rate, self.classes, self.header = checkpoint.load(path)

    def label_ids(self, label, count: int):
        """Return the class of each of `count` takes: `label`'s, or without one each class in turn."""
        if label is None:
            return [i % max(1, len(self.classes)) for i in range(count)]
        if not self.classes:
            raise ValueError(f"label={label}: this model was trained without labels; leave label out")
        if str(label) not in self.classes:
            raise ValueError(f"label={label}: this model has no such label; it has {', '.join(self.classes)}")
        return [self.classes.index(str(label))] * count

    def sample(
        self,
        seconds: float = 5.0,
        count: int | None = None,
        seed: int = 0,
        temperature: float = 1.0,
        top_p: float = 1.0,
        label: str | None = None,
        prime: str | None = None,
        track=cache.unseen,
    ):
        """Return new audio, float32 (T,) in [-1, 1], or (count, T) with a `count`.

        `prime` is a recording to go on from: a path, or a wave (T,) at `rate` Hz. The same seed gives the same audio,
        and stream 3 of it is the same whether it was made alone or among others.
        """
        check(seconds=seconds, count=count, seed=seed, temperature=temperature, top_p=top_p)
        labels = self.label_ids(label, count or 1)
        wave = audio.read(prime, self.rate) if isinstance(prime, str) or hasattr(prime, "__fspath__") else prime
        primed = None if wave is None else torch.from_numpy(self.codec.encode(wave))
        steps = round(seconds * self.rate) * self.codec.digits
        before = self.codec.silence[-1]
        made = generate(self.model, steps, list(range(len(labels))), labels, seed, temperature, top_p, primed, before)
        symbols = np.stack(list(track(made, "generating", steps)), 1)
        last = float(wave[-1]) if wave is not None and len(wave) else 0.0
        out = self.codec.decode(symbols, last)
        return out if count else out[0]

    @torch.inference_mode()
    def bits_per_sample(self, wave, label: str | None = None) -> float:
        """Return how many bits the model needs for each sample of a wave (T,) at `rate` Hz, from silence on."""
        symbols = torch.from_numpy(self.codec.encode(wave))
        if not len(symbols):
            raise ValueError("the wave holds no samples; give at least one")
        state = self.model.start(torch.tensor(self.label_ids(label, 1)))
        stride = self.model.stride
        padded = F.pad(symbols, (1, -len(symbols) % stride), value=self.codec.silence[-1])
        total, chunk = 0.0, max(1, CHUNK // stride) * stride
        for at in range(0, len(symbols), chunk):
            logits, state = self.model(padded[None, at : at + chunk][:, : len(padded) - 1 - at], state)
            y = symbols[at : at + chunk]
            total += F.cross_entropy(logits[0, : len(y)].double(), y, reduction="sum").item()
        return total / math.log(2) / (len(symbols) / self.codec.digits)


def check(**settings):
    """Raise ValueError for a setting of sampling that is out of range."""
    rules = {
        "seconds": (lambda v: 0 < v < math.inf, "is a length over 0"),
        "count": (lambda v: v is None or v >= 1, "is how many takes, 1 or more"),
        "seed": (lambda v: 0 <= v < 2**64, "is 0 or more, and under 2^64"),
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
