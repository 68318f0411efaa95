"""What happened during one visit: the rounds, and how often each side obeyed. Plain data, one copy a visitor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from hesui.answers import Answer
from hesui.length import Verdict, check
from hesui.records import EndReason, Request
from hesui.ui.blind import Sealed
from hesui.ui.form import Form

KEPT = 30  # rounds in the history
NEAR = 2  # units off that still count as near; the strictest published figure is the share within ±2


@dataclass(frozen=True, slots=True)
class Round:
    """One comparison, as far as it has come."""

    form: Form
    requests: tuple[Request, ...]
    rows: tuple[Answer, ...]
    stopped: bool = False
    sealed: Sealed | None = None  # set while a blind round waits for its vote: no name may be shown

    @property
    def done(self) -> bool:
        """Whether every answer has ended."""
        return all(row.end for row in self.rows)

    def turned(self) -> Round:
        """The same round with its sides the other way round."""
        form = replace(self.form, left=self.form.right, right=self.form.left)
        return replace(self, form=form, requests=self.requests[::-1], rows=self.rows[::-1])


class Mark(NamedTuple):
    """One judged answer."""

    side: int  # 0 = left
    model: str
    guide: bool  # raw and assisted answers are never added up
    best: int
    ok: bool
    off: int  # distance to what was wanted


class Score(NamedTuple):
    """How often one system obeyed, and how far off it was."""

    side: int
    model: str
    guide: bool
    best: int
    ok: int
    near: int  # obeyed, or off by NEAR at most
    all: int
    off: float  # mean distance


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: its latest finished rounds, the mark of every answer, and the round on the page."""

    rounds: tuple[Round, ...] = ()
    marks: tuple[Mark, ...] = ()
    shown: Round | None = None

    def showing(self, shown: Round | None) -> Visit:
        """This visit with another round on the page."""
        return replace(self, shown=shown)

    def finished(self, done: Round) -> Visit:
        """This visit after `done` has finished."""
        return Visit((*self.rounds, done)[-KEPT:], (*self.marks, *marks(done)), done)

    def scores(self) -> list[Score]:
        """One line a system, left side first."""
        tally: dict[tuple[int, str, bool, int], list[Mark]] = {}
        for mark in self.marks:
            tally.setdefault(mark[:4], []).append(mark)
        return [_score(system, found) for system, found in sorted(tally.items())]


def _score(system: tuple[int, str, bool, int], found: list[Mark]) -> Score:
    near = sum(mark.off <= NEAR for mark in found)
    return Score(*system, sum(mark.ok for mark in found), near, len(found), sum(m.off for m in found) / len(found))


def marks(done: Round) -> Iterator[Mark]:
    """A mark for each answer of `done` that has a demand and was not cut short by Stop or an error."""
    for side, (request, row) in enumerate(zip(done.requests, done.rows, strict=True)):
        verdict = judge(row, request)
        if verdict and row.end and row.end.reason not in (EndReason.CANCELLED, EndReason.ERROR):
            yield Mark(side, request.model, request.guide, request.best_of, verdict.ok, abs(verdict.error))


def judge(row: Answer, request: Request) -> Verdict | None:
    """How `row` stands to the demand of `request`; None where there is none."""
    return check(row.text, request.constraint, request.counter) if request.constraint else None
