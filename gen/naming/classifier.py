"""A trained classifier as one uses it: name a wave, tell how sure it is of each class, and where it sees it."""

from typing import NamedTuple

import numpy as np

from gen.base.build import build
from gen.base.schema import Number
from gen.base.terminal import unseen
from gen.naming.looks import padded
from gen.naming.method import Method
from gen.run import checkpoint
from gen.run.checkpoint import CLASSIFIER, COUNT, LENGTH, NODE, RATE, VALID
from gen.run.folder import is_name
from gen.sound import audio, hearing

TOGETHER = 256  # parts of recordings named at a time
STRETCH = Number(float, 0.01, 1e6)  # seconds
SETTINGS = {
    "data": {"path": str, "rate": RATE, "labels": str, "groups": str, "valid": VALID, "test": VALID},
    "balance": str,
    "augment": COUNT,
    "folds": (None, COUNT),
    "seed": COUNT,
    "seconds": STRETCH,
}
HEADER = {
    "kind": str,
    "classifier": NODE,
    "rate": RATE,
    "classes": [str],
    "seconds": STRETCH,
    "usual": STRETCH,
    "trained?": {
        "settings": SETTINGS,
        "files": COUNT,
        "fit_seconds": LENGTH,
        "name_seconds": LENGTH,
        "tested_on": str,
        "part": str,
        "confusion": [[COUNT]],
    },
}


class Named(NamedTuple):
    """What a recording was named: a label, how probable it is, and how probable each label is."""

    label: str
    probability: float
    probabilities: dict


class Classifier:
    """A classifier of K classes: what `gen.load` returns of a run of gen classifier.

    `names` are its labels, `rate` is in Hz; what lasts longer than `seconds` is heard in equal parts no longer than
    that; half of what it was trained on was shorter than `usual` seconds.
    """

    def __init__(self, method: Method, node: dict, names, rate: int, seconds: float, usual: float, told=None):
        self.method, self.node, self.names, self.rate = method, node, tuple(names), rate
        self.seconds, self.usual, self.trained = seconds, usual, told

    def looks(self, waves, track=unseen):
        """Yield what the method sees of each part of waves (T,), at each of its speeds, and which wave it is of.

        It comes in lists of TOGETHER or fewer. A part shorter than a frame counts as followed by silence.
        """
        found: list = []
        owners: list[int] = []
        for number, wave in enumerate(track(waves, "listening", len(waves))):
            whole = np.asarray(wave() if callable(wave) else wave, np.float32)
            for part in equal_parts(whole, round(self.seconds * self.rate)):
                heard = self.method.view.heard(padded(part, self.rate), self.rate)
                found += [self.method.look(each, self.rate) for each in heard]
                owners += [number] * len(heard)
                if len(found) >= TOGETHER:
                    yield found, owners
                    found, owners = [], []
        if found:
            yield found, owners

    def averaged(self, tell, waves, track=unseen):
        """Return the mean (N, ...) for each of the waves of what `tell(looks)` returns."""
        told = [(tell(found), owners) for found, owners in self.looks(waves, track)]
        owners = np.concatenate([each for _, each in told])
        rows = np.concatenate([each for each, _ in told])
        sums = np.zeros((len(waves), rows.shape[1]))
        np.add.at(sums, owners, rows)
        return sums / np.bincount(owners, minlength=len(waves))[:, None]

    def probabilities(self, waves, track=unseen):
        """Return how sure it is of each class, float64 (N, K), for waves (T,) at its rate, or what returns them.

        Of a wave in several parts it is their mean; silence is told like sound. Raises ValueError for NaN.
        """
        return self.averaged(self.method.probabilities, waves, track)

    def embed(self, waves, track=unseen):
        """Return where it sees waves (T,) at its rate, float32 (N, D): of a network its last state."""
        return self.averaged(self.method.embed, waves, track).astype(np.float32)

    def classify(self, wave, rate: int | None = None) -> Named:
        """Return what a wave (T,) is, at `rate` Hz if that isn't the classifier's own.

        Raises ValueError for one that is shorter than a frame, silent or holds NaN.
        """
        wave = np.asarray(wave, np.float32)
        if wave.ndim != 1:
            raise ValueError(f"the wave is of shape {wave.shape}; give one channel, (T,)")
        if fault := unheard(wave, rate or self.rate):
            raise ValueError(f"the wave {fault}")
        if rate not in (None, self.rate):
            wave = audio.resampled(wave, rate, self.rate)
        return self.named(self.probabilities([wave])[0])

    def named(self, sure) -> Named:
        """Return the name that probabilities (K,) come to."""
        best = int(np.argmax(sure))
        return Named(self.names[best], float(sure[best]), dict(zip(self.names, map(float, sure), strict=True)))

    def save(self, path):
        """Write it to a file that `load` reads. Raises ValueError where it can't be written."""
        import torch

        header = {
            "kind": CLASSIFIER,
            "classifier": self.node,
            "rate": self.rate,
            "classes": list(self.names),
            "seconds": float(self.seconds),
            "usual": float(self.usual),
        }
        told = {"trained": self.trained} if self.trained else {}
        tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in self.method.arrays().items()}
        checkpoint.save(path, tensors, header | told)


def load(path) -> Classifier:
    """Return the classifier in a run folder or a model file. Raises ValueError, which names the file."""
    path = checkpoint.existing(path)
    built: list = []
    file = checkpoint.read(path, HEADER, lambda header, shapes: built.append(described(header)), CLASSIFIER)
    (method,) = built
    try:
        arrays = {name: tensor.numpy() for name, tensor in file.tensors.items()}
        method.restore(arrays)
        if more := sorted(arrays.keys() - method.arrays().keys()):
            raise ValueError(f"it holds {more[0][:100]}, which is of no such classifier")
    except (ValueError, TypeError) as error:  # a type that numpy hasn't
        raise ValueError(f"{path}: {error}; {checkpoint.AGAIN}") from None
    told = file.header
    return Classifier(
        *(method, told["classifier"], told["classes"], told["rate"], told["seconds"], told["usual"]),
        told.get("trained"),
    )


def described(header: dict) -> Method:
    """Return the method that a header describes, nothing learned yet. Raises ValueError."""
    classes = header["classes"]
    if len(set(classes)) < len(classes) or len(classes) < 2 or not all(is_name(name) for name in classes):
        raise ValueError("its header's classes are not names, two or more, each another")
    if "trained" in header:
        matrix = header["trained"]["confusion"]
        if matrix and {len(classes)} != {len(matrix), *map(len, matrix)}:
            raise ValueError("its confusion matrix has not a row and a column for each class")
    return build(header["classifier"], "classifier", Method, classes=len(classes))


def unheard(wave, rate: int) -> str:
    """Return why there is nothing to name in a wave (T,), as it follows its name; nothing if there is."""
    if not np.isfinite(wave).all():
        return f"holds NaN or infinity at {int(np.argmin(np.isfinite(wave))) / rate:.2f} s; export it again"
    if len(padded(wave, rate)) > len(wave):
        return f"lasts {1000 * len(wave) / rate:.0f} ms, which is shorter than a frame; give a longer recording"
    if hearing.silence(wave, rate) == 1:
        return f"is silent, nothing in it is over {hearing.QUIET:g} dBFS; give one that sounds"
    return ""


def equal_parts(wave, longest: int) -> list:
    """Return a wave (T,) in equal parts no longer than `longest` samples, as recordings are cut for training."""
    count = max(1, -(-len(wave) // max(1, longest)))
    return np.array_split(wave, count)
