"""Files of records: JSON Lines, JSON arrays and tables, read as streams that know their lines and written whole or
not at all. Knows no format's fields.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from uuid import uuid4

from hesui.errors import InputError

CHUNK = 1 << 16  # characters read at once from a JSON array
TOO_DEEP = "nested too deeply"
DELIMITERS = (",", "\t", ";")
# What a spreadsheet takes for a formula, https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")


class Located(NamedTuple):
    """A record and the line it begins on, counted from 1."""

    line: int
    record: Any


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """`path` open as UTF-8 text, its line ends as they are. Raises InputError where that fails, also while reading."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError:
        raise InputError(
            f"{path.name} is not UTF-8 text; convert it first, e.g. with iconv", "error.file_encoding", file=path.name
        ) from None
    except OSError as error:
        raise unreadable(path, error.strerror) from None


def unreadable(path: Path, reason: object) -> InputError:
    """`path` cannot be read, because of `reason`."""
    return InputError(f"cannot read {path}: {reason}", "error.file_unreadable", file=path.name, reason=reason)


def empty(path: Path) -> InputError:
    """`path` holds nothing."""
    return InputError(f"{path.name} is empty; there is nothing to read", "error.file_empty", file=path.name)


def at_line(path: Path, line: int, reason: object) -> InputError:
    """Line `line` of `path` cannot be used, because of `reason`."""
    return InputError(f"{path.name}, line {line}: {reason}", "error.row_line", file=path.name, line=line, reason=reason)


def first_character(path: Path) -> str:
    """The first character of a file that is not white space. Raises InputError where there is none."""
    with opened(path) as stream:
        for line in stream:
            if stripped := line.lstrip():
                return stripped[0]
    raise empty(path)


def read_lines(path: Path) -> Iterator[Located]:
    """The JSON values of a JSON Lines file, empty lines left out. Raises InputError."""
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield Located(number, _loads(path, number, line))


def read_array(path: Path) -> Iterator[Located]:
    """The elements of a JSON array of objects or arrays, without holding the file in memory. Raises InputError."""
    decoder = json.JSONDecoder()
    with opened(path) as stream:
        rest, line, first = "", 1, True
        while True:
            rest, line, ended = _next_element(stream, rest, line, path, first)
            if ended:
                _expect_end(stream, rest, line, path)
                return
            element, rest, breaks = _decode(decoder, stream, rest, line, path)
            yield Located(line, element)
            line, first = line + breaks, False


