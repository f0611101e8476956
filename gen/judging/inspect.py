"""What `gen inspect` finds out about models: their memory, gradients, inputs and units; the first three as tables."""

from pathlib import Path
from typing import NamedTuple

from gen.base.terminal import unseen
from gen.corpus.corpus import prepare
from gen.judging.gradients import Gradients, faded, gradients, kept
from gen.judging.inputs import Inputs, inputs
from gen.judging.memory import Memory, excerpts, memory
from gen.judging.surprise import class_of, scorer
from gen.judging.units import Units, study
from gen.sampling.trained import Trained
from gen.sound import features

FEWEST, MOST = 4, 4096  # excerpts
FARTHEST = 60.0  # seconds
SHOWN = 60  # units at most
LONG = 10.0  # seconds of a take at most
COLUMNS = (
    "run",
    "bits/sample",
    "reset 1 ms ago",
    "95 % there after",
    "gradient at 1 % after",
    "before training",
    "kept a symbol",
    "at most",
)
MEMORY = ("run", "from s", "to s", "bits/sample", "over")
INPUTS = ("run", "symbols", "ms", "bits")
GRADIENTS = ("run", "symbols", "ms", "before training", "trained")


class Found(NamedTuple):
    """What was found out about a run, whose model is of so many symbols a second."""

    name: str
    symbols: int
    memory: Memory
    gradients: Gradients
    inputs: Inputs
    units: Units | None  # where they weren't asked for


def told_apart(paths) -> tuple:
    """Return the runs among `paths`, and the recording behind them or None. Raises ValueError."""
    recordings = [p for p in paths if Path(p).is_file() and Path(p).suffix != ".safetensors"]
    runs = [p for p in paths if p not in recordings]
    if len(recordings) > 1 or not runs:
        raise ValueError(f"{' '.join(map(str, paths))}: give one run or several, and at most one recording")
    return runs, recordings[0] if recordings else None


def check(longest: float, count: int, reach: float, units: int, takes: float):
    """Raise ValueError for a number that is out of range, and where what looking at units takes isn't installed."""
    if not 0.01 <= longest <= FARTHEST or not 0 < reach <= longest:
        raise ValueError(
            f"longest={longest}, reach={reach}: longest is 0.01 to {FARTHEST:g} s, reach over 0 and no longer than that"
        )
    if not FEWEST <= count <= MOST:
        raise ValueError(f"count={count}: {FEWEST} to {MOST:,} excerpts are heard")
    if not 0 <= units <= SHOWN:
        raise ValueError(f"units={units}: 0 (none) to {SHOWN} units are shown")
    if not 0 <= takes <= LONG or (takes and not units):
        raise ValueError(f"takes={takes}, units={units}: takes have 0 (none) to {LONG:g} s each, one without each unit")
    if units:
        try:
            features.library()
            from gen.naming import fitting  # noqa: F401
        except ValueError as error:
            raise ValueError(f"units={units}: {error}; or leave them out with units=0") from None


def look(run, file, longest: float, count: int, reach: float, units: int, takes: float, seed: int, show=None) -> Found:
    """Return what there is to find out about the model in `run`, over `file` or what was held out from its training.

    So many `units` are left out in turn, also of takes of `takes` seconds; with 0 there is nothing about units. `show`
    has `say` and `track`, as `gen.base.terminal` does. Raises ValueError.
    """
    track = show.track if show else unseen
    trained = Trained(run)
    engine = scorer(trained, run, *([show.say] if show else []))
    digits = trained.codec.digits
    segments = recorded(trained, engine, run, file, track)
    chosen = excerpts(segments, round(longest * trained.rate) * digits, digits, count, seed)
    symbols = trained.rate * digits
    return Found(
        str(run),
        symbols,
        memory(engine, chosen, trained.codec, trained.rate, longest, track),
        gradients(trained, chosen, round(reach * symbols), seed, track),
        inputs(trained, chosen, round(reach * symbols), seed, track),
        study(trained, segments, units, takes, seed, track) if units else None,
    )


def recorded(trained, engine, run, file, track) -> list:
    """Return the segments of a file, or of the recordings held out from training; ValueError where there are none."""
    if file is None:
        corpus = prepare(**{**trained.recordings(run), "tail": 0.0}, codec=trained.codec, track=track)
        held = corpus.test or corpus.valid
        if not held:
            raise ValueError(f"{run}: no recording was held out from its training; give one to hear behind the run")
        return trained.own_labels(held, corpus.classes)
    alone: dict = {"labels": "none", "valid": 0.0, "segment": 20.0, "tail": 0.0}
    corpus = prepare(str(file), trained.codec, rate=trained.rate, **alone, track=track)
    return [s._replace(label=class_of(trained, engine, file, None)) for s in corpus.train]


def rows(found) -> list:
    """Return COLUMNS as text for each Found."""
    out = []
    for one in found:
        reaches = [faded(one.gradients.distances, norms) for norms in (one.gradients.end, one.gradients.beginning)]
        ends = [milliseconds(k and k / one.symbols) for k in reaches]
        most = "" if one.gradients.most is None else f"{one.gradients.most:.3f}"
        ends += [f"{kept(one.gradients.distances, one.gradients.end):.4f}", most]
        first = one.memory.bits + one.memory.points[0][2]
        out.append((one.name, f"{one.memory.bits:.3f}", f"{first:.3f}", after(one), *ends))
    return out


def after(one: Found) -> str:
    """Return the horizon of its memory as text."""
    return milliseconds(one.memory.horizon)


def milliseconds(seconds: float | None) -> str:
    return "not within reach" if seconds is None else f"{1000 * seconds:.3g} ms"


def memory_rows(found) -> list:
    """Return MEMORY as text for each stretch of each Found."""
    return [
        (one.name, f"{a:.5f}", f"{b:.5f}", f"{one.memory.bits + over:.4f}", f"{over:.4f}")
        for one in found
        for a, b, over in one.memory.points
    ]


def gradient_rows(found) -> list:
    """Return GRADIENTS as text for each distance of each Found, the nearest first."""
    return [
        (one.name, k, f"{1000 * k / one.symbols:.4g}", f"{beginning:.4g}", f"{end:.4g}")
        for one in found
        for k, beginning, end in list(zip(*one.gradients[:3], strict=True))[::-1]
    ]


def input_rows(found) -> list:
    """Return INPUTS as text for each distance of each Found, the nearest first."""
    return [
        (one.name, k, f"{1000 * k / one.symbols:.4g}", f"{bits:.4g}")
        for one in found
        for k, bits in list(zip(*one.inputs, strict=True))[::-1]
    ]
