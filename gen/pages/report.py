"""What the listening page tells of runs: how they learned, takes, what they are nearest to, real clips, blind pairs.

A run is a folder that training made, or a folder of nothing but audio, whose page is over those files alone.
"""

import contextlib
import json
import math
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.base import files
from gen.base.terminal import unseen
from gen.corpus.corpus import prepare
from gen.corpus.names import list_audio
from gen.judging.nearest import Excerpt, Training
from gen.pages import judged
from gen.pages.listening import MARK, lasts, page
from gen.run.folder import PAGE, PREVIEWS, folder_of, is_run
from gen.run.log import Log, read_log
from gen.sampling import address
from gen.sampling.settings import Settings
from gen.sampling.trained import Trained
from gen.sound import audio, hearing
from gen.sound.codec import MuLaw

MOST_PREVIEWS = 12  # previews of a run shown at most, over as many times as there are
SECONDS = 1.0, 4.0  # of takes, the shortest and the longest unless one asks for more
REAL = 12  # held-out clips at most
PAIRS = 12  # of a blind comparison at most
MINUTES = 20  # of the files in a folder without a model
LARGE = 15e6  # bytes of a page that a phone opens at ease
USUAL = {
    key: getattr(Settings(), key) for key in address.SETTINGS
}  # settings of sampling that a take's address tells of


class Sound(NamedTuple):
    """Something to listen to: a wave (T,) at `rate` Hz, what it is called, and what is known of it."""

    title: str
    wave: np.ndarray
    rate: int
    label: str = ""
    temperature: float | None = None
    step: int | None = None  # of training, for a preview
    address: str = ""
    command: str = ""
    nearest: Excerpt | None = None


class Reference(NamedTuple):
    """What was recorded: held-out clips, and the training recordings to search; `note` says what is missing."""

    name: str
    real: list
    training: Training | None
    note: str

    @property
    def distances(self) -> list:
        """Those of the held-out clips from what was trained on, the smallest first."""
        return sorted(sound.nearest.distance for sound in self.real if sound.nearest)


class Run(NamedTuple):
    """A run or a folder of audio, ready to be shown; `reference` is shared by runs of the same recordings."""

    name: str
    facts: dict
    log: Log | None
    previews: list
    takes: list
    reference: Reference | None
    judged: dict | None = None  # by gen judge


def report(runs, seconds, count: int, temperatures: list, seed: int, out, png, path, track=unseen):
    """Write the page over `runs` and return the paths written, with `png` those of plots in that folder too.

    See `gather` for the takes; the page lies in the first run's folder unless `out` says where. Raises ValueError.
    """
    if png:
        from gen.pages import plots  # early: matplotlib may be missing
    if out:
        files.spare(out, MARK)
    gathered = gather(runs, seconds, count, temperatures, seed, path, track)
    home = folder_of(runs[0]) if gathered[0].reference else Path()
    written = [Path(out) if out else home / PAGE]
    files.spare(written[0], MARK)
    files.write(
        written[0], page(gathered, blind(gathered, seed), track).encode(errors="replace")
    )  # a name may be no UTF-8
    return written + (plots.write(gathered, png) if png else [])


def gather(runs, seconds, count, temperatures, seed, path, track=unseen) -> list:
    """Return a Run for each of `runs`: `count` new takes of `seconds` at each temperature, and all that is there.

    Without `seconds` they are as long as the recordings are on average, within SECONDS.
    `path` is where the recordings are that they were trained on, if not where they were. Raises ValueError.
    """
    if not (seconds is None or 0 < seconds < math.inf) or count < 1 or not temperatures:
        raise ValueError(
            f"seconds={seconds}, count={count}, temperatures={list(temperatures)}: takes have a length over 0 and an "
            "end, and there is one or more at one temperature or more"
        )
    references: dict[str, Reference] = {}
    gathered = [
        of_run(run, seconds, count, temperatures, seed, path, references, track) if is_run(run) else of_folder(run)
        for run in runs
    ]
    if len({run.name for run in gathered}) == len(runs):
        return gathered
    return [run._replace(name=str(given)) for run, given in zip(gathered, runs, strict=True)]


