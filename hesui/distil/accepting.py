"""Decides which answers are good enough to train on: stricter than the prompt demands, and sound as texts.

Knows nothing of teachers, calls or the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row
from hesui.length import Constraint, Counter, check, count
from hesui.prompts import demand, language
from hesui.quality import problems

FEWEST = 0.6  # share of an upper bound that an answer must fill
MOST = 1.5  # times a lower bound that an answer may reach
LENGTH_REASONS = ("too_long", "too_short")


@dataclass(frozen=True, slots=True)
class Judged:
    """How an answer stands to the strict rule."""

    ok: bool
    count: int  # in the demand's unit; in characters where nothing is demanded
    error: int  # signed, as Verdict.error; 0 where nothing is demanded
    reason: str = ""  # the gravest fault's id; "" = none
    found: str = ""  # the words that show it
    off: int = 0  # signed distance to what the strict rule takes

    @property
    def sound(self) -> bool:
        """Whether nothing but its length speaks against it."""
        return self.ok or self.reason in LENGTH_REASONS


def judge(text: str, row: Row, task: TaskClass, counter: Counter, truncated: bool = False) -> Judged:
    """Whether `text` may teach as the answer to `row`.

    Exact: |error| ≤ the class's `within`. About: half the tolerance. At most N: from 0.6 N. At least N: to 1.5 N. A range:
    inside. The prompt's other demands: as stated. And none of `hesui.quality.problems`. The prompt's own counting
    rule goes before `counter`.
    """
    fault = next(iter(problems(text, truncated)), None)
    reason, found = (fault.kind, fault.found) if fault else ("", "")
    if row.constraint is None:
        return Judged(not reason, count(text, counter), 0, reason, found)
    rule = rule_of(row.constraint, counter)
    verdict = check(text, row.constraint, rule)
    wanted = check(text, strict(row.constraint, task.within), rule)
    if not reason and not wanted.ok:
        reason = "too_long" if wanted.error > 0 else "too_short"
    if not reason:
        reason, found = _other_demand(text, row, rule)
    return Judged(not reason, verdict.count, verdict.error, reason, found, wanted.error)


def strict(constraint: Constraint, within: int = 0) -> Constraint:
    """The range of counts that is accepted for a demand; its numbers are counts of the demand's unit."""
    low, high = _band(constraint, within if constraint.unit in ("char", "word") else 0)
    return replace(constraint, op="range", min=low, max=high, target=None, extra=())


def rule_of(constraint: Constraint | None, counter: Counter) -> Counter:
    """The counting rule of an answer: the prompt's own, else `counter`."""
    return (constraint and constraint.count_rule) or counter


def nearest(tries: Sequence[Judged]) -> int:
    """The index of the best: accepted before sound before others, then the nearest to its demand, then the first."""

    def rank(index: int) -> tuple[bool, bool, int, int, int]:
        one = tries[index]
        return not one.ok, not one.sound, abs(one.off), abs(one.error), index

    return min(range(len(tries)), key=rank)


def _band(constraint: Constraint, within: int) -> tuple[int, int]:
    target, low, high = constraint.target, constraint.min, constraint.max
    if constraint.op == "eq" and target is not None:
        return max(1, target - within), target + within
    if constraint.op == "approx" and target is not None and low is not None and high is not None:
        return target - (target - low) // 2, target + (high - target) // 2
    if constraint.op == "le" and high is not None:
        return ceil(round(high * FEWEST, 6)), high
    if constraint.op == "ge" and low is not None:
        return low, int(low * MOST)
    assert low is not None and high is not None  # a range has both
    return low, high


def _other_demand(text: str, row: Row, rule: Counter) -> tuple[str, str]:
    """The first of the prompt's further demands that is not met."""
    assert row.constraint is not None
    for extra in row.constraint.extra:
        if not check(text, extra, extra.count_rule or rule).ok:
            return "other_demand", demand(extra, language(row.prompt))
    return "", ""
