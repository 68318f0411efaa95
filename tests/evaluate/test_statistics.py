"""Tests and intervals agree with published and hand-computed values, and with enumeration and simulation."""

from itertools import product
from math import comb, exp, sqrt
from random import Random

import numpy
import pytest

from hesui.evaluate.statistics import (
    FEWEST,
    FEWEST_RANKED,
    Correlation,
    holm,
    mcnemar,
    paired_bootstrap,
    spearman,
    wilson,
    wilson_by_prompt,
)


def chances(n, p):
    """How likely 0 to n hits of n are."""
    return [comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_that_of_newcombe_1998_table_one(hits, n, low, high):
    share = wilson(hits, n)
    assert (round(share.low, 4), round(share.high, 4)) == (low, high)


@pytest.mark.parametrize("n", [20, 100, 400])
def test_the_interval_covers_the_truth_95_times_in_100_over_all_shares(n):
    grid = [(step + 0.5) / 100 for step in range(100)]
    intervals = [wilson(hits, n) for hits in range(n + 1)]
    covered = [
        sum(chance for chance, share in zip(chances(n, p), intervals, strict=True) if share.low <= p <= share.high)
        for p in grid
    ]
    assert sum(covered) / len(grid) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(("hits", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_impossible_shares_are_refused(hits, n):
    with pytest.raises(ValueError, match="are no share"):
        wilson(hits, n)


def test_answers_that_hit_together_count_as_one_a_prompt():
    hits = [True] * 9 + [False] * 12
    assert wilson_by_prompt(hits, [place // 3 for place in range(21)]) == wilson(3, 7)


def test_every_prompt_weighs_the_same():
    share = wilson_by_prompt([True, False, False, False, True], ["a", "a", "a", "a", "b"])
    assert share.value == 0.625
    assert wilson_by_prompt([True, False] * 4, [place // 2 for place in range(8)]) == wilson(2, 4)


def test_the_intervals_of_ten_thousand_simulated_boards_cover_what_they_were_drawn_from():
    rng = numpy.random.default_rng(3)
    truths = rng.uniform(0.03, 0.97, 10_000)
    hits = rng.binomial(400, truths)
    found = [wilson(int(hit), 400) for hit in hits]
    covered = sum(share.low <= truth <= share.high for share, truth in zip(found, truths, strict=True)) / 10_000
    assert 0.935 <= covered <= 0.965


def test_the_interval_by_prompt_covers_more_than_it_says_when_seeds_are_independent():
    prompts = [place // 3 for place in range(60)]
    for p in (0.2, 0.5, 0.8):
        covered = 0.0
        for hits, chance in enumerate(chances(60, p)):
            share = wilson_by_prompt([place < hits for place in range(60)], prompts)
            covered += chance * (share.low <= p <= share.high)
        assert covered > 0.99


def test_no_answers_and_answers_without_a_prompt_are_refused():
    for hits, prompts in (([], []), ([True], [])):
        with pytest.raises(ValueError, match="expected one prompt a value"):
            wilson_by_prompt(hits, prompts)


def paired(both, only_first, only_second):
    first = [True] * both + [True] * only_first + [False] * only_second
    return first, [True] * both + [False] * only_first + [True] * only_second


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (0, 5, 2 / 32),
        (1, 7, 18 / 256),
        (2, 10, 2 * (1 + 12 + 66) / 4096),
    ],
)
def test_mcnemar_doubles_the_smaller_tail(only_first, only_second, p):
    assert mcnemar(*paired(11, only_first, only_second)) == (only_first, only_second, p)
    assert mcnemar(*paired(0, only_second, only_first)).p == p


def test_mcnemar_is_the_binomial_test_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for only_first, only_second in ((4, 17), (30, 31), (140, 200)):
        expected = stats.binomtest(only_first, only_first + only_second, 0.5).pvalue
        assert mcnemar(*paired(5, only_first, only_second)).p == pytest.approx(expected)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2, 0.5])
def test_equal_systems_fall_under_alpha_at_most_that_often(alpha):
    for n in range(1, 41):
        under = sum(chance for k, chance in enumerate(chances(n, 0.5)) if mcnemar(*paired(0, k, n - k)).p <= alpha)
        assert under <= alpha + 1e-12


def test_thousands_of_pairs_are_no_trouble():
    assert mcnemar(*paired(0, 4000, 4000)).p == 1.0
    assert 0 <= mcnemar(*paired(0, 500, 4000)).p < 1e-300


def test_unpaired_hits_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        mcnemar([True, False], [True])


def test_holm_steps_down_and_keeps_the_order():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match="is no p-value"):
        holm([0.5, p])


def test_the_difference_is_second_minus_first_and_prompts_weigh_the_same():
    found = paired_bootstrap([5, 5, 5], [2, 4, 6], ["a", "a", "b"])
    assert found == (-0.5, 2, None, None, None)  # a: -2, b: +1


def test_the_bootstrap_is_near_the_normal_interval_for_many_prompts():
    rng = Random(3)
    first = [rng.gauss(10, 2) for _ in range(400)]
    second = [value + rng.gauss(-0.25, 1) for value in first]
    gaps = [b - a for a, b in zip(first, second, strict=True)]
    error = numpy.std(gaps) / sqrt(400)
    found = paired_bootstrap(first, second, range(400))
    assert (found.low, found.high) == pytest.approx((found.value - 1.96 * error, found.value + 1.96 * error), abs=0.008)
    assert found.p < 0.001
    assert paired_bootstrap(first, second, range(400)) == found


def test_answers_to_one_prompt_are_drawn_together():
    rng = Random(4)
    gaps = [rng.gauss(0, 1) for _ in range(50)]
    once = paired_bootstrap([0] * 50, gaps, range(50), 999)
    often = paired_bootstrap([0] * 200, gaps * 4, [*range(50)] * 4, 999)
    apart = paired_bootstrap([0] * 200, gaps * 4, range(200), 999)
    assert often == pytest.approx(once)
    assert apart.high - apart.low < 0.6 * (once.high - once.low)


def test_chunks_are_all_filled(monkeypatch):
    gaps = [float(place % 7) for place in range(30)]
    whole = paired_bootstrap([0] * 30, gaps, range(30), 999)
    monkeypatch.setattr("hesui.evaluate.statistics.CELLS", 100)
    assert paired_bootstrap([0] * 30, gaps, range(30), 999) == pytest.approx(whole, abs=0.3)


def test_equal_answers_are_no_difference():
    assert paired_bootstrap([3] * FEWEST, [3] * FEWEST, range(FEWEST)) == (0, FEWEST, 0, 0, 1)


def test_p_is_at_most_5_percent_exactly_where_the_interval_leaves_out_0():
    rng = Random(5)
    sides = set()
    for _ in range(100):
        found = paired_bootstrap([0] * 30, [rng.gauss(0.36, 1) for _ in range(30)], range(30), 999)
        assert (found.p <= 0.05) == (found.low > 0 or found.high < 0)
        sides.add(found.p <= 0.05)
    assert sides == {True, False}


def test_without_a_difference_p_is_uniform_and_the_interval_covers_0():
    rng = numpy.random.default_rng(6)
    prompts = numpy.repeat(numpy.arange(100), 2)
    found = []
    for _ in range(400):
        gaps = numpy.repeat(rng.exponential(1, 100) - 1, 2) + rng.normal(0, 0.5, 200)  # skewed, alike within a prompt
        found.append(paired_bootstrap([0.0] * 200, gaps.tolist(), prompts.tolist(), 799))
    for limit in (0.1, 0.25, 0.5, 0.75):
        spread = 3 * sqrt(limit * (1 - limit) / 400)
        assert sum(difference.p <= limit for difference in found) / 400 == pytest.approx(limit, abs=spread)
    assert sum(difference.low <= 0 <= difference.high for difference in found) / 400 == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize(
    ("first", "second", "prompts", "resamples", "says"),
    [
        ([], [], [], 99, "at least one"),
        ([1], [1, 2], [1], 99, "longer"),
        ([1], [1], [1, 2], 99, "expected one prompt a value"),
        ([1], [1], [1], 38, "at least 39"),
        ([1, 1], [1, float("nan")], [1, 2], 99, "expected finite values"),
    ],
)
def test_a_bootstrap_of_nothing_is_refused(first, second, prompts, resamples, says):
    with pytest.raises(ValueError, match=says):
        paired_bootstrap(first, second, prompts, resamples)


def test_few_pairs_get_an_exact_p_and_no_interval():
    assert spearman([1, 2, 3, 4], [10, 20, 40, 30]) == Correlation(0.8, 4, p=8 / 24)
    assert spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 9]) == Correlation(1.0, 5, p=2 / 120)
    assert spearman([1, 2, 3], [3, 2, 1]) == Correlation(-1.0, 3, p=2 / 6)


def test_the_exact_p_is_not_anti_conservative():
    found = [spearman(range(5), order).p for order in product(range(5), repeat=5) if len(set(order)) == 5]
    for alpha in (0.02, 0.05, 0.2, 0.5):
        assert sum(p <= alpha for p in found) / len(found) <= alpha


def test_many_pairs_get_an_interval_and_no_p():
    # ρ = 1 - 6/143, so exp(2z) = (1 + ρ)/(1 - ρ) = 280/6; the spread of 2z is 2 * 1.959964 * sqrt(1.06/9) = 1.345272
    found = spearman(range(12), [2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11])
    low, high = 280 / 6 * exp(-1.345272), 280 / 6 * exp(1.345272)
    assert found.value == pytest.approx(1 - 6 / 143)
    assert (found.low, found.high) == pytest.approx(((low - 1) / (low + 1), (high - 1) / (high + 1)), abs=1e-6)
    assert (found.pairs, found.p) == (12, None)


def test_ties_share_their_ranks_as_in_scipy():
    stats = pytest.importorskip("scipy.stats")
    rng = Random(7)
    for _ in range(20):
        xs, ys = [rng.randrange(6) for _ in range(15)], [rng.randrange(4) for _ in range(15)]
        assert spearman(xs, ys).value == pytest.approx(stats.spearmanr(xs, ys).statistic)


def test_the_interval_of_a_rank_correlation_covers_it_95_times_in_100():
    rng, true = numpy.random.default_rng(8), 6 / numpy.pi * numpy.arcsin(0.5 / 2)  # ρ of a bivariate normal with r 0.5
    covered = 0
    for _ in range(1500):
        xs, noise = rng.normal(size=(2, 25))
        found = spearman(xs.tolist(), (0.5 * xs + sqrt(0.75) * noise).tolist())
        covered += found.low <= true <= found.high
    assert covered / 1500 == pytest.approx(0.95, abs=0.015)


def test_a_perfect_order_of_many_has_no_interval():
    assert spearman(range(FEWEST_RANKED), range(FEWEST_RANKED)) == Correlation(1.0, FEWEST_RANKED)


def test_no_correlation_where_nothing_varies():
    assert spearman([1, 2], [1, 2]) is None
    assert spearman([1, 1, 1], [1, 2, 3]) is None
    assert spearman([1, 2, 3], [4, 4, 4]) is None


def test_values_without_a_partner_are_refused():
    for ys in ([1, 2], [1, 2, float("nan")]):
        with pytest.raises(ValueError, match="are no pairs"):
            spearman([1, 2, 3], ys)
