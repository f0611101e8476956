"""Models to be played, on a page or through the machine's own output: what `gen live` does."""

import asyncio
import contextlib
import signal
import sys

from gen.live.stage import LEAD, Stage
from gen.live.voice import Voice
from gen.pages import template

MOST = 16  # models at a time
SPEAKER = "speaker"  # in place of a folder: no page


def play(runs, host: str, port: int, seed: int, osc: int | None, midi: str | None, out: str | None, say, show):
    """Play the models in `runs` until the process is stopped; on a page, unless `out` is SPEAKER.

    They are steered from a port of OSC and a port of MIDI too, where they are given. `show` is told where the page is,
    and `say` all else. Raises ValueError.
    """
    if len(runs) > MOST:
        raise ValueError(f"{len(runs)} runs: {MOST} can be played at a time; give fewer")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    voices = [Voice(run, seed, say) for run in runs]
    stage = Stage(voices, None if out == SPEAKER else out)
    steered = [*by_osc(stage, host, osc, say), *by_midi(stage, midi, say)]
    performed = aloud(voices, say) if out == SPEAKER else on_page(stage, host, port, say, show)

    async def both():
        async with contextlib.AsyncExitStack() as entered:
            for each in steered:
                await entered.enter_async_context(each)
            await performed

    say("Ctrl-C ends it")
    asyncio.run(both())


def by_osc(stage, host: str, port: int | None, say):
    """Yield what has a stage steered from a port of OSC inside a block, if there is one. Raises ValueError."""
    if port is not None:
        from gen.live import osc

        place = osc.bound(host, port)
        say(f"OSC is heard at UDP port {place.getsockname()[1]} of {host}")
        yield osc.listening(stage, place, say)


def by_midi(stage, port: str | None, say):
    """Yield what has a stage steered from a port of MIDI inside a block, if there is one. Raises ValueError."""
    if port is not None:
        from gen.live import keyboard
        from gen.sound import midi

        opened = midi.opened(port)
        say(f"MIDI is heard from {opened.name}")
        yield keyboard.listening(stage, opened, say)


def aloud(voices, say):
    """Return the coroutine that plays voices through the machine's own output. Raises ValueError."""
    rates = {voice.rate for voice in voices}
    if len(rates) > 1:
        raise ValueError(f"out=speaker: these models have {' and '.join(map(str, sorted(rates)))} Hz; play them apart")
    from gen.live import speaker

    return speaker.perform(voices, speaker.opened(rates.pop()), say)


def on_page(stage, host: str, port: int, say, show):
    """Return the coroutine that serves the page. Raises ValueError."""
    from gen.live import server

    place = server.bound(host, port, say)
    name = f"[{host}]" if ":" in host else host
    show(f"http://{name}:{place.getsockname()[1]}/")
    return server.serve(stage, page(stage.voices), host, place)


def page(voices) -> str:
    """Return the page on which voices are played, as HTML."""
    told = [voice.facts() for voice in voices]
    return template.render("live.html", voices=told, data={"voices": told, "lead": LEAD})
