"""Files of a run: safetensors that describe themselves, written whole or not at all, checked before they are used.

`model.safetensors` is all that sampling needs, or naming where it is a classifier's; `resume.safetensors` is the rest
of a training. Nothing is unpickled.
Who wrote a file may wish its reader ill: what its header says is checked for type and range, only models and codecs are
built from it, and no memory is taken for more than the file holds.
"""

import contextlib
import hashlib
import json
import math
import os
from pathlib import Path
from typing import NamedTuple

import safetensors
import safetensors.torch
import torch

from gen.base import files
from gen.base.build import build
from gen.base.schema import Number, check, parse, shown
from gen.models.base import Model
from gen.models.make import make
from gen.run.folder import MODEL, is_name, model_file
from gen.sound import audio, curves
from gen.sound.codec import Codec
from gen.sound.hearing import Heard

FORMAT = 1
LONGEST = 1 << 24  # bytes of a header
SPARE = 1_000_000  # numbers that a model may have beside its weights
SIZES = {"BOOL": 1, "U8": 1, "F16": 2, "BF16": 2, "F32": 4, "I64": 8, "F64": 8}  # bytes of a number of each type
FLOATS = ("F64", "F32", "BF16", "F16")  # safetensors' names of the types that weights have
GENERATOR, CLASSIFIER = "generator", "classifier"  # what a file is of; one that doesn't say is of the first
USES = {
    GENERATOR: "a generator, which makes takes: gen sample, evaluate and report are for it",
    CLASSIFIER: "a classifier, which names recordings: gen classify is for it",
}
MOVED = {"gen.codec.MuLaw": "gen.sound.codec.MuLaw", "gen.codec.Linear16": "gen.sound.codec.Linear16"}  # since
AGAIN = "restore it from a copy, or train again"

COUNT, LENGTH, LEVEL = Number(int, 0, 1 << 62), Number(float, 0, 1e12), Number(float, -1000, 1000)
RATE = Number(int, audio.RATES[0], audio.RATES[-1])  # Hz
VALID = (Number(float, 0, 1), str)
DATA = {
    "path": (None, str),
    "rate": RATE,
    "labels": str,
    "valid": VALID,
    "test?": VALID,
    "segment": LENGTH,
    "tail?": LENGTH,
    "reverse?": bool,
}
NODE = {"_target_": str}
HEADER = {
    "model": NODE,
    "codec": NODE,
    "rate": RATE,
    "classes": [str],
    "card?": {"data": str, "licence": str, "trained": str},
    "any?": bool,
    "control?": {
        "families": [str],
        "hop": Number(int, 1, 1 << 16),
        "names": [str],
        **{key: [LEVEL] for key in ("mean", "silence", "low", "high")},
        "deviation": [Number(float, 1e-6, 1e6)],
    },
    "trained?": {
        "steps": COUNT,
        "samples": COUNT,
        "minutes": LENGTH,
        "valid_bits": (None, LENGTH),
        "best_step?": COUNT,
        "data?": dict.fromkeys(Heard._fields, LEVEL),
        "loudest?": LEVEL,
        "files": COUNT,
        "seconds": LENGTH,
        "settings": {"data": DATA, "untold?": Number(float, 0, 1)},
    },
}


class Otherwise(ValueError):
    """A file is whole, but not of what is asked for: its message is told as it is."""


class Loaded(NamedTuple):
    """A trained model with what it needs: codec, rate in Hz, class names, header, and its file's hash."""

    model: Model
    codec: Codec
    rate: int
    classes: list
    header: dict
    sha256: str


class File(NamedTuple):
    """A file that `save` wrote: its tensors, its header of plain types, and the SHA-256 of the bytes these are from."""

    tensors: dict
    header: dict
    sha256: str


