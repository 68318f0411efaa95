"""Makes items for review of any file, with a report of every row that cannot be one. Knows no database and no page.

Good rows go in and bad rows are told, one by one: nothing that a file holds ends an import, and nothing here raises
HesuiError because of it. A row's id follows from what it says, so importing a file again brings nothing new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO, TypeVar

from hesui.corpus.classes import require_class
from hesui.corpus.formats import FORMATS, files, require_format, tolerant
from hesui.corpus.formats.tolerant import BadRecord, Layout, Record, printable
from hesui.errors import HesuiError, InputError
from hesui.review.imported import Plan, columns_for, makers
from hesui.store.reviewing import Item

BATCH = 500  # items that are added at once
TOLD = 200  # bad rows that a report keeps; the side file has all
LOOKED_AT = 200  # rows read for a preview
LONGEST_REASON = 600  # characters

T = TypeVar("T")


class BadRow(NamedTuple):
    """A row that cannot be reviewed."""

    line: int  # it begins on, counted from 1; 0 = the file as a whole
    found: str  # the beginning of what came, printable
    reason: HesuiError


@dataclass(frozen=True, slots=True)
class Report:
    """What an import has done so far."""

    good: int = 0  # rows that became items
    new: int = 0  # items that were not there before
    bad: int = 0  # rows that did not
    problems: tuple[BadRow, ...] = ()  # the first TOLD of them
    rejected: Path | None = None  # the file with all of them, once it is written


class Preview(NamedTuple):
    """What an import would bring, by the first rows."""

    format: str | None  # of the first good row; None = there is none
    columns: list[str]  # a table's header
    items: tuple[Item, ...]
    bad: tuple[BadRow, ...]
    read: int  # rows looked at, LOOKED_AT at most


def read_candidates(path: Path, plan: Plan) -> Iterator[Item | BadRow]:
    """The items that a file's rows make, and its bad rows, in their order; a row with several answers makes several."""
    return (found for _, found in _read(path, plan))


def preview(path: Path, plan: Plan, limit: int = 5) -> Preview:
    """The first `limit` items and bad rows among the first LOOKED_AT rows."""
    items: list[Item] = []
    bad: list[BadRow] = []
    format, read = None, 0
    with closing(_read(path, plan)) as rows:
        for name, found in islice(rows, LOOKED_AT):
            read += 1
            if isinstance(found, BadRow):
                bad.append(found)
            else:
                format = format or name
                items.append(found)
    return Preview(format, columns_of(path, plan), tuple(items[:limit]), tuple(bad[:limit]), read)


def columns_of(path: Path, plan: Plan) -> list[str]:
    """The header of a table; none for other files."""
    try:
        return tolerant.header_of(path, columns_for(plan))
    except InputError:
        return []


def import_file(
    add: Callable[[Sequence[Item]], int],
    found: Iterable[Item | BadRow],
    rejected: Path | None = None,
    progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Add items in batches and write the bad rows to `rejected`, a JSON object a line; no file where there are none.

    `add` returns how many of a batch were new. Raises what it raises, and InputError where `rejected` cannot be
    written.
    """
    report = Report()
    rows = iter(found)
    with _side_file(rejected) as reject:
        while batch := list(islice(rows, BATCH)):
            items = [row for row in batch if isinstance(row, Item)]
            bad = [row for row in batch if isinstance(row, BadRow)]
            for row in bad:
                reject(row)
            report = Report(
                report.good + len(items),
                report.new + (add(items) if items else 0),
                report.bad + len(bad),
                (*report.problems, *bad)[:TOLD],
            )
            progress(report)
    return replace(report, rejected=rejected if report.bad else None)


@contextmanager
def _side_file(path: Path | None) -> Iterator[Callable[[BadRow], None]]:
    """Writes bad rows to a file that begins with the first of them and is there once all are written."""
    with ExitStack() as stack:
        streams: list[TextIO] = []

        def write(row: BadRow) -> None:
            if path is None:
                return
            if not streams:
                streams.append(stack.enter_context(files.drafted(path)))
            record = {"line": row.line, "found": row.found, "reason": str(row.reason)}
            streams[0].write(json.dumps(record, ensure_ascii=False) + "\n")

        yield write


def _read(path: Path, plan: Plan) -> Generator[tuple[str, Item | BadRow]]:
    """Items and bad rows, each with the name of its format."""
    try:
        require_class(plan.task, plan.classes)
        columns = columns_for(plan).chosen(plan.columns)
        layout = _layout(path, plan.format)
    except InputError as error:
        yield "", BadRow(0, "", _brief(error))
        return
    for record in tolerant.read_records(path, columns, layout):
        if isinstance(record, BadRecord):
            yield "", BadRow(record.line, record.found, _brief(record.reason))
        else:
            yield from _made(record, plan)


def _layout(path: Path, format: str | None) -> Layout | None:
    if format is None:
        return None
    if not require_format(format).suffix:
        known = ", ".join(name for name, other in FORMATS.items() if other.suffix)
        raise InputError(f"the format {format!r} is no file; there are: {known}", "error.format_unknown",
                         name=format, known=known)  # fmt: skip
    return "table" if format == "csv" else tolerant.json_layout(path)


def _made(record: Record, plan: Plan) -> Iterator[tuple[str, Item | BadRow]]:
    """What one record makes: an item for each of its answers, one for its text, or a bad row."""
    found = _tried(lambda: makers(record, plan))
    if isinstance(found, HesuiError):
        yield "", _bad(record, found)
        return
    for format, make in found:
        item = _tried(make)
        yield format, _bad(record, item) if isinstance(item, HesuiError) else item


def _tried(make: Callable[[], T]) -> T | HesuiError:
    try:
        return make()
    except InputError as error:
        return error
    except RecursionError as error:  # what is nested too deeply is found out wherever it is first walked through
        return files.json_problem(error)


def _bad(record: Record, reason: HesuiError) -> BadRow:
    return BadRow(record.line, printable(record.text), _brief(reason))


def _brief(error: HesuiError) -> HesuiError:
    """`error` without what makes it long or unprintable: what a file says may stand in it."""
    values = {name: _brief_value(value) for name, value in error.values.items()}
    return InputError(printable(str(error), LONGEST_REASON), error.key, **values)


def _brief_value(value: object) -> object:
    if isinstance(value, HesuiError):
        return _brief(value)
    return value if isinstance(value, (int, float)) else printable(str(value))
