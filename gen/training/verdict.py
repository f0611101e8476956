"""What a training has come to, in one plain line: its bits over time, and what its takes sound like beside the data.

A verdict is learning, plateau, overfitting, held-out part unlike the rest, collapsed to silence, noise or stuck in a
loop. The last three are heard in takes, the others read from bits.
"""

from typing import NamedTuple

from gen.sound.collapse import collapse
from gen.sound.hearing import Heard

BARELY = 0.01  # bits/sample: less than that over half a training is no progress
ENOUGH = 4  # validations before a plateau can be told
SINCE = 3  # validations above the best one before it is overfitting
APART = 2.0  # bits/sample that held-out bits are above training's where what is held out is unlike the rest
HARDER = 1.5  # bits/sample that linear prediction then needs more for it; of digits 5 and 15 clips differ by 0.45 (rms)


class Validation(NamedTuple):
    """A training at one of its validations: bits/sample on what it trained on since the last one, and held out."""

    step: int
    seconds: float
    bits: float
    held_out: float | None  # without held-out recordings there is none
    harder: float = 0.0  # what linear prediction, fitted to what it codes, needs more bits/sample for what is held out

    @property
    def judged(self):
        return self.bits if self.held_out is None else self.held_out


def unlike(history) -> int:
    """Return at which Validation what is held out was found unlike the rest; how many there are if it wasn't.

    Its bits are more than APART above training's, and it is more than HARDER for linear prediction, which learns
    nothing by heart. Where a model overfits, though it may know a few recordings by heart before the first validation,
    what is held out is as hard as they.
    """
    found = (i for i, v in enumerate(history) if v.judged > v.bits + APART and v.harder > HARDER)
    return next(found, len(history))


def best(history) -> int:
    """Return the index of the best of the Validations so far, the latest of equals: the one whose model is kept.

    That is by held-out bits, but from the one on where what is held out was found `unlike` the rest by training's.
    """
    kept, found = 0, unlike(history)
    for i, v in enumerate(history):
        if v.judged <= history[kept].judged if i < found else v.bits <= history[kept].bits:
            kept = i
    return kept


def tired(history, patience: int | None) -> bool:
    """Return whether the last `patience` validations brought nothing better; None has no end."""
    return bool(patience and history and len(history) - 1 - best(history) >= patience)


def verdict(history, takes: Heard, data: Heard, baselines: dict) -> tuple:
    """Return a verdict and a line that says why and what to try: those of the first rule that holds.

    `history` are the Validations so far; `takes` and `data` are what was heard in takes and in recordings; `baselines`
    are the bits/sample of trivial predictors. Where what is held out is unlike the rest, training's bits are judged.
    """
    kept, other = best(history), unlike(history) < len(history)
    if other:
        history = [v._replace(held_out=None) for v in history]
    now, top, since = history[-1], history[kept], history[kept + 1 :]
    collapsed, pace = collapse(takes, data), gain_an_hour(history) or 0.0
    noise = collapsed == "noise"
    rising = len(since) >= SINCE and all(v.judged > top.judged + BARELY for v in since[-SINCE:])
    overfits = rising and now.held_out is not None and min(v.bits for v in since) < top.bits
    stuck = rising or (len(history) >= ENOUGH and gain(history) < BARELY)
    knows_nothing = baselines and now.judged > baselines.get("histogram", float("inf")) - BARELY
    fell = len(history) == 1 or gain([v._replace(held_out=None) for v in history]) > BARELY  # in training, at least
    still = "; its takes are still noise" if noise else ""
    fewer = f", {pace:.{0 if pace >= 10 else 1}f} fewer an hour" if pace >= 0.05 else ""
    rules = (
        ("collapsed to silence", collapsed == "collapsed to silence", (
            f"{takes.silence:.0%} of its takes is silence, of the recordings {data.silence:.0%}: if this stays, trim "
            "silence from the beginnings of the recordings, or give takes a beginning with prime="
        )),
        ("stuck in a loop", collapsed == "stuck in a loop", (
            f"its takes repeat themselves (correlation {takes.loop:.2f}, recordings {data.loop:.2f}): if this stays, "
            "give it more varied recordings, or a larger model"
        )),
        ("held-out part unlike the rest", other, (
            f"linear prediction, too, needs {now.harder:.1f} bits more for it; training's bits, not its own, chose the "
            f"model kept, of step {top.step}: hold out some of each kind, with data.valid=0.1 or another list"
        )),
        ("overfitting", overfits, (
            f"since step {top.step} held-out bits rose from {top.judged:.3f} to {now.judged:.3f} "
            "while training bits fell; the best model is kept: add recordings, model.dropout=0.1 or a smaller model"
        )),
        ("noise", noise and (stuck or (knows_nothing and not fell)), (
            f"its takes are noise ({takes.noise:.2f}; recordings {data.noise:.2f}, noise 0.56) and its bits no longer "
            f"fall: {'lower learning_rate' if knows_nothing else 'give it a larger model, or model=tiered'}"
        )),
        ("plateau", stuck, (
            f"no better than {top.judged:.3f} bits, of step {top.step}{still}: "
            "more minutes will gain little; try a larger model or more recordings"
        )),
        ("learning", True, f"{compare(now.judged, baselines)}{fewer}{still}: {'wait' if noise else 'go on'}"),
    )  # fmt: skip
    return next((name, line) for name, holds, line in rules if holds)


def gain(history) -> float:
    """Return by how many bits the best of the later half of a training is better than the best of the earlier."""
    half = len(history) // 2
    return min(v.judged for v in history[:half]) - min(v.judged for v in history[half:])


def gain_an_hour(history) -> float | None:
    """Return how many bits an hour the held-out bits fall, over the later half of a training; None at its begin."""
    part = history[len(history) // 2 - (len(history) > 1) :]
    seconds = part[-1].seconds - part[0].seconds
    return (part[0].judged - part[-1].judged) / seconds * 3600 if seconds > 0 else None


def compare(bits: float, baselines: dict) -> str:
    """Say where bits/sample stand beside the best of the trivial predictors."""
    if not baselines:
        return f"{bits:.3f} bits/sample"
    name, trivial = min(baselines.items(), key=lambda item: item[1])
    return f"{abs(trivial - bits):.2f} bits {'under' if bits <= trivial else 'above'} {name.split(',')[0]}"
