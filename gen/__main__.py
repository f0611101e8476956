"""The commands. The only door to `hydra` and `omegaconf`; past it there are keyword arguments."""

import dataclasses
import inspect
import os
import re
import sys
from pathlib import Path
from typing import Any

from gen import commands
from gen.commands import COMMANDS, HELP

PATHS = {"path", "valid", "files", "prime", "out", "json", "run", "png"}
SEVERAL = {"evaluate", "report"}  # commands of several runs


def conf() -> Path:
    """Return the folder of YAML files: in the wheel beside this file, in a clone beside the package."""
    here = Path(__file__).resolve().parent
    return here / "conf" if (here / "conf").is_dir() else here.parent / "conf"


def schema(name, *functions):
    """Return a dataclass of the annotated arguments of `functions`: what Hydra refuses wrong names and types by."""
    fields = {}
    for function in functions:
        for key, p in inspect.signature(function).parameters.items():
            if p.annotation is dict:
                fields[key] = (key, dict[str, Any], dataclasses.field(default_factory=dict))
            elif p.annotation is not p.empty:
                fields[key] = (key, p.annotation, dataclasses.field(default=p.default))
    return dataclasses.make_dataclass(name, fields.values())


def run_hydra(command, argv):
    """Compose the configuration of `command` from `argv` and call its function with it."""
    import hydra
    from hydra.core.config_store import ConfigStore
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import MissingMandatoryValue, OmegaConf

    paths = []
    while argv and not argv[0].startswith("-") and ("=" not in argv[0] or os.path.exists(argv[0])):
        paths.append(argv.pop(0))
    if len(paths) > 1 and command not in SEVERAL:
        raise ValueError(f"{paths[1]}: settings are key=value; gen {command} --help lists the keys")
    path = paths[0] if paths else None
    if command == "train":
        from gen.train import train as loop

        fields = schema(command, loop)
        if path is not None:
            argv.insert(0, quoted("data.path", path))
        if not any(a.startswith(("data.path=", "data=")) for a in argv):
            argv.insert(0, "data=tones")
    elif path is None:
        kind, such = ("take", "takes/seed0-0.wav") if command in ("again", "extend") else ("run", "runs/tones-tiered")
        kind, such = ("folder", "~/recordings") if command == "data" else (kind, such)
        verbs = {"again": "make again", "bench": "measure", "data": "look through", "report": "show"}
        verb = verbs.get(command, command)
        raise ValueError(f"gen {command}: give the {kind} to {verb}, such as {such}")
    else:
        fields = schema(command, getattr(commands, command))
        if command == "data":
            argv.insert(0, quoted("data.path", path))
    if command == "sample":
        from gen.trained import Trained

        fields = schema(command, Trained.stream, commands.sample)
    ConfigStore.instance().store(f"schema_{command}", fields)
    failed = []

    def job(cfg):
        if failed:  # a sweep ends with the first training that was stopped or refused
            return
        try:
            settings = at_home(OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True))
            if command != "train":
                return getattr(commands, command)(paths if command in SEVERAL else path, **settings)
            if settings["name"] is None:
                choice = HydraConfig.get()
                folder = Path(settings["data"]["path"] or "tones").resolve().stem
                settings["name"] = f"{folder}-{choice.runtime.choices.model}"
                values = dict(override.lstrip("+").partition("=")[::2] for override in choice.overrides.task)
                settings["name"] += "".join(f"-{key}-{values[key]}" for key in swept if key != "model")
            commands.train(**settings)
        except BaseException as error:  # Hydra would print its own lines about it
            failed.append(error)

    os.environ["HYDRA_FULL_ERROR"] = "1"  # its errors come here whole, to be told in one line
    for before, argument in zip(["", *argv], argv, strict=False):
        if "=" not in argument and argument[0] not in "-~" and not before.startswith("-"):
            raise ValueError(f"{argument}: settings are key=value; gen {command} --help lists the keys")
    # a value that Hydra's grammar can't read is taken literally, such as data.labels=(\d)_*.wav
    argv = [a if a[0] == "-" or "=" not in a or parsed(a) else quoted(*a.split("=", 1)) for a in argv]
    swept = [a.partition("=")[0].lstrip("+") for a in argv if (read := parsed(a)) and read.is_sweep_override()]
    argv.sort(key=lambda a: a.startswith("-") or (a[0] != "~" and "=" not in a))  # argparse wants the keys side by side
    sys.argv = [f"gen {command}", *argv]
    try:
        hydra.main(version_base="1.3", config_path=str(conf()), config_name=command)(job)()
    except Exception as error:
        if type(error).__module__.startswith(("hydra", "omegaconf")):
            raise ValueError(explain(error, command)) from None
        raise
    if failed:
        if isinstance(failed[0], MissingMandatoryValue):
            raise ValueError(f"{failed[0].full_key}: this has no value yet; gen {command} --help tells what to give")
        raise failed[0]


