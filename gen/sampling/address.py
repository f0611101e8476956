"""A take's address: all that it takes to make it again bit for bit, written into the file itself as its comment.

Its length is the file's own, so that a take that goes on where another stopped is the longer take, byte for byte. Who
wrote a take may wish its reader ill: types and ranges are checked, and no file that it names is more than read.
"""

import contextlib
import filecmp
import json
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gen.base import files
from gen.base.schema import Number, fault, parse
from gen.base.terminal import unseen
from gen.run.folder import model_file, run_of
from gen.sampling import play, session, timeline
from gen.sampling.settings import HEARD, STRONGEST, Settings, check_length
from gen.sampling.timeline import Timeline
from gen.sampling.trained import WHOLE, Trained
from gen.sound import audio
from gen.sound.codec import ALIGN

SETTINGS = ("seed", "temperature", "top_p", "label", "engine", "weights", "guard")  # of Settings
NOT = ("goes on from no recording", "follows no recording", "follows no table", "plays no MIDI")  # without one of them
ASKED = ("guidance", "pitch", "loudness", "shift")  # those that are told of where they aren't as USUAL
USUAL = {key: getattr(Settings(), key) for key in ASKED}
LONGEST = 1 << 16  # characters of an address
ROOM = 50_000  # characters of one that is written, as many as libsndfile writes into a WAV
DIGEST = 32  # digits of the hash of a file in it, the first half of its SHA-256
FILE = {"path": str, "sha256": str}
RUNS = ("run", "back")  # what is the path of a run
NO_FILE = "it names a file by no path and hash"
RULE = {
    "gen": str,
    "model": FILE,
    "stream": Number(int, 0, 2**63 - 1),
    "seed": Number(int, 0, 2**64 - 1),
    "temperature": Number(float, 0, 1000),
    "top_p": Number(float, 0, 1),
    "guidance": Number(float, 0, STRONGEST),
    "label": timeline.LABEL,
    "engine": str,
    "weights": str,
    "guard": bool,
    "prime": (None, FILE),
    "follow": (None, FILE),
    "curves": (None, FILE),
    "midi": (None, FILE),
    "pitch": (None, str),
    "loudness": (None, Number(float, -1e3, 1e3)),
    "shift": (None, Number(float, -1e3, 1e3)),
    "live": (None, timeline.RULE),
}
OLDER = {"guard": False, **dict.fromkeys(HEARD[1:]), **USUAL, "live": None}  # what takes don't tell of that have none


def digest(path) -> str:
    """Return the SHA-256 of a regular file, in hexadecimal digits."""
    try:
        return files.sha256(files.regular(path))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def hear(key: str, path, rate: int) -> tuple:
    """Return what is in a file of HEARD, such as a wave (T,), and the SHA-256 of the file. Raises ValueError."""
    before = digest(path)
    found = play.opened(key, path, rate)
    if digest(path) != before:
        raise ValueError(f"{path}: was changed while it was read; run the same command again")
    return found, before


def hear_all(settings: dict, rate: int) -> tuple:
    """Return by key what is in the files that settings name, and the SHA-256 of each. Raises ValueError."""
    heard = {key: hear(key, settings[key], rate) for key in HEARD if settings[key]}
    return {key: wave for key, (wave, _) in heard.items()}, {key: told for key, (_, told) in heard.items()}


@contextlib.contextmanager
def named(settings: dict):
    """Have what is wrong with what a file of HEARD holds say which file it is: settings by key."""
    try:
        yield
    except ValueError as error:
        key, colon, told = str(error).partition("=: ")
        if not colon or key not in HEARD or not settings.get(key):
            raise
        raise ValueError(f"{key}={settings[key]}: {told}") from None


def written(run, model: str, streams, settings: dict, heard: dict) -> list:
    """Return the addresses of `streams` of the model in `run`, sampled with `settings`, a line each.

    `model` is the SHA-256 of the file that was read, and `heard` has those of recordings by key.
    """
    named = {key: {"path": str(settings[key]), "sha256": told[:DIGEST]} for key, told in heard.items()}
    kept = {key: settings[key] for key in SETTINGS}
    named |= {key: settings[key] for key, usual in USUAL.items() if settings.get(key, usual) != usual}
    shared = {"gen": version("gen"), "model": {"path": str(run), "sha256": model[:DIGEST]}}
    none = {"prime": None}
    return [json.dumps({**shared, "stream": stream, **kept, **none, **named}) for stream in streams]


def of_session(run, trained, played, begin: int) -> str:
    """Return the address of what was played in a session of the model in `run` from sample `begin` on."""
    first, changes = played.timeline.told()
    settings = {**vars(Settings()), **first}
    (text,) = written(run, trained.sha256, [played.stream], settings, {})
    text = json.dumps({**json.loads(text), "live": {"begin": begin, "changes": changes}})
    if not played.timeline.whole or len(text) > ROOM:
        raise ValueError("too much was changed since the beginning for an address; stop, and start anew to keep a take")
    return text


def read(take) -> dict:
    """Return the address in a take; raise ValueError where a file has none."""
    text, header = audio.comment(take), audio.info(take)
    ours = len(text) <= LONGEST and header["channels"] == 1 and header["subtype"] == "PCM_16"
    try:
        found = parse(text) if ours else None
    except ValueError:
        found = None
    if not isinstance(found, dict) or "model" not in found:
        raise ValueError(f"{take}: carries no address; only files that gen sample wrote can be made again")
    address = {**OLDER, **found}
    address = {key: address[key] for key in RULE if key in address}
    if wrong := fault(address, RULE, "address") or out_of_range(address):
        raise ValueError(f"{take}: carries a damaged address ({wrong}); only what gen sample wrote can be made again")
    return address


