"""What a model may have learned by heart: the excerpt of its training recordings that is most like a take.

Alike are log-mel spectra of half a second, each less its own mean level: distance = 1 - correlation, 0 for a copy.
"""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.sound.hearing import BANDS, SPECTRUM, mel

FRAMES = 16  # of 32 ms, compared at a time
STEP = 4  # frames between the stretches of a take that are looked for
LIMIT = 1800.0  # seconds of training audio searched at most, drawn by chance where there are more
FLOOR = -70.0  # dB: what is under it is all alike
HEARD = 15.0  # dB over the floor that a frame must have to count as sound
LEAST, MOST = 0.25, 0.75  # share of a stretch that must sound, and of what sounds in the take's fullest stretch
FINE = 8  # parts of a frame
FLAT = 1.0  # dB of standard deviation under which a spectrum has nothing to compare
CHUNK = 2048  # stretches of the training audio compared at a time


class Excerpt(NamedTuple):
    """The training excerpt nearest to a take: a file, the second it begins at, where in the take, and its wave."""

    distance: float
    name: str
    start: float  # seconds
    at: float  # seconds into the take
    wave: np.ndarray  # (T,)


class Training:
    """Training segments to be searched; `seconds` of them, which is all of them if it is `whole`."""

    def __init__(self, segments, codec, rate: int, seed: int = 0, limit: float = LIMIT, track=unseen):
        order = np.random.default_rng(seed).permutation(len(segments))
        ends = np.cumsum([(segments[i].stop - segments[i].start) / codec.digits / rate for i in order])
        order = order[: int(np.searchsorted(ends, limit)) + 1]
        self.whole = len(order) == len(segments)
        self.seconds = float(ends[len(order) - 1]) if len(order) else 0.0
        self.codec, self.rate = codec, rate
        self.hop = max(16, round(SPECTRUM * rate) // 2 * 2) // 2
        self.span = (FRAMES + 1) * self.hop  # samples of an excerpt
        self.segments = [segments[i] for i in order]
        spectra = [
            self.log_mel(codec.decode(s.recording.read(s.start, s.stop)))
            for s in track(self.segments, "reading what was trained on", len(order))
        ]
        counts = [len(frames) - FRAMES + 1 for frames in spectra]
        self.frames = np.concatenate(spectra) if spectra else np.zeros((0, BANDS), np.float32)
        self.owner = np.repeat(np.arange(len(counts)), counts)  # the segment of each stretch
        self.place = np.concatenate([np.arange(n) for n in counts]) if counts else np.zeros(0, int)
        before = np.cumsum([0, *map(len, spectra)])[:-1]
        self.first = before[self.owner] + self.place if counts else self.place

    def log_mel(self, wave):
        """Return the log-mel spectra (frames, BANDS) in dB of a wave, padded with silence to one stretch or more."""
        wave = np.pad(wave, (0, max(0, self.span - len(wave))))
        return np.maximum(FLOOR, 10 * np.log10(mel(wave, self.rate) + 1e-12)).astype(np.float32)

    def nearest(self, waves) -> list:
        """Return the nearest Excerpt to each wave (T,), None to one without sound."""
        wanted, owners, places = [], [], []
        for index, wave in enumerate(waves):
            frames = self.log_mel(wave)
            starts = range(0, len(frames) - FRAMES + 1, STEP)
            sound = [np.sum(frames[at : at + FRAMES].max(1) > FLOOR + HEARD) for at in starts]
            for at, count in zip(starts, sound, strict=True):
                if count >= max(LEAST * FRAMES, MOST * max(sound)):  # silence is like silence everywhere
                    wanted.append(frames[at : at + FRAMES])
                    owners.append(index)
                    places.append(at)
        found: list[Excerpt | None] = [None] * len(waves)
        if not wanted or not len(self.first):
            return found
        queries = normal(np.stack(wanted))
        best, where = np.full(len(queries), -2.0, np.float32), np.zeros(len(queries), int)
        for begin in range(0, len(self.first), CHUNK):
            rows = self.first[begin : begin + CHUNK, None] + np.arange(FRAMES)
            alike = normal(self.frames[rows]) @ queries.T
            top = alike.argmax(0)
            value = alike[top, np.arange(len(queries))]
            where = np.where(value > best, begin + top, where)
            best = np.maximum(value, best)
        for index in sorted(set(owners)):
            query = max((i for i, owner in enumerate(owners) if owner == index), key=lambda i: best[i])
            found[index] = self.excerpt(queries[query], where[query], places[query])
        return found

    def excerpt(self, query, stretch, at) -> Excerpt:
        """Return the Excerpt for a query found at a stretch, moved by parts of a frame to where it fits best."""
        segment, digits = self.segments[self.owner[stretch]], self.codec.digits
        last = max(0, (segment.stop - segment.start) // digits - self.span)
        near = int(self.place[stretch]) * self.hop + np.arange(-FINE, FINE + 1) * self.hop // FINE
        fits = []
        for start in np.unique(np.clip(near, 0, last)):
            begin = segment.start + int(start) * digits
            wave = self.codec.decode(segment.recording.read(begin, min(segment.stop, begin + self.span * digits)))
            alike = float((normal(self.log_mel(wave)[None]) @ query)[0])
            name, second = segment.recording.name, begin / digits / self.rate
            fits.append(Excerpt(max(0.0, 1 - alike), name, second, at * self.hop / self.rate, wave))
        return min(fits, key=lambda fit: fit.distance)


def normal(stretches):
    """Return stretches (n, FRAMES, BANDS) as rows of mean 0 and norm 1, those that are nearly flat shorter."""
    rows = stretches.reshape(len(stretches), -1)
    rows = rows - rows.mean(1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), FLAT * rows.shape[1] ** 0.5)
