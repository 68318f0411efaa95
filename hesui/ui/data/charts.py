"""What a corpus is made of: classes with their examples, charts, length in tokens. Knows neither files nor tokenizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import gradio as gr

from hesui.corpus.rows import Row
from hesui.corpus.statistics import Statistics, describe
from hesui.ui import parts
from hesui.ui.data import plots, render
from hesui.ui.data.room import Room
from hesui.ui.page import html
from hesui.ui.room import BUSY, QUIET, Updates, button

TITLE = "data.overview"
SOURCES = ("seeds", "evaluation", "run")
ONCE = 'setTimeout(() => trigger("tick"), 0);'  # Gradio puts a tab up when it is first opened


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    source: gr.Radio
    tokens: gr.Button
    notice: gr.HTML
    shown: gr.HTML


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    with gr.Row(elem_classes="fields"):
        source = room.labels.make(
            gr.Radio,
            lambda t: {"label": t("source.label"), "choices": [(t(f"source.{name}"), name) for name in SOURCES]},
            value=SOURCES[0],
            elem_id="overview-source",
            elem_classes="choice",
            scale=4,
        )
        tokens = room.labels.make(gr.Button, button("source.tokens"), elem_id="overview-tokens", min_width=120)
    notice = html(elem_id="overview-notice", elem_classes="notice")
    w = Widgets(source, tokens, notice, html(elem_id="overview", js_on_load=ONCE))
    desk = Desk(room, w)
    outputs = [w.shown, w.notice]
    gr.on([tab.select, w.shown.tick, w.source.change], desk.show, [w.source, room.run], outputs, **BUSY)
    room.run.change(desk.follow, [room.open, w.source, room.run], outputs, **QUIET)
    w.tokens.click(desk.count, [w.source, room.run], outputs, **BUSY)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def show(self, source: str, run: str | None) -> Updates:
        """The chosen corpus in figures and charts."""
        return self._room.look(self._w.notice, lambda: self._shown(describe(self._rows(source, run))))

    def follow(self, opened: str, source: str, run: str | None) -> Updates:
        """The same once another run is chosen, where that is what is looked at."""
        return self.show(source, run) if opened == TITLE and source == "run" else {self._w.notice: gr.skip()}

    def count(self, source: str, run: str | None) -> Iterator[Updates]:
        """The same with the length in tokens of the chosen base."""

        def counted() -> Updates:
            from hesui.models.tokens import token_length

            return self._shown(describe(self._rows(source, run), token_length(self._room.settings)))

        yield from self._room.slowly(self._w.notice, "data.working", counted)

    def _rows(self, source: str, run: str | None) -> Iterable[Row]:
        from hesui.corpus.seeds import load_evaluation, load_seeds
        from hesui.distil.harvest import training_rows

        if source == "run":
            return training_rows(self._room.store(), run, self._room.classes()) if run else ()
        return load_evaluation() if source == "evaluation" else load_seeds(self._room.settings)

    def _shown(self, found: Statistics) -> Updates:
        classes = self._room.classes()
        body = plots.charts(found, classes) + plots.tokens(found.tokens) if found.rows else parts.hint("source.empty")
        return {self._w.shown: plots.summary(found) + body + render.overview(classes, found.classes)}
