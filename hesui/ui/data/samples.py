"""A run's answers, page by page, each with its count and verdict. Knows neither the database nor the rules."""

from __future__ import annotations

from html import escape
from typing import Any, Literal, NamedTuple

import gradio as gr

from hesui.corpus.rows import from_record
from hesui.distil.accepting import rule_of
from hesui.distil.composing import NAME
from hesui.distil.config import COMPOSER, config_of
from hesui.length import Counter
from hesui.store.distilling import Question, StoredAnswer
from hesui.ui import parts
from hesui.ui import render as words
from hesui.ui.data import board, render
from hesui.ui.data.room import Room
from hesui.ui.page import html
from hesui.ui.parts import Classes
from hesui.ui.room import CLICKS, QUIET, Updates, picked

TITLE = "data.samples"
STEP = 10  # samples on a page
KINDS = ("all", "accepted", "negative")
Kind = Literal["all", "accepted", "negative"]


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    only: gr.Dropdown
    kind: gr.Radio
    list: gr.HTML
    notice: gr.HTML


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    choices = room.class_choices(every=True)
    with gr.Row(elem_classes="fields"):
        only = room.labels.make(
            gr.Dropdown, lambda t: {"label": t("data.class"), "choices": choices(t)}, value="", filterable=False,
            elem_id="samples-class", min_width=160, scale=1,
        )  # fmt: skip
        kind = room.labels.make(
            gr.Radio,
            lambda t: {"label": t("samples.kind"), "choices": [(t(f"samples.{name}"), name) for name in KINDS]},
            value="all", elem_id="samples-kind", elem_classes="choice", scale=3,
        )  # fmt: skip
    notice = html(elem_id="samples-notice", elem_classes="notice")
    w = Widgets(only, kind, html(elem_id="samples", js_on_load=CLICKS), notice)
    desk = Desk(room, w)
    view, outputs = [room.run, w.only, w.kind], [w.list, w.notice]
    gr.on([tab.select, w.only.change, w.kind.change], desk.first, view, outputs, **QUIET)
    room.run.change(desk.follow, [room.open, *view], outputs, **QUIET)
    w.list.select(desk.turn, view, outputs, **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def first(self, run: str | None, only: str, kind: str) -> Updates:
        """The newest answers."""
        return self._room.look(self._w.notice, lambda: self._page(run, only, kind, 0))

    def follow(self, opened: str, run: str | None, only: str, kind: str) -> Updates:
        """The same once another run is chosen, where that is what is looked at."""
        return self.first(run, only, kind) if opened == TITLE else {self._w.notice: gr.skip()}

    def turn(self, run: str | None, only: str, kind: str, event: gr.EventData) -> Updates:
        """Another page."""
        page = picked(event).get("page", "")
        offset = int(page) if page.isdecimal() else 0
        return self._room.look(self._w.notice, lambda: self._page(run, only, kind, offset))

    def _page(self, run: str | None, only: str, kind: str, offset: int) -> Updates:
        store = self._room.store()
        found = store.run(run) if run else None
        if found is None:
            return {self._w.list: parts.hint("data.none_yet")}
        wanted: Any = None if kind not in KINDS or kind == "all" else kind
        total, answers = store.sample_answers(found.id, task=only or None, kind=wanted, offset=offset, limit=STEP)
        counter = config_of(found.config).counter
        shown = samples(answers, self._room.classes(), counter) if answers else parts.hint("samples.none")
        return {self._w.list: shown + parts.pager(offset, len(answers), total, STEP)}


def samples(answers: list[tuple[Question, StoredAnswer]], classes: Classes, counter: Counter) -> str:
    """Answers as cards."""
    return f'<div class="samples">{"".join(sample(question, answer, classes, counter) for question, answer in answers)}</div>'


def sample(question: Question, answer: StoredAnswer, classes: Classes, counter: Counter) -> str:
    """One answer with its prompt, its count, how it stands, and why it was not kept."""
    row = from_record(question.row)
    rule = rule_of(row.constraint, counter)
    stand = parts.stand_of(answer.text, row.constraint, rule)
    why = (
        f'<p class="why">{words.say("samples.rejected", reason=render.reason(answer.reason))}</p>'
        if answer.reason
        else ""
    )
    return (
        f'<article class="sample {answer.kind} {stand.state}"><header><span class="tag">'
        f'{parts.name_of(answer.task, classes)}</span><span class="wanted">{parts.wanted(row.constraint)}</span>'
        f'<span class="count">{stand.count}</span>{parts.verdict(stand)}</header>'
        f'<p class="asked">{parts.marked(row.prompt, row.constraint)}</p>'
        f'<div class="answer">{escape(answer.text)}</div>{why}'
        f"<footer>{_marks(question, answer, row.constraint)}</footer></article>"
    )


def _marks(question: Question, answer: StoredAnswer, constraint: Any) -> str:
    marks = [words.say("samples.try", n=answer.sample + 1), _by(answer.teacher)]
    if constraint is not None and constraint.op != "eq":
        low, high = constraint.band
        band = f"{0 if low is None else low}–{'∞' if high is None else high}"
        marks.insert(0, words.say("samples.band", band=band))
    if question.origin == "relabelled":
        marks.append(f'<span class="tag helped">{words.say("samples.relabelled")}</span>')
    return "".join(f"<span>{mark}</span>" for mark in marks)


def _by(teacher: str) -> str:
    if teacher in (COMPOSER, NAME):
        return board.teacher(COMPOSER, "")
    return words.say("samples.by", teacher=teacher)
