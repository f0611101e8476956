"""How soon playing live answers, and whether it goes on: `python -m tests.measure.live_measured RUN SECONDS [RUN ...]`

The page of gen live is opened in Chromium (`pip install '.[browser]'`) on the same cores, started, steered and kept
from, for so many seconds; then come listeners, a flood of messages, and a stop of the process. Times are those of the
page: until a sample leaves the worklet, and what the browser says the output takes besides.
"""

import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.measure.takes_again import run as command

STARTS, MOVES, KEPT, EVERY = 5, 40, 10, 2.0  # of each; seconds from one move to the next while dropouts are counted
FLOOD = 20_000  # messages
MARKS = """
window.start = async () => {
  const began = performance.now();
  by("start").click();
  const sounds = () => now.playing && heard.epoch === now.epoch && heard.played[0] > 0;
  while (!sounds()) await new Promise((soon) => setTimeout(soon));
  const late = context.outputLatency || context.baseLatency || 0;
  return performance.now() - began - 1000 * heard.played[0] / voices[0].rate + 1000 * late;
};
window.move = async (value) => {
  by("answer").textContent = "";
  const dial = document.querySelector("[data-key=temperature]");
  dial.value = value;
  dial.dispatchEvent(new Event("input"));
  while (!by("answer").textContent) await new Promise((soon) => setTimeout(soon));
  return parseFloat(by("answer").textContent);
};
0;  // what ends in a function would be called
"""


class Server:
    """A `gen live` of some runs, keeping what is kept in `folder`."""

    def __init__(self, runs, folder):
        words = [sys.executable, "-m", "gen", "live", *runs, "port=0", f"out={folder}"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def cpu(self) -> float:
        """Return the seconds of processor time that it has taken."""
        parts = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the megabytes that it holds."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1024

    def share(self, seconds: float) -> float:
        """Return the share of a core that it takes for so many seconds."""
        before, began = self.cpu(), time.perf_counter()
        time.sleep(seconds)
        return (self.cpu() - before) / (time.perf_counter() - began)


def opened(browser, url):
    """Return the page in a tab that can be measured, and what is said on its console."""
    tab, said = browser.new_page(viewport={"width": 1100, "height": 900}), []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(url)
    tab.wait_for_timeout(500)
    tab.evaluate(MARKS)
    return tab, said


def played(server, browser, seconds: float):
    """Print how soon the page answers, and what it comes to in so many seconds."""
    starts = []
    for _ in range(STARTS):
        tab, said = opened(browser, server.url)
        starts.append(tab.evaluate("start()"))
        if len(starts) < STARTS:
            tab.close()
            time.sleep(0.3)
    print(f"first sound after Start: {statistics.median(starts):.0f} ms, at most {max(starts):.0f} ({STARTS} pages)")
    moves = [tab.evaluate(f"move({0.6 + number % 40 / 100})") for number in range(MOVES)]
    print(f"slider to sound: {statistics.median(moves):.0f} ms, at most {max(moves):.0f} ({MOVES} moves)")
    before, held, cpu, chance = tab.evaluate("heard.dropouts"), server.memory(), server.cpu(), random.Random(0)
    began, at = time.perf_counter(), 60
    while (spent := time.perf_counter() - began) < seconds:
        at = chance.choice([hundredth for hundredth in range(60, 111) if hundredth != at])  # the same is no move
        tab.evaluate(f"move({at / 100})")
        tab.wait_for_timeout(1000 * min(EVERY, seconds - spent))
    dropouts, lead = tab.evaluate("heard.dropouts") - before, 1000 * tab.evaluate("heard.lead")
    print(f"dropouts in {spent:.0f} s: {dropouts} ({before} before them; {lead:.0f} ms are kept in store)")
    print(f"share of a core: {(server.cpu() - cpu) / spent:.1%}; making the sound {tab.evaluate('now.load'):.1%}")
    print(f"memory: {held:.0f} MB, then {server.memory():.0f}; lines on the console: {len(said)}")
    return tab


def kept(tab, folder):
    """Print how many of KEPT files that were kept are made again, each after other moves."""
    from tests.pages.test_page_browser import until

    chance, same = random.Random(1), 0
    for number in range(KEPT):
        tab.evaluate("by('start').click()")
        tab.wait_for_timeout(200)
        tab.evaluate("start()")
        for _ in range(chance.randrange(3, 12)):
            key = chance.choice(["temperature", "top_p", "guidance", "mix", "pitch", "loudness", "temperature"])
            at = f"document.querySelector('[data-key={key}]')"
            share = chance.uniform(0.4, 0.9)
            tab.evaluate(
                f"{at} && ({at}.value = Number({at}.min) + {share} * ({at}.max - {at}.min), "
                f"{at}.dispatchEvent(new Event('input')))"
            )
            tab.wait_for_timeout(chance.randrange(50, 400))
            if chance.random() < 0.2:
                tab.evaluate("by('seconds').value = 1, by('back').click()")
        tab.wait_for_timeout(300)  # who went back to the beginning has nothing to keep yet
        tab.evaluate("by('keep').click()")
        until(tab, f"document.querySelectorAll('#kept li').length > {number}")
    for path in sorted(Path(folder).glob("*.wav")):
        same += command("again", path)[-1] == f"the same bytes as {path}"
    print(f"kept and made again: the same bytes for {same} of {len(list(Path(folder).glob('live*'))) - same}")


def disturbed(server, browser, tab):
    """Print whether it goes on through all that may come."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    listeners = [opened(browser, server.url)[0] for _ in range(2)]
    for listener in listeners:
        listener.evaluate("by('start').click()")
    tab.wait_for_timeout(3000)
    heard = [listener.evaluate("[heard.played[0] > 0, heard.dropouts]") for listener in listeners]
    print(f"two listeners hear it, and their dropouts: {heard}")
    before, dropouts = server.memory(), tab.evaluate("heard.dropouts")
    try:
        with connect(server.url.replace("http", "ws") + "socket", proxy=None, max_queue=None) as flood:
            for number in range(FLOOD):
                flood.send(json.dumps({"back": 1}) if number % 2 else b"\0rubbish")
    except ConnectionClosed:
        pass
    tab.wait_for_timeout(1000)
    lost = tab.evaluate("heard.dropouts") - dropouts
    print(f"a flood of {FLOOD:,} messages: {lost} dropouts, {server.memory() - before:+.1f} MB")
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    server.process.send_signal(signal.SIGCONT)
    tab.wait_for_timeout(1000)
    at = tab.evaluate("heard.played[0]")
    tab.wait_for_timeout(500)
    print(f"stopped for 5 s and continued: {'goes on' if tab.evaluate('heard.played[0]') > at else 'IS SILENT'}")
    for each in (tab, *listeners):
        each.close()
    time.sleep(1)
    print(f"all tabs closed: {server.share(5):.1%} of a core")


def main(run, seconds, *others):
    """Print it all, for `run` and `others` beside it."""
    from playwright.sync_api import sync_playwright

    from tests.pages.test_live_browser import BROWSER, QUIET

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        server = Server([run, *others], folder)
        browser = driver.chromium.launch(executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu", *QUIET])
        try:
            tab = played(server, browser, float(seconds))
            kept(tab, folder)
            disturbed(server, browser, tab)
        finally:
            browser.close()
            server.process.send_signal(signal.SIGTERM)
            print(f"exit {server.process.wait(60)}, said: {server.process.stderr.read().splitlines()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