def at_home(settings) -> dict:
    """Return the settings, paths as text with ~ replaced, which a shell leaves alone behind an equals sign."""

    def of(key, value):
        if key == "data":
            return at_home(value)
        number = isinstance(value, int | float) and (key == "valid" or isinstance(value, bool))
        return value if key not in PATHS or value is None or number else os.path.expanduser(str(value))

    return {key: of(key, value) for key, value in settings.items()}


def quoted(key, value) -> str:
    """Return `key=value` in Hydra's grammar, the value taken literally."""
    from hydra.core.override_parser.types import Quote, QuotedString

    text = value.replace("${", r"\${")
    return f"{key}={QuotedString(text=text, quote=Quote.single).with_quotes()}"


def parsed(argument):
    """Return an argument as Hydra's grammar reads it; None for a flag, and for what it can't read."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        return None if argument.startswith("-") else OverridesParser.create().parse_override(argument)
    except HydraException:
        return None


def explain(error, command) -> str:
    """Return a Hydra error as one line that names the key."""
    text = " ".join(line.strip() for e in (error, error.__cause__) if e for line in str(e).splitlines() if line.strip())
    if found := re.search(r"Could not find '(\w+)/([^']+)'", text):
        group, choice = found.groups()
        return unknown(group, choice)
    if found := re.search(r"Could not override '([^']+)'", text):
        return f"{found[1]}: there is no such key; gen {command} --help lists them"
    if found := re.search(r"Error merging override (\S+)", text):
        return f"{found[1]}: {text.split(found[0])[-1].split(' full_key')[0].strip()}"
    return text.split(" full_key")[0]


def choices(group) -> list:
    """Return the names that a group of the configuration offers."""
    return sorted(p.stem for p in (conf() / group).glob("*.yaml"))


def unknown(group, choice) -> str:
    """Return the line about a choice that a group doesn't offer."""
    return f"{group}={choice}: there is no such {group}; there are {', '.join(choices(group))}"


def help_of(command, argv):
    """Print what a command does and the keys it has, the YAML files with their comments; of groups, those in `argv`."""
    print(HELP[command])
    if not (conf() / f"{command}.yaml").exists():
        return
    print((conf() / f"{command}.yaml").read_text().partition("_self_\n")[2])
    chosen = {"data": "folder", "codec": "mulaw8", "model": "tiered"} if command in ("train", "data") else {}
    for group in chosen:
        choice = ([a.partition("=")[2] for a in argv if a.startswith(f"{group}=")] or [chosen[group]])[-1]
        if choice not in choices(group):
            raise ValueError(unknown(group, choice))
        text = (conf() / group / f"{choice}.yaml").read_text().replace("# @package _global_\n", "")
        keys = text if text.startswith("model:") else f"{group}:\n" + text
        others = " ".join(f"{group}={other}" for other in choices(group) if other != choice)
        print(f"# {group}={choice}; gen {command} {group}=... --help tells of others: {others}\n{keys}")


def main():
    """Run the command in sys.argv; exit 1 with one line on standard error when the input is wrong."""
    command, *argv = sys.argv[1:] or [None]
    if command in (None, "-h", "--help"):
        print("gen: train sample-level RNNs on a folder of recordings, generate, listen\n")
        for name, does in COMMANDS.items():
            print(f"  gen {name:8} {does}")
        print("\ngen COMMAND --help explains a command and lists its keys")
        return
    if command not in COMMANDS:
        sys.exit(f"gen {command}: there is no such command; there are {', '.join(COMMANDS)}")
    try:
        if {"-h", "--help"} & set(argv):
            help_of(command, argv)
        elif command == "doctor":
            if argv:
                raise ValueError(f"{argv[0]}: gen doctor takes no settings")
            commands.doctor()
        elif command == "tones":
            from gen import tones

            if len(argv) != 1:
                raise ValueError("gen tones: give the folder to write to")
            tones.write(argv[0])
        else:
            run_hydra(command, argv)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ == "Interrupted":
            sys.stderr.write(f"{error}\n")
            sys.exit(128 + error.number)
        if "GEN_TRACEBACK" in os.environ:
            raise
        sys.exit(one_line(error))


def one_line(error) -> str:
    """Return an error as one line for the person."""
    text = " ".join(str(error).split())
    if isinstance(error, ValueError):
        return text
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'the disk'}: {error.strerror}"
    if "out of memory" in text or isinstance(error, MemoryError):
        return "the memory is full: try fewer lanes=, a shorter window= or a smaller model"
    return f"{type(error).__name__}: {text}: a defect of gen; please report it with what GEN_TRACEBACK=1 shows"


if __name__ == "__main__":
    main()
