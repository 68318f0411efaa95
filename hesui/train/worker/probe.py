"""The length probe: answers to held-out prompts from the model in training, measured; and which step was best.

Every probe of every run asks the same prompts with the same random numbers, at the product's own temperature, so that
a change is the model's. Knows nothing of checkpoints or of how the model is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from hesui.corpus.rows import Row
from hesui.corpus.seeds import load_evaluation
from hesui.errors import InputError
from hesui.length import Counter, Verdict, check
from hesui.models.answering import Answering
from hesui.models.base import Base
from hesui.quality import is_complete
from hesui.records import BASE, Message, Request
from hesui.settings import EMBEDDED
from hesui.train.config import TrainConfig
from hesui.train.curves import Probe as Point
from hesui.train.data import DataSet
from hesui.train.worker.wish import Ended

SHOWN = 3  # answers that are kept to be read
SEED = 20_270_206  # of which prompts are asked: the same for every run
GREETING = "greeting"  # the one class of which the embedded base is measured
TIME_LIMIT = 600.0  # seconds for one batch of answers


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer that a person may read."""

    prompt: str
    text: str
    count: int
    target: int


class Reading(NamedTuple):
    """One probe; shares from 0 to 1, the error in characters."""

    n: int
    satisfied: float
    hit2: float
    hit5: float
    hit10: float
    complete: float
    mae: float
    shown: tuple[Shown, ...]

    def record(self) -> dict[str, Any]:
        """The numbers alone."""
        return {name: value for name, value in self._asdict().items() if name != "shown"}


class Probe:
    """A fixed set of prompts for one model."""

    def __init__(
        self, base: Base, rows: Sequence[Row], counter: Counter, markers: bool = False,
        whole: Callable[[], AbstractContextManager[Base]] | None = None,
    ) -> None:  # fmt: skip
        """`markers` says that the model learns countdown marks: it is asked as whoever will answer with it asks it.

        `whole` lends the base that answers, where `base` itself cannot: its weights are shared out over processes.
        """
        self._marking = (BASE,) if markers else ()
        self._answering = Answering(base, TIME_LIMIT, self._marking)
        self._whole = whole or (lambda: nullcontext(base))
        asked = [(row, _request(row, index, counter)) for index, row in enumerate(rows)]
        self._asked = [(row, request) for row, request in asked if self._has_room(request)]

    def __len__(self) -> int:
        return len(self._asked)

    def read(self, unwanted: Callable[[], bool]) -> Reading:
        """Ask and measure. Raises Ended as soon as it is `unwanted`, DeviceOutOfMemory; restores the model's mode."""
        with self._whole() as base:
            training = base.model.training
            base.model.eval()
            try:
                return _reading(self._asked, self._answers(unwanted, base))
            finally:
                base.model.train(training)

    def _answers(self, unwanted: Callable[[], bool], base: Base | None = None) -> list[str]:
        texts = [""] * len(self._asked)
        own = self._answering
        answering = own if base is None or base is own.base else Answering(base, TIME_LIMIT, self._marking)
        rows = answering.rows([request for _, request in self._asked])
        with closing(answering.answer(rows)) as pieces:  # type: ignore[type-var]
            for piece in pieces:
                if unwanted():
                    raise Ended
                texts[piece.row] = texts[piece.row][: piece.keep] + piece.text
        return texts

    def _has_room(self, request: Request) -> bool:
        try:
            return bool(self._answering.rows([request]))
        except InputError:
            return False


def choose(config: TrainConfig, data: DataSet, evaluation: Iterable[Row] | None = None) -> list[Row]:
    """The prompts to ask: of the evaluation prompts those of the data's classes that demand a number of characters.

    For the embedded base only greetings, the one task for which it was made to be exact; where no evaluation prompt is
    of the data's classes, the data's own held-out prompts.
    """
    known = load_evaluation() if evaluation is None else evaluation
    classes = set(data.classes)
    if config.base == EMBEDDED and GREETING in classes:
        classes = {GREETING}
    rows = [row for row in known if row.task in classes and _measurable(row)] or _held_out(data)
    return Random(SEED).sample(rows, min(config.probe_prompts, len(rows)))


def score(reading: Reading) -> float:
    """By which the best step is known: as the page marks it, the mean of satisfied, hit2, hit5 and hit10."""
    return Point(0, **reading.record()).score


def _held_out(data: DataSet) -> list[Row]:
    examples = [example for split in ("validation", "test") for example in data.examples(split)]
    rows = [
        Row(str(number), one.task, one.messages[-1].content, one.constraint, history=one.messages[:-1])
        for number, one in enumerate(examples)
    ]
    return [row for row in {row.prompt: row for row in rows}.values() if _measurable(row)]


def _measurable(row: Row) -> bool:
    demand = row.constraint
    return demand is not None and demand.unit == "char" and demand.scope == "whole"


def _request(row: Row, index: int, counter: Counter) -> Request:
    rule = (row.constraint and row.constraint.count_rule) or counter
    return Request((*row.history, Message("user", row.prompt)), constraint=row.constraint, counter=rule, seed=index)


def _reading(asked: Sequence[tuple[Row, Request]], texts: Sequence[str]) -> Reading:
    verdicts = [_verdict(request, text) for (_, request), text in zip(asked, texts, strict=True)]
    errors = [abs(verdict.error) for verdict in verdicts]
    n = len(verdicts)

    def share(found: Iterable[bool]) -> float:
        return sum(found) / n

    return Reading(
        n=n,
        satisfied=share(verdict.ok for verdict in verdicts),
        hit2=share(error <= 2 for error in errors),
        hit5=share(error <= 5 for error in errors),
        hit10=share(error <= 10 for error in errors),
        complete=share(is_complete(text) for text in texts),
        mae=sum(errors) / n,
        shown=tuple(
            Shown(row.prompt, text, verdict.count, request.constraint.aim if request.constraint else 0)
            for (row, request), text, verdict in list(zip(asked, texts, verdicts, strict=True))[:SHOWN]
        ),
    )


def _verdict(request: Request, text: str) -> Verdict:
    assert request.constraint is not None  # only such rows are asked
    return check(text, request.constraint, request.counter)
