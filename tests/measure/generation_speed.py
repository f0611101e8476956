"""Generation by the engine beside what there was before it: a plain PyTorch loop, and samplernn-pytorch.

Run it as `python -m tests.measure.generation_speed [RUN ...]`, with runs of char-RNNs with GRUs. For each, a plain
loop over torch.nn.GRUCell with the weights of the run generates one stream, on one thread and two; then the engine.
The last rows are of models with random weights. A SampleRNN of the size that samplernn-pytorch recommends: 91 samples a
second is what that project makes on a machine of two such cores. And a WaveNet as conf has it, beside a plain loop over
its `step`: 172 samples a second is what DeepMind's, which is larger, made on a P100, and 500,000 the student that they
distilled from it (van den Oord et al. 2017, arXiv 1711.10433).
"""

import sys

import torch

import gen
from gen.engine import measure
from gen.engine.player import Engine
from gen.sampling import bench
from tests.small import built

SAMPLERNN_PYTORCH = 91  # samples a second
WAVENET, STUDENT = 172, 500_000
ROUND = 20  # samples that are timed together


@torch.inference_mode()
def plain_loop(model, threads: int) -> float:
    """Return the samples a second of a loop that one would write for `model`, a CharRNN of GRUs."""
    torch.set_num_threads(threads)
    cells = []
    for layer in model.layers:
        cells.append(torch.nn.GRUCell(layer.input_size, layer.hidden_size))
        cells[-1].load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})

    def step(x, states):
        h, after = model.embedding(x), []
        for cell, before in zip(cells, states, strict=True):
            h = cell(h, before)
            after.append(h)
        return model.out(h), after

    return timed(step, [torch.zeros(1, cell.hidden_size) for cell in cells])


@torch.inference_mode()
def timed(step, state) -> float:
    """Return the samples a second of a loop that draws what `step` predicts, the best of several rounds."""
    x = torch.tensor([128])

    def run():
        nonlocal x, state
        for _ in range(ROUND):
            logits, state = step(x, state)
            x = torch.multinomial(torch.softmax(logits, -1), 1)[:, 0]

    return measure.speed(run) * ROUND


def main():
    for run in sys.argv[1:]:
        trained = gen.load(run)
        plain = max(plain_loop(trained.model, threads) for threads in (1, 2))
        print(f"{run}: plain PyTorch loop {plain:,.0f} samples/s")
        for weights in ("float32", "bfloat16"):
            made = bench.generation_speed(trained.sampler("compiled", weights), 1)
            print(f"{run}: engine, {weights} {made:,.0f} samples/s, {made / plain:.1f} times that")
    model = built("samplernn", 256, (128,), frames=[16, 64], size=1024, layers=2)
    show(
        "SampleRNN, frames of 16 and 64, two GRU-1024 layers in each tier",
        model,
        {"samplernn-pytorch": SAMPLERNN_PYTORCH},
    )
    model = built("wavenet", 256, (128,))
    plain = max(stepped(model, threads) for threads in (1, 2))
    print(f"WaveNet, a plain PyTorch loop: {plain:,.0f} samples/s")
    show("WaveNet", model, {"the plain loop": plain, "DeepMind's": WAVENET, "their student": STUDENT})


def stepped(model, threads: int) -> float:
    """Return the samples a second of a loop over `step` of a model, one stream."""
    torch.set_num_threads(threads)
    return timed(model.eval().step, model.start(torch.tensor([0])))


def show(name, model, others):
    """Print how fast the engine generates one stream of a model, in samples a second and beside the `others`."""
    print(f"{name}: {sum(p.numel() for p in model.parameters()):,} parameters")
    for weights in ("float32", "bfloat16"):
        made = bench.generation_speed(Engine(model, (128,), weights), 1)
        times = ", ".join(f"{made / speed:.3g} times {other}" for other, speed in others.items())
        print(f"engine, {weights} {made:,.0f} samples/s, {times}")


if __name__ == "__main__":
    main()
