"""The page of a recording in which words were spotted: a player, and the words on its time axis, each to be played."""

from gen.base import files
from gen.pages.listening import Album
from gen.pages.report import MINUTES, Sound
from gen.pages.template import render

MARK = '<meta name="generator" content="gen classify">'  # as timeline.html has it


def write(path, title: str, wave, rate: int, words: list):
    """Write the page of a wave (T,) and the Words spotted in it, whole or not at all. Raises ValueError."""
    files.spare(path, MARK)
    files.write(path, page(title, wave, rate, words).encode(errors="replace"))


def page(title: str, wave, rate: int, words: list) -> str:
    """Return the page as HTML; of a recording over MINUTES long, those that are heard in it are its first."""
    heard = wave[: MINUTES * 60 * rate]
    sound = Sound(title, heard, rate)
    album = Album([sound])
    seconds = len(heard) / rate
    shown = [word for word in words if word.start < seconds]
    left = len(words) - len(shown)
    player = album.player(sound, title)
    return render(
        "timeline.html",
        title=title,
        player=player,
        words=shown,
        left=left,
        seconds=seconds,
        data={"sounds": album.sounds},
    )
