"""The nouns of asking a teacher: a call, what came of it, and whoever answers it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Protocol

from hesui.records import Message


class Stage(StrEnum):
    """What a call is for."""

    EXPAND = "expand"  # new prompts, as JSON: {"questions": ["…", …]}
    ANSWER = "answer"  # an answer to one prompt
    LABEL = "label"  # a label with its reasons, as JSON
    JUDGE = "judge"  # which of two answers is better, as JSON


class Outcome(StrEnum):
    """What came of a call."""

    OK = "ok"
    TRUNCATED = "truncated"  # cut at the token limit
    REFUSED = "refused"  # the teacher declined
    FILTERED = "filtered"  # the provider's content filter
    MALFORMED = "malformed"  # not what was asked for: broken JSON, wrong fields, an empty answer
    RATE_LIMITED = "rate_limited"  # 429, after the client's own retries
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"  # no connection, or one that broke
    SERVER = "server"  # 5xx, or a reply that is no reply of the API
    UNAUTHORISED = "unauthorised"  # 401, 403: no key, or a wrong one
    NOT_FOUND = "not_found"  # 404: wrong address or unknown model
    BAD_REQUEST = "bad_request"  # 400, 422: the server does not take such calls

    @property
    def paid(self) -> bool:
        """Whether the provider charges for it; then the reply is kept and never asked for again."""
        return self in (Outcome.OK, Outcome.TRUNCATED, Outcome.REFUSED, Outcome.FILTERED, Outcome.MALFORMED)

    @property
    def fatal(self) -> bool:
        """Whether every further call would end the same."""
        return self in (Outcome.UNAUTHORISED, Outcome.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Call:
    """One question to a teacher."""

    stage: Stage
    task: str  # the class's id
    messages: tuple[Message, ...]
    sample: int = 0  # which of several answers to the same messages
    temperature: float = 1.0
    top_p: float = 0.95
    max_tokens: int = 1024
    as_json: bool = False  # the reply must be a JSON object

    def key(self, model: str) -> str:
        """What the call is known by: SHA-256 of model, messages, parameters and sample number, in hex."""
        text = json.dumps([model, self.record()], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def record(self) -> dict[str, Any]:
        """The call as a JSON object."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Call:
        """The call that `record` made an object of."""
        fields = dict(record)
        messages = tuple(Message(**message) for message in fields.pop("messages"))
        return cls(stage=Stage(fields.pop("stage")), messages=messages, **fields)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a provider charges for."""

    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call. `text` is "" unless the teacher wrote something."""

    outcome: Outcome
    text: str = ""
    usage: Usage = Usage()
    seconds: float = 0.0
    detail: str = ""  # for people: what the server said; never a key


class Teacher(Protocol):
    """Whoever answers calls. `complete` never raises for what a provider does: that is in the reply."""

    @property
    def model(self) -> str:
        """The name that answers are kept under."""
        ...

    async def complete(self, call: Call) -> Reply:
        """Answer one call; many may run at once."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
