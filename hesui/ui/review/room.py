"""What the sections of the Review tab share: the queue, and who is asking. Lays out nothing."""

from __future__ import annotations

from threading import Lock

from gradio import Request

from hesui.review.decisions import reviewer_name
from hesui.review.desk import ReviewDesk
from hesui.ui import room
from hesui.ui.page import Page


class Room(room.Room):
    """The Review tab under construction, and afterwards what its callbacks need."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._opening = Lock()
        self._desk: ReviewDesk | None = None

    def desk(self) -> ReviewDesk:
        """The queue, opened when it is first asked for; a first start finds demo data in it.

        Raises SettingsError and StoreError.
        """
        with self._opening:
            if self._desk is None:
                desk = ReviewDesk(self.page.database(), self.settings)
                desk.begin()
                self._desk = desk
            return self._desk


def reviewer_of(request: Request, given: object) -> str:
    """Who is reviewing: the name that was signed in with, else the one that the visitor chose. Raises InputError.

    Without sign-in a name is taken on trust.
    """
    return reviewer_name(getattr(request, "username", None) or given)
