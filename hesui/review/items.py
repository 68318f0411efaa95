"""Makes items for the queue from rows and texts: what identifies them, who must see them, which come first.

Knows neither the database nor the page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hesui.corpus.chatlog import LabelItem, label_from_record, label_record
from hesui.corpus.rows import Row, from_record, to_record
from hesui.length import DEFAULT_COUNTER, Constraint, Counter, check
from hesui.prompts import language
from hesui.store.reviewing import Item

DEMO = "demo"  # the source of what the composer wrote for trying the queue
DEMO_LAST = 10.0  # added to a demo item's priority, so that real work comes first
EDGE = 3  # counts; an answer this near to a bound of its demand, on either side, is uncertain
TRIES = 4  # of a teacher; an answer that took this many is as hard as any
HARD = 0.5  # difficulty from which an item comes before the others


def answer_item(
    row: Row,
    overlap: float,
    *,
    source: str,
    counter: Counter = DEFAULT_COUNTER,
    teacher: str = "",
    attempt: int = 0,
    gold: str | None = None,
) -> Item:
    """The item that asks whether `row.reference` is a good answer to the row's prompt.

    `overlap` is the share of items that two reviewers must see. Raises ValueError where the row has no answer.
    """
    if not row.reference:
        raise ValueError(f"row {row.id!r} has no answer to review")
    rule = (row.constraint and row.constraint.count_rule) or counter
    asked = [[turn.role, turn.content] for turn in row.history] + [["user", row.prompt]]
    id = _hash("answer", row.task, asked, row.reference)
    return Item(
        id=id,
        kind="answer",
        task=row.task,
        language=language(row.prompt),
        prompt_id=_hash("prompt", row.task, asked),
        row=to_record(replace(row, reference=None)),
        text=row.reference,
        counter=rule,
        teacher=teacher,
        attempt=attempt,
        source=source,
        gold=gold,
        required=required(id, overlap),
        priority=_place(id, difficulty(row.reference, row.constraint, rule, attempt), source),
    )


def label_item(
    asked: LabelItem,
    overlap: float,
    *,
    source: str,
    suggestion: Mapping[str, Any] | None = None,
    gold: str | None = None,
) -> Item:
    """The item that asks for the label of a text; `suggestion` is a teacher's label with its clues and reasoning."""
    id = _hash("label", asked.task, asked.id, asked.text)
    return Item(
        id=id,
        kind="label",
        task=asked.task,
        language=language(asked.text),
        prompt_id=id,
        row=label_record(asked),
        text=asked.text,
        counter=DEFAULT_COUNTER,
        teacher=str((suggestion or {}).get("teacher", "")),
        source=source,
        suggestion=suggestion,
        gold=gold,
        required=required(id, overlap),
        priority=_place(id, 0.0, source),
    )


def asked_row(item: Item) -> Row:
    """The prompt of an answer's item, as a row without an answer."""
    return from_record(item.row)


def asked_label(item: Item) -> LabelItem:
    """The text of a label's item, with what was said before it."""
    return label_from_record(item.row)


def difficulty(text: str, constraint: Constraint | None, counter: Counter, attempt: int) -> float:
    """How hard an answer is to judge, 0 to 1: by the teacher's tries, and by its nearness to the demand's bounds."""
    tries = min(max(attempt - 1, 0), TRIES - 1) / (TRIES - 1)
    if constraint is None:
        return tries
    counted = check(text, constraint, counter).count
    if constraint.op == "eq":
        off = abs(counted - constraint.aim)
        # A hit leaves no doubt; a near miss is what reviewers argue about.
        return max(tries, 1 - off / (EDGE + 1) if 0 < off <= EDGE else 0.0)
    off = min(abs(counted - bound) for bound in constraint.band if bound is not None)
    return max(tries, 1 - off / (EDGE + 1) if off <= EDGE else 0.0)


def required(id: str, overlap: float) -> int:
    """How many reviewers an item needs: two for the share `overlap` of all items, the same ones at every import."""
    return 2 if _share(id, "overlap") < overlap else 1


def _place(id: str, hard: float, source: str) -> float:
    place = 1 - hard if hard >= HARD else 1 + _share(id, "order")
    return place + DEMO_LAST if source == DEMO else place


def _share(id: str, of: str) -> float:
    """A number from 0 to 1 that is the same for the same item for ever."""
    return int(hashlib.sha256(f"{of}:{id}".encode()).hexdigest()[:12], 16) / 16**12


def _hash(*said: object) -> str:
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()[:20]
