"""A teacher behind an OpenAI-compatible address; its client retries and times out. Knows no budget and no cache."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiolimiter import AsyncLimiter

from hesui.distil.calls import Call, Outcome, Reply, Stage
from hesui.distil.completions import read_completion, read_error, shown
from hesui.distil.config import Config
from hesui.distil.teachers import Endpoint

if TYPE_CHECKING:
    from openai import AsyncOpenAI

RETRIES = 2  # by the client: after 408, 409, 429, 5xx, a timeout or a broken connection
LONGEST_WAIT = 120.0  # seconds of a Retry-After that the client obeys
CONNECT = 10.0  # seconds to open a connection
PACE = 0.008  # seconds between two requests: what starts at once comes back at once, and then waits for the processor
NO_KEY = "none"  # the client wants some key
SCHEMAS: Mapping[Stage, dict[str, Any]] = {
    Stage.EXPAND: {
        "type": "object",
        "properties": {"questions": {"type": "array", "items": {"type": "string"}}},
        "required": ["questions"],
        "additionalProperties": False,
    },
}


class OpenAITeacher:
    """Answers calls through the chat completions of `endpoint`.

    `pace` is the least time in seconds between two requests. Raises TeacherError when made where the environment
    holds no usable key.
    """

    def __init__(self, endpoint: Endpoint, config: Config, *, max_retries: int = RETRIES, pace: float = PACE) -> None:
        self._endpoint = endpoint
        self._client = connect(endpoint, config.timeout, max_retries)
        self._longest = config.timeout * (max_retries + 1) + LONGEST_WAIT * max_retries
        self._pace = AsyncLimiter(1, pace)
        self._refused: frozenset[str] = frozenset()  # optional fields that this server does not take

    def __repr__(self) -> str:
        return f"OpenAITeacher({self._endpoint.base_url!r}, {self._endpoint.model!r})"

    @property
    def model(self) -> str:
        """The model's name."""
        return self._endpoint.model

    async def complete(self, call: Call) -> Reply:
        """Answer one call; whatever the provider does is in the reply.

        A field that not every server takes (response_format, a provider's own) is left out from then on where the
        server accepts a request only without it.
        """
        await self._pace.acquire()
        start = time.perf_counter()
        reply = await self._send(call, self._refused)
        if reply.outcome is Outcome.BAD_REQUEST:
            reply = await self._send_without(call, reply)
        return replace(reply, seconds=time.perf_counter() - start)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send_without(self, call: Call, failed: Reply) -> Reply:
        optional = optional_fields(self._endpoint, call) - self._refused
        without = {name for name in optional if name in failed.detail} or optional & {"response_format"}
        if not without:
            return failed
        reply = await self._send(call, self._refused | without)
        if reply.outcome is Outcome.BAD_REQUEST:
            return failed
        if reply.outcome.paid:
            self._refused |= without
        return reply

    async def _send(self, call: Call, leave_out: frozenset[str]) -> Reply:
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError

        body = request_body(self._endpoint, call, leave_out)
        try:
            async with asyncio.timeout(self._longest):  # some servers send blanks until the answer is there
                found = await self._client.post("/chat/completions", body=body, cast_to=object)
        except (APITimeoutError, TimeoutError):
            return Reply(Outcome.TIMEOUT, detail="no answer within the timeout")
        except APIConnectionError as error:
            return Reply(
                Outcome.UNREACHABLE, detail=f"{self._endpoint.base_url}: {self._shown(error.__cause__ or error)}"
            )
        except APIStatusError as error:
            return read_error(error.status_code, error.body, self._client.api_key)
        except UnicodeEncodeError:
            return Reply(Outcome.BAD_REQUEST, detail="the messages hold half a character")
        except (OpenAIError, ValueError, RecursionError) as error:
            return Reply(Outcome.SERVER, detail=f"the reply is not valid JSON: {self._shown(error)}")
        return read_completion(found, call)

    def _shown(self, error: BaseException) -> str:
        return shown(str(error) or type(error).__name__, self._client.api_key)


def connect(endpoint: Endpoint, timeout: float, max_retries: int = RETRIES) -> AsyncOpenAI:
    """A client for `endpoint`; `timeout` in seconds without a byte. Raises TeacherError on a missing key."""
    from openai import AsyncOpenAI, Timeout

    return AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.key() or NO_KEY,
        timeout=Timeout(timeout, connect=min(timeout, CONNECT)),
        max_retries=max_retries,
    )


def request_body(endpoint: Endpoint, call: Call, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A call as the API's chat completion request."""
    body = {
        "model": endpoint.model,
        "messages": [{"role": message.role, "content": message.content} for message in call.messages],
        "temperature": call.temperature,
        "top_p": call.top_p,
        endpoint.limit_field: call.max_tokens,
        **endpoint.extra,
    }
    wanted = response_format(endpoint, call)
    if wanted is not None:
        body["response_format"] = wanted
    return {name: value for name, value in body.items() if name not in leave_out}


def response_format(endpoint: Endpoint, call: Call) -> dict[str, Any] | None:
    """What the API is told of the form of the answer."""
    if not call.as_json or endpoint.json_mode == "none":
        return None
    schema = SCHEMAS.get(call.stage)
    if endpoint.json_mode == "json_object" or schema is None:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": call.stage.value, "strict": True, "schema": schema}}


def optional_fields(endpoint: Endpoint, call: Call) -> frozenset[str]:
    """The fields of a request that not every server takes."""
    return frozenset(endpoint.extra) | ({"response_format"} if response_format(endpoint, call) else set())
