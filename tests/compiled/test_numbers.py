"""bfloat16 as bits against torch's own."""

import numba
import numpy as np
import pytest
import torch

from gen.compiled import numbers


@pytest.mark.parametrize("way", ["rounded", "converted"])
def test_a_number_is_rounded_to_bfloat16_as_torch_does(way):
    if way == "converted" and not numbers.converts():
        pytest.skip("this processor has no instruction for it")
    narrow = getattr(numbers, way)

    @numba.njit(error_model="numpy")
    def there_and_back(x, bits, again):
        for i in range(len(x)):
            bits[i] = narrow(x[i])
            again[i] = numbers.widened(bits[i])

    x = torch.randn(3000, generator=torch.Generator().manual_seed(0)) * 10.0 ** torch.arange(-30, 30, 0.02)
    ties = torch.tensor([1 + 2**-8, 1 + 3 * 2**-8, -1 - 2**-8, 3.4e38, torch.inf, -torch.inf, 0.0, -0.0, torch.nan])
    x = torch.cat([x, ties])
    bits, again = np.empty(len(x), np.uint16), np.empty(len(x), np.float32)
    there_and_back(x.numpy(), bits, again)
    want = x.bfloat16()
    assert torch.equal(torch.from_numpy(again[:-1]), want[:-1].float())
    assert np.array_equal(bits[:-1], want.view(torch.uint16).numpy()[:-1])
    assert np.isnan(again[-1])
