"""How each format writes one lesson as a JSON value, and what types its fields have; knows nothing of files.

Sources. TRL: https://huggingface.co/docs/trl/dataset_formats (conversational, with an explicit prompt). Alpaca and
ShareGPT: LLaMA-Factory, data/README.md (preference and KTO data sets). Qianfan: the pages "Prompt+Chosen+Rejected"
(DPO) and "Prompt+Chosen/Rejected" (KTO) of Baidu's documentation, https://ai.baidu.com/ai-doc/WENXINWORKSHOP/ulus64y89
and /3ly70wuxy.

Records that are objects say on what they rest in "provenance", whose fields are always the same. Trainers ignore it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from hesui.corpus.chatlog import label_from_record
from hesui.corpus.formats import shapes
from hesui.corpus.formats.drafts import split_history
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.review.lessons import KINDS, Lesson

Feature = Mapping[str, Any]  # one field as the YAML of a data set card states it


class Shape(NamedTuple):
    """How one kind of data set is written in one format."""

    suffix: str  # of its files
    record: Callable[[Lesson], Any]  # raises InputError where the format cannot carry the turns before the prompt
    features: tuple[Feature, ...] = ()  # of the record with its provenance; () = a list, which can carry none


def require_shape(kind: str, format: str) -> Shape:
    """How `kind` is written in `format`. Raises InputError with what there is."""
    allowed = formats_of(kind)
    if format not in allowed:
        known = ", ".join(allowed)
        raise InputError(
            f"{kind} cannot be written in the format {format!r}; allowed: {known}",
            "error.export_format", kind=kind, name=format, known=known,
        )  # fmt: skip
    return SHAPES[kind][format]


def formats_of(kind: str) -> tuple[str, ...]:
    """The formats that a kind of data set can be written in, the usual one first. Raises InputError."""
    if kind not in SHAPES:
        known = ", ".join(KINDS)
        raise InputError(f"unknown kind {kind!r}; there are: {known}", "error.export_kind", name=kind, known=known)
    return tuple(SHAPES[kind])


def provenance(lesson: Lesson, pseudonym: Callable[[str], str]) -> dict[str, Any]:
    """What a lesson rests on. `candidates` and `teachers` belong to its texts in their order, `reviewers` to
    `decisions`; no list is ever empty, so that readers guess its type rightly."""
    grounds = {event.number: event for one in lesson.sources for event in one.grounds}
    return {
        "prompt_id": lesson.sources[0].item.prompt_id,
        "candidates": [one.item.id for one in lesson.sources],
        "teachers": [one.item.teacher for one in lesson.sources],
        "decisions": list(grounds),
        "reviewers": [pseudonym(event.reviewer) for event in grounds.values()],
        "counter": lesson.sources[0].item.counter,
    }


def with_provenance(record: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """An object with what it rests on."""
    return {**record, "provenance": told}


def trl_answer(lesson: Lesson) -> dict[str, Any]:
    """Conversational prompt-completion, for TRL's SFTTrainer."""
    return shapes.trl_record(_row(lesson))


def trl_pair(lesson: Lesson) -> dict[str, Any]:
    """Conversational preference with an explicit prompt, for TRL's DPOTrainer."""
    chosen, rejected = ([{"role": "assistant", "content": text}] for text in lesson.texts)
    asked = shapes.trl_record(replace(_row(lesson), reference=None))["prompt"]
    return {"prompt": asked, "chosen": chosen, "rejected": rejected} | _about(lesson)


def trl_rating(lesson: Lesson) -> dict[str, Any]:
    """Conversational unpaired preference, for TRL's KTOTrainer."""
    return trl_answer(lesson) | {"label": lesson.good}


def alpaca_answer(lesson: Lesson) -> dict[str, Any]:
    """Alpaca with system and history, which are there also where nothing is in them."""
    return {"instruction": "", "input": "", "output": "", "system": "", "history": []} | shapes.alpaca_record(
        _row(lesson)
    )


def alpaca_pair(lesson: Lesson) -> dict[str, Any]:
    """LLaMA-Factory's Alpaca preference."""
    answer = alpaca_answer(lesson)
    asked = {name: answer[name] for name in ("instruction", "input", "system", "history")}
    return asked | dict(zip(shapes.RANKED, lesson.texts, strict=True)) | _about(lesson)


def alpaca_rating(lesson: Lesson) -> dict[str, Any]:
    """LLaMA-Factory's Alpaca KTO."""
    return alpaca_answer(lesson) | {"kto_tag": lesson.good}


def sharegpt_answer(lesson: Lesson) -> dict[str, Any]:
    """ShareGPT, the answer as the last turn."""
    return shapes.sharegpt_record(_row(lesson))


def sharegpt_pair(lesson: Lesson) -> dict[str, Any]:
    """LLaMA-Factory's ShareGPT preference: the conversation without an answer, then both answers."""
    asked = shapes.sharegpt_record(replace(_row(lesson), reference=None))
    told = ({"from": "gpt", "value": text} for text in lesson.texts)
    return {"conversations": asked["conversations"]} | dict(zip(shapes.RANKED, told, strict=True)) | _about(lesson)


