"""The task for lm-evaluation-harness, without the harness: its prompts, its scores, its file."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "harness"


@pytest.fixture(scope="module")
def length():
    """benchmarks/harness/hesui_length.py, loaded by its path as the harness does."""
    spec = importlib.util.spec_from_file_location("hesui_length", FOLDER / "hesui_length.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def task():
    return (FOLDER / "hesui_length.yaml").read_text(encoding="utf-8")


def test_the_prompts_are_the_400_greetings_with_an_exact_number(length):
    documents = [length.document(row) for row in length.rows()]
    assert len({document["prompt"] for document in documents}) == len(documents) == 400
    assert sorted({document["target"] for document in documents}) == list(range(31, 95, 7))
    assert all(json.loads(document["constraint"])["op"] == "eq" for document in documents)


@pytest.mark.parametrize(
    ("off", "hits", "satisfied"),
    [
        (0, (1, 1, 1), 1),
        (2, (1, 1, 1), 0),
        (-3, (0, 1, 1), 0),
        (5, (0, 1, 1), 0),
        (10, (0, 0, 1), 0),
        (-11, (0, 0, 0), 0),
    ],
)
def test_an_answer_is_scored_by_its_distance(length, off, hits, satisfied):
    document = length.document(length.rows()[0])
    scores = length.process_results(document, [" 新" + "春" * (document["target"] + off - 2) + "。\n"])
    assert (scores["hit2"], scores["hit5"], scores["hit10"]) == hits
    assert scores["satisfied"] == satisfied
    assert scores["mae"] == abs(off)


def test_no_answer_is_as_far_off_as_the_number(length):
    document = length.document(length.rows()[0])
    assert length.process_results(document, [""]) == {
        "hit2": 0, "hit5": 0, "hit10": 0, "satisfied": 0, "mae": document["target"],
    }  # fmt: skip


def test_the_task_file_names_what_is_there(length, task):
    metrics = re.findall(r"- metric: (\w+)", task)
    document = length.document(length.rows()[0])
    assert metrics == list(length.process_results(document, ["新春"]))
    functions = re.findall(r"!function hesui_length\.(\w+)", task)
    assert functions == ["prompts", "process_results"]
    assert all(callable(getattr(length, name)) for name in functions)
    assert re.findall(r"doc_to_\w+: (\w+)", task) == ["prompt", "target"]
    assert f"max_gen_toks: {length.MAX_TOKENS}" in task


def test_the_harness_gets_a_data_set(length):
    found = length.prompts(version=1.0)["test"]
    assert len(found) == 400
    assert length.process_results(found[7], ["新春"])["mae"] == found[7]["target"] - 2
