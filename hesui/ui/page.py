"""What every tab is given to build itself with; knows no tab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gradio import HTML, Blocks

from hesui.records import Answerer
from hesui.settings import Settings
from hesui.ui.labels import Labels


@dataclass(frozen=True, slots=True)
class Page:
    """The page under construction."""

    blocks: Blocks
    labels: Labels
    settings: Settings
    answerer: Answerer
    names: Callable[[], Sequence[str]]  # the models there are, looked up anew at each call


def html(value: str = "", **options: Any) -> HTML:
    """A place for our own HTML, without Gradio's styles for prose."""
    return HTML(value, apply_default_css=False, **options)
