"""What is wrong with a corpus is found, row by row, in one sentence each."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from random import Random

import pytest

from hesui.corpus.briefs import TASKS
from hesui.corpus.checking import examine
from hesui.corpus.classes import Label, TaskClass, Words
from hesui.corpus.composer import exact_length, example
from hesui.corpus.families import Families
from hesui.corpus.rows import Row
from hesui.corpus.splits import split_of
from hesui.length import Constraint, parse
from hesui.ui.texts import TEXTS

WORDS = Words(zh="类", en="class")
CLASSES = {name: TaskClass(id=name, name=WORDS, asks=WORDS, needs_demand=False) for name in TASKS} | {
    "strict": TaskClass(id="strict", name=WORDS, asks=WORDS, within=2),
    "turn": TaskClass(
        id="turn", kind="label", name=WORDS, asks=WORDS, needs_demand=False, question=WORDS,
        labels=(Label(id="yes", key="y", name=WORDS), Label(id="no", key="n", name=WORDS)),
    ),
}  # fmt: skip


def row(id="1", prompt="给妈妈写一段5字的祝福", task="strict", **fields):
    return replace(Row(id, task, prompt, parse(prompt)), **fields)


def problems(*rows):
    return [(bad.id, bad.line, bad.key) for bad in examine(rows, CLASSES).bad_rows]


def test_composed_rows_are_faultless():
    rng, families, rows = Random(2), Families(), []
    for number in range(100):
        made = example(TASKS[number % 5], "train", rng, exact_length)
        one = row(f"r{number}", made.brief.prompt, made.brief.task, reference=made.completion)
        if families.duplicate_of(one) is None:
            rows.append(families.assign(one))
    found = examine(rows, CLASSES)
    assert found.near_duplicates == [] and found.bad_rows == []


@pytest.mark.parametrize(
    ("bad", "key"),
    [
        (row(prompt=" \n"), "problem.empty_prompt"),
        (row(task="product"), "problem.unknown_class"),
        (row(prompt="给妈妈写一段祝福"), "problem.no_demand"),
        (row(constraint=Constraint("eq", target=50)), "problem.constraint_differs"),
        (row(task="greeting", constraint=None), "problem.constraint_differs"),
        (row(reference="祝妈妈新年快乐！"), "problem.reference_misses"),
        (row(prompt="写不超过5字的祝福", reference="祝妈妈新年快乐"), "problem.reference_misses"),
        (row(reference=""), "problem.reference_misses"),
    ],
)
def test_each_fault_is_told_in_one_sentence(bad, key):
    (found,) = examine([row("good"), bad], CLASSES).bad_rows
    assert (found.id, found.line, found.key) == ("1", 2, key)
    assert len(found.problem) > 10 and "\n" not in found.problem
    assert found.problem.casefold() + "." == str(TEXTS[key].fill(**found.values).en).casefold().replace(
        "“", "'"
    ).replace("”", "'")


def test_an_id_that_comes_twice_is_told_with_the_first_row():
    assert problems(row(), row("2", "给爸爸写祝福，6字"), row("1", "给爷爷写祝福，7字")) == [
        ("1", 3, "problem.duplicate_id")
    ]


def test_a_constraint_set_by_hand_may_differ():
    assert problems(row(constraint=Constraint("eq", target=50), hand_set=True)) == []
    assert problems(row(prompt="给妈妈写祝福", constraint=Constraint("eq", target=50), hand_set=True)) == []


def test_where_a_constraint_was_read_does_not_matter():
    assert problems(row(constraint=Constraint("eq", target=5))) == []


def test_an_exact_demand_may_be_missed_by_what_the_class_allows():
    assert problems(row(reference="妈妈新年快乐！")) == []
    assert problems(row(reference="妈妈，新年快乐！")) == [("1", 1, "problem.reference_misses")]


def test_texts_to_be_labelled_demand_nothing():
    assert problems(row(prompt="老师让写50字的感想怎么办", task="turn", constraint=None)) == []


def test_the_same_question_under_the_same_demand_is_a_near_duplicate():
    rows = [row("a"), row("b", "给妈妈写一段祝福，5字！"), row("c", "给妈妈写一段祝福，50字")]
    (found,) = examine(rows, CLASSES).near_duplicates
    assert asdict(found) == {"id": "b", "other": "a", "similarity": 1.0}


def test_leaks_into_held_out_rows_and_between_the_own_splits_are_told():
    train, held = (next(n for n in map(str, range(99)) if split_of(n) == split) for split in ("train", "test"))
    rows = [
        row("a", "给妈妈写祝福，5字", family=train),
        row("b", "给妈妈写祝福，6字", family=held),
        row("c", "给爷爷写祝福，6字"),
    ]
    found = examine(rows, CLASSES, held_out=[row("e", "给爷爷写祝福，9字")]).leaks
    assert [(leak.id, leak.other, leak.kind) for leak in found] == [("a", "b", "near"), ("c", "e", "near")]


def test_findings_are_json():
    found = examine([row("a"), row("a")], CLASSES, held_out=[row("e")])
    record = json.loads(json.dumps(asdict(found)))
    assert set(record) == {"near_duplicates", "leaks", "bad_rows"}
    assert {"id", "other", "kind", "similarity"} <= set(record["leaks"][0])
    assert {"id", "line", "problem", "key"} <= set(record["bad_rows"][0])
