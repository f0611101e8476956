"""Small versions of every model in conf/model, for the laws and the sampler's tests."""

from pathlib import Path

import numpy as np
import torch
import yaml

from gen.base.build import build
from gen.corpus.corpus import prepare
from gen.corpus.curves import in_silence
from gen.models.base import Model
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound.curves import Curves
from gen.training import loop

CONF = Path(__file__).parent.parent / "conf"
PRESETS = sorted(p.stem for p in (CONF / "model").glob("*.yaml"))
MODELS = [name for name in PRESETS if not name.endswith("_large")]  # a larger size of one is no other model
LEVELS = 16
MULAW = yaml.safe_load((CONF / "codec" / "mulaw8.yaml").read_text())
SMALL = {
    "lstm": {"layers": 2},
    "gru": {"layers": 2},
    "samplernn": {"layers": 2},
    "mingru": {"layers": 2},
    "rglru": {"layers": 2},
    "tiered": {"frames": [2, 4, 8], "history": 5, "conv": 3},
    "wavenet": {"layers": 5, "cycle": 3, "skip": 20},
}
SHARPER = {"mingru": 1.5, "rglru": 1.5, "tiered": 1.5, "samplernn": 2}  # less than others: through many layers
SIZES = {"hidden": 24, "embedding": 12, "size": 16, "head": 12}


def model_node(name):
    """Return the model node of conf/model/<name>.yaml as a plain dict."""
    return yaml.safe_load((CONF / "model" / f"{name}.yaml").read_text())["model"]


def node_of(group, name):
    """Return the node of conf/<group>/<name>.yaml as a plain dict."""
    return yaml.safe_load((CONF / group / f"{name}.yaml").read_text())


def small_model(name, classes=0, levels=LEVELS, control=0, hop=0, **changes):
    """Return the model of conf/model/<name>.yaml, shrunk where it has the keys to, with `changes` to its node."""
    node = model_node(name)
    node.update({k: v for k, v in SIZES.items() if k in node})
    node.update(SMALL.get(name, {}) | changes)
    silence = (levels // 2, 0) if name == "wavernn" else (levels // 2,)
    return build(node, "model", Model, levels=levels, silence=silence, classes=classes, control=control, hop=hop)


def sharp(name, classes=0, levels=LEVELS, **changes):
    """Return a small model whose untrained predictions are far from uniform."""
    torch.manual_seed(0)
    model = small_model(name, classes, levels, **changes).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(SHARPER.get(name, 3))
    return model


def usual(*files) -> dict:
    """Return the settings in files of conf, those of its later ones over the earlier, without groups."""
    kept = {}
    for file in files:
        kept |= yaml.safe_load((CONF / f"{file}.yaml").read_text())
    return {key: value for key, value in kept.items() if key not in ("defaults", "model")}


def train(**settings):
    """Train as `gen train model=gru` would, but for `settings`."""
    of_the_command = {"reverse"}
    return loop.train(
        **{k: v for k, v in usual("train", "training", "model/gru").items() if k not in of_the_command} | settings
    )


def corpus(path, codec, **settings):
    """Return the corpus in `path` as `gen train` has it, but for `settings`."""
    return prepare(path, codec, **{k: v for k, v in usual("data/folder").items() if k != "path"} | settings)


def built(name, levels, silence, classes=0, **changes):
    """Return the model of conf/model/<name>.yaml with `changes` to its node."""
    return build({**model_node(name), **changes}, "model", Model, levels=levels, silence=silence, classes=classes)


def trained_on(path, **told) -> dict:
    """Return what a model's header says of how it was trained, on the recordings in `path`, but for what is `told`."""
    settings = {"data": {**usual("data/folder"), "path": str(path)}}
    counts = {"steps": 500, "samples": 1000, "minutes": 2.0, "valid_bits": None, "files": 3, "seconds": 6.0}
    return {**counts, "settings": settings, **told}


def curves(control="loudness", hop=32, digits=1):
    """Return curves at 8 kHz, as if in training the level had been -40 dB, and pitches from 110 to 440 Hz."""
    families = control.split("+")
    names = list(in_silence(8000, tuple(families))[0])
    usual = {"f0": (7.8, 0.5, 7.8, 6.78, 8.78)}
    told = np.array([usual.get(name, (-40, 20, -120, -90, -10)) for name in names], float).T.tolist()
    return Curves(families, 8000, digits, hop, names, *told)


def save_run(folder, classes=(), scale=1.0, told=None, **more):
    """Save a small GRU at 8 kHz as a trained run would; its takes are loud. `scale` makes another model of it.

    It is `told` curves, if there are some; its header has `more`, such as any=True.
    """
    node = {**model_node("gru"), "hidden": 24, "embedding": 12, "layers": 2}
    header = {"model": node, "codec": MULAW, "rate": 8000, "classes": list(classes), **more}
    facts = {"control": told.channels, "hop": told.hop} if told else {}
    if told:
        header["control"] = told.described()
    weights = sharp("gru", len(classes) + more.get("any", False), levels=256, **facts).state_dict()
    checkpoint.save(Path(folder) / MODEL, {k: v * scale for k, v in weights.items()}, header)
    return Path(folder)
