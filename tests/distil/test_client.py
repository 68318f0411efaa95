"""A teacher over real sockets: each way of failing is told apart, and no key is ever seen."""

from __future__ import annotations

import asyncio
import json
import logging
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.distil.calls import Outcome, Stage, Usage
from hesui.distil.client import OpenAITeacher
from hesui.distil.completions import DETAIL, bare_json, read_completion, read_error, shown, without_thoughts
from hesui.distil.config import Config
from hesui.distil.teachers import Endpoint, Price
from hesui.distil.tokens import estimate_prompt
from hesui.errors import TeacherError
from hesui.records import Message

KEY = "sk-secret-1234567890"


@pytest.fixture
def endpoint(server, monkeypatch):
    monkeypatch.setenv("SOME_KEY", KEY)

    def make(**fields):
        known = {"model": "m", "price": Price(1, 2), "currency": "CNY", "json_mode": "json_object", "batch": True}
        return Endpoint(**{"base_url": server.base_url, "key_env": "SOME_KEY"} | known | fields)

    return make


def complete(endpoint, *calls, timeout=20.0, retries=0):
    """The replies of one teacher, one after the other."""

    async def run():
        teacher = OpenAITeacher(endpoint, Config(timeout=timeout), max_retries=retries)
        try:
            return [await teacher.complete(call) for call in calls]
        finally:
            await teacher.close()

    return asyncio.run(run())


def test_a_good_answer_comes_with_its_usage_and_time(server, endpoint, make_call):
    (reply,) = complete(endpoint(), make_call())
    assert reply.outcome is Outcome.OK
    assert reply.text == server.log()[0]["text"]
    assert reply.usage == Usage(20, 10)
    assert reply.seconds > 0


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("429", Outcome.RATE_LIMITED), ("500", Outcome.SERVER), ("cut", Outcome.UNREACHABLE),
        ("json", Outcome.SERVER), ("html", Outcome.SERVER), ("schema", Outcome.SERVER),
        ("null", Outcome.MALFORMED), ("number", Outcome.MALFORMED), ("empty", Outcome.MALFORMED),
        ("filter", Outcome.FILTERED), ("filter400", Outcome.FILTERED), ("refusal", Outcome.REFUSED),
        ("truncated", Outcome.TRUNCATED), ("400", Outcome.BAD_REQUEST), ("401", Outcome.UNAUTHORISED),
        ("402", Outcome.UNAUTHORISED), ("quota", Outcome.UNAUTHORISED), ("404", Outcome.NOT_FOUND),
    ],
)  # fmt: skip
def test_each_way_of_failing_is_told_apart(endpoint, make_call, fault, outcome):
    (reply,) = complete(endpoint(), make_call(f"祝福«{fault}*»"))
    assert reply.outcome is outcome
    assert reply.detail
    assert "\n" not in reply.detail
    assert "Traceback" not in reply.detail
    assert len(reply.detail) <= DETAIL
    assert KEY not in repr(reply)


def test_a_slow_answer_is_a_timeout(endpoint, make_call):
    (reply,) = complete(endpoint(), make_call("祝福«slow*»"), timeout=0.2)
    assert reply.outcome is Outcome.TIMEOUT


def test_an_address_where_nobody_listens_is_unreachable(endpoint, make_call):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    (reply,) = complete(endpoint(base_url=f"http://127.0.0.1:{port}/v1"), make_call())
    assert reply.outcome is Outcome.UNREACHABLE


def test_a_wrong_path_is_not_found(server, endpoint, make_call):
    (reply,) = complete(endpoint(base_url=server.base_url + "/elsewhere"), make_call())
    assert reply.outcome is Outcome.NOT_FOUND


def test_the_client_retries_by_itself_and_obeys_retry_after(server, endpoint, make_call):
    (reply,) = complete(endpoint(), make_call("祝福«429*1»«500*1»"), retries=2)
    assert reply.outcome is Outcome.OK
    assert [line["fault"] for line in server.log()] == ["429", "500", None]


def test_what_a_truncated_answer_holds_is_kept(endpoint, make_call):
    (reply,) = complete(endpoint(), make_call("祝福«truncated*»"))
    assert reply.text == "新春快"


def test_thoughts_are_left_out_and_stay_charged(endpoint, make_call):
    (reply,) = complete(endpoint(), make_call("祝福«think*»"))
    assert reply.text == "新春快乐"
    assert reply.usage.completion == 10


def test_missing_usage_is_estimated_rather_too_high(server, endpoint, make_call):
    server.plan(usage=False)
    call = make_call("请写一段五十个字的春节祝福给老师")
    (reply,) = complete(endpoint(), call)
    assert reply.usage.prompt == estimate_prompt(call) >= len(call.messages[0].content)
    assert reply.usage.completion > 0


def test_a_json_call_asks_for_json_and_other_calls_do_not(server, endpoint, make_call):
    server.plan(refuses=["response_format"])
    (plain,) = complete(endpoint(), make_call())
    assert plain.outcome is Outcome.OK
    assert len(server.log()) == 1


@pytest.mark.parametrize("mode", ["json_object", "json_schema", "none"])
def test_json_comes_in_every_mode(server, endpoint, make_call, mode):
    call = make_call("20 questions as JSON", Stage.EXPAND, as_json=True)
    (reply,) = complete(endpoint(json_mode=mode), call)
    assert len(json.loads(reply.text)["questions"]) == 2


