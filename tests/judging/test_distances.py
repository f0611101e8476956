"""Each distance against what it is by a formula of its own, or by hand on a few points."""

import itertools

import numpy as np
import pytest

from gen.judging import distances
from gen.judging.bootstrap import drawn, interval


def gaussian(seed, count, mean, root):
    """Return `count` rows of a Gaussian of that mean whose covariance is root root^T."""
    return np.random.default_rng(seed).standard_normal((count, len(mean))) @ np.asarray(root).T + mean


def exact(mean, spread, other, others):
    """Return the squared Frechet distance of two Gaussians with independent components of such deviations."""
    return float(np.sum((np.subtract(mean, other)) ** 2) + np.sum(np.subtract(spread, others) ** 2))


def test_the_frechet_distance_of_gaussians_is_that_of_their_formula():
    """Independent components: |m - n|^2 + sum (s - t)^2; turned by one rotation, both, it is the same."""
    mean, spread, other, others = [0, 1, 0], [1, 2, 0.5], [1, 1, -1], [1, 1, 1]
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    for rotated in (np.eye(3), turn):
        real = gaussian(1, 100_000, mean, np.diag(spread)) @ rotated
        takes = gaussian(2, 100_000, other, np.diag(others)) @ rotated
        assert distances.frechet(real, takes) == pytest.approx(exact(mean, spread, other, others), rel=0.03)


def test_the_extrapolated_frechet_distance_is_unbiased_where_the_plain_one_is_not():
    spread, far = np.ones(12), np.zeros(12)
    plain, extrapolated = [], []
    for seed in range(12):
        real, takes = (gaussian(2 * seed + i, 150, far, np.diag(spread)) for i in range(2))
        plain.append(distances.frechet(real, takes))
        extrapolated.append(distances.frechet_unbiased(real, takes))
    assert np.mean(plain) > 0.4  # between two sets of one kind
    assert abs(np.mean(extrapolated)) < 0.12


def test_the_kernel_distance_is_the_sum_over_pairs_that_its_paper_has():
    random = np.random.default_rng(0)
    real, takes = random.standard_normal((5, 3)), random.standard_normal((4, 3)) + 1
    k = lambda a, b: (a @ b / 3 + 1) ** 3  # noqa: E731
    inside = [
        sum(k(a, b) for a, b in itertools.permutations(rows, 2)) / len(rows) / (len(rows) - 1) for rows in (real, takes)
    ]
    across = sum(k(a, b) for a in real for b in takes) / 20
    found = distances.Discrepancy(real[:, None], takes[:, None], distances.polynomial)()
    assert found == pytest.approx(sum(inside) - 2 * across)


def test_the_energy_distance_of_two_points_far_apart_is_twice_that_less_what_they_spread():
    real, takes = np.array([[0.0], [1.0]]), np.array([[10.0], [12.0]])
    found = distances.Discrepancy(real[:, None], takes[:, None], distances.nearness)()
    assert found == pytest.approx(2 * (10 + 12 + 9 + 11) / 4 - 1 - 2)


@pytest.mark.parametrize("kernel", [distances.polynomial, distances.nearness])
def test_a_discrepancy_of_one_kind_is_zero_on_average_and_its_interval_holds_that(kernel):
    found, held = [], 0
    for seed in range(20):
        real, takes = (gaussian(2 * seed + i, 60, np.zeros(4), np.eye(4))[:, None] for i in range(2))
        apart = distances.Discrepancy(real, takes, kernel)
        found.append(float(apart()[0]))
        low, high = interval(apart(drawn(60, seed), drawn(60, seed + 1)))
        held += low <= 0 <= high
    assert abs(np.mean(found)) < 2.5 * np.std(found) / np.sqrt(20)
    assert held >= 16


def test_a_sound_drawn_twice_counts_twice_and_is_never_compared_with_itself():
    random = np.random.default_rng(0)
    kernel = distances.alike(random.standard_normal((3, 1, 2)), random.standard_normal((3, 1, 2)), distances.nearness)
    weights = np.array([[2.0, 1.0, 0.0]])
    assert distances.within(kernel, weights) == pytest.approx((2 * kernel[0, 1] + 2 * kernel[1, 0]) / 4)
    assert distances.between(kernel, weights, np.array([[0.0, 0.0, 3.0]])) == pytest.approx(
        (2 * kernel[0, 2] + kernel[1, 2]) / 3
    )


def test_precision_recall_density_and_coverage_of_a_few_points_by_hand():
    """Real 0, 1, 2, 10 with k = 1 reach 1, 1, 1 and 8; takes 0.5, 2.5, 30 reach 2, 2 and 27.5."""
    real, takes = np.array([[0.0], [1], [2], [10]]), np.array([[0.5], [2.5], [30]])
    precise, recalled = distances.precision_recall(real, takes, k=1)
    assert list(precise) == [1, 1, 0]
    assert list(recalled) == [1, 1, 1, 1]  # 10 within the 27.5 of the take at 30
    density, covered = distances.density_coverage(real, takes, k=1)
    assert list(density) == [2, 2, 0]  # 0.5 by 0 and 1; 2.5 by 2 and 10
    assert list(covered) == [1, 1, 1, 1]


def test_takes_like_the_recordings_have_density_one_and_a_part_of_them_has_precision_without_recall():
    real, takes = (gaussian(i, 400, np.zeros(3), np.eye(3)) for i in range(2))
    assert distances.density_coverage(real, takes)[0].mean() == pytest.approx(1, abs=0.15)
    assert distances.density_coverage(real, takes)[1].mean() > 0.9
    few = gaussian(2, 400, np.zeros(3), 0.1 * np.eye(3))
    precise, recalled = (found.mean() for found in distances.precision_recall(real, few))
    assert precise > 0.95
    assert recalled < 0.2
