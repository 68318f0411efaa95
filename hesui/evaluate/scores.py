"""How far answers are from the length that was demanded, one definition a metric; reads no text and asks no model.

L is an answer's count and N the number that its demand names, as `hesui.length.check` found them, so that all scores
are of one counting rule. e = L - N and d = e / N exist only for eq and approx, which name a target; what stands to bounds
is measured by `violation` and `fill`. What is undefined is None, never NaN, and left out of means.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import exp
from statistics import fmean, median

from hesui.evaluate.statistics import Share, wilson_by_prompt
from hesui.length import Constraint, Verdict

QIANFAN = ((5, 1.0), (10, 0.75), (15, 0.5), (20, 0.25), (25, 0.1))  # largest |d| in percent, and its score
BUCKETS = (50, 100, 200, 400, 800)  # the largest N of each bucket but the last, which is open


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as it is scored."""

    prompt: Hashable  # which prompt it answers; answers to one prompt are not independent
    constraint: Constraint
    verdict: Verdict  # `hesui.length.check` on that constraint

    @property
    def unanswered(self) -> bool:
        """Whether there is no text at all: nothing else fails a band that its count lies in."""
        return not self.verdict.ok and self.verdict.count in self.verdict.band


@dataclass(frozen=True, slots=True)
class Summary:
    """The scores of several answers. Shares count every prompt alike; means are over the answers that have a value."""

    n: int  # answers
    targeted: int  # those that a target was named to: what hits and errors are over
    satisfied: Share | None
    exact: Share | None
    hit2: Share | None
    hit5: Share | None
    hit10: Share | None
    hit5_percent: Share | None
    hit10_percent: Share | None
    mae: float | None  # mean |e|
    median_error: float | None  # of |e|
    p90_error: int | None  # of |e|
    mape: float | None  # mean |d|, a share
    bias: float | None  # mean d, a share; below 0: too short
    ls: float | None  # 0 to 100
    qianfan: float | None  # 0 to 1
    longwriter: float | None  # 0 to 100
    violation: float | None  # a share of the bound
    fill: float | None  # a share of the bound; over 1: too long


def error(answer: Answered) -> int | None:
    """e = L - N; None for a demand that names no target."""
    return answer.verdict.error if answer.constraint.op in ("eq", "approx") else None


def deviation(answer: Answered) -> float | None:
    """d = e / N, a share; None without a target above 0."""
    found, target = error(answer), answer.constraint.target
    return found / target if found is not None and target else None


def hit(answer: Answered, k: int) -> bool | None:
    """Hit@k: |e| ≤ k; None for a demand that names no target."""
    found = error(answer)
    return None if found is None else abs(found) <= k


def hit_percent(answer: Answered, percent: int) -> bool | None:
    """Hit@k%: |e| ≤ k % of N, in whole numbers, so that 105 is within 5 % of 100; None without a target above 0."""
    found, target = error(answer), answer.constraint.target
    return abs(found) * 100 <= percent * target if found is not None and target else None


def satisfied(answer: Answered) -> bool:
    """Whether the demand is met: le L ≤ max, ge L ≥ min, range both, approx within its tolerance (the stated one, else
    ± 10 %), eq exactly. An empty text meets none; of several parts each must (`hesui.length.check`)."""
    return answer.verdict.ok


def ls(answer: Answered) -> float | None:
    """The length score, 0 to 100 (LIFEBench, arXiv 2505.16234), with d a fraction: their released script puts percent
    into the exponent.

    eq: 100·exp(5d) if d < 0, else 100·exp(-2d); le: 100 if d ≤ 0, else 100·exp(-2d); ge: 100 if d ≥ 0, else
    100·exp(5d). approx, which they have not, is scored as eq; range has no N: None. No answer to a le scores 0 here.
    """
    op, bound = answer.constraint.op, answer.constraint.aim
    if op == "range" or bound == 0:
        return None
    if answer.unanswered:
        return 0.0
    d = (answer.verdict.count - bound) / bound
    if (op == "le" and d <= 0) or (op == "ge" and d >= 0):
        return 100.0
    return 100 * exp(5 * d if d < 0 else -2 * d)


