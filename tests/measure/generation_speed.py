"""Generation by the engine beside what there was before it: a plain PyTorch loop, and samplernn-pytorch.

Run it as `python -m tests.measure.generation_speed RUN [RUN ...]`, with runs of char-RNNs with GRUs. For each, a plain
loop over torch.nn.GRUCell with the weights of the run generates one stream, on one thread and two; then the engine.
The last rows are of a SampleRNN of the size that samplernn-pytorch recommends, with random weights: 91 samples a
second is what that project makes on a machine of two such cores.
"""

import sys
import time

import torch

import gen
from gen.engine.player import Engine
from gen.sampling import bench
from tests.small import built

SAMPLERNN_PYTORCH = 91  # samples a second
SECONDS = 4.0


@torch.inference_mode()
def plain_loop(model, threads: int) -> float:
    """Return the samples a second of a loop that one would write for `model`, a CharRNN of GRUs."""
    torch.set_num_threads(threads)
    cells = []
    for layer in model.layers:
        cells.append(torch.nn.GRUCell(layer.input_size, layer.hidden_size))
        cells[-1].load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x, states = torch.tensor([128]), [torch.zeros(1, cell.hidden_size) for cell in cells]
    samples, began = 0, time.perf_counter()
    while time.perf_counter() < began + SECONDS:
        h = model.embedding(x)
        for depth, cell in enumerate(cells):
            h = states[depth] = cell(h, states[depth])
        x = torch.multinomial(torch.softmax(model.out(h), -1), 1)[:, 0]
        samples += 1
    return samples / (time.perf_counter() - began)


def main():
    for run in sys.argv[1:]:
        trained = gen.load(run)
        plain = max(plain_loop(trained.model, threads) for threads in (1, 2))
        print(f"{run}: plain PyTorch loop {plain:,.0f} samples/s")
        for weights in ("float32", "bfloat16"):
            made = bench.generation_speed(trained.sampler("compiled", weights), 1)
            print(f"{run}: engine, {weights} {made:,.0f} samples/s, {made / plain:.1f} times that")
    model = built("samplernn", 256, (128,), frames=[16, 64], size=1024, layers=2)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"SampleRNN, frames of 16 and 64, two GRU-1024 layers in each tier: {parameters:,} parameters")
    for weights in ("float32", "bfloat16"):
        made = bench.generation_speed(Engine(model, (128,), weights), 1)
        print(f"engine, {weights} {made:,.0f} samples/s, {made / SAMPLERNN_PYTORCH:.0f} times samplernn-pytorch's")


if __name__ == "__main__":
    main()
