"""The page on which models are played, in a real browser: it is heard, steered, gone back with, kept."""

import asyncio
import contextlib
import shutil
import socket
import threading

import pytest

from gen.live import play, server
from gen.live.stage import Stage
from gen.live.voice import Voice
from tests.pages.test_page_browser import until
from tests.sampling.test_guidance import save
from tests.small import curves, save_run

playwright = pytest.importorskip("playwright.sync_api")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
LOUD = "Number(document.getElementById('level').value) > -50"


@contextlib.contextmanager
def served(stage):
    """Yield the address of a stage's page, served by a thread."""
    place = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    app = server.application(stage, play.page(stage.voices), "127.0.0.1")
    made = server.server(app)

    async def both():
        performing = asyncio.create_task(stage.perform())
        await made.serve([place])
        performing.cancel()

    thread = threading.Thread(target=loop.run_until_complete, args=(both(),))
    thread.start()
    try:
        yield f"http://127.0.0.1:{place.getsockname()[1]}/"
    finally:
        made.should_exit = True
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def driver():
    """Yield a browser."""
    with playwright.sync_playwright() as driven:
        browser = driven.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", *QUIET])
        yield browser
        browser.close()


@pytest.fixture
def stage(tmp_path):
    """Return a stage with two voices, of which the first can be told all that there is."""
    runs = [save(tmp_path / "told", told=curves("pitch+loudness")), save_run(tmp_path / "plain")]
    return Stage([Voice(run, 0, print) for run in runs], str(tmp_path / "kept"))


@contextlib.contextmanager
def opened(driver, url, **how):
    """Yield the page in a browser, which says nothing on its console."""
    said = []
    tab = driver.new_page(**how)
    tab.set_default_timeout(10_000)
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(url)
    until(tab, "now !== null")
    yield tab
    tab.close()
    assert said == []


def test_it_is_heard_steered_frozen_gone_back_with_and_kept(driver, stage, tmp_path):
    with served(stage) as url, opened(driver, url) as tab:
        tab.get_by_role("button", name="Start").click()
        until(tab, LOUD)
        first = stage.voices[0]
        tab.locator("[data-key=temperature]").first.fill("0.5")
        tab.locator("[data-key=mix]").fill("0.25")
        tab.locator("[data-key=guidance]").fill("2")
        until(tab, "document.getElementById('answer').textContent.endsWith('ms')")
        until(tab, "now.settings[0].guidance === 2")
        assert first.settings["temperature"] == 0.5
        assert first.settings["label"] == {"lo": 0.75, "any": 0.25}
        assert stage.voices[1].settings["temperature"] == 1.0
        tab.get_by_role("button", name="Freeze").click()
        until(tab, "now.frozen")
        position = first.session.position
        until(tab, LOUD)
        assert first.session.position == position
        tab.get_by_role("button", name="Freeze").click()
        until(tab, "!now.frozen")
        tab.get_by_role("button", name="Back").click()
        until(tab, "now.settings[0].seed === 1 && document.querySelector('[data-key=seed]').value === '1'")
        tab.locator("[data-key=fader]").last.fill("0")
        until(tab, LOUD)
        tab.get_by_role("button", name="Keep").click()
        until(tab, "!document.getElementById('kept').hidden")
        assert len(list((tmp_path / "kept").iterdir())) == 1
        tab.locator("[data-key=fader]").first.fill("0")
        until(tab, LOUD.replace(">", "<"))
        tab.get_by_role("button", name="Stop").click()
        until(tab, "!now.playing")


def test_keys_alone_do_all(driver, stage, tmp_path):
    with served(stage) as url, opened(driver, url, color_scheme="dark", viewport={"width": 360, "height": 740}) as tab:
        tab.keyboard.press("Space")
        until(tab, LOUD)
        first = stage.voices[0]
        tab.keyboard.down("h")
        until(tab, "now.settings[0].pitch === '440.00' && now.settings[0].loudness === -10")
        tab.keyboard.down("s")
        until(tab, "now.settings[0].pitch === '293.66'")
        tab.keyboard.up("s")
        until(tab, "now.settings[0].pitch === '440.00'")
        tab.keyboard.up("h")
        until(tab, "now.settings[0].loudness === -90")
        tab.keyboard.press("z")
        tab.keyboard.press("a")
        until(tab, "now.settings[0].pitch === '130.81'")
        reached = set()
        tab.evaluate("document.activeElement.blur()")
        for _ in range(40):
            tab.keyboard.press("Tab")
            reached.add(tab.evaluate("document.activeElement.dataset.key || document.activeElement.id"))
        assert reached >= {
            "start",
            "freeze",
            "back",
            "seconds",
            "keep",
            "midi",
            "theme",
            "fader",
            "temperature",
            "seed",
        }
        assert reached >= {"top_p", "guidance", "from", "to", "mix", "told", "pitch", "loudness"}
        tab.locator("[data-key=temperature]").first.focus()
        tab.keyboard.press("ArrowLeft")
        until(tab, "now.settings[0].temperature === 0.99")
        for key, holds in (("l", "now.frozen"), ("l", "!now.frozen"), ("b", "now.settings[0].seed === 1")):
            tab.keyboard.press(key)
            until(tab, holds)
        until(tab, "heard.played[1] > 2000")
        tab.keyboard.press("m")
        until(tab, "document.querySelectorAll('#kept li').length === 2")
        tab.keyboard.press("Space")
        until(tab, "!now.playing")
        assert first.settings["temperature"] == 0.99
        assert tab.evaluate("document.documentElement.scrollWidth") == 360
        dark = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.locator("#theme").press("Enter")
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_another_page_listens_and_takes_over_when_the_player_has_gone(driver, stage):
    with served(stage) as url, opened(driver, url) as other, opened(driver, url) as tab:
        assert tab.locator("#keep").is_disabled()
        other.get_by_role("button", name="Start").click()
        tab.get_by_role("button", name="Listen").click()
        until(tab, LOUD)
        other.goto("about:blank")
        until(tab, "now.plays && !now.playing")
        tab.get_by_role("button", name="Start").click()
        until(tab, "now.playing")
        until(tab, LOUD)


def test_a_midi_keyboard_plays_notes_with_velocity_and_bend(driver, stage):
    with served(stage) as url, opened(driver, url) as tab:
        tab.keyboard.press("Space")
        for message, holds in (
            ("0x90, 69, 127", "now.settings[0].pitch === '440.00' && now.settings[0].loudness === -10"),
            ("0x90, 57, 64", "now.settings[0].pitch === '220.00' && now.settings[0].loudness === -22"),
            ("0xe0, 0x7f, 0x7f", "Math.abs(now.settings[0].pitch - 246.9) < 0.1"),
            ("0xe0, 0, 0x40", "now.settings[0].pitch === '220.00'"),
            ("0x80, 57, 0", "now.settings[0].pitch === '440.00'"),
            ("0x90, 69, 0", "now.settings[0].loudness === -90"),
        ):
            tab.evaluate(f"midi({message})")
            until(tab, holds)
