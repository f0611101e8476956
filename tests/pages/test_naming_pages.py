"""The pages of classifiers: a matrix whose cells have their mistakes to play, a timeline with its words."""

import json
import re
import zlib

import numpy as np
import pytest

from gen.naming import lesson, recordings
from gen.naming.classifier import Classifier
from gen.naming.lesson import Answer, Lesson
from gen.naming.spotting import Word
from gen.pages import confusion, timeline
from tests.naming.sounds import KINDS, RATE, record, sound
from tests.pages.test_report import HOSTILE, Parsed

TABLE = (("", "accuracy"), [("runs/a", "90 %")])


@pytest.fixture
def taught(tmp_path):
    """A Lesson in which all but two hisses, named tones, were named right."""
    told = {"rate": RATE, "labels": r"(\w+)_*_*.wav", "groups": "none"}
    recorded = recordings.prepare(str(record(tmp_path / "in")), **told)
    wrong = [s for s in recorded.whole if s.label == 1][:2]
    tested = [Answer(s, 2 if s in wrong else s.label, 0.6 + s.label / 10) for s in recorded.whole]
    return Lesson(Classifier(None, {}, KINDS, RATE, 10.0, 0.3), tested, {}, 1.0, 0.001)


def test_each_cell_with_mistakes_plays_them_and_others_play_nothing(taught):
    text = confusion.page("runs/a", taught, TABLE)
    parsed = Parsed(text)
    (cell,) = parsed.of("button", "cell")
    assert cell["data-list"] == "cell-1-2"
    assert cell["aria-label"] == "2 of 12 that are hiss, named tone: play them"
    assert len(json.loads(parsed.data)["sounds"]) == len(parsed.of("div", "player")) == 2
    listed = text[text.index('<section id="cell-1-2"') :]
    assert listed.count('class="player"') == 2
    assert "34 of 36 recordings named right" in parsed.text
    assert "hiss_anna_0.wav: tone, 70%" in parsed.text
    assert not re.search(r"url\(|@import|https?://", text)


def test_a_page_has_room_for_so_many_mistakes_and_says_how_many_are_left(taught, monkeypatch):
    monkeypatch.setattr(confusion, "EACH", 1)
    parsed = Parsed(confusion.page("runs/a", taught, TABLE))
    assert len(parsed.of("div", "player")) == 1
    assert "1 more have no room here" in parsed.text


def test_names_are_text_and_nothing_is_wrong_without_mistakes(taught):
    right = taught._replace(
        classifier=Classifier(None, {}, (HOSTILE, *KINDS[1:]), RATE, 10.0, 0.3),
        tested=[t._replace(named=t.segment.label) for t in taught.tested],
    )
    parsed = Parsed(confusion.page(HOSTILE, right, TABLE, (lesson.FOLD_COLUMNS, [(HOSTILE, *"1234")])))
    assert HOSTILE in parsed.text
    assert parsed.of("button", "cell") == []
    assert "None." in parsed.text


def test_a_file_that_is_no_page_of_ours_is_not_written_over(taught, tmp_path):
    (tmp_path / "mine.html").write_text("mine")
    for write in (
        lambda path: confusion.write(path, "a", taught, TABLE),
        lambda path: timeline.write(path, "a", sound("tone"), RATE, []),
    ):
        with pytest.raises(ValueError, match=r"mine\.html: is there already, and no page of gen"):
            write(tmp_path / "mine.html")
    assert (tmp_path / "mine.html").read_text() == "mine"


def test_the_matrix_as_a_picture_is_a_png(taught, tmp_path):
    plots = pytest.importorskip("gen.pages.plots", exc_type=ValueError)
    path = plots.confusion(taught.matrix(), KINDS, tmp_path / "plots")
    data = path.read_bytes()
    assert path.name == "confusion.png"
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert zlib.crc32(data[12:29]) == int.from_bytes(data[29:33], "big")


def test_a_timeline_has_its_words_where_they_are(tmp_path):
    wave = np.concatenate([sound("tone", seconds=1.0), sound("hiss", seconds=1.0)])
    words = [Word(0.0, 1.0, HOSTILE, 0.9), Word(1.0, 2.0, "hiss", 0.8)]
    text = timeline.page("a.wav", wave, RATE, words)
    parsed = Parsed(text)
    assert [b["data-start"] for b in parsed.of("button", "word")] == ["0.000", "1.000"]
    assert "left:50.000%;width:50.000%" in text
    assert HOSTILE in parsed.text
    assert len(json.loads(parsed.data)["sounds"]) == 1
