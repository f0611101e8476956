"""Look into trained models: what they remember, what their units do, how far gradients reach."""

from pathlib import Path

from gen.commands import Argument

GROUP = "How good"
ARGUMENT = Argument("the run to look into, and a recording to do it on", "runs/tones-tiered", many=True)
PATHS = ("out",)
HELP = """gen inspect RUN [RUN ...] [FILE] [key=value ...]

Say how far back each model remembers: how many more bits it needs where its state was reset so long ago, from 1 ms on,
and the horizon at which 95 % of what memory brings is there. How far back its training reaches: the norm of the
gradient of a prediction's cost with respect to the state so many symbols before it, of the model as it began and as it
is: it vanishes, holds or explodes. Which past samples a prediction hangs on: how far it changes where one is silence.
And what its units do: which of them go with pitch, level, onsets, voicing and label; how much of these can be read from
each layer or tier; what the model lacks without them; how long they keep what they hold.
That is over recordings held out from training, or over FILE, which may be a take. Writes OUT/memory.csv, gradients.csv,
inputs.csv, parts.csv, units.csv and inspect.html, a page for any browser, without a network, on which chosen units run
along under a sound. takes=2 adds takes of 2 s to it, as they are and without each of those units, which takes minutes.
What it says of units needs pip install 'gen[analysis]'; units=0 leaves it out.

  gen inspect runs/words
  gen inspect runs/words-elman runs/words-gru runs/words-tiered
  gen inspect runs/words ~/beginning.flac longest=1
  gen inspect runs/words units=4 takes=1
"""


def run(paths, longest: float, count: int, reach: float, units: int, takes: float, seed: int, out: str):
    from gen.base import files, streams, tables, terminal
    from gen.judging import inspect, unit_tables
    from gen.pages import inspect as page

    runs, file = inspect.told_apart(paths)
    inspect.check(longest, count, reach, units, takes)
    found = [inspect.look(each, file, longest, count, reach, units, takes, seed, terminal) for each in runs]
    terminal.table(inspect.COLUMNS, inspect.rows(found))
    studied = [(one.name, one.units) for one in found if one.units]
    for name, one in studied:
        terminal.table((f"{name}: {unit_tables.PARTS[0]}", *unit_tables.PARTS[1:]), unit_tables.part_rows(one))
    written = {
        "memory.csv": (inspect.MEMORY, inspect.memory_rows(found)),
        "gradients.csv": (inspect.GRADIENTS, inspect.gradient_rows(found)),
        "inputs.csv": (inspect.INPUTS, inspect.input_rows(found)),
    }
    if studied:
        written["parts.csv"] = unit_tables.PARTS_CSV, unit_tables.parts_csv(studied)
        written["units.csv"] = unit_tables.UNITS_CSV, unit_tables.units_csv(studied)
    for name, table in written.items():
        files.write(Path(out) / name, tables.as_csv(*table))
    page.write(Path(out) / "inspect.html", found, file)
    for name in (*written, "inspect.html"):
        streams.show(Path(out) / name)
