"""Train a classifier that names recordings."""

from gen.commands import Argument
from gen.commands.train import run_name

GROUP = "What is heard"
ARGUMENT = Argument("the folder of labelled recordings", "~/words", key="data.path")
PATHS = ("png", "data.path", "data.valid", "data.test")
HELP = """gen classifier FOLDER [key=value ...]

Learn to name recordings from those in FOLDER, labelled by sub-folder or by a pattern (data.labels). A recurrent network
over MFCC, or a support vector machine or a random forest over their statistics, is fitted to one part, chosen by the
part valid where there is a choice, and tested once on the part test. The run is a folder runs/<name>:
model.safetensors, and classifier.html, whose confusion matrix plays what was named wrong.

The table has all runs that were tested on the same recordings; -m trains several, one after the other. Recordings of
one speaker, instrument or session in training and in the test make figures that mean little for others:
data.groups='_(\\w+)_' keeps them on one side, folds=6 tests on each sixth of the groups in turn.

  gen classifier ~/words
  gen classifier ~/digits data.rate=8000 'data.labels=(\\d)_*.wav' -m classifier=lstm,svm,forest
  gen classifier ~/digits 'data.labels=(\\d)_*.wav' 'data.groups=\\d_(\\w+)_' folds=6 classifier=svm_robust augment=2
  gen classifier ~/sounds seconds=1 balance=sampling classifier.epochs=50 classifier.decision=every
"""


def complete(settings: dict, choices: dict, swept: dict):
    """Name the run after its folder, its classifier and, in a sweep, the values that this training has."""
    if settings["name"] is None:
        settings["name"] = run_name(
            settings["data"]["path"], f"classifier-{choices['classifier']}", swept, "classifier"
        )


def run(
    data: dict,
    classifier: dict,
    name: str | None,
    balance: str,
    augment: int,
    seconds: float,
    folds: int | None,
    seed: int,
    png: str | None,
):
    from gen.base import files, streams, terminal
    from gen.base.build import conform
    from gen.naming import lesson, recordings, training
    from gen.pages import confusion as page
    from gen.run.folder import CONFUSION, MODEL, run_folder
    from gen.run.lock import owning

    if png:
        from gen.pages import plots  # early: matplotlib may be missing
    parts = {key: data[key] for key in ("valid", "test") if key in data}
    folder = {key: value for key, value in data.items() if key not in parts}
    conform(folder, recordings.prepare, "data", facts=("track",))
    conform(parts, recordings.sides, "data", facts=("recorded", "folds", "seconds"))
    home, page_file = run_folder(name or ""), run_folder(name or "") / CONFUSION
    settings = {"data": data, "balance": balance, "augment": augment, "folds": folds, "seed": seed, "seconds": seconds}
    lesson.check_begun(home, classifier, settings)
    files.spare(page_file, page.MARK)
    training.make(classifier, 2, balance, augment)  # what can't be built is told before anything is read
    recorded = recordings.prepare(**folder, track=terminal.track)
    sides = recordings.sides(recorded, data["valid"], data["test"], folds, seconds)
    for note in [*recorded.notes, *recordings.notes_of(sides)]:
        terminal.say(note)
    terminal.table(*recordings.counts(recorded, sides))
    with owning(home):
        done = lesson.learn(classifier, recorded, sides, balance, augment, seed, seconds, terminal.track)
        done.classifier.trained = lesson.described(done, recorded, settings)
        done.classifier.save(home / MODEL)
    if done.folds:
        terminal.table(lesson.FOLD_COLUMNS, lesson.fold_rows(done))
    if done.tested:
        table = lesson.COLUMNS, lesson.rows(lesson.beside(home))
        terminal.table(*table)
        folds_table = (lesson.FOLD_COLUMNS, lesson.fold_rows(done)) if done.folds else None
        page.write(page_file, home.name, done, table, folds_table, terminal.track)
        streams.show(page_file)
    if png and done.tested:
        streams.show(plots.confusion(done.matrix(), done.classifier.names, png))
    streams.show(home / MODEL)
