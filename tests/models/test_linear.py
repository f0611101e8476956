"""The linear recurrences against their equations, one step after the other in numpy."""

import numpy as np
import pytest
import torch

from gen.models.linear import CGLRU, RGLRU, Block, MinGRU, recurrence, run_scan, scan
from tests.small import built

B, D = 3, 5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def draws(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.double, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("length", [1, 2, 7, 24, 31, 64])
@pytest.mark.parametrize("backwards", [False, True])
def test_the_scan_is_the_loop(length, backwards):
    a, b, h = torch.sigmoid(draws(B, length, D)), draws(B, length, D, seed=1), draws(B, D, seed=2)
    want = torch.empty_like(b)
    last = h
    for t in range(length)[::-1] if backwards else range(length):
        last = want[:, t] = a[:, t] * last + b[:, t]
    torch.testing.assert_close(run_scan(a, b, h, backwards), want)


@pytest.mark.parametrize("length", [1, 6, 7])
def test_the_scan_has_its_gradient(length):
    inputs = (torch.sigmoid(draws(2, length, 3)), draws(2, length, 3, seed=1), draws(2, 3, seed=2))
    assert torch.autograd.gradcheck(scan, [part.requires_grad_() for part in inputs])


def test_the_rglru_is_griffins_equations():
    torch.manual_seed(0)
    cell, x, h = RGLRU(D).double(), draws(B, 9, D), draws(B, D, seed=1)
    got = scan(*cell.coefficients(x), h).detach().numpy()
    weight, bias = cell.gates.weight.detach().numpy(), cell.gates.bias.detach().numpy()
    decay, h = np.exp(-np.log1p(np.exp(cell.decay.detach().numpy()))), h.numpy()  # sigmoid of the paper's Lambda
    for t in range(9):
        now = x[:, t].numpy()
        r, i = sigmoid(now @ weight[:D].T + bias[:D]), sigmoid(now @ weight[D:].T + bias[D:])
        a = decay ** (8 * r)
        h = a * h + np.sqrt(1 - a**2) * (i * now)
        np.testing.assert_allclose(got[:, t], h, atol=1e-12)


def test_the_rglru_begins_with_time_constants_from_two_steps_to_the_slowest():
    a = torch.exp(-4 * torch.nn.functional.softplus(RGLRU(64, slowest=500.0).decay))
    steps = -1 / torch.log(a)
    torch.testing.assert_close(steps[[0, -1]].tolist(), [2.0, 500.0], rtol=1e-3, atol=0)


def test_the_cglru_is_griffins_complex_recurrence_with_an_angle_of_its_own():
    torch.manual_seed(0)
    size = 6
    cell, x, h = CGLRU(size).double(), draws(B, 9, size), draws(B, size, seed=1)
    got = cell(x, h).detach().numpy()
    weight, bias = cell.gates.weight.detach().numpy(), cell.gates.bias.detach().numpy()
    decay, angle = np.exp(-np.log1p(np.exp(cell.decay.detach().numpy()))), cell.angle.detach().numpy()
    h = h.numpy()[:, :3] + 1j * h.numpy()[:, 3:]
    for t in range(9):
        now = x[:, t].numpy()
        r, i = sigmoid(now @ weight[:3].T + bias[:3]), sigmoid(now @ weight[3:].T + bias[3:])
        a = decay ** (8 * r)
        h = a * np.exp(1j * angle) * h + np.sqrt(1 - a**2) * i * (now[:, :3] + 1j * now[:, 3:])
        np.testing.assert_allclose(got[:, t], np.concatenate([h.real, h.imag], 1), atol=1e-12)


def test_the_cglru_rings_at_its_angle():
    cell, x = CGLRU(2, fastest=100).double(), torch.zeros(1, 400, 2, dtype=torch.double)
    x[0, 0, 0] = 1
    with torch.no_grad():
        cell.angle.fill_(2 * np.pi * 0.1)
        rung = cell(x, torch.zeros(1, 2, dtype=torch.double))[0, :, 0].numpy()
    assert np.argmax(np.abs(np.fft.rfft(rung))) == 40


def test_the_mingru_is_its_equations():
    torch.manual_seed(0)
    cell, x, h = MinGRU(D).double(), draws(B, 9, D), draws(B, D, seed=1)
    got = scan(*cell.coefficients(x), h).detach().numpy()
    weight, bias, h = cell.gates.weight.detach().numpy(), cell.gates.bias.detach().numpy(), h.numpy()
    for t in range(9):
        now = x[:, t].numpy()
        z, candidate = sigmoid(now @ weight[:D].T + bias[:D]), now @ weight[D:].T + bias[D:]
        h = (1 - z) * h + z * candidate
        np.testing.assert_allclose(got[:, t], h, atol=1e-12)


def test_recurrences_side_by_side_have_a_part_of_the_channels_each():
    both, x, h = recurrence("mingru+cglru", 8).double(), draws(B, 9, 8), draws(B, 8, seed=1)
    mingru, cglru = both.cells
    assert isinstance(mingru, MinGRU)
    assert isinstance(cglru, CGLRU)
    want = torch.cat([mingru(x[..., :4], h[:, :4]), cglru(x[..., 4:], h[:, 4:])], -1)
    torch.testing.assert_close(torch.cat(both.along(x.chunk(2, -1), h), -1), want)


def test_the_blocks_convolution_is_torchs():
    torch.manual_seed(0)
    block = Block(D, MinGRU(D), conv=4, dropout=0.0).double()
    torch.nn.init.normal_(block.taps)
    seen = []
    block.cell.register_forward_hook(lambda *_: None)
    block.cell.coefficients = lambda u: seen.append(u) or MinGRU.coefficients(block.cell, u)
    x = draws(B, 9, D)
    block(x, block.start(B))
    u = block.branches(block.norm(x))[..., :D].transpose(1, 2)
    padded = torch.nn.functional.pad(u, (3, 0))
    want = torch.nn.functional.conv1d(padded, block.taps.T.unsqueeze(1), groups=D).transpose(1, 2)
    torch.testing.assert_close(seen[0], want)


def test_a_wrong_choice_is_named():
    with pytest.raises(ValueError, match="mingru, rglru, cglru, and several"):
        built("rglru", 16, (8,), cell="gru")
    with pytest.raises(ValueError, match="pairs"):
        built("rglru", 16, (8,), cell="cglru", size=5)
    with pytest.raises(ValueError, match="must divide evenly"):
        built("rglru", 16, (8,), cell="rglru+mingru", size=5)


@pytest.mark.parametrize("cell", [RGLRU, CGLRU])
def test_a_gate_that_is_shut_for_good_keeps_the_state_and_has_a_gradient(cell):
    """In float32 the sigmoid of -200 is 0, and so is what is lost of the state, whose root has no gradient."""
    torch.manual_seed(0)
    unit = cell(6)
    torch.nn.init.constant_(unit.gates.bias, -200.0)
    x, h = torch.randn(2, 5, 6, requires_grad=True), torch.randn(2, 6)
    y = unit(x, h)
    if cell is RGLRU:
        assert torch.equal(y, h.unsqueeze(1).expand_as(y))
    y.square().sum().backward()
    assert all(p.grad.isfinite().all() for p in [x, *unit.parameters()])
