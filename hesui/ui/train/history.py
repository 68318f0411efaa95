"""All runs: a table, a search, notes, several at once in one chart, merging, deletion. Knows neither trainers nor charts."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from shlex import quote
from typing import NamedTuple

import gradio as gr

from hesui.errors import InputError
from hesui.train import jobs
from hesui.train.apart import merge_apart
from hesui.train.runs import RunFolder, require_run, runs
from hesui.ui import parts, render
from hesui.ui.access import require_owner
from hesui.ui.page import html
from hesui.ui.room import CLICKS, QUIET, Updates, button, picked, says, told, unchecked
from hesui.ui.texts import TEXTS
from hesui.ui.train import board, plots
from hesui.ui.train.room import Room, label

TITLE = "train.history"
STEP = 20  # runs on a page
TOGETHER = 4  # runs in one chart
POLL = 'hesui.poll(element, () => trigger("tick"));'


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    find: gr.Textbox
    list: gr.HTML
    pager: gr.HTML
    overlay: gr.Dropdown
    chart: gr.HTML
    title: gr.HTML
    note: gr.Textbox
    save: gr.Button
    delete: gr.Button
    really: gr.Row
    question: gr.HTML
    yes: gr.Button
    no: gr.Button
    merged: gr.Textbox
    merge: gr.Button
    notice: gr.HTML
    offset: gr.State
    asked: gr.State


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the section and wire it."""
    labels = room.labels
    html(parts.hint("train.history.hint"))
    with gr.Row(elem_classes="fields"):
        find = labels.make(
            gr.Textbox, says("train.find", info="train.find.info"), max_lines=1, max_length=200, elem_id="train-find"
        )
    listed = html(elem_id="train-runs", js_on_load=CLICKS + POLL)
    pager = html(elem_id="train-pager", js_on_load=CLICKS)
    with gr.Column(elem_classes="desk"):
        overlay = unchecked(
            labels.make(
                gr.Dropdown, says("train.overlay", info="train.overlay.info"), choices=[], value=[], multiselect=True,
                max_choices=TOGETHER, filterable=False, elem_id="train-overlay",
            )
        )  # fmt: skip
        chart = html(elem_id="train-overlaid", elem_classes="tr-place")
    with gr.Column(elem_classes="desk"):
        title = html(elem_id="train-noted")
        note = labels.make(
            gr.Textbox, says("train.note"), lines=2, max_lines=6, max_length=jobs.LONGEST_NOTE, elem_id="train-note"
        )
        with gr.Row(elem_classes="actions"):
            save = labels.make(gr.Button, button("train.note.save"), size="sm", elem_id="train-note-save")
            delete = labels.make(gr.Button, button("train.delete"), size="sm", elem_id="train-delete")
        with gr.Row(visible=False, elem_classes="really", elem_id="train-delete-really") as really:
            question = html(elem_id="train-delete-question")
            yes = labels.make(
                gr.Button, button("really.yes"), size="sm", variant="stop", min_width=70, elem_id="train-delete-yes"
            )
            no = labels.make(gr.Button, button("really.no"), size="sm", min_width=70, elem_id="train-delete-no")
        with gr.Row(elem_classes=["fields", "tr-compare"]):
            merged = labels.make(
                gr.Textbox, says("train.merge.name", info="train.merge.info", placeholder="train.merge.placeholder"),
                max_lines=1, max_length=64, elem_id="train-merge-name", min_width=180,
            )  # fmt: skip
            merge = labels.make(gr.Button, button("train.merge"), elem_id="train-merge", min_width=120)
        notice = html(elem_id="train-history-notice", elem_classes="notice")
    states = (gr.State(0), gr.State(""))
    _wire(room, tab, Widgets(find, listed, pager, overlay, chart, title, note, save, delete, really, question, yes, no,
                             merged, merge, notice, *states))  # fmt: skip


