"""Items: an owner looks for some, opens one, sees all that happened to it and rules. Knows neither database nor rules.

Whoever may still decide on an item must not see what others decided, so every answer here is for owners alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import gradio as gr

from hesui.errors import InputError
from hesui.store.reviewing import STATES, Reviewed
from hesui.store.surveying import Filter
from hesui.ui import parts
from hesui.ui.page import html
from hesui.ui.review import bulk, demo, detail, ruling
from hesui.ui.review.bulk import Bulk
from hesui.ui.review.demo import Demo
from hesui.ui.review.room import Room
from hesui.ui.review.ruling import Bench, Shown
from hesui.ui.room import CLICKS, QUIET, Choices, Updates, picked, says, unchecked

TITLE = "review.items"
STEP = 20  # items on a page
VERDICTS = ("accept", "edit", "reject")
EVERY = "全部 / all"  # in choices that come from the database and know no language

# On a phone, what a click brings lies above or below the screen.
TO_LIST = """() => { const list = document.getElementById("items-list");
if (list?.getBoundingClientRect().top < 0) list.scrollIntoView({ behavior: "smooth" }); return []; }"""
TO_ITEM = """() => { const item = document.getElementById("items-item"), top = item?.getBoundingClientRect().top ?? 0;
if (top < 0 || top > 0.8 * innerHeight) item.scrollIntoView({ behavior: "smooth" }); return []; }"""


class View(NamedTuple):
    """What the section shows: a page of the items that are meant, and the one that is open."""

    offset: int
    shown: Shown
    search: str
    task: str
    state: str
    verdict: str
    reviewer: str
    source: str

    @property
    def filter(self) -> Filter:
        """Which items are meant."""
        return Filter(**{name: str(getattr(self, name) or "") for name in FILTERS})


FILTERS = View._fields[2:]


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    search: gr.Textbox
    task: gr.Dropdown
    state: gr.Dropdown
    verdict: gr.Dropdown
    reviewer: gr.Dropdown
    source: gr.Dropdown
    list: gr.HTML
    pager: gr.HTML
    notice: gr.HTML
    offset: gr.State


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    html(parts.hint("items.hint"))
    filters = _filters(room)
    notice = html(elem_id="items-notice", elem_classes="notice")
    with gr.Row(elem_classes="split"):
        with gr.Column(min_width=300, scale=6):
            listed = html(elem_id="items-list", js_on_load=CLICKS)
            pager = html(elem_id="items-pager", js_on_load=CLICKS)
            many = bulk.lay_out(room)
            samples = demo.lay_out(room)
        with gr.Column(min_width=300, scale=5, elem_classes=["desk", "ro-bench"]):
            card = html(parts.hint("items.choose"), elem_id="items-item")
            one = ruling.lay_out(room, "item", card)
    w = Widgets(*filters, listed, pager, notice, gr.State(0))
    desk = Desk(room, w, Bench(room, one, detail.detail))
    view = [w.offset, one.shown, *filters]
    _wire(w, tab, view, desk)
    Bulk(room, many).wire(view, filters, desk.outputs, desk.filtered, desk.refreshed)
    Demo(room, samples).wire(tab, view, [*desk.outputs, w.reviewer, w.source], desk.renewed)


def _filters(room: Room) -> tuple[gr.Textbox, gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.Dropdown, gr.Dropdown]:
    with gr.Row(elem_classes=["fields", "ro-filters"]):
        search = room.labels.make(
            gr.Textbox, says("items.search", placeholder="items.search.placeholder"), elem_id="items-search",
            min_width=150, scale=2,
        )  # fmt: skip
        return (
            search,
            _choice(room, "data.class", room.class_choices(every=True), "items-class"),
            _choice(room, "items.state", _states, "items-state"),
            _choice(room, "items.verdict", _verdicts(room), "items-verdict"),
            _living(room, "items.reviewer", "items-reviewer"),
            _living(room, "items.source", "items-source"),
        )


def _choice(room: Room, key: str, choices: Choices, name: str) -> gr.Dropdown:
    made = room.labels.make(
        gr.Dropdown, lambda t: {"label": t(key), "choices": choices(t)}, value="", filterable=False, elem_id=name,
        min_width=120,
    )  # fmt: skip
    return unchecked(made)


def _living(room: Room, key: str, name: str) -> gr.Dropdown:
    """A choice of what comes and goes with the queue."""
    made = room.labels.make(
        gr.Dropdown, says(key), choices=[(EVERY, "")], value="", filterable=False, elem_id=name, min_width=120
    )
    return unchecked(made)


def _states(look_up: Callable[[str], str]) -> list[tuple[str, str]]:
    return [(look_up("items.state.all"), ""), *((look_up(f"item.{one}"), one) for one in STATES)]


def _verdicts(room: Room) -> Choices:
    labels = {label.id: label.name for task in room.named.values() for label in task.labels}

    def choices(look_up: Callable[[str], str]) -> list[tuple[str, str]]:
        named = [(look_up(f"choice.{one}"), one) for one in VERDICTS]
        named += [(getattr(name, look_up("lang.code")), id) for id, name in labels.items()]
        return [(look_up("items.verdict.all"), ""), *named]

    return choices


def _wire(w: Widgets, tab: gr.Tab, view: Sequence[Any], desk: Desk) -> None:
    listed = [w.list, w.pager, w.offset, w.notice]
    tab.select(desk.opened, view, [*listed, w.reviewer, w.source], **QUIET)
    changes = [w.search.change, w.task.change, w.state.change, w.verdict.change, w.reviewer.change, w.source.change]
    gr.on(changes, desk.first, view, listed, trigger_mode="always_last", **QUIET)
    w.pager.select(desk.turn, view, listed, **QUIET).then(None, None, None, js=TO_LIST)
    w.list.select(desk.pick, view, desk.outputs, **QUIET).then(None, None, None, js=TO_ITEM)
    desk.bench.wire(view, listed, desk.refreshed)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets, bench: Bench) -> None:
        self._room = room
        self._w = widgets
        self.bench = bench

    @property
    def outputs(self) -> list[Any]:
        """What changes when something happened to items."""
        w = self._w
        return [w.list, w.pager, w.offset, w.notice, *self.bench.outputs]

    def opened(self, request: gr.Request, *view: Any) -> Updates:
        """The items, and what can be chosen among by now."""
        return self._room.change(request, self._w.notice, lambda: self._listed(View(*view)) | self._choices())

    def first(self, request: gr.Request, *view: Any) -> Updates:
        """The first page of what is looked for."""
        wanted = View(*view)._replace(offset=0)
        return self._room.change(request, self._w.notice, lambda: self._listed(wanted))

    def turn(self, request: gr.Request, event: gr.EventData, *view: Any) -> Updates:
        """Another page."""
        page = picked(event).get("page", "")
        wanted = View(*view)._replace(offset=int(page[:9]) if page.isdecimal() else 0)
        return self._room.change(request, self._w.notice, lambda: self._listed(wanted))

    def pick(self, request: gr.Request, event: gr.EventData, *view: Any) -> Updates:
        """Open the item that was clicked."""
        id = picked(event).get("pick", "")
        return self._room.change(request, self._w.notice, lambda: self._opened(id, View(*view)))

    def filtered(self, view: Sequence[Any]) -> Filter:
        """Which items are meant."""
        return View(*view).filter

    def refreshed(self, id: str, view: Sequence[Any]) -> Updates:
        """The same page once something happened to its items, with the item `id`, or else the one that is open."""
        wanted = View(*view)
        found = self._room.desk().survey.reviewed(id or wanted.shown.id)
        if found is None:
            return self.bench.nothing("items.choose") | self._listed(wanted._replace(shown=Shown()))
        return self._with(found, wanted)

    def renewed(self, id: str, view: Sequence[Any]) -> Updates:
        """The same with new choices, once items came or went."""
        return self.refreshed(id, view) | self._choices()

    def _opened(self, id: str, view: View) -> Updates:
        found = self._room.desk().survey.reviewed(id)
        if found is None:
            raise InputError("this item is not there any more; choose another", "error.review_gone")
        return self._with(found, view)

    def _with(self, one: Reviewed, view: View) -> Updates:
        shown = self.bench.show(one)
        return shown | self._listed(view._replace(shown=Shown(one.entry.item.id)))

    def _listed(self, view: View) -> Updates:
        survey = self._room.desk().survey
        total, found = survey.page(view.filter, view.offset, STEP)
        if total and not found:  # others ruled on the items of the last page
            view = view._replace(offset=(total - 1) // STEP * STEP)
            total, found = survey.page(view.filter, view.offset, STEP)
        return {
            self._w.list: detail.listing(found, self._room.classes(), view.shown.id),
            self._w.pager: parts.pager(view.offset, len(found), total, STEP),
            self._w.offset: view.offset,
        }

    def _choices(self) -> Updates:
        survey = self._room.desk().survey
        every = (EVERY, "")
        return {
            self._w.reviewer: gr.update(choices=[every, *((name, name) for name in survey.reviewers())]),
            self._w.source: gr.update(choices=[every, *((name, name) for name in sorted(survey.sources()) if name)]),
        }
