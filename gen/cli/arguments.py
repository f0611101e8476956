"""What a person typed, taken apart: paths, overrides of the configuration, the few flags there are."""

import os
import re
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
CONF = HERE / "conf" if (HERE / "conf").is_dir() else HERE.parent / "conf"  # in the wheel, in a clone
GROUPS = sorted(p.name for p in CONF.iterdir() if p.is_dir())
SETTING = re.compile(r"(~|\+{0,2})(\w+)((?:[./@:]\w+)*)=", re.ASCII)  # the key of an override, in Hydra's grammar


class Arguments(NamedTuple):
    """A command line: what stands before the first key, each `key=value`, and whether to sweep or only to show."""

    paths: list
    overrides: list
    sweep: bool
    show: bool


def read(name: str, command, argv: list) -> Arguments:
    """Return the arguments of a command. Raises ValueError for what it doesn't take."""
    if "" in argv:
        raise ValueError(
            f"gen {name}: an argument is empty; is a variable of the shell unset? leave it out, or mend it"
        )
    words = list(argv)
    paths = []
    while words and is_path(name, command, words[0]):
        paths.append(os.path.expanduser(words.pop(0)))
    show, sweep = False, False
    overrides = []
    while words:
        word = words.pop(0)
        if word in ("-m", "--multirun"):
            sweep = True
        elif word == "--cfg":
            if words[:1] != ["job"]:
                raise ValueError("--cfg: there is one thing that it shows: --cfg job")
            show = bool(words.pop(0))
        elif word.startswith("-"):
            raise ValueError(f"{word}: there is no such flag; there are -m, --cfg job and --help")
        elif found := SETTING.match(word):
            overrides.append(plain_key(name, word, *found.groups()))
        else:
            raise ValueError(f"{word}: settings are key=value; gen {name} --help lists the keys")
    if not has_keys(name) and (overrides or sweep or show):
        raise ValueError(f"gen {name}: takes no settings; leave out what stands behind it")
    return Arguments(paths, overrides, sweep, show)


def is_path(name: str, command, word: str) -> bool:
    """Return whether one of a command's first words is a path; with an equals sign it is where there is such a file.

    A setting is a setting, though a file be called like it.
    """
    if "=" not in word or word.startswith("-"):
        return not word.startswith("-")
    if not os.path.lexists(os.path.expanduser(word)):
        return False
    found = SETTING.match(word)
    if not (found and has_keys(name) and found[2] in {"hydra", *GROUPS, *keys_of(command)}):
        return True
    from gen.base import terminal  # which imports rich

    terminal.say(f"{word}: taken as the setting; the file of that name is ./{word}")
    return False


def plain_key(name: str, word: str, sign: str, first: str, rest: str) -> str:
    """Return an override, whose key these parts make; raise ValueError if it takes a key away or adds one."""
    if sign == "~":
        raise ValueError(f"{word}: a key can't be taken away; give it a value, or leave it as it is")
    if not sign or first == "hydra":
        return word
    if sign == "++":
        return word[2:]
    if first not in GROUPS or rest.startswith("."):
        raise ValueError(f"{word}: + is for +experiment=; gen {name} --help lists the keys that there are")
    return word


def check_paths(name: str, argument, given: Arguments):
    """Raise ValueError unless there are as many paths as a command's Argument wants."""
    paths = given.paths
    most = 0 if argument is None else len(paths) if argument.many else 1
    if len(paths) > most:
        raise ValueError(f"{paths[most]}: settings are key=value; gen {name} --help lists the keys")
    if argument and not argument.optional and not paths:
        raise ValueError(f"gen {name}: give {argument.what}, such as {argument.such}")
    if paths and argument.key and (twice := [o for o in given.overrides if o.startswith(f"{argument.key}=")]):
        raise ValueError(f"{twice[0]}: {argument.what} is given already, as {paths[0]}; give one of them")


def has_keys(name: str) -> bool:
    """Return whether a command has keys."""
    return (CONF / f"{name}.yaml").exists()


def functions(command) -> list:
    """Return the functions whose annotated arguments are the keys of a command; the later ones' defaults hold."""
    return [command.run, *(command.keys() if hasattr(command, "keys") else [])]


def keys_of(command) -> set:
    """Return the keys of a command."""
    import inspect

    found = (p for function in functions(command) for p in inspect.signature(function).parameters.values())
    return {p.name for p in found if p.annotation is not p.empty}


def choices_of(group: str) -> list:
    """Return the names that a group of the configuration offers."""
    return sorted(p.stem for p in (CONF / group).glob("*.yaml"))


def unknown(group: str, choice: str) -> str:
    """Return the line about a choice that a group doesn't offer."""
    return f"{group}={choice}: there is no such {group}; there are {', '.join(choices_of(group))}"
