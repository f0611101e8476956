"""Find what surprises a trained model in recordings."""

from pathlib import Path

from gen.commands import Argument

GROUP = "Your recordings"
ARGUMENT = Argument("the recording to score, or a folder of them", "~/recordings/one.wav")
PATHS = ("run", "out")
HELP = """gen score PATH run=RUN [key=value ...]

Say how surprised the model in RUN is by recordings, in bits a sample, beside how surprised it expected to be: what is
far over that, the model doesn't know, a fault in the recording or another kind of sound. Of a folder the files are
ranked, the most surprising first, in OUT/files.csv. Of one file there are OUT/NAME.csv, the surprise each 10 ms, and
OUT/NAME.html, the same under its spectrogram, to listen to.

  gen score ~/recordings run=runs/speech
  gen score ~/recordings/one.wav run=runs/speech png=on
"""


def run(path, run: str, label: str | None, png: bool, out: str):
    from gen.base import files, streams, terminal
    from gen.corpus.names import find_audio
    from gen.judging import surprise
    from gen.pages import surprise as page
    from gen.sampling.trained import Trained

    if png:
        from gen.pages import plots  # noqa: F401  early: matplotlib may be missing
    folder, names = find_audio(path)
    trained = Trained(run)
    engine = surprise.scorer(trained, run, terminal.say)
    trained.label_ids(label, 1)  # a wrong one is told before anything is heard
    single = Path(path).is_file()
    scores = []
    for name in names:
        try:
            scores.append(surprise.surprise(trained, engine, folder / name, name, label, terminal.track))
        except ValueError as error:
            if single:
                raise
            terminal.say(f"skipped {error}")
    if not scores:
        raise ValueError(f"{path}: no recording in it can be read; gen data {path} says why")
    scores = surprise.ranked(scores)
    terminal.table(surprise.COLUMNS, surprise.rows(scores))
    own = trained.header.get("trained", {}).get("valid_bits")
    for line in filter(None, (surprise.strange(one, own) for one in scores)):
        terminal.say(line)
    if single:
        written = page.write(scores[0], path, trained.rate, run, out, png)
    else:
        written = [Path(out) / "files.csv"]
        files.write(written[0], surprise.table(surprise.COLUMNS, surprise.rows(scores)))
    for each in written:
        streams.show(each)
