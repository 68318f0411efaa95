"""Everything that distillation keeps: runs, their questions and answers, and every call that was paid for.

Each method is one transaction. Knows nothing of teachers, of classes or of what makes an answer good.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, func, insert, select, update
from sqlalchemy.engine import Row as Found

from hesui.store.database import Database
from hesui.store.tables import answers, batches, calls, faults, questions, runs

RunState = Literal["queued", "running", "paused", "stopped", "capped", "failed", "done"]
Wanted = Literal["run", "pause", "stop"]
Origin = Literal["seed", "expanded", "varied", "wrapped", "relabelled"]
QuestionState = Literal["open", "accepted", "failed"]
AnswerKind = Literal["accepted", "negative"]
PAGE = 200  # rows that one query fetches where many are wanted


@dataclass(frozen=True, slots=True)
class Run:
    """A distillation as it stands."""

    id: str
    config: Mapping[str, Any]
    state: RunState
    wanted: Wanted
    phase: str  # what it is doing: expand, answer, …
    note: str  # why it stopped, in English
    note_key: str  # the same sentence for the page; "" where there is none
    note_values: Mapping[str, Any]
    pid: int | None
    pid_started: float | None
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt of a run; `row` is as hesui.corpus.rows writes it."""

    id: str
    task: str
    row: Mapping[str, Any]
    origin: Origin
    parent: str | None = None
    state: QuestionState = "open"
    tries: int = 0
    number: int = 0  # the order in which they came; set by the database


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer to a question of a run."""

    question: str
    task: str
    text: str
    kind: AnswerKind
    count: int
    error: int
    reason: str  # why it is a negative; "" for an accepted one
    sample: int
    teacher: str
    call: str | None = None  # the call's key


@dataclass(frozen=True, slots=True)
class PaidCall:
    """A call that was answered and, where the teacher costs something, paid for."""

    key: str
    run: str
    task: str
    stage: str
    model: str
    outcome: str
    text: str
    prompt_tokens: int
    completion_tokens: int
    cost: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Fault:
    """A call that brought nothing."""

    task: str
    stage: str
    outcome: str
    detail: str
    created: float = 0.0  # set by the database


@dataclass(frozen=True, slots=True)
class Batch:
    """A job at a provider's batch service."""

    id: str
    state: str
    calls: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Tally:
    """How one class of a run stands."""

    prompts: int = 0
    answered: int = 0  # of the prompts: those that were tried to the end
    accepted: int = 0
    calls: int = 0  # paid by this run
    cost: float = 0.0
    negatives: int = 0
    relabelled: int = 0  # of the accepted
    outcomes: Mapping[str, int] = field(default_factory=dict)  # of all calls, failed ones too


