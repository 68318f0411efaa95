"""Reads a file record by record and goes on after a bad one, which comes out with its line, its beginning and a reason.

Knows how JSON Lines, one JSON array and tables are written, but no format's fields and no rows. Nothing here raises
because of what a file holds.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

from hesui.corpus.formats import files, shapes
from hesui.errors import HesuiError, InputError

LONGEST = 4 << 20  # characters of one line, or of one element of an array
SHOWN = 200  # characters of what came, for a report
HEAD_LINES = 20  # looked at to find out how a file is written
HEAD_LINE = 1 << 18  # characters of each
HEAD_BYTES = 4096
PATIENCE = 8  # how many times a table may be read again, as a whole, because of quotes that do not close
MANY_CONTROLS, SOME_CONTROLS, MANY_WRONG = 0.3, 0.05, 0.1  # shares of the first bytes; see _require_text

Layout = Literal["lines", "array", "table"]

_BINARY = (
    b"PK\x03\x04", b"\x1f\x8b", b"%PDF-", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"SQLite format 3\0", b"PAR1", b"BZh",
    b"7z\xbc\xaf", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0", b"\x7fELF", b"ARROW1", b"Rar!",
)  # fmt: skip
_OTHER_UNICODE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # UTF-32's other begins as UTF-16's
_CONTROLS = bytes([*range(9), *range(14, 27), *range(28, 32), 127])


class Record(NamedTuple):
    """One record that could be read."""

    line: int  # it begins on, counted from 1
    value: Any  # a JSON value, or the cells of a table's line by our names for their columns
    text: str  # the beginning of how it is written
    layout: Layout


class BadRecord(NamedTuple):
    """One record, or all that is left of a file, that could not be read."""

    line: int  # it begins on, counted from 1; 0 = the file as a whole
    found: str  # the beginning of what came, printable
    reason: HesuiError


class Columns(NamedTuple):
    """The columns that a table may have."""

    names: Mapping[str, Sequence[str]]  # what each of ours may be called, the likeliest name first
    required: Sequence[str]

    @property
    def known(self) -> frozenset[str]:
        """Every name that means something."""
        return frozenset(name for names in self.names.values() for name in names)

    def chosen(self, headers: Mapping[str, str]) -> Columns:
        """These columns where a person says which header means which of ours; no other column takes that header.

        Raises InputError for a column that is none of ours.
        """
        for column in headers:
            if column not in self.names:
                known = ", ".join(self.names)
                raise InputError(
                    f"unknown column {column!r}; there are: {known}", "error.column_unknown", name=column, known=known
                )
        said = {column: files.column_name(header) for column, header in headers.items() if header.strip()}
        free = {column: [name for name in names if name not in said.values()] for column, names in self.names.items()}
        required = tuple(dict.fromkeys((*self.required, *said)))
        return Columns(free | {column: [name] for column, name in said.items()}, required)


def read_records(path: Path, columns: Columns, layout: Layout | None = None) -> Iterator[Record | BadRecord]:
    """Every record of a file, the good and the bad, as they come; `layout` None = found by the content.

    Bounds memory by the longest line or element, LONGEST characters at most.
    """
    count = 0
    try:
        for record in _READERS[layout or layout_of(path, columns)](path, columns):
            count += 1
            yield record
        if not count:
            raise files.empty(path)
    except InputError as error:
        yield BadRecord(0, "", error)


def layout_of(path: Path, columns: Columns) -> Layout:
    """How a file is written, by its content. Raises InputError where it cannot be read or is no text."""
    lines = _head(path)
    if lines[0].startswith(("{", "[")):
        return _json_layout(lines)
    known = columns.known
    header = lines[0].split(files.delimiter_of(lines[0], known))
    is_header = any(files.column_name(name) in known for name in header)
    # A file of JSON whose first line is none.
    if any(map(_is_whole, lines)) or (not is_header and any(line.startswith(("{", "[")) for line in lines)):
        return "lines"
    return "table"


def json_layout(path: Path) -> Layout:
    """How a file of JSON is written. Raises InputError where it cannot be read or is no text."""
    return _json_layout(_head(path))


def _json_layout(lines: Sequence[str]) -> Layout:
    return "array" if lines[0].startswith("[") and not _is_one_a_line(lines) else "lines"


def header_of(path: Path, columns: Columns) -> list[str]:
    """The names in a table's header, as they are written; none where the file is no table. Raises InputError."""
    if layout_of(path, columns) != "table":
        return []
    with files.opened(path, "surrogateescape") as stream:
        row = next(_rows(_Lines(stream), _delimiter(path, columns)), None)
    if row is None or isinstance(row.cells, InputError) or _not_utf8(row.text) is not None:
        return []
    return [printable(cell) for cell in row.cells]


