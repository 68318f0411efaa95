"""The section of charts: drawn while it is looked at, for whatever board is shown. Knows no chart."""

from __future__ import annotations

from typing import Any

import gradio as gr

from hesui.evaluate.views import View
from hesui.ui import parts
from hesui.ui.leaderboard import plots
from hesui.ui.leaderboard.room import Room, key_of
from hesui.ui.page import html
from hesui.ui.render import say
from hesui.ui.room import QUIET, Updates

TITLE = "lb.plots"


def build(room: Room, tab: gr.Tab, settled: Any) -> None:
    """Lay out the section and wire it; `settled` is the event after which the board is whole."""
    drawn = html(f'<p class="hint">{say("status.prepare")}</p>', elem_id="lb-plots")
    key = gr.State("")
    desk = Desk(room, drawn, key)
    asked = [key, *room.filters]
    tab.select(desk.draw, asked, [drawn, key], trigger_mode="always_last", **QUIET)
    settled.then(desk.follow, [room.where, *asked], [drawn, key], **QUIET)


class Desk:
    """The callbacks."""

    def __init__(self, room: Room, drawn: gr.HTML, key: gr.State) -> None:
        self._room = room
        self._drawn = drawn
        self._key = key

    def follow(self, where: str, key: str, *filters: Any) -> Updates:
        """The board may have changed: draw it anew where charts are looked at."""
        return self.draw(key, *filters) if where == TITLE else {self._key: gr.skip()}

    def draw(self, key: str, *filters: Any) -> Updates:
        """The charts of the board, unless the page has them."""

        def drawn() -> Updates:
            asked = self._room.asked(*filters)
            if asked is None:
                return {self._drawn: parts.hint("lb.none"), self._key: ""}
            now = key_of(asked)
            if now == key:
                return {}
            rows, _ = self._room.rows(asked)
            return {self._drawn: plots.drawn(View(*asked), rows), self._key: now}

        found = self._room.look(self._drawn, drawn)
        return found if self._key in found or found[self._drawn] else {self._key: gr.skip()}
