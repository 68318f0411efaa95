"""A run at work: how far it is, its curves, what to make of them; stop, cancel, go on, open in Compare.

Everything is read from the run's folder, so a reload or another browser sees the same. Knows neither trainers nor
charts.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urlencode

import gradio as gr

from hesui.models.registry import ADAPTER_CONFIG
from hesui.processes import Identity
from hesui.train import jobs
from hesui.train.advice import advise
from hesui.train.curves import Curves, eta
from hesui.train.jobs import View
from hesui.train.runs import Status, require_run, runs
from hesui.ui import parts, render
from hesui.ui.access import is_owner
from hesui.ui.page import html
from hesui.ui.room import QUIET, Updates, button, says, told
from hesui.ui.train import advised, board, plots, waiting
from hesui.ui.train.room import READERS, Room, label

TITLE = "train.watch"
LINES = 200  # of the log
TAIL = 200_000  # bytes of the log that are looked at
LONGEST_LINE = 1_000  # characters
GO_THERE = "() => setTimeout(() => document.querySelector('a.opened')?.click(), 100)"  # once the link is drawn
PLACES = ("board", "advice", "loss", "probe", "rates", "samples", "log")


class Watch(NamedTuple):
    """What a page shows, so that it is sent only what is new to it."""

    ids: tuple[str, ...] = ()  # the runs that the page offers
    run: str = ""
    state: str = ""
    process: Identity | None = None  # at work when the page last looked: a stop means this one
    sent: Mapping[str, int] = {}  # of each place, a hash of what stands there


class Asked(NamedTuple):
    """The run that a question on the screen is about."""

    run: str = ""
    process: Identity | None = None


class Head(NamedTuple):
    """What stands above all sections."""

    state: gr.HTML  # asks again by itself while it can be seen
    rights: gr.HTML
    watch: gr.State


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    places: dict[str, gr.HTML]
    stop: gr.Button
    cancel: gr.Button
    resume: gr.Button
    really: gr.Row
    yes: gr.Button
    no: gr.Button
    name: gr.Textbox
    open: gr.Button
    notice: gr.HTML
    asked: gr.State


def build(room: Room, tab: gr.Tab, head: Head) -> None:
    """Lay out the section and wire it."""
    labels = room.labels
    places = {"board": html(board.board(None, Curves(), None, 0, ""), elem_id="train-board")}
    waiting.build(room, tab)
    with gr.Row(elem_classes="actions"):
        stop, cancel, resume = (
            labels.make(gr.Button, button(f"train.{name}"), interactive=False, elem_id=f"train-{name}", min_width=80)
            for name in ("stop", "cancel", "resume")
        )
    with gr.Row(visible=False, elem_classes="really", elem_id="train-cancel-really") as really:
        html(f"<p>{render.say('train.cancel.really')}</p>")
        yes = labels.make(
            gr.Button, button("really.yes"), size="sm", variant="stop", min_width=70, elem_id="train-cancel-yes"
        )
        no = labels.make(gr.Button, button("really.no"), size="sm", min_width=70, elem_id="train-cancel-no")
    with gr.Row(elem_classes=["fields", "tr-compare"]):
        name = labels.make(
            gr.Textbox, says("train.name", info="train.name.info", placeholder="train.name.placeholder"), max_lines=1,
            max_length=64, elem_id="train-name", min_width=180,
        )  # fmt: skip
        opened = labels.make(gr.Button, button("train.open"), interactive=False, elem_id="train-open", min_width=120)
    notice = html(elem_id="train-watch-notice", elem_classes="notice")
    places |= {name: html(elem_id=f"train-{name}", elem_classes="tr-place") for name in PLACES[1:-1]}
    with labels.make(gr.Accordion, says("train.log"), open=False, elem_id="train-log-box"):
        places["log"] = html(elem_id="train-log")
    w = Widgets(places, stop, cancel, resume, really, yes, no, name, opened, notice, gr.State(Asked()))
    _wire(room, tab, w, head)


def _wire(room: Room, tab: gr.Tab, w: Widgets, head: Head) -> None:
    desk = Desk(room, w, head)
    seen = [
        room.run, head.state, head.rights, head.watch, *w.places.values(), w.stop, w.cancel, w.resume, w.open,
        w.notice, w.really, w.asked,
    ]  # fmt: skip
    looked = [room.run, head.watch]
    gr.on([head.state.tick, room.run.change, tab.select], desk.look, looked, seen, trigger_mode="once", **QUIET)
    w.stop.click(desk.stop, looked, seen, trigger_mode="once", **QUIET)
    w.resume.click(desk.resume, looked, seen, trigger_mode="once", **QUIET)
    w.cancel.click(desk.ask, looked, [w.really, w.asked, w.notice], **QUIET)
    w.no.click(desk.keep, None, [w.really, w.asked], queue=False, **QUIET)
    w.yes.click(desk.cancel, [w.asked, *looked], seen, trigger_mode="once", **QUIET)
    offered = w.open.click(desk.open, [w.name, *looked], seen, trigger_mode="once", **QUIET)
    offered.then(None, None, None, js=GO_THERE)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets, head: Head) -> None:
        self._room = room
        self._w = widgets
        self._head = head
        self._drawings = Drawings()

    def look(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """How things stand; whoever looks also starts what waits."""
        try:
            self._room.tend()
            seen = self._seen(id, watch, is_owner(self._room.settings, request))
            now = seen[self._head.watch]
            over = (now.run, now.state) != (watch.run, watch.state)  # what was said of the former state is over
            closed: Updates = {self._w.notice: "", **self.keep()} if over and watch.run else {}
            return seen | closed
        except Exception as error:
            return {self._w.notice: told(error)}

    def stop(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """End the run at its next step and save."""
        return self._wish(
            request, id, watch, "train.stopping",
            lambda run: jobs.stop(self._room.settings, run, watch.process if run == watch.run else None),
        )  # fmt: skip

    def resume(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """Let the run go on where it was."""
        return self._wish(request, id, watch, "train.resuming", lambda run: jobs.resume(self._room.settings, run))

    def ask(self, request: gr.Request, id: str | None, watch: Watch) -> Updates:
        """Ask before anything is lost."""

        def asked() -> Updates:
            run = require_run(self._room.settings.runs, id).id
            process = watch.process if run == watch.run else None
            return {self._w.really: gr.update(visible=True), self._w.asked: Asked(run, process)}

        return self._room.change(request, self._w.notice, asked)

    def keep(self) -> Updates:
        """Ask no more."""
        return {self._w.really: gr.update(visible=False), self._w.asked: Asked()}

    def cancel(self, request: gr.Request, asked: Asked, id: str | None, watch: Watch) -> Updates:
        """End the run at its next step without saving."""
        done = self._wish(
            request, asked.run or id, watch, "train.cancelling",
            lambda run: jobs.cancel(self._room.settings, run, asked.process),
        )  # fmt: skip
        return done | self.keep()

    def open(self, request: gr.Request, name: str, id: str | None, watch: Watch) -> Iterator[Updates]:
        """Offer what came out in Compare."""

        def opened() -> Updates:
            run = require_run(self._room.settings.runs, id)
            called = (name or "").strip() or f"run-{run.id}"
            jobs.open_in_compare(self._room.settings, run.id, called)
            return self._afresh(run.id, watch) | {self._w.notice: _opened(called)}

        yield from self._room.slowly(self._w.notice, "data.working", opened, request)

    def _wish(
        self, request: gr.Request, id: str | None, watch: Watch, said: str, wish: Callable[[str], None]
    ) -> Updates:
        def wished() -> Updates:
            run = require_run(self._room.settings.runs, id).id
            wish(run)
            return self._afresh(run, watch) | {self._w.notice: render.note(said)}

        return self._room.change(request, self._w.notice, wished)

    def _afresh(self, run: str, watch: Watch) -> Updates:
        """All of a run, whatever the page shows: another look at it may be under way."""
        return self._seen(run, watch._replace(sent={}), owner=True)

    def _seen(self, chosen: str | None, watch: Watch, owner: bool) -> Updates:
        settings = self._room.settings
        ids = tuple(folder.id for folder in runs(settings.runs))
        id = chosen if chosen in ids else next(iter(ids), None)
        view = jobs.view(settings, id) if id else None
        place = self._place(view)
        shown = self._shown(view, place, owner)
        marks = {name: hash(value) for name, value in shown.items()}
        fresh = {self._w.places[name]: value for name, value in shown.items() if watch.sent.get(name) != marks[name]}
        state = board.state_of(view) if view else ""
        now = Watch(ids, id or "", state, view.process if view else None, marks)
        head = self._head
        updates: Updates = {
            self._room.run: gr.skip() if ids == watch.ids and id == chosen else _choices(ids, chosen, id),
            head.state: board.state_line(view, place),
            head.rights: "" if owner else render.note("train.visitor"),
            head.watch: now,
            **fresh,
        }
        return updates | self._buttons(view, owner)

    def _place(self, view: View | None) -> int:
        """The run's place in the queue, from 1; 0 where it does not wait."""
        if view is None or view.state != "queued":
            return 0
        waiting = [folder.id for folder in jobs.queue(self._room.settings)]
        return waiting.index(view.id) + 1 if view.id in waiting else 0

    def _shown(self, view: View | None, place: int, owner: bool) -> dict[str, str]:
        if view is None:
            nothing = dict.fromkeys(PLACES, "")
            return nothing | {"board": board.board(None, Curves(), None, 0, "")}
        curves = self._room.curves(view.folder)
        left = eta(view.status, curves) if view.working else None
        # What a process prints may name paths and more: that is for the owner.
        printed = board.log(tail(view.folder.log)) if owner else parts.hint("reason.owner")
        return {
            "board": board.board(view, curves, left, place, jobs.read_note(view.folder)),
            "log": printed,
            **self._drawings.of(view, curves),
        }

    def _buttons(self, view: View | None, owner: bool) -> Updates:
        w = self._w
        state = board.state_of(view) if view else ""
        stoppable = view is not None and (state in ("queued", "starting", "running"))
        able = {
            w.stop: stoppable,
            w.cancel: stoppable or state == "stopping",
            w.resume: view is not None and view.resumable,
            w.open: view is not None and not view.working and (view.folder.adapter / ADAPTER_CONFIG).is_file(),
        }
        return {ask: gr.update(interactive=owner and can) for ask, can in able.items()}


