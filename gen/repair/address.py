"""What a mended file says of itself, as its comment: what it was made of, how, and by what; enough to make it again.

Who wrote it may wish its reader ill: types and ranges are checked, and no file that it names is more than read.
"""

import contextlib
import filecmp
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gen.base.schema import Number, fault, parse
from gen.repair import gaps
from gen.sampling.address import DIGEST, FILE, NO_FILE, is_no_file, same_file
from gen.sampling.settings import Settings
from gen.sound import audio

REPAIR, BRIDGE, LOOP = "repair", "bridge", "loop"  # keys of the recording that each of these was made of
NAMED = {  # keys of files, and those of gen again that say where they are
    **dict.fromkeys((REPAIR, BRIDGE, LOOP), "recording"),
    "to": "to",
    "labels": "labels",
    "model": "run",
    "back": "back",
}
ALL = {"gen": str, "label": (None, str), "stream": Number(int, 0, 2**63 - 1)}
CHANCE = {**ALL, "seed": Number(int, 0, 2**64 - 1), "temperature": Number(float, 0, 1000)}
CHANCES = ("seed", "stream", "temperature")  # of Settings
LENGTH = Number(float, 0, 3600)
RULES = {
    REPAIR: {REPAIR: FILE, "gap": str, "labels?": FILE, "method": str, "model?": FILE, "back?": FILE, **CHANCE},
    BRIDGE: {BRIDGE: FILE, "to": FILE, "model": FILE, "back?": FILE, "seconds": LENGTH, **CHANCE},
    LOOP: {LOOP: FILE, "model": FILE, "seconds": LENGTH, **ALL},
}
BLOCK = 1 << 20  # samples compared at a time


def written(path, named: dict, settings: dict) -> str:
    """Return the comment of what is made of the recording at `path`, which keeps that file's own.

    `named` has for each key of a file in it the path and the SHA-256.
    """
    own = audio.comment(path)
    told = {key: {"path": str(path), "sha256": sha256[:DIGEST]} for key, (path, sha256) in named.items()}
    return json.dumps({"gen": version("gen"), **told, **settings, **({"comment": own} if own else {})})


def kind(path) -> str | None:
    """Return what was done to make the file at `path`, a key of RULES; None where it says nothing of that kind."""
    with contextlib.suppress(ValueError):
        found = parse(audio.comment(path))
        return next((each for each in RULES if each in found), None) if isinstance(found, dict) else None
    return None


def read(path) -> dict:
    """Return the address in a mended file, whose `kind` is known. Raises ValueError."""
    found, rule = parse(audio.comment(path)), RULES[str(kind(path))]
    keys = [key.removesuffix("?") for key in rule]
    told = {key: found[key] for key in keys if key in found}
    if wrong := fault(told, rule, "address") or out_of_range(told):
        raise ValueError(f"{path}: carries a damaged address ({wrong}); make it from its recording")
    return told


def out_of_range(told: dict) -> str | None:
    """Return what is wrong with an address whose fields have the right types, None where it holds."""
    if "gap" in told and "labels" not in told and told["gap"] != gaps.AUTO and not gaps.are_stretches(told["gap"]):
        return "its gap is no stretch of seconds"
    try:
        Settings(**{key: told[key] for key in CHANCES if key in told}).check()
    except ValueError as error:
        return str(error)
    return NO_FILE if any(is_no_file(told[key]) for key in NAMED if key in told) else None


def files(path, told: dict, given: dict) -> dict:
    """Return by the keys of `gen again` where the files are that an address tells of, where they are `given`.

    Raises ValueError for one that holds something else, isn't there, or that nothing was made of.
    """
    asked = {name: key for key, name in NAMED.items() if key in told}
    if extra := [name for name, where in given.items() if where and name not in asked]:
        raise ValueError(f"{extra[0]}={given[extra[0]]}: {path} was made without such a file; leave {extra[0]}= out")
    return {name: same_file(path, name, told[key], given.get(name)) for name, key in asked.items()}


def compare(made, again):
    """Raise ValueError, which says where it differs, unless `again` is the mended file `made` once more."""
    if filecmp.cmp(made, again, shallow=False):
        return
    told, here = read(made)["gen"], version("gen")
    cause = f"gen {told} made it, and this is {here}" if told != here else "it was changed, or made on another machine"
    raise ValueError(f"{made}: {again} differs from it, {differs(made, again)}: {cause}")


def differs(made, again) -> str:
    """Return in words where the samples of two files differ."""
    for at in range(0, max(audio.frames(made), audio.frames(again)), BLOCK):
        one, other = (audio.stored(path, at, at + BLOCK) for path in (made, again))
        size = min(len(one), len(other))
        places = np.flatnonzero((one[:size] != other[:size]).any(1))
        if len(places) or len(one) != len(other):
            return f"from sample {at + (places[0] if len(places) else size)} on"
    return "though not in its samples"


def place(path, out: str | None, how: str, suffix: str | None = None) -> tuple:
    """Return where the file goes that is made of the recording at `path`, and whether it is to have a free name there.

    That is beside it unless there is an `out`, called after `how`, in its own format or another `suffix`. Raises
    ValueError for the file itself, for another format, and for any file that is no mended one.
    """
    path = Path(path)
    suffix = suffix or path.suffix
    if out is None or Path(out).is_dir():
        return Path(out or path.parent) / f"{path.stem}-{how}{suffix}", True
    there = Path(out)
    if there.suffix.lower() != suffix.lower():
        raise ValueError(f"out={out}: what is made of {path} is a {suffix}; give such a name, or a folder")
    if there.exists() and there.samefile(path):
        raise ValueError(f"out={out}: is the recording itself, which stays as it is; give another name")
    if there.exists() and not kind(there):
        raise ValueError(f"out={out}: is there already, and no recording that gen mended; give another name")
    return there, False
