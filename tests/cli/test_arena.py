"""Votes from the shell: standings, pairs, and what voters preferred to review."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import typer

from hesui.cli.arena import arena_command
from hesui.errors import InputError
from hesui.review.desk import ReviewDesk
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.voting import System, Vote, VoteStore

VOTE = Vote(
    "", "v", "o", "zh", "", None, "word", "embedded", System("base"), System("tuned"), "新年好", "新年快乐！",
    swapped=False, sampling={}, seed=1, choice="right",
)  # fmt: skip


@pytest.fixture
def settings(home):
    return Settings()


@pytest.fixture
def arena(settings, capsys):
    """Runs the command as its group will: what it prints."""
    app = typer.Typer()
    app.command()(arena_command)

    def call(*arguments):
        typer.main.get_command(app).main(args=list(arguments), standalone_mode=False)
        return capsys.readouterr()

    return call


def cast(settings, count):
    database = open_store(settings)
    for n in range(count):
        choice = "tie" if n % 8 == 7 else "right"
        VoteStore(database).cast(replace(VOTE, key=str(n), visitor=f"v{n % 2}", prompt=f"写{n}字", choice=choice))
    database.close()


def test_standings_pairs_and_review_from_the_shell(arena, settings, tmp_path):
    cast(settings, 24)
    out = tmp_path / "pairs.jsonl"
    said = arena("--to-review", "--out", str(out), "--json")
    found = json.loads(said.out)
    assert (found["votes"], found["visitors"], found["undefined"]) == (24, 2, "")
    assert found["systems"][0]["system"] == "tuned"
    assert "21 new items" in said.err
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 21
    assert {(one["chosen"], one["rejected"]) for one in lines} == {("新年快乐！", "新年好")}
    database = open_store(settings)
    assert ReviewDesk(database, settings).survey.sources() == {"arena": 21}
    database.close()
    assert "0 new items" in arena("--to-review").err


def test_few_votes_are_said_to_be_too_few(arena, settings):
    cast(settings, 3)
    said = arena().out
    assert "too few" in said
    assert "tuned" in said


def test_a_class_for_labels_takes_no_answers(arena, settings):
    cast(settings, 1)
    with pytest.raises(InputError) as caught:
        arena("--to-review", "--class", "coreference")
    assert caught.value.key == "error.vote_class"
