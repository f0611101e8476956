"""Waveform generation by sample-level RNNs: train on a folder of recordings, generate, listen.

model = gen.load("runs/piano")                                # a run folder or a model file
wave = model.sample(seconds=5, seed=7, temperature=0.95)      # float32 (T,) in [-1, 1], at model.rate Hz
"""


def load(path):
    """Return the trained model in a run folder or a model file; see `gen.sampling.trained.Trained`."""
    from gen.sampling.trained import Trained  # torch takes seconds to import: only when it is needed

    return Trained(path)
