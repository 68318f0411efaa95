"""Folds the stream of an Answerer into answers, for every edge that shows or scores them.

Knows nothing of models, of lengths or of how an answer is shown.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hesui.records import Answerer, End, Event, Loading, Piece, Request, Waiting


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as far as it has come; finished once `end` is set."""

    model: str  # who answers
    text: str = ""
    end: End | None = None

    def after(self, piece: Piece) -> Answer:
        """This answer once `piece` is applied: cut to `keep`, then extended, then ended."""
        return replace(self, text=self.text[: piece.keep] + piece.text, end=piece.end or self.end)


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers to one set of requests, in their order, and what they wait for before the first piece."""

    rows: tuple[Answer, ...]
    status: Waiting | Loading | None = None  # None = answering, or finished

    @classmethod
    def to(cls, requests: Sequence[Request]) -> Answers:
        """The empty answers to `requests`."""
        return cls(tuple(Answer(request.model) for request in requests))

    def after(self, event: Event) -> Answers:
        """The answers once `event` has happened."""
        if not isinstance(event, Piece):
            return replace(self, status=event)
        row = self.rows[event.row].after(event)
        # Where only some wait, the others' pieces do not mean that it is over.
        waits = self.status if self.status and self.status.rows and event.row not in self.status.rows else None
        return Answers((*self.rows[: event.row], row, *self.rows[event.row + 1 :]), waits)

    @property
    def done(self) -> bool:
        """Whether every answer has ended."""
        return all(row.end for row in self.rows)


def fold(events: Iterable[Event], requests: Sequence[Request]) -> Iterator[Answers]:
    """The state after each event, so that the last one is the finished answers."""
    state = Answers.to(requests)
    for event in events:
        state = state.after(event)
        yield state


def follow(answerer: Answerer, requests: Sequence[Request]) -> Iterator[Answers]:
    """`fold` over `answerer`'s stream; closing this iterator closes the stream, which cancels the work."""
    events = answerer.answer(requests)
    try:
        yield from fold(events, requests)
    finally:
        # A generator is closed now, not when it is collected; a fake's plain iterator has nothing to close.
        if isinstance(events, Generator):
            events.close()


def collect(answerer: Answerer, requests: Sequence[Request]) -> list[Answer]:
    """The finished answers to `requests`, in their order. Raises what the answerer raises."""
    state = Answers.to(requests)
    for latest in follow(answerer, requests):
        state = latest
    return list(state.rows)
