"""What a run has brought, as rows of a corpus: accepted answers to teach, rejected ones to prefer against.

Knows nothing of teachers or of how answers were judged.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row, from_record
from hesui.distil.config import Config, config_of
from hesui.store.distilling import AnswerKind, DistilStore, Question, StoredAnswer


@dataclass(frozen=True, slots=True)
class Negative:
    """A rejected answer."""

    row: Row  # its reference is the rejected answer
    question: str  # the id that an accepted answer to the same prompt has
    reason: str
    count: int
    error: int  # signed


def training_rows(store: DistilStore, run: str, classes: Mapping[str, TaskClass]) -> Iterator[Row]:
    """The accepted answers of the classes that a run was made for.

    Left out are classes that only gave their answers to these ones' prompts.
    """
    return accepted_rows(store, run, taught(store, run, classes))


def taught(store: DistilStore, run: str, classes: Mapping[str, TaskClass]) -> frozenset[str]:
    """The classes that a run was made for."""
    found = store.run(run)
    config = config_of(found.config) if found else Config()
    return frozenset(config.classes or (task.id for task in classes.values() if task.share > 0))


def accepted_rows(store: DistilStore, run: str, tasks: Collection[str] | None = None) -> Iterator[Row]:
    """The accepted answers of a run with their prompts, in the order they came; of `tasks` only, where given.

    A row's source names the teacher and the run.
    """
    for question, answer in _answers(store, run, "accepted", tasks):
        yield _row(question, answer, run)


def negative_rows(store: DistilStore, run: str, tasks: Collection[str] | None = None) -> Iterator[Negative]:
    """The rejected answers of a run with their prompts and reasons, in the order they came."""
    for question, answer in _answers(store, run, "negative", tasks):
        row = _row(question, answer, run)
        rejected = replace(row, id=f"{row.id}-no{answer.sample}")
        yield Negative(rejected, question.id, answer.reason, answer.count, answer.error)


def _answers(
    store: DistilStore, run: str, kind: AnswerKind, tasks: Collection[str] | None
) -> Iterator[tuple[Question, StoredAnswer]]:
    for question, answer in store.answers(run, kind=kind):
        if tasks is None or question.task in tasks:
            yield question, answer


def _row(question: Question, answer: StoredAnswer, run: str) -> Row:
    return replace(from_record(question.row), reference=answer.text, source=f"{answer.teacher}, run {run}")
