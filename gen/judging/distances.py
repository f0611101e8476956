"""How far two sets of sounds are apart, each sound a row of numbers: distances between what they are drawn from.

Legend: `real` (N, D) and `takes` (M, D), float; N and M sounds, D numbers of each. Where a sound has several rows, as a
long one has one a second, it is (N, K, D), and no row is compared with another of its own sound.
"""

import numpy as np

SIZES = 15  # of samples, at which the Frechet distance is taken to extrapolate it
SMALLEST = 0.4  # of them, as a share of all there are
DRAWS = 8  # at each size
DEGREE = 3  # of the polynomial kernel


def frechet(real, takes) -> float:
    """Return the squared Frechet distance of Gaussians fitted to two sets (Dowson and Landau 1982).

    |m - n|^2 + tr(C + E - 2 (C E)^(1/2)), by which the FID is defined (Heusel et al. 2017, arXiv 1706.08500). Of finite
    samples it is too large; see `frechet_unbiased`.
    """
    means = [np.mean(rows, 0) for rows in (real, takes)]
    one, other = (np.atleast_2d(np.cov(rows, rowvar=False)) for rows in (real, takes))
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0)).sum()
    return float(np.sum((means[0] - means[1]) ** 2) + np.trace(one) + np.trace(other) - 2 * shared)


def frechet_unbiased(real, takes, seed: int = 0) -> float:
    """Return the squared Frechet distance as it would be of endless samples, which may be a little under zero.

    Its bias is about linear in 1 / N: it is taken of smaller samples too, and the line through these followed to where
    1 / N is 0 (Chong and Forsyth 2020, arXiv 1911.07023).
    """
    random = np.random.default_rng(seed)
    share = np.repeat(np.linspace(SMALLEST, 1, SIZES), DRAWS)
    found = []
    for part in share:
        some = [rows[random.permutation(len(rows))[: round(part * len(rows))]] for rows in (real, takes)]
        found.append(frechet(*some))
    return float(np.polyfit(1 / share, found, 1)[1])


def enough(dimensions: int) -> int:
    """Return how many rows of each set the extrapolation needs: covariances of full rank at its smallest size."""
    return int(np.ceil((dimensions + 2) / SMALLEST))


def polynomial(one, other):
    """Return the kernel (x y / D + 1)^3 of rows (N, D) and (M, D), as (N, M)."""
    return (one @ other.T / one.shape[1] + 1) ** DEGREE


def nearness(one, other):
    """Return minus the Euclidean distance of rows (N, D) and (M, D), as (N, M): the kernel of the energy distance."""
    return -np.sqrt(squares(one, other))


def squares(one, other):
    """Return the squared Euclidean distances of rows (N, D) and (M, D), as (N, M)."""
    found = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    return np.maximum(found, 0)


def alike(one, other, kernel):
    """Return the mean kernel of each two sounds' rows, (N, K, D) and (M, L, D), as (N, M)."""
    counts = [part.shape[:2] for part in (one, other)]
    found = kernel(*(part.reshape(-1, part.shape[-1]) for part in (one, other)))
    return found.reshape(*counts[0], *counts[1]).mean((1, 3))


def within(kernel, weights):
    """Return the weighted mean kernel (R,) of two different sounds of a set, given (N, N) and weights (R, N)."""
    square = weights**2
    total = ((weights @ kernel) * weights).sum(1) - square @ kernel.diagonal()
    return total / (weights.sum(1) ** 2 - square.sum(1))


def between(kernel, weights, others):
    """Return the weighted mean kernel (R,) of sounds of two sets, given (N, M) and weights (R, N) and (R, M)."""
    return ((weights @ kernel) * others).sum(1) / (weights.sum(1) * others.sum(1))


class Discrepancy:
    """The maximum mean discrepancy between sets of sounds, squared and unbiased (Gretton et al. 2012, equation 3).

    With the kernel `polynomial` it is the kernel distance, KID (Binkowski et al. 2018, arXiv 1801.01401); with
    `nearness` the energy distance, 2 E|x - y| - E|x - x'| - E|y - y'| (Szekely and Rizzo 2013). The sets' sounds may be
    weighted, each row of weights another sample of the bootstrap: a sound drawn twice is not compared with itself.
    """

    def __init__(self, real, takes, kernel):
        self.real, self.takes = alike(real, real, kernel), alike(takes, takes, kernel)
        self.both = alike(real, takes, kernel)

    def __call__(self, real=None, takes=None):
        """Return it for weights (R, N) and (R, M) as (R,); without them for the sets as they are, as (1,)."""
        real = np.ones((1, len(self.real))) if real is None else real
        takes = np.ones((1, len(self.takes))) if takes is None else takes
        inside = within(self.real, real) + within(self.takes, takes)
        return inside - 2 * between(self.both, real, takes)


def reach(rows, k: int):
    """Return the distance (N,) of each row to the k-th nearest of the others."""
    return np.sqrt(np.sort(squares(rows, rows), 1)[:, k])


def precision_recall(real, takes, k: int = 3) -> tuple:
    """Return each take's precision (M,) and each real sound's recall (N,), 0 or 1; their means are the figures.

    A take is precise if it is within the reach of a real sound, that sound's distance to its k-th nearest; a real sound
    is recalled if it is within the reach of a take (Kynkaanniemi et al. 2019, arXiv 1904.06991).
    """
    apart = np.sqrt(squares(real, takes))
    precise = (apart <= reach(real, k)[:, None]).any(0)
    recalled = (apart <= reach(takes, k)).any(1)
    return precise.astype(float), recalled.astype(float)


def density_coverage(real, takes, k: int = 5) -> tuple:
    """Return each take's density (M,) and each real sound's coverage (N,); their means are the figures.

    Density is how many real sounds reach a take, over k; a real sound is covered if it reaches one take or more
    (Naeem et al. 2020, arXiv 2002.09797). Density may be over 1, and is 1 on average where both are alike.
    """
    reached = np.sqrt(squares(real, takes)) <= reach(real, k)[:, None]
    return reached.sum(0) / k, reached.any(1).astype(float)
