"""The command line: what it prints, where, and how it ends. Answers come from the embedded model."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from hesui import console
from hesui.length import COUNTERS, count

ROOT = Path(__file__).resolve().parents[2]
PROMPT = "给老师写一段30字以内的拜年话"
FEW = ["--max-tokens", "24"]
ANSWER_KEYS = ["model", "text", "count", "ok", "end_reason"]


def shell(command: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run a shell line in which hesui is the command."""
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; hesui() {{ {shlex.quote(sys.executable)} -m hesui "$@"; }}; {command}'],
        cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", **variables},
    )  # fmt: skip


# count


def test_count_gives_all_five_rules(hesui):
    text = "恭喜发财，2026年AI! 👨‍👩‍👧"
    assert hesui("count", text, "--json").json == {rule: count(text, rule) for rule in COUNTERS}
    assert [line.split() for line in hesui("count", text).out.splitlines()] == [
        [rule, str(count(text, rule))] for rule in COUNTERS
    ]


def test_count_by_one_rule_prints_one_number(hesui):
    assert hesui("count", "新春快乐！", "--counter", "han").out == "4\n"


@pytest.mark.parametrize("arguments", [["count", "--json"], ["count", "-", "--json"]])
def test_text_comes_from_a_pipe(hesui, arguments):
    assert hesui(*arguments, piped="新春\n快乐\n".encode()).json["raw"] == 5  # without the pipe's last line break


def test_a_windows_file_counts_as_itself(hesui):
    assert hesui("count", "--json", piped="\ufeff新春\r\n".encode()).json["raw"] == 2


# parse


def test_parse_gives_the_fields(hesui):
    found = hesui("parse", PROMPT, "--json").json
    assert (found["op"], found["max"], found["unit"], found["scope"]) == ("le", 30, "char", "whole")
    assert PROMPT[slice(*found["span"])] == "30字以内"


def test_parse_gives_null_where_nothing_is_demanded(hesui):
    assert hesui("parse", "祝我新年快乐", "--json").out == "null\n"
    assert hesui("parse", "祝我新年快乐").out == "no length demand found\n"


@pytest.mark.parametrize(
    "prompt, says",
    [
        ("写50字", "= 50 字"),
        ("写不少于50字", "≥ 50 字"),
        ("写30到80字", "30 to 80 字"),
        ("写100字左右", "≈ 100 (90 to 110) 字"),
        ("within 50 words", "≤ 50 words"),
    ],
)
def test_parse_says_it_in_symbols(hesui, prompt, says):
    assert hesui("parse", prompt).out.startswith(says)


