"""The named endpoints, called by the real client: typed, documented, and no others are public."""

from __future__ import annotations

import inspect
import json
from importlib.util import find_spec
from typing import Any

import httpx
import pytest

from hesui.length import count
from hesui.ui.calls import Calls

NAMES = ["generate", "compare", "parse", "count", "leaderboard"]
PROMPT = "给老师写一段50字以内的拜年话"


@pytest.fixture(scope="module")
def client(open_page: Any) -> Any:
    from gradio_client import Client

    return Client(open_page.url, verbose=False, analytics_enabled=False)


def test_exactly_five_endpoints_are_public_and_none_is_hidden_but_callable(client, open_page):
    told = client.view_api(return_format="dict", print_info=False)
    assert list(told["named_endpoints"]) == [f"/{name}" for name in NAMES]
    assert told["unnamed_endpoints"] == {}
    everything = httpx.get(f"{open_page.url}/gradio_api/info?all_endpoints=true").json()
    assert list(everything["named_endpoints"]) == [f"/{name}" for name in NAMES]
    assert everything["unnamed_endpoints"] == {}


def test_the_pages_own_functions_cannot_be_called_by_name(open_page):
    for name in ("read", "rewrite", "compare_1", "False", "begin"):
        for route in ("call", "call/v2", "run", "api"):
            reply = httpx.post(f"{open_page.url}/gradio_api/{route}/{name}", json={"data": []})
            assert reply.status_code >= 400, (route, name)
    assert httpx.post(f"{open_page.url}/gradio_api/call/parse", json={"data": ["写50字"]}).status_code == 200


def test_every_parameter_is_typed_and_documented(client):
    told = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for name in NAMES:
        endpoint, function = told[f"/{name}"], getattr(Calls, name)
        assert endpoint["description"]
        parameters = [parameter["parameter_name"] for parameter in endpoint["parameters"]]
        assert parameters == list(inspect.signature(function).parameters)[1:]
        assert all(parameter["python_type"]["type"] != "Any" for parameter in endpoint["parameters"])
        assert all(f"{parameter}: " in function.__doc__ for parameter in parameters)


def test_count_and_parse_say_what_the_commands_say(client):
    assert client.predict("恭贺新春！", api_name="/count") == {
        "word": 5,
        "chars": 5,
        "han": 4,
        "han_latin": 4,
        "raw": 5,
    }
    assert client.predict("恭贺新春！", counter="han", api_name="/count") == {"han": 4}
    assert client.predict(PROMPT, api_name="/parse")["max"] == 50
    assert client.predict("写拜年话", api_name="/parse") is None


def test_generate_streams_and_ends_with_the_verdict(client):
    states = list(client.submit(PROMPT, model="tuned", length="30到40字", guide=True, seed=3, api_name="/generate"))
    assert len(states) > 1
    last = states[-1]
    assert (last["model"], last["end_reason"], last["ok"]) == ("tuned", "end", True)
    assert 30 <= last["count"] == count(last["text"]) <= 40


def test_compare_asks_all_models_alike(client):
    found = client.predict(PROMPT, ["base", "tuned"], temperature=0, api_name="/compare")
    assert found["constraint"]["max"] == 50
    assert [answer["model"] for answer in found["answers"]] == ["base", "tuned"]
    alone = client.predict(PROMPT, model="tuned", temperature=0, api_name="/generate")
    assert found["answers"][1] == alone


def test_the_leaderboard_is_the_commands(client):
    rows = client.predict(counter="han", ops=["eq"], api_name="/leaderboard")
    assert {"base", "tuned"} <= {row["model"] for row in rows}
    assert all(row["counter"] == "han" and 0 <= row["hit10"]["value"] <= 1 for row in rows)
    json.dumps(rows, allow_nan=False)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"prompt": PROMPT, "model": "no", "api_name": "/generate"}, "unknown model 'no'"),
        ({"prompt": " ", "api_name": "/generate"}, "prompt is empty"),
        ({"prompt": PROMPT, "models": ["base"] * 9, "api_name": "/compare"}, "models"),
        ({"prompt": PROMPT, "length": "很多", "api_name": "/generate"}, "no length demand"),
        ({"text": "x", "counter": "pages", "api_name": "/count"}, "unknown counter"),
        ({"text": "x" * 1_000_001, "api_name": "/count"}, "1,000,000"),
        ({"ops": ["ne"], "api_name": "/leaderboard"}, "unknown value"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(client, call, says):
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=says):
        client.predict(**call)


@pytest.mark.skipif(find_spec("mcp") is None, reason="mcp is not installed")
def test_the_same_five_are_tools_for_mcp(open_page):
    tools = httpx.get(f"{open_page.url}/gradio_api/mcp/schema").json()
    assert sorted(tool["name"] for tool in tools) == sorted(NAMES)
