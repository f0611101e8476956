"""Standard input, output and error, as they may be: closed, full, a pipe that nobody reads; what is safe to show there.

Names may hold a terminal's commands: what is shown is made plain first.
"""

import contextlib
import io
import os
import sys
import unicodedata

JOINERS = "\u200c\u200d"  # invisible, as some scripts and emoji need them


def plain(text) -> str:
    """Return text that is safe to show: what can't be printed, a terminal's commands too, is a ?."""
    drawn = (c.isprintable() or unicodedata.category(c) == "Zs" or c in JOINERS for c in str(text))
    return "".join(c if seen else "?" for c, seen in zip(str(text), drawn, strict=True))


def stand_in():
    """Put something in the place of standard streams that are closed, which else the next files opened would be.

    What is written to such an output fails, as in other programs; errors are told nobody.
    """
    for number, how in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, how)  # takes the lowest number that is free
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # letters that the terminal's encoding hasn't


@contextlib.contextmanager
def output():
    """Raise an OSError of the block, which writes to standard output, as a ValueError; BrokenPipeError as it is."""
    try:
        yield
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else what is left fails again at the end
        if isinstance(error, BrokenPipeError):  # whoever read it has gone
            raise
        raise ValueError(f"standard output: can't be written ({error.strerror}); send it elsewhere") from None


def show(line):
    """Print one line of a result on standard output."""
    with output():
        print(plain(line), flush=True)
