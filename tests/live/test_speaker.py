"""Playing through the machine's own output, and what is said where a package is missing."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import gen as package
import gen.live as gen_live
from tests.small import save_run

FILE = 'pcm.!default {{ type plug slave.pcm {{ type file slave.pcm "null" file "{}" format "raw" }} }}\n'  # of ALSA


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no output is a file")
def test_what_is_played_is_what_a_take_is(tmp_path, monkeypatch):
    try:
        pytest.importorskip("sounddevice", reason="there is no sounddevice here")
    except OSError:
        pytest.skip("there is no PortAudio here")
    played = tmp_path / "played.raw"
    (tmp_path / ".asoundrc").write_text(FILE.format(played))
    monkeypatch.setenv("HOME", str(tmp_path))
    words = [sys.executable, "-m", "gen", "live", str(save_run(tmp_path / "run")), "out=speaker"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as made:
        for _ in range(600):
            if made.poll() is not None or (played.exists() and played.stat().st_size > 8000):
                break
            time.sleep(0.05)
        made.send_signal(signal.SIGTERM)
        said = made.communicate(timeout=60)[1]
    if "can't be opened" in said:
        pytest.skip("PortAudio has no ALSA here")
    assert made.returncode == 143
    assert "dropouts: " in said
    assert "Traceback" not in said
    samples = np.fromfile(played, "<i2")
    wave = package.load(tmp_path / "run").sample(seconds=len(samples) / 8000)
    assert np.array_equal(samples, np.rint(32768 * wave))


@pytest.mark.parametrize(
    ("missing", "door", "words", "why"),
    [
        ("uvicorn", "server", [], "playing live needs starlette, uvicorn and websockets; pip install 'gen[live]'"),
        ("pythonosc.osc_packet", "osc", ["osc=9000"], "osc=: steering by OSC needs python-osc; pip install 'gen[osc]'"),
        ("sounddevice", "speaker", ["out=speaker"], "out=speaker: this needs sounddevice; pip install 'gen[speaker]'"),
    ],
)
def test_a_package_that_is_missing_is_said_in_a_line(gen, monkeypatch, missing, door, words, why):
    save_run("run")
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, f"gen.live.{door}", raising=False)
    monkeypatch.delattr(gen_live, door, raising=False)
    code, _, err = gen("live", "run", *words)
    assert (code, err.strip()) == (1, why)


def test_models_of_several_rates_have_no_one_output(gen):
    header = {"rate": 16000}
    code, _, err = gen("live", save_run("a"), save_run("b", **header), "out=speaker")
    assert (code, err.strip()) == (1, "out=speaker: these models have 8000 and 16000 Hz; play them apart")
