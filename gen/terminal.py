"""What a person sees while they wait: lines and progress bars on standard error. The only door to `rich`."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str):
    """Print one line for the person, above any progress bar; brackets in it are plain text."""
    console.print(text, markup=False)


def track(iterable, text: str, total: int):
    """Yield from `iterable` under a progress bar, gone when it's done."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        yield from progress.track(iterable, total=total, description=text)


def table(title: str, columns, rows):
    """Print a table on standard output; the first column is text, the others are numbers already formatted."""
    made = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index else "left")
    for row in rows:
        made.add_row(*row)
    Console(file=sys.stdout, highlight=False).print(made)
