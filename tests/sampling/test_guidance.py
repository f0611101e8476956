"""Takes that are guided: more of what they are told; made again from their address; refused in a line."""

import json

import numpy as np
import pytest
import soundfile

import gen as package
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sampling import address, guard
from gen.sampling.trained import Trained
from gen.sound.hearing import Heard
from tests.small import curves, save_run, trained_on

CLASSES = ["lo", "hi"]
SPEECH = Heard(-25, -60, -10, silence=0.1, clipping=0, flatness=0.02, noise=0.3, loop=0.2)


def how_trained(**settings):
    """Return what a header says of a training with `settings` on recordings said to be speech."""
    told = trained_on("x", data=SPEECH._asdict())
    told["settings"] |= settings
    told["settings"]["data"]["tail"] = 0.0
    return told


def save(folder, told=None, classes=CLASSES, untold=0.1, **header):
    """Save a model that heard its labels dropped, and curves, if it is `told` any."""
    return save_run(
        folder, classes, told=told, **{"any": bool(classes), "trained": how_trained(untold=untold), **header}
    )


@pytest.fixture
def wave(tmp_path):
    """Write a recording to follow and to go on from; return its path."""
    soundfile.write(tmp_path / "words.wav", 0.3 * np.sin(np.arange(2000) / 3) * np.linspace(0, 1, 2000), 8000)
    return tmp_path / "words.wav"


@pytest.fixture
def told(gen, wave):
    """Return a function that runs a command where a run lies that is told labels and loudness, and a recording."""
    save("run", told=curves("loudness"))

    def run(*args):
        code, out, err = gen(*args)
        return code, err.strip() if code else out

    return run


def test_guidance_1_gives_the_bytes_of_a_plain_take_and_another_gives_others(told, tmp_path):
    common = ["sample", "run", "seconds=0.1", "label=hi"]
    for number, extra in enumerate(([], ["guidance=1"], ["guidance=2"], ["guidance=3"])):
        assert told(*common, *extra, f"out={number}.wav")[0] == 0
    plain, same, *others = ((tmp_path / f"{number}.wav").read_bytes() for number in range(4))
    assert plain == same
    assert len({plain, *others}) == 3
    assert "guidance" not in json.loads(soundfile.SoundFile("0.wav").comment)
    assert address.read("2.wav")["guidance"] == 2.0


def test_it_is_the_same_from_python_by_either_sampler_and_alone(wave, tmp_path):
    trained = package.load(save(tmp_path / "run", told=curves("loudness")))
    trained.model.double()
    for more in ({"label": "hi"}, {"follow": wave}, {"follow": wave, "label": "any"}, {"prime": wave, "label": "lo"}):
        asked = {"seconds": 0.05, "seed": 3, "guidance": 2.5, **more}
        both = [
            trained.sample(**asked, count=2, engine=engine, weights="float64") for engine in ("compiled", "reference")
        ]
        assert np.array_equal(*both)
        assert np.array_equal(trained.sample(**asked, stream=1, weights="float64"), both[0][1])
        assert not np.array_equal(trained.sample(**{**asked, "guidance": 1.0}, count=2, weights="float64"), both[0])


def test_it_leads_away_from_what_the_model_heard_untold(tmp_path, wave):
    """With labels and curves from both; from one of them where the other was always told."""
    both = Trained(save(tmp_path / "both", told=curves()))
    assert both.guidance(2.0, [0], told=True) == (2.0, 2, False)
    assert both.guidance(2.0, [0], told=False) == (2.0, 2, False)
    assert both.guidance(2.0, [2], told=True) == (2.0, None, False)
    labels = Trained(save(tmp_path / "labels", told=curves(), untold=0.0))
    assert labels.guidance(2.0, [0, 1], told=True) == (2.0, 2, True)
    controlled = Trained(save(tmp_path / "curves", told=curves(), any=False))
    assert controlled.guidance(2.0, [0, 1], told=True) == (2.0, None, False)
    assert both.guidance(1.0, [0], told=True) is None


@pytest.mark.parametrize(
    "extra", [["label=hi"], ["label=any", "follow=words.wav"], ["prime=words.wav", "temperature=0.8", "label=lo"]]
)
def test_a_guided_take_is_made_again_and_longer(told, tmp_path, extra):
    common = ["sample", "run", "guidance=2.5", *extra]
    take = told(*common, "seconds=0.2", "stream=2", "count=1")[1].strip()
    assert told("again", take)[1].splitlines()[1] == f"the same bytes as {take}"
    longer = told(*common, "seconds=0.3", "stream=2", "out=longer.wav")[1].strip()
    assert told("extend", take, "seconds=0.1", "out=made.wav")[0] == 0
    assert (tmp_path / "made.wav").read_bytes() == (tmp_path / longer).read_bytes()


