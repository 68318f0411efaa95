"""The nouns of review: items, events, and what follows from an item's events. Plain data; asks no database.

Events are only ever added. What stands on an item is derived from them by `derive`, and the queue keeps the result
in columns of the item, because a claim must find open items at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from hesui.length import DEFAULT_COUNTER

Kind = Literal["answer", "label"]
State = Literal["open", "accepted", "edited", "rejected", "labelled", "split", "gold"]
Action = Literal["accept", "reject", "edit", "label", "skip", "undo", "adjudicate", "reopen"]
Reason = Literal["length", "topic", "fluency", "unsafe", "duplicate", "other"]

STATES: tuple[State, ...] = get_args(State)
REASONS: tuple[Reason, ...] = get_args(Reason)  # in the order of their keys, 1 to 6
DECISIONS: frozenset[Action] = frozenset({"accept", "reject", "edit", "label"})
GOOD = frozenset({"accept", "edit"})  # both say that a good answer came of it


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be reviewed: an answer to be accepted, rejected or edited, or a text to be labelled."""

    id: str  # made from what it says, so that the same item is added once
    kind: Kind
    task: str  # the class's id
    language: str  # zh, en
    prompt_id: str  # the same for all answers to one prompt
    row: Mapping[str, Any]  # the prompt as hesui.corpus.rows writes it, without an answer
    text: str  # the answer as the teacher gave it, or the text to be labelled; never changed
    counter: str = DEFAULT_COUNTER
    teacher: str = ""
    attempt: int = 0  # the teacher's try, counted from 1; 0 = not known
    source: str = ""  # where it comes from: DEMO, a run's id, the name of an import
    suggestion: Mapping[str, Any] | None = None  # of a teacher on a label item: label, clues, reasoning, teacher
    gold: str | None = None  # the known verdict: accept, reject or a label's id
    required: int = 1  # reviewers that are needed
    priority: float = 1.0  # the lowest comes first
    number: int = 0  # set by the database


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done to an item; never changed afterwards."""

    item: int  # the item's number
    action: Action
    reviewer: str
    choice: str = ""  # accept, reject, edit or a label's id; also of an adjudication
    reason: str = ""  # of a rejection, one of REASONS
    note: str = ""
    text: str | None = None  # of an edit
    seconds: float = 0.0  # spent looking at the item
    counter: str = DEFAULT_COUNTER
    text_hash: str = ""  # SHA-256 of the text that was judged
    peeked: bool = False  # the teacher's suggestion was looked at before
    undoes: int | None = None  # the number of the event that an undo takes back
    key: str = ""  # chosen by who sends it: the same key again changes nothing
    created: float = 0.0  # seconds since 1970; set by the database
    number: int = 0  # set by the database


class Outcome(NamedTuple):
    """What stands on an item after some events."""

    state: State
    verdict: str = ""  # accept, edit, reject or a label's id; "" while open or split
    text: str | None = None  # the edited text, where one stands
    done: int = 0  # decisions that count
    touched: frozenset[str] = frozenset()  # reviewers who have the item behind them
    live: tuple[Event, ...] = ()  # the decisions that count, an adjudication last


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as it stands."""

    item: Item
    state: State
    verdict: str
    result: str | None  # the edited text, where one stands
    done: int
    decided: float | None  # when the last decision fell, seconds since 1970


@dataclass(frozen=True, slots=True)
class Reviewed:
    """An item with every event on it, the oldest first."""

    entry: Entry
    events: tuple[Event, ...] = field(default=())

    @property
    def text(self) -> str:
        """The text that stands: the edited one, else the teacher's."""
        return self.entry.item.text if self.entry.result is None else self.entry.result

    @property
    def outcome(self) -> Outcome:
        """What follows from the events."""
        return derive(self.events, self.entry.item.required, gold=self.entry.item.gold is not None)


def derive(events: Sequence[Event], required: int, *, gold: bool = False) -> Outcome:
    """What stands on an item that needs `required` reviewers after `events`, the oldest first.

    What an undo names, and everything before a reopening, does not count. An adjudication goes before all decisions.
    Decisions agree if all find a good answer (accepted as it is or edited), all reject, or all choose one label;
    otherwise the item is split. A gold item stays gold: its answer is known, its decisions measure reviewers.
    """
    standing = _standing(events)
    decisions = [event for event in standing if event.action in DECISIONS]
    rulings = [event for event in standing if event.action == "adjudicate"]
    touched = frozenset(event.reviewer for event in standing if event.action in DECISIONS or event.action == "skip")
    live = (*decisions, *rulings[-1:])
    if rulings:
        state, verdict, text = _verdict([rulings[-1]])
    elif gold:
        state, verdict, text = "gold", "", None
    elif len(decisions) < required or not decisions:
        state, verdict, text = "open", "", None
    else:
        state, verdict, text = _verdict(decisions)
    return Outcome(state, verdict, text, len(decisions), touched, live)


def _standing(events: Sequence[Event]) -> list[Event]:
    undone = {event.undoes for event in events if event.action == "undo"}
    since = max((place for place, event in enumerate(events) if event.action == "reopen"), default=-1)
    return [event for event in events[since + 1 :] if event.number not in undone]


def _verdict(decisions: Sequence[Event]) -> tuple[State, str, str | None]:
    choices = {event.choice for event in decisions}
    if choices <= GOOD:
        edits = [event.text for event in decisions if event.choice == "edit"]
        return ("edited", "edit", edits[-1]) if edits else ("accepted", "accept", None)
    if len(choices) > 1:
        return "split", "", None
    choice = choices.pop()
    return ("rejected", "reject", None) if choice == "reject" else ("labelled", choice, None)
