import math

import numpy as np
import pytest
import torch

from gen.base.uniforms import Uniforms
from gen.engine import measure
from gen.engine.player import TILE, Engine
from gen.engine.program import BLOCK, bfloat16
from gen.models.guided import Guidance
from gen.sampling import reference
from tests.small import LEVELS, MODELS, sharp, small_model

SETTINGS = [{}, {"temperature": 0.7, "top_p": 0.8}, {"top_p": 0.9999}, {"temperature": 0}]


def silence(name):
    return (LEVELS // 2, 0) if name == "wavernn" else (LEVELS // 2,)


def whole(blocks):
    return np.concatenate(list(blocks), 1)


@pytest.mark.parametrize("primed", [0, 61])
@pytest.mark.parametrize("name", MODELS)
def test_in_float64_it_draws_the_symbols_of_the_reference(name, primed):
    model = sharp(name, classes=3).double()
    prime = np.random.default_rng(0).integers(0, LEVELS, primed)
    slow, engine = reference.Reference(model, silence(name)), Engine(model, silence(name), "float64")
    for number, settings in enumerate(SETTINGS[primed > 0 :]):
        settings = {"primed": prime, "seed": number, **settings}
        steps = 1100 if number == primed == 0 else 200  # three blocks, and one
        want = whole(slow.generate(steps, [0, 5], [0, 2], **settings))
        assert np.array_equal(whole(engine.generate(steps, [0, 5], [0, 2], **settings)), want)


def curves(count, frames, channels=5):
    return [5 * row for row in np.random.default_rng(1).standard_normal((count, frames, channels))]


@pytest.mark.parametrize("hop", [8, 64])
@pytest.mark.parametrize("name", MODELS)
def test_told_in_float64_it_draws_the_symbols_of_the_reference(name, hop):
    """Streams of one label, told alike and not, in three blocks, after a prime that ends within a frame."""
    model = sharp(name, classes=2, control=5, hop=hop).double()
    prime = np.random.default_rng(0).integers(0, LEVELS, 61)
    slow, engine = reference.Reference(model, silence(name)), Engine(model, silence(name), "float64")
    one, other = curves(2, 400 // hop)  # which end before the streams do
    streams, labels = [0, 5, 3, 12], [0, 1, 0, 0]
    settings = {"seed": 1, "primed": prime, "control": [one, one, other, one]}
    want = whole(slow.generate(600, streams, labels, **settings))
    got = whole(engine.generate(600, streams, labels, **settings))
    assert np.array_equal(got, want)
    assert np.array_equal(whole(engine.generate(90, [3], [0], **settings | {"control": [other]}))[0], want[2, :90])
    untold = whole(engine.generate(600, [0], [0], 1, primed=prime))
    assert np.array_equal(untold, whole(slow.generate(600, [0], [0], 1, primed=prime)))
    assert not np.array_equal(untold[0], want[0])


def test_what_a_stream_is_told_is_the_same_in_any_block_batch_and_after_it_was_left():
    model = sharp("tiered", control=5, hop=16)
    engine, control = Engine(model, (8,)), curves(20, 30)
    streams, labels = list(range(20)), [0] * 20
    together = whole(engine.generate(400, streams, labels, 7, control=control))
    assert len({row.tobytes() for row in together}) == 20
    for stream, block in ((0, 1), (3, 13), (19, 200)):
        alone = whole(engine.generate(400, [stream], [0], 7, block=block, control=control[stream : stream + 1]))
        assert np.array_equal(alone[0], together[stream])
    begun, uniforms = engine.begin([0, 0], control[:2]), [Uniforms(7, 0), Uniforms(7, 1)]
    first = np.stack([u.take(137) for u in uniforms])
    engine.advance(begun, 137, None, first)
    rest = engine.advance(begun.rows([1]), 100, None, uniforms[1].take(100)[None])
    assert np.array_equal(rest[0], together[1, 137:237])


@pytest.mark.parametrize("name", MODELS)
def test_guided_in_float64_it_draws_the_symbols_of_the_reference(name):
    """Away from another class, from what is told no curves, from both; streams told apart, after a prime."""
    model = sharp(name, classes=3, control=5, hop=16).double()
    prime, control = np.random.default_rng(0).integers(0, LEVELS, 61), curves(2, 20)
    slow, engine = reference.Reference(model, silence(name)), Engine(model, silence(name), "float64")
    told = {"primed": prime, "control": [control[0], control[1], control[0]]}
    plain = whole(engine.generate(600, [0, 5, 3], [0, 1, 0], 1, **told))
    for guidance in (Guidance(2.5, 2, False), Guidance(3.0, 2, True), Guidance(0.5, None, False)):
        want = whole(slow.generate(80, [0, 5, 3], [0, 1, 0], 1, **told, guidance=guidance))
        got = whole(engine.generate(600, [0, 5, 3], [0, 1, 0], 1, **told, guidance=guidance))
        assert np.array_equal(got[:, :80], want)
        assert not np.array_equal(got, plain)


@pytest.mark.parametrize("weights", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["tiered", "wavernn"])
def test_a_guided_stream_is_the_same_bits_in_any_batch_thread_count_and_block(name, weights):
    model, guidance = sharp(name, classes=4), Guidance(2.0, 3, False)
    streams, labels = list(range(21)), [i % 3 for i in range(21)]
    engine = Engine(model, silence(name), weights, threads=2)
    together = whole(engine.generate(90, streams, labels, 7, guidance=guidance))
    alone = Engine(model, silence(name), weights, threads=1)
    assert np.array_equal(whole(alone.generate(90, streams, labels, 7, guidance=guidance)), together)
    assert np.array_equal(whole(engine.generate(90, streams, labels, 7, guidance=guidance, block=13)), together)
    for stream in (0, 3, 20):
        one = engine.generate(90, [stream], [labels[stream]], 7, guidance=guidance, block=1)
        assert np.array_equal(whole(one)[0], together[stream])


@pytest.mark.parametrize("sampler", [Engine, reference.Reference])
@pytest.mark.parametrize("name", MODELS)
def test_where_told_and_untold_are_the_same_guidance_changes_nothing_and_with_weight_0_it_is_untold(name, sampler):
    made = sampler(sharp(name, classes=3), silence(name))
    plain, untold = (whole(made.generate(60, [0, 1], [label] * 2, 1)) for label in (0, 2))
    assert np.array_equal(whole(made.generate(60, [0, 1], [0, 0], 1, guidance=Guidance(7.0, None, True))), plain)
    assert np.array_equal(whole(made.generate(60, [0, 1], [0, 0], 1, guidance=Guidance(0.0, 2, True))), untold)
    assert not np.array_equal(plain, untold)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("elman", {"activation": "relu"}),
        ("elman", {"activation": "sigmoid", "layers": 2}),
        ("gru", {"hidden": 30, "embedding": 7}),
        ("samplernn", {"cell": "lstm", "weight_norm": True}),
        ("samplernn", {"frames": [4], "layers": 1}),
        ("rglru", {"conv": 1}),
        ("rglru", {"cell": "cglru"}),
        ("rglru", {"cell": "mingru+rglru+cglru", "size": 12}),
        ("tiered", {"cell": "mingru"}),
        ("tiered", {"conv": 2, "frames": [4, 16], "layers": [1, 2], "history": 16}),
        ("wavenet", {"layers": 8, "cycle": 8}),
        ("wavenet", {"size": 7, "skip": 9, "layers": 3, "cycle": 1}),
        ("samplernn", {"cell": "lstm", "weight_norm": True, "control": 3, "hop": 32}),
        ("gru", {"hidden": 30, "embedding": 7, "control": 7, "hop": 4}),
    ],
)
def test_every_choice_a_model_has_is_lowered(name, changes):
    model = sharp(name, classes=2, **changes).double()
    slow, engine = reference.Reference(model, silence(name)), Engine(model, silence(name), "float64")
    want = whole(slow.generate(200, [1], [1], 3))
    assert np.array_equal(whole(engine.generate(200, [1], [1], 3)), want)


