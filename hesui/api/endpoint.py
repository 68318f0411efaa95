"""POST /v1/chat/completions and GET /v1/models: HTTP in, one answer out, whole or as a stream of events.

A stream never takes text back. Where the answer may still be revised (the guide, best of several), it is held until it
is final. A caller who goes away ends the work on the answer.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import aclosing
from secrets import token_hex
from typing import Any, cast

from anyio import CancelScope, CapacityLimiter, fail_after, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Receive, Scope, Send

from hesui import records
from hesui.answers import Answer, Answers, follow
from hesui.api.asking import request_of
from hesui.api.bodies import ChatBody, read_body
from hesui.api.door import require_entry, require_json
from hesui.api.refusals import Refusal, refusal
from hesui.api.replies import Reply, models
from hesui.records import EndReason
from hesui.settings import Settings

THREADS = 64  # answers that move at once; those beyond wait for a moment
BYTES = 16  # a character's share of a body: twelve for an emoji in escapes, and its field
STALLED = 20.0  # seconds without a byte taken, after which a reader counts as gone
ENVELOPE = 65_536  # bytes of a body beside the text

log = logging.getLogger(__name__)
Handler = Callable[[Request], Awaitable[Response]]
States = AsyncGenerator[Answer, None]


def routes(settings: Settings, answerer: records.Answerer, names: Callable[[], Sequence[str]]) -> Mount:
    """The endpoint under /v1. `names` lists the models there are."""
    endpoint = Endpoint(settings, answerer, names)
    return Mount(
        "/v1",
        routes=[
            Route("/models", endpoint.guarded(endpoint.models), methods=["GET"]),
            Route("/models/{name:path}", endpoint.guarded(endpoint.model), methods=["GET"]),
            Route("/chat/completions", endpoint.guarded(endpoint.complete), methods=["POST"]),
            Route("/{path:path}", endpoint.guarded(endpoint.nothing), methods=["GET", "POST"]),
        ],
    )


class Endpoint:
    """Answers requests with what answers the page."""

    def __init__(self, settings: Settings, answerer: records.Answerer, names: Callable[[], Sequence[str]]) -> None:
        self._settings = settings
        self._answerer = answerer
        self._names = names
        self._created = int(time.time())
        self._threads = CapacityLimiter(THREADS)

    def guarded(self, handler: Handler) -> Handler:
        """`handler` behind the door, its errors told in the API's form."""

        async def handle(request: Request) -> Response:
            try:
                require_entry(self._settings, request)
                return await handler(request)
            except ClientDisconnect:
                return Response(status_code=499)  # nobody reads it
            except Exception as error:
                return refusal(error).response()

        return handle

    async def models(self, request: Request) -> Response:
        """The base, the adapters, the models behind servers."""
        return JSONResponse(models(self._names(), self._created))

    async def model(self, request: Request) -> Response:
        """One of them."""
        found = [
            one for one in models(self._names(), self._created)["data"] if one["id"] == request.path_params["name"]
        ]
        if not found:
            raise Refusal(404, "there is no model of that name; GET /v1/models lists them", "model_not_found")
        return JSONResponse(found[0])

    async def nothing(self, request: Request) -> Response:
        """What other servers have and this one has not."""
        raise Refusal(404, "there are /v1/chat/completions and /v1/models, nothing else", "not_found")

    async def complete(self, request: Request) -> Response:
        """Answer a chat."""
        require_json(request)
        body = read_body(await self._read(request))
        wanted = request_of(body, self._names(), self._settings)
        reply = Reply(f"chatcmpl-{token_hex(12)}", int(time.time()), wanted)
        states = self._states(request, wanted)
        if not body.stream:
            async with aclosing(states):
                return JSONResponse(reply.whole(await _last(states)))
        # Whatever is refused is refused before the first piece, so that its status can say so.
        first = await anext(states)
        return Events(_events(reply, body, first, states), states)

    async def _read(self, request: Request) -> bytes:
        limit = self._settings.max_prompt * BYTES + ENVELOPE
        raw = bytearray()
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > limit:
                raise Refusal(413, f"the body is too large; {limit:,} bytes are allowed", "too_large")
        return bytes(raw)

    async def _states(self, request: Request, wanted: records.Request) -> States:
        """The answer as it grows, from its first piece on; ends the work where the caller has gone.

        Raises what the answerer raises, and ClientDisconnect.
        """
        states = cast(Generator[Answers, None, None], follow(self._answerer, [wanted]))
        try:
            while (state := await to_thread.run_sync(next, states, None, limiter=self._threads)) is not None:
                if await request.is_disconnected():
                    raise ClientDisconnect
                if state.status is None:
                    yield state.rows[0]
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(states.close, limiter=self._threads)


class Events(StreamingResponse):
    """A stream of events; whatever ends it ends the work on the answer, also a reader who takes nothing any more:
    the device is not to wait for them."""

    def __init__(self, events: AsyncGenerator[str, None], states: States) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # proxies, too, pass events on at once
        super().__init__(events, media_type="text/event-stream", headers=headers)
        self._sources = (events, states)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_soon(message: Message) -> None:
            with fail_after(STALLED):
                await send(message)

        try:
            await super().__call__(scope, receive, send_soon)
        except TimeoutError:
            log.warning("a reader took nothing of an answer for %s s and is left", STALLED)
        finally:
            for source in self._sources:
                await source.aclose()


async def _last(states: States) -> Answer:
    """The finished answer. Raises Refusal where it failed."""
    found = [answer async for answer in states if answer.end]
    return _finished(found[-1] if found else None)


def _finished(answer: Answer | None) -> Answer:
    if answer is None or answer.end is None or answer.end.reason in (EndReason.ERROR, EndReason.CANCELLED):
        note = (answer and answer.end and answer.end.note) or "the server's log says why"
        raise Refusal(500, f"the model did not finish: {note}", "failed")
    return answer


async def _events(reply: Reply, body: ChatBody, first: Answer, states: States) -> AsyncGenerator[str, None]:
    """The answer as server-sent events; what fails from here on is an event, too."""
    try:
        async with aclosing(states), aclosing(_chunks(reply, body, first, states)) as chunks:
            async for chunk in chunks:
                yield _event(chunk)
        yield "data: [DONE]\n\n"
    except ClientDisconnect:
        return
    except Exception as error:
        yield _event(refusal(error).body())


async def _chunks(reply: Reply, body: ChatBody, first: Answer, states: States) -> AsyncGenerator[dict[str, Any], None]:
    yield reply.opening()
    sent, answer = "", first
    held = reply.request.guide or reply.request.best_of > 1
    while answer.end is None:
        if not held and len(answer.text) > len(sent) and answer.text.startswith(sent):
            yield reply.delta(answer.text[len(sent) :])
            sent = answer.text
        answer = await anext(states)
    answer = _finished(answer)
    if not answer.text.startswith(sent):
        raise Refusal(500, "the answer was revised after a part of it was sent; ask without stream", "revised")
    if answer.text != sent:
        yield reply.delta(answer.text[len(sent) :])
    yield reply.closing(answer)
    if answer.end and body.stream_options and body.stream_options.include_usage:
        yield reply.counted(answer.end)


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"
