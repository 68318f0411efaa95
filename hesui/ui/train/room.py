"""What the sections of the Train tab share: the run that they show, what it measured, the upkeep of all runs.

Lays out nothing. What is remembered here is of files, never of a visitor.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

import gradio as gr

from hesui.train import jobs
from hesui.train.curves import Curves, Probe, Reader, best
from hesui.train.runs import RunFolder
from hesui.ui import room
from hesui.ui.page import Page
from hesui.ui.review.room import Room as ReviewRoom

READERS = 6  # runs whose measurements are kept
BESTS = 500  # runs whose best probe is kept


class Room(room.Room):
    """The Train tab under construction, and afterwards what its callbacks need."""

    def __init__(self, page: Page, run: gr.Dropdown, tabs: gr.Tabs) -> None:
        super().__init__(page)
        self.run = run  # the run that all sections show
        self.tabs = tabs
        self.review = ReviewRoom(page)
        self._measured = Measured()
        self.tend = room.Tending(lambda: jobs.tend(self.settings))  # what runs need while somebody looks

    def curves(self, folder: RunFolder) -> Curves:
        """What a run has measured so far."""
        return self._measured.curves(folder)

    def best(self, folder: RunFolder) -> Probe | None:
        """A run's best probe."""
        return self._measured.best(folder)


class Measured:
    """What runs have measured, read on from where it was last; the runs that nobody looked at for long are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()  # a reader is for one thread
        self._readers: OrderedDict[str, Reader] = OrderedDict()
        self._bests: OrderedDict[str, tuple[tuple[int, int], Probe | None]] = OrderedDict()

    def curves(self, folder: RunFolder) -> Curves:
        """What a run has measured so far."""
        with self._lock:
            reader = self._readers.pop(folder.id, None) or Reader(folder)
            self._readers[folder.id] = reader
            while len(self._readers) > READERS:
                self._readers.popitem(last=False)
            return reader.read()

    def best(self, folder: RunFolder) -> Probe | None:
        """A run's best probe; read again only once its file has changed."""
        try:
            found = folder.metrics.stat()
        except OSError:
            return None
        mark = (found.st_size, found.st_mtime_ns)
        known = self._bests.get(folder.id)
        if known is None or known[0] != mark:
            known = (mark, best(Reader(folder).read()))
        with self._lock:
            self._bests[folder.id] = known
            while len(self._bests) > BESTS:
                self._bests.popitem(last=False)
        return known[1]


def label(id: str) -> str:
    """A run's id as people read it: 20261124-000312-ab12 is 2026-11-24 00:03 · ab12."""
    day, clock, mark = id.split("-")
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {clock[:2]}:{clock[2:4]} · {mark}"
