"""What any format's record says, before it is a row: turns, an answer, perhaps a class. Knows no format's fields."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from hesui.corpus.cleaning import clean
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.length import parse
from hesui.records import Message

Role = Literal["system", "user", "assistant"]
ROLES: Mapping[str, Role] = {
    "system": "system",
    "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "chatgpt": "assistant", "model": "assistant", "bot": "assistant",
}  # fmt: skip


class Draft(NamedTuple):
    """One prompt as a foreign record states it."""

    prompt: str
    reference: str | None = None
    history: tuple[Message, ...] = ()
    task: str = ""


class Origin(NamedTuple):
    """What is known of a whole file: the class of records that name none, where it comes from, its licence."""

    task: str
    source: str = ""
    licence: str = ""


def row_of(draft: Draft, origin: Origin) -> Row:
    """The row that a draft means: cleaned, its demand parsed, its id derived from its texts.

    Raises InputError where no prompt is left.
    """
    prompt = clean(draft.prompt)
    if not prompt.strip():
        raise missing("prompt")
    reference = clean(draft.reference or "")
    history = tuple(Message(turn.role, clean(turn.content)) for turn in draft.history)
    return Row(
        id=stable_id(history, prompt, reference),
        task=draft.task or origin.task,
        prompt=prompt,
        constraint=parse(prompt),
        reference=reference if reference.strip() else None,
        source=origin.source,
        licence=origin.licence,
        history=tuple(turn for turn in history if turn.content.strip()),
    )


def stable_id(history: Sequence[Message], prompt: str, reference: str) -> str:
    """An id that is the same for the same texts, so that a file imported again brings the same ids."""
    texts = [
        [[turn.role, turn.content] for turn in history if turn.content.strip()],
        prompt,
        reference.strip() and reference,
    ]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()[:16]


def of_turns(turns: Sequence[Message], task: str = "") -> Draft:
    """The draft of a conversation: its last user turn is the prompt, an answer after it the reference.

    Raises InputError where no user speaks, or where more than one turn follows.
    """
    last = max((index for index, turn in enumerate(turns) if turn.role == "user"), default=-1)
    if last < 0:
        raise InputError("the conversation has no turn of a user", "error.turns_no_user")
    after = turns[last + 1 :]
    if len(after) > 1 or any(turn.role == "system" for turn in after):
        raise InputError(
            f"{len(after)} turns follow the last user's; one answer may", "error.turns_after_prompt", count=len(after)
        )
    return Draft(turns[last].content, after[0].content if after else None, tuple(turns[:last]), task)


def turns_of(row: Row) -> tuple[Message, ...]:
    """The whole conversation of a row, with its answer where there is one."""
    answer = (Message("assistant", row.reference),) if row.reference else ()
    return (*row.history, Message("user", row.prompt), *answer)


class Split(NamedTuple):
    """A history as formats of question and answer want it."""

    system: str
    pairs: tuple[tuple[str, str], ...]  # what a user said and what was answered


def split_history(row: Row, format: str) -> Split:
    """A row's history as one system message and pairs. Raises InputError where it is none, naming the row."""
    turns = row.history
    led = bool(turns) and turns[0].role == "system"
    system, rest = (turns[0].content, turns[1:]) if led else ("", turns)
    roles = tuple(turn.role for turn in rest)
    if roles != ("user", "assistant") * (len(rest) // 2):
        raise cannot_carry(row, format)
    return Split(
        system, tuple((asked.content, told.content) for asked, told in zip(rest[::2], rest[1::2], strict=True))
    )


def cannot_carry(row: Row, format: str) -> InputError:
    """`format` has no place for the turns before the row's prompt."""
    return InputError(
        f"row {row.id}: the format {format!r} cannot carry the turns before its prompt; use rows, trl or sharegpt",
        "error.format_history", id=row.id, format=format,
    )  # fmt: skip


def text_of(record: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    """A field's text; "" where it is left out. Raises InputError where it is no text, or required and empty."""
    value = record.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value.strip()):
        raise missing(name)
    return value


def message_of(role: object, content: object) -> Message:
    """A turn under any of the names that formats give speakers. Raises InputError for another speaker or no text."""
    known = ROLES.get(role.lower()) if isinstance(role, str) else None
    if known is None:
        raise InputError(
            f"unknown speaker {role!r}; allowed: {', '.join(ROLES)}",
            "error.turn_speaker", value=role, known=", ".join(ROLES),
        )  # fmt: skip
    if not isinstance(content, str):
        raise missing("content")
    return Message(known, content)


def missing(name: str) -> InputError:
    """The field `name` is left out or no text."""
    return InputError(f"the field {name!r} is missing or no text", "error.row_field", field=name)
