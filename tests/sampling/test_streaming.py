"""Takes as they are made: to standard output, to files written block by block, stopped in the middle."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from gen import load
from gen.commands import sample
from gen.engine import lower
from gen.sampling import bench
from gen.sound import audio, depths
from tests.conftest import full_disk
from tests.small import save_run

RATE = 8000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run folder with a small model whose takes are loud."""
    return save_run(tmp_path_factory.mktemp("streaming") / "run")


def command(run, *args):
    return [sys.executable, "-m", "gen", "sample", str(run), *args]


def test_standard_output_takes_a_wav_or_raw_samples_the_same_as_a_file(gen, run, tmp_path, monkeypatch):
    wave = load(run).sample(seconds=0.5, seed=3)
    wav = subprocess.run(command(run, "seconds=0.5", "seed=3", "out=-"), capture_output=True, check=True)
    assert np.array_equal(soundfile.read(io.BytesIO(wav.stdout), dtype="int16")[0], depths.pcm(wave))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    assert gen("sample", run, "seconds=0.5", "seed=3", "out=-", "format=raw")[0] == 0
    assert sys.stdout.buffer.getvalue() == depths.pcm(wave).tobytes() == wav.stdout[44:]
    assert gen("sample", run, "seconds=0.5", "seed=3", f"out={tmp_path}/take.flac")[0] == 0
    assert np.array_equal(soundfile.read(tmp_path / "take.flac", dtype="int16")[0], depths.pcm(wave))


def test_an_endless_stream_comes_as_it_is_made_and_ends_with_its_reader(run):
    with subprocess.Popen(
        command(run, "seconds=inf", "out=-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    ) as made:
        got = 0
        while got < 3 * 2 * RATE:
            block = made.stdout.read(1 << 20)
            assert block
            got += len(block)
        made.stdout.close()
        assert made.wait(10) == 0
        assert not made.stderr.read()


@pytest.mark.parametrize(
    ("name", "number", "code"), [("take.wav", signal.SIGINT, 130), ("take.flac", signal.SIGTERM, 143)]
)
def test_a_take_that_is_stopped_can_be_played(run, tmp_path, name, number, code):
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  # what runs in the background ignores it
    with subprocess.Popen(
        command(run, "seconds=inf", f"out={tmp_path / name}"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed,
    ) as made:
        part = None
        for _ in range(600):
            part = next(tmp_path.glob(".take*"), None)
            if part and part.stat().st_size > 20_000:
                break
            time.sleep(0.05)
        made.send_signal(number)
        try:
            out, _ = made.communicate(timeout=20)
        finally:
            made.kill()
    assert (made.returncode, out.decode().strip()) == (code, str(tmp_path / name))
    samples, rate = soundfile.read(tmp_path / name)
    assert rate == RATE
    assert len(samples) > RATE
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["take.wav", "take.flac"])
def test_a_disk_that_fills_up_leaves_what_was_made(gen, run, tmp_path, name):
    with full_disk(60_000):
        code, _, err = gen("sample", run, "seconds=20", f"out={tmp_path / name}")
    assert code == 1
    assert err.count("\n") == 1, err
    assert f"{tmp_path / name}: can't be written on" in err
    samples, _ = soundfile.read(tmp_path / name)
    assert f"the {len(samples) / RATE:.2f} s before it are kept" in err
    assert len(samples) > RATE
    assert np.array_equal(depths.pcm(samples), depths.pcm(load(run).sample(seconds=20.0))[: len(samples)])


def test_a_take_that_its_file_cannot_count_ends_where_it_can(gen, run, tmp_path, monkeypatch):
    monkeypatch.setitem(audio.MOST, ".wav", RATE)
    code, _, err = gen("sample", run, "seconds=inf", f"out={tmp_path / 'take.wav'}")
    assert (code, err.count("\n")) == (1, 1)
    assert "take.wav: can't be written on (such a file holds no more); the 0.99 s before it are kept" in err
    assert 0.99 * RATE < soundfile.info(tmp_path / "take.wav").frames <= RATE


def test_more_takes_than_are_made_at_a_time_are_the_same_as_at_once(gen, run, tmp_path, monkeypatch):
    asked = ["sample", run, "seconds=0.02", "count=5", "stream=3"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sample, "TOGETHER", 2)
    few = gen(*asked, "out=few")[1].split()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    many = gen(*asked, "out=many")[1].split()
    assert [name.partition("/")[2] for name in few] == [f"seed0-{stream}.wav" for stream in range(3, 8)]
    for one, other in zip(few, many, strict=True):
        assert (tmp_path / one).read_bytes() == (tmp_path / other).read_bytes()


def test_a_take_that_cannot_be_begun_leaves_none_of_the_others(gen, run, tmp_path):
    (tmp_path / "takes").mkdir()
    (tmp_path / "takes" / f".seed0-2.wav.{os.getpid()}.part").mkdir()
    code, out, err = gen("sample", run, "seconds=0.02", "out=takes")
    assert (code, out) == (1, "")
    assert "takes/seed0-2.wav: can't be written (" in err
    assert len(list((tmp_path / "takes").iterdir())) == 1


def test_a_long_take_is_the_short_one_and_more(run):
    trained = load(run)
    assert np.array_equal(trained.sample(seconds=1.3)[: RATE // 2], trained.sample(seconds=0.5))
    blocks = trained.stream(seconds=1.3)
    first = next(blocks)
    assert first.shape == (1, 128)  # at most 20 ms
    assert np.array_equal(np.concatenate([first, *blocks], 1)[0], trained.sample(seconds=1.3))


def test_a_model_that_cannot_be_compiled_is_left_to_the_reference_with_a_warning(run, monkeypatch):
    monkeypatch.setattr(lower, "LOWERINGS", {})
    told = []
    wave = np.concatenate(list(load(run).stream(seconds=0.02, warn=told.append)), 1)[0]
    assert told == ["CharRNN has no lowering for the engine: sampling with engine=reference, which is slow"]
    assert np.array_equal(wave, load(run).sample(seconds=0.02, engine="reference"))


def test_a_header_says_the_length_or_the_most_it_can():
    wave = np.zeros(100, np.int16)
    made = io.BytesIO()
    soundfile.write(made, wave, RATE, "PCM_16", format="WAV")
    assert depths.wav_header(RATE, 100) == made.getvalue()[:44]
    assert depths.wav_header(RATE, float("inf"))[40:] == depths.wav_header(RATE, 2**40)[40:] == b"\xdb\xff\xff\xff"


def test_bench_prints_the_engine_beside_the_reference(gen, run, tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "REFERENCE_SECONDS", 0.1)
    monkeypatch.setattr(bench.measure, "SECONDS", 0.05)
    code, out, _ = gen("bench", run, f"json={tmp_path / 'bench.json'}")
    assert code == 0
    rows = json.loads((tmp_path / "bench.json").read_text())["rows"]
    assert list(rows) == ["reference, 1 stream"] + [
        f"{weights}, {streams}" for weights in ("float32", "bfloat16") for streams in ("1 stream", "64 streams")
    ]
    assert all(name in out for name in rows)
    assert rows["float32, 1 stream"]["samples/s"] > 10 * rows["reference, 1 stream"]["samples/s"]
    assert rows["float32, 1 stream"]["weight bytes a sample"] == 2 * rows["bfloat16, 1 stream"]["weight bytes a sample"]
