"""Uniform random numbers that depend on a seed and a stream's number alone."""

import numpy as np

WORDS = 4  # numbers for each value of Philox's counter


class Uniforms:
    """The uniform numbers of one stream: Philox (Salmon et al. 2011), keyed by seed and stream number.

    They begin with number `first`, a multiple of WORDS.
    """

    def __init__(self, seed: int, stream: int, first: int = 0):
        random = np.random.Philox(key=np.array([seed, stream], np.uint64), counter=first // WORDS)
        self.random = np.random.Generator(random)
        self.block, self.begin = np.zeros(0), 0

    def __call__(self, t: int) -> float:
        """Return number t; t goes up one by one."""
        if t - self.begin >= len(self.block):
            self.begin, self.block = t, self.random.random(4096)
        return self.block[t - self.begin]

    def take(self, count: int):
        """Return the next `count` numbers."""
        return self.random.random(count)
