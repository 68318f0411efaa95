"""Evaluations to test with: small, whole, and answered by whoever a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import pytest

from hesui.corpus.rows import Row
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.folder import Entry, EvaluationFolder, new_evaluation
from hesui.evaluate.working import work
from hesui.length import parse
from hesui.records import End, EndReason, Piece, Request
from hesui.settings import Settings

Says = Callable[[Request], str]


class Speaker:
    """An `Answerer` that says what a function says; cut answers are those that it ends with "…|"."""

    def __init__(self, says: Says) -> None:
        self._says = says

    def answer(self, requests: Sequence[Request]) -> Iterator[Piece]:
        for row, request in enumerate(requests):
            text, _, cut = self._says(request).partition("|")
            reason = EndReason.LIMIT if cut else EndReason.END
            yield Piece(row, text, end=End(reason, len(text), len(text), 0.01))


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def speaker():
    return Speaker


@pytest.fixture
def evaluation(tmp_path):
    """Makes an evaluation: prompts, entries, how many seeds; nothing is answered yet."""

    def make(prompts: Sequence[str | Row], entries: Sequence[Entry], seeds: int = 1, **config) -> EvaluationFolder:
        rows = [
            one if isinstance(one, Row) else Row(f"p{place}", "greeting", one, parse(one))
            for place, one in enumerate(prompts)
        ]
        models = tuple(dict.fromkeys(entry.model for entry in entries))
        asked = EvaluateConfig(models=models, seeds=seeds, perplexity=False, **config)
        return new_evaluation(tmp_path / "evaluations", asked, rows, entries, {})

    return make


@pytest.fixture
def answered(settings):
    """Lets somebody answer an evaluation and measures it."""

    def run(folder: EvaluationFolder, says: Says, told: list | None = None) -> EvaluationFolder:
        work(folder, settings, lambda _: Speaker(says), Event(), (told or []).append)
        return folder

    return run


BASE_RAW = Entry("base", "raw", "embedded")
TUNED_RAW = Entry("mine", "raw", "embedded", "sft", 800)


@pytest.fixture
def pair():
    """A base and an adapter on it."""
    return [BASE_RAW, TUNED_RAW]


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path
