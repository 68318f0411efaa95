"""The Data tab: seeds, runs, samples, splits, files; a section each. Puts them together and knows none of them."""

from __future__ import annotations

import gradio as gr

from hesui.ui.data import board, charts, files, run, samples, seeds, splits
from hesui.ui.data.board import Watch
from hesui.ui.data.room import Room
from hesui.ui.data.run import Head
from hesui.ui.page import Page, html
from hesui.ui.room import QUIET, says, unchecked

TITLE = "tab.data"
POLL = 'hesui.poll(element, () => trigger("tick"));'


def build(page: Page) -> None:
    """Lay out the tab and wire it."""
    with gr.Row(elem_id="data-head"):
        runs = page.labels.make(
            gr.Dropdown,
            says("data.run"),
            choices=[],
            value=None,
            filterable=False,
            elem_id="data-run",
            min_width=220,
        )
        state = html(board.state_line(None), elem_id="data-state", js_on_load=POLL)
    rights = html(elem_id="data-rights", elem_classes="notice")
    room = Room(page, unchecked(runs))
    head = Head(state, rights, gr.State(Watch()))
    with gr.Tabs(elem_id="data-tabs", overflow_behavior="wrap"):
        for section in (charts, seeds, run, samples, splits, files):
            with page.labels.make(gr.Tab, says(section.TITLE), elem_id=f"{section.TITLE.replace('.', '-')}-tab") as tab:
                section.build(room, tab) if section is not run else run.build(room, head)
            # Only the section that is open follows the choice of a run.
            tab.select(lambda title=section.TITLE: title, None, room.open, queue=False, **QUIET)
