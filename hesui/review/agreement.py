"""How far reviewers agree: Krippendorff's α, Cohen's κ of pairs, and each reviewer's own record.

One pass over reviewed items; what is kept grows with the number of different patterns of votes, not of items (but for
the seconds that each decision took). Knows neither the database nor how the figures are shown.
"""

from __future__ import annotations

from array import array
from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median
from typing import Literal

from hesui.store.reviewing import DECISIONS, GOOD, Event, Kind, Outcome, Reviewed

Undefined = Literal["", "few", "uniform"]  # why there is no figure: too few items; only one value was ever used
FEWEST = 2  # items; a single one says nothing

Pattern = tuple[tuple[str, int], ...]  # how many chose each value on one item, in the order of the values
Values = Mapping[str, str]  # what each reviewer chose on one item


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's α of some items, nominal: 1 = perfect agreement, 0 = as by chance, below 0 = worse."""

    kind: Kind
    task: str  # the class's id; "" = all classes of the kind
    alpha: float | None  # None where it is undefined
    items: int  # with decisions of at least two reviewers, gold items left out
    decisions: int  # on these items
    undefined: Undefined = ""


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's κ of two reviewers on the items that both decided."""

    kind: Kind
    one: str
    other: str
    kappa: float | None  # None where it is undefined: both used one and the same value throughout
    items: int


@dataclass(frozen=True, slots=True)
class Reviewer:
    """What one reviewer did, as far as it still stands."""

    name: str
    decisions: int  # without skips; those on gold items are among them
    accepted: int
    edited: int
    rejected: int
    labelled: int
    skipped: int
    seconds: float | None  # median of a decision, where time was measured
    gold_seen: int  # decisions on items with a known verdict
    gold_right: int
    ruled: int  # decisions on items that an owner ruled on later
    upheld: int  # of these, those that the ruling agreed with
    upheld_share: float | None  # upheld / ruled


@dataclass(frozen=True, slots=True)
class Agreement:
    """Everything that is known of reviewers' agreement."""

    alphas: tuple[Alpha, ...]  # of each kind first all classes, then one by one
    kappas: tuple[Kappa, ...]
    reviewers: tuple[Reviewer, ...]

    def alpha(self, kind: Kind, task: str = "") -> Alpha:
        """The α of a kind, or of one of its classes."""
        found = (one for one in self.alphas if (one.kind, one.task) == (kind, task))
        return next(found, Alpha(kind, task, None, 0, 0, "few"))


def survey_agreement(reviewed: Iterable[Reviewed]) -> Agreement:
    """The agreement on some items, which may stream by.

    Votes are the decisions that stand, one a reviewer: on answers whether a good one came of it (accepted as it is
    and edited both mean keep), on texts the label. An owner's ruling is no vote. Items of all classes together share
    one set of values; where label classes have different labels, the figure of each class is the one to read.
    """
    seen = AgreementTally()
    for one in reviewed:
        seen.add(one)
    return seen.agreement()


class AgreementTally:
    """Collects reviewed items one by one, for whoever reads them for another purpose as well."""

    def __init__(self) -> None:
        self._patterns: dict[tuple[Kind, str], Tally[Pattern]] = {}
        self._pairs: dict[tuple[Kind, str, str], Tally[tuple[str, str]]] = {}
        self._people: dict[str, _Record] = {}

    def add(self, one: Reviewed) -> None:
        """Count an item's decisions."""
        item, outcome = one.entry.item, one.outcome
        votes = {event.reviewer: event for event in outcome.live if event.action in DECISIONS}
        values = {name: value_of(event) for name, event in votes.items()}
        if item.gold is None:
            self._add_votes(item.kind, item.task, values)
        for name, event in votes.items():
            self._person(name).decide(event, item.gold, outcome)
        for name in outcome.touched - votes.keys():
            self._person(name).skipped += 1

    def agreement(self) -> Agreement:
        """The figures of everything that was added."""
        return Agreement(
            tuple(self._alphas()),
            tuple(Kappa(*pair, cohen(cells), cells.total()) for pair, cells in sorted(self._pairs.items())),
            tuple(self._people[name].reviewer(name) for name in sorted(self._people)),
        )

    def _add_votes(self, kind: Kind, task: str, values: Values) -> None:
        patterns = self._patterns.setdefault((kind, task), Tally())
        if len(values) > 1:
            patterns[tuple(sorted(Tally(values.values()).items()))] += 1
        for one, other in combinations(sorted(values), 2):
            self._pairs.setdefault((kind, one, other), Tally())[values[one], values[other]] += 1

    def _person(self, name: str) -> _Record:
        return self._people.setdefault(name, _Record())

    def _alphas(self) -> Iterable[Alpha]:
        for kind in sorted({kind for kind, _ in self._patterns}):
            tasks = {task: found for (of, task), found in sorted(self._patterns.items()) if of == kind}
            yield _alpha(kind, "", sum(tasks.values(), Tally[Pattern]()))
            yield from (_alpha(kind, task, patterns) for task, patterns in tasks.items())


