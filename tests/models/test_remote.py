"""Models behind a server over real sockets: they stream, stop and end like the local engine, and no key is ever seen."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from hesui.answers import Answer, collect, follow
from hesui.errors import ModelNotFound, TeacherError
from hesui.length import Constraint
from hesui.models.remote import RemoteEngine
from hesui.models.room import derived_tokens
from hesui.records import EndReason, Message, Request, Sampling
from hesui.settings import Remote, Settings

KEY = "sk-secret-1234567890"
FIFTY = Constraint("eq", target=50)
TEN = Constraint("eq", target=10)


@pytest.fixture
def remote(server: Any) -> Callable[..., RemoteEngine]:
    """Makes an engine with one model, "far", behind the server; `time_limit` in seconds."""

    def make(time_limit: float = 20.0, **fields: Any) -> RemoteEngine:
        far = Remote(**{"url": server.base_url, "model": "m"} | fields)
        return RemoteEngine(Settings(remotes={"far": far}, time_limit=time_limit))

    return make


def ask(prompt: str = "写一段祝福", **fields: Any) -> Request:
    return Request((Message("user", prompt),), **{"model": "far"} | fields)


def only(engine: RemoteEngine, request: Request) -> Answer:
    (answer,) = collect(engine, [request])
    assert answer.end is not None
    return answer


def test_an_answer_comes_piece_by_piece_and_ends_with_the_servers_count(remote, server):
    states = [state.rows[0] for state in follow(remote(), [ask()])]
    assert states[-1].text == server.log()[0]["text"]
    shown = {state.text for state in states} - {""}  # a piece that changes nothing may come before the first
    assert len(shown) == len(states[-1].text.replace(" ", ""))  # blanks are shown with what follows them
    end = states[-1].end
    assert (end.reason, end.tokens, end.drawn, end.note) == (EndReason.END, 10, 10, None)
    assert end.seconds > 0


def test_tokens_are_counted_where_the_server_does_not_tell(remote, server):
    server.plan(usage=False)
    answer = only(remote(), ask())
    assert answer.end.tokens == len(answer.text)


def test_several_rows_come_in_their_order_and_few_at_a_time(remote, server):
    server.plan(latency=0.02)
    prompts = [f"写祝福{number}" for number in range(7)]
    answers = collect(remote(concurrency=2), [ask(prompt) for prompt in prompts])
    texts = {line["prompt"]: line["text"] for line in server.log()}
    assert [answer.text for answer in answers] == [texts[prompt] for prompt in prompts]
    assert server.most_under_way() == 2


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        ("500", "server"), ("json", "server"), ("html", "server"), ("filter", "filtered"), ("400", "bad_request"),
        ("401", "unauthorised"), ("404", "not_found"), ("429", "rate_limited"),
    ],
)  # fmt: skip
def test_each_way_of_failing_is_told_apart(remote, fault, note):
    end = only(remote(), ask(f"祝福«{fault}*»")).end
    assert (end.reason, end.note) == (EndReason.ERROR, note)


def test_the_client_retries_by_itself(remote, server):
    assert only(remote(), ask("祝福«429*1»«500*1»")).end.reason is EndReason.END
    assert [line["fault"] for line in server.log()] == ["429", "500", None]


def test_a_limit_ends_an_answer_as_at_home(remote):
    answer = only(remote(), ask("祝福«truncated*»"))
    assert (answer.text, answer.end.reason) == ("新春快", EndReason.LIMIT)


def test_thoughts_are_not_shown(remote):
    assert only(remote(), ask("祝福«think*»")).text == "新春快乐"


def test_of_a_stream_that_breaks_the_beginning_stays(remote):
    answer = only(remote(), ask("祝福«cut*»"))
    assert answer.text == "新春快乐"
    assert (answer.end.reason, answer.end.note, answer.end.tokens) == (EndReason.ERROR, "unreachable", 4)


def test_a_server_that_is_down_is_unreachable(remote, caplog):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    end = only(remote(url=f"http://127.0.0.1:{port}/v1"), ask()).end
    assert (end.reason, end.note) == (EndReason.ERROR, "unreachable")
    assert f"http://127.0.0.1:{port}/v1" in caplog.text


def test_the_time_limit_holds_for_a_server_that_is_silent_and_for_one_that_is_slow(remote, server):
    assert only(remote(time_limit=0.2), ask("祝福«slow*»")).end.reason is EndReason.TIME
    server.plan(pace=0.1)
    answer = only(remote(time_limit=0.4), ask())
    assert answer.end.reason is EndReason.TIME
    assert server.log()[0]["text"].startswith(answer.text)
    assert answer.text


def test_an_answer_that_is_finished_stays_so_whatever_the_connection_does(remote, server):
    server.plan(lingers=True)
    answer = only(remote(time_limit=0.3), ask())
    assert (answer.text, answer.end.reason) == (server.log()[0]["text"], EndReason.END)


def test_a_wrong_key_is_told_and_no_key_is_ever_seen(remote, server, monkeypatch, caplog):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SOME_KEY", KEY)
    server.plan(key="another")
    answer = only(remote(key_env="SOME_KEY"), ask())
    assert answer.end.note == "unauthorised"
    server.plan(key=KEY)
    assert only(remote(key_env="SOME_KEY"), ask()).end.reason is EndReason.END
    assert "401" in caplog.text
    assert KEY not in caplog.text + repr(answer)


def test_a_missing_key_is_refused_before_anything_is_asked(remote, server, monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(TeacherError, match="SOME_KEY is not set"):
        next(remote(key_env="SOME_KEY").answer([ask()]))
    assert server.count() == 0


def test_an_unknown_name_is_refused_with_the_names_there_are(remote):
    with pytest.raises(ModelNotFound, match="far"):
        next(remote().answer([ask(model="else")]))
    assert list(remote().answer([])) == []


def test_closing_cancels_at_the_server_within_moments(remote, server):
    server.plan(pace=0.05)
    states = follow(remote(), [ask(), ask("另一个")])
    while not all(row.text for row in next(states).rows):
        pass
    assert server.streams() == 2
    start = time.monotonic()
    states.close()
    assert time.monotonic() - start < 0.1
    while server.streams():
        assert time.monotonic() - start < 0.3


def test_a_silent_server_can_be_left_too(remote):
    events = remote().answer([ask("祝福«slow*»")])
    assert next(events) == next(events)  # pieces that change nothing
    start = time.monotonic()
    events.close()
    assert time.monotonic() - start < 0.3


def test_of_several_candidates_the_nearest_complete_one_is_kept(remote, server):
    answers = ["新春快乐，祝您身体健康。", "祝您新春快乐，万事好", "祝您新春快乐，万事。", "祝福。"]
    server.plan(answers=answers)
    answer = only(remote(), ask(constraint=TEN, best_of=4, seed=8))
    assert answer.text == answers[2]
    assert (answer.end.tokens, answer.end.drawn) == (10, 40)
    assert sorted(line["asked"]["seed"] for line in server.log()) == [8, 9, 10, 11]


def test_a_candidate_that_fails_is_never_the_best(remote, server):
    server.plan(answers=["祝您新春快乐，万事。", "祝福。"])
    answer = only(remote(concurrency=1), ask("祝福«cut»", constraint=TEN, best_of=2, seed=1))
    assert (answer.text, answer.end.reason) == ("祝您新春快乐，万事。", EndReason.END)


def test_room_follows_from_the_demand_unless_it_is_given(remote, server):
    engine = remote(limit_field="max_completion_tokens", extra={"top_k": 20})
    collect(engine, [ask(constraint=FIFTY), ask("另一个", sampling=Sampling(0, 0.9, max_tokens=7))])
    asked = {line["prompt"]: line["asked"] for line in server.log()}
    assert asked["写一段祝福"]["max_completion_tokens"] == derived_tokens(FIFTY, 1.0) > 100
    assert asked["另一个"]["max_completion_tokens"] == 7
    assert (asked["另一个"]["temperature"], asked["另一个"]["top_p"], asked["另一个"]["top_k"]) == (0, 0.9, 20)


def test_a_field_that_the_server_refuses_is_left_out_and_not_tried_again(remote, server):
    server.plan(refuses=["stream_options"])
    engine = remote()
    assert only(engine, ask()).end.reason is EndReason.END
    assert only(engine, ask("另一个")).end.reason is EndReason.END
    assert [("stream_options" in line["asked"], "seed" in line["asked"]) for line in server.log()] == [
        (False, True)
    ] * 2


def test_where_the_limit_does_not_fit_the_servers_own_holds(remote, server):
    server.plan(refuses=["max_tokens"])
    engine = remote()
    assert only(engine, ask()).end.reason is EndReason.END
    assert only(engine, ask(sampling=Sampling(max_tokens=7))).end.note == "bad_request"  # a person's own limit is kept


def test_the_guide_cannot_help_and_the_answer_says_so(remote):
    assert only(remote(), ask(constraint=FIFTY, guide=True)).end.note == "unguided"
    assert only(remote(), ask(constraint=FIFTY)).end.note is None
