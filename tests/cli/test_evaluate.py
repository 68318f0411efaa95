"""The commands that measure; a real model answers for all of them."""

from __future__ import annotations

import json

import pytest

ROW = {
    "model", "decoding", "counter", "n", "hit2", "hit5", "hit10", "satisfied", "mae", "bias", "ls", "complete",
    "repetition", "perplexity_ratio", "copies",
}  # fmt: skip


@pytest.fixture
def prompts(home):
    """A file of three prompts, of which two demand a length."""
    asked = ["写一段20字的新年祝福", "写一句30字以内的拜年话", "祝大家新年快乐"]
    path = home / "prompts.jsonl"
    rows = ({"id": f"p{n}", "class": "greeting", "prompt": prompt} for n, prompt in enumerate(asked))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_an_evaluation_prints_its_rows_and_the_board_computes_them_by_any_counter(hesui, prompts):
    first = hesui(
        "evaluate", "--models", "base", "--prompts", prompts, "--seeds", "1", "--decoding", "raw,guided", "--json"
    )
    assert first.code == 0, first.err
    assert [(row["model"], row["decoding"], row["n"]) for row in first.json["rows"]] == [
        ("base", "raw", 2), ("base", "guided", 2),
    ]  # fmt: skip
    board = hesui("leaderboard", "--set", first.json["set"], "--json").json
    assert all(row.keys() >= ROW for row in board)
    assert board[0]["hit10"].keys() == {"value", "low", "high"}
    assert board[0]["perplexity_ratio"] == 1.0
    han = hesui("leaderboard", "--set", first.json["set"], "--counter", "han", "--op", "eq", "--json").json
    assert [(row["counter"], row["n"]) for row in han] == [("han", 1), ("han", 1)]
    assert han[0]["mae"] != hesui("leaderboard", "--set", first.json["set"], "--op", "eq", "--json").json[0]["mae"]
    listed = hesui("evaluate", "list", "--json").json
    assert [(one["evaluation"], one["state"]) for one in listed] == [(first.json["evaluation"], "done")]
    table = hesui("leaderboard", "--set", first.json["set"], "--format", "markdown").out
    assert "| base" in table
    assert hesui("leaderboard", "--set", first.json["set"], "--format", "model-index", "--model", "base").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["evaluate", "--models", "nobody"], "no model is named 'nobody'"),
        (["evaluate", "--seeds", "0"], "seeds is 0"),
        (["evaluate", "--prompts", "none.jsonl"], "no prompts at"),
        (["evaluate", "--class", "nothing"], "no prompt"),
        (["evaluate", "status", "x"], "there is no evaluation 'x'"),
        (["leaderboard", "--set", "zz"], "no board of the prompts 'zz'"),
        (["leaderboard", "--counter", "letters"], "word, chars"),
        (["leaderboard", "--format", "pdf"], "csv, json, markdown"),
        (["leaderboard", "--model", "nobody"], "unknown model"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(hesui, home, arguments, says):
    outcome = hesui(*arguments)
    assert outcome.code == 2
    assert says in outcome.err
    assert len(outcome.err.splitlines()) == 1