def out_of_range(address: dict) -> str | None:
    """Return what is wrong with an address whose fields have the right types, None where it holds."""
    if any(map(is_no_file, filter(None, (address["model"], *(address[key] for key in HEARD))))):
        return NO_FILE
    try:
        Settings(stream=address["stream"], **{key: address[key] for key in (*SETTINGS, *ASKED)}).check()
    except ValueError as error:
        return str(error)
    return None


def is_no_file(named: dict) -> bool:
    """Return whether what an address says of a FILE can't be the path of one and a hash."""
    hashed = re.fullmatch(rf"[0-9a-f]{{{DIGEST}}}", named["sha256"])
    return not named["path"] or "\0" in named["path"] or not hashed


def make_way(path, say):
    """Tell `say` of a take that one at `path` will replace; raise ValueError for any other file that is there."""
    if not Path(path).exists():
        return
    try:
        read(path)
    except ValueError:
        raise ValueError(f"out={path}: is there already, and no take of gen sample; give another name") from None
    say(f"{path}: the take that is there will be replaced")


def make_way_beside(take, path, say):
    """Make way for what is made of `take`; raise ValueError if `path` is the take itself or of another format."""
    if Path(path).suffix.lower() != Path(take).suffix.lower():
        raise ValueError(f"out={path}: {take} is made again in its own format; give a name on {Path(take).suffix}")
    if Path(path).exists() and Path(path).samefile(take):
        raise ValueError(f"out={path}: is the take itself, which stays as it is; give another name")
    make_way(path, say)


def same_file(take, kind: str, told: dict, given) -> str:
    """Return the path of the file that an address tells of, or `given`; raise ValueError if it holds something else."""
    path = str(given or told["path"])
    if not given and kind == "run" and not model_file(path).exists() and model_file(run_of(take)).exists():
        path = str(run_of(take))
    file = model_file(path) if kind in RUNS else Path(path)
    if not file.exists():
        raise ValueError(f"{take}: was made with {kind} {path}, which isn't there; give {kind}= where it is now")
    check_same(take, kind, path, told, digest(file))
    return path


def check_same(take, kind: str, path: str, told: dict, found: str):
    """Raise ValueError unless `found`, the SHA-256 of a file, is that of the file that an address tells of."""
    if found[:DIGEST] != told["sha256"]:
        raise ValueError(f"{take}: was made with another {kind} than {path} ({told['sha256']}, not {found[:DIGEST]})")


def blocks(take, longer: float = 0.0, run=None, warn=lambda text: None, track=unseen, **now):
    """Return the rate, the comment and the blocks (1, n) of a take made again, `longer` seconds longer than it is.

    `track` may show how far what was played before it is. `run`, and `prime`, `follow`, `curves` and `midi`, say where
    these are now. Raises ValueError where there is no address, or it is not of these.
    """
    address = read(take)
    for key, does in zip(HEARD, NOT, strict=True):
        if now.get(key) and not address[key]:
            raise ValueError(f"{key}={now[key]}: {take} {does}; leave {key}= out")
    run = same_file(take, "run", address["model"], run)
    paths = {key: same_file(take, key, address[key], now.get(key)) for key in HEARD if address[key]}
    trained = Trained(run)
    check_same(take, "run", run, address["model"], trained.sha256)  # it may have been replaced since
    seconds = audio.frames(take) / trained.rate + longer
    check_length(seconds)
    if 0 < longer * trained.rate < 1:
        raise ValueError(f"seconds={longer}: is less than one sample at {trained.rate} Hz")
    if address["live"]:
        return trained.rate, audio.comment(take), live(trained, address, seconds, warn, track)
    waves, found = hear_all(dict.fromkeys(HEARD) | paths, trained.rate)
    for key, path in paths.items():
        check_same(take, key, path, address[key], found[key])
    settings = {key: address[key] for key in (*SETTINGS, *ASKED)}
    with named(paths):
        made = trained.stream(seconds, stream=address["stream"], block=WHOLE, warn=warn, **waves, **settings)
    return trained.rate, audio.comment(take), made


def live(trained, address: dict, seconds: float, warn, track):
    """Return the blocks (1, n) of what was kept of a session, of so many seconds. Raises ValueError."""
    first = {key: address[key] for key in timeline.KEYS}
    played = Timeline.read(first, address["live"]["changes"])
    begin, frames = address["live"]["begin"], round(seconds * trained.rate)
    check_length(begin / trained.rate + seconds)
    if begin % ALIGN:
        raise ValueError(f"begin={begin}: what is kept of a session begins at a multiple of {ALIGN} samples")
    again = session.Session(trained, played, address["stream"], address["weights"], warn)
    return session.again(again, begin, frames, int(WHOLE * trained.rate), track)


def compare(take, other):
    """Raise ValueError, which says where it differs, unless `other` is the file `take` or begins with its samples."""
    old, new = audio.samples(take), audio.samples(other)
    if np.array_equal(old, new[: len(old)]) and (len(new) > len(old) or filecmp.cmp(take, other, shallow=False)):
        return
    differs = np.flatnonzero(old != new[: len(old)])[:1]
    where = f"from sample {differs[0]} on" if len(differs) else "though not in its samples"
    told, here = read(take)["gen"], version("gen")
    cause = f"gen {told} made it, and this is {here}" if told != here else "it was changed, or made on another machine"
    raise ValueError(f"{take}: {other} differs from it, {where}: {cause}")
