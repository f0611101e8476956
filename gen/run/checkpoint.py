"""The run folder on disk: safetensors files that describe themselves, written whole or not at all.

`model.safetensors` is all that sampling needs; `resume.safetensors` is the rest of a training. Nothing is unpickled.
"""

import json
from pathlib import Path
from typing import NamedTuple

import safetensors
import safetensors.torch

from gen.base import files
from gen.base.build import build
from gen.models.base import Model
from gen.run.folder import MODEL
from gen.sound.codec import Codec

FORMAT = 1
MOVED = {"gen.codec.MuLaw": "gen.sound.codec.MuLaw", "gen.codec.Linear16": "gen.sound.codec.Linear16"}  # since


class Loaded(NamedTuple):
    """A trained model with what it needs: its codec, rate in Hz, class names and the header it came with."""

    model: Model
    codec: Codec
    rate: int
    classes: list
    header: dict


def save(path, tensors: dict, header: dict):
    """Write tensors and a header of plain types to `path`; on any failure the file that was there stays."""
    path = Path(path)
    header = {"gen": json.dumps({"format": FORMAT, **header})}
    data = safetensors.torch.save({k: t.detach().cpu().contiguous() for k, t in tensors.items()}, header)
    try:
        with files.replacing(path, sync=True) as file:
            file.write(data)
    except OSError as error:
        kept = "the one saved before is whole" if path.exists() else "nothing was saved"
        raise ValueError(
            f"{path}: can't be saved ({error.strerror}); {kept}; make room and run the same command again"
        ) from None


def read(path):
    """Return the tensors and the header of a file that `save` wrote; ValueError for anything else."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            begin = file.read(9)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; train first, or give a run folder or a model file") from None
    if begin[:4] == b"PK\x03\x04" or (begin[:1] == b"\x80" and begin[8:] != b"{"):  # a length may begin with 0x80
        raise ValueError(
            f"{path}: is a pickle, which could run any program; refused unopened: give a .safetensors file"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = json.loads((file.metadata() or {}).get("gen", "null"))
            if header is None:
                raise ValueError(f"{path}: is a safetensors file, but not one of gen's; give a run folder of gen train")
            if header["format"] != FORMAT:
                raise ValueError(
                    f"{path}: has format {header['format']}, and this version of gen reads {FORMAT}; "
                    "use the version that wrote it, or train again"
                )
            return {key: file.get_tensor(key) for key in file.keys()}, renamed(header)  # noqa: SIM118
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path}: is cut short or damaged ({error}); restore it from a copy, or train again") from None


def renamed(header):
    """Return a header with the names that classes have now."""
    if isinstance(header, dict):
        return {k: MOVED.get(v, v) if k == "_target_" else renamed(v) for k, v in header.items()}
    return header


def open_model(path) -> Loaded:
    """Return the trained model in a run folder or a model file, ready to sample (eval mode, on the CPU)."""
    path = Path(path)
    if path.is_dir():
        if not (path / MODEL).exists():
            raise ValueError(f"{path}: holds no {MODEL}; give a run folder that gen train made")
        path = path / MODEL
    tensors, header = read(path)
    codec = build(header["codec"], "codec")
    model = build(
        header["model"], "model", levels=codec.levels, silence=tuple(codec.silence), classes=len(header["classes"])
    )
    try:
        model.load_state_dict(tensors)
    except RuntimeError:
        raise ValueError(f"{path}: its weights don't fit the model its header describes; train again") from None
    return Loaded(model.eval(), codec, header["rate"], header["classes"], header)