def save(path, tensors: dict, header: dict):
    """Write tensors and a header of plain types to `path`; on any failure the file that was there stays."""
    path = Path(path)
    tensors = {k: t.detach().cpu().contiguous() for k, t in tensors.items()}
    header = json.loads(json.dumps({"format": FORMAT, **header}))
    text = json.dumps({**header, "checksum": checksum(tensors, header)})
    data = safetensors.torch.save(tensors, {"gen": text})
    try:
        with files.replacing(path, sync=True) as file:
            file.write(data)
    except OSError as error:
        kept = "the one saved before is whole" if path.exists() else "nothing was saved"
        raise ValueError(
            f"{path}: can't be saved ({error.strerror}); {kept}; make room and run the same command again"
        ) from None


def checksum(tensors: dict, header: dict) -> str:
    """Return a hash of tensors and of a header, that damage to either is noticed by."""
    digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read(path, rule: dict, agree=lambda header, shapes: None, kind: str = GENERATOR) -> File:
    """Return what is in a file of a `kind` that `save` wrote, whose header is as `rule` says (see `gen.base.schema`).

    `agree(header, shapes)` may raise ValueError before a tensor is read; `shapes` has their type and shape by name.
    Raises ValueError, which names the file, for anything else.
    """
    try:
        with open(files.regular(path), "rb") as file:
            raw, shapes = described(file, path)
            kept = raw.pop("checksum", None)
            if (told := kind_in(raw)) != kind:
                raise Otherwise(f"{path}: is {USES[told]}; give a run of a {kind}")
            check(raw, rule, "its header")
            header = renamed(raw)
            agree(header, shapes)
            file.seek(0)
            data = file.read()
        tensors = safetensors.torch.load(data)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; train first, or give a run folder or a model file") from None
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: is cut short or damaged ({error}); {AGAIN}") from None
    except Otherwise:
        raise
    except ValueError as error:
        named = str(error).startswith(f"{path}: ")
        raise ValueError(str(error) if named else f"{path}: {error}; {AGAIN}") from None
    if kept and kept != checksum(tensors, raw):
        raise ValueError(f"{path}: is damaged: it holds something else than was saved; {AGAIN}")
    return File(tensors, header, hashlib.sha256(data).hexdigest())


def kind_of(run) -> str:
    """Return what the model in a run folder or a model file is: GENERATOR, or CLASSIFIER; the first if it isn't told.

    What can't be read is told of when it is opened.
    """
    with contextlib.suppress(OSError, ValueError), open(files.regular(model_file(run)), "rb") as file:
        return kind_in(described(file, run)[0])
    return GENERATOR


def kind_in(header: dict) -> str:
    """Return the kind that a header tells of. Raises ValueError for one that this version knows nothing of."""
    told = header.get("kind", GENERATOR)
    if not isinstance(told, str) or told not in USES:
        raise ValueError(f"its header tells of a kind {shown(told)}; there are {' and '.join(USES)}")
    return told


def described(file, path) -> tuple:
    """Return the header of an open file, and the (type, shape) of each tensor in it by name."""
    begin = file.read(9)
    if begin[:4] == b"PK\x03\x04" or (begin[:1] == b"\x80" and begin[8:] != b"{"):  # a length may begin with 0x80
        raise ValueError(
            f"{path}: is a pickle, which could run any program; refused unopened: give a .safetensors file"
        )
    length = int.from_bytes(begin[:8], "little")
    text = begin[8:] + file.read(length - 1) if 2 <= length <= LONGEST else b""
    if len(begin) < 9 or len(text) != length:
        raise ValueError("is cut short or damaged (its header is not whole)")
    whole = parse(text.decode())
    check(whole, {"__metadata__?": {"gen?": str}}, "its list of tensors")
    header = parse(whole.pop("__metadata__", {}).get("gen", "null"))
    if header is None:
        raise ValueError(f"{path}: is a safetensors file, but not one of gen's; give a run folder of gen train")
    check(header, {"format": Number(int)}, "its header")
    if header["format"] != FORMAT:
        raise ValueError(
            f"{path}: has format {header['format']}, and this version of gen reads {FORMAT}; "
            "use the version that wrote it, or train again"
        )
    for name, each in whole.items():
        check(each, {"dtype": str, "shape": [Number(int, 0, 1 << 40)]}, f"its tensor {name[:100]}")
    shapes = {name: (each["dtype"], tuple(each["shape"])) for name, each in whole.items()}
    size = sum(SIZES.get(kind, 1) * math.prod(shape) for kind, shape in shapes.values())
    if os.fstat(file.fileno()).st_size != 8 + length + size or not {kind for kind, _ in shapes.values()} <= set(SIZES):
        raise ValueError("is cut short or damaged (it is not as long as its tensors)")
    return header, shapes