def of_folder(folder) -> Run:
    """Return the Run of a folder of audio files without a model."""
    try:
        folder, names = list_audio(folder)
    except ValueError as error:
        raise ValueError(f"{error}; or give a run folder that gen train made") from None
    takes = []
    rates = [audio.native_rate(folder / name) for name in names]
    minutes = sum(audio.frames(folder / name) / rate for name, rate in zip(names, rates, strict=True)) / 60
    if minutes > MINUTES:
        more = f"more than the {MINUTES} that a page has room for"
        raise ValueError(f"{folder}: holds {minutes:.0f} minutes of audio, {more}; give a folder of takes")
    for name, rate in zip(names, rates, strict=True):
        told = made_by = ""
        temperature = None
        with contextlib.suppress(ValueError):  # a file without an address is a recording like any other
            made = address.read(folder / name)
            told, temperature = json.dumps(made), made["temperature"]
            made_by = command(made["model"]["path"], made, audio.frames(folder / name) / rate)
        wave = audio.read(folder / name, rate)
        takes.append(Sound(name, wave, rate, "", temperature, None, told, made_by))
    return Run(folder.resolve().name, {"files": f"{len(takes)}"}, None, [], takes, None, judged.read(folder))


def of_run(run, seconds, count, temperatures, seed, path, references, track) -> Run:
    """Return the Run of a run folder or a model file; `references` keeps what runs share."""
    trained = Trained(run)
    folder = folder_of(run)
    history = trained.header.get("trained", {})
    log = read_log(folder, history)
    if seconds is None:
        average = history["seconds"] / history["files"] if history else SECONDS[1]
        seconds = round(min(max(average, SECONDS[0]), SECONDS[1]), 1)
    previews = read_previews(folder, trained.rate)
    takes = sampled(run, trained, seconds, count, temperatures, seed, track)
    settings = dict(history.get("settings", {}).get("data", {}))
    if path is not None:
        settings["path"] = path
    key = json.dumps([settings, trained.header["codec"], trained.rate], sort_keys=True)
    if key not in references:
        labels = [take.label for take in takes]
        references[key] = recordings(settings, trained, seconds, labels, seed, track)
    reference = references[key]
    if reference.training:
        near = reference.training.nearest([s.wave for s in previews + takes])
        previews, takes = with_nearest(previews, near), with_nearest(takes, near[len(previews) :])
    name = folder.resolve().name
    return Run(name, facts(trained, history), log, previews, takes, reference, judged.read(folder))


def with_nearest(sounds, found) -> list:
    """Return the sounds, each with its nearest excerpt."""
    return [sound._replace(nearest=excerpt) for sound, excerpt in zip(sounds, found, strict=False)]


def sampled(run, trained, seconds, count, temperatures, seed, track) -> list:
    """Return `count` new takes of each temperature as Sounds, with their addresses and commands."""
    out = []
    for temperature in track(temperatures, f"{run}: generating", len(temperatures)):
        settings = {**USUAL, "seed": seed, "temperature": temperature}
        waves = trained.sample(seconds, count, **settings)
        told = address.written(run, trained.sha256, range(count), settings, {})
        for stream, (wave, line) in enumerate(zip(waves, told, strict=True)):
            label = trained.classes[trained.label_ids(None, 1, stream)[0]] if trained.classes else ""
            title = f"At {temperature:g}: take {stream + 1}" + (f", {label}" if label else "")
            made_by = command(run, json.loads(line), seconds)
            out.append(Sound(title, wave, trained.rate, label, temperature, None, line, made_by))
    return out


def command(run, told: dict, seconds: float) -> str:
    """Return the command that makes the take of an address, quoted for a shell."""
    keys = {"seconds": seconds, "count": 1} | {key: told[key] for key in ("stream", "seed", "temperature")}
    keys |= {key: told[key] for key, usual in USUAL.items() if told[key] != usual}
    if told["prime"]:
        keys["prime"] = told["prime"]["path"]
    plain = re.compile(r"[\w./-]+")
    values = {k: v if plain.fullmatch(str(v)) else "'{}'".format(str(v).replace("'", r"\'")) for k, v in keys.items()}
    return shlex.join(["gen", "sample", str(run), *(f"{key}={value}" for key, value in values.items())])


