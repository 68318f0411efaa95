"""What can be told of an answer before anybody judges it: its length, faults of the text, a twin that is accepted.

The length is judged by `hesui.length.check`, as everywhere; knows nothing of reviewers or pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from rapidfuzz.distance import Levenshtein

from hesui.corpus.duplicates import THRESHOLD, bands, normalised
from hesui.length import COUNTERS, DEFAULT_COUNTER, Constraint, Counter, check, check_all, count
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


def fingerprints(text: str) -> Sequence[str]:
    """What nearly equal answers share; for hesui.store.queueing.ReviewQueue."""
    return bands(text)


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


def in_band(text: str, constraint: Constraint | None, counter: Counter) -> bool:
    """Whether `text` obeys the demand; True where there is none."""
    return constraint is None or check(text, constraint, counter).ok


def counted(text: str, constraint: Constraint | None, counter: Counter) -> int:
    """The length of `text` in the demand's unit; in characters where nothing is demanded."""
    return check(text, constraint, counter).count if constraint else count(text, counter)


def twin_of(survey: ReviewSurvey, text: str, besides: str) -> Twin | None:
    """The accepted answer most like `text`, where one is nearly equal to it."""
    mine = normalised(text)
    ranked = [
        (Levenshtein.normalized_similarity(mine, normalised(twin.text)), twin.id, twin)
        for twin in survey.twins(bands(text), besides)
    ]
    best = max(ranked, default=None)
    return best[2] if best and best[0] >= THRESHOLD else None
