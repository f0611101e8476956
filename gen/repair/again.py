"""A mended file made again from the address in it."""

from collections.abc import Callable
from pathlib import Path

from gen.repair import address, bridged, looped, repaired
from gen.sound import audio

MAKERS: dict[str, Callable] = {  # of versions, for what was made
    address.REPAIR: repaired.versions,
    address.BRIDGE: bridged.versions,
    address.LOOP: looped.versions,
}


def again(path, out: str | None, given: dict, say, track) -> Path:
    """Make a mended file again in `out`, or beside it, and return where; raise ValueError if it isn't the same.

    `given` says where its files are now, by the keys of gen again.
    """
    there, new = address.place(path, out, "again")
    told = address.read(path)
    files = address.files(path, told, given)
    settings = {key: told[key] for key in told if key not in (*address.NAMED, "gen", "stream")}
    make = MAKERS[str(address.kind(path))]
    (version,) = make(**settings, **files, streams=[told["stream"]], say=say, track=track)
    written = version.write(there, audio.comment(path), new)
    address.compare(path, written)
    return written
