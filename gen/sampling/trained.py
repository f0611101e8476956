"""A trained model as one uses it: load it, sample from it, score with it."""

import dataclasses
import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from gen.models.guided import Guidance
from gen.models.likelihood import cross_entropy
from gen.run import checkpoint
from gen.sampling import play
from gen.sampling.guard import Guard
from gen.sampling.reference import CHUNK, Reference
from gen.sampling.samplers import sampler
from gen.sampling.settings import ANY, COMPILED, HEARD, PLAYED, SECONDS, Settings, check_length
from gen.sound import midi
from gen.sound.codec import ALIGN
from gen.sound.curves import Curves

LIVE, WHOLE = 0.02, 0.25  # seconds of audio made at a time, to be heard at once, and else


class Trained:
    """A trained model, to sample and to score with: what `gen.load` returns. `rate` is in Hz."""

    def __init__(self, path):
        loaded = checkpoint.open_model(path)
        self.model, self.codec, self.rate, self.classes, self.header, self.sha256 = loaded
        self.curves = curves_of(self.header, self.rate, self.codec)
        self.any = len(self.classes) if self.header.get("any") else None  # the class that says nothing, if it has one
        self._samplers = {}

    @property
    def backward(self) -> bool:
        """Whether it was trained on recordings that were played backward, as its takes are then."""
        trained = self.header.get("trained", {})
        return bool(trained) and trained["settings"]["data"].get("reverse", False)

    def recordings(self, run) -> dict:
        """Return where the recordings are that the model in `run` was trained on, as `gen train` calls its data.

        Raises ValueError where it doesn't say.
        """
        if "trained" not in self.header:
            raise ValueError(f"{run}: this model doesn't say what it was trained on; train it again with gen train")
        return self.header["trained"]["settings"]["data"]

    def label_ids(self, label, count: int, stream: int = 0):
        """Return the class of each of `count` takes from `stream` on: `label`'s, or without one each class in turn.

        Raises ValueError.
        """
        if label is None:
            return [i % max(1, len(self.classes)) for i in range(stream, stream + count)]
        if not self.classes:
            raise ValueError(f"label={label}: this model was trained without labels; leave label out")
        names = [*self.classes, ANY] if self.any else self.classes
        if str(label) not in names:
            raise ValueError(f"label={label}: this model has no such label; it has {', '.join(names)}")
        return [names.index(str(label))] * count

    def label_name(self, number: int) -> str:
        """Return the name of a class by its number, "" where there are none."""
        return [*self.classes, ANY][number] if self.classes else ""

    def own_labels(self, segments, classes: list) -> list:
        """Return `segments`, whose labels are numbers of `classes`, with this model's numbers. Raises ValueError."""
        if classes == self.classes:
            return segments
        return [s._replace(label=self.label_ids(classes[s.label], 1)[0]) for s in segments]

    def sample(self, *given, warn=lambda text: None, **settings):
        """Return new audio, float32 (T,) in [-1, 1], or (count, T) with a `count`, for the Settings given.

        The same seed gives the same audio, and stream 3 of it is the same whether it was made alone or among others.
        Raises ValueError.
        """
        asked = Settings(*given, **settings)
        if asked.seconds is not None:
            if not math.isfinite(asked.seconds):
                raise ValueError(f"seconds={asked.seconds}: this has an end; use stream for audio without one")
            check_length(asked.seconds)
        waves = np.concatenate(list(self.stream(**vars(asked), block=WHOLE, warn=warn)), 1)
        return waves if asked.count else waves[0]

    def stream(self, *given, block: float = LIVE, warn=lambda text: None, **settings):
        """Return an iterator over new audio for the Settings given: blocks (count or 1, n) of up to `block` seconds.

        `warn` is told where the reference sampler takes over, and how often the guard went back. Raises ValueError.
        """
        asked = self.opened(Settings(*given, **settings))
        asked.check()
        if self.backward:
            warn("this model learned reversed time: what it makes plays backward")
        labels = self.label_ids(asked.label, asked.count or 1, asked.stream)
        streams = list(range(asked.stream, asked.stream + len(labels)))
        wave: Any = asked.prime
        primed = None if wave is None else self.codec.encode(wave)
        digits, seconds = self.codec.digits, self.length(asked)
        steps = round(seconds * self.rate) * digits if math.isfinite(seconds) else math.inf
        if steps < digits:
            raise ValueError(f"seconds={seconds}: is less than one sample at {self.rate} Hz")
        size = max(1, int(block * self.rate) // ALIGN) * ALIGN * digits
        made = self.sampler(asked.engine, asked.weights, warn)
        guard = self.guard(made, wave is not None) if asked.guard else None
        more: dict = {"guard": guard} if guard else {}
        if (told := self.told(asked, warn)) is not None:
            more["control"] = [told[stream % len(told)] for stream in streams]
        if guidance := self.guidance(asked.guidance, labels, told is not None):
            more["guidance"] = guidance
        chance = asked.seed, asked.temperature, asked.top_p
        symbols = made.generate(steps, streams, labels, *chance, primed, size, **more)
        blocks = self.codec.decode_blocks(symbols, float(wave[-1]) if wave is not None and len(wave) else 0.0)
        return guard.told(blocks, warn) if guard else blocks

    def opened(self, asked: Settings) -> Settings:
        """Return settings with waves (T,) at the model's rate, a table, channels for their paths. Raises ValueError."""
        given = {key: getattr(asked, key) for key in HEARD}
        paths = {key: value for key, value in given.items() if isinstance(value, str) or hasattr(value, "__fspath__")}
        return dataclasses.replace(asked, **{key: play.opened(key, path, self.rate) for key, path in paths.items()})

    def told(self, asked: Settings, warn=lambda text: None):
        """Return all that takes are told: frames (n, channels), those of their prime first; None for nothing.

        Of MIDI's channels the n-th is told to stream n, and from the first again; else, and where a model is told
        spectra, there is one for all streams.
        `warn` is told what no recording had that the model was trained on. Raises ValueError.
        """
        given = {key: getattr(asked, key) for key in PLAYED if getattr(asked, key) is not None}
        if not given:
            return None
        if self.curves is None:
            raise ValueError(
                f"{next(iter(given))}=: this model is told no curves; train one with control=mel, or =pitch"
            )
        made = []
        for part in play.parts(self.curves, given.pop("midi")) if "midi" in given else [None]:
            rows = play.asked(self.curves, midi=part, **given)
            for line in self.curves.unheard(rows):
                warn(line)
            if asked.prime is not None:
                rows = play.behind(self.curves, rows, asked.prime)
            made.append(self.curves.whole(rows, ends=part is not None or bool({"follow", "curves"} & given.keys())))
        return made

    def guidance(self, weight: float, labels: list, told: bool) -> Guidance | None:
        """Return the guidance of takes with `labels`, `told` curves or not; None where they are sampled plainly.

        It leads away from what the model makes without both, if it ever heard sound without them in training. Raises
        ValueError where it never did.
        """
        if weight == 1:
            return None
        labelled = bool(self.classes) and labels[0] != self.any
        if not labelled and not told:
            free = "data.labels= or control="
            remedy = "give a label" if self.any else "give follow=" if self.curves else f"train a model with {free}"
            raise ValueError(f"guidance={weight:g}: these takes are told nothing to be guided by; {remedy}")
        label = self.any if labelled else None
        trained = self.header.get("trained", {"settings": {}})
        untold = told and trained["settings"].get("untold", 0) > 0
        if label is None and not untold:
            what, key = ("its label", "unlabelled") if labelled else ("curves", "untold")
            always = f"this model was told {what} at all times in training, and knows nothing else"
            raise ValueError(f"guidance={weight:g}: {always}; train one with {key}=0.1")
        return Guidance(weight, label, curves=told and not untold)

    def length(self, asked: Settings) -> float:
        """Return the seconds of takes, those of what they follow unless given."""
        followed: Any = asked.follow
        tabled: Any = asked.curves
        channels: Any = asked.midi
        if asked.seconds:
            return asked.seconds
        if followed is not None:
            return len(followed) / self.rate
        if channels is not None:
            return max(note.end for channel in channels for note in channel.notes) + midi.RELEASE
        return tabled.seconds if tabled is not None else SECONDS

    def guard(self, sampler, primed: bool) -> Guard:
        """Return the guard of takes of this model by a sampler. Raises ValueError where it can't have one."""
        if isinstance(sampler, Reference):
            raise ValueError("guard=on: only the compiled engine has it; leave engine=reference or guard out")
        trained = self.header.get("trained", {})
        if "data" not in trained:
            raise ValueError("guard=on: this model doesn't say what its recordings sound like; train it again")
        return Guard.of(self.codec, self.rate, trained, primed)

    def sampler(self, name: str = COMPILED, weights: str = Settings().weights, warn=lambda text: None):
        """Return the sampler `name` (see `gen.sampling.samplers`), made once for each type of `weights`."""
        if (name, weights) not in self._samplers:
            self._samplers[name, weights] = sampler(self.model, tuple(self.codec.silence), name, weights, warn)
        return self._samplers[name, weights]

    @torch.inference_mode()
    def bits_per_sample(self, wave, label: str | None = None) -> float:
        """Return how many bits the model needs for each sample of a wave (T,) at `rate` Hz, from silence on.

        A `backward` one hears it backward.
        """
        symbols = torch.from_numpy(self.codec.encode(wave[::-1] if self.backward else wave))
        if not len(symbols):
            raise ValueError("the wave holds no samples; give at least one")
        state = self.model.start(torch.tensor(self.label_ids(label, 1)))
        stride = self.model.stride
        chunk = max(1, CHUNK // stride) * stride
        y = F.pad(symbols, (0, -len(symbols) % stride), value=-1)  # what is behind the end counts for nothing
        x = torch.cat([torch.tensor(self.codec.silence[-1:]), y[:-1].clamp(0)])
        nats = 0.0
        for at in range(0, len(y), chunk):
            logits, state = self.model(x[None, at : at + chunk], state)
            nats += cross_entropy(logits.double(), y[None, at : at + chunk]).item()
        return nats / math.log(2) / (len(symbols) / self.codec.digits)


def curves_of(header: dict, rate: int, codec) -> Curves | None:
    """Return the curves that a model is told, as its file describes them; None where it is told none."""
    if "control" not in header:
        return None
    told = {key: value for key, value in header["control"].items() if key in Curves._fields}
    return Curves(**{**told, "rate": rate, "digits": codec.digits})
