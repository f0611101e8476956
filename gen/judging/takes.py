"""Takes to be judged: made by a model, plainly sampled, or files in a folder, whatever made them."""

from typing import NamedTuple

import numpy as np

from gen.base.terminal import unseen
from gen.corpus.names import label_of, list_audio
from gen.run.folder import is_run
from gen.sampling.trained import WHOLE, Trained
from gen.sound import audio

MOST = 3600.0 * 4  # seconds of takes that are made or read at most: they are held in memory
FEWEST = 8  # takes, and recordings or excerpts of them, that figures are made of


class Takes(NamedTuple):
    """Takes (T,) at a rate in Hz, of any lengths, with the names of their labels, or None."""

    waves: list
    labels: list | None


def recordings_of(paths, given: dict, otherwise: dict) -> list:
    """Return for each path, of a run or a folder of takes, what `gen train` calls its data: where its recordings are.

    A run has its own; a folder those of the first run, else `otherwise`, and the rate of its first file. What is
    `given` holds for all. Raises ValueError.
    """
    given = {key: value for key, value in given.items() if value is not None}
    runs = {path: trained_on(path) for path in paths if is_run(path)}
    first = next(iter(runs.values()), None)
    found = []
    for path in paths:
        data = runs.get(path) or first
        if data is None:
            if "path" not in given:
                raise ValueError(f"{path}: is a folder of takes, no run; give data.path= the recordings to judge it by")
            folder, names = list_audio(path)
            data = {**otherwise, "rate": audio.native_rate(folder / names[0])}
        found.append({**data, **given})
    return found


def trained_on(run) -> dict:
    """Return what a run says of the recordings that it was trained on. Raises ValueError."""
    header = Trained(run).header
    if "trained" not in header:
        raise ValueError(f"{run}: this model doesn't say what it was trained on; train it again with gen train")
    return header["trained"]["settings"]["data"]


def sampled(run, rate: int, count: int, seconds: float, settings: dict, track=unseen) -> Takes:
    """Return `count` takes of a run, a label after the other, resampled to `rate` if that isn't the model's.

    Raises ValueError.
    """
    trained = Trained(run)
    blocks = trained.stream(seconds=seconds, count=count, block=WHOLE, **settings)
    waves = np.concatenate(list(track(blocks, f"{run}: generating", round(seconds / WHOLE))), 1)
    labels = [trained.classes[i] for i in trained.label_ids(None, count)] if trained.classes else None
    return Takes([resampled(wave, trained.rate, rate) for wave in waves], labels)


def resampled(wave, rate: int, wanted: int):
    """Return a wave (T,) at the rate that is wanted."""
    return wave if rate == wanted else audio.resampled(wave, rate, wanted)


def read(folder, rate: int, labels: str, required: bool) -> Takes:
    """Return the takes in a folder, with labels as `label_of` tells them.

    Where a file's name tells none it is a ValueError if that is `required`, else no take has one. Raises ValueError too
    for a file that can't be read, for fewer of them than FEWEST and for more than are judged.
    """
    folder, found = list_audio(folder)
    if len(found) < FEWEST:
        raise ValueError(f"{folder}: holds {len(found)} takes, and {FEWEST} are needed for an estimate; make more")
    check_room(folder, sum(audio.frames(folder / name) / audio.native_rate(folder / name) for name in found))
    told = None
    try:
        told = [label_of(name, labels) for name in found]
    except ValueError:
        if required:
            raise
    return Takes([audio.read(folder / name, rate) for name in found], told if told and told[0] is not None else None)


def number(path, label: str, names: list) -> int:
    """Return the number of a take's label. Raises ValueError for one that the recordings don't have."""
    if label not in names:
        raise ValueError(
            f"{path}: a take has the label {label}, and the recordings have {', '.join(names)}; see labels="
        )
    return names.index(label)


def check_room(name, seconds: float):
    """Raise ValueError where takes of so many seconds in all are more than are judged."""
    if seconds > MOST:
        most = f"{MOST / 3600:.0f} hours are judged at most"
        raise ValueError(f"{name}: these are {seconds / 3600:.1f} hours of takes, and {most}; lower count= or long=")
