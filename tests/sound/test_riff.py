"""Comments of WAVs, those that libsndfile doesn't read too; nothing in such a file does harm."""

import random
import struct

import numpy as np
import pytest
import soundfile

from gen.sound import audio, riff


@pytest.mark.parametrize("length", [1, 2, 2045, 2046, 2047, 30_001, 50_000])
def test_a_comment_is_read_at_any_length(tmp_path, length):
    take = audio.Take(tmp_path / "a.wav", 8000, "é" + "x" * (length - 1))
    take.write(np.full(100, 0.1))
    path = take.keep()
    assert audio.comment(path) == riff.comment(path) == "é" + "x" * (length - 1)
    assert audio.frames(path) == 100


def test_a_file_without_a_comment_has_none(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(9), 8000)
    (tmp_path / "b.wav").write_bytes(b"RIFF")
    soundfile.write(tmp_path / "c.flac", np.zeros(9), 8000)
    assert [riff.comment(tmp_path / name) for name in ("a.wav", "b.wav", "c.flac")] == ["", "", ""]


def test_what_is_damaged_is_read_in_no_time(tmp_path):
    path, chance = tmp_path / "a.wav", random.Random(0)
    with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
        file.comment = "x" * 3000
        file.write(np.zeros(100))
    whole = path.read_bytes()
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 9)):
            data[chance.randrange(60)] = chance.randrange(256)
        path.write_bytes(data)
        assert len(riff.comment(path)) < len(whole)
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"none", 0) * 50_000)
    assert riff.comment(path) == ""
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"ICMT", 2**32 - 1) + bytes(100))
    assert riff.comment(path) == ""
