"""Generate takes from a trained model."""

import math
import sys
from pathlib import Path

from gen.commands import Argument

GROUP = "Takes"
ARGUMENT = Argument("the run to sample", "runs/tones-tiered")
PATHS = ("prime", "follow", "curves", "midi", "out")
HELP = """gen sample RUN [key=value ...]

Write takes from the model in RUN, a run folder or a model file, as 16-bit WAV or FLAC at the model's own level.
label= is one of the model's, or any. guidance= over 1 moves takes away from what the model makes where it isn't told
the label, or the curves, which takes it half as long again.
guard=on hears each second as it is made: noise, a loop, silence before any sound, or one louder than the
recordings is drawn again.
count=8 best=2 makes eight and keeps the two that the model itself finds most like their label, or without labels most
like what it learned from.
A model trained with control= is told what to play: follow= a recording, curves= a table (gen controls writes one),
midi= notes, each channel a take; or pitch= and loudness= all the time; shift= moves pitches by semitones. With
control=mel it says what a recording says, in the voice it learned; with control=constant_q it plays what a recording
plays, chords too, or all channels of midi= together.

  gen sample runs/tones-tiered
  gen sample runs/words label=seven seconds=2 seed=3 temperature=0.9
  gen sample runs/words label=seven guidance=2
  gen sample runs/words label=seven count=20 best=3
  gen sample runs/piano prime=my.flac out=continued.wav
  gen sample runs/voice follow=words.wav
  gen sample runs/violin follow=humming.wav shift=12
  gen sample runs/violin midi=song.mid
  gen sample runs/violin pitch=A4 loudness=-20 seconds=3
  gen sample runs/piano seconds=inf out=- | aplay
"""

TOGETHER = 128  # takes that are made at a time, each an open file


def keys() -> list:
    """Return the functions whose arguments are the keys of this command, beside those of `run`."""
    from gen.sampling.settings import Settings

    return [Settings]


def run(path, out: str | None, count: int | None, best: int | None, format: str, **settings):
    import torch

    from gen.base import terminal
    from gen.sampling import address, play
    from gen.sampling.settings import Settings, check_length
    from gen.sampling.trained import LIVE, WHOLE, Trained

    live, single = out == "-", out is not None and is_file(out)
    formats = ("wav", "raw") if live else ("wav", "flac")
    if format not in formats:
        raise ValueError(f"format={format}: there are {' and '.join(formats)} with out={out}")
    if single:
        address.make_way(out, terminal.say)
    check_best(best, count, live, settings["engine"])
    if (live or single) and (best or count or 1) > 1:
        raise ValueError(f"out={out}: holds one take, and count={count}; give a folder, or best=1")
    Settings(**settings, count=count).check()
    trained = Trained(path)
    if card := trained.header.get("card"):
        terminal.say(f"{path}: {card['trained']} on {card['data']} ({card['licence']})")
    torch.set_num_threads(1)  # for the reference sampler, which has too little work to share
    heard, told = address.hear_all(settings, trained.rate)
    played = play.parts(trained.curves, heard["midi"]) if "midi" in heard else range(4)
    count = count or (1 if live or single else len(played))
    seconds = settings["seconds"] = trained.length(Settings(**{**settings, **heard}))
    if not live and math.isfinite(seconds):
        check_length(seconds)

    def blocks(stream: int, count: int, block: float):
        """Return the blocks of `count` takes from `stream` on."""
        given = {**settings, **heard, "stream": stream, "count": count, "block": block}
        with address.named(settings):
            made = trained.stream(**given, warn=terminal.say)
        return terminal.track_audio(made, seconds, trained.rate)

    first = settings["stream"]
    if live:
        write_out(blocks(first, 1, LIVE), trained.rate, seconds, format)
        return
    names = [Path(out)] * count if single and out else take_paths(path, out, trained, count, format, settings)

    def write(numbers, made):
        """Write takes (n, T), blocks of them, of the streams of those `numbers`."""
        comments = address.written(path, trained.sha256, numbers, settings, told)
        some = [names[number - first] for number in numbers]
        record(made, trained.rate, zip(some, comments, strict=True), not single)

    batches = [range(at, min(at + TOGETHER, first + count)) for at in range(first, first + count, TOGETHER)]
    if best:
        import numpy as np

        kept = choose(trained, best, batches, lambda some: blocks(some[0], len(some), WHOLE), {**settings, **heard})
        write([take.stream for take in kept], [np.stack([take.wave for take in kept])])
        return
    for numbers in batches:
        write(numbers, blocks(numbers[0], len(numbers), WHOLE))


