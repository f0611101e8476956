import math

import numpy as np
import pytest
import soundfile
import torch

import gen
from gen.base.uniforms import Uniforms
from gen.sampling import reference
from tests.small import LEVELS, MODELS, save_run, sharp


def takes(model, streams, labels=None, steps=80, seed=7, **settings):
    made = reference.Reference(model, (LEVELS // 2,)).generate(
        steps, streams, labels or [0] * len(streams), seed, **settings
    )
    return np.concatenate(list(made), 1)


@pytest.mark.parametrize("name", MODELS)
def test_a_stream_is_the_same_alone_and_among_others(name):
    model = sharp(name, classes=3)
    labels = [i % 3 for i in range(20)]
    together = takes(model, list(range(20)), labels)
    for stream in (0, 3, 11, 19):
        assert np.array_equal(takes(model, [stream], [labels[stream]])[0], together[stream])
    assert len({t.tobytes() for t in together}) == 20


def test_a_seed_repeats_and_another_differs():
    model = sharp("gru")
    assert np.array_equal(takes(model, [0, 1]), takes(model, [0, 1]))
    assert not np.array_equal(takes(model, [0, 1]), takes(model, [0, 1], seed=8))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("length", [1, 2, 50, 203])
def test_priming_leaves_the_state_that_hearing_each_symbol_leaves(monkeypatch, name, length):
    monkeypatch.setattr(reference, "CHUNK", 96)  # so that the longest takes three of them
    model = sharp(name).double()
    heard = torch.randint(LEVELS, (length,), generator=torch.Generator().manual_seed(1))
    state, x = reference.prime(model, heard, 0, LEVELS // 2)
    want, got = [], []
    begin = model.start(torch.tensor([0]))
    with torch.inference_mode():
        for logits, _, _ in reference.run(
            model,
            begin,
            torch.tensor([LEVELS // 2]),
            range(length + 1),
            reference.force(torch.cat([heard, heard[-1:]])[None]),
        ):
            want = logits
        got, _ = model.step(x, state)
    torch.testing.assert_close(got, want, atol=1e-8, rtol=0)


def test_draws_follow_the_models_distribution():
    logits = torch.tensor([[0.0, 1.0, 2.0, -1.0]])
    grid = (np.arange(10000) + 0.5) / 10000
    pick = reference.draw(lambda t: grid)
    got = np.bincount(pick(0, logits.expand(10000, 4)).numpy(), minlength=4) / 10000
    np.testing.assert_allclose(got, torch.softmax(logits[0], 0).numpy(), atol=2e-4)
    pick = reference.draw(lambda t: grid, temperature=0.5)
    got = np.bincount(pick(0, logits.expand(10000, 4)).numpy(), minlength=4) / 10000
    np.testing.assert_allclose(got, torch.softmax(logits[0] * 2, 0).numpy(), atol=2e-4)


def test_top_p_keeps_the_fewest_symbols_that_reach_it():
    p = torch.tensor([[0.1, 0.5, 0.25, 0.15]])
    grid = (np.arange(1000) + 0.5) / 1000
    for top_p, kept in ((0.4, {1}), (0.45, {1}), (0.6, {1, 2}), (0.8, {1, 2, 3}), (1.0, {0, 1, 2, 3})):
        assert set(reference.draw(lambda t: grid, top_p=top_p)(0, p.log().expand(1000, 4)).tolist()) == kept


def test_temperature_zero_is_greedy():
    logits = torch.randn(5, 9)
    assert torch.equal(reference.draw(lambda t: np.ones(5), temperature=0)(0, logits), logits.argmax(-1))


def test_uniforms_are_numpys_philox():
    stream = Uniforms(7, 3)
    want = np.random.Generator(np.random.Philox(key=np.array([7, 3], np.uint64))).random(9000)
    assert [stream(t) for t in range(9000)] == want.tolist()


def test_weights_that_are_not_numbers_are_named():
    model = sharp("gru")
    torch.nn.init.constant_(model.out.bias, math.nan)
    with pytest.raises(ValueError, match="damaged"):
        takes(model, [0])


@pytest.fixture(params=[0, 2])
def trained(request, tmp_path):
    """Return a saved small GRU, without and with classes."""
    return gen.load(save_run(tmp_path / "run", ["lo", "hi"][: request.param]))


def test_the_python_api_samples_and_scores(trained):
    wave = trained.sample(seconds=0.02, seed=1)
    assert (wave.dtype, wave.shape, trained.rate) == (np.float32, (160,), 8000)
    assert np.array_equal(trained.sample(seconds=0.02, seed=1, count=3)[0], wave)
    assert trained.sample(seconds=0.02, count=3).shape == (3, 160)
    assert trained.bits_per_sample(wave) < 12


def test_bits_per_sample_is_the_mean_surprise(trained):
    wave = np.random.default_rng(0).uniform(-1, 1, reference.CHUNK + 77).astype(np.float32)
    symbols = torch.from_numpy(trained.codec.encode(wave))
    state, x, bits = trained.model.start(torch.tensor([0])), torch.tensor([128]), 0.0
    for t, (logits, _, _) in enumerate(
        reference.run(trained.model, state, x, range(len(symbols)), reference.force(symbols[None]))
    ):
        bits -= torch.log_softmax(logits[0].double(), -1)[symbols[t]].item() / math.log(2)
    assert abs(trained.bits_per_sample(wave) - bits / len(symbols)) < 1e-4


def test_a_take_goes_on_from_a_recording_of_any_length_and_format(trained, tmp_path):
    wave = 0.3 * np.sin(np.arange(4410) / 9)
    soundfile.write(tmp_path / "prime.flac", wave, 44100)
    from_file = trained.sample(seconds=0.02, prime=tmp_path / "prime.flac")
    assert from_file.shape == (160,)
    assert not np.array_equal(from_file, trained.sample(seconds=0.02))
    assert trained.sample(seconds=0.02, prime=wave[:1]).shape == (160,)


@pytest.mark.parametrize(
    "bad",
    [
        {"seconds": -1},
        {"seconds": 1e-9},
        {"seconds": math.nan},
        {"stream": -1},
        {"temperature": -0.1},
        {"top_p": 0},
        {"seed": -1},
        {"count": 0},
    ],
)
def test_a_setting_out_of_range_is_named(trained, bad):
    (key,) = bad
    with pytest.raises(ValueError, match=f"^{key}="):
        trained.sample(**bad)


def test_a_wrong_label_lists_the_right_ones(trained):
    with pytest.raises(ValueError, match="lo, hi" if trained.classes else "without labels"):
        trained.sample(seconds=0.01, label="middle")
