"""Files of records: JSON Lines, JSON arrays and tables, read as streams that know their lines and written whole or
not at all. Knows no format's fields.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO
from uuid import uuid4

from hesui.errors import InputError

CHUNK = 1 << 16  # characters read at once from a JSON array
BEGINNING = 1000  # characters kept of an element that is too long
TOO_DEEP = "nested too deeply"
TOO_MANY_DIGITS = "a number of thousands of digits"
DELIMITERS = (",", "\t", ";")
# What a spreadsheet takes for a formula, https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")
# What changes nothing in the structure of an array: all but its marks, and the inside of a string.
_NO_MARK = re.compile(r'[^"\[\]{},]*+')
_IN_STRING = re.compile(r'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)


class Located(NamedTuple):
    """A record and the line it begins on, counted from 1."""

    line: int
    record: Any


class Element(NamedTuple):
    """An element of a JSON array as it is written, and the line it begins on, counted from 1."""

    line: int
    text: str  # without white space around it; only its beginning where it is too long
    too_long: bool
    cut: bool = False  # the file ends in it


@contextmanager
def opened(path: Path, errors: Literal["strict", "surrogateescape"] = "strict") -> Iterator[TextIO]:
    """`path` open as UTF-8 text, its line ends as they are. Raises InputError where that fails, also while reading.

    `errors` says what becomes of bytes that are not UTF-8, as it does for `open`.
    """
    try:
        with path.open(encoding="utf-8-sig", errors=errors, newline="") as stream:
            yield stream
    except UnicodeDecodeError:
        raise not_utf8(path) from None
    except OSError as error:
        raise unreadable(path, error.strerror) from None


def not_utf8(path: Path) -> InputError:
    """`path` is written in another encoding."""
    return InputError(
        f"{path.name} is not UTF-8 text; convert it first, e.g. with iconv", "error.file_encoding", file=path.name
    )


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
    with opened(path) as stream:
        for element in elements(stream, path):
            if not element.text.startswith(("{", "[")):
                raise broken_json(path, element.line, "expected an object")
            yield Located(element.line, _loads(path, element.line, element.text))


def elements(stream: TextIO, path: Path, longest: int | None = None) -> Iterator[Element]:
    """The elements of a JSON array, cut apart at its commas without being decoded: a broken one costs no other.

    Of an element of more than `longest` characters only the beginning is kept. Raises InputError, which names the
    file and the line, where no array begins, and at last where it does not end or something follows its end.
    """
    scan = _Scan(stream, longest)
    if scan.character() != "[":
        raise broken_json(path, scan.line, "expected [")
    end = ","
    while end == ",":
        element, end = scan.element()
        if element.text or end == ",":
            yield element._replace(cut=not end)
        if not end:
            raise broken_json(path, scan.line, "expected ," if element.text else "expected an element")
    if follows := scan.character():
        follows += scan.text[scan.start : scan.start + 19]
        raise broken_json(path, scan.line, f"{follows!r} follows the end of the array")


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
            raise at_line(path, line, csv_problem(error)) from None


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


def csv_problem(error: csv.Error) -> InputError:
    """What is wrong with a line of a table that `csv.reader` refused with `error`."""
    return InputError(f"no valid CSV: {error}; check the quotes", "error.table_broken", reason=error)


def json_problem(error: ValueError | RecursionError) -> InputError:
    """What is wrong with a text that `json.loads` refused with `error`."""
    if isinstance(error, json.JSONDecodeError):
        said = error.msg.removesuffix(" at").removesuffix(" starting")
        reason = f"{said} (character {error.pos + 1})"
    else:
        reason = TOO_DEEP if isinstance(error, RecursionError) else TOO_MANY_DIGITS
    return InputError(f"no valid JSON: {reason}", "error.json_broken", reason=reason)


def _loads(path: Path, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        breaks = text.rstrip().count("\n", 0, error.pos) if isinstance(error, json.JSONDecodeError) else 0
        raise at_line(path, line + breaks, json_problem(error)) from None


class _Scan:
    """Reads an array from mark to mark."""

    def __init__(self, stream: TextIO, longest: int | None) -> None:
        self.text = ""  # what was read last
        self.start = 0  # where in it the next element begins
        self.line = 1  # of that place
        self._stream = stream
        self._longest = longest

    def character(self) -> str:
        """The next character that is not white space; "" where the file ends."""
        while not (rest := self.text[self.start :].lstrip()):
            self.line += self.text.count("\n", self.start)
            self.text, self.start = self._stream.read(CHUNK), 0
            if not self.text:
                return ""
        found = len(self.text) - len(rest)
        self.line += self.text.count("\n", self.start, found)
        self.start = found + 1
        return rest[0]

    def element(self) -> tuple[Element, str]:
        """The next element, and what ends it: "," or "]"; "" where the file ends."""
        self._begun: Element | None = None
        at, depth, quoted = self.start, 0, False
        while True:
            at = _end(_IN_STRING if quoted else _NO_MARK, self.text, at)
            mark = self.text[at : at + 1]
            if mark in ("", "\\"):  # a backslash stops the scan only where what it escapes is not read yet
                at = self._read_on(at)
                if at < 0:
                    return self._taken(len(self.text)), ""
                continue
            if mark == '"':
                quoted = not quoted
            elif not depth and mark in ",]":
                return self._taken(at), mark
            else:
                depth = max(0, depth + (1 if mark in "[{" else -(mark in "]}")))
            at += 1

    def _read_on(self, at: int) -> int:
        """Read more behind `at`, and forget what is not wanted; where `at` lies now, -1 where the file ends."""
        if self._longest is not None and at - self.start > self._longest:
            self._begun = self._begun or self._element(at)
            self.line += self.text.count("\n", self.start, at)
            self.start = at
        # As much again as there is, so that a long element is not copied too often.
        more = self._stream.read(max(CHUNK, at - self.start))
        self.text = self.text[self.start :] + more
        at, self.start = at - self.start, 0
        return at if more else -1

    def _taken(self, at: int) -> Element:
        element = self._begun or self._element(at)
        self.line += self.text.count("\n", self.start, at)
        self.start = at + 1
        return element

    def _element(self, at: int) -> Element:
        text = self.text[self.start : at].lstrip()
        line = self.line + self.text.count("\n", self.start, at - len(text))
        text = text.rstrip()
        too_long = self._longest is not None and len(text) > self._longest
        return Element(line, text[:BEGINNING] if too_long else text, too_long)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match of `pattern` at `at` ends, which may be empty."""
    match = pattern.match(text, at)
    return match.end() if match else at


