"""Tests and intervals for measured shares, differences and ranks; knows nothing of what was measured.

Functions that take `prompts` get one name a value. Answers to one prompt are not independent, so a prompt is what is
counted and resampled; its answers are averaged first, so every prompt weighs the same however often it was answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import permutations
from math import atanh, isfinite, isqrt, sqrt, tanh
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

Z95 = 1.959963984540054  # the normal quantile that leaves 2.5 % on each side
FEWEST = 20  # prompts or votes; resampling fewer than that gives intervals that are far too narrow
FEWEST_RANKED = 10  # pairs; the interval of a rank correlation is known to hold from here on
CELLS = 1_000_000  # numbers that a resampling step holds at once; 8 MB an array


class Share(NamedTuple):
    """A share with its 95 % interval, all from 0 to 1."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]"


class Discordance(NamedTuple):
    """How often only one of two systems hit, and how surprising that is if both are equally good."""

    only_first: int
    only_second: int
    p: float  # two-sided


class Difference(NamedTuple):
    """Mean of the second minus mean of the first, in the unit of the values; interval and p are None if too few."""

    value: float
    prompts: int
    low: float | None = None  # 95 %
    high: float | None = None
    p: float | None = None  # two-sided; at most 0.05 exactly where the interval leaves out 0


class Correlation(NamedTuple):
    """Spearman's ρ with a 95 % interval if there are many pairs, with an exact two-sided p if there are few."""

    value: float
    pairs: int
    low: float | None = None
    high: float | None = None
    p: float | None = None


def wilson(hits: int, n: int, z: float = Z95) -> Share:
    """The share `hits` / `n` with its score interval (Wilson 1927, JASA 22:209-212, eq. for p).

    Raises ValueError unless 0 ≤ hits ≤ n and n > 0.
    """
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n} are no share; expected 0 ≤ hits ≤ n and n > 0")
    return score_interval(hits / n, n, z)


