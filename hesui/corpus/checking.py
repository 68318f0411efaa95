"""Examines a corpus before anything trains on it: near-duplicates, leaks, rows that cannot be right.

Changes nothing; knows nothing of files or of how well an answer reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hesui.corpus.classes import TaskClass
from hesui.corpus.families import Families
from hesui.corpus.rows import Row
from hesui.corpus.splits import Leak, leaks, split_of
from hesui.length import DEFAULT_COUNTER, Constraint, Counter, check, parse

NO_DEMAND = "problem.no_demand"


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """A row that asks the same question under the same demand as an earlier one."""

    id: str
    other: str  # the earlier row
    similarity: float  # of the two questions, 0 to 1


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be right, and why."""

    id: str
    line: int  # the row's place, from 1: its line in a file without empty lines
    problem: str  # in English
    key: str  # the sentence's name in the interface's texts
    values: Mapping[str, object] = field(default_factory=dict)  # what fills its gaps


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that is wrong with a corpus."""

    near_duplicates: list[NearDuplicate]
    leaks: list[Leak]
    bad_rows: list[BadRow]


def examine(
    rows: Iterable[Row],
    classes: Mapping[str, TaskClass],
    held_out: Iterable[Row] = (),
    counter: Counter = DEFAULT_COUNTER,
    demanding: bool = True,
) -> Findings:
    """What is wrong with `rows`.

    Leaks are rows that give away one of `held_out`, and rows that go to train and give away one that goes to
    validation or test. A row without a family counts as one of train. `demanding` False lets rows state no demand
    where their class needs one, as some evaluation prompts do on purpose.
    """
    listed = list(rows)
    return Findings(
        near_duplicates=list(_near_duplicates(listed)),
        leaks=_leaks(listed, held_out),
        bad_rows=[row for row in _bad_rows(listed, classes, counter) if demanding or row.key != NO_DEMAND],
    )


def _near_duplicates(rows: Iterable[Row]) -> Iterator[NearDuplicate]:
    families = Families()
    for row in rows:
        match = families.nearest_duplicate(row)
        if match is not None:
            yield NearDuplicate(row.id, match.key, round(match.similarity, 4))
        families.assign(row)


def _leaks(rows: list[Row], held_out: Iterable[Row]) -> list[Leak]:
    train: list[Row] = []
    own: list[Row] = []
    for row in rows:
        (train if not row.family or split_of(row.family) == "train" else own).append(row)
    found = leaks(rows, held_out)
    told = {leak.id for leak in found}
    found += [leak for leak in leaks(train, own) if leak.id not in told]
    place = {row.id: number for number, row in enumerate(rows)}
    return sorted(found, key=lambda leak: place[leak.id])


class _Problem(NamedTuple):
    """What is wrong with a row, and the sentence for it in the interface's texts."""

    problem: str
    key: str
    values: Mapping[str, object]


def _bad_rows(rows: Iterable[Row], classes: Mapping[str, TaskClass], counter: Counter) -> Iterator[BadRow]:
    lines: dict[str, int] = {}
    for line, row in enumerate(rows, 1):
        problems = list(_problems(row, classes, counter))
        first = lines.setdefault(row.id, line)
        if first != line:
            problems.append(
                _Problem(f"the id is that of row {first} as well", "problem.duplicate_id", {"first": first})
            )
        yield from (BadRow(row.id, line, *problem) for problem in problems)


def _problems(row: Row, classes: Mapping[str, TaskClass], counter: Counter) -> Iterator[_Problem]:
    task = classes.get(row.task)
    if not row.prompt.strip():
        yield _Problem("the prompt is empty", "problem.empty_prompt", {})
    elif task is None:
        known = ", ".join(classes)
        problem = f"there is no class {row.task!r}; there are: {known}"
        yield _Problem(problem, "problem.unknown_class", {"name": row.task, "known": known})
    else:
        yield from _unlike_class(row, task)
        if row.reference is not None and row.constraint is not None:
            yield from _missed(row.reference, row.constraint, task.within, counter)


def _unlike_class(row: Row, task: TaskClass) -> Iterator[_Problem]:
    if task.needs_demand and row.constraint is None:
        problem = f"class {row.task!r} needs a length demand and the prompt states none"
        yield _Problem(problem, NO_DEMAND, {"name": row.task})
    if task.kind == "answer" and not row.hand_set and not _alike(row.constraint, parse(row.prompt)):
        problem = "the constraint is not what the prompt says and is not marked as set by hand"
        yield _Problem(problem, "problem.constraint_differs", {})


def _missed(reference: str, constraint: Constraint, within: int, counter: Counter) -> Iterator[_Problem]:
    verdict = check(reference, constraint, constraint.count_rule or counter)
    low, high = verdict.band
    if constraint.op == "eq":
        low, high = constraint.aim - within, constraint.aim + within
    if verdict.ok or (constraint.op == "eq" and verdict.count > 0 and abs(verdict.error) <= within):
        return
    band = f"{0 if low is None else low}–{'∞' if high is None else high}"
    problem = f"the reference misses its demand: {verdict.count} instead of {band}"
    yield _Problem(problem, "problem.reference_misses", {"count": verdict.count, "band": band})


def _alike(one: Constraint | None, two: Constraint | None) -> bool:
    return _placeless(one) == _placeless(two)


def _placeless(constraint: Constraint | None) -> Constraint | None:
    """A constraint without where in the prompt it was read."""
    if constraint is None:
        return None
    extra = tuple(replace(one, span=None, extra=()) for one in constraint.extra)
    return replace(constraint, span=None, extra=extra)