def printable(text: str, limit: int = SHOWN) -> str:
    """The first `limit` characters of a text for a report, with escapes for what cannot be seen."""
    shown = "".join(letter if letter.isprintable() else _escape(letter) for letter in text[: limit + 1])
    return shown if len(shown) <= limit else shown[:limit] + "…"


def _escape(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


def _head(path: Path) -> list[str]:
    """The first lines that hold something, without white space around them, at least one. Raises InputError."""
    _require_text(path)
    lines: list[str] = []
    with files.opened(path, "surrogateescape") as stream:
        while len(lines) < HEAD_LINES and (line := stream.readline(HEAD_LINE)):
            if bare := _bare(line):
                lines.append(bare)
                if len(line) == HEAD_LINE:  # the next one would be its rest
                    break
    if not lines:
        raise files.empty(path)
    return lines


def _bare(line: str) -> str:
    return line.strip().strip("\ufeff").strip()  # files that are joined keep their byte order marks


def _require_text(path: Path) -> None:
    """Raise InputError where the first bytes of a file are no text, or text in another encoding."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise files.unreadable(path, error.strerror) from None
    if head.startswith(_OTHER_UNICODE):
        raise files.not_utf8(path)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    wrong = len(head) - len(head.decode("utf-8", "ignore").encode())
    share = SOME_CONTROLS if wrong > MANY_WRONG * len(head) else MANY_CONTROLS
    if head.startswith(_BINARY) or controls > share * len(head):
        raise InputError(
            f"{path.name} is no text (a spreadsheet, an archive, a picture?); save it as CSV or JSON Lines in UTF-8",
            "error.file_binary", file=path.name,
        )  # fmt: skip


def _is_one_a_line(lines: Sequence[str]) -> bool:
    """Whether a file that begins with a bracket has a record on every line, as Qianfan's do, and is not one array."""
    whole = sum(map(_is_whole, lines[1:]))
    try:
        first = json.loads(lines[0])
    except (ValueError, RecursionError):
        # A broken line ends anywhere, while the first line of an array that goes on ends with a mark, and where its
        # commas stand on lines of their own, these are no records.
        return not lines[0].endswith(("[", "{", ",", ":")) and 2 * whole > len(lines) - 1
    if shapes.is_qianfan(first):
        return shapes.has_response(first) or len(lines) > 1
    return whole > 0


def _is_whole(line: str) -> bool:
    """Whether a line is a record by itself."""
    if not line.startswith(("{", "[")):
        return False
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) or shapes.is_qianfan(value)


def _read_lines(path: Path, columns: Columns) -> Iterator[Record | BadRecord]:
    with files.opened(path, "surrogateescape") as stream:
        number = 0
        while line := _line(stream):
            number += 1
            if bare := _bare(line):
                yield _record(number, bare, "lines", too_long=len(line) > LONGEST)


def _line(stream: TextIO) -> str:
    """The next line; of one that is longer than LONGEST the beginning, which is longer too."""
    line = rest = stream.readline(LONGEST + 1)
    while len(line) > LONGEST and rest and not rest.endswith(("\n", "\r")):
        rest = stream.readline(LONGEST)
    return line


def _read_array(path: Path, columns: Columns) -> Iterator[Record | BadRecord]:
    """The elements of an array; where it does not end, or goes on behind its end, one bad record for the rest."""
    told = False
    with files.opened(path, "surrogateescape") as stream:
        try:
            for line, text, too_long, cut in files.elements(stream, path, LONGEST):
                record = _record(line, text, "array", too_long)
                told = cut and isinstance(record, BadRecord)
                yield record
        except InputError as error:
            where, reason = error.values.get("line"), error.values.get("reason")
            if not isinstance(where, int) or not isinstance(reason, InputError):
                raise  # the file itself cannot be read
            if not told:
                yield BadRecord(where, "", reason)


def _record(line: int, text: str, layout: Layout, too_long: bool) -> Record | BadRecord:
    """The record that is written as the JSON `text`."""
    try:
        if too_long:
            raise _too_long()
        _require_utf8(text)
        value = _loads(text)
    except InputError as error:
        return BadRecord(line, printable(text), error)
    return Record(line, value, text[: SHOWN + 1], layout)


def _loads(text: str) -> Any:
    try:
        value = json.loads(text)
        if "\\ud" in text or "\\uD" in text:  # half of a character may stand there without its other half
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InputError(
            "half of a character (from \\ud800 to \\udfff) without its other half", "error.half_character"
        ) from None
    except (ValueError, RecursionError) as error:
        raise files.json_problem(error) from None
    return value


