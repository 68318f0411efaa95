"""From a chat completion's body to the request that is answered: its demand, within the limits of page and command line.

Knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from hesui import restating
from hesui.api.bodies import ChatBody, Demand
from hesui.errors import InputError
from hesui.length import Constraint, parse
from hesui.records import Message, Request, Sampling
from hesui.requests import build_requests, validate_models, validate_prompt
from hesui.restating import Restated
from hesui.settings import Settings

DRAWN = Sampling()


def request_of(body: ChatBody, known: Collection[str], settings: Settings) -> Request:
    """The request that `body` states. Raises ModelNotFound and InputError on what cannot be served."""
    validate_models([body.model], known)
    *before, last = messages_of(body, settings)
    if last.role != "user":
        raise InputError(
            "the last message must be the user's", "error.api_field", name="messages", reason="user is not last"
        )
    prompt, constraint = demanded(last.content, body.hesui.length)
    request = build_requests(
        prompt, [body.model], constraint, settings, sampling=sampling_of(body), counter=body.hesui.counter,
        guide=body.hesui.guide, best_of=body.hesui.best_of, seed=body.seed or 0,
    )[0]  # fmt: skip
    return replace(request, messages=(*before, *request.messages))


def messages_of(body: ChatBody, settings: Settings) -> list[Message]:
    """The chat; all messages together may be as long as one prompt. Raises InputError."""
    validate_prompt("\n".join(turn.text for turn in body.messages), settings)
    return [Message("system" if turn.role == "developer" else turn.role, turn.text) for turn in body.messages]


def demanded(prompt: str, length: str | Demand | None) -> tuple[str, Constraint | None]:
    """`prompt` and the demand on its answer: what it states itself, or else `length`, which is then written into it.

    Raises InputError where `length` is no demand.
    """
    found = parse(prompt)
    if not length or not prompt.strip():
        return prompt, found
    wanted = length.constraint() if isinstance(length, Demand) else parse(length)
    if wanted is None:
        raise InputError(
            f"{length!r} is no length demand; write e.g. 50字以内, 300字左右, 30-80字 or 'within 50 words'",
            "error.length_option",
            value=length,
        )
    wanted = replace(wanted, span=None, extra=())
    return Restated(restating.write(prompt, found.span if found else None, wanted), wanted)


def sampling_of(body: ChatBody) -> Sampling:
    """How tokens are drawn; what is not stated is as on the page."""
    given = {
        "temperature": body.temperature,
        "top_p": body.top_p,
        "top_k": body.top_k,
        "max_tokens": body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens,
    }
    return replace(DRAWN, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
