"""Tables for other programs: what they show is text, whatever a file is called."""

import csv
import io

import pytest

from gen.base.tables import as_csv, as_labels


@pytest.mark.parametrize("name", ["=1+1.wav", "+a.wav", "-a.wav", "@a.wav"])
def test_a_name_is_no_formula_to_a_spreadsheet(name):
    read = list(csv.reader(io.StringIO(as_csv(("file", "over"), [(name, "-0.52")]).decode())))
    assert read == [["file", "over"], [f"./{name}", "-0.52"]]  # and a number stays one


def test_what_would_reach_a_terminal_or_begin_a_line_is_shown_as_a_question_mark():
    assert as_csv(("file",), [("a\x1b[2J\n.wav",)]) == b"file\r\na?[2J?.wav\r\n"
    assert as_labels([(0.5, 1.25, "a\tb\n")]) == b"0.500000\t1.250000\ta?b?\n"