def score_interval(p: float, n: int, z: float = Z95) -> Share:
    """The share `p` of `n`, which need not be a whole number of hits, with Wilson's score interval."""
    spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    middle, scale = p + z * z / (2 * n), 1 + z * z / n
    return Share(p, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def wilson_by_prompt(hits: Sequence[bool], prompts: Sequence[Hashable], z: float = Z95) -> Share:
    """The mean of the prompts' shares of hits, with Wilson's interval for n = the number of prompts.

    Conservative: a prompt's share lies from 0 to 1, so its variance is at most p(1 - p), reached only if all answers
    to a prompt hit or miss together. With m answers a prompt of correlation ρ the variance is (1 + (m - 1)ρ)/m of
    that (the design effect, Kish 1965, Survey Sampling), so the interval is too wide unless ρ = 1.

    Raises ValueError if there is no answer, or not one prompt an answer.
    """
    shares = _prompt_means([float(hit) for hit in hits], prompts)
    return score_interval(sum(shares) / len(shares), len(shares), z)


def mcnemar(first: Sequence[bool], second: Sequence[bool]) -> Discordance:
    """The exact McNemar test on paired hits, one pair a prompt (several seeds of a prompt are not independent).

    Two-sided binomial test with ½ on the pairs where just one hit (McNemar 1947, Psychometrika 12:153-157; exact as
    in Fagerland, Lydersen and Laake 2013, BMC Med Res Methodol 13:91): twice the smaller tail, at most 1.

    Raises ValueError unless both are equally long.
    """
    only_first = sum(a and not b for a, b in zip(first, second, strict=True))
    only_second = sum(b and not a for a, b in zip(first, second, strict=True))
    return discordance(only_first, only_second)


def discordance(only_first: int, only_second: int) -> Discordance:
    """`mcnemar` of the pairs where just one hit, counted already."""
    n = only_first + only_second
    ways, tail = 1, 0
    for k in range(min(only_first, only_second) + 1):
        tail += ways
        ways = ways * (n - k) // (k + 1)
    return Discordance(only_first, only_second, min(1.0, 2 * tail / 2**n))


def holm(p_values: Sequence[float]) -> list[float]:
    """The family's p-values adjusted by Holm's step-down method (1979, Scand J Stat 6:65-70), in the order given.

    Those at most α may be called significant, with a chance of at most α of any false one among them.
    Raises ValueError if one isn't from 0 to 1.
    """
    adjusted = list(p_values)
    reached = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if not 0 <= p_values[index] <= 1:
            raise ValueError(f"{p_values[index]} is no p-value; expected 0 to 1")
        reached = max(reached, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = reached
    return adjusted


def paired_bootstrap(
    first: Sequence[float],
    second: Sequence[float],
    prompts: Sequence[Hashable],
    resamples: int = 10_000,
    seed: int = 0,
) -> Difference:
    """The mean of `second` - `first`, its percentile interval and p-value from resampled prompts.

    Values at one place belong to the same prompt and seed. Both systems' answers to a drawn prompt are drawn together.
    The interval is Efron's percentile interval (Efron and Tibshirani 1993, ch. 13). The p-value turns it round (ibid.,
    ch. 15): the α at which the 1 - α interval just touches 0, that is 2(1 + the fewer of the resampled differences
    ≤ 0 and ≥ 0) / (resamples + 1), at most 1. Without a difference the resampled means lie around the observed one as
    it lies around 0, so p is uniform as the prompts become many; with fewer it is somewhat too small (0.05 is reached in
    8 of 100 cases at 20 prompts, 6 at 50; why the interval is narrow: Hesterberg 2015, Am Stat 69:371-386).
    With fewer than FEWEST prompts there is neither.

    Raises ValueError if there is no value, a difference isn't finite, the three aren't equally long, or resamples < 39
    (no 2.5 % to cut off).
    """
    return bootstrap(_prompt_means([b - a for a, b in zip(first, second, strict=True)], prompts), resamples, seed)


def bootstrap(gaps: Sequence[float], resamples: int = 10_000, seed: int = 0) -> Difference:
    """`paired_bootstrap` of one difference a prompt. Raises ValueError if there is none, or resamples < 39."""
    return bootstraps([gaps], resamples, seed)[0]


def bootstraps(gaps: Sequence[Sequence[float]], resamples: int = 10_000, seed: int = 0) -> list[Difference]:
    """`bootstrap` of several pairs of systems on the same prompts, a row of differences each; the draws are shared.

    Raises ValueError if there is no difference, not equally many in every row, or resamples < 39.
    """
    import numpy

    if resamples < 39:
        raise ValueError(f"{resamples} resamples have no 2.5 % to cut off; expected at least 39")
    table = numpy.array(gaps, dtype=float)
    if table.ndim != 2 or not table.size:
        raise ValueError("there is no difference, or not equally many for each pair")
    values = table.mean(axis=1).tolist()
    prompts = table.shape[1]
    if prompts < FEWEST:
        return [Difference(value, prompts) for value in values]
    means = _resampled_means(table, resamples, seed)
    cut = (resamples + 1) // 40
    return [_difference(value, prompts, row, cut) for value, row in zip(values, means, strict=True)]


def spearman(xs: Sequence[float], ys: Sequence[float]) -> Correlation | None:
    """Spearman's rank correlation; None if undefined: fewer than three pairs, or all `xs` or all `ys` equal.

    From FEWEST_RANKED pairs on with an interval: Fisher's z with variance 1.06/(n - 3) (Fieller, Hartley and Pearson
    1957, Biometrika 44:470-481; too narrow above |ρ| = 0.8: at 0.9 it covers 91 % of the time with 10 pairs, 93 %
    with 25), none for ρ = ±1, where z is infinite.
    Below that with a p-value: the share of all n! orders in which |ρ| is at least as large. Ties share their ranks.

    Raises ValueError unless both are equally long and free of NaN, which has no rank.
    """
    if len(xs) != len(ys) or any(value != value for value in (*xs, *ys)):
        raise ValueError(f"{len(xs)} and {len(ys)} values are no pairs; expected equally many, none of them NaN")
    n, one, other = len(xs), _centred_ranks(xs), _centred_ranks(ys)
    product, squares = sum(map(mul, one, other)), sum(map(mul, one, one)) * sum(map(mul, other, other))
    if n < 3 or not squares:
        return None
    value = product / root if (root := isqrt(squares)) ** 2 == squares else product / sqrt(squares)
    if n < FEWEST_RANKED:
        extreme = total = 0
        for order in permutations(other):
            extreme += abs(sum(map(mul, one, order))) >= abs(product)
            total += 1
        return Correlation(value, n, p=extreme / total)
    if abs(value) == 1:
        return Correlation(value, n)
    z, spread = atanh(value), Z95 * sqrt(1.06 / (n - 3))
    return Correlation(value, n, tanh(z - spread), tanh(z + spread))


def _prompt_means(values: Sequence[float], prompts: Sequence[Hashable]) -> list[float]:
    """Each prompt's mean, in the order in which the prompts first occur."""
    if not values or len(values) != len(prompts):
        raise ValueError(f"{len(values)} values of {len(prompts)} prompts; expected one prompt a value, at least one")
    if not all(map(isfinite, values)):
        raise ValueError("a value is infinite or not a number; expected finite values")
    groups: defaultdict[Hashable, list[float]] = defaultdict(list)
    for value, prompt in zip(values, prompts, strict=True):
        groups[prompt].append(value)
    return [sum(group) / len(group) for group in groups.values()]


def _difference(value: float, prompts: int, means: NDArray[float64], cut: int) -> Difference:
    """From the resampled means, ascending."""
    fewer = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, 2 * (1 + fewer) / (len(means) + 1))
    return Difference(value, prompts, float(means[cut - 1]), float(means[-cut]), p)


def _resampled_means(table: NDArray[float64], resamples: int, seed: int) -> NDArray[float64]:
    """A row of means for each row of the table, ascending: each of as many columns drawn with replacement."""
    import numpy

    rng, size = numpy.random.default_rng(seed), table.shape[1]
    means, step = numpy.empty((len(table), resamples)), max(1, CELLS // size)
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(size, size=(rows, size)) + size * numpy.arange(rows)[:, None]
        times = numpy.bincount(drawn.ravel(), minlength=rows * size).reshape(rows, size)
        means[:, start : start + rows] = table @ times.T.astype(float) / size
    means.sort(axis=1)
    return means


def _centred_ranks(values: Sequence[float]) -> list[int]:
    """Twice the distance of each value's rank from the middle rank: whole numbers even where ties share a rank."""
    ascending = sorted(values)
    first = {value: place for place, value in reversed(list(enumerate(ascending)))}
    last = {value: place for place, value in enumerate(ascending)}
    return [first[value] + last[value] - len(values) + 1 for value in values]
