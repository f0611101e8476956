"""The page of loops: each twice, with its seam in the middle, and a button that plays it without an end."""

import base64
from pathlib import Path

import numpy as np

from gen.pages import template
from gen.pages.listening import Album
from gen.pages.report import Sound
from gen.sound import audio

MAKER = "gen loop"  # as loops.html has it


def beside(path) -> Path:
    """Return where the page of the loops is that are written to `path`."""
    return Path(path).with_suffix(".html")


def spare(path):
    """Raise ValueError if there is another file where the page of the loops at `path` goes."""
    template.spare(beside(path), MAKER)


def write(path, recording, loops) -> Path:
    """Write the page of the WAV files `loops` of a recording beside `path`, whole or not at all; return where.

    Raises ValueError.
    """
    template.write(beside(path), MAKER, page(recording, loops))
    return beside(path)


def page(recording, loops) -> str:
    """Return the page as HTML."""
    sounds = []
    for loop in loops:
        rate = audio.native_rate(loop)
        sounds.append(Sound(Path(loop).name, np.tile(audio.read(loop, rate), 2), rate))
    album = Album(sounds)
    players = [album.player(sound, f"{sound.title}, twice") for sound in sounds]
    data = {
        "sounds": album.sounds,
        "loops": [base64.b64encode(audio.as_wav(s.wave[: len(s.wave) // 2], s.rate)).decode() for s in sounds],
    }
    return template.render("loops.html", recording=Path(recording).name, players=players, data=data)
