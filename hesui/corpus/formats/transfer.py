"""Import and export: which formats there are, which one a file is in, rows from it and into it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from hesui.corpus import rows as own
from hesui.corpus.cleaning import clean
from hesui.corpus.formats import files, hub, shapes
from hesui.corpus.formats.drafts import Draft, Origin, missing, row_of, stable_id
from hesui.corpus.formats.files import Located
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.length import parse
from hesui.records import Message

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "prompt": ("prompt", "提示词", "问题", "指令", "question", "instruction"),
        "completion": ("completion", "答案", "回答", "参考答案", "answer", "response", "output", "reference"),
        "class": ("class", "类别", "类型", "task", "category"),
        "system": ("system", "系统", "系统提示词", "角色"),
    }
)


class Format(NamedTuple):
    """A format by name: how a file of it is read and written."""

    name: str
    suffix: str  # of files it writes; "" = a folder
    rows: Callable[[Path, Origin], Iterator[Row]]
    write: Callable[[Iterable[Row], Path], int]
    fits: Callable[[Any], bool] = lambda record: False  # whether a JSON value is a record of it
    answers: Callable[[Any], Iterator[Draft]] = lambda record: iter(())  # what a record says, once for each answer
    row: Callable[[Any, Draft, Origin], Row] = lambda record, draft, origin: row_of(draft, origin)


class Preview(NamedTuple):
    """What an import would bring: the format, the first rows, and the first problem, if any."""

    format: str | None  # None = not recognised
    rows: tuple[Row, ...]
    problem: InputError | None


def detect(path: Path) -> str:
    """The name of the format that `path` is in, by its content. Raises InputError."""
    if path.is_dir():
        if hub.is_dataset(path):
            return "datasets"
        raise files.unreadable(path, InputError("a folder without a saved dataset", "error.folder_no_dataset"))
    head = files.first_character(path)
    if head not in "{[":
        files.table_header(path, COLUMNS, ("prompt",))
        return "csv"
    for located in islice(_values(path), 1):
        for format in FORMATS.values():
            if format.fits(located.record):
                return format.name
        raise InputError(
            f"{path.name}, line {located.line}: a record of no known format; name it: {', '.join(FORMATS)}",
            "error.format_undetected", file=path.name, line=located.line, known=", ".join(FORMATS),
        )  # fmt: skip
    raise files.empty(path)


def read(path: Path, task: str, format: str | None = None, *, source: str = "", licence: str = "") -> Iterator[Row]:
    """Stream the rows of a file or a dataset's folder, cleaned, each with its demand parsed and a stable id.

    `task` is the class of records that name none. Raises InputError, which names the file and the line, when the
    stream comes to it.
    """
    name = detect(path) if format is None else require_format(format).name
    found = False
    for row in FORMATS[name].rows(path, Origin(task, source, licence)):
        found = True
        yield row
    if not found:
        raise files.empty(path)


def write(rows: Iterable[Row], path: Path, format: str) -> int:
    """Write rows, whole or not at all; a name in .json makes one array. Returns how many there were.

    Raises InputError for an unknown format, and for a row that the format cannot carry.
    """
    return require_format(format).write(rows, path)


def preview(
    path: Path, task: str, format: str | None = None, *, limit: int = 5, source: str = "", licence: str = ""
) -> Preview:
    """The first `limit` rows of a file, without raising InputError; a problem further down is not looked for."""
    name, rows, problem = format, [], None
    try:
        name = name or detect(path)
        for row in islice(read(path, task, name, source=source, licence=licence), limit):
            rows.append(row)
    except InputError as error:
        problem = error
    return Preview(name, tuple(rows), problem)


def require_format(name: str) -> Format:
    """The format called `name`. Raises InputError with the names there are."""
    if name not in FORMATS:
        known = ", ".join(FORMATS)
        raise InputError(f"unknown format {name!r}; there are: {known}", "error.format_unknown", name=name, known=known)
    return FORMATS[name]


def fitting(record: Any) -> Format:
    """The format that a JSON value is a record of, with or without ranked answers. Raises InputError."""
    for format in FORMATS.values():
        if format.fits(record):
            return format
    if shapes.is_ranked(record):
        return FORMATS["trl"]
    if not isinstance(record, dict):
        raise InputError("not a JSON object", "error.json_object")
    found = ", ".join(record)[:200]
    raise InputError(f"a record of no known format; its fields: {found}", "error.record_unknown", found=found)


def _values(path: Path) -> Iterator[Located]:
    """The JSON values of a file: the elements of its one array, else one of each line."""
    return (
        files.read_lines(path)
        if files.first_character(path) != "[" or _is_qianfan_lines(path)
        else files.read_array(path)
    )


def _is_qianfan_lines(path: Path) -> bool:
    """Whether a file that begins with a bracket has one on every line, as Qianfan's do.

    A lone line of prompts without responses could be either; it means the same.
    """
    lines = files.read_lines(path)
    try:
        first = next(lines).record
    except InputError:
        return False
    return shapes.is_qianfan(first) and (shapes.has_response(first) or _goes_on(lines))


def _goes_on(lines: Iterator[Located]) -> bool:
    try:
        return next(lines, None) is not None
    except InputError:
        return True


def _foreign(drafts: Callable[[Any], Iterator[Draft]]) -> Callable[[Path, Origin], Iterator[Row]]:
    """The reader of a format whose records `drafts` understands."""

    def rows(path: Path, origin: Origin) -> Iterator[Row]:
        return _each(path, _values(path), lambda record: (row_of(draft, origin) for draft in drafts(record)))

    return rows


def _table_rows(path: Path, origin: Origin) -> Iterator[Row]:
    table = files.read_table(path, COLUMNS, ("prompt",))
    return _each(path, table, lambda record: (row_of(draft, origin) for draft in shapes.table_drafts(record)))


def _own_rows(path: Path, origin: Origin) -> Iterator[Row]:
    return _each(path, _values(path), lambda record: iter((_own_row(record, origin),)))


def _each(path: Path, values: Iterable[Located], rows: Callable[[Any], Iterator[Row]]) -> Iterator[Row]:
    for line, record in values:
        try:
            yield from rows(record)
        except InputError as error:
            raise files.at_line(path, line, error) from None
        except RecursionError as error:  # a constraint within a constraint, hundreds of times
            raise files.at_line(path, line, files.json_problem(error)) from None


def _own_drafts(record: Any) -> Iterator[Draft]:
    """What a row as we write it says."""
    row = _stated_row(record, Origin("-"))
    yield Draft(row.prompt, row.reference, row.history)


def _stated_row(record: Any, origin: Origin) -> Row:
    if not isinstance(record, dict):
        raise missing("prompt")
    return own.from_record({**record, "id": record.get("id") or "-", "class": record.get("class") or origin.task})


def _own_row(record: Any, origin: Origin) -> Row:
    """A row as we write it, its texts cleaned; what it says of itself goes before what is said of the file."""
    row = _stated_row(record, origin)
    prompt, reference = clean(row.prompt), clean(row.reference or "")
    history = tuple(Message(turn.role, clean(turn.content)) for turn in row.history)
    if not prompt.strip():
        raise missing("prompt")
    return replace(
        row,
        id=record.get("id") or stable_id(history, prompt, reference),
        prompt=prompt,
        reference=reference if reference.strip() else None,
        history=history,
        constraint=row.constraint if row.hand_set or prompt == row.prompt else parse(prompt),
        source=row.source or origin.source,
        licence=row.licence or origin.licence,
    )


def _lines(record: Callable[[Row], Any]) -> Callable[[Iterable[Row], Path], int]:
    return lambda rows, path: files.write_lines(map(record, rows), path)


def _write_table(rows: Iterable[Row], path: Path) -> int:
    return files.write_table(map(shapes.table_record, rows), path, tuple(COLUMNS))


def _json(
    name: str,
    suffix: str,
    drafts: Callable[[Any], Iterator[Draft]],
    record: Callable[[Row], Any],
    fits: Callable[[Any], bool],
    answers: Callable[[Any], Iterator[Draft]] | None = None,
) -> Format:
    """A format of JSON values that others use; of records with ranked answers `drafts` reads the prompt alone."""
    return Format(name, suffix, _foreign(drafts), _lines(record), fits, answers or shapes.each_answer(drafts))


# In the order in which they are tried on a record.
FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        format.name: format
        for format in (
            Format(
                "rows", ".jsonl", _own_rows, _lines(own.to_record), shapes.is_rows,
                _own_drafts, lambda record, _, origin: _own_row(record, origin),
            ),
            _json("trl", ".jsonl", shapes.trl_drafts, shapes.trl_record, shapes.is_trl),
            _json("prompt-completion", ".jsonl", shapes.plain_drafts, shapes.plain_record, shapes.is_plain),
            _json("alpaca", ".json", shapes.alpaca_drafts, shapes.alpaca_record, shapes.is_alpaca),
            _json("sharegpt", ".json", shapes.sharegpt_drafts, shapes.sharegpt_record, shapes.is_sharegpt),
            _json(
                "qianfan", ".jsonl", shapes.qianfan_drafts, shapes.qianfan_record, shapes.is_qianfan,
                shapes.qianfan_answers,
            ),
            Format("csv", ".csv", _table_rows, _write_table, answers=shapes.table_drafts),
            Format("datasets", "", hub.read_folder, hub.write_folder),
        )
    }
)  # fmt: skip
