"""The Train tab: a new run, a run at work, all runs; a section each. Puts them together and knows none of them."""

from __future__ import annotations

import gradio as gr

from hesui.ui.page import Page, html
from hesui.ui.room import says, unchecked
from hesui.ui.train import board, form, history, watch
from hesui.ui.train.room import Room
from hesui.ui.train.watch import Head, Watch

TITLE = "tab.train"
POLL = 'hesui.poll(element, () => trigger("tick"));'


def build(page: Page) -> None:
    """Lay out the tab and wire it."""
    with gr.Row(elem_id="train-head"):
        runs = page.labels.make(
            gr.Dropdown, says("train.run"), choices=[], value=None, filterable=False, elem_id="train-run",
            min_width=220,
        )  # fmt: skip
        state = html(board.state_line(None), elem_id="train-state", js_on_load=POLL)
    rights = html(elem_id="train-rights", elem_classes="notice")
    head = Head(state, rights, gr.State(Watch()))
    with gr.Tabs(elem_id="train-tabs", overflow_behavior="wrap") as tabs:
        room = Room(page, unchecked(runs), tabs)
        for section in (form, watch, history):
            with page.labels.make(
                gr.Tab, says(section.TITLE), id=section.TITLE, elem_id=f"{section.TITLE.replace('.', '-')}-tab"
            ) as tab:
                section.build(room, tab) if section is not watch else watch.build(room, tab, head)
