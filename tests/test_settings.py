"""Settings from the environment: models behind servers, and that a key is never repeated."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from hesui.console import read_settings
from hesui.errors import SettingsError
from hesui.settings import Remote, Settings

FAR = {"url": "http://127.0.0.1:8000/v1/", "model": "Qwen3-0.6B", "key_env": "MY_KEY"}


def test_remotes_are_read_from_json(monkeypatch):
    monkeypatch.setenv("HESUI_REMOTES", json.dumps({"千问-1": FAR}))
    remotes = Settings().remotes
    assert remotes == {"千问-1": Remote(url="http://127.0.0.1:8000/v1", model="Qwen3-0.6B", key_env="MY_KEY")}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("qwen", "like {"),
        ("[]", "like {"),
        ('{"a": {"url": "http://h/v1"}}', "a.model"),
        (json.dumps({"a": FAR | {"url": "ftp://h"}}), "no http or https address"),
        (json.dumps({"a": FAR | {"url": "http://sk-secret@h/v1"}}), "user name"),
        (json.dumps({"a": FAR | {"key": "sk-secret"}}), "a.key"),
        *((json.dumps({name: FAR}), "cannot be used") for name in ("base", "Tuned", "", "-a", "a b", "a/b", "a" * 65)),
    ],
)
def test_a_remote_that_cannot_be_used_is_refused_without_repeating_it(monkeypatch, given, says):
    monkeypatch.setenv("HESUI_REMOTES", given)
    with pytest.raises(SettingsError, match="HESUI_REMOTES") as refused:
        read_settings()
    with pytest.raises(ValidationError) as raw:
        Settings()
    assert says in str(refused.value)
    assert "sk-secret" not in str(refused.value) + str(raw.value)
