"""The demo items in the queue: how many there are, and their coming and going. Knows neither them nor other items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import gradio as gr

from hesui.review.items import DEMO
from hesui.ui import parts, render
from hesui.ui.page import html
from hesui.ui.review.room import Room
from hesui.ui.review.ruling import After
from hesui.ui.room import QUIET, Updates, button


class Widgets(NamedTuple):
    """Everything that a callback reads or writes."""

    line: gr.HTML
    remove: gr.Button
    add: gr.Button
    really: gr.Row
    yes: gr.Button
    no: gr.Button
    notice: gr.HTML


def lay_out(room: Room) -> Widgets:
    """Lay the widgets out."""
    labels = room.labels
    with gr.Column(elem_classes="ro-demo"):
        line = html(elem_id="demo-line")
        with gr.Row(elem_classes="actions"):
            remove = labels.make(gr.Button, button("demo.remove"), size="sm", elem_id="demo-remove")
            add = labels.make(gr.Button, button("demo.add"), size="sm", elem_id="demo-add")
        with gr.Row(visible=False, elem_classes="really", elem_id="demo-really") as really:
            html(f"<p>{render.say('demo.really')}</p>")
            yes = labels.make(
                gr.Button, button("really.yes"), size="sm", variant="stop", min_width=70, elem_id="demo-yes"
            )
            no = labels.make(gr.Button, button("really.no"), size="sm", min_width=70)
        notice = html(elem_id="demo-notice", elem_classes="notice")
    return Widgets(line, remove, add, really, yes, no, notice)


class Demo:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets
        self._after: After | None = None

    def wire(self, tab: gr.Tab, view: Sequence[Any], outputs: Sequence[Any], after: After) -> None:
        """`after` says what is shown, in `outputs`, once items came or went."""
        w = self._w
        self._after = after
        changed = [w.line, w.remove, w.add, w.really, w.notice]
        tab.select(self.count_demo, None, changed, **QUIET)
        w.remove.click(self.ask_demo, None, w.really, queue=False, **QUIET)
        w.no.click(self.keep_demo, None, w.really, queue=False, **QUIET)
        w.yes.click(self.remove_demo, view, [*changed, *outputs], trigger_mode="once", **QUIET)
        w.add.click(self.add_demo, view, [*changed, *outputs], trigger_mode="once", **QUIET)

    def count_demo(self) -> Updates:
        """How many demo items there are, which everybody may know."""
        return self._room.look(self._w.notice, self._counted)

    def ask_demo(self) -> Updates:
        """Ask before anything is lost."""
        return {self._w.really: gr.update(visible=True)}

    def keep_demo(self) -> Updates:
        """Ask no more."""
        return {self._w.really: gr.update(visible=False)}

    def remove_demo(self, request: gr.Request, *view: Any) -> Iterator[Updates]:
        """Remove the demo items."""

        def removed() -> Updates:
            n = self._room.desk().remove_demo()
            return self._changed(view) | {self._w.notice: render.note("demo.removed", n=n)}

        yield from self._room.slowly(self._w.notice, "data.working", removed, request)

    def add_demo(self, request: gr.Request, *view: Any) -> Iterator[Updates]:
        """Add the demo items that are not there."""

        def added() -> Updates:
            n = self._room.desk().add_demo()
            return self._changed(view) | {self._w.notice: render.note("demo.added", n=n)}

        yield from self._room.slowly(self._w.notice, "data.working", added, request)

    def _changed(self, view: Sequence[Any]) -> Updates:
        assert self._after is not None  # wired before anybody can press
        return self._after("", view) | self._counted()

    def _counted(self) -> Updates:
        w = self._w
        n = self._room.desk().survey.sources().get(DEMO, 0)
        line = f"<p>{render.say('demo.count', n=n)}</p>" if n else parts.hint("demo.none")
        return {
            w.line: line,
            w.remove: gr.update(interactive=n > 0),
            w.add: gr.update(interactive=n == 0),
            w.really: gr.update(visible=False),
        }
