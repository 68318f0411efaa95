"""Runs command lines in this process."""

from __future__ import annotations

import io
import json
import sys

import pytest

from hesui.cli import run
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse


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


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A small data set of answers."""
    folder = tmp_path_factory.mktemp("sets") / "greetings"
    prompts = [f"给{who}写一段{n}字的拜年话" for n, who in enumerate("爷奶爸妈哥姐弟妹叔姨", start=20)]
    answer = "新年好，祝您身体健康，万事如意！"
    freeze((Row(str(n), "greeting", text, parse(text), reference=answer) for n, text in enumerate(prompts)), folder)
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder of the test's own, and the folder that commands run in."""
    monkeypatch.setenv("HESUI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path
