"""Name recordings, or spot words in long ones, by a trained classifier."""

from pathlib import Path

from gen.commands import Argument

GROUP = "What is heard"
ARGUMENT = Argument("the run, then what to name", "runs/words-classifier-lstm ~/takes", many=True)
PATHS = ("out",)
HELP = """gen classify RUN PATH [PATH ...] [key=value ...]

Print what the classifier in RUN names each recording, a file or all in a folder, and how probable that is. Any format,
rate and length is read; what can't be named, as silence, is told of in a line. out= is a CSV of it.

With seconds= a recording is a timeline of words instead: what sounds between two pauses is named as a whole, longer
stretches in windows. out= is then a CSV, a label file for Audacity (.txt), a page to hear it (.html), or a folder for
the three of each recording.

  gen classify runs/words-classifier-lstm ~/takes
  gen classify runs/words-classifier-lstm ~/takes out=named.csv
  gen classify runs/words-classifier-lstm ~/lecture.mp3 seconds=0.5 out=lecture.txt
"""


def run(paths, out: str | None, seconds: float | None, hop: float, pause: float, least: float):
    from gen.base import streams, terminal
    from gen.naming import classifier as classifiers
    from gen.naming import reading, spotting

    run, *given = paths
    if not given:
        raise ValueError(f"gen classify {run}: give the recordings too, files or folders, behind the run")
    if seconds is not None:
        spotting.check(seconds, hop, pause, least)
    classifier = classifiers.load(run)
    recordings = reading.find(given)
    if seconds is None:
        found, notes = reading.name(classifier, recordings, terminal.track)
        columns, rows = (
            ("file", "label", "probability"),
            [(p, n.label, f"{n.probability:.4f}") for p, n in found.items()],
        )
        for note in notes:
            terminal.say(note)
        terminal.table(columns, rows)
        if out:
            reading.write(out, reading.as_csv(columns, rows))
            streams.show(out)
        return
    written = timelines(classifier, recordings, out, {"seconds": seconds, "hop": hop, "pause": pause, "least": least})
    for path in written:
        streams.show(path)


def timelines(classifier, recordings: list, out: str | None, settings: dict) -> list:
    """Print the words in each recording, and write them as `out` asks for; return the paths written."""
    from gen.base import terminal
    from gen.corpus.corpus import more
    from gen.naming import reading, spotting
    from gen.pages import timeline

    kind = Path(out).suffix.lower() if out else ""
    if kind in (".txt", ".html") and len(recordings) > 1:
        raise ValueError(f"out={out}: tells of one recording, and these are {len(recordings)}; give a folder or a .csv")
    columns, rows, faults, written = ("file", "start", "stop", "label", "probability"), [], [], []
    for path in recordings:
        heard = reading.read(path, classifier.rate)
        if heard.fault:
            faults.append(heard.fault)
            terminal.say(heard.fault)
            continue
        words = spotting.spot(classifier, heard.wave, **settings, track=terminal.track)
        own = [(path, f"{w.start:.3f}", f"{w.stop:.3f}", w.label, f"{w.probability:.4f}") for w in words]
        rows += own
        tables = {".csv": reading.as_csv(columns, own), ".txt": reading.as_labels(words)}
        places = [Path(out)] if out and kind in (".txt", ".html") else []
        if out and kind not in (".csv", ".txt", ".html"):
            places = [Path(out) / f"{path.stem}{kind}" for kind in (*tables, ".html")]
        for place in places:
            if place.suffix.lower() == ".html":
                timeline.write(place, path.name, heard.wave, classifier.rate, words)
            else:
                reading.write(place, tables[place.suffix.lower()])
        written += places
    if not rows and faults:
        raise ValueError(faults[0] + more(faults))
    terminal.table(columns, rows)
    if kind == ".csv":
        reading.write(out, reading.as_csv(columns, rows))
        written.append(Path(out or ""))
    return written
