"""What every tab with callbacks shares: classes, rights, how trouble is told, small words for widgets.

Lays out nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

import gradio as gr
from pydantic import ValidationError

from hesui.corpus.classes import TaskClass, load_classes
from hesui.errors import HesuiError, InputError
from hesui.ui import render
from hesui.ui.access import require_owner
from hesui.ui.page import Page
from hesui.ui.texts import TEXTS, text

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
BUSY: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private"}

PACE = 0.9  # seconds between two rounds of upkeep, however many pages look

log = logging.getLogger(__name__)
Updates = dict[Any, Any]
Choices = Callable[[Callable[[str], str]], list[tuple[str, str]]]

# A click inside our own HTML tells the server the data-… of what was clicked; page.js takes it from there.
CLICKS = 'element.addEventListener("click", (event) => hesui.picked(event, trigger));'


class Room:
    """One tab under construction, and afterwards what its callbacks need."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.labels = page.labels
        self.settings = page.settings
        self.writing = Lock()  # held while something is written that two browsers may write at once
        try:
            self.named = self.classes()
        except HesuiError:  # told where the classes are shown
            self.named = {}

    def classes(self) -> Mapping[str, TaskClass]:
        """The classes as their files are now, the largest share first, those for labels last. Raises InputError."""
        found = load_classes(self.settings).items()
        return dict(sorted(found, key=lambda item: (item[1].kind == "label", -item[1].share)))

    def class_choices(self, every: bool = False, answers: bool = False) -> Choices:
        """The choices of a widget for classes, in a language; with `every`, all of them can be chosen at once;
        with `answers`, only those that want answers."""

        def choices(look_up: Callable[[str], str]) -> list[tuple[str, str]]:
            offered = [task for task in self.named.values() if task.kind == "answer" or not answers]
            named = [(getattr(task.name, look_up("lang.code")), task.id) for task in offered]
            return [(look_up("data.all_classes"), ""), *named] if every else named

        return choices

    def look(self, notice: gr.HTML, work: Callable[[], Updates]) -> Updates:
        """What `work` changes on the page; trouble goes to `notice`, and everything else stays."""
        try:
            return {notice: ""} | work()
        except Exception as error:
            return {notice: told(error)}

    def change(self, request: gr.Request, notice: gr.HTML, work: Callable[[], Updates]) -> Updates:
        """As `look`, for the owner alone."""

        def owned() -> Updates:
            require_owner(self.settings, request)
            return work()

        return self.look(notice, owned)

    def slowly(
        self, notice: gr.HTML, working: str, work: Callable[[], Updates], request: gr.Request | None = None
    ) -> Iterator[Updates]:
        """Say what is being done, then do as `look`; with a request, as `change`."""
        try:
            if request is not None:
                require_owner(self.settings, request)
            yield {notice: render.note(working)}
            yield {notice: ""} | work()
        except Exception as error:
            yield {notice: told(error)}


class Tending:
    """Work that pages ask for as long as they are looked at: done once for all that ask within a second."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._lock = Lock()
        self._last = float("-inf")

    def __call__(self) -> None:
        """Do it, unless it has just been done or is being done."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            if time.monotonic() - self._last >= PACE:
                self._work()
                self._last = time.monotonic()
        finally:
            self._lock.release()


def unchecked(dropdown: gr.Dropdown) -> gr.Dropdown:
    """A dropdown of things that come and go while a page is open: what an older page sends is looked up, not refused.

    Gradio itself would compare it with the choices that it has in mind for a visitor, which a restart of the app
    forgets; a subclass would do, but for each Gradio writes a file beside its module.
    """
    dropdown.preprocess = lambda payload: payload  # type: ignore[method-assign]
    return dropdown


def unchecked_dropdown(**options: Any) -> gr.Dropdown:
    """A dropdown whose choices change while a page is open."""
    return unchecked(gr.Dropdown(**options))


@contextmanager
def naming(texts: str) -> Iterator[None]:
    """Turns what pydantic says of settings into an InputError that names the first that cannot be used; the texts
    whose keys begin with `texts` name the settings on the page."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        name, limits = str(first["loc"][0]), first.get("ctx", {})
        key = f"setting.{first['type']}" if f"setting.{first['type']}" in TEXTS else "setting.number"
        raise InputError(
            f"{name} is {first['input']!r}: {first['msg']}", "form.bad", name=TEXTS.get(f"{texts}.{name}", name),
            value=first["input"], reason=text(key, **limits),
        ) from None  # fmt: skip


def told(error: Exception) -> str:
    """Trouble in words; what was not foreseen goes to the log in full."""
    if not isinstance(error, HesuiError):
        log.error("a tab failed", exc_info=error)
    return render.problem(error)


def picked(event: gr.EventData) -> dict[str, str]:
    """The data-… of what was clicked in our own HTML; empty for anything that is no such click."""
    data = event._data
    return {str(name): str(value) for name, value in data.items()} if isinstance(data, dict) else {}


def says(key: str, **more: str) -> Callable[[Callable[[str], str]], dict[str, Any]]:
    """A widget whose label is the text `key`; `more` names other properties and their texts."""
    return lambda look_up: {"label": look_up(key)} | {name: look_up(text) for name, text in more.items()}


def button(key: str) -> Callable[[Callable[[str], str]], dict[str, Any]]:
    """A button that says `key`."""
    return lambda look_up: {"value": look_up(key)}
