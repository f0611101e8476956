"""What the commands are and what their keys mean: the list, and a command's help with the YAML it would compose."""

import importlib
import pkgutil
import re

import gen.commands
from gen.cli.arguments import CONF, choices_of, has_keys

GROUPS = ("Before training", "Training", "Takes", "How good", "This machine")  # in the order of the list


def commands() -> dict:
    """Return the commands by name, each the module of its file, in the order in which they are listed."""
    names = [found.name for found in pkgutil.iter_modules(gen.commands.__path__)]
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
        print(f"  gen {name:8}  {does[0].lower()}{does[1:]}")
    print("\ngen COMMAND --help explains a command and lists its keys")


def show_help(name: str, command, overrides: list):
    """Print what a command does and its keys: the YAML, comments and all, of what `overrides` choose in each group."""
    print(command.HELP)
    if not has_keys(name):
        return
    text = (CONF / f"{name}.yaml").read_text()
    print(text.partition("_self_\n")[2])
    for group, choice in chosen(name, command, overrides).items():
        keys = (CONF / group / f"{choice}.yaml").read_text().replace("# @package _global_\n", "")
        keys = re.sub(r"^defaults:\n(  .*\n)+\n?", "", keys, flags=re.MULTILINE)
        keys = (
            keys
            if re.search(rf"^{group}:", keys, re.MULTILINE)
            else f"{group}:\n" + re.sub("^", "  ", keys, flags=re.M)
        )
        others = " ".join(f"{group}={other}" for other in choices_of(group) if other != choice)
        print(f"# {group}={choice}; gen {name} {group}=... --help tells of others: {others}\n{keys}")


def chosen(name: str, command, overrides: list) -> dict:
    """Return the choice that `overrides` come to in each group that a command's configuration has."""
    groups = re.findall(r"^  - (\w+): \w+$", (CONF / f"{name}.yaml").read_text(), re.MULTILINE)
    if not groups:
        return {}
    from gen.cli.compose import choose

    made = choose(name, command, overrides)
    return {group: made[group] for group in groups}
