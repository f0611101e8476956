"""A take's address: all that it takes to make it again bit for bit, written into the file itself as its comment.

Its length is the file's own, so that a take that goes on where another stopped is the longer take, byte for byte.
"""

import filecmp
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gen.base import files
from gen.run.folder import model_file, run_of
from gen.sampling.trained import WHOLE, Trained
from gen.sound import audio

SETTINGS = ("seed", "temperature", "top_p", "label", "engine", "weights", "guard")  # of Settings; prime besides


def digest(path) -> str:
    """Return the first half of a file's SHA-256, in hexadecimal digits."""
    try:
        return files.sha256(path)[:32]
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def written(run, streams, settings: dict) -> list:
    """Return the addresses of `streams` of the model in `run`, sampled with `settings`, a line each."""
    prime = settings["prime"] and {"path": str(settings["prime"]), "sha256": digest(settings["prime"])}
    kept = {key: settings[key] for key in SETTINGS}
    model = {"path": str(run), "sha256": digest(model_file(run))}
    shared = {"gen": version("gen"), "model": model}
    return [json.dumps({**shared, "stream": stream, **kept, "prime": prime}) for stream in streams]


def read(take) -> dict:
    """Return the address in a take; raise ValueError where a file has none."""
    text = audio.comment(take)
    try:
        address = {"guard": False, **json.loads(text)}  # older takes tell of none
        return {key: address[key] for key in ("gen", "model", "stream", *SETTINGS, "prime")}
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{take}: carries no address; only files that gen sample wrote can be made again") from None


def make_way(path, say):
    """Tell `say` of a take that one at `path` will replace; raise ValueError for any other file that is there."""
    if not Path(path).exists():
        return
    try:
        read(path)
    except ValueError:
        raise ValueError(f"out={path}: is there already, and no take of gen sample; give another name") from None
    say(f"{path}: the take that is there will be replaced")


def make_way_beside(take, path, say):
    """Make way for what is made of `take`; raise ValueError if `path` is the take itself or of another format."""
    if Path(path).suffix.lower() != Path(take).suffix.lower():
        raise ValueError(f"out={path}: {take} is made again in its own format; give a name on {Path(take).suffix}")
    if Path(path).exists() and Path(path).samefile(take):
        raise ValueError(f"out={path}: is the take itself, which stays as it is; give another name")
    make_way(path, say)


def same_file(take, kind: str, told: dict, given) -> str:
    """Return the path of the file that an address tells of, or `given`; raise ValueError if it holds something else."""
    path = str(given or told["path"])
    if not given and kind == "run" and not model_file(path).exists() and model_file(run_of(take)).exists():
        path = str(run_of(take))
    file = model_file(path) if kind == "run" else Path(path)
    if not file.exists():
        raise ValueError(f"{take}: was made with {kind} {path}, which isn't there; give {kind}= where it is now")
    if (found := digest(file)) != told["sha256"]:
        raise ValueError(f"{take}: was made with another {kind} than {path} ({told['sha256']}, not {found})")
    return path


def blocks(take, longer: float = 0.0, run=None, prime=None, warn=lambda text: None):
    """Return the rate, the comment and the blocks (1, n) of a take made again, `longer` seconds longer than it is.

    `run` and `prime` say where these are now. Raises ValueError where there is no address, or it is not of these.
    """
    address = read(take)
    run = same_file(take, "run", address["model"], run)
    if address["prime"]:
        prime = same_file(take, "prime", address["prime"], prime)
    trained = Trained(run)
    seconds = audio.frames(take) / trained.rate + longer
    settings = {key: address[key] for key in SETTINGS}
    made = trained.stream(seconds, stream=address["stream"], prime=prime, block=WHOLE, warn=warn, **settings)
    return trained.rate, audio.comment(take), made


def compare(take, other):
    """Raise ValueError, which says where it differs, unless `other` is the file `take` or begins with its samples."""
    old, new = audio.samples(take), audio.samples(other)
    if np.array_equal(old, new[: len(old)]) and (len(new) > len(old) or filecmp.cmp(take, other, shallow=False)):
        return
    differs = np.flatnonzero(old != new[: len(old)])[:1]
    where = f"from sample {differs[0]} on" if len(differs) else "though not in its samples"
    told, here = read(take)["gen"], version("gen")
    cause = f"gen {told} made it, and this is {here}" if told != here else "it was changed, or made on another machine"
    raise ValueError(f"{take}: {other} differs from it, {where}: {cause}")
