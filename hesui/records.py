"""The nouns that stages pass to each other: a request for an answer, and the stream that comes back.

Whatever answers a prompt (the local engine, a server, the composer, a test's fake) is an `Answerer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol

from hesui.length import DEFAULT_COUNTER, Constraint, Counter

BASE = "base"  # the model name that means: the base, no adapter
UNGUIDED = "unguided"  # the note of a row whose guide was asked for and cannot help


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn; the same for every model that is compared."""

    temperature: float = 0.5  # 0 = greedy; chosen on the embedded model's development prompts
    top_p: float = 0.95  # nucleus mass
    top_k: int = 0  # 0 = no limit
    max_tokens: int | None = None  # None = derived from the demand


@dataclass(frozen=True, slots=True)
class Request:
    """One answer wanted from one model."""

    messages: tuple[Message, ...]
    model: str = BASE  # BASE, or the name of an adapter or of a model behind a server
    sampling: Sampling = field(default_factory=Sampling)
    constraint: Constraint | None = None  # what the answer must obey; None = no demand
    counter: Counter = DEFAULT_COUNTER
    guide: bool = False  # length-guided decoding
    best_of: int = 1  # candidates drawn, the nearest complete one kept
    seed: int = 0


class EndReason(StrEnum):
    """Why an answer ended."""

    END = "end"  # the model ended it (or, guided, the guide at a sentence end)
    LIMIT = "limit"  # the token limit
    TIME = "time"  # the time limit
    CANCELLED = "cancelled"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class End:
    """The last word on one answer."""

    reason: EndReason
    tokens: int  # tokens of the answer as shown
    drawn: int  # tokens sampled in all, with those of discarded candidates and tails
    seconds: float  # from the first step of this answer to its end, waiting excluded
    note: str | None = None  # e.g. "sequential": why it could not share a batch
    prompt: int | None = None  # tokens of the prompt; None = whoever answered does not tell


@dataclass(frozen=True, slots=True)
class Waiting:
    """Others are ahead; `position` 1 is next."""

    position: int
    rows: tuple[int, ...] = ()  # the requests that wait, by their index; () = all


@dataclass(frozen=True, slots=True)
class Loading:
    """A model is being loaded."""

    what: str  # the model's name
    fraction: float  # 0 to 1
    rows: tuple[int, ...] = ()  # the requests that wait for it, by their index; () = all


@dataclass(frozen=True, slots=True)
class Piece:
    """A change to one answer: cut it to `keep` characters where given, then append `text`."""

    row: int  # index of the request
    text: str = ""
    keep: int | None = None  # None = keep all
    end: End | None = None  # set on the row's last piece


Event = Waiting | Loading | Piece


class Answerer(Protocol):
    """Anything that answers prompts."""

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        """Stream the answers to `requests`; closing the iterator cancels the work within 0.3 s.

        Every row ends with one Piece whose `end` is set. Raises HesuiError before the first piece on a
        request that cannot be served at all.
        """
        ...