def check_best(best: int | None, count: int | None, live: bool, engine: str):
    """Raise ValueError for a number of takes to be kept that isn't one of those that are made."""
    from gen.sampling.settings import COMPILED

    if best is None:
        return
    if not count or not 0 < best < count:
        raise ValueError(f"best={best}: so many takes are kept of count={count}; give a larger count=, such as count=8")
    if live:
        raise ValueError(f"best={best}: takes are chosen when they are whole; leave best= or out=- out")
    if engine != COMPILED:
        raise ValueError(f"best={best}: takes are heard by the compiled engine; leave best= or engine={engine} out")


def choose(trained, best: int, batches, make, settings: dict) -> list:
    """Return the `best` of the takes of batches of streams, each the blocks that `make(streams)` makes, and say so."""
    import numpy as np

    from gen.base import terminal
    from gen.sampling.chosen import Chooser
    from gen.sampling.settings import Settings

    asked, chooser = Settings(**settings), Chooser(trained, best, terminal.say)
    told, primed = trained.told(asked), asked.prime
    for streams in batches:
        labels = trained.label_ids(asked.label, len(streams), streams[0])
        control = told and [told[stream % len(told)] for stream in streams]
        waves = np.concatenate(list(make(streams)), 1)
        before = None if primed is None else trained.codec.encode(primed)
        chooser.add(waves, streams, labels, control, before, terminal.track)
    for take in chooser.kept:
        what = "likelier as its label than as any other" if trained.classes else "beside recordings"
        terminal.say(f"kept stream {take.stream}: {take.score:+.4f} bits/sample {what}")
    return chooser.kept


def is_file(out) -> bool:
    """Return whether `out` is a file for one take, not a folder. Raises ValueError for another kind of file."""
    from gen.sound import audio

    path = Path(out)
    if path.is_dir():
        return False
    suffix = path.suffix.lower()
    if suffix in audio.READABLE | audio.FOREIGN and suffix not in audio.WRITABLE:
        raise ValueError(f"out={out}: takes are written as .wav or .flac; give such a name, or a folder")
    if suffix not in audio.WRITABLE and path.exists():
        raise ValueError(f"out={out}: is there already, and no folder; give a folder, or a .wav or .flac file")
    return suffix in audio.WRITABLE


def write_out(blocks, rate: int, seconds: float, format: str):
    """Write blocks (1, n) to standard output as they come."""
    from gen.base import streams
    from gen.sound import depths

    def put(data: bytes):
        with streams.output():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    if format == "wav":
        put(depths.wav_header(rate, seconds * rate))
    for block in blocks:
        put(depths.pcm(block[0]).tobytes())


def take_paths(run, out, trained, count: int, format: str, settings) -> list:
    """Return where the takes of a run go: into `out`, or its own folder of takes, each named by label, seed, stream."""
    from gen.run.folder import TAKES, folder_of, name_of

    folder, first = Path(out) if out else folder_of(run) / TAKES, settings["stream"]
    labels = trained.label_ids(settings["label"], count, first)
    names = [f"{name_of(trained.label_name(label))}-" if trained.classes else "" for label in labels]
    return [folder / f"{name}seed{settings['seed']}-{first + i}.{format}" for i, name in enumerate(names)]


def record(blocks, rate: int, named, new: bool) -> list:
    """Write blocks (takes, n) to files, `named` by path and comment, `new` ones under free names; return their paths.

    The paths are printed.
    """
    import signal

    from gen.base import streams
    from gen.sound import audio

    takes = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for path, comment in named:
            takes.append(audio.Take(path, rate, comment))
        for block in blocks:
            for take, wave in zip(takes, block, strict=True):
                take.write(wave)
    finally:  # stopped, or no more room: what was made is kept
        kept = [path for take in takes if (path := take.keep(new=new))]
        for path in kept:
            streams.show(path)
    return kept