def renamed(header: dict) -> dict:
    """Return a header with the names that classes have now."""

    def part(tree, depth):
        if not isinstance(tree, dict) or not depth:
            return tree
        return {k: MOVED.get(str(v), v) if k == "_target_" else part(v, depth - 1) for k, v in tree.items()}

    return part(header, 4)


def open_model(path) -> Loaded:
    """Return the trained model in a run folder or a model file, ready to sample (eval mode, on the CPU)."""
    path = existing(path)
    built: list = []
    file = read(path, HEADER, lambda header, shapes: built.extend(fitting(header, shapes)))
    if settings := file.header.get("trained", {}).get("settings"):  # without keys that this version knows nothing of
        settings["data"] = {k: v for k, v in settings["data"].items() if {k, f"{k}?"} & DATA.keys()}
    model, codec = built
    model.load_state_dict(file.tensors)
    return Loaded(model.eval(), codec, file.header["rate"], file.header["classes"], file.header, file.sha256)


def existing(run) -> Path:
    """Return the model file of a run folder, or the model file itself. Raises ValueError for a folder without one."""
    if model_file(run) == Path(run) / MODEL and not (Path(run) / MODEL).exists():
        raise ValueError(f"{run}: holds no {MODEL}; give a run folder that gen train or gen classifier made")
    return model_file(run)


def fitting(header: dict, shapes: dict) -> tuple:
    """Return the model and the codec that a header describes, without the weights that are in its file.

    Raises ValueError unless the tensors there, by type and shape, are those of the model. It takes no more memory than
    they do, and no setting is beyond the largest side of a tensor, nor are there more layers than tensors, so that it
    isn't built without end either.
    """
    classes = header["classes"]
    if len(set(classes)) < len(classes) or not all(is_name(name) for name in classes):
        raise ValueError("its header's classes are not names, each another")
    most = max([len(shapes), *(side for _, shape in shapes.values() for side in shape)], default=0)
    for key, value in header["model"].items():
        given = [value] if isinstance(value, int | float) else value if isinstance(value, list) else []
        few = len(shapes) if key == "layers" else most
        if len(given) > len(shapes) or not all(isinstance(n, int | float) and 0 <= n <= few for n in given):
            raise ValueError(f"model.{key}={shown(value)}: its tensors are not of such a model")
    numbers = sum(math.prod(shape) for _, shape in shapes.values())
    try:
        codec = build(header["codec"], "codec", Codec)
        facts = control_facts(header.get("control"))
        count = len(classes) + header.get("any", False)
        model = make(header["model"], codec, count, **facts, most=2 * numbers + SPARE)
    except ValueError:
        raise
    except Exception as error:  # a value of a plain type that no constructor expects
        raise ValueError(f"its header describes no model ({type(error).__name__})") from None
    if facts and model.stride != facts["hop"]:
        raise ValueError(f"its control.hop={facts['hop']} is no frame of such a model")
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name in sorted(wanted.keys() | shapes.keys()):
        kind, shape = shapes.get(name, (None, None))
        if shape != wanted.get(name) or kind not in FLOATS:
            raise ValueError(f"its weights don't fit the model that its header describes, the first {name[:100]}")
    return model, codec


def control_facts(control: dict | None) -> dict:
    """Return the facts that a model told the curves of a header is built with; raise ValueError for none that hold."""
    if control is None:
        return {}
    curves.parse("+".join(control["families"]))
    counts = {len(control[key]) for key in ("names", "mean", "deviation", "silence", "low", "high")}
    if counts != {len(control["names"])} or not control["names"]:
        raise ValueError("its control has not as many numbers as names")
    return {"control": curves.channels(control["names"]), "hop": control["hop"]}
