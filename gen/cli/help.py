"""What the commands are and what their keys mean: the list, and a command's help with the YAML it would compose."""

import importlib
import re
from pathlib import Path

import gen.commands
from gen.cli.arguments import CONF, choices_of, functions, has_keys

GROUPS = (
    "Before training",
    "Training",
    "Takes",
    "Your recordings",
    "How good",
    "What is heard",
    "This machine",
)  # in the order of the list
SHARED = ("training",)  # keys that several commands have
COMMENT = 26  # the column of the comments in conf


def commands() -> dict:
    """Return the commands by name, each the module of its file, in the order in which they are listed."""
    names = sorted(p.stem for p in Path(gen.commands.__file__).parent.glob("[a-z]*.py"))
    found = {name: importlib.import_module(f"gen.commands.{name}") for name in names}
    place = {group: number for number, group in enumerate(GROUPS)}
    return dict(sorted(found.items(), key=lambda item: (place.get(item[1].GROUP, len(place)), item[1].GROUP)))


def show_list():
    """Print the commands, a line each."""
    print("gen: train sample-level RNNs on a folder of recordings, generate, listen")
    last = None
    for name, command in commands().items():
        if last != command.GROUP:
            print(f"\n{command.GROUP}")
        last = command.GROUP
        does = command.__doc__.strip().rstrip(".")
        print(f"  gen {name:10}  {does[0].lower()}{does[1:]}")
    print("\ngen COMMAND --help explains a command and lists its keys")


def show_help(name: str, command, overrides: list):
    """Print what a command does and its keys: the YAML, comments and all, of what `overrides` choose in each group."""
    print(command.HELP)
    if not has_keys(name):
        return
    text = (CONF / f"{name}.yaml").read_text()
    shared = [
        (CONF / f"{part}.yaml").read_text() for part in re.findall(r"^  - (\w+)$", text, re.MULTILINE) if part in SHARED
    ]
    print(with_values("".join([text.partition("_self_\n")[2], *shared]), command))
    for group, choice in chosen(name, text, overrides).items():
        keys = (CONF / group / f"{choice}.yaml").read_text().replace("# @package _global_\n", "")
        keys = re.sub(r"^defaults:\n(  .*\n)+\n?", "", keys, flags=re.MULTILINE)
        if not re.search(rf"^{group}:", keys, re.MULTILINE):
            keys = f"{group}:\n" + re.sub("^(?=.)", "  ", keys, flags=re.MULTILINE)
        others = " ".join(f"{group}={other}" for other in choices_of(group) if other != choice)
        print(f"# {group}={choice}; gen {name} {group}=... --help tells of others: {others}\n{keys}")


def with_values(text: str, command) -> str:
    """Return lines of YAML with the value in place of each `${usual:key}`, which stands for what the signature has."""
    if "${usual:" not in text:
        return text  # the functions of some commands have to import torch
    import inspect
    import json

    usual = {k: p.default for made in functions(command) for k, p in inspect.signature(made).parameters.items()}

    def line(found):
        value = usual[found[1]]
        return f"{found[1]}: {value if isinstance(value, str) else json.dumps(value)}".ljust(COMMENT)

    return re.sub(r"(\w+): \$\{usual:\w+\} *", line, text)


def chosen(name: str, text: str, overrides: list) -> dict:
    """Return the choice that `overrides` come to in each group that a command's configuration `text` has."""
    groups = re.findall(r"^  - (\w+): \w+$", text, re.MULTILINE)
    if not groups:
        return {}
    from gen.cli.compose import choose

    made = choose(name, overrides)
    return {group: made[group] for group in groups}
