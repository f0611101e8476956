"""What `gen judge` found of runs, as the page shows it."""

from pathlib import Path

from gen.base import files
from gen.base.schema import check, parse
from gen.judging import verdict
from gen.run.folder import JUDGED


def read(folder) -> dict | None:
    """Return what was judged of the takes of a run, None where nothing was. Raises ValueError for a damaged file."""
    path = Path(folder) / JUDGED
    if not path.exists():
        return None
    try:
        found = parse(files.regular(path).read_text(encoding="utf-8"))
        check(found, verdict.RULE, "it")
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: {error}; run gen judge again, or remove it") from None
    return found


def tables(runs) -> list:
    """Return for runs that were judged alike how, as a line, what is said of each, and a table: columns and rows."""
    groups: dict[str, dict] = {}
    for run in runs:
        if told := run.judged:
            beside = f"beside {told['recordings']} excerpts of recordings, part {told['part']}"
            how = f"{told['takes']} takes, {told['seconds']:g} s of each, {beside}"
            groups.setdefault(how, {})[run.name] = told
    return [
        (how, [f"{name}: {told['sentence']}" for name, told in done.items()], verdict.table(done))
        for how, done in groups.items()
    ]
