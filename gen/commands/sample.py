"""Generate takes from a trained model."""

import sys
from pathlib import Path

from gen.commands import Argument

GROUP = "Takes"
ARGUMENT = Argument("the run to sample", "runs/tones-tiered")
PATHS = ("prime", "out")
HELP = """gen sample RUN [key=value ...]

Write takes from the model in RUN, a run folder or a model file, as 16-bit WAV or FLAC at the model's own level.
guard=on hears each second as it is made: noise, a loop, silence before any sound, or one louder than the
recordings is drawn again.

  gen sample runs/tones-tiered
  gen sample runs/words label=seven seconds=2 seed=3 temperature=0.9
  gen sample runs/piano prime=my.flac out=continued.wav
  gen sample runs/piano seconds=inf out=- | aplay
"""


def keys() -> list:
    """Return the functions whose arguments are the keys of this command, beside those of `run`."""
    from gen.sampling.settings import Settings

    return [Settings]


def run(path, out: str | None, count: int | None, format: str, **settings):
    import torch

    from gen.base import terminal
    from gen.sampling import address
    from gen.sampling.trained import LIVE, WHOLE, Trained
    from gen.sound import audio

    formats = ("wav", "raw") if out == "-" else ("wav", "flac")
    if format not in formats:
        raise ValueError(f"format={format}: there are {' and '.join(formats)} with out={out}")
    single = out == "-" or (out is not None and Path(out).suffix.lower() in audio.WRITABLE)
    if single and out != "-":
        address.make_way(out, terminal.say)
    count = (1 if single else 4) if count is None else count
    if single and count > 1:
        raise ValueError(f"out={out}: holds one take, and count={count}; give a folder")
    trained = Trained(path)
    torch.set_num_threads(1)  # for the reference sampler, which has too little work to share
    blocks = trained.stream(count=count, block=LIVE if out == "-" else WHOLE, warn=terminal.say, **settings)
    blocks = terminal.track_audio(blocks, settings["seconds"], trained.rate)
    if out == "-":
        play(blocks, trained.rate, settings["seconds"], format)
        return
    names = [Path(out)] if single and out else take_paths(path, out, trained, count, format, settings)
    comments = address.written(path, range(settings["stream"], settings["stream"] + count), settings)
    record(blocks, [audio.Take(*how) for how in zip(names, [trained.rate] * count, comments, strict=True)], not single)


def play(blocks, rate: int, seconds: float, format: str):
    """Write blocks (1, n) to standard output as they come."""
    from gen.sound import audio

    if format == "wav":
        sys.stdout.buffer.write(audio.wav_header(rate, seconds * rate))
    for block in blocks:
        sys.stdout.buffer.write(audio.pcm(block[0]).tobytes())
        sys.stdout.buffer.flush()


def take_paths(run, out, trained, count: int, format: str, settings) -> list:
    """Return where the takes of a run go: into `out`, or its own folder of takes, each named by label, seed, stream."""
    from gen.run.folder import TAKES, folder_of

    folder, first = Path(out) if out else folder_of(run) / TAKES, settings["stream"]
    labels = trained.label_ids(settings["label"], count, first)
    names = [f"{trained.classes[label].replace('/', '-')}-" if trained.classes else "" for label in labels]
    return [folder / f"{name}seed{settings['seed']}-{first + i}.{format}" for i, name in enumerate(names)]


def record(blocks, takes, new: bool) -> list:
    """Write blocks (takes, n) to the files `takes`, `new` ones under free names; print and return their paths."""
    import signal

    paths = []

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for block in blocks:
            for take, wave in zip(takes, block, strict=True):
                take.write(wave)
    finally:  # stopped, or no more room: what was made is kept
        for take in takes:
            if path := take.keep(new=new):
                paths.append(path)
                print(path)
    return paths
