"""The `smpl` chunk of a WAV, by which samplers know where it loops.

Microsoft and IBM 1994, "Multimedia Data Standards Update" (RIFF): nine numbers of 32 bits, little-endian, and six for
each loop, whose first and last samples are both played.
"""

import os
import struct

UNITY = 60  # the MIDI note at which it is played as it is
FORWARD, ENDLESS = 0, 0  # from its first sample to its last again and again; times that it is played


def add(path, rate: int, first: int, last: int):
    """Add to the WAV file at `path`, of `rate` Hz, a loop from sample `first` to sample `last`."""
    period = round(1e9 / rate)  # nanoseconds of a sample
    head = struct.pack("<9I", 0, 0, period, UNITY, 0, 0, 0, 1, 0)
    loop = struct.pack("<6I", 0, FORWARD, first, last, 0, ENDLESS)
    with open(path, "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        file.write(b"\0" * (end % 2))  # chunks begin at even places
        file.write(struct.pack("<4sI", b"smpl", len(head) + len(loop)) + head + loop)
        size = file.tell()
        file.seek(4)
        file.write(struct.pack("<I", size - 8))
