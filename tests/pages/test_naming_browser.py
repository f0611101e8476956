"""The pages of classifiers in a browser: a cell plays its mistakes in turn, a word from its beginning to its end."""

import shutil

import numpy as np
import pytest

from gen.naming.spotting import Word
from gen.pages import confusion, timeline
from tests.naming.sounds import RATE, sound
from tests.pages.test_naming_pages import TABLE, taught
from tests.pages.test_page_browser import until

playwright = pytest.importorskip("playwright.sync_api")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
__all__ = ["taught"]  # a fixture


@pytest.fixture
def opened(tmp_path):
    """Yield a function that opens a page; at the end nothing was said on the console."""
    said = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])

        def show(text):
            (tmp_path / "page.html").write_text(text)
            tab = browser.new_page()
            tab.on("console", lambda message: said.append(message.text))
            tab.on("pageerror", lambda error: said.append(str(error)))
            tab.goto((tmp_path / "page.html").as_uri())
            return tab

        yield show
        browser.close()
    assert said == []


def test_a_cell_plays_its_mistakes_one_after_the_other_until_another_sound_is_asked_for(opened, taught):
    tab = opened(confusion.page("runs/a", taught, TABLE))
    tab.locator(".cell").click()
    until(tab, "current && current.dataset.sound === '0' && waiting.length === 1")
    until(tab, "current.dataset.sound === '1' && waiting.length === 0")
    tab.locator(".cell").click()
    until(tab, "current.dataset.sound === '0' && !audio.paused")
    tab.locator(".play").nth(1).click()
    until(tab, "current.dataset.sound === '1' && waiting.length === 0")


def test_a_word_plays_from_its_beginning_to_its_end(opened):
    wave = np.concatenate([sound("tone", seconds=1.0), sound("hiss", seconds=2.0)])
    words = [Word(0.0, 1.0, "tone", 0.9), Word(1.0, 1.5, "hiss", 0.8)]
    tab = opened(timeline.page("a.wav", wave, RATE, words))
    tab.locator(".word").nth(1).click()
    until(tab, "audio.currentTime > 1 && !audio.paused")
    until(tab, "audio.paused && audio.currentTime >= 1.5 && audio.currentTime < 2.5")
