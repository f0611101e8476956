import numpy as np
import pytest
import soundfile

from gen.repair import continuation
from gen.sampling.trained import Trained
from tests.repair.test_mend import record
from tests.small import save_run

FORMATS = [
    ("a.wav", "PCM_16", 8000, 1),
    ("a.flac", "PCM_24", 16000, 2),
    ("a.wav", "FLOAT", 11025, 1),
    ("a.aiff", "PCM_16", 8000, 2),
]


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Let few streams be tried, which takes less time."""
    monkeypatch.setattr(continuation, "STREAMS", 8)


@pytest.fixture
def run(tmp_path):
    return save_run(tmp_path / "run")


def takes(run, rate=8000, channels=1, seconds=0.4):
    """Return two takes (T, channels) of the model in `run`, played at any rate."""
    return [
        np.stack([Trained(run).sample(seconds=seconds * rate / 8000, seed=seed, stream=c) for c in range(channels)], 1)
        for seed in (1, 2)
    ]


def read(path, kind="int32"):
    return soundfile.read(path, dtype=kind, always_2d=True)[0]


@pytest.mark.parametrize(("name", "subtype", "rate", "channels"), FORMATS)
def test_both_recordings_stay_as_they_are_around_a_bridge(gen, run, tmp_path, name, subtype, rate, channels):
    other = name.replace("a.", "b.")
    for path, wave in zip((name, other), takes(run, rate, channels), strict=True):
        soundfile.write(path, wave, rate, subtype)
    before = [(tmp_path / path).read_bytes() for path in (name, other)]
    code, out, err = gen("bridge", name, other, "run=run", "seconds=0.1")
    assert (code, out.strip()) == (0, name.replace("a.", "a-to-b."))
    assert err.startswith(f"from {name} to {other}: 0.1 s filled by model, after which the rest costs ")
    one, two, made = (read(path) for path in (name, other, out.strip()))
    info = soundfile.info(out.strip())
    assert (info.subtype, info.samplerate, info.channels) == (subtype, rate, channels)
    assert len(made) == len(one) + round(0.1 * rate) + len(two)
    assert np.array_equal(made[: len(one)], one)
    assert np.array_equal(made[-len(two) :], two)
    bridge = made[len(one) : -len(two)] / 2.0**31
    assert 0.2 < bridge.std() / (one / 2.0**31).std() < 5
    assert [(tmp_path / path).read_bytes() for path in (name, other)] == before


def test_it_leads_on_from_the_first_and_into_the_second_without_a_step(gen, run):
    rate = 8000
    for path, phase in (("a.wav", 0), ("b.wav", 1)):
        soundfile.write(path, 0.5 * np.sin(2 * np.pi * 110 * np.arange(4000) / rate + phase), rate, "FLOAT")
    gen("bridge", "a.wav", "b.wav", "run=run", "seconds=0.2")
    made = read("a-to-b.wav", "float64")[:, 0]
    for at in (4000, len(made) - 4000):
        assert np.abs(np.diff(made[at - 3 : at + 3])).max() < 1.5 * np.abs(np.diff(made[:4000])).max()


def test_another_rate_depth_and_channel_count_of_the_second_are_converted(gen, run):
    soundfile.write("a.wav", takes(run)[0], 8000, "PCM_24")
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 16000)
    soundfile.write("b.flac", np.stack([tone, tone], 1), 16000)
    code, _, err = gen("bridge", "a.wav", "b.flac", "run=run", "seconds=0.1")
    assert code == 0
    assert "b.flac: is mixed to 1 channel(s)" in err
    assert "b.flac: is resampled from its own 16000 Hz to 8000 Hz" in err
    made = read("a-to-b.wav", "float64")
    assert len(made) == 3200 + 800 + 4000
    assert np.abs(made[4100:-100, 0] - tone[200:-200:2]).max() < 1e-3


def test_versions_differ_and_each_is_made_again_from_its_address(gen, run, tmp_path):
    for path, wave in zip(("a.wav", "b.wav"), takes(run), strict=True):
        soundfile.write(path, wave, 8000)
    code, out, err = gen("bridge", "a.wav", "b.wav", "run=run", "seconds=0.1", "count=2", "out=joined.wav")
    assert (code, out.split()) == (0, ["joined-0.wav", "joined-1.wav"])
    assert "the likeliest first" in err
    first, second = ((tmp_path / name).read_bytes() for name in out.split())
    assert first != second
    assert gen("again", "joined-1.wav")[0] == 0
    assert (tmp_path / "joined-1-again.wav").read_bytes() == second
    (tmp_path / "b.wav").rename(tmp_path / "moved.wav")
    assert "give to= where it is now" in gen("again", "joined-1.wav")[2]
    assert gen("again", "joined-1.wav", "to=moved.wav")[0] == 0
    assert "was made with another to than a.wav" in gen("again", "joined-1.wav", "to=a.wav")[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.wav", "run=run"], "gen bridge: joins two recordings, such as one.wav two.wav, and 1 are given"),
        (["a.wav", "b.wav", "b.wav", "run=run"], "and 3 are given"),
        (["a.wav", "nowhere.wav", "run=run"], "nowhere.wav: No such file"),
        (["a.wav", "b.wav"], "run: this has no value yet"),
        (["a.wav", "b.wav", "run=nowhere"], "nowhere: No such file"),
        (["a.wav", "b.wav", "run=run", "seconds=0"], "seconds=0.0: a bridge has 0.03 to 60 s"),
        (["a.wav", "b.wav", "run=run", "seconds=61"], "seconds=61.0: a bridge has"),
        (["a.wav", "b.wav", "run=run", "seconds=nan"], "seconds=nan: a bridge has"),
        (["a.wav", "b.wav", "run=run", "count=0"], "count=0"),
        (["a.wav", "b.wav", "run=run", "label=lo"], "label=lo: this model was trained without labels"),
        (["a.wav", "b.wav", "run=run", "out=a.wav"], "out=a.wav: is the recording itself"),
        (["a.wav", "b.wav", "run=run", "out=b.wav"], "out=b.wav: is there already, and no recording that gen mended"),
        (["a.wav", "b.wav", "run=run", "out=c.flac"], "out=c.flac: what is made of a.wav is a .wav"),
        (["a.wav", "three.wav", "run=run"], "three.wav: has 3 channels, and two.wav 2"),
        (["quiet.wav", "b.wav", "run=run"], "quiet.wav: ends in 0.5 s of silence, which leads nowhere"),
        (["a.wav", "quiet.wav", "run=run"], "quiet.wav: begins in 0.5 s of silence"),
        (["a.wav", "short.wav", "run=run"], "short.wav: is 2 ms long; give 30 ms or more"),
        (["a.wav", "c.ogg", "run=run"], "c.ogg: is OGG VORBIS, which isn't written without loss here"),
        (["a.wav", "text.wav", "run=run"], "text.wav: isn't audio that can be read"),
    ],
)
def test_bad_input_is_one_line(gen, run, tmp_path, words, told):
    record(tmp_path / "a.wav")
    record(tmp_path / "b.wav")
    record(tmp_path / "two.wav", channels=2)
    record(tmp_path / "three.wav", channels=3)
    record(tmp_path / "c.ogg", "VORBIS")
    soundfile.write("quiet.wav", np.zeros(8000), 16000)
    soundfile.write("short.wav", np.ones(32) / 2, 16000)
    (tmp_path / "text.wav").write_text("no audio")
    if "three.wav" in words:
        words = ["two.wav", *words[1:]]
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    code, _, err = gen("bridge", *words)
    assert code == 1
    assert err.count("\n") == 1, err
    assert told in err
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
