"""Make of a run a model that comes with gen: `python -m tests.measure.ship RUN NAME DATA LICENCE TRAINED`.

Its weights become bfloat16, in which takes are sampled anyhow. DATA says of what recordings, LICENCE under what terms
these are, and what is made of them, and TRAINED how long; the folder of recordings is called NAME in it, and no path of
this machine is left.
"""

import sys
from pathlib import Path

from gen.run import checkpoint
from gen.run.folder import SHIPPED, model_file


def ship(run, path, data: str, licence: str, trained: str):
    """Write the model of a run to `path` as one that comes with gen."""
    file = checkpoint.read(model_file(run), checkpoint.HEADER)
    header, name = file.header, Path(path).stem
    if "trained" in header:
        parts = {key: value for key, value in header["trained"]["settings"]["data"].items() if not in_a_file(value)}
        header["trained"]["settings"] = {"data": {**parts, "valid": 0.0, "path": name}}
    header["card"] = {"data": data, "licence": licence, "trained": trained}
    tensors = {k: t.bfloat16() if t.is_floating_point() else t for k, t in file.tensors.items()}
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(path, tensors, {k: v for k, v in header.items() if k not in ("format", "checksum")})


def in_a_file(value) -> bool:
    """Return whether a setting is a file of names."""
    return isinstance(value, str) and ("/" in value or value.endswith(".txt"))


if __name__ == "__main__":
    ship(sys.argv[1], SHIPPED / f"{sys.argv[2]}.safetensors", *sys.argv[3:])
