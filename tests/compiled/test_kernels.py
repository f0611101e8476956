"""The kernels of training against the equations written in torch's operations, whose gradients are torch's."""

import pytest
import torch
import torch.nn.functional as F

from gen.compiled import griffin, samples, threads
from gen.compiled.conv import convolved
from gen.compiled.gate import gated, opened
from gen.compiled.loss import CrossEntropy
from gen.compiled.norm import normed
from gen.compiled.samples import Samples, Weights

B, T, D = 3, 70, 12


def plain_gated(both, x=None):
    value, gate = both.chunk(2, -1)
    return value * F.silu(gate) + (0 if x is None else x)


def plain_normed(x, scale, more=None):
    x = x if more is None else x + more
    return x, F.layer_norm(x, scale.shape, scale)


def plain_convolved(both, past, taps):
    u, rest = both.chunk(2, -1)
    seen = torch.cat([past, u.to(past.dtype)], 1).mT
    made = F.conv1d(seen, taps.T.unsqueeze(1), groups=len(taps.T)).mT
    return (*made.chunk(2, -1), rest)


def griffins(gates, rate):
    r, i = gates.to(rate.dtype).sigmoid().chunk(2, -1)
    a = torch.exp(rate * r)
    return a, torch.sqrt(1 - a**2) * i


def plain_real(gates, x, rate, h):
    a, scale = griffins(gates, rate)
    hidden = [h]
    for t in range(x.shape[1]):
        hidden.append(a[:, t] * hidden[-1] + scale[:, t] * x[:, t])
    return torch.stack(hidden[1:], 1)


def plain_complex(gates, x, rate, angle, h):
    a, scale = griffins(gates, rate)
    x, h = (torch.complex(*part.chunk(2, -1)) for part in (x, h))
    turn = torch.polar(torch.ones_like(angle), angle)
    hidden = [h]
    for t in range(x.shape[1]):
        hidden.append(a[:, t] * turn * hidden[-1] + scale[:, t] * x[:, t])
    h = torch.stack(hidden[1:], 1)
    return torch.cat([h.real, h.imag], -1)


def plain_loss(logits, y):
    return F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum", ignore_index=-1)


HISTORY, PLACES, LEVELS = 5, 4, 9


def scene(handed):
    """Return the symbols and the features that go with what is handed down."""
    streams, length, _ = handed.shape
    drawn = torch.Generator().manual_seed(streams + length)
    features = torch.randn(streams, length + HISTORY - 1, 2, dtype=torch.double, generator=drawn).float()
    return torch.randint(LEVELS, (streams, length), generator=drawn), features.to(torch.double)


def network(handed, *weights):
    return Samples.apply(*scene(handed), handed, *weights)


def plain_network(handed, *weights):
    symbols, features = scene(handed)
    w = Weights(*weights)
    windows = features.flatten(1).unfold(1, 2 * HISTORY, 2)
    expected = (windows[..., 1::2] * F.linear(handed, w.coefficients, w.coefficients_bias)).sum(-1, keepdim=True)
    z = F.linear(windows, w.inp, w.bias) + F.linear(torch.tanh(w.slope * expected + w.offset), w.places)
    z = z + handed + F.embedding(symbols, w.embedding)
    z = plain_gated(F.linear(plain_normed(z, w.norm)[1], w.first), z)
    z = plain_gated(F.linear(z, w.second), z)
    return F.linear(plain_normed(z, w.last_norm)[1], w.out, w.out_bias)


def drawn_network(b, t):
    shapes = [(HISTORY, D), (HISTORY,), (PLACES,), (PLACES,), (D, PLACES), (D, 2 * HISTORY), (D,), (LEVELS, D), (D,)]
    shapes += [(2 * D, D), (2 * D, D), (D,), (LEVELS, D), (LEVELS,)]
    with torch.no_grad():
        weights = [(0.3 * draw(*shape)).requires_grad_() for shape in shapes]
    return [draw(b, t, D, low=True), *weights]


def draw(*shape, low=False):
    """Return normal numbers that want a gradient, in float64; `low` marks those that training has in bfloat16."""
    made = torch.randn(*shape, dtype=torch.double).requires_grad_()
    made.low = low
    return made


def rate(size):
    return (-3 * torch.rand(size, dtype=torch.double) - 0.1).requires_grad_()


