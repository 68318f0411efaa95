"""The board that comes with hesui is whole, and of the evaluation prompts as they are."""

from __future__ import annotations

from hesui.corpus.seeds import load_evaluation
from hesui.evaluate import measures
from hesui.evaluate.board import Board
from hesui.evaluate.folder import SHIPPED, evaluations, hash_of
from hesui.evaluate.lineage import entry_of
from hesui.evaluate.standings import standings
from hesui.evaluate.views import Filters
from hesui.settings import Settings


def test_the_board_that_comes_along_is_of_the_embedded_models_and_opens_at_once(tmp_path):
    settings = Settings(home=tmp_path)
    folders = [folder for folder in evaluations(settings) if folder.path.parent == SHIPPED]
    assert folders
    for folder in folders:
        assert folder.done
        assert measures.load(folder) is not None  # else the first visitor waits a minute
        prompts = folder.prompts()
        assert folder.facts()["set"]["sha256"] == hash_of(prompts)
        known = {row.id: row.prompt for row in load_evaluation()}
        assert all(known[row.id] == row.prompt for row in prompts)
        assert folder.entries() == [entry_of(settings, entry.model, entry.decoding) for entry in folder.entries()]
    found = next(iter(Board(settings).refresh().values()))
    rows = standings(found, Filters())
    assert [(row.system.entry.model, row.system.entry.decoding) for row in rows] == [
        ("base", "raw"), ("base", "guided"), ("tuned", "raw"), ("tuned", "guided"),
    ]  # fmt: skip
    assert {row.n for row in rows} == {1200}
    assert rows[2].gap is not None
    assert rows[2].gap.p["hit10"] < 0.001
