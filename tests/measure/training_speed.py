"""Training speed of every model, beside a plain PyTorch loop and beside what the machine's matrix products allow.

Run it as `python -m tests.measure.training_speed [SECONDS [MODEL ...]]`. Each way takes optimizer steps for so long on
windows of random symbols; a step's speed doesn't depend on what is in a window. A training step is reckoned as
three times the multiply-adds of a prediction: once forward, and backward once for the weights and once for the inputs.
"""

import sys
import time

import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from gen.base import machine
from gen.base.build import build
from gen.models.base import Model, detach
from gen.models.likelihood import cross_entropy
from gen.training.optimizers import build as build_optimizers
from tests.small import CONF, MODELS, model_node


def built(name):
    """Return the model of conf/model/<name>.yaml at its own size, symbols per sample, and the YAML's settings."""
    digits = 2 if name == "wavernn" else 1
    net = build(model_node(name), "model", Model, levels=256, silence=(128, 0)[:digits], classes=0)
    settings = yaml.safe_load((CONF / "model" / f"{name}.yaml").read_text())
    return net, digits, settings


def multiply_adds(net, digits):
    """Return how many multiply-adds in matrix products the prediction of one audio sample takes."""
    length = 64 * net.stride
    x, state = torch.zeros(1, length, dtype=torch.long), net.start(torch.zeros(1, dtype=torch.long))
    with torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as counter:  # else LSTMs are opaque
        net(x, state)
    return counter.get_total_flops() / 2 / length * digits


def rate(work, seconds):
    """Return how often a second `work` can be called, once warmed up."""
    work()
    begin, count = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        work()
        count += 1
    return count / (time.monotonic() - begin)


def stepper(forward, net, settings, bfloat16):
    """Return a function that trains one step on a window, as `settings` say."""
    shape = settings["lanes"], settings["window"]
    optimizers = build_optimizers(settings["optimizer"], net, settings["learning_rate"])
    state = net.start(torch.zeros(shape[0], dtype=torch.long))

    def step():
        nonlocal state
        x, y = torch.randint(256, (2, *shape))
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits, state = forward(x, detach(state))
        net.zero_grad()
        (cross_entropy(logits, y) / y.numel()).backward()
        for optimizer in optimizers:
            optimizer.step()

    return step


def peak(dtype, seconds, size=2048):
    """Return the multiply-adds a second of a product of square matrices."""
    a, b = torch.randn(2, size, size, dtype=dtype)
    return rate(lambda: a @ b, seconds) * size**3


def main(seconds="20", *names):
    """Print the table of the models `names`, of all unless given."""
    seconds = float(seconds)
    machine.keep_freed_memory()
    peaks = {dtype: peak(dtype, seconds / 4) for dtype in (torch.float32, torch.bfloat16)}
    for dtype, speed in peaks.items():
        print(f"matrix products, {str(dtype)[6:]}: {speed / 1e9:,.0f} G multiply-adds/s")

    def plain(x, state):
        out = []
        for t in range(x.shape[1]):
            logits, state = net.step(x[:, t], state)
            out.append(logits)
        return torch.stack(out, 1), state

    def show(name, speed, beside):
        share = 3 * count * speed / peaks[beside]
        columns = f"{count / 1e6:8.2f} M multiply-adds/sample  {share:6.1%} of the peak"
        print(f"{name:26}{speed:10,.0f} samples/s  {columns}", flush=True)

    for name in names or MODELS:
        net, digits, settings = built(name)
        count = multiply_adds(net, digits)
        symbols = settings["lanes"] * settings["window"] / digits
        show(f"{name}, bfloat16", rate(stepper(net, net, settings, True), seconds) * symbols, torch.bfloat16)
        if name == "gru":
            show(f"{name}, float32", rate(stepper(net, net, settings, False), seconds) * symbols, torch.float32)
            show("the same, a plain loop", rate(stepper(plain, net, settings, False), seconds) * symbols, torch.float32)


if __name__ == "__main__":
    main(*sys.argv[1:])
