"""Models behind OpenAI-compatible servers, as an `Answerer` that streams, stops and ends like the local engine.

Loads no torch, and the client when a server is first asked. A server's tokenizer is unknown: room is estimated, and the
length guide cannot help.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hesui.distil.calls import Outcome
from hesui.distil.client import connect
from hesui.distil.completions import read_error, shown, without_thoughts
from hesui.distil.teachers import FREE, Endpoint
from hesui.errors import ModelNotFound
from hesui.models.background import Work
from hesui.models.chat import END_THINK, answer
from hesui.models.choosing import rank
from hesui.models.room import derived_tokens
from hesui.models.showing import change
from hesui.records import UNGUIDED, End, EndReason, Event, Piece, Request
from hesui.settings import Remote, Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream

PULSE = 0.1  # seconds without a piece after which an empty one gives the caller a chance to cancel
TOKENS_PER_CHAR = 1.0  # of Chinese at the most; the usual tokenizers need 0.5 to 1
ENDS = {"stop": EndReason.END, "length": EndReason.LIMIT}
FILTERS = ("content_filter", "sensitive")

log = logging.getLogger(__name__)


class RemoteEngine:
    """Answers with the models that `settings` name in HESUI_REMOTES; an `Answerer`."""

    def __init__(self, settings: Settings) -> None:
        self._servers = {name: Server(name, remote, settings.time_limit) for name, remote in settings.remotes.items()}

    def names(self) -> list[str]:
        """What a request may name as its model."""
        return list(self._servers)

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        """Stream the answers to `requests`; closing cancels. Raises what `ask` raises, before the first piece."""
        if not requests:
            return
        with closing(self.ask(requests)) as asked:
            while not asked.done:
                yield from asked.take(PULSE) or [asked.pulse()]

    def ask(self, requests: Sequence[Request]) -> Asked:
        """The answers to `requests`, on their way from now on.

        Raises ModelNotFound on a name that is no server's, TeacherError where the environment holds no usable key.
        """
        return Asked([Row(index, request, self._server(request.model)) for index, request in enumerate(requests)])

    def _server(self, name: str) -> Server:
        if name not in self._servers:
            known = ", ".join(self._servers)
            raise ModelNotFound(
                f"no model behind a server is named {name!r}; there are: {known}", "error.model_not_found",
                name=name, names=known,
            )  # fmt: skip
        server = self._servers[name]
        server.endpoint.key()
        return server


class Asked:
    """Answers on their way."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._open = dict.fromkeys(row.index for row in rows)
        self._work: Work[Piece] = Work(lambda put: _answer_all(rows, put))

    @property
    def done(self) -> bool:
        """Whether the last piece of every answer has been taken."""
        return not self._open

    def take(self, timeout: float) -> list[Piece]:
        """The pieces that have come; waits at most `timeout` seconds where there is none."""
        pieces = self._work.take(timeout)
        if self._work.over:  # nothing more will come: what has no end by now gets one
            pieces += [row.finish() for row in self._rows if not row.ended]
        for piece in pieces:
            if piece.end is not None:
                del self._open[piece.row]
        return pieces

    def pulse(self) -> Piece:
        """A piece that changes nothing, of an answer that has not ended."""
        return Piece(next(iter(self._open)))

    def close(self) -> None:
        """Cancel what is under way; returns at once."""
        if not self.done:  # else it is tidying up
            self._work.cancel()


