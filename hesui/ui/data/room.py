"""What the sections of the Data tab share: the run that they show, and its store. Lays out nothing."""

from __future__ import annotations

import gradio as gr

from hesui.store.distilling import DistilStore
from hesui.ui import room
from hesui.ui.page import Page


class Room(room.Room):
    """The Data tab under construction, and afterwards what its callbacks need."""

    def __init__(self, page: Page, run: gr.Dropdown) -> None:
        super().__init__(page)
        self.run = run  # the run that all sections show
        self.open = gr.State("data.overview")  # the title of the section that can be seen

    def store(self) -> DistilStore:
        """The store, opened when it is first asked for. Raises SettingsError and StoreError."""
        return DistilStore(self.page.database())
