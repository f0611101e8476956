"""Training speed of the default char-RNN beside a plain PyTorch loop over the same model.

Run it as `python -m tests.training_speed`. Each way takes optimizer steps on windows of random symbols for the given
seconds; a step's speed doesn't depend on what is in a window.
"""

import sys
import time

import torch
import torch.nn.functional as F

from gen.build import build
from gen.models.base import detach
from tests.small import model_node

LANES, WINDOW = 32, 128


def steps_of(forward, net, bfloat16):
    """Yield after each optimizer step on a window (LANES, WINDOW) of random symbols."""
    optimizer = torch.optim.AdamW(net.parameters(), 0.001, fused=True)
    state = net.start(torch.zeros(LANES, dtype=torch.long))
    while True:
        x, y = torch.randint(256, (2, LANES, WINDOW))
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits, state = forward(x, detach(state))
        loss = F.cross_entropy(logits.flatten(0, 1).float(), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield


def main(seconds: float = 20.0):
    """Print samples/s of each way, warmed up."""
    net = build(model_node("gru"), "model", levels=256, silence=(128,), classes=0)

    def plain(x, state):
        out = []
        for t in range(x.shape[1]):
            logits, state = net.step(x[:, t], state)
            out.append(logits)
        return torch.stack(out, 1), state

    ways = {"gen, bfloat16": (net, True), "gen, float32": (net, False), "plain loop, float32": (plain, False)}
    speeds = {}
    for name, (forward, bfloat16) in ways.items():
        steps = steps_of(forward, net, bfloat16)
        next(steps)
        begin, count = time.monotonic(), 0
        while time.monotonic() - begin < seconds:
            next(steps)
            count += 1
        speeds[name] = count * LANES * WINDOW / (time.monotonic() - begin)
    for name, speed in speeds.items():
        print(f"{name:22}{speed:10,.0f} samples/s  {speed / speeds['plain loop, float32']:5.2f} x the plain loop")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
