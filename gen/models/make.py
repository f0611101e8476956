"""A model from its description: for a codec it is meant for, and in the memory that there is."""

import math

import torch
from torch.overrides import TorchFunctionMode

from gen.base import machine
from gen.base.build import build
from gen.models.base import Model
from gen.sound.codec import Codec

MAKERS = {torch.empty, torch.zeros, torch.ones, torch.full, torch.randn, torch.rand, torch.arange, torch.linspace}
TRAINED = 5  # numbers for each weight in training: itself, its average, its gradient, two moments
DEEPEST = 1000  # layers
WORDS = {1: "one symbol", 2: "two symbols"}


class Counting(TorchFunctionMode):
    """Counts the numbers in the tensors that are made inside the block, each before it is; `most` are allowed.

    Raises MemoryError for more. Torch's own way, its meta device, takes more than a second to import.
    """

    def __init__(self, most: float):
        self.count, self.most = 0, most
        super().__init__()

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in MAKERS:
            size = (kwargs or {}).get("size", args[0] if args and isinstance(args[0], tuple | list) else args)
            self.count += abs(math.prod(n for n in size if isinstance(n, int)))
            if self.count > self.most:
                raise MemoryError(f"{self.count:,} numbers")
        return function(*args, **kwargs or {})


def make(
    node: dict,
    codec: Codec,
    classes: int,
    lanes: int = 0,
    window: int = 0,
    control: int = 0,
    hop: int = 0,
    most: float | None = None,
) -> Model:
    """Return the model of a config node, with its first weights; to be trained on `lanes` of `window` symbols.

    It is told frames of `control` channels, of `hop` symbols at most if its stride allows, or nothing (0).
    It is of no more than `most` numbers. Raises ValueError for one that is not meant for the `codec`, that can't be
    built, or that this machine has no memory for.
    """
    facts = {"levels": codec.levels, "silence": codec.silence, "classes": classes, "control": control, "hop": hop}
    layers = node.get("layers")
    for depth in layers if isinstance(layers, list) else [layers]:
        if isinstance(depth, int) and depth > DEEPEST:
            raise ValueError(f"model.layers={layers}: at most {DEEPEST:,} are built")
    symbols = 2 * lanes * window * codec.levels  # the logits of a step, and their gradient
    what = f"training with lanes={lanes}, window={window}" if lanes else "a model"
    each = 4 * (TRAINED if lanes else 1)  # bytes for a weight
    room = ((machine.memory() or math.inf) - 4 * symbols) / each
    counting = Counting(room if most is None else most)
    try:
        with counting:
            model = build(node, "model", Model, **facts)
    except MemoryError:
        machine.afford(each * counting.count + 4 * symbols, f"{counting.count:,} parameters: {what}")
        raise ValueError(f"model: has more than {most:,.0f} numbers") from None
    except (TypeError, RuntimeError, OverflowError) as error:  # of a value that no constructor expects
        raise ValueError(f"model: can't be built as {node} ({str(error).splitlines()[0]})") from None
    if model.digits != codec.digits:
        other = "codec=linear16" if model.digits == 2 else "codec=mulaw8"
        raise ValueError(
            f"codec={codec.name}: codes a sample as {WORDS[codec.digits]}, and {type(model).__name__} predicts "
            f"{WORDS[model.digits]}; give {other} with this model, or another model"
        )
    return model
