"""Figures of a training over time, in the files that TensorBoard reads. The only door to `tensorboard`."""

import os
import platform
import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import summary


class Board:
    """A file of events in `folder`; TensorBoard forgets those of steps from `step` on that files before it hold.

    Each is written at once, not by a thread, so that a full disk is an OSError where it happens.
    """

    def __init__(self, folder: Path, step: int):
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.0f}.{platform.node()}.{os.getpid()}"
        self.file = open(folder / name, "ab")  # noqa: SIM115
        self.events = RecordWriter(self.file)
        self.write(step, file_version="brain.Event:2")
        self.write(step, session_log=SessionLog(status=SessionLog.START))

    def write(self, step: int, **what):
        """Write an event."""
        self.events.write(Event(wall_time=time.time(), step=step, **what).SerializeToString())

    def scalar(self, name: str, value: float, step: int):
        """Add a number to those of a name."""
        self.write(step, summary=summary.scalar(name, value))

    def text(self, name: str, text: str, step: int):
        """Add a line of text."""
        self.write(step, summary=summary.text(name, text))

    def audio(self, name: str, wave, rate: int, step: int):
        """Add a wave (T,)."""
        self.write(step, summary=summary.audio(name, wave[None], rate))

    def close(self):
        self.file.close()
