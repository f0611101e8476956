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
    from gen.judging.evaluate import COLUMNS, evaluate, rows

    done = {path: evaluate(path, data["path"], data["files"], track=terminal.track) for path in paths}
    terminal.table(COLUMNS, rows(done))
