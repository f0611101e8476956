"""What a person typed, taken apart: paths, overrides of the configuration, the few flags there are."""

import os
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"  # in the wheel, in a clone


class Arguments(NamedTuple):
    """A command line: what stands before the first key, each `key=value`, and whether to sweep or only to show."""

    paths: list
    overrides: list
    sweep: bool
    show: bool


def read(name: str, command, argv: list) -> Arguments:
    """Return the arguments of a command. Raises ValueError for what it doesn't take."""
    words = list(argv)
    paths = []
    while words and not words[0].startswith("-") and ("=" not in words[0] or os.path.exists(words[0])):
        paths.append(os.path.expanduser(words.pop(0)))
    show, sweep = False, False
    overrides = []
    while words:
        word = words.pop(0)
        if word in ("-m", "--multirun"):
            sweep = True
        elif word == "--cfg" and words[:1] == ["job"]:
            show = bool(words.pop(0))
        elif "=" in word and word[0] != "-":
            overrides.append(word)
        elif word.startswith("-"):
            raise ValueError(f"{word}: there is no such flag; there are -m, --cfg job and --help")
        else:
            raise ValueError(f"{word}: settings are key=value; gen {name} --help lists the keys")
    check_paths(name, command.ARGUMENT, paths)
    return Arguments(paths, overrides, sweep, show)


def check_paths(name: str, argument, paths: list):
    """Raise ValueError unless there are as many paths as a command's Argument wants."""
    most = 0 if argument is None else len(paths) if argument.many else 1
    if len(paths) > most:
        raise ValueError(f"{paths[most]}: settings are key=value; gen {name} --help lists the keys")
    if argument and not argument.optional and not paths:
        raise ValueError(f"gen {name}: give {argument.what}, such as {argument.such}")


def has_keys(name: str) -> bool:
    """Return whether a command has keys."""
    return (CONF / f"{name}.yaml").exists()


def functions(command) -> list:
    """Return the functions whose annotated arguments are the keys of a command; the later ones' defaults hold."""
    return [command.run, *(command.keys() if hasattr(command, "keys") else [])]


def choices_of(group: str) -> list:
    """Return the names that a group of the configuration offers."""
    return sorted(p.stem for p in (CONF / group).glob("*.yaml"))


def unknown(group: str, choice: str) -> str:
    """Return the line about a choice that a group doesn't offer."""
    return f"{group}={choice}: there is no such {group}; there are {', '.join(choices_of(group))}"
