"""What a chat completion request may hold, as its JSON states it; knows neither models nor limits of size.

What would change the answer and is not done here is refused; what only describes the request is ignored.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hesui.errors import InputError
from hesui.length import Constraint, Counter, Op, Unit, approx

STRICT = ConfigDict(strict=True, frozen=True)
UNSUPPORTED: dict[str, tuple[Any, ...]] = {  # fields, and the values of them that ask for nothing
    "stop": ([], ""), "n": (1,), "tools": ([],), "tool_choice": ("none", "auto"), "functions": ([],),
    "function_call": ("none", "auto"), "response_format": ({"type": "text"},), "logprobs": (False,),
    "top_logprobs": (0,), "logit_bias": ({},), "presence_penalty": (0,), "frequency_penalty": (0,),
    "modalities": (["text"],),
}  # fmt: skip


class Part(BaseModel):
    """A piece of a message."""

    model_config = STRICT

    type: Literal["text"]
    text: str


class Turn(BaseModel):
    """One message of a chat."""

    model_config = STRICT

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[Part]

    @property
    def text(self) -> str:
        """What it says, its parts joined."""
        return self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)


class Demand(BaseModel):
    """A length demand in fields; which numbers an op needs is told by `hesui.length.Constraint`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    op: Op
    target: int | None = Field(None, ge=0)
    min: int | None = Field(None, ge=0)
    max: int | None = Field(None, ge=0)
    unit: Unit = "char"

    def constraint(self) -> Constraint:
        """The same as a constraint. Raises InputError where a number is missing."""
        try:
            if self.op == "approx" and self.target is not None and self.min is None and self.max is None:
                return approx(self.target, unit=self.unit)
            return Constraint(self.op, self.min, self.max, self.target, self.unit)
        except ValueError as error:
            raise InputError(f"hesui.length: {error}", "error.demand_missing") from None


class Extra(BaseModel):
    """What hesui can do beyond the API: `extra_body={"hesui": {…}}`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    length: str | Demand | None = None  # instead of the prompt's own demand
    guide: bool = False  # steer decoding to the demanded length
    best_of: int = 1  # candidates drawn, the nearest complete one kept
    counter: Counter | None = None  # None = the prompt's own rule, else the default


class StreamOptions(BaseModel):
    """How a stream is to be."""

    model_config = STRICT

    include_usage: bool = False


class ChatBody(BaseModel):
    """The body of POST /v1/chat/completions."""

    model_config = ConfigDict(strict=True, frozen=True, extra="allow")

    model: str
    messages: list[Turn] = Field(min_length=1)
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None  # the newer name; it goes before
    seed: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    hesui: Extra = Extra()


def read_body(raw: bytes) -> ChatBody:
    """The request that `raw` states. Raises InputError that names the first field that cannot be used."""
    try:
        body = ChatBody.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the body"
        raise InputError(f"{place}: {first['msg']}", "error.api_field", name=place, reason=first["msg"]) from None
    for name, value in (body.model_extra or {}).items():
        if value is not None and value not in UNSUPPORTED.get(name, (value,)):
            raise InputError(f"{name} is not supported here; leave it out", "error.api_unsupported", name=name)
    return body