def read_table(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> Iterator[Located]:
    """The lines of a CSV file as dicts, their columns found under any of the names in `columns`, in any order.

    Commas, tabs and semicolons separate. A cell's guard against spreadsheets (see write_table) is taken off.
    Raises InputError, for a required column that is missing too.
    """
    with opened(path) as stream:
        delimiter = _delimiter(path, columns, required)
        lines = csv.reader(stream, delimiter=delimiter, strict=True)
        line = 1
        try:
            header = _header(path, next(lines, []), columns, required)
            line = lines.line_num + 1
            for cells in lines:
                if any(cells):
                    yield Located(line, _record(path, line, header, cells))
                line = lines.line_num + 1
        except csv.Error as error:
            reason = InputError(f"no valid CSV: {error}; check the quotes", "error.table_broken", reason=error)
            raise at_line(path, line, reason) from None


def write_lines(records: Iterable[Any], path: Path) -> int:
    """Write one JSON value a line, or one array where the name ends in .json. Returns how many there were."""
    before, between, after = ("[\n", ",\n", "\n]\n") if path.suffix.lower() == ".json" else ("", "\n", "\n")
    written = 0
    with drafted(path) as stream:
        for record in records:
            stream.write((between if written else before) + json.dumps(record, ensure_ascii=False))
            written += 1
        stream.write(after if written else before.strip() + after.strip())
    return written


def write_table(records: Iterable[Mapping[str, str]], path: Path, columns: Sequence[str]) -> int:
    """Write a CSV file that is safe to open in a spreadsheet; returns how many lines follow the header.

    UTF-8 with a byte order mark, every cell quoted, and an apostrophe before what would run as a formula.
    """
    written = 0
    with drafted(path, "utf-8-sig") as stream:
        lines = csv.writer(stream, quoting=csv.QUOTE_ALL)
        lines.writerow(columns)
        for record in records:
            cells = (record.get(column, "") for column in columns)
            lines.writerow(f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells)
            written += 1
    return written


def table_header(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> None:
    """Raises InputError where a CSV file's header lacks a required column, as read_table does."""
    next(read_table(path, columns, required), None)


@contextmanager
def drafted(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """A draft that takes the place of `path` when it is whole. Raises InputError where it cannot be written."""
    draft = path.with_name(f"{path.name}.{uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("w", encoding=encoding, newline="") as stream:
            yield stream
        draft.replace(path)
    except OSError as error:
        raise unwritable(path, error.strerror) from None
    finally:
        draft.unlink(missing_ok=True)


def unwritable(path: Path, reason: object) -> InputError:
    """`path` cannot be written, because of `reason`."""
    return InputError(f"cannot write {path}: {reason}", "error.file_unwritable", file=path.name, reason=reason)


def broken_json(path: Path, line: int, reason: object) -> InputError:
    """Line `line` of `path` is no JSON, because of `reason`."""
    return at_line(path, line, InputError(f"no valid JSON: {reason}", "error.json_broken", reason=reason))


def _loads(path: Path, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise broken_json(path, line, f"{_reason(error)} (character {error.pos + 1})") from None
    except ValueError as error:  # a number of thousands of digits
        raise broken_json(path, line, error) from None
    except RecursionError:
        raise broken_json(path, line, TOO_DEEP) from None


def _reason(error: json.JSONDecodeError) -> str:
    return error.msg.removesuffix(" at").removesuffix(" starting")


def _next_element(stream: TextIO, rest: str, line: int, path: Path, first: bool) -> tuple[str, int, bool]:
    """Skip to the next element; the text from there, its line, and whether the array has ended instead."""
    wanted = "[" if first else ","
    while True:
        stripped = rest.lstrip()
        line += rest[: len(rest) - len(stripped)].count("\n")
        rest = stripped or stream.read(CHUNK)
        if not stripped and rest:
            continue
        if wanted and rest[:1] == wanted:
            rest, wanted = rest[1:], ""
        elif rest[:1] == "]" and (not wanted or not first):
            return rest[1:], line, True
        elif wanted or not rest:
            raise broken_json(path, line, f"expected {wanted or 'an element'}")
        else:
            return rest, line, False


def _expect_end(stream: TextIO, rest: str, line: int, path: Path) -> None:
    while rest:
        if follows := rest.lstrip():
            line += rest[: len(rest) - len(follows)].count("\n")
            raise broken_json(path, line, f"{follows[:20]!r} follows the end of the array")
        line += rest.count("\n")
        rest = stream.read(CHUNK)


def _decode(decoder: json.JSONDecoder, stream: TextIO, rest: str, line: int, path: Path) -> tuple[Any, str, int]:
    """The element that `rest` begins with, what follows it, and how many line ends it holds."""
    if rest[0] not in "{[":
        raise broken_json(path, line, "expected an object")
    chunk = CHUNK
    while True:
        try:
            element, end = decoder.raw_decode(rest)
        except RecursionError:
            raise broken_json(path, line, TOO_DEEP) from None
        except json.JSONDecodeError as error:
            more = stream.read(chunk) if _may_go_on(error, rest) else ""
            if not more:
                raise broken_json(path, line + error.lineno - 1, _reason(error)) from None
            rest += more
            chunk *= 2  # so that a long element is not parsed from its start too often
        except ValueError as error:
            raise broken_json(path, line, error) from None
        else:
            return element, rest[end:], rest.count("\n", 0, end)


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    """Whether `text` may only be cut short: the decoder failed at its end, or inside a string that does not end."""
    return error.pos > len(text) - 16 or error.msg.startswith("Unterminated string")


def _delimiter(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> str:
    """The delimiter under which the header has most of the columns that are needed."""
    with opened(path) as stream:
        header = stream.readline(CHUNK)
    known = {name for column in required for name in columns[column]}

    def found(delimiter: str) -> int:
        return sum(_name(cell) in known for cell in header.split(delimiter))

    return max(DELIMITERS, key=found)


def _name(cell: str) -> str:
    return cell.strip().strip('"').strip().lower()


def _header(
    path: Path, cells: Sequence[str], columns: Mapping[str, Sequence[str]], required: Sequence[str]
) -> list[str]:
    """What each column means; "" where nothing is known by its name."""
    if not any(cell.strip() for cell in cells):
        raise empty(path)
    meanings = {name: column for column, names in columns.items() for name in names}
    header = [meanings.get(_name(cell), "") for cell in cells]
    for column in required:
        if column not in header:
            found, names = ", ".join(cells)[:200], ", ".join(columns[column])
            raise InputError(
                f"{path.name}, line 1: no column {column!r} among: {found}; it may be called: {names}",
                "error.column_missing", file=path.name, column=column, found=found, names=names,
            )  # fmt: skip
    return header


def _record(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) > len(header):
        reason = InputError(
            f"{len(cells)} cells under {len(header)} columns; quote cells that hold a delimiter",
            "error.table_cells", cells=len(cells), columns=len(header),
        )  # fmt: skip
        raise at_line(path, line, reason)
    named = {column: cell for column, cell in zip(header, cells, strict=False) if column}
    return {
        column: cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell for column, cell in named.items()
    }
