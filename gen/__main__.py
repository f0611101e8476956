"""The commands. The only door to `hydra` and `omegaconf`; past it there are keyword arguments."""

import dataclasses
import inspect
import os
import sys
from pathlib import Path

COMMANDS = {
    "train": "train a model on a folder of recordings",
    "sample": "generate takes from a trained model",
    "tones": "write the embedded corpus of synthetic tones",
}
HELP = {
    "train": """gen train [FOLDER] [key=value ...]

Train a model on the recordings in FOLDER (any format, rate and length, sub-folders included), or without FOLDER on a
small corpus of synthetic tones. The run is a folder runs/<name>: model.safetensors, log.jsonl, previews to listen to
and tensorboard. The same command again goes on where it was stopped. -m runs one training per value: model=gru,lstm

  gen train
  gen train ~/recordings minutes=60
  gen train ~/words data.labels=folder data.rate=8000 model=lstm model.hidden=512 name=words
""",
    "sample": """gen sample RUN [key=value ...]

Write takes from the model in RUN, a run folder or a model file, as 16-bit WAV or FLAC at the model's own level.

  gen sample runs/tones-gru
  gen sample runs/words label=seven seconds=2 seed=3 temperature=0.9
  gen sample runs/piano prime=my.flac out=continued.wav
""",
    "tones": """gen tones FOLDER

Write the corpus of synthetic tones that gen train uses without a folder, a sub-folder for each note.
""",
}


def conf() -> Path:
    """Return the folder of YAML files: in the wheel beside this file, in a clone beside the package."""
    here = Path(__file__).resolve().parent
    return here / "conf" if (here / "conf").is_dir() else here.parent / "conf"


def train(data, codec, model, **settings):
    from gen import cache, tones
    from gen.train import train

    if data["path"] is None:
        data["path"] = str(cache.root() / "tones")
        tones.write(data["path"])
    if settings["minutes"] is None and settings["steps"] is None:
        settings["minutes"] = 3.5 if Path(data["path"]) == cache.root() / "tones" else 60.0
    train(data=data, codec=codec, model=model, **settings)


def sample(run, out=None, count=None, **settings):
    import gen
    from gen import audio, terminal

    single = out is not None and Path(out).suffix.lower() in audio.WRITABLE
    count = count or (1 if single else 4)
    if single and count > 1:
        raise ValueError(f"out={out}: is one file, and count={count}; give a folder")
    trained = gen.load(run)
    folder = Path(out) if out else (Path(run) if Path(run).is_dir() else Path(run).parent) / "takes"
    waves = trained.sample(count=count, track=terminal.track, **settings)
    for stream, wave in enumerate(waves):
        label = trained.label_ids(settings["label"], count)[stream]
        name = f"{trained.classes[label]}-" if trained.classes else ""
        path = Path(out) if single else folder / f"{name.replace('/', '-')}seed{settings['seed']}-{stream}.wav"
        audio.write(path, wave, trained.rate)
        print(path)


def schema(function, **extra):
    """Return a dataclass of a function's keyword arguments: what Hydra refuses wrong names and types by."""
    from typing import Any

    fields = []
    for key, p in inspect.signature(function).parameters.items():
        default = dataclasses.MISSING if p.default is inspect.Parameter.empty else p.default
        kind = dict[str, Any] if p.annotation is dict else p.annotation
        value = (
            dataclasses.field(default_factory=dict) if kind == dict[str, Any] else dataclasses.field(default=default)
        )
        fields.append((key, kind, value))
    fields += [(key, kind, dataclasses.field(default=default)) for key, (kind, default) in extra.items()]
    return dataclasses.make_dataclass(function.__name__, fields)


def run_hydra(command, argv):
    """Compose the configuration of `command` from `argv` and call its function with it."""
    import hydra
    from hydra.core.config_store import ConfigStore
    from hydra.core.hydra_config import HydraConfig
    from hydra.core.override_parser.types import Quote, QuotedString
    from omegaconf import OmegaConf

    path = (
        argv.pop(0)
        if argv and not argv[0].startswith("-") and ("=" not in argv[0] or os.path.exists(argv[0]))
        else None
    )
    store = ConfigStore.instance()
    if command == "train":
        from gen.train import train as loop

        store.store("schema_train", schema(loop))
        if path is not None:
            text = QuotedString(text=path.replace("${", "\\${"), quote=Quote.single).with_quotes()
            argv.append(f"data.path={text}")
        if not any(a.startswith(("data.path=", "data=")) for a in argv):
            argv.insert(0, "data=tones")
    else:
        from gen.sample import Trained

        keys = {k: v for k, v in inspect.signature(Trained.sample).parameters.items() if k not in ("self", "track")}
        stub = lambda: None  # noqa: E731
        stub.__signature__ = inspect.Signature([p.replace(annotation=p.annotation) for p in keys.values()])
        made = schema(stub, out=(str | None, None))
        store.store("schema_sample", made)

    def job(cfg):
        settings = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
        if command == "sample":
            return sample(path, **settings)
        if settings["name"] is None:
            choice = HydraConfig.get()
            folder = Path(settings["data"]["path"] or "tones").resolve().stem
            settings["name"] = f"{folder}-{choice.runtime.choices.model}"
            if choice.mode.name == "MULTIRUN" and choice.job.override_dirname:
                settings["name"] += f"-{choice.job.override_dirname}"
        return train(**settings)

    if command == "sample" and path is None:
        raise ValueError("gen sample: give the run to sample from, such as runs/tones-gru")
    os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here whole, to be told in one line
    sys.argv = [f"gen {command}", *argv]
    failed = []

    def guarded(cfg):
        try:
            job(cfg)
        except BaseException as error:  # Hydra would print its own lines about it
            failed.append(error)

    hydra.main(version_base="1.3", config_path=str(conf()), config_name=command)(guarded)()
    if failed:
        raise failed[0]


def explain(error) -> str:
    """Return a Hydra error as one line."""
    lines = [line.strip() for e in (error, error.__cause__) if e for line in str(e).splitlines() if line.strip()]
    lines = [
        line for line in dict.fromkeys(lines) if not line.startswith(("To append", "object_type", "reference_type"))
    ]
    return "; ".join(lines)


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
    if {"-h", "--help"} & set(argv):
        print(HELP[command])
        for keys in [conf() / f"{command}.yaml"] + [conf() / "data" / "folder.yaml"] * (command == "train"):
            if keys.exists():
                print(keys.read_text().partition("_self_\n")[2] or f"\ndata:\n{keys.read_text()}")
        return
    try:
        if command == "tones":
            from gen import tones

            if len(argv) != 1:
                raise ValueError("gen tones: give the folder to write to")
            tones.write(argv[0])
            return
        run_hydra(command, argv)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except Exception as error:
        if type(error).__name__ == "Interrupted":
            sys.stderr.write(f"{error}\n")
            sys.exit(128 + error.number)
        if isinstance(error, ValueError):
            sys.stderr.write(f"{error}\n")
        elif type(error).__module__.startswith(("hydra", "omegaconf")):
            sys.stderr.write(f"{explain(error)}\n")
        else:
            raise
        sys.exit(1)


if __name__ == "__main__":
    main()
