"""A command's keys become its settings: Hydra's grammar, groups and sweeps. The only door to `hydra` and `omegaconf`.

Past it there are keyword arguments. The signature of a command's function is its schema.
"""

import contextlib
import dataclasses
import inspect
import itertools
import math
import os
import re
import sys
from typing import Any, NamedTuple

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Quote, QuotedString
from hydra.errors import HydraException
from omegaconf import MissingMandatoryValue, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from gen.base import terminal
from gen.cli.arguments import CONF, GROUPS, choices_of, functions, unknown

MOST = 10_000  # trainings of one sweep
PLUGINS = {  # of Hydra, each a package of its own, or an extra of gen
    "joblib": "gen[joblib]",
    "submitit": "gen[slurm]",
    "ray": "gen[ray]",
    "optuna": "gen[optuna]",
    "rq": "hydra-rq-launcher",
    "ax": "hydra-ax-sweeper",
    "nevergrad": "hydra-nevergrad-sweeper",
}


class Composed(NamedTuple):
    """A command's settings as plain types, the choice made in each group, and the values that a sweep gave."""

    settings: dict
    choices: dict
    swept: dict


class Ended(BaseException):
    """A training of a sweep was refused or stopped: no Exception, which Hydra would keep until the last one is done."""


def compose(name: str, command, overrides: list) -> Composed:
    """Return the settings of a command for `overrides` of its configuration. Raises ValueError, which names the key."""
    store_schema(name, command)
    with explained(name, overrides):
        config = configuration(name, overrides)
        return plain(config, config.hydra, command)


def choose(name: str, overrides: list) -> dict:
    """Return the choice that `overrides` come to in each group. Raises ValueError."""
    ConfigStore.instance().store(f"schema_{name}", {})  # that of the functions would have to import torch
    with explained(name, overrides):
        return dict(configuration(name, overrides).hydra.runtime.choices)


def configuration(name: str, overrides: list):
    """Return Hydra's configuration, its own part included."""
    with hydra.initialize_config_dir(str(CONF), job_name=name, version_base="1.3"):
        return hydra.compose(name, [literal(o, name) for o in overrides], return_hydra_config=True)


@contextlib.contextmanager
def explained(name: str, overrides: list):
    """Raise what Hydra raises in the block as a ValueError of one line."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise ValueError(explain(error, name, overrides)) from None


def sweep(name: str, command, overrides: list, job):
    """Call `job(Composed)` for each of the values that `overrides` list, in order; the first error ends it.

    With hydra/launcher= that is in other processes, and all are done before an error is told; with hydra/sweeper= the
    values are chosen by what the job returns. Raises ValueError.
    """
    store_schema(name, command)
    overrides = [literal(o, name) for o in overrides]
    swept = [o.partition("=")[0].lstrip("+") for o in overrides if parsed(o).is_sweep_override()]
    check_sweep(overrides)
    here = os.getpid()
    launched = next((o for o in overrides if re.match("hydra/launcher=(?!basic)", o)), None)

    def one(config):
        away = os.getpid() != here
        if away:
            terminal.crowded()
        try:
            return job(plain(config, HydraConfig.get(), command, swept))
        except Exception as error:
            if away:
                raise  # Hydra hands it over
            raise Ended(error) from error

    os.environ["HYDRA_FULL_ERROR"] = "1"  # its errors come here whole, to be told in one line
    sys.argv = [f"gen {name}", *overrides, "-m"]  # hydra.main reads it there
    try:
        with explained(name, overrides):
            if launched and "submitit" in launched:
                configuration(name, [launched])  # which raises where it isn't installed
                terminal.say(f"{launched}: what they say is in runs/.sweep/.submitit")
            hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(one)()
    except Ended as ended:
        raise ended.args[0] from None
    except RuntimeError as error:
        if not launched:
            raise
        raise ValueError(f"{launched}: {error}") from None  # such as that here is no cluster


def check_sweep(overrides: list):
    """Raise ValueError for overrides that stand for no value, or for too many."""
    counts = [1]
    for override in (parsed(o) for o in overrides):
        if override.is_interval_sweep():
            if not any(o.startswith("hydra/sweeper=") for o in overrides):
                raise ValueError(f"{override.input_line}: for a search in an interval add hydra/sweeper=optuna")
        elif override.is_sweep_override():
            value = override.value()
            some = value.filter(choices_of(override.key_or_group)) if isinstance(value, Glob) else None
            values = override.sweep_string_iterator() if some is None else iter(some)
            counts.append(len(list(itertools.islice(values, MOST + 1))))
            if not counts[-1]:
                raise ValueError(f"{override.input_line}: matches nothing; list the values, such as seed=1,2")
    if math.prod(counts) > MOST:
        raise ValueError(f"-m: these are more than {MOST:,} trainings; give fewer values")


def plain(config, chosen, command, swept=()) -> Composed:
    """Return a configuration as plain types; `~` in paths is replaced, which a shell leaves behind an equals sign.

    `chosen` is Hydra's own part of it, `swept` are the keys whose values are to be told of.
    """
    given = dict(o.lstrip("+").partition("=")[::2] for o in chosen.overrides.task)
    parts = {key: config._get_node(key) for key in config if key != "hydra"}
    settings: Any = OmegaConf.to_container(OmegaConf.create(parts), resolve=True, throw_on_missing=True)
    for key in getattr(command, "PATHS", ()):
        *groups, last = key.split(".")
        node = settings
        for group in groups:
            node = node[group]
        if node.get(last) == "":
            raise ValueError(f"{key}=: holds no path; give one, or leave it out")
        if isinstance(node.get(last), str):
            node[last] = os.path.expanduser(node[last])
    return Composed(settings, dict(chosen.runtime.choices), {key: given[key] for key in swept})


def store_schema(name: str, command):
    """Tell Hydra the annotated arguments of a command's functions: what it refuses wrong names and types by."""
    fields: dict = {}
    for function in functions(command):
        for key, p in inspect.signature(function).parameters.items():
            if p.annotation is not p.empty:
                kind = dict[str, Any] if p.annotation is dict else p.annotation
                fields[key] = (key, kind) if p.default is p.empty else (key, kind, dataclasses.field(default=p.default))
    usual = {key: rest[0].default for key, _, *rest in fields.values() if rest}
    OmegaConf.register_new_resolver("usual", usual.__getitem__, replace=True)
    ConfigStore.instance().store(f"schema_{name}", dataclasses.make_dataclass(name, fields.values(), kw_only=True))


