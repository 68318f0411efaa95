"""Splits: an owner rules where reviewers disagree, one item after another. Knows neither database nor rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import gradio as gr

from hesui.store.reviewing import Reviewed
from hesui.store.surveying import Filter, Twin
from hesui.ui import parts
from hesui.ui.page import html
from hesui.ui.parts import Classes
from hesui.ui.render import say
from hesui.ui.review import detail, ruling
from hesui.ui.review.room import Room
from hesui.ui.review.ruling import Bench
from hesui.ui.room import CLICKS, QUIET, Updates, picked

TITLE = "review.splits"
SPLIT = Filter(state="split")


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    left: gr.HTML
    notice: gr.HTML
    at: gr.State  # which of the splits is shown, from 0


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    html(parts.hint("items.hint"))
    left = html(elem_id="splits-left", js_on_load=CLICKS)
    notice = html(elem_id="splits-notice", elem_classes="notice")
    with gr.Row(elem_classes="split"):
        with gr.Column(min_width=300, scale=6):
            card = html(elem_id="splits-item")
        with gr.Column(min_width=300, scale=5, elem_classes=["desk", "ro-bench"]):
            one = ruling.lay_out(room, "split", card)
    desk = Desk(room, Widgets(left, notice, gr.State(0)), Bench(room, one, both_sides))
    desk.wire(tab)


def both_sides(one: Reviewed, classes: Classes, twin: Twin | None) -> str:
    """An item with the decisions on it beside each other."""
    return detail.detail(one, classes, twin) + detail.sides(one, classes)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets, bench: Bench) -> None:
        self._room = room
        self._w = widgets
        self._bench = bench

    def wire(self, tab: gr.Tab) -> None:
        """Connect the widgets."""
        w = self._w
        mine = [w.left, w.at, w.notice]
        changed = [*self._bench.outputs, *mine]
        tab.select(self.look, w.at, changed, **QUIET)
        w.left.select(self.go, w.at, changed, **QUIET)
        self._bench.wire([w.at], mine, self.next)

    def look(self, request: gr.Request, at: int) -> Updates:
        """The split that was shown last, or the first."""
        return self._room.change(request, self._w.notice, lambda: self._shown(at))

    def go(self, request: gr.Request, event: gr.EventData, at: int) -> Updates:
        """Another split."""
        page = picked(event).get("page", "")
        place = int(page[:9]) if page.isdecimal() else at
        return self._room.change(request, self._w.notice, lambda: self._shown(place))

    def next(self, _id: str, view: Sequence[Any]) -> Updates:
        """What is in the place of the split that was ruled on: the next one."""
        return self._shown(int(view[0]))

    def _shown(self, at: int) -> Updates:
        survey = self._room.desk().survey
        total, page = survey.page(SPLIT, at, 1)
        if total and not page:
            at = 0  # the last one was ruled on
            total, page = survey.page(SPLIT, at, 1)
        one = page[0] if page else None
        shown = self._bench.show(one) if one else self._bench.nothing("splits.none")
        return shown | {self._w.left: turning(at, total) if one else "", self._w.at: at if one else 0}


def turning(at: int, total: int) -> str:
    """How many splits are left, with buttons for those before and after."""
    return (
        f'<nav class="pager"><span>{say("splits.left", n=total, at=at + 1)}</span>'
        f"{parts.turn('splits.before', at - 1, at > 0)}{parts.turn('splits.after', at + 1, at + 1 < total)}</nav>"
    )
