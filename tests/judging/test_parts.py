import math

import numpy as np
import pytest
import torch

from gen.judging.parts import held, keeping, magnitudes, parts, turns
from gen.models.base import tree_map
from tests.small import LEVELS, MODELS, sharp

T = 16


def heard(model, streams=2):
    torch.manual_seed(1)
    x = torch.randint(LEVELS, (streams, T))
    return x, model.start(torch.zeros(streams, dtype=torch.long))


@pytest.mark.parametrize("name", MODELS)
def test_every_family_has_parts_whose_units_move(name):
    model = sharp(name)
    x, state = heard(model)
    _, after = model(x, state)
    names = [part.name for part in parts(model)]
    assert len(set(names)) == len(names) > 0
    for part in parts(model):
        assert T % part.frame == 0
        before, now = part.units(state), part.units(after)
        assert before.shape == now.shape == (2, now.shape[1])
        assert (now != before).any(0).float().mean() > 0.9


@pytest.mark.parametrize("name", MODELS)
def test_without_a_unit_nothing_that_reads_it_changes_with_it(name):
    """Whatever a unit holds before, predictions are the same, and so are they where all its units are held at once."""
    model = sharp(name).double()
    x, state = heard(model)
    _, state = model(x, state)
    whole, _ = model(x, state)
    kept = {key: value.clone() for key, value in model.state_dict().items()}
    for part in parts(model):
        for units in (slice(2, 3), slice(0, part.units(state).shape[1])):
            values = torch.full((units.stop - units.start,), 0.3, dtype=torch.float64)
            with held(part, units, values), torch.no_grad():
                without, _ = model(x, state)
                shaken = tree_map(torch.clone, state)
                part.units(shaken)[:, units] += 1
                torch.testing.assert_close(model(x, shaken)[0], without)
                one, steps = state, []
                for symbols in x.T:
                    logits, one = model.step(symbols, one)
                    steps.append(logits)
            torch.testing.assert_close(torch.stack(steps, 1), without)
            assert (without != whole).any(), part.name
    torch.testing.assert_close(model(x, state)[0], whole, rtol=0, atol=0)
    assert all((kept[key] == value).all() for key, value in model.state_dict().items())


def test_an_elman_network_without_a_unit_is_one_whose_unit_is_constant():
    model = sharp("elman").double()
    x, state = heard(model)
    (part,) = parts(model)
    with held(part, slice(3, 4), torch.tensor([0.2], dtype=torch.float64)):
        got, _ = model(x, state)
    (h,) = state["layers"][0]
    want = []
    for t in range(T):
        h[:, 3] = 0.2
        _, after = model.step(x[:, t], {"labels": state["labels"], "layers": [(h,)]})
        (h,) = after["layers"][0]
        h = h.clone()
        h[:, 3] = 0.2
        want.append(model.out(h))
    torch.testing.assert_close(got, torch.stack(want, 1))


@pytest.mark.parametrize("name", ["gru", "lstm", "wavernn", "mingru", "rglru", "tiered"])
def test_what_units_keep_is_what_a_step_multiplies_them_by(name):
    """By the gradient of what a unit holds with respect to what it held, through its own recurrence alone."""
    model = sharp(name).double()
    found = parts(model)
    x, state = heard(model, streams=1)
    _, state = model(x, state)
    for part in found:
        with keeping(part) as logs:
            model(x, state)
        assert logs[0].shape == (1, T // part.frame, part.units(state).shape[1])
        assert (logs[0] <= 0).all()
        if name not in ("gru", "lstm", "wavernn"):
            logs = logs[0][0, 0].exp()
            assert 0 < logs.min() < logs.max() < 1
    if name == "wavernn":  # whose gates then see the sound alone
        (part,) = found
        with torch.no_grad():
            model.rnn.weight_hh_l0.zero_()
        h = state["h"].clone().requires_grad_()
        with keeping(part) as logs:
            _, after = model(x[:, :2], {**state, "h": h})
        (slope,) = torch.autograd.grad(after["h"].sum(), h)
        torch.testing.assert_close(logs[0][0, 0].exp(), slope[0])
    if name == "gru":
        (part, _) = found
        with keeping(part) as logs:
            model(x[:, :1], state)
        rnn, h = part.gated, state["layers"][0][0]
        inputs = model.embedding(x[:, 0])
        z = torch.sigmoid(
            (rnn.weight_ih_l0 @ inputs[0] + rnn.bias_ih_l0).chunk(3)[1]
            + (rnn.weight_hh_l0 @ h[0] + rnn.bias_hh_l0).chunk(3)[1]
        )
        torch.testing.assert_close(logs[0][0, 0].exp(), z)


def test_a_unit_that_oscillates_says_how_fast():
    """A channel of the CG-LRU, hit once, comes back to where it began after a turn."""
    model = sharp("rglru", cell="cglru")
    part = parts(model)[0]
    (cell,) = part.cells
    with torch.no_grad():
        cell.angle.copy_(torch.linspace(0.1, 7, len(cell.angle)))
    found = turns(part)
    assert found[0] == pytest.approx(0.1 / (2 * math.pi))
    assert found[len(cell.angle) - 1] == pytest.approx((7 - 2 * math.pi) / (2 * math.pi))
    assert all(0 <= turn <= 0.5 for turn in found)
    assert turns(parts(sharp("rglru"))[0]) == [None] * 16


def test_the_magnitude_of_a_pair_that_oscillates_stays():
    part = parts(sharp("rglru", cell="cglru"))[0]
    angles = np.arange(40)[:, None] * np.linspace(0.1, 1, 8)
    units = np.concatenate([np.cos(angles), np.sin(angles)], 1)
    np.testing.assert_allclose(magnitudes(part, units), 10 * np.log10(0.5), atol=1e-9)
    silent = magnitudes(parts(sharp("gru"))[0], np.array([[0.0, 0.0], [1.0, 0.0]]))
    np.testing.assert_allclose(silent[:, 0], [10 * np.log10(0.5) - 60, 0], atol=1e-9)
    assert np.isfinite(silent).all()
