"""Waveform generation by sample-level RNNs: train on a folder of recordings, generate, listen.

model = gen.load("runs/piano")                                # a run folder or a model file
wave = model.sample(seconds=5, seed=7, temperature=0.95)      # float32 (T,) in [-1, 1], at model.rate Hz

named = gen.load("runs/digits-classifier-lstm").classify(wave, model.rate)   # named.label, named.probability
"""


def load(path):
    """Return what is in a run folder or a model file.

    That is a trained model, `gen.sampling.trained.Trained`, or a classifier, `gen.naming.classifier.Classifier`.
    """
    from gen.run.checkpoint import CLASSIFIER, kind_of  # torch takes seconds to import: only when it is needed

    if kind_of(path) == CLASSIFIER:
        from gen.naming import classifier

        return classifier.load(path)
    from gen.sampling.trained import Trained

    return Trained(path)
