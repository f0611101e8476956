"""Files that somebody else wrote: refused in a line that names them, with nothing written and no memory taken."""

import json
import random
import resource

import pytest
import safetensors.torch
import torch

from gen.base import schema
from gen.base.build import build
from gen.models.base import Model
from gen.run import checkpoint
from gen.run.folder import MODEL
from gen.sound.codec import Codec
from tests.mutate import with_header
from tests.small import MODELS, MULAW, SIZES, SMALL, curves, model_node, save_run, sharp, trained_on


@pytest.fixture
def run(tmp_path):
    return save_run(tmp_path / "run", ["a", "b"])


def with_changes(run, **changes):
    """Write changes into the header of a run's model."""
    tensors, header, _ = checkpoint.read(run / MODEL, checkpoint.HEADER)
    text = json.dumps({**header, **changes})
    safetensors.torch.save_file(tensors, run / MODEL, {"gen": text})


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ({"_target_": "gen.run.checkpoint.save", "path": "victim.txt", "tensors": {}, "header": {}}, "no such Codec"),
        ({"_target_": "gen.sound.audio.write", "path": "victim.txt", "wave": [], "rate": 8000}, "no such Codec"),
        ({"_target_": "gen.sound.codec.Codec"}, "no such Codec"),
        ({"_target_": "gen.sound.codec.np.load", "file": "victim.txt"}, "no such Codec"),
        ({"_target_": "gen.sound.nothing.MuLaw"}, "no such Codec"),
        ({**MULAW, "bits": 8.5}, "codec.bits=8.5: this must be of type int"),
        ({**MULAW, "more": 1}, "codec.more: MuLaw has no such key"),
    ],
)
def test_nothing_but_a_codec_is_built_where_a_codec_is_told_of(run, tmp_path, monkeypatch, node, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "victim.txt").write_text("mine")
    with_changes(run, codec=node)
    with pytest.raises(ValueError, match=rf"model\.safetensors: .*{told}"):
        checkpoint.open_model(run)
    assert (tmp_path / "victim.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "target", ["gen.models.rnn.GRU", "gen.models.base.Label", "gen.models.base.reset", "os.system", "x"]
)
def test_nothing_but_a_model_is_built_where_a_model_is_told_of(target):
    with pytest.raises(ValueError, match="no such Model"):
        build({"_target_": target}, "model", Model, levels=256, silence=(128,), classes=0)
    with pytest.raises(ValueError, match="no such Codec"):
        build({"_target_": target}, "codec", Codec)


@pytest.mark.parametrize(
    "changes",
    [{"hidden": 200_000}, {"layers": 10**9}, {"embedding": 10**12}, {"hidden": -5}, {"layers": None}, {"layers": [2]}],
)
def test_a_model_larger_than_its_file_takes_no_memory(run, changes):
    header = checkpoint.read(run / MODEL, checkpoint.HEADER).header
    with_changes(run, model={**header["model"], **changes})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"model\.safetensors: "):
        checkpoint.open_model(run)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate", "8000"), ("rate", 10**12), ("rate", 2**31), ("rate", True), ("rate", 8000.0), ("classes", ["a", "a"]),
        ("classes", "ab"), ("classes", [1, 2]), ("classes", ["a", "\x1b[2J"]), ("classes", ["a"]), ("format", "1"),
        ("trained", []), ("trained", {"steps": -5}), ("codec", "mulaw8"), ("model", None),
    ],
)  # fmt: skip
def test_every_field_of_a_header_is_checked(run, key, value):
    with_changes(run, **{key: value})
    with pytest.raises(ValueError, match=r"model\.safetensors: "):
        checkpoint.open_model(run)


def test_what_this_version_knows_nothing_of_is_left_out_and_names_are_of_any_script(run):
    told = trained_on("in")
    told["settings"]["data"]["later"] = 1
    with_changes(run, trained=told, classes=["日本　語", "नी\u200dत"])
    loaded = checkpoint.open_model(run)
    assert loaded.header["trained"]["settings"] == trained_on("in")["settings"]
    assert loaded.classes == ["日本　語", "नी\u200dत"]


@pytest.mark.parametrize("dtype", [torch.int8, torch.int64, torch.complex64, torch.bool])
def test_weights_are_real_numbers(run, dtype):
    tensors, header, _ = checkpoint.read(run / MODEL, checkpoint.HEADER)
    tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    safetensors.torch.save_file(tensors, run / MODEL, {"gen": json.dumps(header)})
    with pytest.raises(ValueError, match=r"model\.safetensors: "):
        checkpoint.open_model(run)


def test_damage_anywhere_in_a_file_is_noticed(run):
    whole = (run / MODEL).read_bytes()
    for at in range(9, len(whole), len(whole) // 50):
        (run / MODEL).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(ValueError, match=r"model\.safetensors: "):
            checkpoint.open_model(run)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hop", 0), ("hop", 33), ("hop", 1 << 40), ("hop", "32"), ("families", []), ("families", ["tempo"]),
        ("families", "loudness"), ("names", []), ("names", ["loudness"] * 2), ("mean", [0.0, 0.0]), ("mean", [None]),
        ("deviation", [0.0]), ("deviation", [-1.0]), ("low", ["x"]), ("silence", []), ("high", 3), ("mean", [1e300]),
    ],
)  # fmt: skip
def test_what_a_header_says_of_curves_is_checked(tmp_path, key, value):
    run = save_run(tmp_path / "told", told=curves("loudness"))
    tensors, header, _ = checkpoint.read(run / MODEL, checkpoint.HEADER)
    assert checkpoint.open_model(run).model.told.hop == 32
    header["control"][key] = value
    safetensors.torch.save_file(tensors, run / MODEL, {"gen": json.dumps(header)})
    with pytest.raises(ValueError, match=r"model\.safetensors: "):
        checkpoint.open_model(run)


def test_five_hundred_mutated_headers_are_each_refused_in_a_line_or_harmless(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole, chance = (run / MODEL).read_bytes(), random.Random(0)
    before, told = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, []
    for _ in range(500):
        (run / MODEL).write_bytes(with_header(whole, chance))
        try:
            checkpoint.open_model(run)
        except ValueError as error:
            told.append(str(error))
    assert len(told) > 250
    assert [line for line in told if not line.startswith(f"{run / MODEL}: ")] == []
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    assert {path.name for path in run.iterdir()} == {MODEL}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_passes_the_checks_of_its_own_file(tmp_path, name):
    model = sharp(name, classes=2, levels=256)
    codec = {"_target_": "gen.sound.codec.Linear16"} if name == "wavernn" else MULAW
    node = model_node(name)
    node |= {k: v for k, v in SIZES.items() if k in node} | SMALL.get(name, {})
    header = {"model": node, "codec": codec, "rate": 8000, "classes": ["a", "b"]}
    checkpoint.save(tmp_path / MODEL, model.state_dict(), header)
    assert checkpoint.open_model(tmp_path).classes == ["a", "b"]


def test_json_without_end_and_without_numbers_is_refused():
    for text in ("[" * 100_000, "NaN", '{"a": Infinity}', "{"):
        with pytest.raises(ValueError, match=r"too deep|no number|Expecting"):
            schema.parse(text)
