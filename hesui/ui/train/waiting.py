"""The runs that wait for the device, in their order; an owner moves them or takes them out. Knows no process."""

from __future__ import annotations

from html import escape

import gradio as gr

from hesui.errors import InputError
from hesui.train import jobs
from hesui.train.runs import RunFolder
from hesui.ui import render
from hesui.ui.access import is_owner
from hesui.ui.page import html
from hesui.ui.room import CLICKS, QUIET, Updates, picked
from hesui.ui.train.room import Room, label

MOVES = {"up": "▲", "down": "▼", "out": "✕"}
POLL = 'hesui.poll(element, () => trigger("tick"));'


def build(room: Room, tab: gr.Tab) -> None:
    """Lay out the queue and wire it."""
    listed = html(elem_id="train-queue", elem_classes="tr-place", js_on_load=CLICKS + POLL)
    notice = html(elem_id="train-queue-notice", elem_classes="notice")
    desk = Desk(room, listed, notice)
    gr.on([tab.select, room.run.change, listed.tick], desk.look, None, listed, trigger_mode="once", **QUIET)
    listed.select(desk.move, None, [listed, notice], **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, listed: gr.HTML, notice: gr.HTML) -> None:
        self._room = room
        self._list = listed
        self._notice = notice

    def look(self, request: gr.Request) -> Updates:
        """The queue as it is."""
        return {self._list: waiting(jobs.queue(self._room.settings), is_owner(self._room.settings, request))}

    def move(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Move the run that was clicked, or take it out."""
        asked = picked(event)

        def moved() -> Updates:
            said = self._moved(asked.get("pick", "?"), asked.get("move", ""))
            return self.look(request) | {self._notice: said}

        return self._room.change(request, self._notice, moved)

    def _moved(self, id: str, move: str) -> str:
        settings = self._room.settings
        order = [folder.id for folder in jobs.queue(settings)]
        if id not in order:  # it has begun meanwhile, and must not be stopped by a click that meant its place
            raise InputError(f"the run {id} does not wait in the queue", "error.train_not_queued", id=id)
        if move == "out":
            jobs.cancel(settings, id)
            return render.note("train.queue.taken", id=label(id))
        jobs.move(settings, id, order.index(id) + (-1 if move == "up" else 1))
        return render.note("train.queue.moved")


def waiting(folders: list[RunFolder], owner: bool) -> str:
    """The queue as a list; nothing where nobody waits."""
    if not folders:
        return ""
    rows = "".join(_row(folder, place, len(folders), owner) for place, folder in enumerate(folders, start=1))
    return (
        f'<section class="tp-chart tr-queue" data-working><h3>{render.say("train.queue")}</h3><ol>{rows}</ol></section>'
    )


def _row(folder: RunFolder, place: int, of: int, owner: bool) -> str:
    impossible = {"up": place == 1, "down": place == of, "out": False}
    buttons = "".join(
        f'<button type="button" data-pick="{escape(folder.id)}" data-move="{move}"{" disabled" if impossible[move] else ""}>'
        f'<span aria-hidden="true">{sign}</span> {render.say(f"train.queue.{move}")}</button>'
        for move, sign in MOVES.items()
    )
    about = f'<span class="tr-name">{escape(_about(folder))}</span>'
    return f"<li><b>{place}</b> <span>{escape(label(folder.id))}</span> {about}{f'<span>{buttons}</span>' if owner else ''}</li>"


def _about(folder: RunFolder) -> str:
    try:
        config = folder.config()
    except InputError:
        return "?"
    return f"{config.data.name} · {config.method.upper()}"
