import numpy as np
import pytest
import torch

from gen.judging.inputs import changes
from tests.small import LEVELS, MODELS, sharp


@pytest.mark.parametrize("name", MODELS)
def test_what_a_prediction_hangs_on_is_what_changes_it_when_silenced(name):
    model = sharp(name).double()
    silence = (LEVELS // 2, 0) if name == "wavernn" else (LEVELS // 2,)
    stride = model.stride
    length = 24 // stride * stride
    torch.manual_seed(2)
    x, labels = torch.randint(LEVELS, (2, length)), torch.zeros(2, dtype=torch.long)
    for place in (0, stride - 1):
        far = [k for k in (length - place, 7, 3, 1) if k <= length - place]
        found = changes(model, x, labels, far, place, silence).numpy()
        last = length - place

        def said(x, last=last):
            return torch.log_softmax(model(x, model.start(labels))[0][:, last - 1], -1).detach().numpy()

        for k, got in zip(far, found, strict=True):
            other = x.clone()
            other[:, last - k] = silence[(last - k - 1) % len(silence)]
            whole, changed = said(x), said(other)
            np.testing.assert_allclose(got, (np.exp(whole) * (whole - changed)).sum(-1) / np.log(2), atol=1e-9)
    assert found[-1].max() > 0


def test_a_model_that_sees_so_far_hangs_on_nothing_beyond():
    model = sharp("wavenet", layers=3, cycle=3).double()
    x = torch.randint(LEVELS, (2, 16))
    found = changes(model, x, torch.zeros(2, dtype=torch.long), [9, 8, 2, 1], 0, (8,))
    assert (found[0] < 1e-12).all()
    assert (found[1:] > 1e-6).any(1).all()
