"""What a mended file says of itself, as its comment: of which file it is, which gaps were filled, how, and by what."""

import json
from importlib.metadata import version
from pathlib import Path

from gen.base.schema import parse
from gen.sampling.address import DIGEST
from gen.sound import audio

MARK = "repair"  # the key that tells it from other comments


def written(path, sha256: str, settings: dict, run: tuple | None = None) -> str:
    """Return the comment of the file at `path` mended with `settings`, where `run` is the model's path and SHA-256."""
    model = {"model": {"path": str(run[0]), "sha256": run[1][:DIGEST]}} if run else {}
    own = audio.comment(path)
    kept = {"comment": own} if own else {}
    told = {"path": str(path), "sha256": sha256[:DIGEST]}
    return json.dumps({"gen": version("gen"), MARK: told, **model, **settings, **kept})


def is_ours(path) -> bool:
    """Return whether a file says that it is a mended one."""
    try:
        found = parse(audio.comment(path))
    except ValueError:
        return False
    return isinstance(found, dict) and MARK in found


def place(path, out: str | None) -> tuple:
    """Return where the mended file of `path` goes, and whether it is to have a free name there.

    Raises ValueError for the file itself, for another format, and for any file that is no mended one.
    """
    path = Path(path)
    if out is None or Path(out).is_dir():
        return Path(out or path.parent) / f"{path.stem}-repaired{path.suffix}", True
    there = Path(out)
    if there.suffix.lower() != path.suffix.lower():
        raise ValueError(f"out={out}: {path} is mended in its own format; give a name on {path.suffix}, or a folder")
    if there.exists() and there.samefile(path):
        raise ValueError(f"out={out}: is the recording itself, which stays as it is; give another name")
    if there.exists() and not is_ours(there):
        raise ValueError(f"out={out}: is there already, and no file of gen repair; give another name")
    return there, False
