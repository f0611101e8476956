"""Takes that are chosen: by the model's own odds of labels, or of recordings; refused where that means none."""

import numpy as np
import pytest
import soundfile
import torch

from gen.sampling.chosen import Chooser
from gen.sampling.trained import Trained
from tests.small import curves, save_run, trained_on

CLASSES = ["lo", "hi", "up"]


def bits(trained, wave, label):
    """Return what a wave costs under a label, in bits, by the model's definition, one symbol after the other."""
    symbols = torch.from_numpy(trained.codec.encode(wave))
    x = torch.cat([torch.tensor([128]), symbols[:-1]])
    logits, _ = trained.model(x[None], trained.model.start(torch.tensor([label])))
    return -torch.log_softmax(logits.double(), -1)[0, torch.arange(len(symbols)), symbols].sum().item() / np.log(2)


def takes(trained, labels, size=400):
    return np.stack([trained.sample(seconds=size / 8000, label=trained.classes[k], stream=k) for k in labels])


def test_a_take_is_rated_by_how_much_likelier_its_label_is_than_the_likeliest_other(tmp_path):
    trained = Trained(save_run(tmp_path / "run", CLASSES))
    made = takes(trained, [0, 1, 2])
    chooser = Chooser(trained, 2)
    symbols = np.stack([trained.codec.encode(wave) for wave in made])
    found = chooser.rated(symbols, [0, 2, 2])
    for wave, own, score in zip(made, [0, 2, 2], found, strict=True):
        cost = [bits(trained, wave, label) for label in range(3)]
        want = (min(cost[:own] + cost[own + 1 :]) - cost[own]) / len(wave)
        assert abs(score - want) < 0.02 * abs(want) + 2e-3  # the engine's weights are bfloat16
    chooser.add(made, [7, 3, 5], [0, 2, 2])
    assert [take.score for take in chooser.kept] == sorted(found, reverse=True)[:2]
    one = Chooser(trained, 1)
    for stream in (9, 4):  # the same take again: of equals the first stream is kept
        one.add(made[:1], [stream], [0])
    assert [take.stream for take in one.kept] == [4]


def test_without_labels_it_is_rated_by_how_near_its_bits_are_to_those_of_recordings(tmp_path):
    trained = Trained(save_run(tmp_path / "run", trained=trained_on("x", valid_bits=3.0)))
    waves = np.stack([trained.sample(seconds=0.05), np.zeros(400, np.float32)])
    found = Chooser(trained, 1).rated(np.stack([trained.codec.encode(wave) for wave in waves]), [0, 0])
    for wave, score in zip(waves, found, strict=True):
        assert abs(score + abs(bits(trained, wave, 0) / 400 - 3.0)) < 0.02


def test_what_takes_are_told_and_go_on_from_is_heard_before_them(tmp_path):
    made = save_run(tmp_path / "run", told=curves("loudness"), trained=trained_on("x", valid_bits=3.0))
    trained = Trained(made)
    chooser = Chooser(trained, 1)
    symbols = trained.codec.encode(trained.sample(seconds=0.05))[None]
    loud, soft = (np.full((40, trained.curves.channels), value, np.float32) for value in (1, -1))
    plain = chooser.rated(symbols, [0])
    assert len({*plain, *chooser.rated(symbols, [0], [loud]), *chooser.rated(symbols, [0], [soft])}) == 3
    assert chooser.rated(symbols, [0], None, symbols[0]) != plain


def test_the_command_writes_the_best_with_their_own_addresses(gen, tmp_path):
    save_run(tmp_path / "run", CLASSES)
    code, out, err = gen("sample", "run", "label=hi", "count=6", "best=2", "seconds=0.05")
    assert (code, err.count("kept stream ")) == (0, 2), err
    paths = [tmp_path / line for line in out.splitlines()]
    assert sorted(paths) == sorted((tmp_path / "run/takes").iterdir())
    assert len(paths) == 2
    assert all(gen("again", path)[0] == 0 for path in paths)
    code, out, err = gen("sample", "run", "label=hi", "count=6", "best=1", "seconds=0.05", "out=one.wav")
    assert (code, out.split()) == (0, ["one.wav"]), err
    assert np.array_equal(soundfile.read(tmp_path / "one.wav")[0], soundfile.read(paths[0])[0])


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["best=2"], "best=2: so many takes are kept of count=None; give a larger count="),
        (["best=4", "count=4"], "best=4: so many takes are kept of count=4; give a larger count="),
        (["best=0", "count=4"], "best=0: so many takes are kept of count=4"),
        (["best=1", "count=4", "out=-"], "best=1: takes are chosen when they are whole; leave best= or out=- out"),
        (["best=2", "count=4", "out=a.wav"], "out=a.wav: holds one take, and count=4; give a folder, or best=1"),
        (["best=2", "count=4", "engine=reference"], "best=2: takes are heard by the compiled engine"),
        (["best=2", "count=4", "seconds=0.02"], "best=2: this model was trained with nothing held out to compare"),
    ],
)
def test_what_can_not_be_chosen_is_named(gen, tmp_path, keys, line):
    save_run(tmp_path / "run", trained=trained_on("x"))
    code, _, err = gen("sample", "run", "seconds=0.02", *[key for key in keys if key != "seconds=0.02"])
    assert (code, err.count("\n"), line in err) == (1, 1, True), err
