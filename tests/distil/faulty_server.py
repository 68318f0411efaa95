"""An OpenAI-compatible server that goes wrong on demand: `python tests/distil/faulty_server.py [--log FILE]`.

It prints its address, e.g. http://127.0.0.1:40123/v1, and ends when its standard input is closed. Knows nothing of
hesui. What it does is set by a plan, a JSON object, sent to POST /plan (which also forgets the past) or given as --plan:

    latency   seconds before a reply
    share     of the different calls, how many go wrong, 0 to 1; which ones follows from their content
    faults    kinds of faults these are dealt in turn, see FAULTS
    times     requests of such a call that go wrong before it is answered well
    key       the key that is asked for; "" = none
    refuses   names of request fields that are answered with 400
    polls     looks at a batch before it is done
    batch     how a batch ends: completed, expired, cancelled, failed
    usage     whether replies tell it
    pace      seconds between two events of a streamed reply
    lingers   whether a streamed reply stays open behind its last event
    answers   texts of good answers, of which the request's seed picks one; none = a text that follows from the call

A prompt that holds «429» or «429*3» goes wrong that way, that often (once where no number is given, for ever as «429*»).
GET /log answers with one object for each request of a chat completion: {"call", "prompt", "fault", "text", "asked"};
`fault` is null for a good answer, `asked` has the request's other fields. With --log each is a line of that file, too,
written before the reply is sent. A request that asks for a stream gets one, a character an event; what is cut then is the
stream. GET /streams tells how many streams are open.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import re
import socket
import sys
import threading
import uuid
from dataclasses import asdict, dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

SLOW = 60.0  # seconds; any client has given up before
WRITTEN = re.compile(r"«([a-z0-9]+)(\*?)(\d*)»")


@dataclass
class Plan:
    latency: float = 0.0
    share: float = 0.0
    faults: tuple[str, ...] = ()
    times: int = 1
    key: str = ""
    refuses: tuple[str, ...] = ()
    polls: int = 1
    batch: str = "completed"
    usage: bool = True
    pace: float = 0.0
    lingers: bool = False
    answers: tuple[str, ...] = ()


@dataclass
class State:
    plan: Plan = field(default_factory=Plan)
    log: list[dict] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)  # requests by call
    files: dict[str, str] = field(default_factory=dict)
    batches: dict[str, dict] = field(default_factory=dict)
    under_way: int = 0
    most_under_way: int = 0
    streams: int = 0
    log_file: str | None = None


class Cut(Response):
    """A reply whose connection breaks in the middle of its body."""

    async def __call__(self, scope, receive, send):
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"id": "chatcmpl-1", "choi', "more_body": True})


class Stream(StreamingResponse):
    """A completion as events, a character each; `breaks`: the connection does, after half of them."""

    def __init__(self, found: dict, state: State, breaks: bool = False) -> None:
        self.breaks = breaks
        super().__init__(self.events(found, state), media_type="text/event-stream")

    async def events(self, found: dict, state: State):
        (choice,) = found["choices"]
        text = choice["message"]["content"]
        deltas = [{"role": "assistant"}, *({"content": letter} for letter in (text if isinstance(text, str) else []))]
        state.streams += 1
        try:
            for delta in deltas[: len(deltas) // 2] if self.breaks else deltas:
                yield event(found, [{"index": 0, "delta": delta, "finish_reason": None}])
                await asyncio.sleep(state.plan.pace)
            if self.breaks:
                return
            yield event(found, [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}])
            if "usage" in found:
                yield event(found, [], usage=found["usage"])
            if state.plan.lingers:
                await asyncio.sleep(SLOW)
            yield "data: [DONE]\n\n"
        finally:
            state.streams -= 1

    async def stream_response(self, send):
        async def send_all_but_the_end(message):
            if message.get("more_body", True):
                await send(message)

        await super().stream_response(send_all_but_the_end if self.breaks else send)


def event(found: dict, choices: list, **fields) -> str:
    chunk = {"id": found["id"], "object": "chat.completion.chunk", "model": found["model"], "choices": choices}
    return f"data: {json.dumps(chunk | fields, ensure_ascii=False)}\n\n"


def error(status: int, message: str, code: str | None = None, headers: dict | None = None) -> Response:
    return JSONResponse({"error": {"message": message, "type": code or "error", "code": code}}, status, headers)


def completion(body: dict, text: str | None, plan: Plan, finish: str = "stop", **message) -> dict:
    found = {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
    }
    if plan.usage:
        found["usage"] = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}
    return found


FAULTS = {
    "429": lambda body, plan: error(429, "slow down", "rate_limit", {"Retry-After": "0.01", "retry-after-ms": "10"}),
    "500": lambda body, plan: error(500, "something broke", None, {"retry-after-ms": "10"}),
    "cut": lambda body, plan: Cut(),
    "json": lambda body, plan: Response('{"id": "chatcmpl-1", "choices": [', media_type="application/json"),
    "html": lambda body, plan: HTMLResponse("<h1>It works!</h1>"),
    "schema": lambda body, plan: JSONResponse({"object": "list", "data": []}),
    "null": lambda body, plan: JSONResponse(completion(body, None, plan)),
    "number": lambda body, plan: JSONResponse(completion(body, 42, plan)),  # type: ignore[arg-type]
    "empty": lambda body, plan: JSONResponse(completion(body, "", plan)),
    "filter": lambda body, plan: JSONResponse(completion(body, "新春", plan, "content_filter")),
    "filter400": lambda body, plan: error(
        400, "Input data may contain inappropriate content.", "data_inspection_failed"
    ),
    "refusal": lambda body, plan: JSONResponse(completion(body, None, plan, refusal="I cannot help with that.")),
    "truncated": lambda body, plan: JSONResponse(completion(body, "新春快", plan, "length")),
    "think": lambda body, plan: JSONResponse(completion(body, "<think>数一数…</think>\n\n新春快乐", plan)),
    "400": lambda body, plan: error(400, "temperature must be at most 1", "invalid_parameter"),
    "401": lambda body, plan: error(401, f"Incorrect API key provided: {body['key']}", "invalid_api_key"),
    "402": lambda body, plan: error(402, "Insufficient Balance"),
    "quota": lambda body, plan: error(429, "You exceeded your current quota", "insufficient_quota"),
    "404": lambda body, plan: error(404, "The model does not exist", "model_not_found"),
}


def identity(body: dict) -> str:
    return hashlib.sha256(json.dumps(body["messages"], sort_keys=True).encode()).hexdigest()[:16]


def fault_of(call: str, prompt: str, plan: Plan, before: int) -> str | None:
    """What goes wrong with a call that was asked `before` times; the prompt's own marks come one after the other."""
    marks = WRITTEN.findall(prompt)
    for kind, star, number in marks:
        times = int(number) if number else sys.maxsize if star else 1
        if before < times:
            return kind
        before -= times
    drawn = int(call, 16)
    if marks or not plan.faults or drawn % 1000 >= plan.share * 1000 or before >= plan.times:
        return None
    return plan.faults[drawn // 1000 % len(plan.faults)]


def good_answer(body: dict, call: str) -> str:
    if "response_format" in body or "JSON" in body["messages"][-1]["content"]:
        return json.dumps(
            {"questions": [f"请写一段{number}字的祝福（{call}）" for number in (30, 50)]}, ensure_ascii=False
        )
    return f"新春快乐，答 {call}"


class Api:
    """The routes."""

    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[Route]:
        return [
            Route("/v1/chat/completions", self.chat, methods=["POST"]),
            Route("/v1/files", self.add_file, methods=["POST"]),
            Route("/v1/files/{id}/content", self.show_file),
            Route("/v1/batches", self.add_batch, methods=["POST"]),
            Route("/v1/batches/{id}", self.show_batch),
            Route("/plan", self.set_plan, methods=["POST"]),
            Route("/log", self.show_log),
            Route("/count", self.show_count),
            Route("/most", self.show_most),
            Route("/streams", self.show_streams),
        ]

    async def chat(self, request: Request) -> Response:
        state, plan = self.state, self.state.plan
        body = await request.json()
        body["key"] = request.headers.get("authorization", "").removeprefix("Bearer ")
        if plan.key and body["key"] != plan.key:
            return FAULTS["401"](body, plan)
        refused = [name for name in plan.refuses if name in body]
        if refused:
            return error(400, f"Unrecognized request argument supplied: {refused[0]}", "invalid_request_error")
        state.under_way += 1
        state.most_under_way = max(state.most_under_way, state.under_way)
        try:
            reply = self.reply_to(body)
            await asyncio.sleep(SLOW if reply == "slow" else plan.latency)
        finally:
            state.under_way -= 1
        return error(500, "too late") if isinstance(reply, str) else reply

    def reply_to(self, body: dict) -> Response | str:
        """A reply, or "slow"."""
        state = self.state
        call, prompt = identity(body), body["messages"][-1]["content"]
        before = state.seen.get(call, 0)
        state.seen[call] = before + 1
        fault = fault_of(call, prompt, state.plan, before)
        answers = state.plan.answers or (good_answer(body, call),)
        text = answers[body.get("seed", 0) % len(answers)] if fault is None else ""
        asked = {name: value for name, value in body.items() if name not in ("messages", "key")}
        self.note({"call": call, "prompt": prompt, "fault": fault, "text": text, "asked": asked})
        if fault == "slow":
            return "slow"
        if fault == "cut" and body.get("stream"):
            return Stream(completion(body, "新春快乐，万事如意", state.plan), state, breaks=True)
        reply = JSONResponse(completion(body, text, state.plan)) if fault is None else FAULTS[fault](body, state.plan)
        return self.streamed(reply) if body.get("stream") else reply

    def streamed(self, reply: Response) -> Response:
        """The same as a stream, where it is a completion."""
        found = json.loads(bytes(reply.body)) if isinstance(reply, JSONResponse) else {}
        return Stream(found, self.state) if "choices" in found else reply

    def note(self, line: dict) -> None:
        self.state.log.append(line)
        if self.state.log_file:
            with open(self.state.log_file, "a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    async def set_plan(self, request: Request) -> Response:
        self.state = State(Plan(**await request.json()), log_file=self.state.log_file)
        return JSONResponse(asdict(self.state.plan))

    async def show_log(self, request: Request) -> Response:
        return JSONResponse(self.state.log)

    async def show_count(self, request: Request) -> Response:
        return JSONResponse(len(self.state.log))

    async def show_most(self, request: Request) -> Response:
        return JSONResponse(self.state.most_under_way)

    async def show_streams(self, request: Request) -> Response:
        return JSONResponse(self.state.streams)

    async def add_file(self, request: Request) -> Response:
        async with request.form() as form:
            text = (await form["file"].read()).decode()
        return JSONResponse(
            {"id": self.keep(text), "object": "file", "bytes": 0, "created_at": 0, "filename": "x", "purpose": "batch"}
        )

    async def show_file(self, request: Request) -> Response:
        return PlainTextResponse(self.state.files[request.path_params["id"]])

    def keep(self, text: str) -> str:
        id = f"file-{uuid.uuid4().hex}"
        self.state.files[id] = text
        return id

    async def add_batch(self, request: Request) -> Response:
        body = await request.json()
        id = f"batch_{uuid.uuid4().hex}"
        self.state.batches[id] = {
            "id": id, "object": "batch", "endpoint": body["endpoint"], "completion_window": body["completion_window"],
            "input_file_id": body["input_file_id"], "created_at": 0, "status": "validating",
            "polls": self.state.plan.polls,
        }  # fmt: skip
        return JSONResponse(self.state.batches[id])

    async def show_batch(self, request: Request) -> Response:
        found = self.state.batches.get(request.path_params["id"])
        if found is None:
            return error(404, "No such batch", "not_found")
        if found["status"] in ("validating", "in_progress"):
            found["status"] = "in_progress"
            found["polls"] -= 1
            if found["polls"] < 0:
                self.end(found)
        return JSONResponse(found)

    def end(self, batch: dict) -> None:
        batch["status"] = self.state.plan.batch
        if batch["status"] == "failed":
            problem = {"code": "invalid_json", "message": "line 1 is no JSON", "line": 1}
            batch["errors"] = {"object": "list", "data": [problem]}
            return
        requests = [json.loads(line) for line in self.state.files[batch["input_file_id"]].splitlines()]
        run = requests if batch["status"] == "completed" else requests[::2]
        answers = [self.batch_answer(request) for request in run]
        good = [answer for answer in answers if answer["response"]["status_code"] == 200]
        bad = [answer for answer in answers if answer not in good]
        bad += [
            {"custom_id": request["custom_id"], "response": None,
             "error": {"code": "batch_expired", "message": "not run in time"}}
            for request in requests if request not in run
        ]  # fmt: skip
        for name, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                batch[name] = self.keep("\n".join(json.dumps(line) for line in lines))

    def batch_answer(self, request: dict) -> dict:
        reply = self.reply_to(request["body"] | {"key": ""})
        status, body = 500, {"error": {"message": "broken"}}
        if isinstance(reply, JSONResponse):
            status, body = reply.status_code, json.loads(bytes(reply.body))
        return {"custom_id": request["custom_id"], "response": {"status_code": status, "body": body}, "error": None}


def end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--plan", default="{}")
    parser.add_argument("--log")
    options = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", options.port), backlog=1024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)
    threading.Thread(target=end_with_parent, daemon=True).start()
    state = State(Plan(**json.loads(options.plan)), log_file=options.log)
    config = uvicorn.Config(
        Starlette(routes=Api(state).routes()),
        log_level="critical",
        access_log=False,
        lifespan="off",
        timeout_keep_alive=60,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
