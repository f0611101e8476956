import numpy as np
import pytest
import soundfile

import gen
from gen.sampling import address
from tests.small import save_run

SETTINGS = {"seed": 5, "temperature": 0.9, "top_p": 0.95, "label": None, "engine": "compiled", "weights": "bfloat16"}


def save(folder, scale=1.0):
    save_run(folder, ["hi", "lo"], scale)


@pytest.fixture
def told(gen):
    """Return a function that runs a command where a run `run` lies: its exit code, and what it printed or its error."""
    save("run")

    def run(*args):
        code, out, err = gen(*args)
        return code, err.strip() if code else out

    return run


@pytest.mark.parametrize(
    ("form", "extra"),
    [("wav", []), ("flac", ["label=lo", "weights=float32"]), ("wav", ["prime=heard.wav", "temperature=0.8"])],
)
def test_a_take_is_made_again_byte_for_byte_and_longer_as_if_at_once(told, tmp_path, form, extra):
    soundfile.write("heard.wav", 0.3 * np.sin(np.arange(3000) / 9), 16000)
    common = ["sample", "run", "seed=3", "top_p=0.95", f"format={form}", *extra]
    code, out = told(*common, "seconds=0.2", "count=3", "stream=2")
    assert code == 0
    for take in out.split():
        assert told("again", take) == (0, f"{take[: -1 - len(form)]}-again.{form}\nthe same bytes as {take}\n")
    longer = told(*common, "seconds=0.45", "count=3", "stream=2", "out=longer")[1].split()
    for take, want in zip(out.split(), longer, strict=True):
        assert told("extend", take, "seconds=0.25", f"out=made.{form}")[0] == 0
        assert (tmp_path / f"made.{form}").read_bytes() == (tmp_path / want).read_bytes()


@pytest.mark.parametrize("command", ["again", "extend"])
def test_out_is_neither_the_take_itself_nor_of_another_format(told, tmp_path, command):
    take = told("sample", "run", "seconds=0.1", "out=a.wav")[1].strip()
    before = (tmp_path / take).read_bytes()
    assert "is the take itself" in told(command, take, f"out={tmp_path / take}")[1]
    assert "give a name on .wav" in told(command, take, "out=b.flac")[1]
    assert (tmp_path / take).read_bytes() == before
    assert not (tmp_path / "b.flac").exists()


def test_a_changed_model_prime_or_take_is_refused(told, tmp_path):
    soundfile.write("heard.wav", np.zeros(100), 8000)
    take = told("sample", "run", "seconds=0.2", "count=1", "prime=heard.wav")[1].strip()
    soundfile.write("heard.wav", np.ones(100) / 2, 8000)
    assert "another prime" in told("again", take)[1]
    soundfile.write("heard.wav", np.zeros(100), 8000)
    samples, _ = soundfile.read(take, dtype="int16")
    with soundfile.SoundFile("changed.wav", "w", 8000, 1, "PCM_16") as file:
        file.comment = soundfile.SoundFile(take).comment
        samples[700] += 1
        file.write(samples)
    assert "changed-again.wav differs from it, from sample 700 on" in told("again", "changed.wav")[1]
    save("run", 0.9)
    assert "another run" in told("again", take)[1]
    save("moved")
    assert told("again", take, "run=moved")[0] == 0
    assert "give run= where it is now" in told("again", take, "run=nowhere")[1]
    (tmp_path / "run").rename(tmp_path / "other")
    assert told("again", f"other/{take.removeprefix('run/')}")[0] == 1  # it is another model by now
    save("other")
    assert told("again", f"other/{take.removeprefix('run/')}")[0] == 0
    assert "carries no address" in told("again", "heard.wav")[1]
    assert told("again", "missing.wav")[1] == "missing.wav: No such file or directory"


def test_an_address_says_what_a_take_was_made_with(told):
    take = told("sample", "run", "seconds=0.1", "seed=5", "temperature=0.9", "top_p=0.95", "count=2")[1].split()[1]
    found = address.read(take)
    assert {key: found[key] for key in SETTINGS} == SETTINGS
    assert (found["stream"], found["prime"], found["model"]["path"]) == (1, None, "run")
    assert len(gen.load("run").sample(seconds=0.1)) == 800


def test_a_take_that_will_be_replaced_is_told_and_no_other_file_is(gen, tmp_path):
    run = save_run(tmp_path / "run")
    (tmp_path / "mine.wav").write_bytes(b"mine")
    code, _, err = gen("sample", run, "out=mine.wav", "seconds=0.1")
    assert (code, err.count("\n")) == (1, 1)
    assert "mine.wav: is there already, and no take of gen sample; give another name" in err
    assert (tmp_path / "mine.wav").read_bytes() == b"mine"
    assert gen("sample", run, "out=a.wav", "seconds=0.1")[2].count("replaced") == 0
    assert (
        "a.wav: the take that is there will be replaced" in gen("sample", run, "out=a.wav", "seconds=0.1", "seed=2")[2]
    )
