"""Where an owner rules on one item: accept, reject, an edit, a label, reopen, gold. Knows no list of items.

A section that shows items lays this out beside them and says what is to be shown after a ruling.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any, NamedTuple

import gradio as gr

from hesui.errors import InputError
from hesui.review.checks import counter_of, twin_of
from hesui.review.decisions import LONGEST_NOTE, LONGEST_TEXT, read_decision, read_key
from hesui.review.items import asked_row
from hesui.store.reviewing import REASONS, Item, Reviewed
from hesui.store.surveying import Twin
from hesui.ui import render
from hesui.ui.page import html
from hesui.ui.parts import Classes, hint
from hesui.ui.review import detail
from hesui.ui.review.card import measure
from hesui.ui.review.room import Room, reviewer_of
from hesui.ui.room import CLICKS, QUIET, Updates, button, picked, says

OWNER = "owner"  # who rules where nobody signs in
GOLD = ("accept", "reject")  # what the answer to a gold item can be, where it is no label

Draw = Callable[[Reviewed, Classes, Twin | None], str]
After = Callable[[str, Sequence[Any]], Updates]  # the id that was ruled on, and the values of the section's own widgets


class Shown(NamedTuple):
    """The item that is being looked at."""

    id: str = ""
    key: str = ""  # of the ruling that comes next, so that it counts once


class Widgets(NamedTuple):
    """Everything that a callback reads or writes."""

    card: gr.HTML
    acts: gr.HTML
    note: gr.Textbox
    fields: gr.Column
    reason: gr.Radio
    reject: gr.Button
    edit: gr.Textbox
    counted: gr.HTML
    save: gr.Button
    story: gr.HTML
    notice: gr.HTML
    shown: gr.State


def lay_out(room: Room, name: str, card: gr.HTML) -> Widgets:
    """Lay the widgets out; `card` is where the item itself is shown."""
    labels = room.labels
    notice = html(elem_id=f"{name}-notice", elem_classes="notice")
    acts = html(elem_id=f"{name}-acts", js_on_load=CLICKS)
    note = labels.make(gr.Textbox, says("rule.note"), max_length=LONGEST_NOTE, visible=False, elem_id=f"{name}-note")
    with gr.Column(visible=False, elem_classes="ro-fields") as fields:
        reason = reasons(room, f"{name}-reason")
        with gr.Row(elem_classes="actions"):
            reject = labels.make(gr.Button, button("rule.reject"), elem_id=f"{name}-reject")
        edit = labels.make(
            gr.Textbox, says("rule.edit"), lines=4, max_lines=14, max_length=LONGEST_TEXT, elem_id=f"{name}-edit"
        )
        counted = html(elem_id=f"{name}-counted")
        with gr.Row(elem_classes="actions"):
            save = labels.make(gr.Button, button("rule.save"), elem_id=f"{name}-save")
    story = html(elem_id=f"{name}-story")
    return Widgets(card, acts, note, fields, reason, reject, edit, counted, save, story, notice, gr.State(Shown()))


def reasons(room: Room, name: str) -> gr.Radio:
    """A choice of the reasons for a rejection."""
    return room.labels.make(
        gr.Radio,
        lambda t: {"label": t("rule.reason"), "choices": [(t(f"reason.{one}"), one) for one in REASONS]},
        value=REASONS[0], elem_id=name, elem_classes="choice",
    )  # fmt: skip


class Bench:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets, draw: Draw) -> None:
        self._room = room
        self._w = widgets
        self._draw = draw
        self._after: After | None = None

    @property
    def outputs(self) -> list[Any]:
        """The widgets that change when another item is shown."""
        w = self._w
        return [w.card, w.acts, w.note, w.fields, w.reason, w.edit, w.counted, w.story, w.shown, w.notice]

    def wire(self, view: Sequence[Any], outputs: Sequence[Any], after: After) -> None:
        """`after` says what is shown once an item was ruled on; `view` and `outputs` are what it reads and writes."""
        w, changed = self._w, [*self.outputs, *outputs]
        self._after = after
        w.acts.select(self.press, [w.note, *view], changed, trigger_mode="once", **QUIET)
        w.reject.click(self.reject, [w.shown, w.reason, w.note, *view], changed, trigger_mode="once", **QUIET)
        w.save.click(self.save, [w.shown, w.edit, w.note, *view], changed, trigger_mode="once", **QUIET)
        w.edit.change(self.live, [w.shown, w.edit], w.counted, queue=False, **QUIET)

    def show(self, one: Reviewed) -> Updates:
        """Another item, ready to be ruled on; the owner has been asked for already."""
        w, item, classes = self._w, one.entry.item, self._room.classes()
        shown = Shown(item.id, token_hex(8))
        twin = twin_of(self._room.desk().survey, one.text, item.id) if item.kind == "answer" else None
        return {
            w.card: self._draw(one, classes, twin),
            w.acts: detail.acts(one, classes, shown.key),
            w.note: gr.update(value="", visible=True),
            w.fields: gr.update(visible=item.kind == "answer"),
            w.reason: REASONS[0],
            w.edit: one.text,
            w.counted: _counted(item, one.text),
            w.story: detail.story(one, classes),
            w.shown: shown,
        }  # fmt: skip

    def nothing(self, key: str) -> Updates:
        """No item; `key` is the text that says why."""
        w = self._w
        hidden = gr.update(visible=False)
        return {w.card: hint(key), w.acts: "", w.note: hidden, w.fields: hidden, w.story: "", w.shown: Shown()}

    def press(self, request: gr.Request, event: gr.EventData, note: str, *view: Any) -> Updates:
        """A button that needs no words: accept, a label, reopen, gold."""
        return self._room.change(request, self._w.notice, lambda: self._pressed(request, picked(event), note, view))

    def reject(self, request: gr.Request, shown: Shown, reason: str, note: str, *view: Any) -> Updates:
        """Reject the item that is shown."""
        record = {"action": "reject", "reason": reason, "note": note}
        return self._room.change(request, self._w.notice, lambda: self._ruled(request, shown, record, view))

    def save(self, request: gr.Request, shown: Shown, edit: str, note: str, *view: Any) -> Updates:
        """Accept the item that is shown as it was edited."""
        record = {"action": "edit", "text": edit, "note": note}
        return self._room.change(request, self._w.notice, lambda: self._ruled(request, shown, record, view))

    def live(self, request: gr.Request, shown: Shown, edit: str) -> Updates:
        """How the edited text stands to the demand."""

        def counted() -> Updates:
            item = self._room.desk().require(shown.id) if shown.id else None
            return {self._w.counted: _counted(item, edit[: LONGEST_TEXT + 1]) if item else ""}

        return self._room.change(request, self._w.counted, counted)

    def _pressed(self, request: gr.Request, clicked: Mapping[str, str], note: str, view: Sequence[Any]) -> Updates:
        act, value = clicked.get("act", ""), clicked.get("value", "")
        shown = Shown(clicked.get("pick", ""), clicked.get("key", ""))
        if act in ("accept", "label"):
            return self._ruled(request, shown, {"action": act, "label": value, "note": note}, view)
        desk = self._room.desk()
        item = desk.require(shown.id)
        if act == "reopen":
            desk.queue.reopen(reviewer_of(request, OWNER), item.id, read_key(shown.key))
            return self._told(item, view, render.note("rule.reopened"))
        if act == "gold":
            desk.queue.set_gold(item.id, _gold(item, value, self._room.classes()))
            return self._told(item, view, render.note("rule.gold.done"))
        if act == "ungold":
            desk.queue.set_gold(item.id, None)
            return self._told(item, view, render.note("rule.gold.undone"))
        return {}

    def _ruled(self, request: gr.Request, shown: Shown, record: Mapping[str, Any], view: Sequence[Any]) -> Updates:
        if not shown.id:
            raise InputError("choose an item first", "error.review_none")
        desk, classes = self._room.desk(), self._room.classes()
        event = desk.rule(reviewer_of(request, OWNER), shown.id, {**record, "key": shown.key}, classes)
        item = desk.require(shown.id)
        verdict = detail.choice_words(event.choice, item, classes)
        return self._told(item, view, render.note("rule.done", verdict=verdict))

    def _told(self, item: Item, view: Sequence[Any], note: str) -> Updates:
        assert self._after is not None  # wired before anybody can press
        return self._after(item.id, view) | {self._w.notice: note}


def _counted(item: Item, text: str) -> str:
    return measure(text, asked_row(item).constraint, counter_of(item)) if item.kind == "answer" else ""


def _gold(item: Item, value: str, classes: Classes) -> str:
    """The known answer of a gold item. Raises InputError where it cannot be one."""
    if item.kind == "label":
        return read_decision({"action": "label", "label": value, "key": token_hex(8)}, item, classes).choice
    if value not in GOLD:
        raise InputError(
            f"{value[:40]!r} cannot be the answer to a gold item; allowed: {', '.join(GOLD)}",
            "error.review_gold", value=value[:40],
        )  # fmt: skip
    return value
