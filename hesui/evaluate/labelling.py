"""Asks any answerer for the label of each text and reads its answer. Knows no file, no score and no other class's rules.

The definition that a model is told is the class file's: question, labels, guidance, examples. Unlike a teacher, a model of
any size is asked for the label alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from pydantic import BaseModel

from hesui.answers import collect
from hesui.corpus.chatlog import LabelItem
from hesui.corpus.classes import TaskClass
from hesui.distil.replies import read_json
from hesui.errors import InputError
from hesui.evaluate.labelled import label_of
from hesui.prompts import choosing, language
from hesui.records import Answerer, EndReason, Message, Request, Sampling

TOKENS = 64  # room for a label, and for a few words around it
AT_ONCE = 256  # rows that one call asks for

_LEAD = re.compile(
    r"(?i)^\W*(?:所以|因此|so|the)?\W*(?:最终|final)?\W*(?:答案|标签|回答|选择|answer|label)\W*(?:代号|id)?\W*(?:是|为|is)?\W*"
)
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")


class Said(NamedTuple):
    """What a model answered about one text."""

    label: str | None  # None = none can be read out of it
    text: str
    end: EndReason | None = None  # None = it was not asked: the model has no room for the text


class _Reply(BaseModel):
    label: str


def ask_labels(
    answerer: Answerer,
    model: str,
    task: TaskClass,
    items: Sequence[LabelItem],
    *,
    tokens: int = TOKENS,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Said]:
    """The label that `model` says of each text, drawn greedily, in their order; `progress` hears how many are done.

    A text that the model cannot take is answered by nothing. Raises InputError where `task` is no label class, and what
    the answerer raises.
    """
    require_label_class(task)
    found: list[Said] = []
    for start in range(0, len(items), AT_ONCE):
        requests = [_request(model, task, item, tokens) for item in items[start : start + AT_ONCE]]
        found += [Said(read_label(text, task), text, end) for text, end in _answers(answerer, requests)]
        progress(len(found))
    return found


def question(task: TaskClass, item: LabelItem) -> tuple[Message, ...]:
    """The messages that ask for the label of a text. Raises InputError where `task` is no label class."""
    require_label_class(task)
    assert task.question is not None
    lang = language(item.text)
    return choosing(
        question=getattr(task.question, lang),
        labels={label.id: getattr(label.name, lang) for label in task.labels},
        text=item.text,
        guidance=task.guidance,
        examples=[(shot.prompt, shot.completion) for shot in task.shots if shot.completion],
        context="\n".join(f"{remark.speaker}: {remark.text}" for remark in item.context),
        lang=lang,
    )


def read_label(text: str, task: TaskClass) -> str | None:
    """The id of the one label that an answer states; None where it states none, or several.

    What counts, in this order: a JSON object's "label"; lines that say nothing but a label; the one label that is named
    anywhere. Of two names that begin alike the longer one is meant (不需要, not 需要).
    """
    reply = read_json(text, _Reply)
    if reply is not None and (label := label_of(reply.label, task)):
        return label
    stated = {label for line in text.splitlines() if (label := _only(line, task))}
    named = stated or set(_named(text, task))
    return named.pop() if len(named) == 1 else None


def require_label_class(task: TaskClass) -> None:
    """Raise InputError where `task` is no label class."""
    if task.kind != "label" or task.question is None:
        raise InputError(f"class {task.id!r} wants answers, not labels", "error.not_label_class", name=task.id)


def _request(model: str, task: TaskClass, item: LabelItem, tokens: int) -> Request:
    return Request(question(task, item), model, Sampling(temperature=0.0, top_p=1.0, max_tokens=tokens))


def _answers(answerer: Answerer, requests: Sequence[Request]) -> Iterator[tuple[str, EndReason | None]]:
    """Text and end of each answer; where one of the requests cannot be served, each is asked for by itself."""
    try:
        for answer in collect(answerer, requests):
            yield answer.text, answer.end.reason if answer.end else None
    except InputError:
        if len(requests) == 1:
            yield "", None
            return
        for request in requests:
            yield from _answers(answerer, [request])


def _only(line: str, task: TaskClass) -> str | None:
    """The label that a line consists of, besides marks and words like “答案是”."""
    return label_of(_EDGE.sub("", line), task) or label_of(_EDGE.sub("", _LEAD.sub("", line, count=1)), task)


def _named(text: str, task: TaskClass) -> Iterator[str]:
    names = {name for label in task.labels for name in (label.id, label.name.zh, label.name.en)}
    longest = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    # A Latin name stands by itself: no is not part of know.
    for found in re.finditer(rf"(?i)(?<![a-z0-9_])(?:{longest})(?![a-z0-9_])", text):
        if label := label_of(found[0], task):
            yield label