class DistilStore:
    """The queries of distillation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Runs

    def create_run(self, id: str, config: Mapping[str, Any]) -> None:
        """A new run, not yet started."""
        now = time.time()
        with self._database.writing() as connection:
            connection.execute(
                insert(runs).values(
                    id=id, config=dict(config), state="queued", wanted="run", phase="", note="", note_key="",
                    note_values={}, created=now, updated=now,
                )
            )  # fmt: skip

    def run(self, id: str) -> Run | None:
        """The run called `id`."""
        with self._database.reading() as connection:
            found = connection.execute(select(runs).where(runs.c.id == id)).one_or_none()
        return None if found is None else Run(**found._mapping)

    def runs(self) -> list[Run]:
        """All runs, the newest first."""
        with self._database.reading() as connection:
            return [Run(**row._mapping) for row in connection.execute(select(runs).order_by(runs.c.created.desc()))]

    def update_run(self, id: str, **changes: Any) -> None:
        """Set columns of a run; its heartbeat with them."""
        with self._database.writing() as connection:
            connection.execute(update(runs).where(runs.c.id == id).values(updated=time.time(), **changes))

    def claim_run(self, id: str, pid: int, started: float, dead: Sequence[tuple[int | None, float | None]]) -> bool:
        """Make process `pid` the one that works on a run; False where another, not among the `dead`, does."""
        with self._database.writing() as connection:
            found = connection.execute(select(runs.c.state, runs.c.pid, runs.c.pid_started).where(runs.c.id == id))
            state, owner, owner_started = found.one()
            if state in ("running", "paused") and owner != pid and (owner, owner_started) not in dead:
                return False
            connection.execute(
                update(runs).where(runs.c.id == id).values(
                    state="running", pid=pid, pid_started=started, note="", note_key="", note_values={},
                    updated=time.time(),
                )
            )  # fmt: skip
            return True

    def delete_run(self, id: str) -> None:
        """Remove a run with its questions and answers; what was paid for stays in the cache."""
        with self._database.writing() as connection:
            connection.execute(delete(runs).where(runs.c.id == id))

    # Questions

    def add_questions(self, run: str, new: Sequence[Question]) -> int:
        """Add the questions that are not there yet; how many were new."""
        with self._database.writing() as connection:
            known = _known_questions(connection, run, [question.id for question in new])
            fresh = [_without_number(question) | {"run": run} for question in new if question.id not in known]
            if fresh:
                connection.execute(insert(questions), fresh)
            return len(fresh)

    def questions(
        self, run: str, *, task: str | None = None, state: QuestionState | None = None, origin: Origin | None = None
    ) -> Iterator[Question]:
        """A run's questions in the order they came, read page by page, so that any number fits in memory.

        A question that changes or is added while this is read may be missed or met.
        """
        after = 0
        while page := self._page(run, after, task, state, origin):
            yield from page
            after = page[-1].number

    def count_questions(self, run: str, task: str) -> int:
        """How many questions of a class there are."""
        query = select(func.count()).select_from(questions).where(questions.c.run == run, questions.c.task == task)
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()

    def question(self, run: str, id: str) -> Question | None:
        """One question of a run."""
        query = select(questions).where(questions.c.run == run, questions.c.id == id)
        with self._database.reading() as connection:
            found = connection.execute(query).one_or_none()
        return None if found is None else _question(found)

    def _page(self, run: str, after: int, task: str | None, state: str | None, origin: str | None) -> list[Question]:
        query = select(questions).where(questions.c.run == run, questions.c.number > after)
        for column, value in ((questions.c.task, task), (questions.c.state, state), (questions.c.origin, origin)):
            if value is not None:
                query = query.where(column == value)
        with self._database.reading() as connection:
            return [_question(row) for row in connection.execute(query.order_by(questions.c.number).limit(PAGE))]

    # Answers

    def settle(
        self,
        run: str,
        question: str,
        state: QuestionState,
        tries: int,
        new: Sequence[StoredAnswer],
        also: Sequence[Question] = (),
    ) -> None:
        """Record what came of a question, all at once: its answers, its state, and questions made from it."""
        with self._database.writing() as connection:
            mine = (answers.c.run == run, answers.c.question.in_([question, *(one.id for one in also)]))
            connection.execute(delete(answers).where(*mine))  # what a crash left of an earlier attempt
            now = time.time()
            if new:
                connection.execute(insert(answers), [asdict(answer) | {"run": run, "created": now} for answer in new])
            known = _known_questions(connection, run, [one.id for one in also])
            fresh = [_without_number(one) | {"run": run} for one in also if one.id not in known]
            if fresh:
                connection.execute(insert(questions), fresh)
            connection.execute(
                update(questions)
                .where(questions.c.run == run, questions.c.id == question)
                .values(state=state, tries=tries)
            )

    def answers(
        self, run: str, *, task: str | None = None, kind: AnswerKind | None = None
    ) -> Iterator[tuple[Question, StoredAnswer]]:
        """A run's answers with their questions, in the order they came, read page by page."""
        after = 0
        while page := self._answer_page(run, after, task, kind):
            for _, question, answer in page:
                yield question, answer
            after = page[-1][0]

    def sample_answers(
        self, run: str, *, task: str | None = None, kind: AnswerKind | None = None, offset: int = 0, limit: int = 20
    ) -> tuple[int, list[tuple[Question, StoredAnswer]]]:
        """One screen of a run's answers, the newest first, and how many there are."""
        with self._database.reading() as connection:
            query = _answers_of(run, task, kind)
            total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
            newest = query.order_by(answers.c.number.desc()).offset(offset).limit(limit)
            return total, [_answered(row)[1:] for row in connection.execute(newest)]

    def _answer_page(
        self, run: str, after: int, task: str | None, kind: str | None
    ) -> list[tuple[int, Question, StoredAnswer]]:
        query = _answers_of(run, task, kind).where(answers.c.number > after).order_by(answers.c.number).limit(PAGE)
        with self._database.reading() as connection:
            return [_answered(row) for row in connection.execute(query)]

    # Calls

    def cached(self, key: str) -> PaidCall | None:
        """The call that was paid for under this key, by any run."""
        columns = [column for column in calls.c if column.name != "created"]
        with self._database.reading() as connection:
            found = connection.execute(select(*columns).where(calls.c.key == key)).one_or_none()
        return None if found is None else PaidCall(**found._mapping)

    def record_call(self, call: PaidCall) -> None:
        """Keep a paid call; a second one under the same key changes nothing."""
        with self._database.writing() as connection:
            if connection.execute(select(calls.c.key).where(calls.c.key == call.key)).one_or_none() is None:
                connection.execute(insert(calls).values(**asdict(call), created=time.time()))

    def record_fault(self, run: str, fault: Fault) -> None:
        """Keep a call that brought nothing."""
        with self._database.writing() as connection:
            connection.execute(insert(faults).values(**asdict(fault) | {"run": run, "created": time.time()}))

    def last_faults(self, run: str, limit: int = 5) -> list[Fault]:
        """The latest failed calls, the newest first."""
        query = select(faults).where(faults.c.run == run).order_by(faults.c.number.desc()).limit(limit)
        with self._database.reading() as connection:
            return [
                Fault(row.task, row.stage, row.outcome, row.detail, row.created) for row in connection.execute(query)
            ]

    def spent(self, run: str) -> float:
        """What a run has paid."""
        query = select(func.coalesce(func.sum(calls.c.cost), 0.0)).where(calls.c.run == run)
        with self._database.reading() as connection:
            return float(connection.execute(query).scalar_one())

    # Batches

    def save_batch(self, run: str, batch: Batch) -> None:
        """Keep or update a batch job."""
        with self._database.writing() as connection:
            changed = connection.execute(update(batches).where(batches.c.id == batch.id).values(state=batch.state))
            if not changed.rowcount:
                connection.execute(insert(batches).values(run=run, created=time.time(), **asdict(batch)))

    def batches(self, run: str, state: str | None = None) -> list[Batch]:
        """A run's batch jobs, the oldest first."""
        query = select(batches.c.id, batches.c.state, batches.c.calls).where(batches.c.run == run)
        if state is not None:
            query = query.where(batches.c.state == state)
        with self._database.reading() as connection:
            return [Batch(**row._mapping) for row in connection.execute(query.order_by(batches.c.created))]

    # The whole

    def tallies(self, run: str) -> dict[str, Tally]:
        """How each class of a run stands."""
        with self._database.reading() as connection:
            counted: dict[str, dict[str, Any]] = {}
            for task, values in _tallied(connection, run):
                counted.setdefault(task, {}).update(values)
            for task, outcome, number in _outcomes(connection, run):
                outcomes = counted.setdefault(task, {}).setdefault("outcomes", {})
                outcomes[outcome] = outcomes.get(outcome, 0) + number
        return {task: Tally(**values) for task, values in counted.items()}