def value_of(event: Event) -> str:
    """What a decision or a ruling says of an item: keep, reject or a label's id."""
    return "keep" if event.choice in GOOD else event.choice


def krippendorff(patterns: Mapping[Pattern, int]) -> tuple[float | None, Undefined]:
    """α, nominal, of items whose votes follow `patterns`, each with how many items do; None and why where undefined.

    Krippendorff, "Content Analysis" (4th ed., 2018), chapter 12: α = 1 - observed / expected disagreement.
    """
    values = sorted({value for pattern in patterns for value, _ in pattern})
    if sum(patterns.values()) < FEWEST:
        return None, "few"
    if len(values) < 2:
        return None, "uniform"
    import numpy
    from krippendorff import alpha

    counts = numpy.array([[dict(pattern).get(value, 0) for value in values] for pattern in patterns])
    found = alpha(value_counts=numpy.repeat(counts, list(patterns.values()), axis=0), level_of_measurement="nominal")
    return float(found), ""


def cohen(cells: Mapping[tuple[str, str], int]) -> float | None:
    """κ of two raters, from how often they chose each pair of values; None where it is undefined.

    Cohen, "A Coefficient of Agreement for Nominal Scales" (Educational and Psychological Measurement 20, 1960,
    37-46): κ = (p_o - p_e) / (1 - p_e), p_o the share of items on which they agree, p_e the sum over all values of
    the product of both raters' shares of that value.
    """
    n = sum(cells.values())
    one, other = Tally[str](), Tally[str]()
    for (mine, theirs), times in cells.items():
        one[mine] += times
        other[theirs] += times
    agreed = sum(times for (mine, theirs), times in cells.items() if mine == theirs)
    by_chance = sum(one[value] * other[value] for value in one)  # times n²; whole numbers, so that 1 is exactly 1
    return None if by_chance == n * n else (agreed * n - by_chance) / (n * n - by_chance)


@dataclass(slots=True)
class _Record:
    """What was seen of one reviewer so far."""

    choices: Tally[str] = field(default_factory=Tally)  # by action
    seconds: array[float] = field(default_factory=lambda: array("d"))
    skipped: int = 0
    gold_seen: int = 0
    gold_right: int = 0
    ruled: int = 0
    upheld: int = 0

    def decide(self, event: Event, gold: str | None, outcome: Outcome) -> None:
        value = value_of(event)
        self.choices[event.action] += 1
        if event.seconds > 0:
            self.seconds.append(event.seconds)
        if gold is not None:
            self.gold_seen += 1
            self.gold_right += value == ("keep" if gold in GOOD else gold)
        ruling = _ruling(outcome.live)
        if ruling is not None:
            self.ruled += 1
            self.upheld += value == value_of(ruling)

    def reviewer(self, name: str) -> Reviewer:
        return Reviewer(
            name,
            decisions=self.choices.total(),
            accepted=self.choices["accept"],
            edited=self.choices["edit"],
            rejected=self.choices["reject"],
            labelled=self.choices["label"],
            skipped=self.skipped,
            seconds=median(self.seconds) if self.seconds else None,
            gold_seen=self.gold_seen,
            gold_right=self.gold_right,
            ruled=self.ruled,
            upheld=self.upheld,
            upheld_share=self.upheld / self.ruled if self.ruled else None,
        )


def _ruling(live: Sequence[Event]) -> Event | None:
    return next((event for event in live if event.action == "adjudicate"), None)


def _alpha(kind: Kind, task: str, patterns: Mapping[Pattern, int]) -> Alpha:
    figure, undefined = krippendorff(patterns)
    decisions = sum(n * votes for pattern, n in patterns.items() for _, votes in pattern)
    return Alpha(kind, task, figure, sum(patterns.values()), decisions, undefined)
