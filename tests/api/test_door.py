"""Who may use the endpoint: programs on this machine, or whoever has the key; no web page, and nobody on a Space."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import openai
import pytest

from hesui.doctor import examine
from hesui.settings import Settings


def get(page: Any, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{page.url}/v1/models", headers=given)


def refused(reply: httpx.Response) -> tuple[int, str]:
    assert "sk-hesui" not in reply.text
    return reply.status_code, reply.json()["error"]["code"]


@pytest.mark.parametrize(
    ("name", "value"), [("SPACE_ID", "someone/hesui"), ("GRADIO_SERVER_NAME", "0.0.0.0")]
)  # fmt: skip
def test_without_a_key_it_is_off_on_a_space_and_on_a_public_address(open_page, monkeypatch, name, value):
    assert get(open_page).status_code == 200
    monkeypatch.setenv(name, value)
    reply = get(open_page)
    assert refused(reply) == (403, "api_off")
    assert "HESUI_API_KEY" in reply.text


def test_without_a_key_it_is_off_for_whom_a_proxy_passes_on(open_page):
    assert refused(get(open_page, X_Forwarded_For="1.2.3.4")) == (403, "api_off")


def test_a_web_page_of_another_site_may_not_use_it(open_page):
    assert refused(get(open_page, Origin="https://evil.example")) == (403, "foreign_origin")
    assert refused(get(open_page, Origin="http://localhost:3000")) == (403, "foreign_origin")
    assert refused(get(open_page, Origin="null")) == (403, "foreign_origin")
    assert refused(get(open_page, Sec_Fetch_Site="cross-site")) == (403, "foreign_origin")
    assert refused(get(open_page, Host="evil.example")) == (403, "foreign_host")  # a name that leads to this machine
    assert get(open_page, Origin=open_page.url, Sec_Fetch_Site="same-origin").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_read(open_page, kind):
    reply = httpx.post(f"{open_page.url}/v1/chat/completions", content=b"{}", headers={"Content-Type": kind})
    assert refused(reply) == (415, "not_json")


def test_what_is_not_there_is_told_in_the_apis_form(open_page):
    assert refused(httpx.post(f"{open_page.url}/v1/embeddings", json={})) == (404, "not_found")


def test_the_right_key_opens_it_also_on_a_space(locked_page, monkeypatch, api_key):
    monkeypatch.setenv("SPACE_ID", "someone/hesui")
    assert get(locked_page, Authorization=f"Bearer {api_key}", X_Forwarded_For="1.2.3.4").status_code == 200
    with openai.OpenAI(base_url=f"{locked_page.url}/v1", api_key=api_key) as client:
        assert [model.id for model in client.models.list()] == ["base", "tuned"]


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic {key}", "Bearer {key}x", "{key}", "Bearer ü"])
def test_a_wrong_key_is_refused(locked_page, api_key, header):
    raw = header.format(key=api_key).encode("latin-1")
    reply = httpx.get(f"{locked_page.url}/v1/models", headers={b"Authorization": raw})
    assert refused(reply) == (401, "invalid_api_key")
    assert reply.headers["www-authenticate"] == "Bearer"


def test_no_key_is_refused_as_the_clients_own_error(locked_page):
    assert refused(get(locked_page)) == (401, "invalid_api_key")
    with (
        openai.OpenAI(base_url=f"{locked_page.url}/v1", api_key="wrong") as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def test_the_key_is_never_shown(api_key, caplog):
    caplog.set_level(logging.DEBUG)
    settings = Settings(api_key=api_key)
    report = examine(settings)
    assert "api_key" in report.settings
    assert api_key not in repr(settings) + str(report) + repr(report) + caplog.text
