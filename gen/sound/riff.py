"""The comment of a WAV, of any length: libsndfile writes long ones, and leaves those of 2 KB or more out as it reads.

Microsoft and IBM 1991, "Multimedia Programming Interface and Data Specifications" (RIFF): chunks of a name and a size,
32 bit, little-endian, each padded to an even size; the comment is ICMT in a LIST of INFO.
"""

import struct

LONGEST = 1 << 16  # bytes of a comment
CHUNKS = 1000  # of a file that are looked at


def comment(path) -> str:
    """Return the comment in the file at `path`, "" where it is no WAV or has none. Raises OSError."""
    with open(path, "rb") as file:
        riff, _, wave = struct.unpack("<4sI4s", file.read(12).ljust(12, b"\0"))
        if (riff, wave) != (b"RIFF", b"WAVE"):
            return ""
        for _ in range(CHUNKS):
            head = file.read(8)
            if len(head) < 8:
                break
            name, size = struct.unpack("<4sI", head)
            if name == b"LIST" and size >= 4:
                if file.read(4) == b"INFO":
                    continue  # its chunks are the next
                size -= 4
            if name == b"ICMT" and size <= LONGEST:
                return file.read(size).rstrip(b"\0").decode(errors="replace")
            file.seek(size + size % 2, 1)
    return ""
