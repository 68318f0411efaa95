"""An open round: begun, and shown as its answers come, no faster than is seen. Knows no widget and nobody who answers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from hesui.answers import Answers
from hesui.settings import Settings
from hesui.ui import render
from hesui.ui.form import Form
from hesui.ui.visit import Round

FRAME = 0.08  # seconds between two updates of the page; faster is not seen, and floods a phone


class Shown(NamedTuple):
    """A moment of a round, and the word above it."""

    played: Round
    notice: str  # HTML


def begin(form: Form, settings: Settings, known: list[str]) -> Round:
    """An open round. Raises HesuiError on what cannot be asked."""
    requests = tuple(form.requests(settings, known))
    return Round(form, requests, Answers.to(requests).rows)


def openly(played: Round, states: Iterable[Answers]) -> Iterator[Shown]:
    """An open round as its answers come."""
    for state in states:
        yield Shown(replace(played, rows=state.rows), render.status(state.status))


def paced(states: Iterable[Answers], frame: float = FRAME) -> Iterator[Answers]:
    """`states` thinned to one a `frame` seconds; the last one, and each change of what is waited for, is kept."""
    shown = float("-inf")
    status, held = None, None
    for state in states:
        held = state
        if state.status != status or time.monotonic() - shown >= frame:
            shown, status, held = time.monotonic(), state.status, None
            yield state
    if held is not None:
        yield held
