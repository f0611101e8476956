"""What the commands do and say: their help, and a function each, whose arguments are the keys it takes."""

import math
import sys
from pathlib import Path

COMMANDS = {
    "data": "look through a folder of recordings: what is there, what to do",
    "train": "train a model on a folder of recordings",
    "sample": "generate takes from a trained model",
    "again": "make a take again, from the address in the file",
    "extend": "make a take longer",
    "evaluate": "score trained models on held-out recordings",
    "report": "write a page to listen to: takes, spectrograms, real clips, a blind test",
    "bench": "measure how fast a trained model generates here",
    "tones": "write the embedded corpus of synthetic tones",
    "doctor": "check that all works on this machine, by a training",
}
HELP = {
    "data": """gen data FOLDER [key=value ...]

Look through FOLDER before training on it: formats, lengths, levels, clipping, silence, the bandwidth really used,
copies of one recording, files that can't be read and why. Then train the model for some seconds to measure how long
it will take here and what memory it needs, and see what trivial predictors reach in bits/sample. Each finding says
what to do. It is printed, and written to data.html with pictures and a line for each file. The keys of data, codec
and model are those of gen train; what is encoded here, gen train finds done.

  gen data ~/recordings
  gen data ~/words data.rate=8000 data.labels=folder out=words.html
  gen data ~/piano model=samplernn
""",
    "train": """gen train [FOLDER] [key=value ...]

Train a model on the recordings in FOLDER (any format, rate and length, sub-folders included), or without FOLDER on a
small corpus of synthetic tones. The run is a folder runs/<name>: model.safetensors, log.jsonl, previews to listen to
and tensorboard. Each validation says in a line what the training has come to and what to try, from its bits and from
what short takes sound like: learning, plateau, overfitting, collapsed to silence, noise, or stuck in a loop. The best
model is kept; patience= ends a training that brings none better. The same command again goes on where it was stopped.
-m runs one training per value, one after the other; +experiment=leaderboard is every model for the same minutes.

  gen train
  gen train ~/recordings minutes=60
  gen train ~/words data.labels=folder data.rate=8000 model=lstm model.hidden=512 name=words
  gen train ~/words -m model=gru,lstm seed=0,1 minutes=8
  gen train ~/words -m +experiment=leaderboard && gen evaluate runs/words-*
""",
    "sample": """gen sample RUN [key=value ...]

Write takes from the model in RUN, a run folder or a model file, as 16-bit WAV or FLAC at the model's own level.
guard=on hears each second as it is made: noise, a loop, silence before any sound, or one louder than the
recordings is drawn again.

  gen sample runs/tones-tiered
  gen sample runs/words label=seven seconds=2 seed=3 temperature=0.9
  gen sample runs/piano prime=my.flac out=continued.wav
  gen sample runs/piano seconds=inf out=- | aplay
""",
    "again": """gen again TAKE [key=value ...]

Make a take again from the address that gen sample wrote into it, in TAKE-again beside it, and say whether the samples
are the same. run= and prime= say where its model and the recording it went on from are now, if they were moved.

  gen again runs/piano/takes/seed0-2.wav
""",
    "extend": """gen extend TAKE [key=value ...]

Make a take longer, in TAKE-extended beside it: the same file that gen sample would have written with more seconds.

  gen extend runs/piano/takes/seed0-2.wav seconds=20
""",
    "evaluate": """gen evaluate RUN [RUN ...] [key=value ...]

Print the bits per sample that the model in each RUN needs for the recordings held out from its training (lower is
better), beside what trivial predictors need for them, and write them to RUN/evaluate.json.

  gen evaluate runs/words
  gen evaluate runs/words-*
  gen evaluate runs/words data.path=~/other-words data.files=all
""",
    "report": """gen report RUN [RUN ...] [key=value ...]

Write one HTML file to listen to, on any computer or phone and without a network: how each RUN learned beside trivial
predictors; new takes at several temperatures and the previews of its training, each with a player, a spectrogram, the
command that makes it, and the excerpt of the training recordings that is nearest to it, so that memorising shows; real
recordings held out from training; and a blind test of real against generated, or of one run against another. png= is a
folder for the plots as files, for papers. A folder of audio without a model is a page over those files.

  gen report runs/words
  gen report runs/words-tiered runs/words-gru seconds=5 count=2 'temperatures=[0.7,1.0]' out=both.html
  gen report runs/words png=figures
  gen report samples out=samples/index.html
""",
    "bench": """gen bench RUN [json=FILE]

Print how many samples a second the model in RUN generates on this machine, one stream and 64 together, with each type
of weights, beside the reference sampler and beside what reading its weights alone would take. json= writes it too.

  gen bench runs/tones-tiered
""",
    "doctor": """gen doctor

Check what gen stands on (versions, cores, GPU, folders, audio files), then train a tiny model on a sine, through the
code of every training, and listen through both samplers whether its takes are that sine. One line a check, PASS or FAIL
with what to do; the exit code is 1 if any failed. It takes half a minute.
""",
    "tones": """gen tones FOLDER

Write the corpus of synthetic tones that gen train uses without a folder, a sub-folder for each note.
""",
}