def _tallied(connection: Connection, run: str) -> Iterator[tuple[str, dict[str, Any]]]:
    by_state = (
        select(questions.c.task, questions.c.state, questions.c.origin, func.count())
        .where(questions.c.run == run)
        .group_by(questions.c.task, questions.c.state, questions.c.origin)
    )
    found: dict[str, dict[str, int]] = {}
    for task, state, origin, number in connection.execute(by_state):
        tally = found.setdefault(task, {"prompts": 0, "answered": 0, "accepted": 0, "relabelled": 0})
        tally["prompts"] += number
        tally["answered"] += number if state != "open" else 0
        tally["accepted"] += number if state == "accepted" else 0
        tally["relabelled"] += number if origin == "relabelled" else 0
    yield from found.items()
    negative = (
        select(answers.c.task, func.count())
        .where(answers.c.run == run, answers.c.kind == "negative")
        .group_by(answers.c.task)
    )
    for task, number in connection.execute(negative):
        yield task, {"negatives": number}
    paid = select(calls.c.task, func.count(), func.sum(calls.c.cost)).where(calls.c.run == run).group_by(calls.c.task)
    for task, number, cost in connection.execute(paid):
        yield task, {"calls": number, "cost": float(cost)}


def _outcomes(connection: Connection, run: str) -> Iterator[tuple[str, str, int]]:
    for table in (calls, faults):
        query = (
            select(table.c.task, table.c.outcome, func.count())
            .where(table.c.run == run)
            .group_by(table.c.task, table.c.outcome)
        )
        for row in connection.execute(query):
            yield row[0], row[1], row[2]


def _answers_of(run: str, task: str | None, kind: str | None) -> Select[Any]:
    question_columns = [column.label(f"question_{column.name}") for column in questions.c]
    query = (
        select(answers, *question_columns)
        .join(questions, (questions.c.run == answers.c.run) & (questions.c.id == answers.c.question))
        .where(answers.c.run == run)
    )
    if task is not None:
        query = query.where(answers.c.task == task)
    return query if kind is None else query.where(answers.c.kind == kind)


def _answered(row: Found[Any]) -> tuple[int, Question, StoredAnswer]:
    fields = dict(row._mapping)
    question = Question(**{name: fields.pop(f"question_{name}") for name in Question.__dataclass_fields__})
    fields.pop("question_run")
    for name in ("run", "created"):
        fields.pop(name)
    return fields.pop("number"), question, StoredAnswer(**fields)


def _question(row: Found[Any]) -> Question:
    return Question(**{name: row._mapping[name] for name in Question.__dataclass_fields__})


def _without_number(question: Question) -> dict[str, Any]:
    return {name: value for name, value in asdict(question).items() if name != "number"}


def _known_questions(connection: Connection, run: str, ids: Sequence[str]) -> set[str]:
    query = select(questions.c.id).where(questions.c.run == run, questions.c.id.in_(ids))
    return set(connection.execute(query).scalars())
