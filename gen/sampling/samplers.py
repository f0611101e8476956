"""The two samplers of a model: compiled, and the reference, which defines what a take is."""

from gen.sampling.reference import Reference
from gen.sampling.settings import COMPILED, REFERENCE


def sampler(model, silence: tuple, name: str, weights: str, say):
    """Return the sampler `name` of a model: an object with a method `generate` (see `Reference`).

    Where a model can't be compiled the reference takes over, which `say` is told. Raises ValueError.
    """
    from gen.engine.player import Engine  # numba takes its time to import

    if name == COMPILED:
        try:
            return Engine(model, silence, weights, say=say)
        except NotImplementedError as error:
            say(f"{error}: sampling with engine={REFERENCE}, which is slow")
    return Reference(model, silence)
