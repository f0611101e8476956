"""Measure how fast a trained model generates here."""

from gen.commands import Argument

GROUP = "How good"
ARGUMENT = Argument("the run to measure", "runs/tones-tiered")
PATHS = ("json",)
HELP = """gen bench RUN [json=FILE]

Print how many samples a second the model in RUN generates on this machine, one stream and 64 together, with each type
of weights, beside the reference sampler and beside what reading its weights alone would take. json= writes it too.

  gen bench runs/tones-tiered
"""


def run(path, json: str | None):
    from gen.base import terminal
    from gen.sampling.bench import COLUMNS, bench, table, write

    result = bench(path, terminal.say)
    terminal.table(COLUMNS, table(result))
    if json:
        write(result, json)
