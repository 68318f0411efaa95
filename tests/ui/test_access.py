"""Only whoever sits at the machine is its owner."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hesui.errors import NotAllowed
from hesui.settings import Settings
from hesui.ui.access import is_owner, require_owner


def asked(client="127.0.0.1", **headers):
    return SimpleNamespace(client=SimpleNamespace(host=client), headers=headers)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_the_one_at_the_machine_is_the_owner(host):
    assert is_owner(Settings(host=host), asked())


@pytest.mark.parametrize(
    ("host", "request_"),
    [
        ("0.0.0.0", asked()),
        ("192.168.1.5", asked()),
        ("example.org", asked()),
        ("127.0.0.1", asked("203.0.113.9")),
        ("127.0.0.1", asked(**{"x-forwarded-for": "127.0.0.1"})),
        ("127.0.0.1", asked(forwarded="for=127.0.0.1")),
        ("127.0.0.1", SimpleNamespace(client=None, headers={})),
    ],
)
def test_nobody_else_is(host, request_):
    with pytest.raises(NotAllowed):
        require_owner(Settings(host=host), request_)


def test_the_address_that_gradio_was_told_counts(monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    assert not is_owner(Settings(), asked())
