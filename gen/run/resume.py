"""What a training needs besides its model to go on as if it had never stopped, and the check that it may."""

import os
from pathlib import Path

import torch

from gen.models.base import tree_leaves, tree_map
from gen.run import checkpoint
from gen.run.folder import MODEL, RESUME


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

    def under(prefix):
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    learner.net.load_state_dict(under("weights."))
    learner.average.load_state_dict(under("average."))
    for number, optimizer in enumerate(learner.optimizers):
        moments: dict[int, dict] = {}
        for key, value in under(f"optimizer.{number}.").items():
            index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    torch.set_rng_state(tensors.get(f"rng.{ranks.rank}", tensors["rng.0"]))
    carried = (tensors[f"carried.{i}"] for i in range(len(tree_leaves(state))))
    return tree_map(lambda leaf: next(carried)[lanes.start : lanes.stop].to(device), state)


def begun(run: Path, settings: dict, corpus: list):
    """Return the tensors and the book of the training in `run`, or None if none was begun there.

    Raises ValueError, naming the key, if it was begun with other `settings` or on another `corpus`.
    """
    if not (run / RESUME).exists():
        if (run / MODEL).exists():
            raise ValueError(f"{run}: holds a model but no {RESUME} to go on from; give another name=")
        return None
    tensors, book = checkpoint.read(run / RESUME)
    before, now = _compared(book["settings"]), _compared(settings)
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            raise ValueError(
                f"{key}={now.get(key)}: {run} was begun with {key}={before.get(key)}; "
                "go on with that, or give another name="
            )
    if book["corpus"] != corpus[: len(book["corpus"])]:  # runs of before know no hash
        raise ValueError(
            f"{run}: was begun on other recordings or parts of them ({book['corpus'][0]} files, now {corpus[0]}); "
            "bring them back, or give another name="
        )
    return tensors, book


def _compared(settings) -> dict:
    """Return settings by dotted name as they are compared: `in/` is `in`, and runs of before have no part `test`."""
    flat = {"data.test": 0.0, **_flat(settings)}
    path = flat.get("data.path")
    return {**flat, "data.path": path and os.path.normpath(path)}


def _flat(tree, at=""):
    if not isinstance(tree, dict):
        return {at: tree}
    return {k: v for key, sub in tree.items() for k, v in _flat(sub, f"{at}.{key}" if at else key).items()}
