"""How good a model is: bits per sample on held-out recordings, beside what trivial predictors need.

The protocol: recordings at their natural scale, EMA weights, every held-out piece from `start` on, a long recording in
pieces of `data.segment` seconds; the part `test`, which nothing else opens, or `valid` where a run has no other. Lower
is better; a bit less is half as many guesses.
"""

import json

from gen.base import files
from gen.corpus import curves
from gen.corpus.corpus import prepare
from gen.corpus.splits import listed
from gen.judging.baselines import baselines
from gen.judging.score import score
from gen.run.folder import SCORES, folder_of
from gen.sampling.trained import Trained

ALL = "all"
COLUMNS = ("", "bits/sample", "parameters", "steps", "samples/s", "minutes", "held out")


def measure(run, path: str | None = None, names: str | None = None, **progress) -> dict:
    """Return how the model in `run` scores on held-out recordings.

    `path` is the folder of recordings, the one it was trained on unless given; `names` a list of those to score, "all",
    or None for those that training held out: its part `test`, else `valid`. A model with curves is scored told those of
    the recordings, and told none. Raises ValueError.
    """
    trained = Trained(run)
    if "trained" not in trained.header:
        raise ValueError(f"{run}: this model doesn't say what it was trained on; train it again with gen train")
    settings = {**trained.header["trained"]["settings"]["data"], "tail": 0.0}
    if path is not None:
        settings["path"] = path
    if names is not None:
        settings |= {"valid": 0.0, "test": 0.0}
    corpus = prepare(**settings, codec=trained.codec, **progress)
    train, held, part = corpus.train, corpus.test or corpus.valid, "test" if corpus.test else "valid"
    if names == ALL:
        train, held, part = [], train, ALL
    elif names is not None:
        wanted = listed(train, names, "data.files")
        held = [s for s in train if s.recording.content in wanted]
        train, part = [s for s in train if s.recording.content not in wanted], "files"
    elif "test" not in settings and names_of(train) & names_of(held):
        part = "valid, drawn anew"  # a run of before held out other stretches of few recordings, and heard these
    if not held:
        raise ValueError(f"{settings['path']}: no recording is held out; give data.files= a list of names, or all")
    held = trained.own_labels(held, corpus.classes)
    untold = {}
    if trained.curves:
        curves.measure(trained.curves, held, corpus.folder, **progress)
        untold["untold_bits_per_sample"] = score(trained.model, held, trained.codec, **progress)
    return {
        **untold,
        "bits_per_sample": score(trained.model, held, trained.codec, told=trained.curves, **progress),
        "baselines": baselines(train, held, trained.codec),
        "part": part,
        "pieces": len(held),
        "seconds": round(sum(s.size for s in held) / trained.codec.digits / trained.rate, 1),
        "rate": trained.rate,
        "codec": trained.codec.name,
        "parameters": sum(p.numel() for p in trained.model.parameters()),
        **{key: trained.header["trained"][key] for key in ("steps", "samples", "minutes")},
    }


def write(run, result: dict):
    """Write what `measure` returned beside the model in `run`. Raises ValueError."""
    text = json.dumps(result, indent=1) + "\n"
    files.write(folder_of(run) / SCORES, text.encode(), "make room, or let gen write into the run")


def names_of(segments) -> set:
    """Return the names of the recordings that segments are of."""
    return {s.recording.name for s in segments}


def rows(done: dict) -> list:
    """Return COLUMNS as text for the results of `measure` by run, the best first, then the trivial predictors."""
    out = []
    for run, d in sorted(done.items(), key=lambda item: item[1]["bits_per_sample"]):
        counts = [f"{n:,.0f}" for n in (d["parameters"], d["steps"], d["samples"] / max(0.01, d["minutes"]) / 60)]
        held = f"{d['part']}, {d['pieces']} pieces, {d['seconds']:.0f} s, {d['codec']}, {d['rate']} Hz"
        out.append((str(run), f"{d['bits_per_sample']:.3f}", *counts, f"{d['minutes']:.1f}", held))
        if "untold_bits_per_sample" in d:
            out.append((f"{run}, told no curves", f"{d['untold_bits_per_sample']:.3f}", *[""] * (len(COLUMNS) - 2)))
    trivial = [d["baselines"] for d in done.values()]
    if all(b == trivial[0] for b in trivial):
        out += [(name, f"{bits:.3f}", *[""] * (len(COLUMNS) - 2)) for name, bits in trivial[0].items()]
    return out
