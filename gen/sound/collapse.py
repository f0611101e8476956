"""What takes collapse to: silence, a loop, noise; told by beside what the recordings sound like."""

from gen.sound.hearing import Heard

SILENT, SOUNDING = 0.95, 0.85  # share of silence: takes at least, recordings at most
NOISE, NO_NOISE = 0.54, 0.5  # `Heard.noise`: takes at least, recordings at most
LOOP, NO_LOOP = 0.9, 0.75  # `Heard.loop`: takes at least, recordings at most


def collapse(takes: Heard, data: Heard) -> str | None:
    """Return which of three verdicts takes are, and recordings are not: silent, a loop or noise of any colour."""
    if takes.silence >= SILENT and data.silence <= SOUNDING:
        return "collapsed to silence"
    if takes.loop >= LOOP and data.loop <= NO_LOOP:
        return "stuck in a loop"
    return "noise" if takes.noise >= NOISE and data.noise <= NO_NOISE else None