def sharegpt_rating(lesson: Lesson) -> dict[str, Any]:
    """LLaMA-Factory's ShareGPT KTO."""
    return sharegpt_answer(lesson) | {"kto_tag": lesson.good}


def qianfan_answer(lesson: Lesson) -> list[Any]:
    """A Qianfan line of prompt and response, for SFT."""
    return shapes.qianfan_record(_row(lesson))


def qianfan_pair(lesson: Lesson) -> list[Any]:
    """A Qianfan line of Prompt+Chosen+Rejected, for DPO."""
    return _qianfan_turns(lesson, dict(zip(shapes.RANKED, lesson.texts, strict=True)))


def qianfan_rating(lesson: Lesson) -> list[Any]:
    """A Qianfan line of Prompt+Chosen/Rejected, for KTO."""
    return _qianfan_turns(lesson, {"chosen" if lesson.good else "rejected": lesson.texts[0]})


def labelled_text(lesson: Lesson) -> dict[str, Any]:
    """A text with its label and what was said before it, the oldest first."""
    source = lesson.sources[0]
    asked = label_from_record(source.item.row)
    return {
        "text": lesson.texts[0],
        "label": source.verdict,
        "class": source.item.task,
        "speaker": asked.speaker,
        "context": [remark._asdict() for remark in asked.context],
    }


def _row(lesson: Lesson) -> Row:
    """The prompt with a lesson's first text as its answer."""
    return replace(lesson.sources[0].row, reference=lesson.texts[0])


def _about(lesson: Lesson) -> dict[str, Any]:
    return {"class": lesson.sources[0].item.task, "why": lesson.why}


def _qianfan_turns(lesson: Lesson, answers: Mapping[str, str]) -> list[Any]:
    row = lesson.sources[0].row
    split = split_history(row, "qianfan")
    turns: list[dict[str, str]] = [{"user": asked, "assistant": told} for asked, told in split.pairs]
    turns.append({"user": row.prompt, **answers})
    return [({"system": split.system} if split.system else {}) | turns[0], *turns[1:]]


def _text(name: str) -> Feature:
    return {"name": name, "dtype": "string"}


def _texts(name: str) -> Feature:
    return {"name": name, "list": "string"}


def _objects(name: str, *fields: str) -> Feature:
    return {"name": name, "list": [_text(field) for field in fields]}


def _object(name: str, *fields: str) -> Feature:
    return {"name": name, "struct": [_text(field) for field in fields]}


def _flag(name: str) -> Feature:
    return {"name": name, "dtype": "bool"}


def _told(*features: Feature) -> tuple[Feature, ...]:
    """The types of a record's fields and of its class and provenance."""
    grounds: Sequence[Feature] = (
        _text("prompt_id"), _texts("candidates"), _texts("teachers"), {"name": "decisions", "list": "int64"},
        _texts("reviewers"), _text("counter"),
    )  # fmt: skip
    return (*features, _text("class"), {"name": "provenance", "struct": list(grounds)})


_ROLES = ("role", "content")
_SPEAKERS = ("from", "value")
_ALPACA = (_text("instruction"), _text("input"), _text("system"), {"name": "history", "list": {"list": "string"}})
_TRL_ANSWER = (_objects("prompt", *_ROLES), _objects("completion", *_ROLES))
_SHAREGPT = _objects("conversations", *_SPEAKERS)

SHAPES: Mapping[str, Mapping[str, Shape]] = MappingProxyType(
    {
        "sft": {
            "trl": Shape(".jsonl", trl_answer, _told(*_TRL_ANSWER)),
            "alpaca": Shape(".json", alpaca_answer, _told(*_ALPACA, _text("output"))),
            "sharegpt": Shape(".json", sharegpt_answer, _told(_SHAREGPT)),
            "qianfan": Shape(".jsonl", qianfan_answer),
        },
        "dpo": {
            "trl": Shape(
                ".jsonl", trl_pair, _told(*(_objects(name, *_ROLES) for name in ("prompt", *shapes.RANKED)), _text("why"))
            ),
            "alpaca": Shape(".json", alpaca_pair, _told(*_ALPACA, *map(_text, shapes.RANKED), _text("why"))),
            "sharegpt": Shape(
                ".json", sharegpt_pair,
                _told(_SHAREGPT, *(_object(name, *_SPEAKERS) for name in shapes.RANKED), _text("why")),
            ),
            "qianfan": Shape(".jsonl", qianfan_pair),
        },
        "kto": {
            "trl": Shape(".jsonl", trl_rating, _told(*_TRL_ANSWER, _flag("label"))),
            "alpaca": Shape(".json", alpaca_rating, _told(*_ALPACA, _text("output"), _flag("kto_tag"))),
            "sharegpt": Shape(".json", sharegpt_rating, _told(_SHAREGPT, _flag("kto_tag"))),
            "qianfan": Shape(".jsonl", qianfan_rating),
        },
        "labels": {
            "jsonl": Shape(
                ".jsonl", labelled_text,
                _told(_text("text"), _text("label"), _text("speaker"), _objects("context", "speaker", "text")),
            ),
        },
    }
)  # fmt: skip
