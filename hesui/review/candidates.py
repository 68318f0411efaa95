"""The answers of a distillation as items for the queue. Knows nothing of teachers or of how answers were judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import from_record
from hesui.distil.config import config_of
from hesui.distil.harvest import taught
from hesui.distil.jobs import require_view
from hesui.review.items import answer_item
from hesui.store.distilling import DistilStore
from hesui.store.reviewing import Item


def run_items(
    store: DistilStore, run: str | None, classes: Mapping[str, TaskClass], overlap: float, *, negatives: bool = False
) -> Iterator[Item]:
    """The accepted answers of a run (None = the newest), with `negatives` those that the length filter rejected too.

    Raises InputError where there is no such run.
    """
    found = require_view(store, run).run
    counter = config_of(found.config).counter
    tasks = taught(store, found.id, classes)
    for question, answer in store.answers(found.id, kind=None if negatives else "accepted"):
        if question.task in tasks:
            yield answer_item(
                replace(from_record(question.row), reference=answer.text),
                overlap,
                source=found.id,
                counter=counter,
                teacher=answer.teacher,
                attempt=answer.sample + 1,
            )
