"""Seeds: search them, edit one, add, delete, go back to the shipped ones. Knows neither their file nor how they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from hesui.corpus.classes import require_class
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.length import parse
from hesui.requests import validate_prompt
from hesui.ui import parts
from hesui.ui import render as words
from hesui.ui.data import render
from hesui.ui.data.room import Room
from hesui.ui.page import html
from hesui.ui.room import CLICKS, QUIET, Updates, button, picked, says, unchecked
from hesui.ui.texts import Text, text

TITLE = "data.seeds"
STEP = 12  # seeds on a page


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    search: gr.Textbox
    only: gr.Dropdown
    list: gr.HTML
    title: gr.HTML
    task: gr.Dropdown
    prompt: gr.Textbox
    chip: gr.HTML
    reference: gr.Textbox
    counted: gr.HTML
    licence: gr.Textbox
    save: gr.Button
    blank: gr.Button
    delete: gr.Button
    reset: gr.Button
    delete_really: Really
    reset_really: Really
    notice: gr.HTML
    chosen: gr.State  # the id of the seed in the editor, or None
    offset: gr.State


class Really(NamedTuple):
    """A question asked before something is lost."""

    row: gr.Row
    yes: gr.Button
    no: gr.Button


class View(NamedTuple):
    """What the list shows."""

    search: str
    only: str
    offset: int
    chosen: str | None


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    labels = room.labels
    with gr.Row(elem_classes="split"):
        with gr.Column(min_width=300, scale=5):
            with gr.Row(elem_classes="fields"):
                search = labels.make(
                    gr.Textbox, says("seeds.search", placeholder="seeds.search.placeholder"), elem_id="seeds-search",
                    min_width=150, scale=3,
                )  # fmt: skip
                only = _classes(room, "seeds-class", every=True)
            listed = html(elem_id="seeds-list", js_on_load=CLICKS)
        with gr.Column(min_width=300, scale=6, elem_classes="desk"):
            title = html(_title(None), elem_id="seed-title")
            task = _classes(room, "seed-class")
            prompt = labels.make(gr.Textbox, says("seeds.prompt"), lines=3, max_lines=10, elem_id="seed-prompt")
            chip = html(words.chip("", None), elem_id="seed-chip")
            reference = labels.make(
                gr.Textbox, says("seeds.reference"), lines=6, max_lines=16, elem_id="seed-reference"
            )
            counted = html(render.reference("", None), elem_id="seed-counted")
            licence = labels.make(gr.Textbox, says("seeds.licence"), value="CC-BY-4.0", elem_id="seed-licence")
            notice = html(elem_id="seeds-notice", elem_classes="notice")
            with gr.Row(elem_classes="actions"):
                save = labels.make(gr.Button, button("seeds.save"), variant="primary", elem_id="seed-save")
                blank = labels.make(gr.Button, button("seeds.blank"), elem_id="seed-blank")
                delete = labels.make(gr.Button, button("seeds.delete"), interactive=False, elem_id="seed-delete")
                reset = labels.make(gr.Button, button("seeds.reset"), elem_id="seeds-reset")
            delete_really = _really(room, "seeds.delete_really", "seed-delete")
            reset_really = _really(room, "seeds.reset_really", "seeds-reset")
    w = Widgets(
        search, only, listed, title, task, prompt, chip, reference, counted, licence, save, blank, delete, reset,
        delete_really, reset_really, notice, gr.State(None), gr.State(0),
    )  # fmt: skip
    _wire(room, w, tab)


def _classes(room: Room, name: str, every: bool = False) -> gr.Dropdown:
    choices = room.class_choices(every)
    first = "" if every else next(iter(room.named), None)
    made = room.labels.make(
        gr.Dropdown,
        lambda t: {"label": t("data.class"), "choices": choices(t)},
        value=first,
        filterable=False,
        elem_id=name,
        min_width=130,
        scale=2,
    )
    return unchecked(made)


def _really(room: Room, key: str, name: str) -> Really:
    with gr.Row(visible=False, elem_classes="really", elem_id=f"{name}-really") as row:
        html(f"<p>{words.say(key)}</p>")
        yes = room.labels.make(
            gr.Button, button("really.yes"), size="sm", variant="stop", min_width=70, elem_id=f"{name}-yes"
        )
        no = room.labels.make(gr.Button, button("really.no"), size="sm", min_width=70)
    return Really(row, yes, no)


def _wire(room: Room, w: Widgets, tab: gr.Tab) -> None:
    desk = Desk(room, w)
    view = [w.search, w.only, w.chosen]
    editor = [w.task, w.prompt, w.reference, w.licence]
    filled = [w.title, *editor, w.delete, w.chosen]

    gr.on([tab.select, w.search.change, w.only.change], desk.first, view, [w.list, w.offset, w.notice], **QUIET)
    w.list.select(desk.picked, [*view, w.offset], [*filled, w.list, w.offset, w.notice], **QUIET)
    gr.on([w.prompt.change, w.reference.change], desk.live, [w.prompt, w.reference], [w.chip, w.counted],
          queue=False, **QUIET)  # fmt: skip
    w.blank.click(desk.blank, [*view, w.offset], [*filled, w.list, w.notice], queue=False, **QUIET)

    changed = [*filled, w.list, w.offset, w.notice, w.delete_really.row, w.reset_really.row]
    w.save.click(desk.save, [*view, w.offset, *editor], changed, **QUIET)
    w.delete_really.yes.click(desk.delete, [*view, w.offset], changed, **QUIET)
    w.reset_really.yes.click(desk.reset, view, changed, **QUIET)
    for ask, really in ((w.delete, w.delete_really), (w.reset, w.reset_really)):
        ask.click(lambda: gr.update(visible=True), None, really.row, queue=False, **QUIET)
        really.no.click(lambda: gr.update(visible=False), None, really.row, queue=False, **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def first(self, search: str, only: str, chosen: str | None) -> Updates:
        """The first page of what is searched for."""
        view = View(search, only or "", 0, chosen)
        return self._room.look(self._w.notice, lambda: self._listed(view) | {self._w.offset: 0})

    def picked(self, search: str, only: str, chosen: str | None, offset: int, event: gr.EventData) -> Updates:
        """Open the seed that was clicked, or turn the page."""
        clicked = picked(event)
        view = View(search, only or "", offset, chosen)
        if clicked.get("page", "").isdecimal():
            turned = view._replace(offset=int(clicked["page"]))
            return self._room.look(self._w.notice, lambda: self._listed(turned) | {self._w.offset: turned.offset})
        return self._room.look(self._w.notice, lambda: self._opened(view, clicked.get("pick", "")))

    def blank(self, search: str, only: str, _chosen: str | None, offset: int) -> Updates:
        """An empty editor."""
        view = View(search, only or "", offset, None)
        return self._room.look(self._w.notice, lambda: self._cleared() | self._listed(view))

    def live(self, prompt: str, reference: str) -> list[str]:
        """The demand and the count of what has been typed."""
        limit = self._room.settings.max_prompt
        if max(len(prompt), len(reference)) > limit:
            error = InputError("too long", "error.prompt_too_long", count=max(len(prompt), len(reference)), limit=limit)
            return [words.problem(error), ""]
        found = parse(prompt)
        return [words.chip(prompt, found), render.reference(reference, found)]

    def save(
        self, request: gr.Request, search: str, only: str, chosen: str | None, offset: int, *editor: str | None
    ) -> Updates:
        """Put what is in the editor among the seeds."""
        view = View(search, only or "", offset, chosen)
        return self._room.change(request, self._w.notice, lambda: self._saved(view, *editor))

    def delete(self, request: gr.Request, search: str, only: str, chosen: str | None, offset: int) -> Updates:
        """Leave out the seed in the editor."""
        view = View(search, only or "", offset, chosen)
        return self._room.change(request, self._w.notice, lambda: self._deleted(view))

    def reset(self, request: gr.Request, search: str, only: str, _chosen: str | None) -> Updates:
        """Go back to the shipped seeds."""
        view = View(search, only or "", 0, None)
        return self._room.change(request, self._w.notice, lambda: self._reset(view))

    def _listed(self, view: View) -> Updates:
        rows = self._found(view)
        offset = view.offset if view.offset < len(rows) else 0
        page = rows[offset : offset + STEP]
        listed = render.seeds(page, self._room.classes(), view.chosen)
        return {self._w.list: listed + parts.pager(offset, len(page), len(rows), STEP)}

    def _found(self, view: View) -> Sequence[Row]:
        sought = view.search.strip().casefold()
        return [
            row
            for row in self._seeds()
            if (not view.only or row.task == view.only)
            and any(sought in text.casefold() for text in (row.prompt, row.reference or "", row.id))
        ]

    def _seeds(self) -> list[Row]:
        from hesui.corpus.seeds import load_seeds

        return load_seeds(self._room.settings)

    def _opened(self, view: View, id: str) -> Updates:
        row = next((row for row in self._seeds() if row.id == id), None)
        if row is None:
            raise InputError(f"there is no seed {id!r} any more", "seeds.gone")
        w = self._w
        return {
            w.title: _title(row.id), w.task: row.task, w.prompt: row.prompt, w.reference: row.reference or "",
            w.licence: row.licence, w.delete: gr.update(interactive=True), w.chosen: row.id,
        } | self._listed(view._replace(chosen=row.id))  # fmt: skip

    def _cleared(self) -> Updates:
        w = self._w
        return {
            w.title: _title(None), w.prompt: "", w.reference: "", w.delete: gr.update(interactive=False),
            w.chosen: None,
        }  # fmt: skip

    def _saved(self, view: View, *editor: Any) -> Updates:
        from hesui.corpus.seeds import save_seed

        with self._room.writing:
            row = self._row(view.chosen, *editor)
            save_seed(row, self._room.settings)
        after = self._opened(view, row.id)
        miss = self._problem(row)
        note = words.note("seeds.saved_bad", reason=miss) if miss else words.note("seeds.saved", n=len(self._seeds()))
        return after | {self._w.notice: note}

    def _row(self, chosen: str | None, task: str | None, prompt: str, reference: str, licence: str) -> Row:
        """The seed that the editor states. Raises InputError where it cannot be one."""
        from hesui.corpus.formats.drafts import Draft, Origin, row_of

        kind = require_class(task or "", self._room.classes())
        validate_prompt(prompt, self._room.settings)
        fresh = row_of(Draft(prompt, reference, task=kind.id), Origin(kind.id, "owner", licence.strip()))
        if kind.needs_demand and fresh.constraint is None:
            raise InputError(
                f"class {kind.id!r} needs a length demand and the prompt states none", "problem.no_demand",
                name=parts.words_of(kind.id, self._room.classes()),
            )  # fmt: skip
        before = next((row for row in self._seeds() if row.id == chosen), None)
        if before is None:
            return fresh
        kept = before.hand_set and before.prompt == fresh.prompt
        return replace(
            before, task=fresh.task, prompt=fresh.prompt, reference=fresh.reference, licence=fresh.licence,
            constraint=before.constraint if kept else fresh.constraint, hand_set=kept,
        )  # fmt: skip

    def _problem(self, row: Row) -> Text | None:
        from hesui.corpus.checking import examine

        bad = examine([row], self._room.classes()).bad_rows
        return text(bad[0].key, **bad[0].values) if bad else None

    def _deleted(self, view: View) -> Updates:
        from hesui.corpus.seeds import delete_seed

        with self._room.writing:
            if view.chosen is None or not delete_seed(view.chosen, self._room.settings):
                raise InputError("that seed is gone", "seeds.gone")
        after = self._cleared() | self._listed(view._replace(chosen=None))
        note = words.note("seeds.deleted", n=len(self._seeds()))
        return after | {self._w.notice: note, self._w.delete_really.row: gr.update(visible=False)}

    def _reset(self, view: View) -> Updates:
        from hesui.corpus.seeds import reset_seeds

        with self._room.writing:
            reset_seeds(self._room.settings)
        after = self._cleared() | self._listed(view) | {self._w.offset: 0}
        note = words.note("seeds.reset_done", n=len(self._seeds()))
        return after | {self._w.notice: note, self._w.reset_really.row: gr.update(visible=False)}


def _title(id: str | None) -> str:
    title = words.say("seeds.edit", id=id) if id else words.say("seeds.new")
    return f"<h2>{title}</h2>{'' if id else parts.hint('seeds.hint')}"
