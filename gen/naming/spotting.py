"""Words spotted in a long recording: when each is said, which it is, how surely.

What sounds between two pauses is one word if it is no longer than a window and a half. In what is longer, windows are
named one `hop` after the other, each moment is what those around it say, and a word is a stretch of one name.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.naming.classifier import Classifier
from gen.sound import hearing

FRAME = 0.01  # seconds over which the level is told
ABOVE, UNDER = 10.0, 30.0  # dB over the quiet tenth of a recording, and under its loud twentieth: what sounds
WHOLE = 1.5  # windows: what is no longer is named at once
SHORTEST = 0.05  # seconds: what is shorter is a click
TOGETHER = 256  # windows named at a time


class Word(NamedTuple):
    """What was spotted from one second to another."""

    start: float
    stop: float
    label: str
    probability: float


def check(seconds: float, hop: float, pause: float, least: float):
    """Raise ValueError for settings out of range."""
    if not 0.05 <= seconds <= 600:
        raise ValueError(f"seconds={seconds}: a window lasts 0.05 to 600 s; about as long as the words is right")
    if not 0.01 <= hop <= seconds:
        raise ValueError(f"hop={hop}: windows are 0.01 s to seconds={seconds:g} apart")
    if not 0 < pause <= 60 or not 0 <= least <= 1:
        raise ValueError(f"pause={pause}, least={least}: a pause is over 0 s and up to 60, a probability 0 to 1")


def spot(classifier: Classifier, wave, *, seconds: float, hop: float, pause: float, least: float, track=unseen) -> list:
    """Return the Words in a wave (T,) at the classifier's rate, in their order.

    Windows of `seconds` are `hop` seconds apart; what is silent for `pause` seconds or more is between words; what is
    less probable than `least` is no word. Raises ValueError for settings out of range.
    """
    check(seconds, hop, pause, least)
    rate = classifier.rate
    spans = []  # of each window the stretch it is in, and the seconds from which to which it lasts
    stretches = sounding(wave, rate, pause)
    for number, (start, stop) in enumerate(stretches):
        if stop - start <= WHOLE * seconds:
            spans.append((number, start, stop))
        else:
            starts = np.append(np.arange(start, stop - seconds, hop), stop - seconds)
            spans += [(number, at, at + seconds) for at in starts]
    sure = np.zeros((len(spans), len(classifier.names)))
    for at in track(range(0, len(spans), TOGETHER), "spotting", -(-len(spans) // TOGETHER)):
        some = [wave[round(a * rate) : round(b * rate)] for _, a, b in spans[at : at + TOGETHER]]
        sure[at : at + TOGETHER] = classifier.probabilities(some)
    words = []
    for number, (start, stop) in enumerate(stretches):
        rows = [i for i, span in enumerate(spans) if span[0] == number]
        if len(rows) == 1:
            best = sure[rows[0]]
            words.append(Word(start, stop, classifier.names[best.argmax()], float(best.max())))
        else:
            words += runs(classifier.names, start, stop, hop, [spans[i][1:] for i in rows], sure[rows])
    return [word for word in words if word.probability >= least]


def runs(names, start: float, stop: float, hop: float, spans: list, sure) -> list:
    """Return the Words of a stretch whose windows `spans` (W) are named with probabilities (W, K)."""
    edges = np.append(np.arange(start, stop, hop), stop)
    middles = (edges[:-1] + edges[1:]) / 2
    begin, end = np.array(spans).T
    near = np.maximum(0, 1 - 2 * np.abs(middles[:, None] - (begin + end) / 2) / (end - begin))  # 1 in a window's middle
    near += 1e-6 * ((begin <= middles[:, None]) & (middles[:, None] <= end))
    each = near @ sure / near.sum(1, keepdims=True)
    best = each.argmax(1)
    cuts = np.flatnonzero(np.diff(best)) + 1
    bounds = np.concatenate([[0], cuts, [len(best)]])
    return [
        Word(float(edges[a]), float(edges[b]), names[best[a]], float(each[a:b, best[a]].mean()))
        for a, b in pairwise(bounds)
    ]


def sounding(wave, rate: int, pause: float) -> list:
    """Return the stretches of a wave (T,) that sound, in seconds from start to stop, no `pause` in any of them."""
    size = max(1, round(FRAME * rate))
    count = len(wave) // size
    if not count:
        return []
    frames = np.asarray(wave[: count * size], np.float64).reshape(count, size)
    levels = np.maximum(10 * np.log10(np.maximum(frames.var(1), 1e-20)), hearing.FLOOR)
    quiet, loud = np.quantile(levels, [0.1, 0.95])
    loud_enough = levels > max(hearing.QUIET, min(quiet + ABOVE, loud - UNDER))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud_enough.astype(np.int8), [0]])))
    stretches: list[tuple] = []
    for start, stop in zip(edges[::2] * size / rate, edges[1::2] * size / rate, strict=True):
        if stretches and start - stretches[-1][1] < pause:
            stretches[-1] = (stretches[-1][0], float(stop))
        else:
            stretches.append((float(start), float(stop)))
    return [(start, stop) for start, stop in stretches if stop - start >= SHORTEST]
