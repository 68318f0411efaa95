"""The arena's section: standings from visitors' votes; for the owner, what they preferred to review and to a file.

Knows neither SQL nor how strengths are computed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import gradio as gr

from hesui.corpus.rows import write_json_lines
from hesui.errors import InputError
from hesui.evaluate.arena import pairs, preferred, require_answers, standings
from hesui.review.desk import ReviewDesk
from hesui.store.voting import Vote, VoteStore
from hesui.ui import parts, render
from hesui.ui.access import is_owner
from hesui.ui.data.files import served_file
from hesui.ui.page import Page, html
from hesui.ui.render import say
from hesui.ui.room import QUIET, Room, Updates, button, says
from hesui.ui.standings import board

POLL = 'hesui.poll(element, () => trigger("tick"));'
PAIRS = "hesui-arena.jsonl"
GREETING = "greeting"  # the class that most prompts here belong to


class Widgets(NamedTuple):
    """Everything in the section that a callback reads or writes."""

    board: gr.HTML
    again: gr.Button
    notice: gr.HTML
    owner: gr.Column
    task: gr.Dropdown
    review: gr.Button
    export: gr.Button
    download: gr.DownloadButton
    done: gr.HTML
    seen: gr.State  # votes on the board; -1 = never looked


class Latest(NamedTuple):
    """The standings as they were last computed."""

    votes: int
    html: str


def build(page: Page) -> None:
    """Lay out the section and wire it."""
    room = Room(page)
    labels = page.labels
    html(f"<h2>{say('arena.title')}</h2>{parts.hint('arena.hint')}", elem_id="arena-title")
    shown = html(f'<p class="hint">{say("status.prepare")}</p>', elem_id="arena-board", js_on_load=POLL)
    notice = html(elem_id="arena-notice", elem_classes="notice")
    with gr.Row(elem_classes="actions"):
        again = labels.make(gr.Button, button("arena.again"), size="sm", elem_id="arena-again")
    with gr.Column(elem_classes="desk", elem_id="arena-owner", visible=False) as owner:
        html(f"<h2>{say('arena.owner')}</h2>{parts.hint('arena.owner.hint')}")
        choices = room.class_choices(answers=True)
        with gr.Row(elem_classes="fields"):
            task = labels.make(
                gr.Dropdown, lambda t: {"label": t("arena.class"), "choices": choices(t)},
                value=GREETING if GREETING in room.named else next(iter(room.named), None), filterable=False,
                elem_id="arena-class", min_width=180,
            )  # fmt: skip
        with gr.Row(elem_classes="actions"):
            review = labels.make(gr.Button, button("arena.review"), variant="primary", elem_id="arena-review")
            export = labels.make(gr.Button, button("arena.export"), elem_id="arena-export")
            download = labels.make(
                gr.DownloadButton, says("arena.download"), interactive=False, elem_id="arena-download"
            )
        done = html(elem_id="arena-done", elem_classes="notice")
    _wire(room, Widgets(shown, again, notice, owner, task, review, export, download, done, gr.State(-1)))


def _wire(room: Room, w: Widgets) -> None:
    desk = Desk(room, w)
    looked = [w.board, w.owner, w.seen, w.notice]
    w.board.tick(desk.tick, w.seen, looked, trigger_mode="once", **QUIET)
    w.again.click(desk.look, None, looked, trigger_mode="once", **QUIET)
    w.review.click(desk.review, w.task, w.done, trigger_mode="once", **QUIET)
    w.export.click(desk.export, None, [w.download, w.done], trigger_mode="once", **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, widgets: Widgets) -> None:
        self._room = room
        self._w = widgets
        self._last: Latest | None = None

    def tick(self, request: gr.Request, seen: int) -> Updates:
        """The standings, where votes have come since they were last shown."""

        def looked() -> Updates:
            return {} if self._store().count(self._base) == seen else self._looked(request)

        return self._room.look(self._w.notice, looked)

    def look(self, request: gr.Request) -> Updates:
        """The standings as they are now."""
        return self._room.look(self._w.notice, lambda: self._looked(request))

    def review(self, request: gr.Request, task: str | None) -> Updates:
        """Put what voters preferred into the review queue."""

        def sent() -> Updates:
            votes, chosen = self._decided(), require_answers(task or "", self._room.classes())
            desk = ReviewDesk(self._room.page.database(), self._room.settings)
            n = desk.add(preferred(votes, chosen.id, self._room.settings.overlap))
            return {self._w.done: render.note("arena.reviewed", n=n)}

        return self._room.change(request, self._w.done, sent)

    def export(self, request: gr.Request) -> Updates:
        """Write what was preferred to what into a file that can be downloaded."""

        def written() -> Updates:
            votes = self._decided()
            with tempfile.TemporaryDirectory(prefix="hesui-arena-") as place:
                file = Path(place) / PAIRS
                n = write_json_lines(pairs(votes), file)
                value = served_file(file, self._w.download)
            done = render.note("arena.exported", n=n)
            return {self._w.download: gr.update(value=value, interactive=True), self._w.done: done}

        return self._room.change(request, self._w.done, written)

    @property
    def _base(self) -> str:
        return self._room.settings.base_model

    def _store(self) -> VoteStore:
        return VoteStore(self._room.page.database())

    def _looked(self, request: gr.Request) -> Updates:
        latest, owner = self._latest(), is_owner(self._room.settings, request)
        return {self._w.board: latest.html, self._w.owner: gr.update(visible=owner), self._w.seen: latest.votes}

    def _latest(self) -> Latest:
        """The standings, computed once for all visitors: votes are only ever added, so their number says it all."""
        with self._room.writing:
            if self._last is None or self._last.votes != self._store().count(self._base):
                votes = self._store().votes(self._base)
                self._last = Latest(len(votes), board(standings(votes)))
            return self._last

    def _decided(self) -> list[Vote]:
        """The votes that preferred an answer, on any base. Raises InputError where there are none."""
        votes = [vote for vote in self._store().votes() if vote.choice in ("left", "right")]
        if not votes:
            raise InputError("no vote preferred an answer yet, so there is nothing to hand on", "arena.nothing")
        return votes
