"""The command that has a teacher judge: what it asks before it asks. tests/evaluate/test_judge.py has the rest."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import typer

from hesui.cli import evaluate_judge
from hesui.console import guarded
from hesui.corpus.rows import Row
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.folder import Answer, Entry, new_evaluation
from hesui.length import parse
from hesui.settings import Settings


@pytest.fixture
def evaluate(capsys):
    """Run a command of this module by itself."""
    group = typer.Typer()
    group.add_typer(evaluate_judge.app)
    command = typer.main.get_command(group)

    def call(*arguments: str) -> SimpleNamespace:
        code = guarded(lambda: command.main(args=list(arguments), prog_name="hesui evaluate", standalone_mode=False))
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err, json=json.loads(out) if "--json" in arguments else None)

    return call


@pytest.fixture
def evaluation(home):
    """An evaluation of two entries; its id."""
    row = Row("r", "greeting", "写10字祝福", parse("写10字祝福"))
    entries = [Entry("base", "raw"), Entry("tuned", "raw")]
    folder = new_evaluation(Settings().evaluations, EvaluateConfig(models=("base", "tuned")), [row], entries, {})
    folder.append_answers(Answer(0, entry, 1, text, "end") for entry, text in enumerate(("新年好！", "恭喜发财！")))
    return folder.id


ENTRIES = ("--first", "tuned:raw", "--second", "base:raw")


def test_the_cost_is_told_and_nobody_asked(evaluate, evaluation, monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)  # an estimate needs no key
    options = ("judge", evaluation, *ENTRIES, "--teacher", "dashscope", "--dry-run")
    done = evaluate(*options, "--json")
    assert done.code == 0
    assert (done.json["pairs"], done.json["to_ask"], done.json["currency"]) == (1, 1, "CNY")
    assert done.json["worst"]["cost"] > done.json["best"]["cost"] > 0
    shown = evaluate(*options)
    assert "2 to 4 calls" in shown.out and "CNY" in shown.out and "nothing was asked" in shown.err


def test_without_an_id_the_newest_evaluation_is_meant(evaluate, evaluation):
    assert evaluate("judge", *ENTRIES, "--teacher", "local", "--model", "m", "--dry-run").code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((*ENTRIES, "--teacher", "composer"), "judges nothing"),
        ((*ENTRIES, "--teacher", "nobody"), "there are: composer"),
        ((*ENTRIES, "--teacher", "qianfan"), "QIANFAN_API_KEY"),
        (("--first", "tuned", "--second", "gone", "--teacher", "local", "--model", "m"), "there are: base:raw"),
        (("20260101-000000-abcd", *ENTRIES, "--teacher", "local", "--model", "m"), "no evaluation"),
    ],
)
def test_what_cannot_be_judged_gets_one_line(evaluate, evaluation, monkeypatch, options, said):
    monkeypatch.delenv("QIANFAN_API_KEY", raising=False)
    done = evaluate("judge", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err and "Traceback" not in done.err


def test_a_teacher_that_never_answers_is_named(evaluate, evaluation):
    done = evaluate("judge", *ENTRIES, "--teacher", "local", "--model", "m", "--base-url", "http://127.0.0.1:9/v1")
    assert done.code == 1
    assert "1 pairs have no verdict" in done.err and "unreachable" in done.err and "127.0.0.1:9" in done.err
