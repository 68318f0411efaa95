"""Local models and models behind servers answer side by side."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from hesui.answers import collect, follow
from hesui.errors import SettingsError, TeacherError
from hesui.models.routing import Router
from hesui.records import BASE, EndReason, Message, Request, Sampling
from hesui.settings import Remote, Settings
from hesui.ui.form import Form

SHORT = Sampling(max_tokens=12)


@pytest.fixture
def mixed(settings: Settings, server: Any) -> Settings:
    """Local models, and one behind the server."""
    return settings.model_copy(update={"remotes": {"far": Remote(url=server.base_url, model="m")}})


def ask(model: str, prompt: str = "写一段祝福") -> Request:
    return Request((Message("user", prompt),), model=model, sampling=SHORT)


def test_names_are_the_local_ones_and_then_the_servers(mixed):
    names = Router(mixed).names()
    assert names[0] == BASE
    assert "one" in names
    assert names[-1] == "far"


def test_an_adapters_name_is_taken(mixed):
    far = mixed.remotes["far"]
    with pytest.raises(SettingsError, match="'one'"):
        Router(mixed.model_copy(update={"remotes": {"one": far}}))


def test_a_form_of_compare_gets_a_local_and_a_remote_answer(mixed, server, engine):
    router = Router(mixed)
    form = Form(prompt="写一段祝福", left="one", right="far", tokens=12)
    requests = form.requests(mixed, router.names())
    left, right = collect(router, requests)
    assert left.text == collect(engine, requests[:1])[0].text
    assert right.text == server.log()[0]["text"]
    assert (left.model, right.model, right.end.reason) == ("one", "far", EndReason.END)


def test_both_are_live_at_once_and_loading_is_told_of_the_local_rows_only(mixed, server):
    server.plan(pace=0.02)
    states = list(follow(Router(mixed), [ask("far"), ask(BASE), ask("far", "另一个"), ask("one")]))
    loading = [state for state in states if state.status]
    assert loading
    assert all(state.status.rows == (1, 3) for state in loading)
    assert all(row.end for row in states[-1].rows)
    growing = [state for state in states if state.rows[0].text and state.rows[0].end is None]
    assert len({state.rows[0].text for state in growing}) > 1


def test_closing_stops_both(mixed, server, engine):
    server.plan(pace=0.05)
    router = Router(mixed)
    states = follow(router, [ask(BASE), ask("far")])
    while not next(states).rows[1].text:
        pass
    states.close()
    deadline = time.monotonic() + 10
    while server.streams():
        assert time.monotonic() < deadline
    assert collect(router, [ask(BASE)])[0].text == collect(engine, [ask(BASE)])[0].text  # its turn is free


def test_a_remote_that_cannot_be_asked_is_refused_before_the_local_one_starts(mixed, server):
    nobody = mixed.remotes["far"].model_copy(update={"key_env": "NO_SUCH_KEY"})
    router = Router(mixed.model_copy(update={"remotes": {"far": nobody}}))
    with pytest.raises(TeacherError):
        next(router.answer([ask(BASE), ask("far")]))
    assert not router.local.loaded
    assert server.count() == 0


def test_a_remote_answers_where_there_is_no_torch(server):
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from hesui.answers import collect\nfrom hesui.models.routing import Router\n"
        "from hesui.records import Message, Request\nfrom hesui.settings import Settings\n"
        "print(collect(Router(Settings()), [Request((Message('user', '祝福'),), 'far')])[0].text)"
    )
    remotes = f'{{"far": {{"url": "{server.base_url}", "model": "m"}}}}'
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env={"HESUI_REMOTES": remotes, "PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert done.stdout.strip() == server.log()[0]["text"]


def test_the_command_line_knows_the_servers_models(mixed, server, monkeypatch, capsys):
    from hesui.cli import run

    monkeypatch.setenv("HESUI_REMOTES", f'{{"far": {{"url": "{server.base_url}", "model": "m"}}}}')
    assert run(["generate", "写一段祝福", "--model", "far"]) == 0
    assert capsys.readouterr().out.strip() == server.log()[0]["text"]
    assert run(["models", "list"]) == 0
    assert f"m at {server.base_url}" in capsys.readouterr().out.splitlines()[-1]
