"""The section of answers: what lies behind a cell that was clicked, page by page. Knows no column."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from hesui.evaluate.drill import PAGE, behind, require_place
from hesui.ui import parts
from hesui.ui.leaderboard import answered
from hesui.ui.leaderboard.room import Room
from hesui.ui.page import html
from hesui.ui.room import CLICKS, QUIET, Updates, picked

TITLE = "lb.answers"
GO_THERE = "() => hesui.leaderboard.show('lb-answers')"


class Cell(NamedTuple):
    """The cell whose answers are shown."""

    evaluation: str = ""
    number: int = 0
    metric: str = ""
    offset: int = 0


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    answers: gr.HTML
    pager: gr.HTML
    notice: gr.HTML
    cell: gr.State


def build(room: Room, table: gr.HTML, settled: Any) -> None:
    """Lay out the section and wire it to the table; `settled` is the event after which the board is whole."""
    notice = html(elem_id="lb-answers-notice", elem_classes="notice")
    answers = html(parts.hint("lb.answers.hint"), elem_id="lb-answers")
    pager = html(elem_id="lb-answers-pager", js_on_load=CLICKS)
    w = Widgets(answers, pager, notice, gr.State(Cell()))
    desk = Desk(room, w)
    shown = list(w)
    opened = table.select(desk.open, room.filters, [*shown, room.tabs, room.where], **QUIET)
    opened.then(None, None, None, js=GO_THERE)
    pager.select(desk.turn, [w.cell, *room.filters], shown, **QUIET).then(None, None, None, js=GO_THERE)
    settled.then(desk.follow, [room.where, w.cell, *room.filters], shown, **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def open(self, event: gr.EventData, *filters: Any) -> Updates:
        """The answers behind the cell that was clicked."""

        def opened() -> Updates:
            asked = picked(event)
            evaluation, _, number = asked.get("cell", "").rpartition("/")
            cell = Cell(evaluation, int(number) if number.isdecimal() else -1, asked.get("metric", ""))
            return self._shown(cell, filters)

        there: Updates = {self._room.tabs: gr.Tabs(selected=TITLE), self._room.where: TITLE}
        return there | self._room.look(self._w.notice, opened)

    def turn(self, event: gr.EventData, cell: Cell, *filters: Any) -> Updates:
        """Another page."""
        page = picked(event).get("page", "")
        offset = int(page[:9]) if page.isdecimal() else 0
        return self._room.look(self._w.notice, lambda: self._shown(cell._replace(offset=offset), filters))

    def follow(self, where: str, cell: Cell, *filters: Any) -> Updates:
        """The filters may have changed: the same cell's answers among what they leave."""
        if where != TITLE or not cell.metric:
            return {self._w.notice: gr.skip()}
        return self._room.look(self._w.notice, lambda: self._shown(cell, filters))

    def _shown(self, cell: Cell, filters: tuple[Any, ...]) -> Updates:
        found, wanted = self._room.require(*filters)
        place = require_place(found, cell.evaluation, cell.number)
        page = behind(found, wanted, place, cell.metric, self._room.texts, cell.offset)
        return {
            self._w.answers: answered.page(page, found.systems[place], cell.metric, wanted.counter),
            self._w.pager: parts.pager(page.offset, len(page.asked), page.total, PAGE) if page.total > PAGE else "",
            self._w.cell: cell._replace(offset=page.offset),
        }
