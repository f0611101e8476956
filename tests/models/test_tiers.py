"""The tiered models against a plain reading of what a tier sees and hands down; WaveRNN against its paper."""

import numpy as np
import pytest
import torch

from gen.models.make import make
from gen.models.tiers import ratios
from gen.sound import codec
from tests.small import LEVELS, built, model_node

T = 24


def by_hand(model, symbols, label):
    """Return the logits of each target, from the definition: `symbols` is a list, what precedes it is silence."""

    def last(count, t):
        """The `count` symbols up to and with x[t]."""
        return torch.tensor([[symbols[i] if i >= 0 else model.silence for i in range(t - count + 1, t + 1)]])

    told = [level.table.weight[label] for level in model.labels]
    above = dict.fromkeys(range(T), told[0])  # what each target is handed
    for tier, vector in zip(reversed(model.tiers), told[1:], strict=True):
        state, handed = tier.core.start(1), {}
        for begin in range(0, T, tier.frame):
            frame = model.features(last(tier.frame, begin)).flatten()
            z, state = tier.core((tier.inp(frame) + above[begin]).view(1, 1, -1), state)
            vectors = tier.up(z).view(tier.ratio, -1)
            each = tier.frame // tier.ratio
            for j in range(tier.frame):
                handed[begin + j] = vectors[j // each] + vector
        above = handed
    return torch.stack([model.predict(last(model.history, t), above[t].view(1, 1, -1))[0, 0] for t in range(T)])


@pytest.mark.parametrize(
    "model",
    [
        lambda: built("samplernn", LEVELS, (8,), 2, frames=[2, 8], size=10, embedding=6),
        lambda: built(
            "samplernn", LEVELS, (8,), 2, frames=[4], size=10, embedding=6, cell="lstm", layers=2, weight_norm=True
        ),
        lambda: built("samplernn", LEVELS, (8,), 2, frames=[2, 4, 12], size=10, embedding=6),
        lambda: built("tiered", LEVELS, (8,), 2, frames=[2, 8], layers=[1, 2], size=12, hidden=6, history=11, conv=3),
        lambda: built("tiered", LEVELS, (8,), 2, frames=[4], layers=[1], size=12, hidden=6, history=3),
    ],
)
def test_each_tier_sees_and_hands_down_what_its_definition_says(model):
    torch.manual_seed(0)
    model = model().double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    symbols = torch.randint(LEVELS, (T,)).tolist()
    x = torch.tensor([symbols])
    got, _ = model(x, model.start(torch.ones(1, dtype=torch.long)))
    torch.testing.assert_close(got[0], by_hand(model, symbols, 1))


def test_the_sample_networks_are_their_equations():
    torch.manual_seed(0)
    model = built("samplernn", LEVELS, (8,), frames=[2], size=10, embedding=6).double()
    seen, handed = torch.randint(LEVELS, (1, 2)), torch.randn(1, 1, 10, dtype=torch.double)
    e = torch.cat([model.embedding.weight[s] for s in seen[0]])
    h = (model.inp.weight @ e + handed[0, 0]).relu()
    want = model.out.weight @ (model.hidden.weight @ h + model.hidden.bias).relu() + model.out.bias
    torch.testing.assert_close(model.predict(seen, handed)[0, 0], want)


def test_the_network_below_the_tiers_is_told_what_linear_prediction_expects():
    torch.manual_seed(0)
    model = built("tiered", 256, (128,), frames=[2], layers=[1], size=8, hidden=6, history=3).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    seen, handed = torch.tensor([[3, 200, 90]]), torch.randn(1, 1, 6, dtype=torch.double)
    w = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    companded, wave = seen[0].numpy() / 128 - 1, 2 * codec.MuLaw(8, 0.0).decode(seen[0].numpy())
    down = handed[0, 0].numpy()

    def normed(z, scale):
        return (z - z.mean()) / np.sqrt(z.var() + 1e-5) * scale

    coefficients = w["expectation.coefficients.weight"] @ down + w["expectation.coefficients.bias"]
    places = np.tanh(w["expectation.slope"] * (coefficients @ wave) + w["expectation.offset"])
    z = w["inp.weight"] @ np.stack([companded, wave], 1).ravel() + w["inp.bias"] + down + w["embedding.weight"][90]
    z = z + w["expectation.out.weight"] @ places
    for number, y in enumerate((lambda z: normed(z, w["norm.weight"]), lambda z: z)):
        value, gate = np.split(w[f"up.{number}.weight"] @ y(z), 2)
        z = z + value * gate / (1 + np.exp(-gate))
    want = w["out.weight"] @ normed(z, w["last_norm.weight"]) + w["out.bias"]
    np.testing.assert_allclose(model.predict(seen, handed)[0, 0].detach().numpy(), want, atol=1e-6)


def test_places_of_the_expectation_are_spread_as_mu_law_is():
    expectation = built("tiered", 256, (128,), frames=[2], layers=[1], hidden=6, history=3).expectation
    wave = torch.from_numpy(codec.MuLaw(8, 0.0).decode(np.array([0, 128, 255]))).unsqueeze(
        1
    )  # a place stands at each end
    passed = torch.tanh(expectation.slope * 2 * wave + expectation.offset)
    assert passed[0, 0].abs() < 0.1
    assert passed[2, -1].abs() < 0.1
    assert (passed[0, 1:] < -0.5).all()
    assert (passed[2, :-1] > 0.5).all()
    assert (passed[1].sign() == torch.tensor([1.0] * 8 + [-1.0] * 8)).all()


@pytest.mark.parametrize("bits", [8, 10])
def test_tiers_see_the_wave_companded_and_linear(bits):
    law = codec.MuLaw(bits, 0.0)
    model = built("tiered", law.levels, law.silence, frames=[2, 4], layers=[1, 1])
    symbols = torch.arange(law.levels)[None]
    wave = torch.from_numpy(law.decode(symbols.numpy()))
    features = model.features(symbols)
    torch.testing.assert_close(features[..., 0], symbols / (law.levels / 2) - 1)
    torch.testing.assert_close(features[..., 1], 2 * wave, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("frames", [[], [1], [4, 2], [4, 6], [2, 2]])
def test_frames_that_do_not_nest_are_named(frames):
    with pytest.raises(ValueError, match=r"model\.frames"):
        ratios(frames)


def test_wavernn_is_the_papers_equation_2():
    torch.manual_seed(0)
    model = built("wavernn", 256, (128, 0), hidden=6, head=5).double()
    pairs = np.random.default_rng(0).integers(0, 256, (5, 2))
    symbols = np.concatenate([[128, 0], pairs.ravel()])  # c, f of silence, then c, f of each sample
    x = torch.from_numpy(symbols[1:-1])[None]
    got = model(x, model.start(torch.zeros(1, dtype=torch.long)))[0][0].detach().numpy()

    def sigmoid(v):
        return 1 / (1 + np.exp(-v))

    def head(layers, y):
        first, _, second = layers
        y = np.maximum(first.weight.detach().numpy() @ y + first.bias.detach().numpy(), 0)
        return second.weight.detach().numpy() @ y + second.bias.detach().numpy()

    w, r, b, c = (p.detach().numpy().reshape(3, 6, -1) for p in model.rnn.parameters())
    h = np.zeros(6)
    for s, (coarse, _) in enumerate(pairs):
        before = symbols[2 * s : 2 * s + 2] / 128 - 1
        gates = []
        for g in range(3):
            own = w[g] @ np.array([*before, coarse / 128 - 1])
            own[:3] = w[g][:3, :2] @ before  # the coarse half doesn't see the coarse byte
            gates.append((own + b[g, :, 0], r[g] @ h + c[g, :, 0]))
        reset, update = (sigmoid(own + past) for own, past in gates[:2])
        e = np.tanh(gates[2][0] + reset * gates[2][1])
        h = update * h + (1 - update) * e
        np.testing.assert_allclose(got[2 * s], head(model.coarse, h[:3]), atol=1e-12)
        np.testing.assert_allclose(got[2 * s + 1], head(model.fine, h[3:]), atol=1e-12)


def test_wavernn_wants_its_codec():
    with pytest.raises(ValueError, match="codec=linear16"):
        make(model_node("wavernn"), codec.MuLaw(8, 0.0), 0)
