"""What a training needs besides its model to go on as if it had never stopped, and the check that it may."""

import contextlib
import json
from pathlib import Path

import torch

from gen import checkpoint, files
from gen.models.base import tree_leaves, tree_map


def collect(net, average, optimizers, state, rng, ranks) -> dict:
    """Return as tensors by name both sets of weights, the optimizers' moments, all lanes' state, all ranks' `rng`."""
    tensors = {f"weights.{k}": v for k, v in net.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in average.state_dict().items()}
    for number, optimizer in enumerate(optimizers):
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{number}.{index}.{k}": v for k, v in moments.items()}
    tensors |= {f"carried.{i}": ranks.gather(leaf) for i, leaf in enumerate(tree_leaves(state))}
    tensors |= {f"rng.{i}": row for i, row in enumerate(ranks.gather(rng[None]))}
    return tensors


def restore(tensors, net, average, optimizers, state, lanes: range, ranks, device):
    """Put back what `collect` returned; return the state of this rank's `lanes`."""

    def under(prefix):
        return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}

    net.load_state_dict(under("weights."))
    average.load_state_dict(under("average."))
    for number, optimizer in enumerate(optimizers):
        moments = {}
        for key, value in under(f"optimizer.{number}.").items():
            index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    torch.set_rng_state(tensors.get(f"rng.{ranks.rank}", tensors["rng.0"]))
    carried = (tensors[f"carried.{i}"] for i in range(len(tree_leaves(state))))
    return tree_map(lambda leaf: next(carried)[lanes.start : lanes.stop].to(device), state)


def load(run: Path, settings: dict, corpus: list):
    """Return the tensors and the book of the training in `run`, or None if none was begun there.

    Raises ValueError, naming the key, if it was begun with other `settings` or on another `corpus`.
    """
    if not (run / checkpoint.RESUME).exists():
        if (run / checkpoint.MODEL).exists():
            raise ValueError(f"{run}: holds a model but no {checkpoint.RESUME} to go on from; give another name=")
        return None
    tensors, book = checkpoint.read(run / checkpoint.RESUME)
    before, now = _flat(book["settings"]), _flat(settings)
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            raise ValueError(
                f"{key}={now.get(key)}: {run} was begun with {key}={before.get(key)}; "
                "go on with that, or give another name="
            )
    if book["corpus"] != corpus:
        raise ValueError(
            f"{run}: was begun on other recordings ({book['corpus'][0]} files, now {corpus[0]}); "
            "bring them back, or give another name="
        )
    return tensors, book


def cut_log(log: Path, step: int):
    """Cut a log back to the `step` that was saved; make its folder. Raises ValueError where it can't be written."""
    try:
        kept = [line for line in log.read_text().splitlines() if _within(line, step)] if log.exists() else []
        with files.replacing(log) as file:
            file.write("".join(line + "\n" for line in kept).encode())
    except OSError as error:
        raise ValueError(f"{log.parent}: can't be written ({error.strerror}); run gen where you may write") from None


def _within(line, step):
    with contextlib.suppress(ValueError):  # the last line of a killed training may be half a line
        return json.loads(line)["step"] <= step
    return False


def _flat(tree, at=""):
    if not isinstance(tree, dict):
        return {at: tree}
    return {k: v for key, sub in tree.items() for k, v in _flat(sub, f"{at}.{key}" if at else key).items()}