def test_a_server_that_takes_no_response_format_is_asked_without_it_from_then_on(server, endpoint, make_call):
    server.plan(refuses=["response_format"])
    calls = [make_call(f"{number} questions as JSON", Stage.EXPAND, as_json=True) for number in range(3)]

    async def run():
        teacher = OpenAITeacher(endpoint(), Config(timeout=20.0), max_retries=0)
        sent = []
        post = teacher._client.post
        teacher._client.post = lambda path, **options: (
            sent.append("response_format" in options["body"]) or post(path, **options)
        )  # type: ignore[method-assign]
        replies = [await teacher.complete(call) for call in calls]
        await teacher.close()
        return replies, sent

    replies, sent = asyncio.run(run())
    assert [reply.outcome for reply in replies] == [Outcome.OK] * 3
    assert sent == [True, False, False, False]


def test_a_field_of_the_provider_that_the_server_refuses_is_left_out(server, endpoint, make_call):
    server.plan(refuses=["enable_thinking"])
    (reply,) = complete(endpoint(extra={"enable_thinking": False}), make_call())
    assert reply.outcome is Outcome.OK


def test_json_that_is_none_is_malformed(endpoint, make_call):
    (reply,) = complete(endpoint(), make_call("JSON «think*»", Stage.EXPAND, as_json=True))
    assert reply.outcome is Outcome.MALFORMED


def test_half_a_character_is_a_bad_request_not_a_crash(endpoint, make_call):
    (reply,) = complete(endpoint(), make_call("\ud83d"))
    assert reply.outcome in (Outcome.BAD_REQUEST, Outcome.OK)


def test_a_key_appears_nowhere(server, endpoint, make_call, caplog):
    server.plan(key="another")
    with caplog.at_level(logging.DEBUG):
        (reply,) = complete(endpoint(), make_call())
        teacher = OpenAITeacher(endpoint(), Config())
    assert reply.outcome is Outcome.UNAUTHORISED
    assert "Incorrect API key provided" in reply.detail
    for seen in (reply.detail, repr(reply), repr(teacher), repr(endpoint()), caplog.text):
        assert KEY not in seen
    asyncio.run(teacher.close())


def test_a_missing_key_is_one_clear_line(endpoint, monkeypatch):
    monkeypatch.delenv("SOME_KEY")
    with pytest.raises(TeacherError, match="^SOME_KEY is not set; export it and start again$"):
        OpenAITeacher(endpoint(), Config())


def test_cancelling_passes_through(endpoint, make_call):
    async def run():
        teacher = OpenAITeacher(endpoint(), Config(timeout=60.0))
        task = asyncio.create_task(teacher.complete(make_call("祝福«slow*»")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await teacher.close()

    asyncio.run(run())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["choices", "message", "content", "finish_reason", "usage", "prompt_tokens", "error", "code",
                         "refusal", "innererror", "flag"]), inner, max_size=4
    ),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.booleans())
def test_no_body_makes_reading_fail(body, as_json):
    from hesui.distil.calls import Call

    call = Call(Stage.ANSWER, "greeting", (Message("user", "x"),), as_json=as_json)
    reply = read_completion(body, call)
    assert reply.usage.prompt >= 0
    assert reply.outcome is not Outcome.OK or reply.text


@given(st.integers(300, 599), JSON | st.text())
def test_no_error_makes_reading_fail(status, body):
    reply = read_error(status, body)
    assert reply.outcome is not Outcome.OK
    assert reply.detail


@given(st.text(), st.text(min_size=8, alphabet="abcdefgh0123456789-"))
def test_what_people_see_is_one_line_without_the_key(text, key):
    line = shown(text + key + text, key)
    assert key not in line
    assert len(line) <= DETAIL
    assert line.isprintable()


@pytest.mark.parametrize(
    ("status", "code", "message", "outcome"),
    [
        (400, "DataInspectionFailed", "Output data may contain inappropriate content.", Outcome.FILTERED),
        (400, "content_policy_violation", "Your request was rejected by our safety system", Outcome.FILTERED),
        (400, "content_filter", "The response was filtered", Outcome.FILTERED),
        (400, "invalid_parameter_error", "field is case-sensitive", Outcome.BAD_REQUEST),
        (400, "Arrearage", "Access denied, please make sure your account is in good standing.", Outcome.UNAUTHORISED),
        (422, "", "unknown field", Outcome.BAD_REQUEST),
        (401, "invalid_model", "The model does not exist or you do not have access to it.", Outcome.NOT_FOUND),
        (503, "content_filter", "busy", Outcome.SERVER),
    ],
)
def test_providers_names_for_errors_are_known(status, code, message, outcome):
    body = {"error": {"code": code, "message": message}}
    assert read_error(status, body).outcome is outcome


def test_azures_inner_error_tells_a_filter():
    body = {"error": {"code": None, "message": "…", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}
    assert read_error(400, body).outcome is Outcome.FILTERED


def test_a_query_in_an_address_is_not_shown():
    assert shown("see https://host/v1/x?key=abc#top for more") == "see https://host/v1/x for more"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<think>a</think>b", "b"), ("a</think>\n\nb", "b"), ("<think>never ends", ""), ("plain", "plain"),
        ("the tag <think> explained", "the tag <think> explained"), (" <think></think> ", ""),
        ("说说<think>与</think>", "说说<think>与</think>"),
    ],
)  # fmt: skip
def test_thoughts_are_told_from_texts_about_them(text, rest):
    assert without_thoughts(text) == rest


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1}', '{"a": 1}'), ('```json\n{"a": 1}\n```', '{"a": 1}'), ('Sure: {"a": 1}.', '{"a": 1}'),
        ("[1]", None), ("", None), ("{", None), ("{" * 5000 + "}" * 5000, None),
    ],
)  # fmt: skip
def test_a_json_object_is_found_in_what_stands_around_it(text, found):
    assert bare_json(text) == found
