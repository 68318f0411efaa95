"""Makes items for review of one record of a file, or says why it makes none. Knows no files, no database and no page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from hesui.corpus.chatlog import LabelItem, Remark, label_from_record
from hesui.corpus.classes import TaskClass, require_class
from hesui.corpus.cleaning import clean
from hesui.corpus.formats import FORMATS, Format, require_format
from hesui.corpus.formats.drafts import Draft, Origin, missing, stable_id, text_of
from hesui.corpus.formats.tolerant import Columns, Record
from hesui.corpus.formats.transfer import COLUMNS, fitting
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.length import DEFAULT_COUNTER, Constraint, Counter
from hesui.requests import validate
from hesui.review.decisions import LONGEST_TEXT
from hesui.review.items import answer_item, label_item
from hesui.settings import Settings
from hesui.store.reviewing import Item

LONGEST_NAME = 200  # characters of a source, a licence, a speaker
LONGEST_ID = 80
LARGEST = 10**9  # number in a demand beside the main one
LABELS = "labels"  # the format of items that wait for labels, as `hesui corpus chat` writes them

ANSWER_COLUMNS = Columns(
    MappingProxyType({**COLUMNS, "gold": ("gold", "verdict", "结论")}), required=("prompt", "completion")
)
LABEL_COLUMNS = Columns(
    MappingProxyType(
        {
            "text": ("text", "文本", "question", "问题", "content", "内容", "prompt", "提示词"),
            "label": ("label", "标签", "suggestion"),
            "class": COLUMNS["class"],
            "id": ("id", "编号"),
        }
    ),
    required=("text",),
)

_VERDICTS = {
    "accept": "accept", "接受": "accept", "true": "accept",
    "reject": "reject", "拒绝": "reject", "false": "reject",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is imported."""

    task: str  # the class of rows that name none
    classes: Mapping[str, TaskClass]
    settings: Settings
    source: str  # the name of the import
    licence: str = ""  # of rows that name none
    counter: Counter = DEFAULT_COUNTER
    format: str | None = None  # one of FORMATS; None = by the content, each record for itself
    columns: Mapping[str, str] = field(default_factory=dict)  # ours → the header of a table's column
    gold: bool = False  # the file's labels and verdicts are known answers, not suggestions


class Maker(NamedTuple):
    """One thing to review in a record, not looked at yet."""

    format: str  # the name of the record's format
    make: Callable[[], Item]  # raises InputError where it cannot be reviewed


def columns_for(plan: Plan) -> Columns:
    """The columns that a table may have."""
    task = plan.classes.get(plan.task)
    return LABEL_COLUMNS if task is not None and task.kind == "label" else ANSWER_COLUMNS


def makers(record: Record, plan: Plan) -> list[Maker]:
    """What there is to review in a record: each of its answers, or its text. Raises InputError where nothing is."""
    value = record.value
    stated = text_of(value, "class").strip() if isinstance(value, dict) else ""
    task = require_class(stated or plan.task, plan.classes)
    if task.kind == "label":
        name = "csv" if record.layout == "table" else LABELS
        return [Maker(name, lambda: _label_item(value, task, plan))]
    format = _format_of(record, plan)
    return [Maker(format.name, _answer_maker(format, value, draft, task, plan)) for draft in format.answers(value)]


def _format_of(record: Record, plan: Plan) -> Format:
    if record.layout == "table":
        return FORMATS["csv"]
    return require_format(plan.format) if plan.format else fitting(record.value)


def _answer_maker(format: Format, value: Any, draft: Draft, task: TaskClass, plan: Plan) -> Callable[[], Item]:
    return lambda: _answer_item(format, value, draft, task, plan)


# Answers


def _answer_item(format: Format, value: Any, draft: Draft, task: TaskClass, plan: Plan) -> Item:
    # Before anything is cleaned: what is too long takes too long.
    _require_short(draft.prompt)
    _require_short(draft.reference or "")
    _require_short("".join(turn.content for turn in draft.history))
    row = _tidy(format.row(value, draft, Origin(task.id, plan.source, plan.licence)), task)
    validate(row.prompt, row.constraint, plan.settings)
    for constraint in _demands(row):
        _require_sound(constraint, row.prompt)
    if task.needs_demand and row.constraint is None:
        raise InputError(
            f"class {task.id!r} needs a length demand and the prompt states none", "problem.no_demand", name=task.name
        )
    if row.reference is None:
        raise InputError("there is no answer to review", "problem.no_answer")
    _require_short(row.reference)
    gold = _verdict(value) if plan.gold else None
    return answer_item(row, plan.settings.overlap, source=_name(plan.source), counter=plan.counter, gold=gold)


def _tidy(row: Row, task: TaskClass) -> Row:
    """`row` with names and an id that can be stored and shown."""
    id = row.id if len(row.id) <= LONGEST_ID and row.id.isprintable() else ""
    return replace(
        row,
        id=id or stable_id(row.history, row.prompt, row.reference or ""),
        task=task.id,
        family=_name(row.family),
        source=_name(row.source),
        licence=_name(row.licence),
    )


def _demands(row: Row) -> Iterator[Constraint]:
    if row.constraint is not None:
        yield row.constraint
        yield from row.constraint.extra


