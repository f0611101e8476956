"""What takes are judged by: recordings that nothing was trained on, a second set of them, and noise of their colour."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from gen.base import machine
from gen.base.terminal import unseen
from gen.corpus.corpus import prepare
from gen.judging import anchors, voice
from gen.judging.bootstrap import drawn
from gen.judging.breaks import Usual
from gen.judging.distances import Discrepancy, nearness
from gen.judging.ears import Ears, learn, trimmed
from gen.judging.figures import sums
from gen.judging.nearest import Training
from gen.judging.protocol import Protocol
from gen.judging.statistics import Main, Scale, statistics
from gen.judging.takes import FEWEST
from gen.sound.codec import Linear16

LONGEST = 5.0  # seconds of a take that are compared, unless told otherwise
STRETCHES = 60  # of recordings as long as a take is heard for break-outs
LESSONS = 3000  # recordings that classifiers are trained on at most
DIRECTIONS = 16  # in which a Frechet distance is measured


class Sounds(NamedTuple):
    """N sounds as they were heard: waves (T,), what their seconds are like (N, K, D), their `sums`, and an embedding.

    `embedded` (N * L, E) is where they lie in the space of the Frechet and the kernel distance, L places each.
    """

    waves: list
    rows: np.ndarray
    sums: list
    embedded: np.ndarray

    @property
    def places(self):
        """The embedding by sound, (N, L, E)."""
        return self.embedded.reshape(len(self.waves), -1, self.embedded.shape[-1])


class Reference:
    """Recordings to judge takes by; `data` says where they are and how they are divided, as `gen train` has it.

    `nodes` are the classifiers of labelled recordings; `notes` are for the person. Raises ValueError.
    """

    def __init__(self, data: dict, nodes: dict, protocol: Protocol, say, track=unseen):
        part, count, seed, self.long = protocol.part, protocol.count, protocol.seed, protocol.long
        codec, rate = Linear16(), data["rate"]  # as they were recorded, not through a model's codec
        where = data["path"] or "the tones"
        corpus = prepare(**{**data, "tail": 0.0}, codec=codec, track=track)
        held = corpus.test if part == "test" and corpus.test else corpus.valid
        self.part = "test" if held is corpus.test else "valid"
        self.rate, self.seed, self.names, self.notes = rate, seed, corpus.classes, list(corpus.notes)
        if part != self.part:
            self.notes.append(
                "nothing is held out as part test: judged by part valid, which chose the models (data.test=)"
            )
        if not held:
            raise ValueError(f"{where}: no recording is held out; give data.test= or data.valid=, a share or a list")
        self.seconds = protocol.seconds or anchors.usual_seconds(held, codec, rate, LONGEST)
        self.size = round(self.seconds * rate)
        real = anchors.excerpts(held, codec, rate, self.seconds, count, seed)
        second = anchors.excerpts(corpus.train, codec, rate, self.seconds, count, seed + 1)
        if min(len(real), len(second)) < FEWEST:
            raise ValueError(
                f"{where}: part {self.part} has {len(real)} excerpts of {self.seconds:g} s, what is trained on "
                f"has {len(second)}; {FEWEST} of each are needed: hold out more, or lower seconds="
            )
        if not any(np.any(wave) for _, wave in real):
            raise ValueError(f"{where}: its recordings are silent; nothing can be judged by them")
        self.labels = np.array([segment.label for segment, _ in real])
        self.ears = self.learned(corpus, codec, nodes, say, track) if corpus.classes else None
        self.settle(real, second, count, track)
        self.usual, self.broken = self.bounds(corpus.train, held, codec) if self.long else (None, [])
        self.training = Training(corpus.train, codec, rate, seed, track=track)
        self.near = [e.distance for e in self.training.nearest(self.real.waves) if e]

    def bounds(self, train, held, codec) -> tuple:
        """Return what no second of recordings does, and what faults the held-out ones have all the same.

        There is nothing to tell by recordings that last less than a second in all.
        """
        ends = bool(np.mean([anchors.ending(s) for s in train]) > 0.5)
        joined, others = (
            anchors.joined(part, codec, self.rate, self.long, STRETCHES, self.seed) for part in (train, held)
        )
        if len(joined[0]) < self.rate:
            return None, []
        noise = anchors.noise(self.colour, 2 * self.rate, self.rate, STRETCHES, self.seed + 3)
        usual = Usual(joined, noise + anchors.coloured(self.rate, self.seed + 4), self.rate, ends)
        return usual, [usual.faults(wave) for wave in others]

    def learned(self, corpus, codec, nodes, say, track) -> Ears:
        """Return classifiers of the labels, trained on what a model was trained on."""
        lessons = anchors.excerpts(corpus.train, codec, self.rate, self.seconds, LESSONS, self.seed)
        waves, labels = [wave for _, wave in lessons], [segment.label for segment, _ in lessons]
        return learn(nodes, waves, labels, corpus.classes, self.rate, self.seed, say, track)

    def settle(self, real, second, count, track):
        """Hear the recordings and the noise, and fix the scales that takes are measured on by the second set."""
        self.colour = anchors.spectrum_of([wave for _, wave in second], self.rate)
        waves = {
            "the recordings": [wave for _, wave in real],
            "a second set of recordings": [wave for _, wave in second],
            "noise": anchors.noise(self.colour, self.size, self.rate, count, self.seed + 2),
        }
        heard = [hear(some, self.rate, name, track) for name, some in waves.items()]
        rows = np.concatenate([statistics for statistics, _ in heard[1]])
        self.scale = Scale(rows)
        places = self.looked([wave for _, wave in second], self.scale(rows))
        self.main = Main(places, DIRECTIONS)
        self.spread = self.main(places).std(0).mean() + 1e-12
        self.real, self.second, self.noise = map(self.sounds, waves.values(), heard)
        self.weights = drawn(len(self.real.waves), self.seed)
        self.zero = self.apart(self.second, self.seed + 1)
        self.one = self.apart(self.noise, self.seed + 2)

    def looked(self, waves, rows):
        """Return where sounds lie before the main directions are taken: classifiers' states, or else their rows."""
        return self.ears.embed([trimmed(w, self.rate) for w in waves]) if self.ears else rows

    def sounds(self, waves, heard) -> Sounds:
        """Return waves (T,) as Sounds, given what was `heard` in them."""
        rows = self.scale(np.stack([statistics for statistics, _ in heard]))
        places = self.main(self.looked(waves, rows.reshape(-1, rows.shape[-1]))) / self.spread
        return Sounds(waves, rows, [figures for _, figures in heard], places)

    def hear(self, waves, track=unseen) -> Sounds:
        """Return takes (T,), each as long as is compared, as Sounds."""
        return self.sounds(waves, hear(waves, self.rate, "takes", track))

    def apart(self, sounds, seed: int):
        """Return the energy distance of sounds from the recordings, as it is and in each sample of the bootstrap."""
        weights = drawn(len(sounds.waves), seed)
        return Discrepancy(self.real.rows, sounds.rows, nearness)(self.weights, weights)


def hear(waves, rate: int, name: str, track=unseen) -> list:
    """Return (statistics, sums) of each wave (T,), measured on all cores."""

    def one(wave):
        heard = voice.listen(wave, rate)
        return statistics(wave, rate, heard), sums(wave, rate, heard)

    one(waves[0][: rate // 10])  # imports aren't made for threads
    with ThreadPoolExecutor(machine.cores()) as pool:
        return list(track(pool.map(one, waves), f"hearing {name}", len(waves)))
