"""Models on a page, to be played: what `gen live` does."""

import asyncio
import signal
import sys

from gen.live import server
from gen.live.stage import LEAD, Stage
from gen.live.voice import Voice
from gen.pages import template

MOST = 16  # models at a time


def play(runs, host: str, port: int, seed: int, out: str | None, say, show):
    """Play the models in `runs` on a page until the process is stopped.

    `show` is told where the page is, and `say` all else. Raises ValueError.
    """
    if len(runs) > MOST:
        raise ValueError(f"{len(runs)} runs: {MOST} can be played at a time; give fewer")
    voices = [Voice(run, seed, say) for run in runs]
    place = server.bound(host, port, say)
    name = f"[{host}]" if ":" in host else host
    show(f"http://{name}:{place.getsockname()[1]}/")
    say("Ctrl-C ends it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asyncio.run(server.serve(Stage(voices, out), page(voices), host, place))


def page(voices) -> str:
    """Return the page on which voices are played, as HTML."""
    told = [voice.facts() for voice in voices]
    return template.render("live.html", voices=told, data={"voices": told, "lead": LEAD})