def _require_sound(constraint: Constraint, prompt: str) -> None:
    """Raise InputError on what a file can state of a demand and no prompt can."""
    span, numbers = constraint.span, (constraint.min, constraint.max, constraint.target)
    reason = ""
    if span is not None and not (all(type(at) is int for at in span) and 0 <= span[0] <= span[1] <= len(prompt)):
        reason = "span lies outside of the prompt"
    elif any(number is not None and number > LARGEST for number in numbers):
        reason = f"a number above {LARGEST:,}"
    elif any(one.extra for one in constraint.extra):
        reason = "extra demands have extra demands of their own"
    if reason:
        raise InputError(f"the constraint cannot be used: {reason}", "error.row_constraint", reason=reason)


def _verdict(value: Any) -> str:
    """The known verdict on an answer: in the field gold, or as preference records for KTO have it."""
    fields = value if isinstance(value, dict) else {}
    for name in ("gold", "label", "kto_tag"):
        said = fields.get(name)
        known = _VERDICTS.get(str(said).strip().lower()) if isinstance(said, (str, bool)) else None
        if known is not None:
            return known
    raise _no_gold("gold", "accept, reject")


# Labels


def _label_item(value: Any, task: TaskClass, plan: Plan) -> Item:
    if not isinstance(value, dict):
        raise InputError("not a JSON object", "error.json_object")
    fields = {name.strip().lower(): said for name, said in value.items()}
    text = _clean(_field(fields, "text"), "text")
    if not text.strip():
        raise missing("text")
    asked = _asked(fields, text, task, plan)
    label = _stated_label(fields, task)
    suggestion = _suggestion(fields.get("suggestion"), task)
    if plan.gold:
        gold = label or (suggestion["label"] if suggestion else None)
        if gold is None:
            raise _no_gold("label", ", ".join(one.id for one in task.labels))
        return label_item(asked, plan.settings.overlap, source=_name(plan.source), suggestion=suggestion, gold=gold)
    if suggestion is None and label is not None:
        suggestion = _suggested(label)
    return label_item(asked, plan.settings.overlap, source=_name(plan.source), suggestion=suggestion)


def _asked(fields: Mapping[str, Any], text: str, task: TaskClass, plan: Plan) -> LabelItem:
    id = _field(fields, "id")
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    stated = {"text": text, "class": task.id, "id": id or "-"}
    asked = label_from_record({**fields, **stated})
    _require_short("".join(remark.text for remark in asked.context))
    if not id or len(asked.id) > LONGEST_ID or not asked.id.isprintable():
        asked = asked._replace(id=stable_id((), text, ""))
    return asked._replace(
        context=tuple(Remark(_name(remark.speaker), clean(remark.text)) for remark in asked.context),
        source=_name(asked.source or plan.source),
        licence=_name(asked.licence or plan.licence),
        speaker=_name(asked.speaker),
    )


def _field(fields: Mapping[str, Any], column: str) -> Any:
    """A column's value under the first of its names that has one."""
    return next((fields[name] for name in LABEL_COLUMNS.names[column] if fields.get(name) not in (None, "")), None)


def _stated_label(fields: Mapping[str, Any], task: TaskClass) -> str | None:
    """The label that stands beside a text, or in place of a suggestion."""
    said = _field({name: value for name, value in fields.items() if not isinstance(value, dict)}, "label")
    return None if said is None else _label_id(said, task)


def _suggestion(said: Any, task: TaskClass) -> dict[str, Any] | None:
    """A teacher's suggestion as `hesui distil label` writes it."""
    if not isinstance(said, dict):
        return None
    clues = said.get("clues") or []
    if not isinstance(clues, list) or not all(isinstance(clue, str) for clue in clues):
        raise missing("clues")
    _require_short("".join(clues))
    return _suggested(
        _label_id(said.get("label"), task),
        [clue for clue in map(clean, clues) if clue.strip()],
        _clean(said.get("reasoning") or "", "reasoning"),
        _name(_clean(said.get("teacher") or "", "teacher")),
    )


def _suggested(label: str, clues: Sequence[str] = (), reasoning: str = "", teacher: str = "") -> dict[str, Any]:
    return {"label": label, "clues": list(clues), "reasoning": reasoning, "teacher": teacher}


def _label_id(said: Any, task: TaskClass) -> str:
    """The id of the label that is called so. Raises InputError."""
    names = {name.casefold(): one.id for one in task.labels for name in (one.name.zh, one.name.en, one.id)}
    known = names.get(said.strip().casefold()) if isinstance(said, str) else None
    if known is None:
        shown, allowed = str(said)[:40], ", ".join(one.id for one in task.labels)
        raise InputError(
            f"unknown label {shown!r}; allowed: {allowed}", "error.review_label", value=shown, known=allowed
        )
    return known


# Texts


def _no_gold(name: str, known: str) -> InputError:
    return InputError(
        f"the known answer is missing; state it in the field {name!r}: {known}", "problem.no_gold",
        field=name, known=known,
    )  # fmt: skip


def _clean(said: Any, name: str) -> str:
    """A text of a reviewable length, cleaned. Raises InputError."""
    if not isinstance(said, str):
        raise missing(name)
    _require_short(said)
    text = clean(said)
    _require_short(text)
    return text


def _require_short(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise InputError(
            f"the text has {len(text):,} characters, {LONGEST_TEXT:,} are allowed; shorten it",
            "error.review_long", count=len(text), limit=LONGEST_TEXT,
        )  # fmt: skip


def _name(text: str) -> str:
    return clean(text[:LONGEST_NAME])[:LONGEST_NAME]
