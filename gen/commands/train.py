"""Train a model on a folder of recordings."""

import os
from pathlib import Path

from gen.commands import Argument

GROUP = "Training"
ARGUMENT = Argument("the folder of recordings", "~/recordings", key="data.path", optional=True)
PATHS = ("data.path", "data.valid", "data.test", "start")
HELP = """gen train [FOLDER] [key=value ...]

Train a model on the recordings in FOLDER (any format, rate and length, sub-folders included), or without FOLDER on a
small corpus of synthetic tones. The run is a folder runs/<name>: model.safetensors, log.jsonl, previews to listen to
and tensorboard. Each validation says in a line what the training has come to and what to try, from its bits and from
what short takes sound like: learning, plateau, overfitting, held-out part unlike the rest, collapsed to silence, noise,
or stuck in a loop. The best model is kept; patience= ends a training that brings none better. The same command again
goes on where it was stopped.
reverse=on has it learn them backward in time, for gen repair and gen bridge, which take such a run as back=.
control=mel, constant_q (levels by semitone), or pitch+loudness tells the model these curves of the recordings as it
learns: gen sample follow=, midi= and pitch= then play it. unlabelled=0.1 leaves labels out in a tenth of it, for gen
sample guidance= and label=any. vary=gain+speed+polarity changes each recording a little each time it is read, for when
they are few. start=speech begins with the weights of a model that comes with gen, or of another run.
-m runs one training per value, one after the other; hydra/launcher=joblib, submitit_slurm or ray has them side by side.
+experiment=leaderboard is every model for the same minutes.

  gen train
  gen train ~/recordings minutes=60
  gen train ~/words data.labels=folder data.rate=8000 model=lstm model.hidden=512 name=words
  gen train ~/violin control=pitch+loudness
  gen train ~/words -m model=gru,lstm seed=0,1 minutes=8
  gen train ~/words -m +experiment=leaderboard && gen evaluate runs/words-*
"""


def keys() -> list:
    """Return the functions whose arguments are the keys of this command, beside those of `run`."""
    from gen.training.loop import train

    return [train]


def absent() -> list:
    """Return the settings that hold where no folder is given: the tones that gen makes itself."""
    return ["data=tones"]


def complete(settings: dict, choices: dict, swept: dict):
    """Name the run after its folder, its model and, in a sweep, the values that this training has."""
    if settings["name"] is None:
        name = run_name(settings["data"]["path"] or "tones", choices["model"], swept, "model")
        settings["name"] = f"{name}-reverse" if settings.get("reverse") and "reverse" not in swept else name


def run_name(folder, kind: str, swept: dict, chosen: str) -> str:
    """Return the name of a run on a folder: that, its kind and, but for those of the group `chosen`, values swept."""
    from gen.run.folder import name_of

    path = Path(os.path.realpath(str(folder)))
    stem = path.stem if path.is_file() else path.name  # a folder's name may hold dots
    values = [f"-{key}-{value}" for key, value in swept.items() if key != chosen]
    return name_of(f"{stem}-{kind}{''.join(values)}")


def run(reverse: bool, **settings) -> float | None:
    """Train; return the least bits/sample held out, which a sweeper that searches goes by, None where none are."""
    from gen.run.log import read_log
    from gen.training.loop import train

    if reverse:
        if settings["control"]:
            raise ValueError("reverse=on: curves are told as time goes; leave control= out")
        settings["data"]["reverse"] = True
    if settings["minutes"] is None and settings["steps"] is None:
        settings["minutes"] = 3.0 if settings["data"]["path"] is None else 60.0
    log = read_log(train(**settings), {})
    return min(log.valid.values(), default=None) if log else None
