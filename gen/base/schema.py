"""What a file says is checked before it is used: types, ranges, the keys there must be."""

import json
import math
from typing import Any, NamedTuple


class Number(NamedTuple):
    """A rule: a number of `kind` (int, or float, which an int is as well) from `low` to `high`."""

    kind: type
    low: float = -math.inf
    high: float = math.inf

    def fault(self, value: Any) -> str | None:
        """Return what is wrong with a value, None where it holds."""
        given = type(value)
        if given is not self.kind and not (self.kind is float and given is int):
            return f"is {shown(value)}, and no {'whole ' if self.kind is int else ''}number"
        if not self.low <= value <= self.high:
            return f"is {shown(value)}, and not from {self.low:g} to {self.high:g}"
        return None


def terms(key: str, text: str, known, example: str) -> list:
    """Return the terms of a setting that is a sum of some of those `known`, each once. Raises ValueError."""
    found = text.split("+")
    if not set(found) <= set(known) or len(set(found)) < len(found):
        raise ValueError(f"{key}={text}: there are {', '.join(known)}, and sums such as {example}")
    return found


class Each(NamedTuple):
    """A rule: a dict whose keys may be any, and whose values are as `rule` says."""

    rule: Any


def check(value, rule, where: str):
    """Raise ValueError, which names the place, unless `value` is as `rule` says.

    A rule is a type; None, which nothing but None is; a Number; Each; a tuple of rules, of which one holds; a list of
    one, for each element, or of several, for as many; or a dict of rules by key, all of which are there but those that
    end in "?". Keys beside them may hold anything.
    """
    if wrong := fault(value, rule, where):
        raise ValueError(wrong)


def fault(value: Any, rule: Any, where: str) -> str | None:
    """Return what is wrong with a value; see `check`."""
    if isinstance(rule, Number):
        wrong = rule.fault(value)
        return f"{where} {wrong}" if wrong else None
    if isinstance(rule, Each):
        return fault(value, dict.fromkeys(value, rule.rule) if isinstance(value, dict) else {}, where)
    if isinstance(rule, tuple):
        faults = [fault(value, each, where) for each in rule]
        return None if None in faults else faults[0]
    kind, given = rule if isinstance(rule, type) else type(rule), type(value)
    if given is not kind:
        return f"{where} is {shown(value)}, and no {kind.__name__}"
    found = []
    if isinstance(rule, list):
        rules = rule * len(value) if len(rule) == 1 else rule
        if len(rules) != len(value):
            return f"{where} is {shown(value)}, and has not {len(rules)} parts"
        found = [fault(part, each, f"{where}[{i}]") for i, (part, each) in enumerate(zip(value, rules, strict=True))]
    elif isinstance(rule, dict):
        found = [member(value, key, each, where) for key, each in rule.items()]
    return next((each for each in found if each), None)


def member(value: dict, key: str, rule, where: str) -> str | None:
    """Return what is wrong with a dict's value of a key, which may be missing if the key ends in "?"."""
    name = key.removesuffix("?")
    if name in value:
        return fault(value[name], rule, f"{where}.{name}")
    return f"{where} has no {name}" if name == key else None


def shown(value) -> str:
    """Return a value in a few printable characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def parse(text: str):
    """Return what JSON says. Raises ValueError for what isn't JSON, for NaN, infinity, and what is nested too deep."""

    def refuse(constant):
        raise ValueError(f"holds {constant}, which is no number")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError:
        raise ValueError("is nested too deep") from None
