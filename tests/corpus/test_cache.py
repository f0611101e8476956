import json

import numpy as np
import pytest
import soundfile

from gen.base import files
from gen.corpus import cache
from gen.sound.codec import MuLaw
from tests.corpus.recordings import CODEC, RATE, load, write


@pytest.fixture
def encoded(monkeypatch):
    """Return the names of the files that are read for encoding, as they come."""
    read = []
    real = cache.audio.blocks
    monkeypatch.setattr(cache.audio, "blocks", lambda path, rate: read.append(path.name) or real(path, rate))
    return read


def symbols(folder):
    return [s.recording.read(s.start, s.stop).tolist() for s in load(folder, valid=0).train]


def objects():
    return sorted(path for path in (files.cache() / cache.OBJECTS).rglob("*") if path.is_file())


def test_what_is_cached_is_the_encoded_file(folder):
    corpus = load(folder, valid=0)
    for segment in corpus.train:
        wave, _ = soundfile.read(folder / segment.recording.name, dtype="float32")
        assert np.array_equal(segment.recording.read(segment.start, segment.stop), CODEC.encode(wave))
    assert (corpus.files, round(corpus.seconds, 3)) == (40, 20.0)


def test_blocks_meet_without_a_seam_under_emphasis(tmp_path):
    codec = MuLaw(8, 0.85)
    path = write(tmp_path / "long.wav", seconds=20)
    (recording,), *_ = cache.encode(tmp_path, ["long.wav"], codec, RATE)
    assert np.array_equal(recording.read(0, recording.length), codec.encode(soundfile.read(path, dtype="float32")[0]))


def test_a_second_start_reads_no_audio_and_a_changed_file_is_noticed(folder, encoded):
    load(folder)
    encoded.clear()
    load(folder)
    assert encoded == []
    write(folder / "a" / "0_x_0.wav", seed=99)
    corpus = load(folder, valid=0)
    assert encoded == ["0_x_0.wav"]
    wave, _ = soundfile.read(folder / "a" / "0_x_0.wav", dtype="float32")
    assert np.array_equal(corpus.train[0].recording.read(0, 10), CODEC.encode(wave[:10]))


def test_the_same_recording_elsewhere_is_not_encoded_again(folder, tmp_path, monkeypatch):
    load(folder)
    folder.rename(tmp_path / "moved")
    monkeypatch.setattr(cache.audio, "blocks", None)
    assert load(tmp_path / "moved").files == 40


def test_a_cache_that_cannot_be_written_is_named(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GEN_CACHE", str(tmp_path / "file" / "below"))
    with pytest.raises(ValueError, match="set GEN_CACHE"):
        load(folder)


class Louder(MuLaw):
    """A codec with a third setting."""

    def __init__(self, gain):
        super().__init__(8, 0.0)
        self.gain = gain

    def encode(self, wave, before=0.0):
        return super().encode(self.gain * wave, before)


def test_every_setting_of_a_codec_has_symbols_of_its_own(folder):
    for gain in (1, 2):
        (first, *_) = load(folder, Louder(gain), valid=0).train
        wave, _ = soundfile.read(folder / first.recording.name, dtype="float32")
        assert np.array_equal(first.recording.read(0, first.size), CODEC.encode(gain * wave))


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:3],
        lambda whole: b"",
        lambda whole: whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
        lambda whole: bytes(len(whole)),
        lambda whole: whole + whole,
    ],
)
def test_a_damaged_object_is_made_anew_and_said(folder, encoded, damage, moved):
    want = symbols(folder)
    for path in objects()[:3]:
        path.write_bytes(damage(path.read_bytes()))
    if moved:  # another index: the objects are there before their names are known
        folder = folder.rename(folder.with_name("moved"))
    encoded.clear()
    corpus = load(folder)
    assert len(encoded) == 3
    assert corpus.notes == [
        f"the cache of {encoded_name(folder, encoded[0])} (and 2 more files like it) was damaged and is made anew"
    ]
    assert symbols(folder) == want
    assert len(encoded) == 3
    assert load(folder).notes == []


def encoded_name(folder, name):
    return next(path.relative_to(folder).as_posix() for path in folder.rglob(name))


def test_a_cache_that_is_all_empty_is_made_anew(folder):
    want = symbols(folder)
    for path in objects():
        path.write_bytes(b"")
    assert symbols(folder) == want


def entry(**changes):
    return {"stamp": [1, 1], "content": "0" * 64, "rate": RATE} | changes


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"\xff\xfe{",
        b"[" * 100_000,
        b"[1, 2]",
        b"9" * 10_000,
        {"a/0_x_0.wav": None},
        {"a/0_x_0.wav": {}},
        {"a/0_x_0.wav": entry(content=__file__)},
        {"a/0_x_0.wav": entry(content=int("1" * 64))},
        {"a/0_x_0.wav": entry(rate="fast")},
        {"a/0_x_0.wav": entry(rate=10**12)},
        {"a/0_x_0.wav": {"stamp": [1, 1], "content": "0" * 64}},
        {"a/0_x_0.wav": entry(content=["0" * 64])},
    ],
)
def test_an_index_that_holds_anything_else_is_made_anew(folder, index):
    want = symbols(folder)
    (path,) = (files.cache() / cache.INDEX).iterdir()
    good = json.loads(path.read_bytes())
    if isinstance(index, dict):  # as hostile as it can be: its stamp is the file's own
        for name, hostile in index.items():
            if hostile and "stamp" in hostile:
                hostile["stamp"] = good[name]["stamp"]
        index = json.dumps({**good, **index}).encode()
    path.write_bytes(index)
    assert symbols(folder) == want
    assert json.loads(path.read_bytes()) == good