def _wire(room: Room, tab: gr.Tab, w: Widgets) -> None:
    desk = Desk(room, w)
    listed = [w.list, w.pager, w.overlay, w.offset, w.notice]
    chosen = [w.title, w.note, w.really, w.asked]
    view = [room.run, w.offset, w.find]
    gr.on([tab.select, w.list.tick], desk.look, [*view, w.overlay], listed, trigger_mode="once", **QUIET)
    gr.on([tab.select, room.run.change], desk.chosen, room.run, [*chosen, w.notice], **QUIET)
    w.find.change(desk.search, [room.run, w.find], listed, trigger_mode="always_last", **QUIET)
    w.pager.select(desk.turn, view, listed, **QUIET)
    w.list.select(desk.pick, None, [room.run, room.tabs, w.notice], **QUIET)
    w.overlay.change(desk.together, w.overlay, [w.chart, w.notice], trigger_mode="always_last", **QUIET)
    w.save.click(desk.save, [*view, w.note], listed, trigger_mode="once", **QUIET)
    w.delete.click(desk.ask, room.run, [w.really, w.question, w.asked, w.notice], **QUIET)
    w.no.click(desk.keep, None, [w.really, w.asked], queue=False, **QUIET)
    w.merge.click(desk.merge, [room.run, w.merged], w.notice, trigger_mode="once", **QUIET)
    w.yes.click(desk.delete, [w.asked, *view], [*listed, *chosen, room.run], trigger_mode="once", **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets

    def look(self, run: str | None, offset: int, find: str | None, overlay: list[str] | None) -> Updates:
        """The runs, and what can be laid over each other by now."""

        def looked() -> Updates:
            choices = [(label(folder.id), folder.id) for folder in self._runs()]
            known = {id for _, id in choices}
            kept = [id for id in overlay or [] if id in known]
            return self._listed(run, offset, find) | {self._w.overlay: gr.update(choices=choices, value=kept)}

        found = self._room.look(self._w.notice, looked)
        return found | {self._w.notice: found[self._w.notice] or gr.skip()}

    def search(self, run: str | None, find: str | None) -> Updates:
        """The runs that are looked for, from the first page; which run is chosen stays."""
        return self._room.look(self._w.notice, lambda: self._listed(run, 0, find))

    def turn(self, event: gr.EventData, run: str | None, _offset: int, find: str | None) -> Updates:
        """Another page."""
        page = picked(event).get("page", "")
        offset = int(page[:9]) if page.isdecimal() else 0
        return self._room.look(self._w.notice, lambda: self._listed(run, offset, find))

    def pick(self, event: gr.EventData) -> Updates:
        """Watch the run that was clicked."""

        def chosen() -> Updates:
            run = require_run(self._room.settings.runs, picked(event).get("pick", "?")).id
            return {self._room.run: run, self._room.tabs: gr.Tabs(selected="train.watch")}

        return self._room.look(self._w.notice, chosen)

    def chosen(self, run: str | None) -> Updates:
        """What was noted about the chosen run."""
        return self._room.look(self._w.notice, lambda: self._noted(run))

    def together(self, ids: list[str] | None) -> Updates:
        """Some runs in one chart."""

        def drawn() -> Updates:
            folders = [require_run(self._room.settings.runs, id) for id in (ids or [])[:TOGETHER]]
            curves = {f"{label(folder.id)} · {_data(folder)}": self._room.curves(folder) for folder in folders}
            return {self._w.chart: plots.overlay(curves) if curves else ""}

        return self._room.look(self._w.notice, drawn)

    def save(self, request: gr.Request, run: str | None, offset: int, find: str | None, text: str | None) -> Updates:
        """Keep what is in the box as the run's note."""

        def saved() -> Updates:
            id = require_run(self._room.settings.runs, run).id
            jobs.note(self._room.settings, id, text or "")
            return self._listed(run, offset, find) | {self._w.notice: render.note("train.note.saved")}

        return self._room.change(request, self._w.notice, saved)

    def ask(self, request: gr.Request, run: str | None) -> Updates:
        """Ask before anything is lost."""

        def asked() -> Updates:
            id = require_run(self._room.settings.runs, run).id
            question = f"<p>{render.say('train.delete.really', id=label(id))}</p>"
            return {self._w.really: gr.update(visible=True), self._w.question: question, self._w.asked: id}

        return self._room.change(request, self._w.notice, asked)

    def keep(self) -> Updates:
        """Ask no more."""
        return {self._w.really: gr.update(visible=False), self._w.asked: ""}

    def merge(self, request: gr.Request, run: str | None, name: str | None) -> Iterator[Updates]:
        """Make one model of the run's adapter and its base, and say how to use it."""
        settings, notice = self._room.settings, self._w.notice
        try:
            require_owner(settings, request)
            id = require_run(settings.runs, run).id
            going = merge_apart(settings, id, (name or "").strip() or f"merged-{id}")
            while True:
                yield {notice: render.note("train.merging", n=round(next(going)))}
        except StopIteration as ended:
            yield {notice: merged(ended.value)}
        except Exception as error:
            yield {notice: told(error)}

    def delete(
        self, request: gr.Request, asked: str, run: str | None, offset: int, find: str | None
    ) -> Iterator[Updates]:
        """Delete the run that was asked about."""

        def deleted() -> Updates:
            id = require_run(self._room.settings.runs, asked or "?").id
            jobs.delete(self._room.settings, id)
            left = [folder.id for folder in self._runs()]
            now = run if run in left else next(iter(left), None)
            choices = gr.update(choices=[(label(id), id) for id in left], value=now)
            said = {self._w.notice: render.note("train.deleted", id=label(id)), self._room.run: choices}
            return self._listed(now, offset, find) | self._noted(now) | said

        yield from self._room.slowly(self._w.notice, "data.working", deleted, request)

    def _runs(self) -> list[RunFolder]:
        return runs(self._room.settings.runs)

    def _listed(self, run: str | None, offset: int, find: str | None) -> Updates:
        wanted = (find or "").strip().casefold()
        found = [folder for folder in self._runs() if not wanted or wanted in self._said_of(folder)]
        if offset >= len(found):
            offset = max(len(found) - 1, 0) // STEP * STEP
        page = found[offset : offset + STEP]
        rows = [row for row in map(self._row, page) if row is not None]
        none = parts.hint("train.find.none", find=(find or "").strip()[:80])
        return {
            self._w.list: none if wanted and not rows else board.listed(rows, run),
            self._w.pager: parts.pager(offset, len(page), len(found), STEP) if len(found) > STEP else "",
            self._w.offset: offset,
        }

    def _said_of(self, folder: RunFolder) -> str:
        """All that a run can be found by."""
        try:
            view = jobs.view(self._room.settings, folder.id)
        except InputError:  # deleted meanwhile
            return ""
        config = view.config
        named = TEXTS.get(f"train.state.{board.state_of(view)}", ())
        known = (config.data.name, config.method, config.adaptation, config.base) if config else ()
        return "\n".join((view.id, label(view.id), view.state, *named, *known, jobs.read_note(folder))).casefold()

    def _row(self, folder: RunFolder) -> board.Row | None:
        try:
            view = jobs.view(self._room.settings, folder.id)
        except InputError:  # deleted meanwhile
            return None
        return board.Row(view, self._room.best(folder), jobs.read_note(folder))

    def _noted(self, run: str | None) -> Updates:
        known = next((folder for folder in self._runs() if folder.id == run), None)
        title = label(known.id) if known else None
        head = f"<h2>{render.say('train.noted', id=title)}</h2>" if title else parts.hint("train.empty")
        return {self._w.title: head, self._w.note: jobs.read_note(known) if known else "", **self.keep()}


def _data(folder: RunFolder) -> str:
    try:
        return folder.config().data.name
    except InputError:
        return "?"


def merged(folder: Path) -> str:
    """Where it lies, and how it is used."""
    line = f"HESUI_BASE_MODEL={quote(str(folder))} hesui app"
    return f'<div class="message note tr-command">{render.say("train.merged")} <code>{escape(line)}</code></div>'
