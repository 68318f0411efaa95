"""One request on its way to an answer: its drafts, what its reader has been shown, how it ends.

Knows nothing of batches, queues or devices.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from hesui.errors import InputError
from hesui.length import Counter, count
from hesui.length.countdown import counts_down, ends_clause, goal, mark, showable, strip
from hesui.models.base import Base
from hesui.models.chat import Chat, Detokenizer, answer
from hesui.models.choosing import Rank, rank
from hesui.models.decoding import Draft
from hesui.models.guide import Gauge, Search, nearest
from hesui.models.room import derived_tokens, fewest_tokens
from hesui.models.sampling import Dice
from hesui.models.showing import change
from hesui.records import BASE, UNGUIDED, End, EndReason, Piece, Request

MARKED = 2  # times the tokens of a text with marks: a mark has about as many as the clause before it, or fewer
COUNTDOWN = "countdown"  # the note of a row whose length is the decoder's merit too


@dataclass(slots=True)
class Row:
    """The state of one request."""

    index: int  # among the requests
    request: Request
    drafts: list[Draft]
    searches: list[Search]  # of guided drafts; empty where the guide is off
    shown: str = ""
    marks: bool = False  # the model knows countdown marks
    note: str | None = None
    ended: bool = False
    started: float = field(default_factory=time.monotonic)

    @property
    def drawn(self) -> bool:
        """Whether every draft is finished; a guide may still search."""
        return all(draft.finished for draft in self.drafts)

    def progress(self) -> Piece | None:
        """What the newest token adds to the answer as shown."""
        draft = self.drafts[0]  # of several candidates the first one is shown until the best is known
        text = draft.text.text[: self.searches[0].scout.shown] if self.searches else draft.text.text
        return self._show(answer(showable(text) if self.marks else text))

    def finish(self, reason: EndReason | None = None) -> Piece:
        """The last piece: the chosen text, and why it ended; `reason` overrides the chosen draft's own."""
        text, tokens, own = self._choice()
        piece = self._show(answer(strip(text)) if self.marks else text) or Piece(self.index)
        self.ended = True
        drawn = sum(draft.drawn for draft in self.drafts) + sum(search.drawn for search in self.searches)
        seconds = time.monotonic() - self.started
        end = End(reason or own, tokens, drawn, seconds, self.note, len(self.drafts[0].prompt))
        return Piece(self.index, piece.text, piece.keep, end)

    def _show(self, text: str) -> Piece | None:
        piece = change(self.index, self.shown, text)
        self.shown = text
        return piece

    def _choice(self) -> tuple[str, int, EndReason]:
        guided = nearest(self.searches)
        if guided is not None:
            return guided.text, guided.tokens, EndReason.END
        draft = min(self.drafts, key=lambda draft: _rank(draft, self.request))
        # Stopped by the guide, and no tail found an end: the text is cut like one at the token limit.
        return answer(draft.text.text), draft.tokens, draft.reason or EndReason.LIMIT


class Countdown:
    """Writes marks for the model: at each clause end how much remains of what is demanded."""

    def __init__(self, chat: Chat, goal: int, counter: Counter) -> None:
        self._chat = chat
        self._goal = goal
        self._counter = counter

    def __call__(self, text: str, start: int) -> list[int]:
        """The ids of the mark behind `text`, if a clause ends in it at or behind `start`."""
        shown = answer(text)  # nothing yet, while the model thinks
        if not shown or not ends_clause(text, start):
            return []
        return self._chat.encode_inside(mark(self._goal - count(shown, self._counter)))


def make_row(index: int, request: Request, base: Base, marks: bool = False) -> Row:
    """The row that answers `request`; `marks` says whether its model knows countdown marks.

    Raises InputError where the model has no room for it.
    """
    prompt = base.chat.prompt(request.messages)
    limit = _limit(request, len(prompt), base)
    countdown = _countdown(request, base) if marks else None
    drafts = [
        Draft(
            prompt=prompt,
            adapter=None if request.model == BASE else request.model,
            sampling=request.sampling,
            limit=limit,
            dice=Dice(request.seed + number),
            text=Detokenizer(base.chat),
            mark=countdown,
            room=None if countdown is None else min(MARKED * limit, base.context - len(prompt)),
        )
        for number in range(max(1, request.best_of))
    ]
    note = COUNTDOWN if countdown else None
    if request.guide and request.constraint and not _guided(request):
        note = UNGUIDED
    return Row(index, request, drafts, _searches(request, drafts), marks=marks, note=note)


def _countdown(request: Request, base: Base) -> Countdown | None:
    demand = request.constraint
    return Countdown(base.chat, goal(demand), request.counter) if demand and counts_down(demand) else None


def _guided(request: Request) -> bool:
    return request.guide and request.constraint is not None and request.constraint.scope == "whole"


def _searches(request: Request, drafts: list[Draft]) -> list[Search]:
    if not _guided(request) or request.constraint is None:
        return []
    gauge = Gauge(request.constraint, request.counter)
    return [Search(draft, gauge, request.seed + number) for number, draft in enumerate(drafts)]


def _limit(request: Request, prompt: int, base: Base) -> int:
    """Tokens the answer may have: as asked, else derived from the demand; never beyond the context."""
    room = base.context - prompt
    demand = request.constraint
    wanted = fewest_tokens(demand, base.chat.tokens_per_char)
    may_be_shorter = demand is not None and demand.op == "le"
    if room < 1 or (wanted > room and not may_be_shorter):
        raise InputError(
            f"the prompt has {prompt} tokens and the answer needs {wanted} or more, the model has room for "
            f"{base.context} together; shorten the prompt or ask for less",
            "error.context",
            prompt=prompt,
            answer=wanted,
            limit=base.context,
        )
    return min(room, request.sampling.max_tokens or derived_tokens(demand, base.chat.tokens_per_char))


def _rank(draft: Draft, request: Request) -> Rank:
    logprobs = draft.chosen(draft.logprobs)
    return rank(answer(draft.text.text), draft.reason, request, -sum(logprobs) / max(1, len(logprobs)))
