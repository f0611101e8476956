"""WaveNet against torch's own convolutions, and how far back it looks."""

import pytest
import torch
import torch.nn.functional as F

from tests.small import built

B, T, SIZE, CLASSES, CHANNELS = 2, 40, 6, 3, 4


def wavenet(**changes):
    torch.manual_seed(0)
    sizes = {"layers": 5, "cycle": 3, "size": SIZE, "skip": 8} | changes
    return built("wavenet", 16, (8,), CLASSES, **sizes).double()


def test_it_is_dilated_convolutions_of_the_whole_recording():
    model = wavenet()
    x, labels = torch.randint(16, (B, T)), torch.tensor([2, 0])
    h, conditions = model.embedding.weight[x].transpose(1, 2), model.label.table.weight[labels].chunk(5, -1)
    skipped = model.skip.bias.view(-1, 1)
    weights = model.skip.weight.chunk(5, -1)
    for k, (dilation, condition) in enumerate(zip([1, 2, 4, 1, 2], conditions, strict=True)):
        past, now = model.gates[k].weight.chunk(2, -1)
        gates = F.conv1d(F.pad(h, (dilation, 0)), torch.stack([past, now], -1), model.gates[k].bias, dilation=dilation)
        filter_, gate = (gates + condition.unsqueeze(-1)).split(SIZE, 1)
        z = torch.tanh(filter_) * torch.sigmoid(gate)
        skipped = skipped + F.conv1d(z, weights[k].unsqueeze(-1))
        h = h + F.conv1d(z, model.residual[k].weight.unsqueeze(-1)) if k < 4 else h
    h = F.conv1d(F.relu(skipped), model.hidden.weight.unsqueeze(-1), model.hidden.bias)
    want = F.conv1d(F.relu(h), model.out.weight.unsqueeze(-1), model.out.bias).transpose(1, 2)
    got, _ = model(x, model.start(labels))
    torch.testing.assert_close(got, want, atol=1e-12, rtol=0)


def test_it_looks_as_far_back_as_its_dilations_add_up_to_and_no_farther():
    model = wavenet()
    x = torch.randint(16, (1, T))
    changed = x.clone()
    changed[0, 3] = (x[0, 3] + 8) % 16
    start = model.start(torch.tensor([0]))
    moved = (model(x, start)[0] - model(changed, start)[0]).abs().amax(-1)[0] > 0
    assert moved.nonzero().flatten().tolist() == list(range(3, 3 + 1 + 10))


def test_what_it_is_told_is_a_condition_of_each_layer():
    """A frame that makes up for the other label: both are added to the gates of every layer."""
    torch.manual_seed(0)
    model = built("wavenet", 16, (8,), CLASSES, layers=4, cycle=2, size=SIZE, skip=8, control=CHANNELS, hop=8).double()
    table = model.label.table.weight
    with torch.no_grad():
        model.told.tell[0].weight.zero_()
        model.told.tell[0].bias.copy_(table[1] - table[0])
    x, control = torch.randint(16, (B, T)), torch.randn(B, T // 8, CHANNELS, dtype=torch.double)
    got, _ = model(x, model.start(torch.tensor([0, 0])), control)
    model.told.tell[0].bias.data.zero_()
    want, _ = model(x, model.start(torch.tensor([1, 1])), control)
    torch.testing.assert_close(got, want, atol=1e-12, rtol=0)


@pytest.mark.parametrize("wrong", [{"layers": 0}, {"size": 0}, {"skip": -1}, {"cycle": 0}, {"cycle": 15}])
def test_a_size_that_there_is_none_of_is_named(wrong):
    (key, value), *_ = wrong.items()
    with pytest.raises(ValueError, match=rf"model\.{key}={value}.*at most 14 layers"):
        wavenet(**wrong)
