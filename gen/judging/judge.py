"""The judge: how far takes are from recordings, on a scale where 0 is a second set of recordings and 1 noise.

With E the energy distance from held-out recordings, of the rows of `gen.judging.statistics`, a run's place is
(E(takes) - E(second)) / (E(noise) - E(second)). The second set is of the training part, as large as the takes; the
noise has the recordings' average spectrum and level. E is unbiased, so that the place of what is as good as recordings
is around 0, and may be under it; what is further from recordings than such noise is over 1. Nothing is clipped.
"""

import json

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.judging import distances
from gen.judging.bootstrap import drawn, interval, share
from gen.judging.breaks import KINDS
from gen.judging.distances import Discrepancy, nearness, polynomial
from gen.judging.ears import trimmed
from gen.judging.figures import compare
from gen.judging.reference import Reference, on_all_cores
from gen.run.folder import JUDGED, folder_of
from gen.sound.hearing import fitted

PLACE = "place (0 recordings, 1 noise)"
NAMED = "named right by {}"
FRECHET, KERNEL = "Frechet distance", "kernel distance"
SHARES = ("precision", "recall", "density", "coverage")
NEAREST, HEART = "nearest training excerpt", "nearer than 19 of 20 recordings"
BREAKS = "breaks out"
FEW = 0.05  # share of recordings that lie nearest to what was trained on
TIMES = 3  # as many takes as that lie so near: they are learned by heart
BIASED = 200  # samples of the bootstrap where each takes its time


def figure(real=None, takes=None, interval=None, distance=None, unit="") -> dict:
    """Return a figure of recordings and of takes, with an interval of these, or of their distance where it has one."""
    return {"real": real, "takes": takes, "distance": distance, "interval": interval, "unit": unit}


def judge(reference: Reference, waves, labels, seed: int, track=unseen) -> dict:
    """Return the figures, by name, of takes (T,) at the reference's rate, with the numbers of their labels or None."""
    takes = reference.hear([fitted(wave, reference.size) for wave in waves], track)
    found = {PLACE: place(reference, takes, seed)}
    if reference.ears and labels is not None:
        found |= named(reference, takes, labels, seed)
    found |= far(reference, takes, seed) | near(reference, takes, seed)
    found |= compare(reference.real.sums, takes.sums, seed)
    if reference.usual:
        found |= breaking(reference, waves, seed, track)
    return found


def place(reference, takes, seed: int) -> dict:
    """Return where takes lie between a second set of recordings and noise; the two halves of the real are beside it."""
    scale = reference.one - reference.zero
    found = (reference.apart(takes, seed + 5) - reference.zero) / scale
    return figure(float(halves(reference, seed)[0]), float(found[0]), interval(found))


def halves(reference, seed: int):
    """Return how far one half of the recordings is from the other, (1 + R,) with the bootstrap, on the same scale."""
    one, other = reference.real.rows[::2], reference.real.rows[1::2]
    between = Discrepancy(one, other, nearness)(drawn(len(one), seed), drawn(len(other), seed + 1))
    return between / (reference.one - reference.zero)


def named(reference, takes, labels, seed: int) -> dict:
    """Return the share of takes, and of recordings, that each classifier names as they are labelled, in percent."""
    out = {}
    answers = [
        reference.ears.named([trimmed(w, reference.rate) for w in sounds.waves]) for sounds in (reference.real, takes)
    ]
    for name in reference.ears.classifiers:
        real, _ = share(100.0 * (answers[0][name] == reference.labels), seed)
        right, bounds = share(100.0 * (answers[1][name] == np.array(labels)), seed)
        out[NAMED.format(name)] = figure(real, right, bounds, unit="%")
    return out