# bad input


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["nope"], "No such command"),
        (["count", "--nope"], "No such option"),
        (["count"], "no text is given"),
        (["count", "x", "--counter", "words"], "word, chars, han, han_latin, raw"),
        (["generate", "  "], "the prompt is empty"),
        (["generate", "祝" * 8001], "8,000 are allowed"),
        (["generate", "写0字"], "ask for a length from 1"),
        (["generate", "写100000字"], "at most 20,000"),
        (["generate", "写" + "9" * 5000 + "字", "--length", "99999字"], "at most 20,000"),
        (["generate", PROMPT, "--length", "很短"], "no length demand"),
        (["generate", PROMPT, "--model", "../etc"], "there are: base"),
        (["generate", PROMPT, "--best-of", "0"], "must lie from 1 to 16"),
        (["generate", PROMPT, "--temperature", "hot"], "Invalid value for '--temperature'"),
        (["generate", PROMPT, "--counter", "words"], "allowed are: word"),
        (["compare", PROMPT, "--top-p", "7"], "must lie from"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(hesui, arguments, says):
    outcome = hesui(*arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err and outcome.err.count("\n") == 1


def test_bytes_that_are_no_utf8_are_named(hesui):
    outcome = hesui("count", piped="新春".encode("gbk"))
    assert outcome.code == 2 and "not valid UTF-8 at byte 1" in outcome.err


def test_a_setting_that_cannot_be_used_is_named(hesui, monkeypatch):
    monkeypatch.setenv("HESUI_PORT", "high")
    outcome = hesui("models", "list")
    assert outcome.code == 2 and outcome.err.startswith("hesui: HESUI_PORT is 'high'")


def test_a_missing_base_model_is_named(hesui, monkeypatch, tmp_path):
    monkeypatch.setenv("HESUI_BASE_MODEL", str(tmp_path / "none"))
    outcome = hesui("compare", PROMPT, "--json")
    assert outcome.code == 2 and "HESUI_BASE_MODEL" in outcome.err and outcome.out == ""


def test_a_bug_is_kept_in_a_file_and_told_in_one_line(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HESUI_HOME", str(tmp_path))
    assert console.guarded(lambda: 1 // 0) == 1
    said = capsys.readouterr().err
    assert "this is a bug" in said and said.count("\n") == 1
    assert "ZeroDivisionError" in (tmp_path / "errors.log").read_text()


# answers


@pytest.mark.parametrize("model", ["base", "tuned"])
def test_generate_gives_one_answer(hesui, model):
    answer = hesui("generate", PROMPT, "--model", model, "--json").json
    assert list(answer) == ANSWER_KEYS
    assert answer["model"] == model
    assert answer["count"] == count(answer["text"])
    assert answer["ok"] == (0 < answer["count"] <= 30)
    assert answer["end_reason"] in ("end", "limit")


@pytest.mark.parametrize("switches", [[], ["--guide"], ["--best-of", "2"]])
def test_the_text_alone_goes_to_standard_output(hesui, switches):
    shown = hesui("generate", PROMPT, *FEW, *switches)
    assert shown.out == hesui("generate", PROMPT, *FEW, *switches, "--json").json["text"] + "\n"
    assert shown.err.startswith("base: ")


def test_compare_answers_with_base_and_adapter(hesui):
    compared = hesui("compare", PROMPT, "--seed", "3", "--json").json
    assert compared["constraint"] == hesui("parse", PROMPT, "--json").json
    assert [list(answer) for answer in compared["answers"]] == [ANSWER_KEYS, ANSWER_KEYS]
    assert [answer["model"] for answer in compared["answers"]] == ["base", "tuned"]


def test_compare_for_people_shows_demand_counts_and_verdicts(hesui):
    lines = hesui("compare", PROMPT, *FEW, "--model", "tuned", "--model", "base").out.splitlines()
    assert lines[0] == "demand: ≤ 30 字"
    heads = [line for line in lines if line.startswith(("base: ", "tuned: "))]
    assert [head.split(":")[0] for head in heads] == ["tuned", "base"]
    assert all("✓ obeys ≤ 30 字" in head or "✗ misses by" in head for head in heads)


def test_a_length_option_replaces_the_prompts_demand(hesui):
    answers = hesui("compare", PROMPT, *FEW, "--length", "不少于5字", "--counter", "han", "--json").json
    assert (answers["constraint"]["op"], answers["constraint"]["min"]) == ("ge", 5)
    assert [answer["count"] for answer in answers["answers"]] == [
        count(answer["text"], "han") for answer in answers["answers"]
    ]


def test_without_a_demand_nothing_is_judged(hesui):
    compared = hesui("compare", "给老师拜年", *FEW, "--json").json
    assert compared["constraint"] is None
    assert {answer["ok"] for answer in compared["answers"]} == {None}


def test_the_models_are_listed(hesui):
    assert [row["model"] for row in hesui("models", "list", "--json").json] == ["base", "tuned"]


# the installation


def test_the_doctor_finds_nothing_broken_here(hesui):
    outcome = hesui("doctor", "--json")
    report = outcome.json
    assert {"versions", "device", "storage", "findings"} <= report.keys()
    assert [found for found in report["findings"] if found["level"] == "error"] == []
    assert outcome.code == 0


def test_the_doctor_shows_no_password_and_says_when_the_database_is_silent(hesui, monkeypatch):
    monkeypatch.setenv("HESUI_DATABASE_URL", "mysql://me:s3cret@db/x")
    outcome = hesui("doctor", "--json")
    assert outcome.code == 1
    assert "s3cret" not in outcome.out + outcome.err
    assert any("HESUI_DATABASE_URL" in finding["what"] for finding in outcome.json["findings"])


def test_the_doctor_misses_the_key_of_a_model_behind_a_server(hesui, monkeypatch):
    monkeypatch.setenv(
        "HESUI_REMOTES", '{"far": {"url": "http://127.0.0.1:1/v1", "model": "x", "key_env": "NO_KEY_HERE"}}'
    )
    found = hesui("doctor", "--json").json["findings"]
    assert [one["level"] for one in found if "NO_KEY_HERE" in one["what"]] == ["warning"]


def test_the_doctor_says_what_is_broken_and_what_to_do(hesui, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HESUI_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setenv("HESUI_DEVICE", "abacus")
    monkeypatch.setenv("HESUI_BASE_MODEL", str(tmp_path / "none"))
    outcome = hesui("doctor")
    assert outcome.code == 1
    errors = [line for line in outcome.out.splitlines() if line.startswith("error: ")]
    assert len(errors) == 3
    assert "set HESUI_HOME" in outcome.out and "set HESUI_DEVICE" in outcome.out and "HESUI_BASE_MODEL" in outcome.out


# the process


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "count",
        "parse",
        "generate",
        "compare",
        "app",
        "doctor",
        "models",
        "models list",
        "models build-tiny",
        "corpus",
        "corpus stats",
        "corpus check",
        "corpus split",
        "corpus import",
        "corpus export",
        "corpus chat",
        "corpus classes",
        "distil",
        "distil expand",
        "distil answer",
        "distil status",
        "distil label",
        "distil resume",
    ],
)
def test_every_help_text_has_an_example(hesui, arguments):
    outcome = hesui(*arguments.split(), "--help")
    assert outcome.code == 0 and outcome.err == ""
    assert "Example:  hesui " in outcome.out or arguments in ("", "models", "corpus")


def test_utf8_goes_in_and_out_in_a_plain_locale():
    done = shell("printf 新春 | hesui count --json; hesui parse 写一段50字以内的拜年话", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert '"han": 2' in done.stdout.decode() and "≤ 50 字" in done.stdout.decode()


def test_a_reader_that_leaves_is_met_with_silence():
    done = shell("{ hesui count 新春; echo $? >&2; } | true")
    assert done.stderr in (b"141\n", b"0\n")  # 0 where all was written before the reader left
