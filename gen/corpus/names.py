"""What lies in a folder of recordings: the names of the audio files, and the labels that are in the names."""

import re
from pathlib import Path

from gen.run.folder import LOG, is_name
from gen.sound import audio

NONE = "none"  # data.labels where there are none


def find_audio(path) -> tuple:
    """Return the folder and the names in it, sorted, of the audio files under `path`, a folder or one file.

    Formats that can't be read here are among them, so that they are named; the takes and previews of runs in it are
    not. Raises ValueError where there is none.
    """
    path = Path(path)
    if not path.exists():
        raise ValueError(f"{path}: there is no such folder or file; give the folder of your recordings")
    if path.is_file():
        return path.parent, [path.name]
    if not path.is_dir():
        raise ValueError(f"{path}: is neither a folder nor a regular file; give the folder of your recordings")
    known = audio.READABLE | audio.FOREIGN
    inside = [p.relative_to(path) for p in path.rglob("*")]
    runs = {p.parent for p in inside if p.name == LOG} - {Path(".")}
    found = [p for p in inside if p.suffix.lower() in known and not (path / p).is_dir() and not runs & {*p.parents}]
    names = sorted(p.as_posix() for p in found if not any(part.startswith(".") for part in p.parts))
    if not names:
        what = "holds no audio files" if any(path.iterdir()) else "is an empty folder"
        raise ValueError(f"{path}: {what}; put recordings there ({' '.join(sorted(audio.READABLE))})")
    return path, names


def list_audio(path) -> tuple:
    """Return what `find_audio` finds; raise ValueError where two names differ only in extension."""
    path, names = find_audio(path)
    seen: dict[str, str] = {}
    for name in names:
        stem = str(Path(name).with_suffix(""))
        if stem in seen:
            raise ValueError(
                f"{path / name}: differs only in extension from {seen[stem]}, and one recording twice could be both "
                "trained on and held out; remove or rename one"
            )
        seen[stem] = name
    return path, names


def label_of(name: str, labels: str):
    """Return the label of a file name: None, its folder, or what the parenthesis of a pattern matched.

    A pattern is as in a shell, `*` any text and `?` any character, but for one part in parentheses, a regular
    expression: "(\\d)_*.wav" labels 7_theo_3.wav with 7. It is matched against the whole file name.
    """
    if labels == NONE:
        return None
    label = found_label(name, labels)
    if not is_name(label):
        raise ValueError(f"{name}: data.labels={labels} makes the label '{label}' of it, which is no name; rename it")
    return label


def found_label(name: str, labels: str) -> str:
    """Return what `label_of` says, whatever letters it has."""
    if labels == "folder":
        folder = Path(name).parent.as_posix()
        if folder == ".":
            raise ValueError(f"{name}: data.labels=folder, but it lies in no sub-folder; move it into one")
        return folder
    match = re.fullmatch(r"([^()]*)(\(.*\))([^()]*)", labels)
    if not match:
        raise ValueError(f"data.labels={labels}: give none, folder, or a pattern with one part in parentheses")
    before, group, after = match.groups()
    shell = [re.escape(part).replace(r"\*", ".*?").replace(r"\?", ".") for part in (before, after)]
    try:
        pattern = re.compile(shell[0] + group + shell[1])
    except re.error as error:
        raise ValueError(f"data.labels={labels}: {group} is no regular expression ({error})") from None
    if not pattern.groups:
        raise ValueError(f"data.labels={labels}: its parentheses capture nothing; write (a|b) for (?:a|b)")
    if not (found := pattern.fullmatch(Path(name).name)):
        raise ValueError(f"{name}: doesn't match data.labels={labels}; rename it, move it away or mend the pattern")
    return found.group(1) or ""  # a part that needn't be there
