"""An item as HTML: the prompt with its demand, the answer with its count, findings and facts.

Pure functions; everything from outside is escaped. Knows neither the queue nor who looks.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from hesui.corpus.chatlog import LabelItem
from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row
from hesui.distil.composing import NAME
from hesui.length import Constraint, Counter
from hesui.records import Message
from hesui.review.checks import Badge, badges, counter_of
from hesui.review.items import DEMO, asked_label, asked_row
from hesui.store.reviewing import Item
from hesui.store.surveying import Twin
from hesui.ui import parts
from hesui.ui.parts import Classes
from hesui.ui.render import both, ruler, ruler_end, say
from hesui.ui.texts import Text, demand

SHAPE = {"good": "✓", "bad": "!"}


def card(item: Item, classes: Classes, twin: Twin | None = None) -> str:
    """An item before it is decided; `twin` is an accepted answer that is nearly equal."""
    asked = _asked_for_label(asked_label(item), classes) if item.kind == "label" else _question(asked_row(item))
    judged = "" if item.kind == "label" else _answer(item, twin)
    return (
        f'<article class="rv-card {item.kind}" data-item="{escape(item.id)}">'
        f"<header>{_heading(item, classes)}</header>{asked}{judged}<footer>{_facts(item)}</footer></article>"
    )


def _heading(item: Item, classes: Classes) -> str:
    tags = [f'<span class="tag">{parts.name_of(item.task, classes)}</span>']
    if item.source == DEMO:
        tags.append(f'<span class="tag demo">{say("review.demo")}</span>')
    return "".join(tags)


def _question(row: Row) -> str:
    wanted = f'<p class="rv-demand">{say("review.demand")} <b>{parts.wanted(row.constraint)}</b></p>'
    return (
        f'<section class="rv-asked"><h3>{say("review.prompt")}</h3>{_turns(row.history)}'
        f'<p class="rv-prompt">{marked_all(row.prompt, row.constraint)}</p>{wanted}</section>'
    )


def _turns(history: Iterable[Message]) -> str:
    turns = "".join(
        f'<li class="{turn.role}"><b>{say(f"review.role.{turn.role}")}</b> {escape(turn.content)}</li>'
        for turn in history
    )
    return f'<ol class="rv-turns">{turns}</ol>' if turns else ""


def marked_all(prompt: str, constraint: Constraint | None) -> str:
    """A prompt with its demand marked, and its further demands more softly."""
    if constraint is None:
        return escape(prompt)
    spans = [(one.span, "" if one is constraint else "more") for one in (constraint, *constraint.extra) if one.span]
    told, at = "", 0
    for span, kind in sorted(spans, key=lambda pair: pair[0] or (0, 0)):
        assert span is not None  # left out above
        if span.start >= at and span.end <= len(prompt):
            inside = escape(prompt[span.start : span.end])
            told += f'{escape(prompt[at : span.start])}<mark class="{kind}">{inside}</mark>'
            at = span.end
    return told + escape(prompt[at:])


def _answer(item: Item, twin: Twin | None) -> str:
    constraint, counter = asked_row(item).constraint, counter_of(item)
    return (
        f'<section class="rv-answer"><h3>{say("review.answer")}</h3>'
        f'<div class="answer" lang="{"zh-CN" if item.language == "zh" else "en"}">{escape(item.text)}</div>'
        f"{measure(item.text, constraint, counter)}"
        f"{findings(badges(item.text, constraint, counter, twin))}</section>"
    )


def measure(text: str, constraint: Constraint | None, counter: Counter) -> str:
    """The count of a text, how it stands to the demand, and a ruler with the band."""
    stand = parts.stand_of(text, constraint, counter)
    return (
        f'<div class="rv-measure {stand.state}"><span class="count">{stand.count}</span>'
        f'<span class="rv-band">{_band(constraint, counter)}</span>{parts.verdict(stand) if constraint else ""}</div>'
        f"{ruler(constraint, stand.count, ruler_end(constraint, [stand.count]))}"
    )


def _band(constraint: Constraint | None, counter: Counter) -> str:
    rule = say(f"counter.{counter}")
    if constraint is None:
        return f"{rule} · {say('pane.no_demand')}"
    low, high = constraint.band
    band = str(low) if low == high else f"{low or 0}–{'∞' if high is None else high}"
    return f"{rule if constraint.unit == 'char' else both(demand(constraint))} · {say('samples.band', band=band)}"


def findings(found: Iterable[Badge]) -> str:
    """The automatic findings as badges."""
    return f'<ul class="rv-badges">{"".join(map(_badge, found))}</ul>'


def _badge(badge: Badge) -> str:
    words = f" <q>{parts.short(badge.found, 60)}</q>" if badge.found else ""
    more = f" {both(demand(badge.demand))}" if badge.demand else ""
    return (
        f'<li class="rv-badge {badge.level}" data-badge="{badge.key}"><b aria-hidden="true">{SHAPE[badge.level]}</b> '
        f"{say(f'badge.{badge.key}')}{more}{words}</li>"
    )


def _asked_for_label(asked: LabelItem, classes: Classes) -> str:
    task = classes.get(asked.task)
    question = both(Text(task.question.zh, task.question.en)) if task and task.question else ""
    context = "".join(f"<li><b>{escape(said.speaker)}</b> {escape(said.text)}</li>" for said in asked.context)
    before = f'<h3>{say("review.context")}</h3><ol class="rv-turns">{context}</ol>' if context else ""
    speaker = f"<b>{escape(asked.speaker)}</b> " if asked.speaker else ""
    return (
        f'<section class="rv-asked">{before}</section><section class="rv-answer"><h3>{question}</h3>'
        f'<div class="answer">{speaker}{escape(asked.text)}</div></section>'
    )


def suggestion(given: Any, task: TaskClass | None) -> str:
    """A teacher's suggestion on a label item: the label, its clues, its reasons."""
    if not isinstance(given, dict):
        return say("review.no_suggestion")
    clues = given.get("clues") or ()
    quoted = "、".join(f"<q>{escape(str(clue))}</q>" for clue in clues) if isinstance(clues, (list, tuple)) else ""
    reasons = escape(str(given.get("reasoning") or ""))
    return (
        f"<b>{say('review.suggested', label=label_name(str(given.get('label', '')), task))}</b> "
        f'{quoted} <span class="rv-why">{reasons}</span>'
    )


def label_name(id: str, task: TaskClass | None) -> Text:
    """A label in words; its id where its class does not know it."""
    found = next((label for label in task.labels if label.id == id), None) if task else None
    return Text(found.name.zh, found.name.en) if found else Text(id, id)


def _facts(item: Item) -> str:
    facts = []
    if item.kind == "answer":
        teacher = say("review.composer") if item.teacher == NAME else escape(item.teacher or "–")
        facts.append(say("review.teacher") + f" {teacher}")
        if item.attempt:
            facts.append(say("samples.try", n=item.attempt))
    source = "" if item.source == DEMO else escape(item.source)
    if source:
        facts.append(f"{say('review.source')} {source}")
    return "".join(f"<span>{fact}</span>" for fact in facts)
