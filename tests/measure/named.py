"""Classifiers on what their users have: rare classes, words in a long recording, kinds of sound told by the second.

Run it as `python -m tests.measure.named rare DIGITS HELD_OUT EPOCHS`, as `python -m tests.measure.named words RUN
DIGITS HELD_OUT`, or as `python -m tests.measure.named kinds FOLDER FOLDER ...`. DIGITS holds recordings called
7_theo_3.wav, HELD_OUT the names of those to be tested on, RUN is a classifier trained on the others; each FOLDER is a
kind. Needs librosa and scikit-learn (`pip install '.[analysis]'`).
"""

import sys
from pathlib import Path

import numpy as np
import yaml

import gen
from gen.base.terminal import table, track
from gen.corpus.corpus import gather
from gen.naming import lesson, recordings
from gen.naming.figures import figures
from gen.naming.spotting import spot
from gen.sound import audio

CONF = Path(__file__).parents[2] / "conf"
RARE, SHARE, SEEDS = range(5), 10, range(3)  # classes of which one recording of ten is kept
DIGITS = {"rate": 8000, "labels": r"(\d)_*.wav", "groups": "none"}
JOINED, PAUSE, NEAR = 10, 0.3, 0.1  # digits in a recording, seconds between two, and that a time may be off
SECONDS = 10.0


def node(kind: str, **changes) -> dict:
    """Return the node of conf/classifier/<kind>.yaml with `changes`."""
    return yaml.safe_load((CONF / "classifier" / f"{kind}.yaml").read_text()) | changes


def rare(digits, held_out, epochs):
    """Print what each balance makes of digits of which five are rare, over seeds, and how far these lie apart."""
    recorded = recordings.prepare(digits, **DIGITS)
    (side,) = recordings.sides(recorded, 0.1, held_out, None, SECONDS)
    some = [[s for label in range(10) for s in of(part, label)] for part in (side.train, side.valid)]
    cut = side._replace(train=some[0], valid=some[1])
    rows = []
    for balance in ("none", "weights", "sampling"):
        scores = []
        for seed in track(SEEDS, f"balance={balance}", len(SEEDS)):
            matrix = lesson.learn(node("lstm", epochs=int(epochs)), recorded, [cut], balance, 0, seed, SECONDS).matrix()
            recall = np.diag(matrix) / matrix.sum(1)
            scores.append((figures(matrix).macro_f1, recall[:5].mean(), recall[5:].mean()))
        spread = [f"{np.mean(s):.3f} ({min(s):.3f} to {max(s):.3f})" for s in zip(*scores, strict=True)]
        rows.append((balance, *spread))
        print(rows[-1], flush=True)
    table(("balance", "macro-F1", "recall of the rare", "of the others"), rows)


def of(part: list, label: int) -> list:
    """Return the segments of a label in a part, one of SHARE of a rare one, one at least."""
    own = [s for s in part if s.label == label]
    return own[:: SHARE if label in RARE else 1]


def words(run, digits, held_out):
    """Print how near to where they are words of a recording are found, and how many are named right."""
    classifier, random = gen.load(run), np.random.default_rng(0)
    names = random.permutation(Path(held_out).read_text().split())
    ends, right, found, wanted = [], 0, 0, 0
    for at in range(0, len(names) - JOINED + 1, JOINED):
        some = names[at : at + JOINED]
        waves = [audio.read(Path(digits, name), classifier.rate) for name in some]
        pause = np.zeros(round(PAUSE * classifier.rate), np.float32)
        starts = np.cumsum([0, *(len(w) + len(pause) for w in waves[:-1])]) / classifier.rate
        joined = np.concatenate([part for wave in waves for part in (wave, pause)])
        told = spot(classifier, joined, seconds=0.5, hop=0.05, pause=0.15, least=0.0)
        for name, wave, start in zip(some, waves, starts, strict=True):
            stop = start + len(wave) / classifier.rate
            near = min(told, key=lambda w: abs(w.start - start) + abs(w.stop - stop))
            off = max(abs(near.start - start), abs(near.stop - stop))
            ends.append(off)
            right += off <= NEAR and near.label == name[0]
        found, wanted = found + len(told), wanted + JOINED
    within = np.mean(np.array(ends) <= NEAR)
    print(f"{run}: {found} words spotted where there are {wanted}; {within:.1%} of them within {NEAR} s at both ends")
    print(f"half within {np.median(ends):.3f} s, the worst {max(ends):.3f}; {10 * right / wanted:.2f} of ten right")


def kinds(*folders):
    """Print how surely seconds of several kinds of sound, each in a folder, are told apart."""
    whole, names = [], [Path(folder).name for folder in folders]
    for label, folder in enumerate(folders):
        _, found, _, notes = gather(folder, recordings.CODEC, 16000, "none")
        print(f"{names[label]}: {len(found)} recordings", *notes, sep="\n  ")
        whole += [s._replace(label=label) for s in found]
    recorded = recordings.Recordings(whole, [None] * len(whole), names, 16000, [])
    for kind in ("svm", "forest"):
        sides = recordings.sides(recorded, 0.0, 0.2, None, 1.0)
        done = lesson.learn(node(kind), recorded, sides, "weights", 0, 0, 1.0, track)
        f = figures(done.matrix())
        told = f"{f.accuracy:.2%} ({f.low:.2%} to {f.high:.2%}), macro-F1 {f.macro_f1:.4f}"
        print(f"{kind}: {told}, of {done.matrix().sum():,} seconds\n{done.matrix()}", flush=True)


if __name__ == "__main__":
    {"rare": rare, "words": words, "kinds": kinds}[sys.argv[1]](*sys.argv[2:])
