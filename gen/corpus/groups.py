"""Recordings held out whole, by group: a speaker, a session, an instrument is never on both sides.

Where no groups are told of, each recording is one by itself, and each label has its share of each part. Groups that
hold copies of one recording count as one.
"""

import re
from pathlib import Path

from gen.corpus.splits import Segment, asked, bounds_of, chance, name_hash


def group_of(name: str, groups: str) -> str | None:
    """Return the group of a file, told by its path within the folder: None, its folder, or what a pattern matched.

    `groups` is "none", "folder" or a regular expression found anywhere in the path, the group in its first
    parentheses: r"\\d_(\\w+)_" makes 7_theo_3.wav one of theo's. Raises ValueError.
    """
    if groups == "none":
        return None
    if groups == "folder":
        return Path(name).parent.as_posix()
    try:
        pattern = re.compile(groups)
    except re.error as error:
        told = f"data.groups={groups}: is no regular expression ({error}), in which any text is .*"
        raise ValueError(f"{told}; give none, folder or one with a part in parentheses") from None
    if not pattern.groups:
        raise ValueError(f"data.groups={groups}: has no part in parentheses; put them around what names the group")
    found = pattern.search(name)
    if not found or not found.group(1):
        raise ValueError(
            f"{name}: data.groups={groups} finds no group in it; rename it, move it away or mend the pattern"
        )
    return found.group(1)


def joined(whole: list, groups: list) -> list:
    """Return the group of each of the `whole` recordings: without one its own content, with copies a common one."""
    same: dict[str, str] = {}

    def root(group):
        while same.setdefault(group, group) != group:
            group = same[group]
        return group

    found: dict[str, str] = {}
    own = [group or s.recording.content for s, group in zip(whole, groups, strict=True)]
    for s, group in zip(whole, own, strict=True):
        same[root(group)] = root(found.setdefault(s.recording.content, group))
    return [root(group) for group in own]


def divide(whole: list, groups: list, valid: float | str, test: float | str) -> tuple:
    """Return the Segments of the three parts of `whole` recordings, whose `groups` are names or None.

    `valid` and `test` are a share of the groups, of each label's recordings where there are none, or the path of a
    list of names, which holds whatever group it cuts in two (see `astride`). Raises ValueError.
    """
    _, listed, shares = asked(whole, valid, test)
    own = joined(whole, groups)
    buckets: dict[int, dict] = {}  # of what a share is drawn from: the hash of each group
    for s, group, told in zip(whole, own, groups, strict=True):
        if s.recording.content not in listed:
            hashed = chance(group) if told else name_hash(s.recording.name)
            buckets.setdefault(-1 if told else s.label, {}).setdefault(group, hashed)
    drawn: dict[str, int] = {}
    for hashes in buckets.values():
        bounds = bounds_of(list(hashes.values()), shares)
        drawn |= {group: 1 if h < bounds[0] else 2 if h < bounds[1] else 0 for group, h in hashes.items()}
    parts: tuple[list, list, list] = [], [], []
    for s, group in zip(whole, own, strict=True):
        parts[listed.get(s.recording.content, drawn.get(group, 0))].append(s)
    return parts


def fold(whole: list, groups: list, count: int) -> list:
    """Return in which of `count` folds each of the `whole` recordings is, groups whole and the folds alike in size.

    Without groups the labels are alike in all folds. Raises ValueError where there are fewer groups than folds.
    """
    own = joined(whole, groups)
    sizes: dict[str, int] = {}
    order: dict[str, tuple] = {}
    for s, group, told in zip(whole, own, groups, strict=True):
        sizes[group] = sizes.get(group, 0) + 1
        order.setdefault(group, (0 if told else s.label, chance(group) if told else name_hash(s.recording.name)))
    if not 2 <= count <= len(sizes):
        what = "groups" if any(groups) else "recordings"
        raise ValueError(f"folds={count}: there are {len(sizes)} {what}; give 2 to {len(sizes)} folds")
    held = [0] * count
    chosen: dict[str, int] = {}
    for group in sorted(sizes, key=lambda g: (-sizes[g], order[g])):
        chosen[group] = min(range(count), key=lambda f: (held[f], f))
        held[chosen[group]] += sizes[group]
    return [chosen[group] for group in own]


def astride(groups: list, parts: list) -> list:
    """Return the groups, sorted, of which recordings are in more than one part; `parts` tells each recording's."""
    seen: dict[str, set] = {}
    for group, part in zip(groups, parts, strict=True):
        if group is not None:
            seen.setdefault(group, set()).add(part)
    return sorted(group for group, where in seen.items() if len(where) > 1)


def one_sided(whole: list[Segment], groups: list) -> dict:
    """Return the group of each label whose recordings, several of them, are all in that one."""
    seen: dict[int, set] = {}
    for s, group in zip(whole, groups, strict=True):
        seen.setdefault(s.label, set()).add(group)
    return {label: next(iter(where)) for label, where in seen.items() if len(where) == 1 and None not in where}