class Drawings:
    """The charts of the runs last looked at, so that many pages that watch one run have them drawn once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._drawn: OrderedDict[str, tuple[Curves, Status, dict[str, str]]] = OrderedDict()

    def of(self, view: View, curves: Curves) -> dict[str, str]:
        """A run's charts and what to make of them."""
        with self._lock:
            known = self._drawn.pop(view.id, None)
            if known is None or known[0] is not curves or not _alike(known[1], view.status):
                known = (curves, view.status, drawn(view, curves))
            self._drawn[view.id] = known
            while len(self._drawn) > READERS:
                self._drawn.popitem(last=False)
            return known[2]


def _alike(one: Status, other: Status) -> bool:
    """Whether the adviser would say the same of both."""
    return (one.state, one.steps, one.note_key) == (other.state, other.steps, other.note_key)


def drawn(view: View, curves: Curves) -> dict[str, str]:
    """A run's charts and what to make of them, by place."""
    found = advise(curves, view.status, view.config) if view.config else []
    return {
        "advice": advised.listed(found) if curves.loss or found else "",
        "loss": plots.loss(curves),
        "probe": plots.probe(curves),
        "rates": plots.rates(curves),
        "samples": plots.samples(curves),
    }


def _choices(ids: tuple[str, ...], chosen: str | None, shown: str | None) -> Any:
    """The runs there are; what is chosen stays untouched where it can, for somebody may be choosing right now."""
    choices = [(label(id), id) for id in ids]
    return gr.update(choices=choices) if shown == chosen else gr.update(choices=choices, value=shown)


def _opened(name: str) -> str:
    """Where to find it now; the name holds letters, digits, - and _ only, or it would not have been taken."""
    link = (
        f'<a class="opened" href="?{urlencode({"left": "base", "right": name})}">{render.say("train.opened.link")}</a>'
    )
    return f'<div class="message note">{render.say("train.opened", name=name)} {link}</div>'


def tail(path: Path, lines: int = LINES, most: int = TAIL) -> list[str]:
    """The last lines of a file, of at most `most` bytes of it; nothing where there is none.

    Of a line that a progress bar wrote again and again, what stood there last.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(size - most, 0))
            found = stream.read(most).decode("utf-8", errors="replace")
    except OSError:
        return []
    split = found.split("\n")
    if size > most:
        split = split[1:] or split  # the first one is cut off
    told = [line.rstrip("\r").rsplit("\r", 1)[-1][:LONGEST_LINE] for line in split]
    return (told[:-1] if told[-1] == "" else told)[-lines:]
