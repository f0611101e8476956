"""What a training writes down as it goes: log.jsonl, TensorBoard figures, previews to listen to."""

import json
import os

from gen import audio


class Journal:
    """The journal of the training in `run`, from `step` on. A line is a dict of plain types with its "step"."""

    def __init__(self, run, step: int):
        from torch.utils.tensorboard import SummaryWriter  # takes a second to import

        self.run = run
        self.log = open(run / "log.jsonl", "a")  # noqa: SIM115
        self.board = SummaryWriter(run / "tensorboard", purge_step=step + 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.close()
        self.board.close()

    def write(self, line: dict, **figures):
        """Add a line to the log, and its numbers with those of `figures` to TensorBoard."""
        self.log.write(json.dumps(line) + "\n")
        heard = {f"heard/{key}": value for key, value in line.get("heard", {}).items()}
        for key, value in {**line, **heard, **figures}.items():
            if isinstance(value, (int, float)):
                self.board.add_scalar(key, value, line["step"])
        if "verdict" in line:
            self.board.add_text("verdict", f"{line['verdict']}: {line['why']}", line["step"])

    def preview(self, step: int, waves, rate: int, classes) -> list:
        """Write takes (B, T) to listen to: one of each of the first labels, or one; return their paths in the run."""
        paths = []
        for label, wave in zip(classes or ["take"], waves, strict=False):
            paths.append(f"previews/step-{step:06d}-{label.replace('/', '-')}.wav")
            audio.write(self.run / paths[-1], wave, rate)
            self.board.add_audio(label, wave[None], step, rate)
        return paths

    def sync(self):
        """Wait until the disk holds the log as it is."""
        self.log.flush()
        os.fsync(self.log.fileno())
