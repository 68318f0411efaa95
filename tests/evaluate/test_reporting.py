"""A board as files: what spreadsheets, programs, people and the Hub read is the same, and computes nothing."""

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml
from huggingface_hub.repocard_data import model_index_to_eval_results

from hesui.evaluate.board import Board
from hesui.evaluate.folder import Entry
from hesui.evaluate.reporting import FORMATS, report
from hesui.evaluate.standings import standings
from hesui.evaluate.views import Filters

NASTY = '=HYPERLINK("http://x")|`<b>'
PROMPTS = [f"给{who}写一段{n}字的祝福" for who, n in (("爸爸", 10), ("妈妈", 14))]


@pytest.fixture
def found(evaluation, answered, settings):
    entries = [Entry("base", "raw", "toy"), Entry(NASTY, "raw", "toy", "sft", 20, marks=True, weights="ab")]
    answered(evaluation(PROMPTS, entries), lambda request: "祝您新年快乐！")
    (found,) = Board(settings, shipped=False).refresh().values()
    return found


def written(found, format, place=1):
    filters = Filters(ops=("eq",))
    return report(format, found, filters, standings(found, filters), place)


def test_a_csv_cell_is_never_a_formula_and_holds_what_the_row_holds(found):
    base, nasty = csv.DictReader(io.StringIO(written(found, "csv")))
    assert nasty["model"] == f"'{NASTY}"
    assert (base["model"], base["counter"], base["n"], base["assisted"]) == ("base", "word", "2", "False")
    assert float(base["mae"]) == pytest.approx(5)
    assert (base["gap_mae"], nasty["gap_mae"]) == ("", "0")
    assert float(nasty["hit10_low"]) < float(nasty["hit10"]) == 1


def test_json_tells_the_set_the_filters_and_what_was_not_measured_here(found):
    told = json.loads(written(found, "json"))
    assert told["set"] == {"name": found.name, "sha256": found.id, "prompts": 2}
    assert told["filters"]["ops"] == ["eq"]
    assert [row["model"] for row in told["rows"]] == ["base", NASTY]
    assert {one["measured"] for one in told["published"]} == {False}


def test_markdown_has_a_line_a_row_and_names_break_no_cell(found):
    lines = written(found, "markdown").splitlines()
    heads, nasty = lines[0].count("|"), lines[3]
    assert nasty.count("|") - nasty.count("\\|") == heads
    assert "\\<b\\>" in nasty
    assert "countdown" in nasty
    assert "ops: eq" in lines[-1]


def test_the_hub_reads_the_model_index_of_one_row(found):
    index = yaml.safe_load(written(found, "model-index"))["model-index"]
    name, results = model_index_to_eval_results(index)
    assert name == NASTY
    assert {one.dataset_args["sha256"] for one in results} == {found.id}
    assert {one.dataset_args["assisted"] for one in results} == {True}
    shares = {one.metric_type: one for one in results if one.metric_args}
    assert shares["hit10"].metric_value == 1
    assert 0 < shares["hit10"].metric_args["low"] < 1
    assert "bleu" not in {one.metric_type for one in results}


def test_each_format_is_text_that_ends_in_a_line(found):
    assert all(written(found, format).endswith("\n") for format in FORMATS)
