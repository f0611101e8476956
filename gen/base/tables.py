"""Tables for other programs: CSV, and the label files of Audacity."""

import csv
import io

from gen.base.streams import plain

FORMULAS = tuple("=+-@\t\r")  # what a cell begins with that a spreadsheet takes for a formula


def as_csv(columns, rows) -> bytes:
    """Return a table as CSV (RFC 4180), which spreadsheets and pandas open; what can't be shown is a ?."""
    text = io.StringIO()
    csv.writer(text).writerows([columns, *([cell(each) for each in row] for row in rows)])
    return text.getvalue().encode(errors="replace")


def cell(value) -> str:
    """Return a cell as text: a number as it is, other text safe to show and to open."""
    text = plain(value)
    try:
        float(text)
    except ValueError:
        return inert(text)
    return text


def inert(text: str) -> str:
    """Return a file's name such that no spreadsheet takes it for a formula."""
    return f"./{text}" if text.startswith(FORMULAS) else text


def as_labels(stretches) -> bytes:
    """Return (start, stop, label) as Audacity's label file: seconds, with tabs between, a line each."""
    return "".join(f"{a:.6f}\t{b:.6f}\t{plain(label)}\n" for a, b, label in stretches).encode(errors="replace")
