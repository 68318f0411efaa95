"""Wilson intervals agree with published values and with simulation."""

from random import Random

import pytest

from hesui.evaluate.statistics import wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_newcombe_1998_table_one(hits, n, low, high):
    share = wilson(hits, n)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


def test_the_interval_covers_the_truth_about_95_times_in_100():
    rng = Random(1)
    covered = 0
    for _ in range(2000):
        share = wilson(sum(rng.random() < 0.47 for _ in range(400)), 400)
        covered += share.low <= 0.47 <= share.high
    assert 0.93 <= covered / 2000 <= 0.97


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_impossible_shares_are_refused(hits, n):
    with pytest.raises(ValueError, match="are no share"):
        wilson(hits, n)