def data(
    folder,
    data: dict,
    codec: dict,
    model: dict,
    out: str = "data.html",
    lanes: int = 32,
    window: int = 128,
    learning_rate: float = 0.002,
    optimizer: str = "adamw",
):
    from gen import files, survey_page, terminal
    from gen.build import conform
    from gen.data import load as load_corpus
    from gen.findings import findings, tables
    from gen.survey import survey
    from gen.trial import trial

    conform(data, load_corpus, "data", facts=("codec", "lanes", "track"))
    files.spare(out, survey_page.MARK)
    report = survey(folder, data["rate"], terminal.track)
    if report["files"] and not report["twins"]:  # else the findings say already what stands in the way
        try:
            report["trial"] = trial(data, codec, model, lanes, window, learning_rate, optimizer, terminal.track)
        except ValueError as error:
            report["refused"] = str(error)
    survey_page.write(out, report)
    for columns, rows in tables(report):
        terminal.table(columns, rows)
    for finding in findings(report):
        print(f"- {finding}")
    print(out)


def train(**settings):
    from gen.train import train

    if settings["minutes"] is None and settings["steps"] is None:
        settings["minutes"] = 3.0 if settings["data"]["path"] is None else 60.0
    train(**settings)


def sample(run, out: str | None = None, count: int | None = None, format: str = "wav", **settings):
    import torch

    import gen
    from gen import address, audio, terminal
    from gen.trained import LIVE, WHOLE

    formats = ("wav", "raw") if out == "-" else ("wav", "flac")
    if format not in formats:
        raise ValueError(f"format={format}: there are {' and '.join(formats)} with out={out}")
    single = out == "-" or (out is not None and Path(out).suffix.lower() in audio.WRITABLE)
    if single and out != "-":
        address.make_way(out, terminal.say)
    count = (1 if single else 4) if count is None else count
    if single and count > 1:
        raise ValueError(f"out={out}: holds one take, and count={count}; give a folder")
    trained, seconds, first = gen.load(run), settings["seconds"], settings["stream"]
    torch.set_num_threads(1)  # for the reference sampler, which has too little work to share
    block = LIVE if out == "-" else WHOLE
    blocks = trained.stream(count=count, block=block, warn=terminal.say, **settings)
    blocks = terminal.track_audio(blocks, seconds, trained.rate)
    if out == "-":
        if format == "wav":
            sys.stdout.buffer.write(audio.wav_header(trained.rate, seconds * trained.rate))
        for block in blocks:
            sys.stdout.buffer.write(audio.pcm(block[0]).tobytes())
            sys.stdout.buffer.flush()
        return
    if single:
        paths = [Path(out)]
    else:
        folder = Path(out) if out else (Path(run) if Path(run).is_dir() else Path(run).parent) / "takes"
        labels = trained.label_ids(settings["label"], count, first)
        names = [f"{trained.classes[label].replace('/', '-')}-" if trained.classes else "" for label in labels]
        paths = [folder / f"{name}seed{settings['seed']}-{first + i}.{format}" for i, name in enumerate(names)]
    comments = address.written(run, range(first, first + count), settings)
    record(blocks, [audio.Take(*how) for how in zip(paths, [trained.rate] * count, comments, strict=True)], not single)


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


def again(take, out: str | None = None, run: str | None = None, prime: str | None = None):
    remade(take, 0.0, "again", out, run, prime)


def extend(take, seconds: float = 10.0, out: str | None = None, run: str | None = None, prime: str | None = None):
    if not 0 < seconds < math.inf:
        raise ValueError(f"seconds={seconds}: this is how much longer, a length over 0")
    remade(take, seconds, "extended", out, run, prime)


def remade(take, longer, how, out, run, prime):
    """Make a take again, `longer` seconds longer than it is, and say whether it is the same."""
    from gen import address, audio, terminal

    if out is not None:
        address.make_way_beside(take, out, terminal.say)
    rate, comment, blocks = address.blocks(take, longer, run, prime, terminal.say)
    blocks = terminal.track_audio(blocks, audio.frames(take) / rate + longer, rate)
    path = out or Path(take).with_stem(f"{Path(take).stem}-{how}")
    (path,) = record(blocks, [audio.Take(path, rate, comment)], out is None)
    address.compare(take, path)
    print(f"it begins with the samples of {take}" if longer else f"the same bytes as {take}")


def doctor():
    from gen import terminal
    from gen.doctor import doctor

    passed = True
    with terminal.hushed():
        for check in doctor():
            passed &= check.passed
            print(
                f"PASS  {check.name}: {check.found}"
                if check.passed
                else f"FAIL  {check.name}: {check.found}; {check.remedy}"
            )
            sys.stdout.flush()
    sys.exit(not passed)


def evaluate(runs, data: dict):
    from gen import terminal
    from gen.evaluate import COLUMNS, evaluate, rows

    done = {run: evaluate(run, data["path"], data["files"], track=terminal.track) for run in runs}
    terminal.table(COLUMNS, rows(done))


def report(
    runs,
    data: dict,
    seconds: float | None = None,
    count: int = 4,
    temperatures: list[float] = (0.8, 0.9, 1.0),
    seed: int = 0,
    out: str | None = None,
    png: str | None = None,
):
    from gen import terminal
    from gen.report import LARGE, report

    written = report(runs, seconds, count, temperatures, seed, out, png, data["path"], terminal.track)
    for path in written:
        print(path)
    if (size := written[0].stat().st_size) > LARGE:
        terminal.say(
            f"{written[0]}: has {size / 1e6:.0f} MB, over 15: lower seconds=, count= or fewer runs suit a phone"
        )


def bench(run, json: str | None = None):
    from gen import terminal
    from gen.bench import COLUMNS, bench, table, write

    result = bench(run, terminal.say)
    terminal.table(COLUMNS, table(result))
    if json:
        write(result, json)
