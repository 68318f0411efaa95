"""The Review tab: the reviewer's desk and the owner's sections. Puts them together and knows none of them."""

from __future__ import annotations

import gradio as gr

from hesui.ui.page import Page
from hesui.ui.review import adjudicate, desk, figures, files, items
from hesui.ui.review.room import Room
from hesui.ui.room import says

TITLE = "tab.review"


def build(page: Page) -> None:
    """Lay out the tab and wire it."""
    room = Room(page)
    with gr.Tabs(elem_id="review-tabs", overflow_behavior="wrap"):
        for section in (desk, items, adjudicate, figures, files):
            with page.labels.make(gr.Tab, says(section.TITLE), elem_id=f"{section.TITLE.replace('.', '-')}-tab") as tab:
                section.build(room, tab)
