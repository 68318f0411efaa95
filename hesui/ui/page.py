"""What every tab is given to build itself with; knows no tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from gradio import HTML, Blocks

from hesui.records import Answerer
from hesui.settings import Settings
from hesui.store.database import Database
from hesui.ui.labels import Labels


@dataclass(frozen=True, slots=True)
class Page:
    """The page under construction."""

    blocks: Blocks
    labels: Labels
    settings: Settings
    answerer: Answerer
    names: Callable[[], Sequence[str]]  # the models there are, looked up anew at each call
    database: Callable[[], Database]  # opened when it is first asked for; raises SettingsError and StoreError


def opening(settings: Settings) -> Callable[[], Database]:
    """Opens the database when it is first asked for, and once; after a failure it is tried again."""
    lock = Lock()
    opened: list[Database] = []

    def database() -> Database:
        from hesui.store.migrate import open_store  # alembic loads when it is first needed

        with lock:
            if not opened:
                opened.append(open_store(settings))
            return opened[0]

    return database


def html(value: str = "", **options: Any) -> HTML:
    """A place for our own HTML, without Gradio's styles for prose."""
    return HTML(value, apply_default_css=False, **options)