def targets(*shape):
    return torch.randint(-1, D, shape)


CASES = {
    "gated": (gated, plain_gated, lambda b, t: [draw(b, t, 2 * D, low=True)]),
    "gated and added": (gated, plain_gated, lambda b, t: [draw(b, t, 2 * D, low=True), draw(b, t, D, low=True)]),
    "opened": (
        lambda gate, *parts: opened(gate, parts),
        lambda gate, *parts: torch.cat(parts, -1) * F.silu(gate),
        lambda b, t: [draw(b, t, D, low=True), draw(b, t, D // 2), draw(b, t, D // 2)],
    ),
    "normed": (normed, plain_normed, lambda b, t: [draw(b, t, D, low=True), draw(D)]),
    "summed and normed": (
        normed,
        plain_normed,
        lambda b, t: [draw(b, t, D, low=True), draw(D), draw(b, t, D, low=True)],
    ),
    "convolved": (
        lambda *args: convolved(*args, 2),
        plain_convolved,
        lambda b, t: [draw(b, t, 2 * D, low=True), draw(b, 3, D), draw(4, D)],
    ),
    "rglru": (
        griffin.Real.apply,
        plain_real,
        lambda b, t: [draw(b, t, 2 * D, low=True), draw(b, t, D), rate(D), draw(b, D)],
    ),
    "cglru": (
        griffin.Complex.apply,
        plain_complex,
        lambda b, t: [draw(b, t, D, low=True), draw(b, t, D), rate(D // 2), draw(D // 2), draw(b, D)],
    ),
    "network": (network, plain_network, drawn_network),
    "loss": (
        lambda *args: CrossEntropy.apply(*args)[0],
        plain_loss,
        lambda b, t: [draw(b, t, D, low=True), targets(b, t)],
    ),
}


@pytest.fixture(params=CASES)
def case(request):
    """Yield a kernel's function, the same in torch's operations, and a function that draws what they take."""
    torch.manual_seed(0)
    assert threads.ready()
    return CASES[request.param]


def pulled(function, inputs):
    """Return all that a function makes of `inputs`, and the gradients of a sum of it with weights."""
    made = function(*inputs)
    made = made if isinstance(made, tuple) else (made,)
    wanted = [part for part in inputs if part.is_floating_point()]
    torch.manual_seed(1)
    sum_ = sum((part * torch.randn(part.shape, dtype=torch.double)).sum() for part in made)
    return [*made, *torch.autograd.grad(sum_, wanted)]


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(samples, "ROWS", 128)  # fewer than all, as in training


@pytest.mark.parametrize("length", [1, 2, T])
def test_a_kernel_is_its_equation_and_so_is_its_gradient(case, length):
    kernel, plain, drawn = case
    inputs = drawn(B, length)
    for got, want in zip(pulled(kernel, inputs), pulled(plain, inputs), strict=True):
        torch.testing.assert_close(got, want, atol=1e-9, rtol=1e-9)


def test_a_kernel_passes_gradcheck(case):
    kernel, _, drawn = case
    assert torch.autograd.gradcheck(kernel, drawn(2, 3))


def test_bfloat16_is_the_rounded_result_the_same_for_any_number_of_threads(case):
    """Within 3 % of the largest number of each result; bfloat16 rounds by 0.4 %, several times in the network."""
    kernel, plain, drawn = case
    exact = drawn(B, T)
    rounded = [part if not part.is_floating_point() else low(part) for part in exact]
    with torch.no_grad():
        for part, half in zip(exact, rounded, strict=True):
            part.copy_(half)
    want, before, got = pulled(plain, exact), torch.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            got.append(pulled(kernel, rounded))
    finally:
        torch.set_num_threads(before)
    for first, second, third, real in zip(*got, want, strict=True):
        assert torch.equal(first, second)
        assert torch.equal(first, third)
        assert (first - real).abs().max() < 0.03 * real.abs().max()


def low(part):
    return part.detach().to(torch.bfloat16 if getattr(part, "low", False) else torch.float32).requires_grad_()


def test_kernels_are_for_training_on_a_cpu():
    x = torch.zeros(2, 3)
    assert threads.fit(x)
    assert not threads.fit(x.half())
    assert not threads.fit(x.to("meta"))
    with torch.no_grad():
        assert not threads.fit(x)
