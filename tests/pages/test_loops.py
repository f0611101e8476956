"""The page of loops: in a browser they play on without an end, until they are stopped."""

import base64
import json
import re
import shutil

import numpy as np
import pytest
import soundfile

from gen.pages import loops

RATE = 8000
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture
def page(tmp_path):
    """Return the path of the page over two loops, of 0.5 and 0.25 s."""
    paths = [tmp_path / "a-loop-0.wav", tmp_path / "<b>.wav"]
    for path, seconds in zip(paths, (0.5, 0.25), strict=True):
        soundfile.write(path, 0.2 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE), RATE)
    return loops.write(tmp_path / "a-loop.wav", "a.wav", paths)


def test_the_page_holds_each_loop_as_it_is_and_its_name_is_escaped(page):
    text = page.read_text()
    assert page.name == "a-loop.html"
    assert "&lt;b&gt;.wav" in text
    assert "<b>.wav" not in text.partition('id="data"')[0]
    data = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])
    assert [sound["seconds"] for sound in data["sounds"]] == [1.0, 0.5]  # each twice
    assert [len(base64.b64decode(loop)) for loop in data["loops"]] == [44 + 2 * 4000, 44 + 2 * 2000]


def test_a_page_that_is_no_page_of_loops_stays(page):
    page.write_text("mine")
    with pytest.raises(ValueError, match="is there already, and no page of gen"):
        loops.spare(page.with_suffix(".wav"))


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
def test_a_loop_plays_on_until_it_is_stopped_and_one_at_a_time(page):
    playwright = pytest.importorskip("playwright.sync_api")
    from tests.pages.test_page_browser import until  # which is skipped where there is no playwright

    said = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        tab = browser.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(page.as_uri())
        first, second = (tab.locator(".loop").nth(number) for number in range(2))
        first.click()
        until(tab, "source !== null && source.loop && Math.abs(source.buffer.duration - 0.5) < 0.001")
        assert first.get_attribute("aria-pressed") == "true"
        second.click()
        until(tab, "source !== null && Math.abs(source.buffer.duration - 0.25) < 0.001")
        assert [b.get_attribute("aria-pressed") for b in (first, second)] == ["false", "true"]
        second.click()
        assert tab.evaluate("source === null && looping === null")
        first.click()
        tab.locator(".play").first.click()
        until(tab, "source === null && looping === null && !audio.paused")
        browser.close()
    assert said == []