def literal(override: str, name: str) -> str:
    """Return an override in Hydra's grammar: what that can't read is taken literally, as data.labels=(\\d)_*.wav.

    Raises ValueError for a group that no word is chosen in.
    """
    found = parsed(override)
    if not found:
        return quoted(*override.split("=", 1))
    group = found.key_or_group in ("hydra", *GROUPS) or found.key_or_group.startswith("hydra/")
    value = found.value() if group and not found.is_sweep_override() else "any"
    words = value if isinstance(value, list) and value else [value]
    if not all(isinstance(word, str) and re.fullmatch(r"[\w-]+", word) for word in words):
        raise ValueError(f"{override}: this is no word to choose; gen {name} --help tells what there is")
    return override


def quoted(key: str, value: str) -> str:
    """Return `key=value` in Hydra's grammar, the value taken literally."""
    text = value.replace("${", r"\${")
    return f"{key}={QuotedString(text=text, quote=Quote.single).with_quotes()}"


def parsed(override: str):
    """Return an override as Hydra's grammar reads it; None for what it can't read."""
    try:
        return OverridesParser.create().parse_override(override)
    except HydraException:
        return None


def as_yaml(composed: Composed) -> str:
    """Return settings as YAML."""
    return OmegaConf.to_yaml(OmegaConf.create(composed.settings))


def explain(error, name: str, overrides: list) -> str:
    """Return a Hydra error as one line that names the key, of those that `overrides` give."""
    if isinstance(error, MissingMandatoryValue):
        return f"{error.full_key}: this has no value yet; gen {name} --help tells what to give"
    text = " ".join(line.strip() for e in (error, error.__cause__) if e for line in str(e).splitlines() if line.strip())
    if found := re.search(r"Could not find '([\w/]+)/([^'/]+)'", text):
        return missing(found[1], found[2], text)
    if found := re.search(r"Could not override '([^']+)'", text):
        return f"{found[1]}: there is no such key; gen {name} --help lists them"
    if found := re.search(r"Error merging override (\S+)", text):
        return f"{found[1]}: {text.split(found[0])[-1].split(' full_key')[0].strip()}"
    if found := re.search(r"Ambiguous value for argument '([^']+)'", text):
        return f"{found[1]}: for a sweep over these values add -m; else write a list, [a,b], or quote it, 'a,b'"
    blamed = [o for o in overrides if "${" in o]
    return f"{' '.join(blamed)}: {text}".removeprefix(": ").split(" full_key")[0]


def missing(group: str, choice: str, text: str) -> str:
    """Return the line about a choice that a group doesn't offer, from what Hydra says of it."""
    if group in GROUPS:
        return unknown(group, choice)
    plugin = choice.partition("_")[0]
    if plugin in PLUGINS:
        return f"{group}={choice}: isn't installed here; pip install '{PLUGINS[plugin]}'"
    offered = re.search(r"Available options in '[^']+': (.+?) Config search path", text)
    return (
        f"{group}={choice}: there is no such {group}; there are {', '.join(offered[1].split()) if offered else 'none'}"
    )
