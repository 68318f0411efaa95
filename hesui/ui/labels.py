"""Widget texts in two languages: collects what each widget says, for a script that retranslates them.

The switch runs in the browser alone, so it works at once, in mid-stream too, and no input is lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from gradio.blocks import Block

from hesui.ui.texts import LANGS, TEXTS, Lang

Says = Callable[[Callable[[str], str]], dict[str, Any]]
Widget = TypeVar("Widget", bound=Block)
FIRST: Lang = "zh"  # what the server renders, before the script has looked at the browser's language


class Labels:
    """The widgets of one page and what they say."""

    def __init__(self) -> None:
        self._says: list[tuple[Block, Says]] = []

    def make(self, kind: Callable[..., Widget], says: Says, **options: Any) -> Widget:
        """A widget of `kind`; `says` gives its properties that are texts, from a look-up of texts."""
        widget = kind(**says(_look_up(FIRST)), **options)
        self._says.append((widget, says))
        return widget

    @property
    def widgets(self) -> list[Block]:
        """The widgets, in the order of the script's updates."""
        return [widget for widget, _ in self._says]

    def table(self) -> str:
        """The updates that page.js returns to the widgets, as JSON: one list a language, in the order of `widgets`."""
        table = {lang: [{"__type__": "update", **says(_look_up(lang))} for _, says in self._says] for lang in LANGS}
        return json.dumps(table, ensure_ascii=False)


def _look_up(lang: Lang) -> Callable[[str], str]:
    return lambda key: str(getattr(TEXTS[key], lang))
