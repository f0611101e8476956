"""What a training needs besides its model to go on as if it had never stopped, and the check that it may."""

import os
from pathlib import Path

import torch

from gen.base.schema import Number
from gen.models.base import tree_leaves, tree_map
from gen.run import checkpoint
from gen.run.checkpoint import COUNT, DATA, LENGTH, NODE, Otherwise
from gen.run.folder import MODEL, RESUME

NATS = Number(float, 0, 1e15)
VALIDATION = [COUNT, LENGTH, NATS, (None, NATS), NATS]  # the last is missing in runs of before
BOOK = {  # the header of resume.safetensors: a training's Progress, its settings, what it trains on
    "step": COUNT,
    "spent": LENGTH,
    "seen": COUNT,
    "nats": NATS,
    "targets": COUNT,
    "gradients?": [Number(float, 0), COUNT, COUNT],  # missing in runs of before
    "since": [NATS, COUNT],
    "history": [(VALIDATION, VALIDATION[:-1])],
    "position": {"taken": COUNT, "lanes": [(None, [COUNT, COUNT, COUNT], [COUNT, COUNT])]},
    "settings": {"data": DATA, "codec": NODE, "model": NODE},
    "corpus": [(COUNT, str)],
}
TYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64", torch.uint8: "U8", torch.bool: "BOOL"}


def collect(learner, state, rng, ranks) -> dict:
    """Return as tensors by name both sets of weights, the optimizers' moments, all lanes' state, all ranks' `rng`."""
    tensors = {f"weights.{k}": v for k, v in learner.net.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in learner.average.state_dict().items()}
    for number, optimizer in enumerate(learner.optimizers):
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{index}.{k}": v for k, v in moments.items()}
    tensors |= {f"carried.{i}": ranks.gather(leaf) for i, leaf in enumerate(tree_leaves(state))}
    tensors |= {f"rng.{i}": row for i, row in enumerate(ranks.gather(rng[None]))}
    return tensors


def restore(tensors, learner, state, lanes: range, ranks, device):
    """Put back what `collect` returned; return the state of this rank's `lanes`."""
    learner.net.load_state_dict(under(tensors, "weights."))
    learner.average.load_state_dict(under(tensors, "average."))
    for number, optimizer in enumerate(learner.optimizers):
        moments = moments_of(tensors, number)
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    torch.set_rng_state(tensors.get(f"rng.{ranks.rank}", tensors["rng.0"]))
    carried = (tensors[f"carried.{i}"] for i in range(len(tree_leaves(state))))
    return tree_map(lambda leaf: next(carried)[lanes.start : lanes.stop].to(device), state)


def under(tensors: dict, prefix: str) -> dict:
    """Return what is named with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def moments_of(tensors: dict, number: int) -> dict:
    """Return the moments of optimizer `number` by the index of the weight they belong to."""
    moments: dict[int, dict] = {}
    for key, value in under(tensors, f"optimizer.{number}.").items():
        index, _, name = key.partition(".")
        moments.setdefault(int(index), {})[name] = value
    return moments


def begun(run: Path, settings: dict, corpus: list, learner, state, windows):
    """Return the tensors and the book of the training in `run`, or None if none was begun there.

    Raises ValueError, naming the key, if it was begun with other `settings` or on another `corpus`, and naming the
    file, if that doesn't hold what this `learner`, the `state` and the `windows` need.
    """
    if not (run / RESUME).exists():
        if (run / MODEL).exists():
            raise ValueError(f"{run}: holds a model but no {RESUME} to go on from; give another name=")
        return None

    def agree(book, shapes):
        check_same(run, book, settings, corpus)
        check_position(book["position"]["lanes"], windows)
        check_tensors(book, shapes, learner, state, len(windows.lanes))

    tensors, book, _ = checkpoint.read(run / RESUME, BOOK, agree)
    return tensors, book


def check_same(run, book: dict, settings: dict, corpus: list):
    """Raise ValueError if a book is of other settings or of another corpus."""
    before, now = compared(book["settings"]), compared(settings)
    if key := different(before, now):
        raise Otherwise(
            f"{key}={now.get(key)}: {run} was begun with {key}={before.get(key)}; "
            "go on with that, or give another name="
        )
    if book["corpus"] != corpus[: len(book["corpus"])]:  # runs of before know no hash
        raise Otherwise(
            f"{run}: was begun on other recordings or parts of them ({book['corpus'][0]} files, now {corpus[0]}); "
            "bring them back, or give another name="
        )


def different(before: dict, now: dict) -> str | None:
    """Return the first name whose settings, by dotted name, are not the same; None where all are."""
    return next((key for key in sorted(before.keys() | now.keys()) if before.get(key) != now.get(key)), None)


def compared(settings) -> dict:
    """Return settings by dotted name as they are compared: `in/` is `in`; what runs of before don't know is off."""
    off = {
        "data.test": 0.0,
        "untold": 0.0,
        "unlabelled": 0.0,
        "hear_noise": 0.0,
        **dict.fromkeys(("control", "vary")),
    }
    out = {**off, **flat(settings)}
    path = out.get("data.path")
    return {**out, "data.path": path and os.path.normpath(path)}


def check_position(lanes: list, windows):
    """Raise ValueError unless each of the `lanes` is at a place in a segment of these windows, or waits for one."""
    if len(lanes) != len(windows.lanes):
        raise ValueError(f"its position has {len(lanes)} lanes, and not {len(windows.lanes)}")
    for index, offset, begun in ([*lane, 0][:3] for lane in lanes if lane):
        segment, _, sound = windows.played(min(index, len(windows.segments) - 1), begun)
        if index >= len(windows.segments) or offset >= sound + segment.tail:
            raise ValueError(f"its position [{index}, {offset}] is in none of the recordings")


def check_tensors(book: dict, shapes: dict, learner, state, lanes: int):
    """Raise ValueError unless tensors of these types and shapes, by name, are all that `restore` needs, and no more."""
    wanted = {}
    for key, v in learner.net.state_dict().items():
        wanted[f"weights.{key}"] = wanted[f"average.{key}"] = TYPES[v.dtype], tuple(v.shape)
    for i, leaf in enumerate(tree_leaves(state)):
        wanted[f"carried.{i}"] = TYPES[leaf.dtype], (lanes, *leaf.shape[1:])
    for rank in {"0", *under(shapes, "rng.")}:
        wanted[f"rng.{rank}"] = "U8", tuple(torch.get_rng_state().shape)
    for number, optimizer in enumerate(learner.optimizers):
        kinds = {name.partition(".")[2] for name in under(shapes, f"optimizer.{number}.")}
        if book["step"] and not kinds:
            raise ValueError(f"its optimizer.{number} is missing")
        for i, weight in enumerate(w for group in optimizer.param_groups for w in group["params"]):
            for kind in kinds:
                wanted[f"optimizer.{number}.{i}.{kind}"] = "F32", () if kind == "step" else tuple(weight.shape)
    for name in sorted(wanted.keys() | shapes.keys()):
        if wanted.get(name) != shapes.get(name):
            raise ValueError(f"its {name[:100]} is not what this training needs")


def flat(tree, at="") -> dict:
    """Return the leaves of a tree of dicts by their dotted names."""
    if not isinstance(tree, dict):
        return {at: tree}
    return {k: v for key, sub in tree.items() for k, v in flat(sub, f"{at}.{key}" if at else key).items()}