def far(reference, takes, seed: int) -> dict:
    """Return how far takes are in the classifiers' space, or in that of statistics, and how they cover each other.

    Beside a distance is that of two halves of the recordings, beside a share that of a second set of them.
    """
    real, second = reference.real, reference.second
    one, other = real.places[::2], real.places[1::2]
    kernel = Discrepancy(real.places, takes.places, polynomial)
    apart = kernel(drawn(len(real.waves), seed), drawn(len(takes.waves), seed + 1))
    out = {
        FRECHET: frechet(real.places, takes.places, (one, other), seed),
        KERNEL: figure(float(Discrepancy(one, other, polynomial)()[0]), float(apart[0]), interval(apart)),
    }
    values = [covered(real, sounds) for sounds in (second, takes)]
    for number, name in enumerate(SHARES):
        of_takes, bounds = share(values[1][number], seed)
        out[name] = figure(float(np.mean(values[0][number])), of_takes, bounds)
    return out


def covered(real, sounds) -> list:
    """Return precision, recall, density and coverage as one number a sound each, of as many places of both."""
    rows = [some.embedded[: min(len(real.embedded), len(sounds.embedded))] for some in (real, sounds)]
    return [*distances.precision_recall(*rows), *distances.density_coverage(*rows)]


def frechet(real, takes, halves, seed: int) -> dict:
    """Return the Frechet distance, extrapolated; None where there are too few places (N, L, E) for it.

    Its interval is the bootstrap's spread of the plain one, around it: sounds drawn twice would make both too large.
    """
    flat = [rows.reshape(-1, rows.shape[-1]) for rows in (real, takes, *halves)]
    enough = [len(rows) >= distances.enough(rows.shape[-1]) for rows in flat]
    between = distances.frechet_unbiased(flat[2], flat[3], seed) if all(enough[2:]) else None
    if not all(enough[:2]):
        return figure(between)
    found = distances.frechet_unbiased(flat[0], flat[1], seed)
    random = np.random.default_rng(seed)
    drawings = []
    for _ in range(BIASED):
        some = [rows[random.integers(0, len(rows), len(rows))].reshape(-1, rows.shape[-1]) for rows in (real, takes)]
        drawings.append(distances.frechet(*some))
    around = interval(np.array([0.0, *drawings]) - np.mean(drawings) + found)
    return figure(between, found, around)


def near(reference, takes, seed: int) -> dict:
    """Return how near takes are to the training excerpts nearest to them, and whether that is memory."""
    mine = [e.distance for e in reference.training.nearest(takes.waves) if e]
    if not mine or not reference.near:
        return {}
    limit = float(np.quantile(reference.near, FEW))
    heart, bounds = share(100.0 * (np.array(mine) < limit), seed)
    again = np.random.default_rng(seed).integers(0, len(mine), (1 + BIASED, len(mine)))
    spread = interval(np.median(np.array(mine)[again], 1))
    return {
        NEAREST: figure(float(np.median(reference.near)), float(np.median(mine)), spread),
        HEART: figure(100 * FEW, heart, bounds, unit="%"),
    }


def breaking(reference, waves, seed: int, track) -> dict:
    """Return the share of takes that break out, as they are, and for each kind of it, in percent."""
    heard = on_all_cores(reference.usual.faults, waves, "hearing what breaks out", track)
    out = {}
    for name, kinds in {BREAKS: KINDS, **{f"{BREAKS}: {kind}": (kind,) for kind in KINDS}}.items():
        real, mine = (
            100.0 * np.array([any(found[kind] is not None for kind in kinds) for found in some])
            for some in (reference.broken, heard)
        )
        right, bounds = share(mine, seed)
        out[name] = figure(float(real.mean()) if len(real) else None, right, bounds, unit="%")
    return out


def by_heart(figures: dict) -> bool:
    """Return whether takes are learned by heart: far more than of recordings are next to what was trained on."""
    return HEART in figures and figures[HEART]["interval"][0] > 100 * TIMES * FEW


def write(run, result: dict):
    """Write what was judged beside the model in `run`. Raises ValueError."""
    text = json.dumps(result, indent=1, allow_nan=False) + "\n"
    files.write(folder_of(run) / JUDGED, text.encode(), "make room, or let gen write into the run")
