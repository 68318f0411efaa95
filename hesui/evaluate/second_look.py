"""Has doubtful labels looked at again: a file for `hesui review import`, or the review queue itself.

Knows nothing of how a doubt came about besides what it says.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hesui.corpus.chatlog import LabelItem, label_record
from hesui.corpus.formats.drafts import stable_id
from hesui.corpus.rows import write_json_lines
from hesui.evaluate.labelled import Labelled, LabelSet
from hesui.evaluate.scale import Disagreement
from hesui.prompts import language
from hesui.review.desk import ReviewDesk
from hesui.review.items import label_item
from hesui.settings import Settings
from hesui.store.reviewing import Item

TEACHER = "hesui evaluate scale"  # who proposes the other label
OWNER = "owner"  # who reopens an item
_REASON = {
    "zh": "标注为 {label}；判断为 {other} 的模型：{models}（分歧 {strength:.0%}）",
    "en": "labelled {label}; models that say {other}: {models} (disagreement {strength:.0%})",
}


class Queued(NamedTuple):
    """What became of doubtful rows in the review queue."""

    new: int  # items that were added
    reopened: int  # decided items that are to be decided anew
    waiting: int  # that were in the queue already, or are gold


def write_queue(found: LabelSet, doubts: Iterable[Disagreement], out: Path) -> int:
    """Write doubtful rows, the strongest doubt first, as label items with the models' label as suggestion; how many."""
    return write_json_lines(_records(found, doubts), out)


def queue(desk: ReviewDesk, settings: Settings, found: LabelSet, doubts: Sequence[Disagreement]) -> Queued:
    """Put doubtful rows into the review queue.

    A row that rests on an item of this queue has that item reopened: whoever decides it settles the row, and what was
    decided stays in the record. Any other row becomes a new item.
    """
    new: list[Disagreement] = []
    reopened = waiting = 0
    for doubt in doubts:
        id = found.rows[doubt.row].item
        known = desk.survey.reviewed(id) if id else None
        if known is None:
            new.append(doubt)
        elif known.entry.state in ("open", "gold"):
            waiting += 1
        else:
            desk.queue.reopen(OWNER, id, secrets.token_hex(8))
            reopened += 1
    source = f"scale: {found.name}"[:200]
    items = [_item(found, doubt, settings, source) for doubt in new]
    added = desk.add(items) if items else 0
    return Queued(added, reopened, waiting + len(items) - added)


def _item(found: LabelSet, doubt: Disagreement, settings: Settings, source: str) -> Item:
    asked = _again(found.rows[doubt.row])
    item = label_item(asked, settings.overlap, source=source, suggestion=_suggestion(found, doubt))
    return replace(item, priority=1 - doubt.strength)


def _records(found: LabelSet, doubts: Iterable[Disagreement]) -> Iterator[Mapping[str, Any]]:
    for doubt in doubts:
        row = found.rows[doubt.row]
        yield label_record(_again(row)) | {"suggestion": _suggestion(found, doubt)}


def _again(row: Labelled) -> LabelItem:
    """The text as an item of its own: under its first id the queue would know it as decided."""
    return row.asked._replace(id=f"again-{stable_id((), row.asked.text, row.asked.id)}")


def _suggestion(found: LabelSet, doubt: Disagreement) -> dict[str, Any]:
    row = found.rows[doubt.row]
    reason = _REASON[language(row.asked.text)].format(
        label=row.label, other=doubt.label, strength=doubt.strength,
        models=", ".join(Path(model).name for model in doubt.models),  # a folder's place is nobody's business
    )  # fmt: skip
    return {"label": doubt.label, "clues": [], "reasoning": reason, "teacher": TEACHER}
