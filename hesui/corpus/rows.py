"""The row of a corpus: one prompt, what it demands, and perhaps an answer; and rows as lines of JSON.

Knows nothing of classes, of splits or of other formats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from hesui.errors import InputError
from hesui.length import COUNTERS, Constraint, Unit, parse
from hesui.length.constraint import Scope, Span
from hesui.records import Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One prompt with its demand, and an answer where there is one."""

    id: str
    task: str  # the class's id; "class" in files
    prompt: str  # the last user turn
    constraint: Constraint | None
    family: str = ""  # rows of one family never stand in two splits
    reference: str | None = None  # an answer
    source: str = ""  # where it comes from: a person, a teacher's name, a file
    licence: str = ""
    hand_set: bool = False  # the constraint was set by hand and differs from what the prompt parses to
    history: tuple[Message, ...] = ()  # the turns before the prompt, the system's first


def to_record(row: Row) -> dict[str, Any]:
    """`row` as a JSON object; fields with nothing in them are left out, the named ones never."""
    record: dict[str, Any] = {
        "id": row.id,
        "class": row.task,
        "prompt": row.prompt,
        "constraint": row.constraint and constraint_record(row.constraint),
        "family": row.family,
    }
    if row.hand_set:
        record["hand_set"] = True
    if row.history:
        record["history"] = [asdict(message) for message in row.history]
    optional = {"reference": row.reference, "source": row.source, "licence": row.licence}
    return record | {name: value for name, value in optional.items() if value}


def from_record(record: Mapping[str, Any]) -> Row:
    """The row that a JSON object states.

    A record without a "constraint" means the demand that its prompt parses to. Raises InputError, which names
    the field.
    """
    for name in ("id", "class", "prompt"):
        if not isinstance(record.get(name), str) or not record[name]:
            raise InputError(f"the field {name!r} is missing or no text", "error.row_field", field=name)
    prompt = record["prompt"]
    constraint = parse(prompt) if "constraint" not in record else constraint_of(record["constraint"])
    return Row(
        id=record["id"],
        task=record["class"],
        prompt=prompt,
        constraint=constraint,
        family=_text(record, "family") or "",
        reference=_text(record, "reference"),
        source=_text(record, "source") or "",
        licence=_text(record, "licence") or "",
        hand_set=bool(record.get("hand_set", False)),
        history=_history(record.get("history", ())),
    )


def constraint_record(constraint: Constraint) -> dict[str, Any]:
    """A constraint as a JSON object, the same as `hesui parse --json` prints."""
    return asdict(constraint)


def constraint_of(record: Mapping[str, Any] | None) -> Constraint | None:
    """The constraint that a JSON object states. Raises InputError where it states none that can be."""
    if record is None:
        return None
    try:
        fields = dict(record)
        _require_known(fields)
        span = fields.pop("span", None)
        extra = fields.pop("extra", None) or ()
        nested = tuple(one for one in map(constraint_of, extra) if one is not None)
        return Constraint(**fields, span=Span(*span) if span else None, extra=nested)
    except (TypeError, ValueError) as error:
        raise InputError(f"the constraint cannot be used: {error}", "error.row_constraint", reason=error) from None


def _require_known(fields: Mapping[str, Any]) -> None:
    """Raise ValueError where a field of a constraint has a value that means nothing."""
    for name in ("min", "max", "target"):
        value = fields.get(name)
        if value is not None and (type(value) is not int or value < 0):
            raise ValueError(f"{name} is {value!r}; expected a whole number")
    for name, known in (("unit", get_args(Unit)), ("scope", get_args(Scope)), ("count_rule", (None, *COUNTERS))):
        if name in fields and fields[name] not in known:
            raise ValueError(f"{name} is {fields[name]!r}; expected one of {', '.join(map(str, known))}")


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a JSON Lines file. Raises InputError, which names the file and the line."""
    return read_each(path, from_record)


def read_each(path: Path, made_of: Callable[[dict[str, Any]], T]) -> Iterator[T]:
    """What `made_of` makes of each object of a JSON Lines file.

    Raises InputError, which names the file and the line, where it does so or where a line is no object.
    """
    for number, record in read_json_lines(path):
        try:
            yield made_of(record)
        except InputError as error:
            raise InputError(
                f"{path.name}, line {number}: {error}", "error.row_line", file=path.name, line=number, reason=error
            ) from None


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file with their line numbers, empty lines left out. Raises InputError."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("not a JSON object")
                yield number, record
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}", "error.file_unreadable", file=path.name, reason=error.strerror
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path.name} is not UTF-8 text; convert it first, e.g. with iconv", "error.file_encoding", file=path.name
        ) from None
    except (ValueError, RecursionError) as error:  # json.JSONDecodeError is a ValueError
        raise InputError(
            f"{path.name}, line {number}: {error}", "error.row_line", file=path.name, line=number, reason=error
        ) from None


def write_rows(rows: Iterable[Row], path: Path) -> int:
    """Write rows as JSON Lines, atomically; how many there were."""
    return write_json_lines(map(to_record, rows), path)


def write_json_lines(records: Iterable[Mapping[str, Any]], path: Path) -> int:
    """Write objects as JSON Lines; the file appears whole or not at all. Returns how many there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    written = 0
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as stream:
            for record in records:
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
                written += 1
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return written


def _text(record: Mapping[str, Any], name: str) -> str | None:
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"the field {name!r} is no text", "error.row_field", field=name)
    return value


def _history(turns: object) -> tuple[Message, ...]:
    try:
        messages = tuple(Message(**turn) for turn in turns)  # type: ignore[attr-defined]
    except TypeError:
        raise InputError("the field 'history' is no list of turns", "error.row_field", field="history") from None
    if any(m.role not in ("system", "user", "assistant") or not isinstance(m.content, str) for m in messages):
        raise InputError("the field 'history' has a turn of nobody", "error.row_field", field="history")
    return messages