def qianfan(answer: Answered) -> float | None:
    """The length score of the Qianfan cookbook: |L/N - 1| ≤ .05 / .10 / .15 / .20 / .25 give 1 / .75 / .5 / .25 / .1,
    more gives 0; None without a target above 0."""
    if deviation(answer) is None:
        return None
    return next((score for percent, score in QIANFAN if hit_percent(answer, percent)), 0.0)


def longwriter(answer: Answered) -> float | None:
    """S_l, 0 to 100 (LongWriter, arXiv 2408.07055): L > N: 100·max(0, 1 - (L/N - 1)/3), else
    100·max(0, 1 - (N/L - 1)/2); 0 for L = 0, None without a target above 0."""
    target, count = answer.constraint.target, answer.verdict.count
    if deviation(answer) is None or not target:
        return None
    if count == 0:
        return 0.0
    if count > target:
        return 100 * max(0.0, 1 - (count / target - 1) / 3)
    return 100 * max(0.0, 1 - (target / count - 1) / 2)


def violation(answer: Answered) -> float | None:
    """max(0, L - max, min - L) / bound, the bound being the one that was broken; 0 within both, also for a target's
    band. None where there is no text though none is too long, and where the bound is 0."""
    low, high = answer.verdict.band
    count = answer.verdict.count
    if answer.unanswered:
        return None
    if low is not None and count < low:
        return (low - count) / low
    if high is not None and count > high:
        return (count - high) / high if high else None
    return 0.0


def fill(answer: Answered) -> float | None:
    """L / max for a le, so that a trivially short answer shows; None for others and where max is 0."""
    most = answer.constraint.max
    return answer.verdict.count / most if answer.constraint.op == "le" and most else None


def summarise(answers: Iterable[Answered]) -> Summary:
    """The scores of all `answers` together. P90 is the smallest |e| that at least 90 % of answers do not exceed."""
    listed = list(answers)
    errors = sorted(abs(found) for found in map(error, listed) if found is not None)
    deviations = [found for found in map(deviation, listed) if found is not None]
    return Summary(
        n=len(listed),
        targeted=len(errors),
        satisfied=_share(listed, satisfied),
        exact=_share(listed, lambda one: hit(one, 0)),
        hit2=_share(listed, lambda one: hit(one, 2)),
        hit5=_share(listed, lambda one: hit(one, 5)),
        hit10=_share(listed, lambda one: hit(one, 10)),
        hit5_percent=_share(listed, lambda one: hit_percent(one, 5)),
        hit10_percent=_share(listed, lambda one: hit_percent(one, 10)),
        mae=fmean(errors) if errors else None,
        median_error=median(errors) if errors else None,
        p90_error=errors[(9 * len(errors) + 9) // 10 - 1] if errors else None,
        mape=fmean(map(abs, deviations)) if deviations else None,
        bias=fmean(deviations) if deviations else None,
        ls=_mean(listed, ls),
        qianfan=_mean(listed, qianfan),
        longwriter=_mean(listed, longwriter),
        violation=_mean(listed, violation),
        fill=_mean(listed, fill),
    )


def bucket(constraint: Constraint) -> int:
    """The place in BUCKETS of the stretch that the demand's aim belongs to; len(BUCKETS) is the open one."""
    return sum(constraint.aim > most for most in BUCKETS)


def _share(answers: Sequence[Answered], look: Callable[[Answered], bool | None]) -> Share | None:
    """The share of those for whom `look` is defined; None if it is for nobody."""
    found = [(hits, answer.prompt) for answer in answers if (hits := look(answer)) is not None]
    return wilson_by_prompt([hits for hits, _ in found], [prompt for _, prompt in found]) if found else None


def _mean(answers: Sequence[Answered], look: Callable[[Answered], float | None]) -> float | None:
    found = [value for answer in answers if (value := look(answer)) is not None]
    return fmean(found) if found else None
