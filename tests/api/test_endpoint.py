"""The OpenAI-compatible endpoint over a real socket: the real client and our own remote engine get what the models say."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

from hesui.answers import collect
from hesui.length import check, count, parse
from hesui.models.remote import RemoteEngine
from hesui.records import EndReason, Message, Request, Sampling
from hesui.settings import Remote, Settings

PROMPT = "给老师写一段50字以内的拜年话"
GREEDY: dict[str, Any] = {"model": "tuned", "temperature": 0}


@pytest.fixture(scope="module")
def client(open_page: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{open_page.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def local(open_page: Any) -> str:
    """What the local engine writes."""
    request = Request((Message("user", PROMPT),), "tuned", Sampling(0), parse(PROMPT))
    return collect(open_page.watched.router, [request])[0].text


def said(prompt: str = PROMPT) -> list[Any]:
    return [{"role": "user", "content": prompt}]


def post(page: Any, body: Any, **headers: str) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx.post(f"{page.url}/v1/chat/completions", content=raw, headers=headers, timeout=60)


@contextmanager
def asking(page: Any, prompt: str, **fields: Any) -> Iterator[socket.socket]:
    """A connection on which a request was sent."""
    body = json.dumps({"messages": said(prompt), **GREEDY, **fields}).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", int(page.url.rpartition(":")[2]))) as line:
        line.sendall(head.encode() + body)
        yield line


def test_base_and_adapters_are_the_models(client):
    assert [model.id for model in client.models.list()] == ["base", "tuned"]
    assert client.models.retrieve("tuned").owned_by == "hesui"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("no")


def test_an_answer_is_the_local_engines_with_its_verdict_and_usage(client, local):
    reply = client.chat.completions.create(messages=said(), **GREEDY)
    assert reply.choices[0].message.content == local
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.prompt_tokens > 5
    assert reply.usage.completion_tokens > 5
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    told = reply.hesui
    assert (told["count"], told["ok"], told["end"]) == (count(local), check(local, parse(PROMPT)).ok, "end")
    assert (told["constraint"]["op"], told["constraint"]["max"]) == ("le", 50)


def test_a_stream_adds_up_to_the_same_text_and_ends_with_the_verdict(client, local):
    chunks = list(client.chat.completions.create(
        messages=said(), stream=True, stream_options={"include_usage": True}, **GREEDY
    ))  # fmt: skip
    deltas = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(deltas) > 10
    assert "".join(deltas) == local
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-2].hesui["count"] == count(local)
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 5


def test_what_the_guide_may_take_back_is_sent_once_it_is_final(client):
    extra = {"hesui": {"length": {"op": "range", "min": 30, "max": 40}, "guide": True, "best_of": 2}}
    chunks = list(client.chat.completions.create(messages=said(), stream=True, extra_body=extra, **GREEDY))
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
    assert len(texts) == 1
    assert 30 <= count(texts[0]) <= 40
    assert chunks[-1].hesui["ok"] is True
    assert chunks[-1].hesui["drawn"] > 2 * count(texts[0]) * 0.5


def test_a_demand_in_words_goes_before_the_prompts_own_and_any_rule_may_count(client):
    extra = {"hesui": {"length": "不少于20字", "counter": "han"}}
    told = client.chat.completions.create(messages=said(), extra_body=extra, **GREEDY).hesui
    assert (told["constraint"]["op"], told["constraint"]["min"], told["counter"]) == ("ge", 20, "han")


def test_a_limit_ends_an_answer_and_earlier_turns_are_read(client):
    chat = [
        {"role": "developer", "content": "你是秘书。"},
        {"role": "user", "content": "写一段10字的话"},
        {"role": "assistant", "content": "好的。"},
        {"role": "user", "content": [{"type": "text", "text": "给老师写"}, {"type": "text", "text": "拜年话"}]},
    ]
    reply = client.chat.completions.create(messages=chat, max_completion_tokens=5, max_tokens=9, **GREEDY)
    assert (reply.choices[0].finish_reason, reply.usage.completion_tokens) == ("length", 5)
    assert (reply.hesui["constraint"], reply.hesui["ok"]) == (None, None)  # an earlier turn's demand is no longer meant


@pytest.mark.parametrize(
    ("change", "status", "code", "says"),
    [
        ({"model": "no"}, 404, "model_not_found", "base, tuned"),
        ({"messages": []}, 400, "api_field", "messages"),
        ({"messages": [{"role": "user", "content": " "}]}, 400, "prompt_empty", "empty"),
        ({"messages": [{"role": "user", "content": "好" * 2001}]}, 400, "prompt_too_long", "2,000"),
        ({"messages": [{"role": "tool", "content": "x"}]}, 400, "api_field", "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 400, "api_field", "user"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, 400, "api_field", "messages.0.content"),
        ({"temperature": 3}, 400, "option_range", "temperature"),
        ({"temperature": "hot"}, 400, "api_field", "temperature"),
        ({"seed": -1}, 400, "option_range", "seed"),
        ({"max_tokens": 0}, 400, "option_range", "max_tokens"),
        ({"n": 2}, 400, "api_unsupported", "n is not supported"),
        ({"stop": ["。"]}, 400, "api_unsupported", "stop is not supported"),
        ({"tools": [{"type": "function"}]}, 400, "api_unsupported", "tools"),
        ({"hesui": {"length": "很多"}}, 400, "length_option", "50字以内"),
        ({"hesui": {"length": {"op": "range", "min": 5}}}, 400, "demand_missing", "max"),
        ({"hesui": {"length": {"op": "eq", "target": 0}}}, 400, "demand_zero", "1 to"),
        ({"hesui": {"lenght": "50字"}}, 400, "api_field", "hesui.lenght"),
        ({"hesui": {"best_of": 17}}, 400, "option_range", "best_of"),
        ({"messages": said("排队")}, 429, "queue_full", "wait already"),
        ({"messages": said("意外")}, 500, "internal_error", "its log says why"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_told_in_the_apis_form(open_page, change, status, code, says, stream):
    reply = post(open_page, {"messages": said(), "stream": stream, **GREEDY, **change})
    error = reply.json()["error"]
    assert (reply.status_code, error["code"]) == (status, code)
    assert says in error["message"]
    assert "secret" not in reply.text
    assert ("retry-after" in reply.headers) == (status == 429)


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b"[" * 60_000, b'{"model": "\\ud800", "messages": []}'])
def test_a_body_that_is_no_request_is_refused(open_page, raw):
    assert post(open_page, raw).status_code == 400


def test_a_huge_body_is_refused(open_page):
    assert post(open_page, b" " * 200_000).status_code == 413


def test_fields_that_ask_for_nothing_or_describe_the_request_are_ignored(open_page):
    asks = {
        "n": 1,
        "stop": None,
        "tools": [],
        "presence_penalty": 0,
        "user": "me",
        "metadata": {"a": "b"},
        "max_tokens": 3,
    }
    assert post(open_page, {"messages": said(), **GREEDY, **asks}).status_code == 200


def test_a_caller_who_leaves_a_stream_ends_the_work(client, gone):
    stream = client.chat.completions.create(messages=said("没完没了"), stream=True, **GREEDY)
    assert [next(stream).choices[0].delta.content for _ in range(2)] == ["", "好"]
    stream.close()
    assert gone()


def test_a_reader_who_takes_nothing_any_more_ends_the_work(open_page, gone, monkeypatch, caplog):
    monkeypatch.setattr("hesui.api.endpoint.STALLED", 0.2)
    with asking(open_page, "滔滔不绝", stream=True) as line:
        line.recv(1)
        assert gone()
    assert "took nothing" in caplog.text


def test_a_caller_who_leaves_before_the_whole_answer_ends_the_work(open_page, gone):
    with asking(open_page, "没完没了") as line:
        line.settimeout(0.3)
        with pytest.raises(TimeoutError):
            line.recv(1)
    assert gone()


def test_our_own_remote_engine_gets_the_local_engines_text(open_page, local):
    engine = RemoteEngine(Settings(remotes={"far": Remote(url=f"{open_page.url}/v1", model="tuned")}))
    request = Request((Message("user", PROMPT),), "far", Sampling(0), parse(PROMPT))
    (answer,) = collect(engine, [request])
    assert (answer.text, answer.end.reason) == (local, EndReason.END)
    assert answer.end.prompt > 5
    (cut,) = collect(engine, [Request((Message("user", PROMPT),), "far", Sampling(0, max_tokens=4))])
    assert (cut.end.reason, cut.end.tokens) == (EndReason.LIMIT, 4)
    (full,) = collect(engine, [Request((Message("user", "意外"),), "far", Sampling(0))])
    assert (full.end.reason, full.end.note) == (EndReason.ERROR, "server")
