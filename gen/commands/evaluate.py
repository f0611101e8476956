"""Score trained models on held-out recordings."""

from gen.commands import Argument

GROUP = "How good"
ARGUMENT = Argument("the run to evaluate", "runs/tones-tiered", many=True)
PATHS = ("data.path", "data.files")
HELP = """gen evaluate RUN [RUN ...] [key=value ...]

Print the bits per sample that the model in each RUN needs for the recordings held out from its training (lower is
better), beside what trivial predictors need for them, and write them to RUN/evaluate.json. These are its part test
where it was trained with data.test=, else valid, by which training chose the model; the table says which.

  gen evaluate runs/words
  gen evaluate runs/words-*
  gen evaluate runs/words data.path=~/other-words data.files=all
"""


def run(paths, data: dict):
    from gen.base import terminal
    from gen.base.build import check
    from gen.judging.evaluate import COLUMNS, measure, rows, write

    for key, value in data.items():
        check(f"data.{key}", value, str | None)
    done = {}
    try:
        for path in paths:
            done[path] = measure(path, data["path"], data["files"], track=terminal.track)
    finally:  # nothing is lost where one can't be scored, or its table can't be shown
        try:
            if done:
                terminal.table(COLUMNS, rows(done))
        finally:
            for path, result in done.items():
                write(path, result)
