"""Build the object that a config node describes.

A node is a plain dict: `_target_`, the dotted name of a class in `gen`, and its keyword arguments. Facts known only at
run time (levels, silence, classes) are given at build and never copied into the node.
"""

import importlib
import importlib.util
import inspect
import typing
from typing import TypeVar

PLAIN = (bool, int, float, str)
Kind = TypeVar("Kind")


def build(node: dict, where: str, kind: type[Kind], **facts) -> Kind:
    """Return `node["_target_"](**rest of node, **facts)`, an object of a `kind`; nothing else is ever built.

    `where` is the node's place in the config ("model"), for error messages. A node may come from a file that somebody
    else wrote: its class lies beside the `kind`, in the same package. Raises ValueError for any other target, and for a
    key that the class doesn't have or whose type is wrong.
    """
    settings = dict(node)
    target = str(settings.pop("_target_", None))
    module, _, name = target.rpartition(".")
    room = kind.__module__.rpartition(".")[0]
    made = None
    if module.rpartition(".")[0] == room and importlib.util.find_spec(module):
        made = getattr(importlib.import_module(module), name, None)
    if not (isinstance(made, type) and issubclass(made, kind) and made is not kind and made.__module__ == module):
        raise ValueError(f"{where}._target_={target}: {room} has no such {kind.__name__}")
    conform(settings, made, where, facts)
    return made(**settings, **facts)


def conform(settings: dict, made, where: str, facts=()):
    """Raise ValueError for a key of `settings` that `made` has no argument for, or whose value has another type.

    Arguments in `facts` aren't the person's to set.
    """
    takes = {k: p for k, p in inspect.signature(made).parameters.items() if k not in facts}
    for key, value in settings.items():
        if key not in takes:
            raise ValueError(f"{where}.{key}: {made.__name__} has no such key; it has {', '.join(takes)}")
        check(f"{where}.{key}", value, takes[key].annotation)
    for key, p in takes.items():
        if p.default is p.empty and key not in settings:
            raise ValueError(f"{where}.{key}: {made.__name__} needs it, and it isn't given")


def check(key: str, value, annotation):
    """Raise ValueError unless `value` is of a plain type that `annotation` names, or a list of such; others pass."""
    types = typing.get_args(annotation) or (annotation,)
    if typing.get_origin(annotation) is list:
        if not isinstance(value, list):
            raise ValueError(f"{key}={value}: this must be a list, such as [{value}]")
        for part in value:
            check(key, part, types[0])
        return
    numbers = float in types and type(value) is int
    if not {*types} - {*PLAIN, type(None)} and type(value) not in types and not numbers:
        named = " or ".join(t.__name__ for t in types if t is not type(None))
        raise ValueError(f"{key}={value}: this must be of type {named}, not {type(value).__name__}")
