"""What can be told of an answer before anybody judges it: its length, faults of the text, a twin that is accepted.

The length is judged by `hesui.length.check`, as everywhere; knows nothing of reviewers or pages.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

from rapidfuzz.distance import Levenshtein

from hesui.corpus.duplicates import THRESHOLD, bands, normalised
from hesui.length import COUNTERS, DEFAULT_COUNTER, Constraint, Counter, check_all
from hesui.quality import problems
from hesui.store.reviewing import Item
from hesui.store.surveying import ReviewSurvey, Twin

Level = Literal["good", "bad"]


class Badge(NamedTuple):
    """One automatic finding; `key` names it, `found` are the words of the text that show it."""

    key: str  # complete, or a kind of hesui.quality.Problem, or twin, or other_demand
    level: Level
    found: str = ""
    demand: Constraint | None = None  # of other_demand: the one that is not met


@lru_cache(maxsize=1024)
def fingerprints(text: str) -> tuple[str, ...]:
    """What nearly equal answers share; for hesui.store.queueing.ReviewQueue.

    An answer's are made when it is shown: the transaction that stores a decision, while others wait, finds them here.
    """
    return tuple(bands(text))


def counter_of(item: Item) -> Counter:
    """The rule by which an item's answer is counted."""
    return next((known for known in COUNTERS if known == item.counter), DEFAULT_COUNTER)


def badges(text: str, constraint: Constraint | None, counter: Counter, twin: Twin | None = None) -> list[Badge]:
    """The findings on `text` as the answer to a prompt with this demand, the bad ones first; not its main length."""
    found = [Badge(problem.kind, "bad", problem.found) for problem in problems(text)]
    if constraint is not None:
        further = zip(constraint.extra, check_all(text, constraint, counter)[1:], strict=True)
        found += [Badge("other_demand", "bad", demand=extra) for extra, verdict in further if not verdict.ok]
    if twin is not None:
        found.append(Badge("twin", "bad", twin.text))
    if not any(badge.key in ("incomplete", "truncated", "empty") for badge in found):
        found.append(Badge("complete", "good"))
    return found


def twin_of(survey: ReviewSurvey, text: str, besides: str) -> Twin | None:
    """The accepted answer most like `text`, where one is nearly equal to it."""
    mine = normalised(text)
    ranked = [
        (Levenshtein.normalized_similarity(mine, normalised(twin.text)), twin.id, twin)
        for twin in survey.twins(fingerprints(text), besides)
    ]
    best = max(ranked, default=None)
    return best[2] if best and best[0] >= THRESHOLD else None