def read_previews(folder, rate) -> list:
    """Return the previews in a run folder, MOST_PREVIEWS at most: of many steps first, then of many labels."""
    by_step: dict[int, list] = {}
    for file in sorted((folder / PREVIEWS).glob("step-*.wav")):
        if found := re.fullmatch(r"step-(\d+)-(.*)", file.stem):
            by_step.setdefault(int(found[1]), []).append((found[2], file))
    steps = sorted(by_step)
    if len(steps) > MOST_PREVIEWS:
        steps = [steps[round(i)] for i in np.linspace(0, len(steps) - 1, MOST_PREVIEWS)]
    return [
        Sound(
            f"Step {step:,}" + ("" if label == "take" else f", {label}"), audio.read(file, rate), rate, label, 1.0, step
        )
        for step in steps
        for label, file in by_step[step][: MOST_PREVIEWS // len(steps)]
    ]


def facts(trained, history) -> dict:
    """Return what is worth knowing of a run in a few words each."""
    bits = history.get("valid_bits")  # of the model that is kept, the best so far
    out = {"held out": "not measured" if bits is None else f"{bits:.3f} bits/sample"}
    if history:
        out["trained"] = f"{history['minutes']:.1f} min, {history['steps']:,} steps"
        out["recordings"] = f"{history['files']:,}, {history['seconds'] / 60:.1f} min"
    out["model"] = f"{sum(p.numel() for p in trained.model.parameters()):,} parameters"
    law = "mu-law" if isinstance(trained.codec, MuLaw) else "linear"
    out["sound"] = f"{trained.rate:,} Hz, {trained.codec.bits}-bit {law}"
    return out


def recordings(settings, trained, seconds, labels, seed, track) -> Reference:
    """Return held-out clips, with the labels of the takes if there are any, and the training segments to search."""
    if not settings:
        return Reference("the recordings", [], None, "the model doesn't tell what it was trained on")
    name = Path(settings["path"]).name if settings["path"] else "tones"
    try:
        corpus = prepare(**settings, codec=trained.codec, track=track)
    except ValueError as error:
        return Reference(name, [], None, f"{error}; data.path= says where the recordings are now")
    real = held_out(corpus, trained, seconds, labels, seed)
    training = Training(corpus.train, trained.codec, trained.rate, seed, track=track)
    real = with_nearest(real, training.nearest([sound.wave for sound in real]))
    return Reference(name, real, training, "" if real else "no recording is held out")


def held_out(corpus, trained, seconds, labels, seed) -> list:
    """Return up to REAL clips of `seconds` or less from the held-out segments, none of them silent."""
    random = np.random.default_rng(seed)
    digits, rate = trained.codec.digits, trained.rate
    waiting = [corpus.valid[i] for i in random.permutation(len(corpus.valid))]
    real = []
    for label in (labels * REAL)[:REAL]:
        fits = [s for s in waiting if label not in corpus.classes or corpus.classes[s.label] == label]
        for segment in fits:
            waiting.remove(segment)
            size = min(segment.stop - segment.start, round(seconds * rate) * digits)
            start = segment.start + int(random.integers(0, segment.stop - segment.start - size + 1)) // digits * digits
            wave = trained.codec.decode(segment.recording.read(start, start + size))
            if len(wave) and hearing.level(float(np.std(wave))) > hearing.QUIET:
                at = f" at {start / digits / rate:.1f} s" if start else ""
                kind = corpus.classes[segment.label] if corpus.classes else ""
                real.append(Sound(f"{segment.recording.name}{at}", wave, rate, kind))
                break
    return real


def blind(runs, seed: int) -> list:
    """Return the blind comparisons that the runs allow: kinds, question, which kind is right, pairs of Sounds."""
    out: list[tuple] = []
    for run in runs:
        real = list(run.reference.real) if run.reference else []
        pairs = []
        for take in np.random.default_rng(seed).permutation(len(run.takes)):
            alike = [sound for sound in real if sound.label == run.takes[take].label]
            if alike and lasts(run.takes[take]):
                real = [sound for sound in real if sound is not alike[0]]
                pairs.append((alike[0], run.takes[take]))
        out.append((("real", run.name), "Which one is the real recording?", 0, pairs))
    for index, run in enumerate(runs):
        for other in runs[index + 1 :]:
            pairs = [(a, b) for a, b in zip(run.takes, other.takes, strict=False) if lasts(a) and lasts(b)]
            out.append(((run.name, other.name), "Which one sounds better?", None, pairs))
    return [(kinds, question, right, pairs[:PAIRS]) for kinds, question, right, pairs in out if pairs]
