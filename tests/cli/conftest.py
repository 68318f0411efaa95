"""Runs command lines in this process."""

from __future__ import annotations

import io
import json
import sys

import pytest

from hesui.cli import run


class Outcome:
    """What one command line left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def hesui(capsys, monkeypatch):
    """Run a command line in this process, with nothing piped in unless `piped` says so."""

    def call(*arguments: str, piped: bytes | None = None) -> Outcome:
        stdin = None if piped is None else io.TextIOWrapper(io.BytesIO(piped))
        monkeypatch.setattr(sys, "stdin", stdin)
        code = run(arguments)
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of the test's own, and the folder that commands run in."""
    monkeypatch.setenv("HESUI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
