"""The Leaderboard tab: the board, charts, answers behind a cell, measuring, files. Puts them together and knows none."""

from __future__ import annotations

import gradio as gr

from hesui.ui import arena
from hesui.ui.leaderboard import answers, charts, exporting, measuring, standing
from hesui.ui.leaderboard.room import Room
from hesui.ui.page import Page
from hesui.ui.room import QUIET, says

TITLE = "tab.leaderboard"
SECTIONS = (charts.TITLE, answers.TITLE, measuring.TITLE, exporting.TITLE)


def build(page: Page) -> None:
    """Lay out the tab and wire it."""
    sentence, filters = standing.head(page.labels)
    places = standing.body(sentence)
    where = gr.State(charts.TITLE)
    with gr.Tabs(elem_id="lb-tabs", overflow_behavior="wrap") as tabs:
        room = Room(page, filters, tabs, where)
        settled = standing.wire(room, places)
        for title in SECTIONS:
            with page.labels.make(gr.Tab, says(title), id=title, elem_id=f"{title.replace('.', '-')}-tab") as tab:
                tab.select(_seen(title), None, where, queue=False, **QUIET)
                if title == charts.TITLE:
                    charts.build(room, tab, settled)
                elif title == answers.TITLE:
                    answers.build(room, places.table, settled)
                elif title == measuring.TITLE:
                    measuring.build(room, tab)
                else:
                    exporting.build(room, tab, settled)
    arena.build(page)


def _seen(title: str) -> object:
    return lambda: title