def _delimiter(path: Path, columns: Mapping[str, Sequence[str]], required: Sequence[str]) -> str:
    """The delimiter under which the header has most of the columns that are needed."""
    with opened(path) as stream:
        header = stream.readline(CHUNK)
    return delimiter_of(header, {name for column in required for name in columns[column]})


def delimiter_of(header: str, known: Collection[str]) -> str:
    """The delimiter under which a table's header has most of the `known` names, and most names at all."""

    def found(delimiter: str) -> tuple[int, int]:
        names = header.split(delimiter)
        return sum(column_name(name) in known for name in names), len(names)

    return max(DELIMITERS, key=found)


def column_name(cell: str) -> str:
    """The name in a cell of a header, as names are compared."""
    return cell.strip().strip('"').strip().lower()


def _header(
    path: Path, cells: Sequence[str], columns: Mapping[str, Sequence[str]], required: Sequence[str]
) -> list[str]:
    """What each column means; "" where nothing is known by its name."""
    if not any(cell.strip() for cell in cells):
        raise empty(path)
    meanings = {name: column for column, names in columns.items() for name in names}
    header = [meanings.get(column_name(cell), "") for cell in cells]
    for column in required:
        if column not in header:
            raise column_missing(path, column, cells, columns[column])
    return header


def column_missing(path: Path, column: str, cells: Sequence[str], names: Sequence[str]) -> InputError:
    """A table's header, `cells`, has no `column`, which may be called by any of `names`."""
    found, allowed = ", ".join(cells)[:200], ", ".join(names)
    return InputError(
        f"{path.name}, line 1: no column {column!r} among: {found}; it may be called: {allowed}",
        "error.column_missing", file=path.name, column=column, found=found, names=allowed,
    )  # fmt: skip


def _record(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) > len(header):
        raise at_line(path, line, cell_count(len(cells), len(header)))
    return {column: unguarded(cell) for column, cell in zip(header, cells, strict=False) if column}


def cell_count(cells: int, columns: int) -> InputError:
    """A line of a table has another number of cells than the header."""
    return InputError(
        f"{cells} cells under {columns} columns; quote cells that hold a delimiter",
        "error.table_cells", cells=cells, columns=columns,
    )  # fmt: skip


def unguarded(cell: str) -> str:
    """A cell without its guard against spreadsheets; see write_table."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
