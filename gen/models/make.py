"""A model from its description: for a codec it is meant for, and in the memory that there is."""

import torch

from gen.base import machine
from gen.base.build import build
from gen.models.base import Model
from gen.sound.codec import Codec

TRAINED = 5  # numbers for each weight in training: itself, its average, its gradient, two moments
DEEPEST = 1000  # layers
WORDS = {1: "one symbol", 2: "two symbols"}


def make(node: dict, codec: Codec, classes: int, lanes: int = 0, window: int = 0) -> Model:
    """Return the model of a config node, with its first weights; to be trained on `lanes` of `window` symbols.

    It is built without memory first. Raises ValueError for one that is not meant for the `codec`, that can't be built,
    or that this machine has no memory for.
    """
    facts = {"levels": codec.levels, "silence": codec.silence, "classes": classes}
    layers = node.get("layers")
    for depth in layers if isinstance(layers, list) else [layers]:
        if isinstance(depth, int) and depth > DEEPEST:
            raise ValueError(f"model.layers={layers}: at most {DEEPEST:,} are built")
    try:
        with torch.device("meta"):
            empty = build(node, "model", Model, **facts)
    except (TypeError, RuntimeError) as error:  # a value that no constructor expects, or beyond what torch can count
        raise ValueError(f"model: can't be built as {node} ({str(error).splitlines()[0]})") from None
    if empty.digits != codec.digits:
        other = "codec=linear16" if empty.digits == 2 else "codec=mulaw8"
        raise ValueError(
            f"codec={codec.name}: codes a sample as {WORDS[codec.digits]}, and {type(empty).__name__} predicts "
            f"{WORDS[empty.digits]}; give {other} with this model, or another model"
        )
    weights = sum(p.numel() for p in empty.parameters())
    symbols = 2 * lanes * window * codec.levels  # the logits of a step, and their gradient
    what = f"training with lanes={lanes}, window={window}" if lanes else "a model"
    machine.afford(4 * (weights * (TRAINED if lanes else 1) + symbols), f"{weights:,} parameters: {what}")
    return build(node, "model", Model, **facts)
