"""The pages with sound in a real browser: they play, seek and vote, and ask no network for anything."""

import contextlib
import csv
import re
import shutil

import pytest

from gen.pages import features, lanes, listening, report
from tests.pages.test_report import recordings, trained_run
from tests.sound.test_features import sine

playwright = pytest.importorskip("playwright.sync_api")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")


@pytest.fixture
def tab(tmp_path):
    """Yield the open page over two runs."""
    folder = recordings(tmp_path / "songs", count=6)
    runs = [trained_run(tmp_path / name, folder) for name in ("first", "second")]
    gathered = report.gather(runs, 1.5, 2, (0.9, 1.0), 0, None)
    path = tmp_path / "report.html"
    path.write_text(listening.page(gathered, report.blind(gathered, 0)))
    with opened(path, color_scheme="dark", viewport={"width": 360, "height": 740}) as tab:
        yield tab


@contextlib.contextmanager
def opened(path, **how):
    """Yield a page in a browser; at the end nothing was said on the console, and nothing else was fetched."""
    said = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        tab = browser.new_page(**how)
        tab.set_default_timeout(10_000)
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith("data:") else None)
        tab.goto(path.as_uri())
        assert said == [path.as_uri()]
        yield tab
        assert [line for line in said[1:] if not line.startswith("blob:")] == []
        browser.close()


def until(tab, holds):
    """Wait until an expression holds; playwright's own waiting needs eval, which the page forbids."""
    for _ in range(250):
        if tab.evaluate(holds):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(f"never: {holds}")


def test_a_sound_plays_and_stops_and_only_one_at_a_time(tab):
    first, second = (tab.locator(".play").nth(i) for i in (0, 2))
    first.click()
    until(tab, "audio.currentTime > 0.2")
    assert first.get_attribute("aria-pressed") == "true"
    second.click()
    until(tab, "audio.currentTime > 0.2")
    assert (first.get_attribute("aria-pressed"), second.get_attribute("aria-pressed")) == ("false", "true")
    second.press("Space")
    assert tab.evaluate("audio.paused")
    assert tab.evaluate("Math.abs(audio.duration - 1.5) < 0.01")


def test_a_sound_is_sought_by_keys_and_by_a_click(tab):
    scrub = tab.locator(".scrub").first
    scrub.focus()
    for key, seconds in (("ArrowRight", 0.075), ("PageUp", 0.375), ("End", 1.49), ("ArrowLeft", 1.415), ("Home", 0)):
        scrub.press(key)
        assert float(scrub.get_attribute("aria-valuenow")) == pytest.approx(seconds, abs=0.006)
    assert scrub.get_attribute("aria-valuetext") == "0.0 of 1.5 seconds"
    width = scrub.bounding_box()["width"]
    tab.evaluate("audio.addEventListener('playing', () => { window.began = audio.currentTime; })")
    scrub.click(position={"x": width / 2, "y": 30})
    until(tab, "audio.currentTime > 0.9")
    assert tab.evaluate("window.began") == pytest.approx(0.75, abs=0.1)


def test_a_blind_test_by_keys_ends_in_a_table_and_a_csv(tab, tmp_path):
    kinds = tab.locator("#kind option").all_text_contents()
    assert kinds == ["real recordings against first", "real recordings against second", "first against second"]
    tab.select_option("#kind", "2")
    tab.get_by_role("button", name="Begin").press("Enter")
    tab.wait_for_selector("#part-1.sounding")
    box = tab.locator("#blind-box")
    assert not re.search(r"first|\d\.9", box.inner_text())
    for key in "1212":
        tab.keyboard.press(" ")
        tab.keyboard.press(key)
    assert "chosen over second in" in box.inner_text()
    assert box.locator("tbody tr").count() == 4
    with tab.expect_download() as download:
        box.get_by_role("link", name="Save as CSV").click()
    download.value.save_as(tmp_path / "blind.csv")
    head, *rows = csv.reader((tmp_path / "blind.csv").read_text().splitlines())
    assert head == ["pair", "sound 1", "sound 2", "voted", "which was"]
    assert [row[3] for row in rows] == list("1212")
    assert all(row[int(row[3])].startswith(row[4]) for row in rows)
    box.get_by_role("button", name="Again").click()
    tab.select_option("#kind", "0")
    tab.get_by_role("button", name="Begin").click()
    tab.get_by_role("button", name="This one").first.click()
    tab.get_by_role("button", name="Stop here").click()
    assert re.search(r"Right in [01] of 1 ", box.inner_text())


def test_the_page_fits_a_phone_and_is_dark_or_light_as_asked(tab):
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.locator("#theme").click()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    assert tab.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


def test_an_address_is_copied(tab):
    tab.locator("summary", has_text="Command and address").first.click()
    button = tab.get_by_role("button", name="Copy address").first
    button.click()
    until(tab, "document.querySelectorAll('.copy')[1].textContent === 'Copied'")


def test_a_cursor_moves_over_all_features_of_what_plays(tmp_path):
    sounds = [features.Sound(f"{hz} Hz", sine(hz, 1.5, 8000), 8000) for hz in (440, 880)]
    path = tmp_path / "features.html"
    path.write_text(features.html(sounds, [lanes.lanes(sound.wave, sound.rate) for sound in sounds]))
    with opened(path, viewport={"width": 700, "height": 900}) as tab:
        scrub, head = tab.locator(".scrub").nth(1), tab.locator(".head").nth(1)
        lowest = scrub.locator(".lane").last.bounding_box()
        box = scrub.bounding_box()
        assert scrub.locator(".lane").count() == 10
        scrub.click(position={"x": box["width"] / 3, "y": lowest["y"] - box["y"] + 9})  # on the last curve
        until(tab, "audio.currentTime > 0.7")
        cursor = head.bounding_box()
        assert cursor["height"] == pytest.approx(box["height"], abs=2)
        assert cursor["x"] > box["x"] + box["width"] / 3 + 10
        assert tab.locator(".player.current h2").text_content() == "880 Hz"
        assert box["x"] + box["width"] <= 700