class Server:
    """One model behind a server, and what has been learned about it."""

    def __init__(self, name: str, remote: Remote, time_limit: float) -> None:
        self.name = name
        self.remote = remote
        self.time_limit = time_limit  # seconds an answer may take
        self.endpoint = Endpoint(
            remote.url, remote.model, FREE, currency="", json_mode="none", key_env=remote.key_env, batch=False,
            key_needed=bool(remote.key_env), limit_field=remote.limit_field, extra=remote.extra,
        )  # fmt: skip
        self.refused: frozenset[str] = frozenset()  # optional fields that this server does not take

    def body(self, request: Request, number: int) -> dict[str, Any]:
        """The API's chat completion request for candidate `number`."""
        sampling = request.sampling
        body = {
            "model": self.remote.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed + number,
            self.remote.limit_field: sampling.max_tokens or derived_tokens(request.constraint, TOKENS_PER_CHAR),
            "stream": True,
            "stream_options": {"include_usage": True},
            **({"top_k": sampling.top_k} if sampling.top_k else {}),
            **self.remote.extra,
        }
        return {name: value for name, value in body.items() if name not in self.refused}

    def doubtful(self, body: Mapping[str, Any], request: Request, detail: str) -> frozenset[str]:
        """The fields to leave out of a request that was refused for `detail`: those it names, else all that may be."""
        optional = {"seed", "stream_options", "top_k", *self.remote.extra} & body.keys()
        derived = set() if request.sampling.max_tokens else {self.remote.limit_field}  # longer than the context, say
        return frozenset(name for name in optional | derived if name in detail) or frozenset(optional)

    def learn(self, refused: frozenset[str]) -> None:
        """Remember what has been taken only without these fields; the limit may be right the next time."""
        self.refused |= refused - {self.remote.limit_field}


@dataclass(slots=True)
class Candidate:
    """One text that a server writes."""

    number: int  # among the candidates for one answer
    written: str = ""  # with thoughts
    chunks: int = 0
    usage: int | None = None  # tokens, as the server tells
    prompt: int | None = None  # tokens of the prompt, as the server tells
    reason: EndReason | None = None
    fault: str | None = None  # what went wrong, as a note

    @property
    def text(self) -> str:
        """What a reader sees of it. Some servers leave the tag out that opens thoughts: their template wrote it."""
        return without_thoughts(self.written) if END_THINK in self.written else answer(self.written)

    @property
    def tokens(self) -> int:
        """As the server tells; else the pieces that it sent."""
        return self.chunks if self.usage is None else self.usage

    def take(self, chunk: object, model: str) -> bool:
        """Note what one event of the stream holds; whether it holds text."""
        event = _mapping(chunk)
        usage = _mapping(event.get("usage"))
        self.usage = _tokens(usage.get("completion_tokens"), self.usage)
        self.prompt = _tokens(usage.get("prompt_tokens"), self.prompt)
        choices = event.get("choices")
        choice = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
        if finish := choice.get("finish_reason"):
            self._finish(finish, model)
        text = _mapping(choice.get("delta")).get("content")
        if not isinstance(text, str) or not text:
            return False
        self.written += text
        self.chunks += 1
        return True

    def fail(self, outcome: Outcome, detail: str, model: str) -> None:
        """End it with an error, and log the server's words; what was written stays."""
        self.reason, self.fault = EndReason.ERROR, outcome.value
        log.warning("%s did not answer: %s", model, detail)

    def _finish(self, finish: object, model: str) -> None:
        if isinstance(finish, str) and finish in ENDS:
            self.reason = ENDS[finish]
        else:
            self.fail(Outcome.FILTERED if finish in FILTERS else Outcome.SERVER, f"it ended with {finish!r}", model)


@dataclass(slots=True)
class Row:
    """The state of one request."""

    index: int  # among the requests
    request: Request
    server: Server
    candidates: list[Candidate] = field(init=False)
    shown: str = ""
    ended: bool = False
    started: float | None = None

    def __post_init__(self) -> None:
        self.candidates = [Candidate(number) for number in range(max(1, self.request.best_of))]

    def progress(self) -> Piece | None:
        """What the newest text adds; of several candidates the first one is shown until the best is known."""
        text = self.candidates[0].text
        piece, self.shown = change(self.index, self.shown, text), text
        return piece

    def finish(self) -> Piece:
        """The last piece: the best candidate, and why it ended."""
        best = min(self.candidates, key=self._rank)
        piece = change(self.index, self.shown, best.text) or Piece(self.index)
        self.shown, self.ended = best.text, True
        unguided = UNGUIDED if self.request.guide and self.request.constraint else None
        end = End(
            reason=best.reason or EndReason.ERROR,
            tokens=best.tokens,
            drawn=sum(candidate.tokens for candidate in self.candidates),
            seconds=time.monotonic() - self.started if self.started is not None else 0.0,
            note=best.fault or unguided,
            prompt=best.prompt,
        )
        return Piece(self.index, piece.text, piece.keep, end)

    def _rank(self, candidate: Candidate) -> tuple[object, ...]:
        failed = candidate.reason in (None, EndReason.ERROR)
        return failed, *rank(candidate.text, candidate.reason, self.request)


