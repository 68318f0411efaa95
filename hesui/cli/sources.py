"""Where commands take a corpus from: a file, a run's accepted answers, the seeds, the evaluation prompts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hesui.corpus.rows import Row, read_rows
from hesui.errors import InputError
from hesui.settings import Settings

if TYPE_CHECKING:  # SQL loads inside the command that needs it
    from hesui.store.distilling import DistilStore

SEEDS, EVALUATION, LATEST = "seeds", "eval", "latest"


@contextmanager
def opened(settings: Settings) -> Iterator[DistilStore]:
    """The store, closed afterwards."""
    from hesui.store.distilling import DistilStore
    from hesui.store.migrate import open_store

    database = open_store(settings)
    try:
        yield DistilStore(database)
    finally:
        database.close()


def rows_of(source: str, settings: Settings) -> list[Row]:
    """The rows of "seeds", "eval", "latest" (the newest run), a run's id, or a file of rows. Raises InputError."""
    from hesui.corpus.seeds import load_evaluation, load_seeds

    if source == SEEDS:
        return load_seeds(settings)
    if source == EVALUATION:
        return load_evaluation()
    if Path(source).is_file():
        return list(read_rows(Path(source)))
    return _run_rows(source, settings)


def default_source(settings: Settings) -> str:
    """The newest run where there is one, else the seeds."""
    from hesui.distil.jobs import latest

    with opened(settings) as store:
        return LATEST if latest(store) else SEEDS


def negatives_of(source: str, settings: Settings) -> Iterator[dict[str, Any]]:
    """The rejected answers of "latest" or a run's id: rows with "reason", "count", "error" and the "question"'s id."""
    from hesui.corpus.rows import to_record
    from hesui.distil.harvest import negative_rows

    with opened(settings) as store:
        for one in negative_rows(store, _run_id(store, source)):
            more = {"question": one.question, "reason": one.reason, "count": one.count, "error": one.error}
            yield to_record(one.row) | more


def _run_rows(source: str, settings: Settings) -> list[Row]:
    from hesui.corpus.classes import load_classes
    from hesui.distil.harvest import training_rows

    with opened(settings) as store:
        return list(training_rows(store, _run_id(store, source), load_classes(settings)))


def _run_id(store: DistilStore, source: str) -> str:
    from hesui.distil.jobs import require_view

    if source != LATEST and store.run(source) is None:
        known = ", ".join(run.id for run in store.runs()) or "none"
        raise InputError(
            f"{source!r} is neither a file nor seeds, eval, latest or the id of a run (there are: {known})",
            "error.source_unknown", source=source, known=known,
        )  # fmt: skip
    return require_view(store, None if source == LATEST else source).run.id