def test_the_guard_hears_guided_takes_too(tmp_path, monkeypatch):
    monkeypatch.setattr(guard, "SECONDS", 0.1)
    trained, said = Trained(save(tmp_path / "run")), []
    asked = {"seed": 3, "guidance": 2.0, "guard": True}
    whole = trained.sample(seconds=0.25, count=3, **asked, warn=said.append)
    assert "seconds drawn again" in said[-1]
    assert not np.array_equal(whole, trained.sample(seconds=0.25, count=3, **{**asked, "guard": False}))
    assert np.array_equal(trained.sample(seconds=0.15, stream=2, **asked), whole[2][:1200])


def test_label_any_samples_freely_and_is_told_among_the_labels(told):
    take = told("sample", "run", "seconds=0.1", "label=any", "count=1")[1].strip()
    assert take.endswith("any-seed0-0.wav")
    assert told("again", take)[0] == 0
    named = told("sample", "run", "seconds=0.1", "label=hi", "out=hi.wav")[1].strip()
    assert not np.array_equal(soundfile.read(take)[0], soundfile.read(named)[0])
    assert "this model has no such label; it has lo, hi, any" in told("sample", "run", "label=middle")[1]


def test_a_label_of_the_recordings_that_is_called_any_is_that_label(tmp_path):
    trained = Trained(save(tmp_path / "run", classes=["any", "hi"]))
    assert trained.label_ids("any", 2) == [0, 0]
    assert trained.guidance(2.0, [0], told=False).label == 2


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("nan", "guidance=nan: guidance is 0 to 100: 1 is as trained"),
        ("-1", "guidance=-1.0: guidance is 0 to 100: 1 is as trained"),
        ("1e300", "guidance=1e+300: guidance is 0 to 100: 1 is as trained"),
        ("inf", "guidance=inf: guidance is 0 to 100: 1 is as trained"),
        ("much", "guidance"),
    ],
)
def test_a_guidance_out_of_range_is_named(gen, tmp_path, value, line):
    save("run")
    code, _, err = gen("sample", "run", f"guidance={value}", "out=a.wav")
    assert (code, err.count("\n")) == (1, 1), err
    assert line in err
    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("header", "keys", "line"),
    [
        (
            {"classes": ()},
            [],
            "guidance=2: these takes are told nothing to be guided by; train a model with data.labels=",
        ),
        ({}, ["label=any"], "guidance=2: these takes are told nothing to be guided by; give a label"),
        ({"classes": (), "told": curves()}, [], "told nothing to be guided by; give follow="),
        ({"any": False}, [], "was told its label at all times in training, and knows nothing else; train one with un"),
        ({"any": False}, ["label=any"], "label=any: this model has no such label; it has lo, hi"),
        (
            {"classes": (), "told": curves(), "untold": 0.0},
            ["loudness=-20"],
            "was told curves at all times in training, and knows nothing else; train one with untold=0.1",
        ),
    ],
)
def test_what_cannot_be_guided_is_refused_in_a_line_that_names_the_remedy(gen, tmp_path, header, keys, line):
    save("run", **header)
    code, _, err = gen("sample", "run", "guidance=2", "out=a.wav", *keys)
    assert (code, err.count("\n")) == (1, 1), err
    assert line in err
    assert not (tmp_path / "a.wav").exists()


def test_an_address_of_a_guidance_out_of_range_is_damaged(told):
    take = told("sample", "run", "seconds=0.1", "guidance=2", "out=a.wav")[1].strip()
    found, (samples, rate) = json.loads(soundfile.SoundFile(take).comment), soundfile.read(take, dtype="int16")
    for value in (-1, 1e300, "2", None):
        with soundfile.SoundFile("b.wav", "w", rate, 1, "PCM_16") as file:
            file.comment = json.dumps({**found, "guidance": value})
            file.write(samples)
        assert told("again", "b.wav")[1].startswith("b.wav: carries a damaged address (address.guidance")


@pytest.mark.parametrize("value", [False, 1, "yes", None])
def test_a_file_whose_header_tells_of_no_class_for_any_or_of_none_that_is_one_is_refused(gen, tmp_path, value):
    path = save(tmp_path / "run") / MODEL
    tensors, header, _ = checkpoint.read(path, checkpoint.HEADER)
    checkpoint.save(path, tensors, {**{key: header[key] for key in header if key != "format"}, "any": value})
    code, _, err = gen("sample", "run", "out=a.wav")
    assert (code, err.count("\n")) == (1, 1), err
    assert err.startswith(
        "run/model.safetensors: its weights don't fit" if value is False else "run/model.safetensors: its header.any"
    )
