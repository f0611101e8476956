"""Mutations of what a file says, by a seeded random: what somebody who means harm, or a bad disk, may write."""

import copy
import json
import math

DEEP = "@deep@"  # stands for JSON nested a hundred thousand times, which json.dumps can't write
ODD = [
    None, True, False, 0, -1, 1, 2**31 - 1, 2**31, 10**12, 2**63, 2**64, 10**400, 0.5, -0.0, 1e300, math.nan, math.inf,
    -math.inf, "", "x", "../x", "/etc/passwd", "\x1b[31mred", "a\nb", "\0", "\ud800", "x" * 100_000, [], [[]], [None],
    [1, 2, 3], ["a", "a"], {}, {"_target_": "os.system"}, {"_target_": "gen.run.checkpoint.save", "path": "victim.txt"},
    {"_target_": "gen.base.files.write", "path": "victim.txt", "data": "x"}, {"_target_": "gen.corpus.tones.write"},
    list(range(10_000)), DEEP,
]  # fmt: skip


def places(tree, at=()):
    """Return the paths of all that is in a tree of dicts and lists, itself first."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [at, *(path for key, value in inside for path in places(value, (*at, key)))]


def mutated(tree, chance):
    """Return a copy of a tree with one to three of its values gone, replaced by something odd, or a little off."""
    tree = json.loads(json.dumps(tree))
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        found = places(tree)[1:]
        if not found:
            break
        *above, last = chance.choice(found)
        node = tree
        for key in above:
            node = node[key]
        value, how = node[last], chance.randrange(5)
        if how == 0:
            del node[last]
        elif how == 1 and isinstance(value, int | float) and not isinstance(value, bool):
            node[last] = value * chance.choice([-1, 2, 0.5, 1000, 10**6, 10**9])
        elif how == 2 and isinstance(value, str) and value:
            at = chance.randrange(len(value))
            node[last] = value[:at] + chance.choice(["", "\x7f", "é", value, "." * 500]) + value[at + 1 :]
        elif how == 3 and isinstance(value, dict | list):
            kept = list(value.items()) if isinstance(value, dict) else list(value)
            chance.shuffle(kept)
            node[last] = dict(kept[1:]) if isinstance(value, dict) else kept[1:] + kept[1:]
        else:
            node[last] = copy.deepcopy(chance.choice(ODD))  # which the next round may change
    return tree


def written(tree) -> str:
    """Return a tree as JSON, as Python writes it (NaN and all), lone surrogates escaped."""
    return json.dumps(tree).replace(json.dumps(DEEP), "[" * 100_000 + "]" * 100_000)


def damaged(data: bytes, chance) -> bytes:
    """Return bytes cut short, with some flipped, some put in or taken out."""
    if not data:
        return b"\0"
    at, how = chance.randrange(len(data)), chance.randrange(5)
    if how == 0:
        return data[:at]
    if how == 1:
        return data[:at] + chance.randbytes(chance.choice([1, 4, 1000])) + data[at:]
    if how == 2:
        return data[:at] + data[at + chance.choice([1, 4, 1000]) :]
    made = bytearray(data)
    near = min(len(data), 2000) if how == 3 else len(data)  # headers lie at the beginning
    for _ in range(chance.choice([1, 3, 30])):
        made[chance.randrange(near)] = chance.randrange(256)
    return bytes(made)


def with_header(data: bytes, chance) -> bytes:
    """Return a safetensors file whose own header, or what gen wrote there, is mutated; its length is told rightly."""
    length = int.from_bytes(data[:8], "little")
    whole = json.loads(data[8 : 8 + length])
    if chance.random() < 0.8:
        header = json.loads(whole["__metadata__"]["gen"])
        if chance.random() < 0.7:
            header.pop("checksum", None)  # who writes a file can write its checksum
        whole["__metadata__"]["gen"] = written(mutated(header, chance))
        text = json.dumps(whole)
    else:
        text = written(mutated(whole, chance))
    text = text.encode(errors="surrogateescape") if chance.random() < 0.95 else text.encode() + b"\xff"
    return len(text).to_bytes(8, "little") + text + data[8 + length :]