def _too_long() -> InputError:
    return InputError(
        f"longer than {LONGEST:,} characters; is a line break missing?", "error.record_long", limit=LONGEST
    )


def _require_utf8(text: str) -> None:
    if (at := _not_utf8(text)) is not None:
        raise InputError(
            f"character {at + 1} is not UTF-8; save the file as UTF-8 text", "error.record_encoding", position=at + 1
        )


def _not_utf8(text: str) -> int | None:
    """Where the first byte stands that is not UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


class _Row(NamedTuple):
    """A line of a table, which may go over several lines of the file."""

    line: int
    text: str
    cells: list[str] | InputError


class _Lines(Iterator[str]):
    """The lines of a table, which remember those of one row and can give them again."""

    def __init__(self, stream: TextIO) -> None:
        self.number = 0  # of the last line
        self.row: list[str] = []
        self._length = 0  # of the row
        self._stream = stream
        self._again: deque[str] = deque()
        self._patience = LONGEST  # characters that may be read once more

    def __next__(self) -> str:
        if self._length > LONGEST:
            raise StopIteration  # for csv.reader the row is cut off here
        line = self._again.popleft() if self._again else self._fresh()
        if not line:
            raise StopIteration
        self.number += 1
        self.row.append(line)
        self._length += len(line)
        return line

    def begin(self) -> None:
        """Forget the row."""
        self.row.clear()
        self._length = 0

    def give_again(self) -> None:
        """Have the lines of the row but its first read once more, unless that happens to a file too often."""
        again = self.row[1:]
        length = sum(map(len, again))
        if length <= self._patience:
            self._patience -= length
            self._again.extendleft(reversed(again))
            self.number -= len(again)
            del self.row[1:]

    def _fresh(self) -> str:
        line = _line(self._stream)
        self._patience += PATIENCE * len(line)
        return line


def _rows(lines: _Lines, delimiter: str) -> Iterator[_Row]:
    """The rows of a table that hold something, the header first.

    Where one is broken the next line begins another: a quote that is not closed would take what follows with it.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    while True:
        lines.begin()
        cells: list[str] | InputError
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells = files.csv_problem(error)
        else:
            if not any(cell.strip() for cell in cells):
                continue
            width = width or len(cells)
            if len(cells) != width:
                cells = files.cell_count(len(cells), width)
        if any(len(line) > LONGEST for line in lines.row):
            cells = _too_long()
        if isinstance(cells, InputError):
            lines.give_again()
        yield _Row(lines.number - len(lines.row) + 1, "".join(lines.row), cells)


def _delimiter(path: Path, columns: Columns) -> str:
    return files.delimiter_of(_head(path)[0], columns.known)


def _read_table(path: Path, columns: Columns) -> Iterator[Record | BadRecord]:
    delimiter = _delimiter(path, columns)
    with files.opened(path, "surrogateescape") as stream:
        rows = _rows(_Lines(stream), delimiter)
        header = next(rows, None)
        if header is None:
            return
        if isinstance(header.cells, InputError):
            yield BadRecord(header.line, printable(header.text), header.cells)
            return
        if _not_utf8(header.text) is not None:
            raise files.not_utf8(path)
        places = _places(path, header.cells, columns)
        for row in rows:
            try:
                yield Record(row.line, _cells(row, places), row.text[: SHOWN + 1], "table")
            except InputError as error:
                yield BadRecord(row.line, printable(row.text), error)


def _places(path: Path, cells: Sequence[str], columns: Columns) -> dict[str, int]:
    """Where each of our columns stands, under the likeliest of its names. Raises InputError where one is missing."""
    names = [files.column_name(cell) for cell in cells]
    found = {
        column: names.index(name)
        for column, allowed in columns.names.items()
        if (name := next((name for name in allowed if name in names), None)) is not None
    }
    for column in columns.required:
        if column not in found:
            raise files.column_missing(path, column, [printable(cell) for cell in cells], columns.names[column])
    return found


def _cells(row: _Row, places: Mapping[str, int]) -> dict[str, str]:
    if isinstance(row.cells, InputError):
        raise row.cells
    _require_utf8(row.text)
    if "\0" in row.text:
        raise InputError("a NUL character; save the file as UTF-8 text", "error.record_nul")
    return {column: files.unguarded(row.cells[place]) for column, place in places.items()}


_READERS: Mapping[Layout, Callable[[Path, Columns], Iterator[Record | BadRecord]]] = {
    "lines": _read_lines,
    "array": _read_array,
    "table": _read_table,
}
