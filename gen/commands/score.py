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
OUT/NAME.html, the same under its spectrogram, to listen to. faults=on lists clicks, splices, dropouts and clipping
with their times in OUT/faults.csv, and in OUT/NAME.txt as labels for Audacity, which gen repair takes as gap= too.

  gen score ~/recordings run=runs/speech
  gen score ~/recordings/one.wav run=runs/speech faults=on png=on
"""


def run(path, run: str, label: str | None, faults: bool, png: bool, out: str):
    from gen.base import files, streams, tables, terminal
    from gen.corpus.names import find_audio
    from gen.judging import surprise
    from gen.judging.clicks import Breaks
    from gen.judging.faults import COLUMNS, plain, rows, together
    from gen.pages import surprise as page
    from gen.run.folder import name_of
    from gen.sampling.trained import Trained

    if png:
        from gen.pages import plots  # noqa: F401  early: matplotlib may be missing
    folder, names = find_audio(path)
    trained = Trained(run)
    engine = surprise.scorer(trained, run, terminal.say)
    trained.label_ids(label, 1)  # a wrong one is told before anything is heard
    single = Path(path).is_file()
    scores, found = [], {}
    for name in names:
        try:
            breaks = Breaks(trained, engine, folder / name, label) if faults else None
            one = surprise.surprise(trained, engine, folder / name, name, label, terminal.track, breaks)
            if breaks:
                found[name] = together(breaks.end(), plain(folder / name))
            scores.append(one)
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
        files.write(written[0], tables.as_csv(surprise.COLUMNS, surprise.rows(scores)))
    if faults:
        lines = [line for name in found for line in rows(name, found[name])]
        terminal.table(COLUMNS, lines)
        files.write(Path(out) / "faults.csv", tables.as_csv(COLUMNS, lines))
        written.append(Path(out) / "faults.csv")
        for name in filter(found.get, found):
            written.append(Path(out) / f"{name_of(str(Path(name).with_suffix('')))}.txt")
            files.write(written[-1], tables.as_labels(fault[:3] for fault in found[name]))
    for each in written:
        streams.show(each)
