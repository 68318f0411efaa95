"""Puts rows that ask the same question into one family, and finds those that even make the same demand.

Knows nothing of splits or files.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from hesui.corpus.duplicates import THRESHOLD, Match, Nearby, question
from hesui.corpus.rows import Row
from hesui.length import Constraint

_DIGITS = 12  # of the hash: a million families share one with a chance of 0.2 %

Numbers = tuple[str, str, str, int | None, int | None, int | None]
Demand = tuple[Numbers, ...]


def family_id(task: str, skeleton: str) -> str:
    """The family that a question of class `task` founds."""
    return f"{task}-{sha256(skeleton.encode('utf-8', 'surrogatepass')).hexdigest()[:_DIGITS]}"


class Families:
    """The families of known rows; rows may be added at any time and never change the family of earlier ones.

    A row whose question is nearly equal to a known one's belongs to that one's family, whatever its class and
    demand. Not for several threads at once.
    """

    def __init__(self, rows: Iterable[Row] = (), threshold: float = THRESHOLD) -> None:
        """Begin with `rows`; those that have a family come first, so that the others can join it."""
        self._nearby = Nearby(threshold)  # of questions, each its own key
        self._family: dict[str, str] = {}  # of a question
        self._rows: dict[tuple[str, str, Demand], str] = {}  # question, class and demand: the first such row
        for row in sorted(rows, key=lambda row: not row.family):
            self.assign(row)

    def __len__(self) -> int:
        """How many different questions are known."""
        return len(self._nearby)

    def assign(self, row: Row) -> Row:
        """`row` with its family, known from now on. A family that it already has stays."""
        asked = question(row)
        family = row.family or self._family_of(asked) or family_id(row.task, asked)
        self._nearby.add(asked, asked)
        self._family.setdefault(asked, family)
        self._rows.setdefault((asked, row.task, demand_of(row.constraint)), row.id)
        return row if row.family else replace(row, family=family)

    def duplicate_of(self, row: Row) -> str | None:
        """The id of a known row of the same class, question and demand; None where there is none."""
        match = self.nearest_duplicate(row)
        return match and match.key

    def nearest_duplicate(self, row: Row) -> Match | None:
        """The known row (its id as the key) that makes the same demand in the same class with the nearest question."""
        asked = question(row)
        demand = demand_of(row.constraint)
        first = self._rows.get((asked, row.task, demand))
        if first is not None and first != row.id:
            return Match(first, 1.0)
        for known, similarity in self._nearby.near(asked):
            other = self._rows.get((known, row.task, demand))
            if other is not None and other != row.id:
                return Match(other, similarity)
        return None

    def _family_of(self, asked: str) -> str | None:
        match = self._nearby.nearest(asked)
        return match and self._family[match.key]


def demand_of(constraint: Constraint | None) -> Demand:
    """What a constraint demands, without where it was read: op, unit, scope and numbers of it and of each extra one."""
    if constraint is None:
        return ()
    return tuple((one.op, one.unit, one.scope, one.min, one.max, one.target) for one in (constraint, *constraint.extra))