def logits(engine, x, labels, block=BLOCK):
    streams, out = engine.begin(labels), []
    for at in range(0, x.shape[1], block):
        part = x[:, at : at + block]
        out.append(engine.advance(streams, part.shape[1], part, logits=True))
    return np.concatenate(out, 1)


@pytest.mark.parametrize("name", MODELS)
def test_in_float32_its_logits_are_the_models(name):
    torch.manual_seed(0)
    model = small_model(name, classes=2).eval()
    x = torch.randint(LEVELS, (3, 640))
    state, labels = model.start(torch.tensor([0, 1, 0])), [0, 1, 0]
    before = torch.full((3, 1), silence(name)[-1])
    with torch.inference_mode():
        want, _ = model(torch.cat([before, x[:, :-1]], 1), state)
    got = logits(Engine(model, silence(name), "float32"), x.numpy(), labels)
    np.testing.assert_allclose(got, want.numpy(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("weights", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", MODELS)
def test_a_stream_is_the_same_bits_in_any_batch_thread_count_and_block(name, weights):
    model = sharp(name, classes=3)
    streams, labels = list(range(64)), [i % 3 for i in range(64)]
    engine = Engine(model, silence(name), weights, threads=2)
    together = whole(engine.generate(90, streams, labels, 7))
    assert np.array_equal(
        whole(Engine(model, silence(name), weights, threads=1).generate(90, streams, labels, 7)), together
    )
    assert np.array_equal(whole(engine.generate(90, streams, labels, 7, block=13)), together)
    for stream in (0, 3, TILE, 63):
        assert np.array_equal(whole(engine.generate(90, [stream], [labels[stream]], 7, block=1))[0], together[stream])
    x = np.random.default_rng(0).integers(0, LEVELS, (5, 90))
    assert logits(engine, x, labels[:5], block=7)[2].tobytes() == logits(engine, x[2:3], labels[2:3])[0].tobytes()


@pytest.mark.parametrize("name", MODELS)
def test_a_stream_goes_on_from_where_it_was_left_and_from_a_prime(name):
    engine = Engine(sharp(name), silence(name))
    at_once = whole(engine.generate(700, [4], [0], 1))[0]
    streams, uniforms = engine.begin([0]), Uniforms(1, 4)
    first = engine.advance(streams, 301, None, uniforms.take(301)[None])
    left = streams.rows([0])
    for again in (streams, left):
        later = Uniforms(1, 4)
        later.take(301)
        rest = [engine.advance(again, n, None, later.take(n)[None]) for n in (199, 200)]
        assert np.array_equal(np.concatenate([first, *rest], 1)[0], at_once)
    primed = whole(engine.generate(50, [4], [0], 1, primed=at_once[:650]))
    heard = engine.begin([0])
    engine.prime(heard, at_once[:650])
    assert np.array_equal(engine.advance(heard, 50, None, Uniforms(1, 4).take(50)[None]), primed)


def test_bfloat16_weights_are_the_rounded_ones_and_nothing_else():
    model = sharp("gru", levels=256)
    x = np.random.default_rng(0).integers(0, 256, (1, 200))
    got = logits(Engine(model, (128,), "bfloat16"), x, [0])
    engine = Engine(model, (128,), "float32")
    rounded = (bfloat16(engine.packed.weights) << 16).view(np.float32)
    engine.packed.weights[:] = rounded
    assert got.tobytes() == logits(engine, x, [0]).tobytes()
    assert torch.equal(torch.from_numpy(rounded.copy()), torch.from_numpy(rounded.copy()).bfloat16().float())


def test_a_model_without_a_lowering_is_named_and_left_to_the_reference():
    class Other(type(small_model("gru"))):
        pass

    model = small_model("gru")
    model.__class__ = Other
    with pytest.raises(NotImplementedError, match="Other"):
        Engine(model, (8,))


def test_a_number_of_levels_that_it_cant_draw_from_is_named():
    with pytest.raises(ValueError, match=r"levels=24: .* multiples of 16"):
        Engine(small_model("gru", levels=24), (12,))


def test_weights_that_are_not_numbers_are_named():
    model = sharp("gru")
    torch.nn.init.constant_(model.out.bias, math.nan)
    with pytest.raises(ValueError, match=r"out\.bias.*damaged"):
        Engine(model, (8,))


def test_probabilities_that_are_not_numbers_are_named():
    model = sharp("elman")
    torch.nn.init.constant_(model.out.weight, 3e38)
    with pytest.raises(ValueError, match="probabilities"):
        whole(Engine(model, (8,)).generate(50, [0], [0], 0))


def test_what_a_symbol_reads_is_counted():
    # two layers of 24 units: 72 rows, padded to 128; 16 logits, to 64
    model = small_model("gru")
    assert measure.bytes_a_symbol(Engine(model, (8,), "float32").packed) == 4 * 24 * (3 * 128 + 64)
    alone = measure.products(Engine(model, (8,), "bfloat16").packed)
    assert len(alone.ops) == 4
    assert measure.bytes_a_symbol(alone) == 2 * 24 * (3 * 128 + 64)
    assert measure.bytes_a_symbol(measure.largest_product(alone)) == 2 * 24 * 128
    tiered = Engine(small_model("tiered"), (8,), "float32").packed  # its tiers of 2, 4 and 8 run so seldom
    assert [period for period, *_ in tiered.sections] == [1, 8, 4, 2, 1]
