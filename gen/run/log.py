"""What a training writes down as it goes: its log, TensorBoard figures, previews; and the log read back."""

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from gen.base import files
from gen.base.schema import Each, Number, check, parse
from gen.run.folder import BOARD, LOG, PREVIEWS, SCORES, name_of
from gen.sound import audio

ROOM = "make room, and run the same command again"
BITS = Number(float, 0, 1e6)
BASELINES = Each(BITS)
LINE = {
    "step": Number(int, 0),
    "seconds?": Number(float, 0),
    "bits?": BITS,
    "valid_bits?": BITS,
    "verdict?": str,
    "why?": str,
    "baselines?": BASELINES,
}


class Journal:
    """The journal of the training in `run`, from `step` on. A line is a dict of plain types with its "step".

    What can't be written is a ValueError that says so.
    """

    def __init__(self, run, step: int):
        from gen.run.board import Board  # takes a second to import

        self.run = run
        with files.named(run, ROOM):
            self.log = open(run / LOG, "a")  # noqa: SIM115
            self.board = Board(run / BOARD, step + 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):  # what a full disk has no room for
            self.log.close()
            self.board.close()

    def write(self, line: dict, **figures):
        """Add a line to the log, and its numbers with those of `figures` to TensorBoard."""
        heard = {f"heard/{key}": value for key, value in line.get("heard", {}).items()}
        with files.named(self.run / LOG, ROOM):
            self.log.write(json.dumps(line) + "\n")
            for key, value in {**line, **heard, **figures}.items():
                if isinstance(value, (int, float)):
                    self.board.scalar(key, value, line["step"])
            if "verdict" in line:
                self.board.text("verdict", f"{line['verdict']}: {line['why']}", line["step"])

    def preview(self, step: int, waves, rate: int, classes) -> list:
        """Write takes (B, T) to listen to: one of each of the first labels, or one; return their paths in the run."""
        paths = []
        for label, wave in zip(classes or ["take"], waves, strict=False):
            paths.append(f"{PREVIEWS}/step-{step:06d}-{name_of(label)}.wav")
            with files.named(self.run / paths[-1], ROOM):
                audio.write(self.run / paths[-1], wave, rate)
                self.board.audio(label, wave, rate, step)
        return paths

    def sync(self):
        """Wait until the disk holds the log as it is; TensorBoard sees its figures too."""
        with files.named(self.run / LOG, ROOM):
            for file in (self.log, self.board.file):
                file.flush()
            os.fsync(self.log.fileno())


def cut_log(log: Path, step: int):
    """Cut a log back to the `step` that was saved; make its folder. Raises ValueError where it can't be written."""
    kept = [line for line, told in lines_of(log) if told["step"] <= step] if log.exists() else []
    files.write(log, "".join(line + "\n" for line in kept).encode(), ROOM)


def lines_of(log: Path) -> list:
    """Return the lines of a log, as they are and as what they tell, without those that no training writes.

    The last line of a killed training may be half a line. Raises OSError.
    """
    found = []
    for line in files.regular(log).read_text(encoding="utf-8", errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            told = parse(line)
            check(told, LINE, "")
            found.append((line, told))
    return found


class Log(NamedTuple):
    """A training's log, by step: bits in training and held out, seconds so far, verdicts; and trivial predictors."""

    training: dict
    valid: dict
    seconds: dict
    said: dict
    baselines: dict


def read_log(folder, history) -> Log | None:
    """Return the log of a run folder, None where there is none; lines that are cut short are left out."""
    try:
        lines = [told for _, told in lines_of(folder / LOG)]
    except OSError:
        return None
    column = {
        key: {line["step"]: line[key] for line in lines if key in line}
        for key in ("bits", "valid_bits", "seconds", "verdict", "why", "baselines")
    }
    said = {step: f"{word}: {column['why'].get(step, '')}" for step, word in column["verdict"].items()}
    if not column["seconds"] and history:  # of a log that doesn't say, as if every step had taken as long
        each = history["minutes"] * 60 / max(1, history["steps"])
        column["seconds"] = {line["step"]: line["step"] * each for line in lines}
    baselines: dict = next(iter(column["baselines"].values()), {})
    with contextlib.suppress(OSError, ValueError):
        scores = parse(files.regular(folder / SCORES).read_text(encoding="utf-8"))
        check(scores, {"baselines": BASELINES}, "")
        baselines = baselines or scores["baselines"]
    return Log(column["bits"], column["valid_bits"], column["seconds"], said, baselines)
