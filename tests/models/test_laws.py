"""The laws of the model interface: every model of conf/model, small, through each of them."""

import pytest
import torch
import torch.nn.functional as F
import yaml

from gen.base.build import build
from gen.models.base import Model, detach, reset, tree_leaves, tree_map
from gen.models.wavernn import WaveRNN
from tests.small import CONF, LEVELS, MODELS, PRESETS, model_node, small_model

B, CLASSES, CHANNELS = 4, 3, 5
HOP = 8  # symbols of a frame of control


@pytest.fixture(params=[(name, told) for name in MODELS for told in ("untold", "told")], ids="-".join)
def case(request):
    """Yield a float64 model, input of a few strides, labels, and what it is told, if it is."""
    torch.manual_seed(0)
    name, told = request.param
    facts = {"control": CHANNELS, "hop": HOP} if told == "told" else {}
    model = small_model(name, classes=CLASSES, **facts).double().eval()
    length = model.stride * max(2, 24 // model.stride)
    control = torch.randn(B, length // HOP, CHANNELS, dtype=torch.double) if facts else None
    return model, torch.randint(LEVELS, (B, length)), torch.arange(B) % CLASSES, control


def frames(control, begin, count=None):
    """Return `count` frames (B, count, C) from `begin` on, or one alone, (B, C); None where nothing is told."""
    if control is None:
        return None
    return control[:, begin] if count is None else control[:, begin : begin + count]


def test_step_equals_forward(case):
    model, x, labels, control = case
    want, after = model(x, model.start(labels), control)
    state, got = model.start(labels), []
    for t in range(x.shape[1]):
        logits, state = model.step(x[:, t], state, frames(control, t // model.stride))
        got.append(logits)
    torch.testing.assert_close(torch.stack(got, 1), want, atol=1e-9, rtol=0)
    follow = torch.randint(LEVELS, (B, model.stride))
    told = frames(control, 0, 1)
    torch.testing.assert_close(model(follow, state, told)[0], model(follow, after, told)[0], atol=1e-9, rtol=0)


def test_chunks_equal_the_whole(case):
    model, x, labels, control = case
    want, _ = model(x, model.start(labels), control)
    state, got = model.start(labels), []
    for number, part in enumerate(x.split(model.stride, 1)):
        logits, state = model(part, state, frames(control, number, 1))
        got.append(logits)
    torch.testing.assert_close(torch.cat(got, 1), want, atol=1e-9, rtol=0)


def test_a_logit_depends_on_the_symbols_before_its_target_and_on_no_others(case):
    model, x, labels, control = case
    want, _ = model(x, model.start(labels), control)
    last = x.shape[1] - 1
    for t in (0, 1, last // 2, last):
        changed = x.clone()
        changed[:, t] = (changed[:, t] + LEVELS // 2) % LEVELS
        moved = (model(changed, model.start(labels), control)[0] - want).abs().amax((0, 2)) > 0
        assert not moved[:t].any(), f"the symbol before target {t} changed an earlier logit"
        assert moved[t], f"the symbol before target {t} doesn't reach its logit"


def test_no_gradient_flows_back_in_time(case, monkeypatch):
    """Causality by gradient: of one logit with respect to each row of a table by which the model sees a symbol."""
    model, x, labels, control = case
    seen, embedding = [], F.embedding

    def watch(symbols, table, *how, **settings):
        out = embedding(symbols, table, *how, **settings)
        if len(table) == LEVELS:
            out.requires_grad_().retain_grad()
            seen.append(out)
        return out

    monkeypatch.setattr(F, "embedding", watch)
    logits, _ = model(x, model.start(labels), control)
    assert seen or isinstance(model, WaveRNN)  # which sees numbers without a table
    middle = x.shape[1] // 2
    logits[:, middle].sum().backward()
    for out in seen:
        reach = out.grad.abs().sum((0, -1))[-x.shape[1] :]  # without what the state kept of earlier symbols
        assert reach[: middle + 1].sum() > 0
        assert reach[middle + 1 :].sum() == 0


def test_permuting_streams_permutes_outputs(case):
    model, x, labels, control = case
    order = torch.tensor([2, 0, 3, 1])
    _, state = model(x, model.start(labels), control)
    want, _ = model(x, state, control)
    got, _ = model(x[order], tree_map(lambda leaf: leaf[order], state), control if control is None else control[order])
    torch.testing.assert_close(got, want[order], atol=1e-9, rtol=0)


def test_a_reset_stream_is_a_fresh_one_and_the_others_go_on(case):
    model, x, labels, control = case
    _, state = model(x, model.start(labels), control)
    rows = torch.tensor([True, False, True, False])
    renewed = (labels + 1) % CLASSES
    got, _ = model(x, reset(model, state, rows, renewed), control)
    fresh, _ = model(x, model.start(renewed), control)
    carried, _ = model(x, state, control)
    torch.testing.assert_close(got, torch.where(rows.view(-1, 1, 1), fresh, carried), atol=0, rtol=0)


def test_the_state_is_a_tree_of_tensors_with_a_row_a_stream(case):
    model, x, labels, control = case
    before = model.start(labels)
    _, after = model(x, before, control)
    for a, b in zip(tree_leaves(before), tree_leaves(after), strict=True):
        assert a.shape == b.shape
        assert a.shape[0] == B
        assert a.dtype == b.dtype
    assert not any(leaf.requires_grad for leaf in tree_leaves(detach(after)))


def test_every_parameter_gets_a_gradient(case):
    model, x, labels, control = case
    model.train()
    logits, state = model(x, model.start(labels), control)
    logits2, _ = model(x.flip(1), state, control)
    F.cross_entropy(torch.cat([logits, logits2], 1).flatten(0, 1), torch.cat([x, x], 1).flatten()).backward()
    for name, p in model.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_the_label_changes_what_is_predicted(case):
    model, x, labels, control = case
    want, _ = model(x, model.start(labels), control)
    other, _ = model(x, model.start((labels + 1) % CLASSES), control)
    assert (want - other).abs().max() > 1e-6


def test_control_is_heard_from_its_frame_on_and_not_before(case):
    model, x, labels, control = case
    if control is None:
        pytest.skip("it is told nothing")
    want, _ = model(x, model.start(labels), control)
    for frame in range(control.shape[1]):
        changed = control.clone()
        changed[:, frame] += 1
        moved = (model(x, model.start(labels), changed)[0] - want).abs().amax(-1) > 0
        assert not moved[:, : frame * HOP].any(), f"frame {frame} changed a logit before it"
        assert moved[:, frame * HOP : (frame + 1) * HOP].all(), f"frame {frame} isn't heard from its first symbol on"
    given = control.requires_grad_()
    model(x, model.start(labels), given)[0][:, HOP].sum().backward()
    reach = given.grad.abs().sum((0, 2))
    assert (reach[:2] > 0).all()
    assert (reach[2:] == 0).all()


def test_without_its_own_a_model_ignores_control(case):
    model, x, labels, control = case
    want, _ = model(x, model.start(labels))
    if control is None:
        got, _ = model(x, model.start(labels), torch.randn(B, 1, CHANNELS))
        assert [name for name, _ in model.named_parameters() if "told" in name] == []
    else:  # told nothing it hears zeros
        got, _ = model(x, model.start(labels), torch.zeros_like(control))
        assert (model(x, model.start(labels), control)[0] - want).abs().max() > 1e-6
        got_step, _ = model.step(x[:, 0], model.start(labels))
        torch.testing.assert_close(got_step, want[:, 0], atol=1e-9, rtol=0)
    torch.testing.assert_close(got, want, atol=0 if control is None else 1e-12, rtol=0)


def test_a_wrong_length_raises(case):
    model, x, labels, control = case
    for length in {0, model.stride + 1} - {model.stride} if model.stride > 1 else {0}:
        with pytest.raises(ValueError, match="multiple"):
            model(x[:, :length], model.start(labels))
    if control is not None:
        with pytest.raises(ValueError, match="is told a frame for 8"):
            model(x, model.start(labels), control[:, 1:])


@pytest.mark.parametrize(
    ("name", "hop", "frame"),
    [("gru", 80, 64), ("gru", 64, 64), ("wavernn", 7, 4), ("tiered", 40, 32), ("tiered", 5, 8)],
)
def test_a_frame_is_the_stride_doubled_while_it_is_no_longer_than_it_may_be(name, hop, frame):
    model = small_model(name, control=CHANNELS, hop=hop)
    assert (model.stride, model.told.hop) == (frame, frame)
    assert small_model(name, control=CHANNELS, hop=frame).stride == frame
    assert small_model(name, control=0, hop=hop).stride == small_model(name).stride


@pytest.mark.trains
@pytest.mark.parametrize("name", MODELS)
def test_a_few_hundred_steps_on_one_tone_beat_the_unigram_entropy(name):
    torch.manual_seed(0)
    model = small_model(name, classes=0)
    time = torch.arange(96 * max(1, model.stride)) // 1
    tone = (LEVELS / 2 + 0.4 * LEVELS * torch.sin(2 * torch.pi * time / 12.7)).round().long()
    count = torch.bincount(tone, minlength=LEVELS) / len(tone)
    unigram = torch.special.entr(count).sum().item()
    window = model.stride * max(1, 32 // model.stride)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(200):
        at = torch.randint(len(tone) - window - 1, (8,))
        rows = torch.stack([tone[a : a + window + 1] for a in at])
        logits, _ = model(rows[:, :-1], model.start(torch.zeros(8, dtype=torch.long)))
        loss = F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-20:]) / 20 < 0.6 * unigram


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_fits_the_window_it_is_trained_on(name):
    settings = yaml.safe_load((CONF / "model" / f"{name}.yaml").read_text())
    with torch.device("meta"):
        silence = (128, 0) if name == "wavernn" else (128,)
        model = build(model_node(name), "model", Model, levels=256, silence=silence, classes=0)
        x = torch.zeros(settings["lanes"], settings["window"], dtype=torch.long)
        logits, _ = model(x, model.start(x[:, 0]))
    assert logits.shape == (*x.shape, 256)
