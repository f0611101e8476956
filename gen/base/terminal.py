"""What a person sees while they wait: lines and progress bars on standard error. The only door to `rich`."""

import contextlib
import math
import sys
import time

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gen.base.streams import output, plain

console = Console(stderr=True, highlight=False, soft_wrap=True)
hushes: list[bool] = []  # one for each `hushed` that is open
crowd: list[bool] = []  # one where other processes are at work on the same terminal


def say(text: str):
    """Print one line for the person, above any progress bar; brackets in it are plain text."""
    if not hushes:
        console.print(plain(text), markup=False)


@contextlib.contextmanager
def hushed():
    """Say nothing inside the block; bars are drawn still."""
    hushes.append(True)
    try:
        yield
    finally:
        hushes.pop()


def crowded():
    """Draw no bars from now on: several processes would draw theirs over each other."""
    crowd.append(True)


def watched() -> bool:
    """Return whether bars are drawn."""
    return console.is_terminal and not crowd


def unseen(items, text, total):
    """Return `items`: the progress that nobody watches."""
    return items


def track(iterable, text: str, total: int):
    """Yield from `iterable` under a progress bar, gone when it's done; without one where nobody watches."""
    if not watched():
        yield from iterable
        return
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as progress:
        yield from progress.track(iterable, total=total, description=plain(text))


def track_audio(blocks, seconds: float, rate: int):
    """Yield blocks of audio (streams, n) under a bar that shows how much of `seconds` is made, and how fast."""
    total = seconds if math.isfinite(seconds) else None
    columns = (TextColumn("generating"), BarColumn(), TextColumn("{task.fields[figures]}"))
    with Progress(*columns, console=console, transient=True, disable=not watched()) as progress:
        bar = progress.add_task("", total=total, figures="")
        made, started = 0, time.monotonic()
        for block in blocks:
            yield block
            made += block.shape[1]
            speed = len(block) * made / rate / (time.monotonic() - started)
            whole = f" of {clock(total)}" if total else ""
            progress.update(bar, completed=made / rate, figures=f"{clock(made / rate)}{whole}, {speed:.1f}x real time")


def clock(seconds: float) -> str:
    """Return a length of time as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def table(columns, rows):
    """Print a table on standard output; the first column is text, the others are numbers already formatted."""
    made = Table(box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index else "left")
    for row in rows:
        made.add_row(*(escape(plain(cell)) for cell in row))
    screen = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 200)
    with screen.capture() as drawn:
        screen.print(made)
    with output():
        sys.stdout.write(drawn.get())
        sys.stdout.flush()


class TrainingBar(Progress):
    """A bar over a training's budget: share done, bits/sample, samples/s, time left."""

    def __init__(self, name: str):
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:.0f}%  {task.fields[figures]}"),
            console=console,
            transient=True,
            disable=not watched(),
        )
        self.bar = self.add_task(plain(name), total=1.0, figures="")

    def show(self, share: float, bits: float, samples_per_second: float, seconds_left: float):
        """Move the bar to `share` of the budget."""
        figures = f"{bits:.3f} bits/sample  {samples_per_second:,.0f} samples/s  {clock(seconds_left)} left"
        self.update(self.bar, completed=share, figures=figures)