class Line:
    """An open client of one server, and the places for requests under way."""

    def __init__(self, server: Server, client: AsyncOpenAI) -> None:
        self.server = server
        self.client = client
        self.key = server.endpoint.key()  # to be struck out of what is logged
        self.places = asyncio.Semaphore(server.remote.concurrency)


async def _answer_all(rows: Sequence[Row], put: Callable[[Piece], None]) -> None:
    async with AsyncExitStack() as stack:
        lines: dict[str, Line] = {}
        for server in {row.server.name: row.server for row in rows}.values():
            client = await stack.enter_async_context(connect(server.endpoint, server.time_limit))
            lines[server.name] = Line(server, client)
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(_answer_row(row, lines[row.server.name], put))


async def _answer_row(row: Row, line: Line, put: Callable[[Piece], None]) -> None:
    async with asyncio.TaskGroup() as group:
        for candidate in row.candidates:
            group.create_task(_draw(candidate, row, line, put))
    put(row.finish())


async def _draw(candidate: Candidate, row: Row, line: Line, put: Callable[[Piece], None]) -> None:
    """Let the server write one candidate; whatever goes wrong is in its reason."""
    async with line.places:
        row.started = row.started or time.monotonic()
        try:
            async with asyncio.timeout(line.server.time_limit):
                async for chunk in _chunks(candidate, row.request, line):
                    if candidate.take(chunk, line.server.name) and candidate.number == 0 and (piece := row.progress()):
                        put(piece)
        except TimeoutError:
            candidate.reason = candidate.reason or EndReason.TIME  # a finished answer stays one
        except Exception as error:
            if candidate.reason is None:
                candidate.fail(*_fault(error, line), line.server.name)
        if candidate.reason is None:
            candidate.fail(Outcome.SERVER, "its stream ended without saying why", line.server.name)


async def _chunks(candidate: Candidate, request: Request, line: Line) -> AsyncIterator[object]:
    async with await _open(line.server.body(request, candidate.number), request, line) as stream:
        async for chunk in stream:
            yield chunk


async def _open(body: dict[str, Any], request: Request, line: Line) -> AsyncStream[object]:
    """The server's stream. What not every server takes is left out where it accepts the request only without it."""
    from openai import APIStatusError

    try:
        return await _post(body, line)
    except APIStatusError as error:
        reply = read_error(error.status_code, error.body, line.key)
        if reply.outcome is not Outcome.BAD_REQUEST:
            raise
        without = line.server.doubtful(body, request, str(error))
        if not without:
            raise
        try:
            stream = await _post({name: value for name, value in body.items() if name not in without}, line)
        except APIStatusError:
            raise error from None
        line.server.learn(without)
        return stream


async def _post(body: dict[str, Any], line: Line) -> AsyncStream[object]:
    from openai import AsyncStream

    return await line.client.post(
        "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=AsyncStream[object]
    )


def _fault(error: Exception, line: Line) -> tuple[Outcome, str]:
    """What went wrong, and in words for the log, without a key."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APIStatusError):
        reply = read_error(error.status_code, error.body, line.key)
        return reply.outcome, reply.detail
    detail = shown(f"{line.server.endpoint.base_url}: {error.__cause__ or error or type(error).__name__}", line.key)
    if isinstance(error, APITimeoutError):
        return Outcome.TIMEOUT, detail
    return Outcome.UNREACHABLE if isinstance(error, APIConnectionError) else Outcome.SERVER, detail


def _tokens(told: object, known: int | None) -> int | None:
    return told if isinstance(told, int) and told >= 0 else known


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
