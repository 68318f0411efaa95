"""The commands that run a distillation, with the built-in composer."""

from __future__ import annotations

import json

import pytest

SMALL = ["--prompts", "40", "--class", "greeting"]
KEYS = ["prompts", "answered", "accepted", "calls", "cost"]


def test_a_run_ends_with_every_class_accounted_for(hesui, home):
    done = hesui("distil", *SMALL, "--json")
    assert done.code == 0
    assert list(done.json) == ["greeting"]
    assert list(done.json["greeting"]) == KEYS
    assert done.json["greeting"]["accepted"] >= 36
    assert done.json == hesui("distil", "status", "--json").json
    assert hesui("distil", "list", "--json").json[0]["state"] == "done"
    assert hesui("corpus", "check", "--json").code == 0
    assert hesui("corpus", "stats", "latest", "--no-tokens", "--json").json["obeying"] > 0.8
    assert list((home / "home" / "datasets").glob("*/manifest.json"))
    assert "done" in hesui("distil", "resume").err
    rejected = hesui("corpus", "export", "latest", "--negatives", "--out", "no.jsonl", "--json").json["rows"]
    lines = [json.loads(line) for line in (home / "no.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == rejected > 0
    assert all(line["reason"] and line["reference"] for line in lines)


def test_expanding_and_answering_are_two_steps_of_one_run(hesui, home):
    first = hesui("distil", "expand", *SMALL, "--json").json["greeting"]
    assert first["prompts"] >= 40
    assert first["answered"] == 0
    second = hesui("distil", "answer", "--json").json["greeting"]
    assert second["prompts"] >= first["prompts"]
    assert second["accepted"] >= 36
    assert len(hesui("distil", "list", "--json").json) == 1


def test_a_dry_run_asks_nobody(hesui, home, monkeypatch):
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)  # an estimate needs no key
    options = ["--teacher", "dashscope", "--prompts", "100", "--cap", "20"]
    done = hesui("distil", *options, "--dry-run", "--json")
    assert done.code == 0
    assert done.json["worst"]["calls"] > done.json["best"]["calls"] >= 100
    assert done.json["worst"]["cost"] > done.json["best"]["cost"] > 0
    assert "nothing was asked" in hesui("distil", *options, "--dry-run").err
    assert hesui("distil", "list", "--json").json == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--teacher", "nobody"], "there are: composer"),
        (["--teacher", "qianfan"], "QIANFAN_API_KEY"),
        (["--teacher", "local", "--base-url", "nonsense", "--model", "m"], "address"),
        (["--class", "nonsense"], "unknown class"),
        (["--prompts", "0"], "prompts"),
        (["--cap", "0"], "cap"),
        (["status"], "no run yet"),
        (["stop"], "no run yet"),
        (["status", "--run", "gone"], "no run 'gone'"),
        (["label", "gone.jsonl", "--out", "x"], "gone.jsonl"),
    ],
)
def test_bad_input_gets_one_line(hesui, home, monkeypatch, options, said):
    monkeypatch.delenv("QIANFAN_API_KEY", raising=False)
    done = hesui("distil", *options)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_an_address_where_nobody_answers_ends_the_run_with_one_line(hesui, home):
    done = hesui("distil", *SMALL, "--teacher", "local", "--base-url", "http://127.0.0.1:9/v1", "--model", "m")
    assert done.code == 2
    assert "127.0.0.1:9" in done.err
    assert "Traceback" not in done.err
    assert hesui("distil", "list", "--json").json[0]["state"] == "failed"
