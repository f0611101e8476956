"""The loss against torch's own."""

import pytest
import torch
import torch.nn.functional as F

from gen.models import likelihood


def drawn(dtype=torch.float64, shape=(3, 50, 7)):
    torch.manual_seed(0)
    logits = (3 * torch.randn(shape)).to(dtype).requires_grad_()
    y = torch.randint(-1, shape[-1], shape[:2])
    assert (y == -1).any()
    return logits, y


@pytest.mark.parametrize("rows", [1, 40, 64, 1000])
def test_it_is_torchs_cross_entropy_and_so_is_its_gradient(rows, monkeypatch):
    monkeypatch.setattr(likelihood, "ROWS", rows)
    logits, y = drawn()
    want = F.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum", ignore_index=-1)
    got = likelihood.cross_entropy(logits, y)
    torch.testing.assert_close(got, want)
    pull = lambda value: torch.autograd.grad(value / 5, logits)[0]  # noqa: E731
    torch.testing.assert_close(pull(got), pull(want))
    with torch.no_grad():
        torch.testing.assert_close(likelihood.cross_entropy(logits, y), want)


@pytest.mark.parametrize("rows", [40, 1000])
def test_with_the_sum_come_its_parts_which_change_no_gradient(rows, monkeypatch):
    monkeypatch.setattr(likelihood, "ROWS", rows)
    logits, y = drawn()
    total, each = likelihood.cross_entropies(logits, y)
    torch.testing.assert_close(each, F.cross_entropy(logits.mT, y, reduction="none", ignore_index=-1).detach())
    assert total == each.sum() == likelihood.cross_entropy(logits, y)
    assert not each.requires_grad
    (gradient,), (plain,) = (torch.autograd.grad(v, logits) for v in (total, likelihood.cross_entropy(logits, y)))
    assert torch.equal(gradient, plain)


def test_bfloat16_logits_are_summed_in_float32():
    logits, y = drawn(torch.bfloat16, (4, 2000, 16))
    want = F.cross_entropy(logits.double().flatten(0, 1), y.flatten(), reduction="sum", ignore_index=-1)
    got = likelihood.cross_entropy(logits, y)
    assert got.dtype == torch.float32
    torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=0)
    (gradient,) = torch.autograd.grad(got, logits)
    (exact,) = torch.autograd.grad(want, logits)
    assert gradient.dtype == torch.bfloat16
    torch.testing.assert_close(gradient, exact.to(torch.bfloat16), atol=0.01, rtol=0.01)
