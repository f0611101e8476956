"""Look into trained models: what they remember, and how far gradients reach."""

from pathlib import Path

from gen.commands import Argument

GROUP = "How good"
ARGUMENT = Argument("the run to look into, and a recording to do it on", "runs/tones-tiered", many=True)
PATHS = ("out",)
HELP = """gen inspect RUN [RUN ...] [FILE] [key=value ...]

Say how far back each model remembers: how many more bits it needs where its state was reset so long ago, from 1 ms on,
and the horizon at which 95 % of what memory brings is there. And how far back its training reaches: the norm of the
gradient of a prediction's cost with respect to the state so many symbols before it, of the model as it began and as it
is: it vanishes, holds or explodes. That is over recordings held out from training, or over FILE. Writes OUT/memory.csv,
OUT/gradients.csv and OUT/inspect.html, a page for any browser, without a network.

  gen inspect runs/words
  gen inspect runs/words-elman runs/words-gru runs/words-tiered
  gen inspect runs/words ~/beginning.flac longest=1
"""


def run(paths, longest: float, count: int, reach: float, seed: int, out: str):
    from gen.base import files, streams, tables, terminal
    from gen.judging import inspect
    from gen.pages import inspect as page

    runs, file = inspect.told_apart(paths)
    inspect.check(longest, count, reach)
    found = [inspect.look(each, file, longest, count, reach, seed, terminal) for each in runs]
    terminal.table(inspect.COLUMNS, inspect.rows(found))
    written = [Path(out) / name for name in ("memory.csv", "gradients.csv", "inspect.html")]
    files.write(written[0], tables.as_csv(inspect.MEMORY, inspect.memory_rows(found)))
    files.write(written[1], tables.as_csv(inspect.GRADIENTS, inspect.gradient_rows(found)))
    page.write(written[2], found, file)
    for each in written:
        streams.show(each)
