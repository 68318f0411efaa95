"""The demo data is plenty, every fault is what it is called, and what is called good is good."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from functools import cache
from random import Random

import pytest
import regex

from hesui.corpus.chatlog import is_question
from hesui.corpus.classes import SHIPPED, load_classes, read_class
from hesui.corpus.duplicates import question
from hesui.corpus.pairing import sensible_pairs
from hesui.corpus.reading import read
from hesui.corpus.seeds import load_evaluation
from hesui.distil.calls import Call, Stage
from hesui.distil.composing import NAME, ComposerTeacher
from hesui.distil.config import Config
from hesui.length import check_all, parse
from hesui.prompts import labelling
from hesui.quality import is_complete, leaked, problems, repetition, stated_count
from hesui.review.demo import _FITTING, FAULTS, NEAR, Candidate, candidates, demo_items, label_items
from hesui.review.items import DEMO, asked_label, asked_row
from hesui.settings import Settings
from hesui.store.reviewing import Item

OVERLAP = 0.2
FEWEST = 15  # of each fault
COREFERENCE = read_class(SHIPPED / "coreference.toml")


@cache
def answers() -> list[Candidate]:
    return candidates(OVERLAP)


@cache
def items() -> list[Item]:
    return demo_items(OVERLAP)


def with_fault(fault: str) -> list[Candidate]:
    return [one for one in answers() if one.fault == fault]


def off(one: Candidate) -> int:
    """Characters outside the demand."""
    constraint = asked_row(one.item).constraint
    band, counted = constraint.band, check_all(one.item.text, constraint)[0].count
    return max((band.low or 0) - counted, counted - (band.high or counted), 0)


def reader(one: Candidate):
    """The reader whom the prompt names, as the answer should speak to them."""
    row = asked_row(one.item)
    return read(row.task, row.prompt, row.constraint, Random(1)).facts


def test_at_least_three_hundred_answers_wait_and_all_are_marked_as_demo_data():
    assert sum(item.kind == "answer" for item in items()) >= 300
    assert {item.source for item in items()} == {DEMO}
    assert {item.teacher for item in items()} == {NAME}


def test_no_two_items_are_the_same():
    assert len({item.id for item in items()}) == len(items())


def test_the_same_seed_gives_the_same_items_and_another_seed_others():
    assert items() == [one.item for one in answers()] + label_items(OVERLAP)
    assert len({one.item.text for one in answers()} & {one.item.text for one in candidates(OVERLAP, 1)}) < 5


def test_the_overlap_is_passed_on():
    assert {item.required for item in demo_items(0)} == {1}
    assert {item.required for item in demo_items(1)} == {2}


def test_every_item_belongs_to_a_class_of_its_kind():
    classes = load_classes(Settings())
    for item in items():
        assert classes[item.task].kind == item.kind


def test_there_are_mostly_greetings_and_some_of_every_class_op_and_attempt():
    tasks = Counter(one.item.task for one in answers())
    assert tasks.keys() == {"greeting", "long", "essay", "verse", "summary"}
    assert tasks["greeting"] > len(answers()) / 2
    assert min(tasks.values()) >= 10
    ops = Counter(asked_row(one.item).constraint.op for one in answers())
    assert ops.keys() == {"eq", "le", "ge", "approx", "range"}
    assert min(ops.values()) >= 10
    assert {one.item.attempt for one in answers()} == {1, 2, 3, 4}


def test_a_good_half_has_no_fault_and_every_fault_occurs_often_enough():
    counted = Counter(one.fault for one in answers())
    assert len(answers()) / 2 < counted.pop("") < len(answers()) * 0.6
    assert counted.keys() == set(FAULTS) - {""}
    assert min(counted.values()) >= FEWEST


def test_the_prompts_read_as_they_were_meant():
    for one in answers():
        row = asked_row(one.item)
        assert row.constraint == parse(row.prompt)


@pytest.mark.parametrize("fault", ["", "recipient", "copy"])
def test_what_only_people_can_find_fault_with_is_faultless_to_a_machine(fault):
    for one in with_fault(fault):
        assert all(verdict.ok for verdict in check_all(one.item.text, asked_row(one.item).constraint)), one
        assert problems(one.item.text) == [], one


def test_only_the_faults_of_length_miss_the_demand():
    for one in answers():
        expected = range(1, NEAR + 1) if one.fault == "near" else range(NEAR + 1, 1000) if one.fault == "far" else [0]
        assert off(one) in expected, one


@pytest.mark.parametrize("fault", ["near", "far"])
def test_answers_are_too_long_and_too_short(fault):
    lengths = [check_all(one.item.text, asked_row(one.item).constraint)[0].error > 0 for one in with_fault(fault)]
    assert 0 < sum(lengths) < len(lengths)


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("cut", lambda text: not is_complete(text)),
        ("repetition", repetition),
        ("stated_count", stated_count),
        ("talk", leaked),
        ("marker", lambda text: "⟦" in leaked(text)),
    ],
)
def test_a_fault_that_shows_is_found_and_is_the_only_one(fault, found):
    for one in with_fault(fault):
        assert found(one.item.text), one
        assert len(problems(one.item.text)) == 1, one


def test_a_cut_answer_ends_within_a_clause():
    assert all(regex.search(r"\p{Han}\Z", one.item.text) for one in with_fault("cut"))


def test_a_good_answer_speaks_to_its_reader():
    spoken = [one for one in with_fault("") if one.item.task in ("greeting", "long")]
    # 朋友 are not always called so, and 网友 may be one or many: the prompt does not say.
    named = [one for one in spoken if reader(one).kind.name != "anyone" and "网友" not in one.item.row["prompt"]]
    assert len(named) > 100
    for one in named:
        assert reader(one).name in one.item.text, one


def test_an_answer_for_another_reader_does_not_name_the_prompts_one():
    for one in with_fault("recipient"):
        assert reader(one).name not in one.item.text, one


def test_a_copy_differs_from_another_answer_to_its_prompt_by_a_character_or_two():
    originals = defaultdict(list)
    for one in with_fault(""):
        originals[one.item.prompt_id].append(one.item.text)
    for one in with_fault("copy"):
        (good,) = originals[one.item.prompt_id]
        assert len(good) == len(one.item.text)
        assert 1 <= sum(a != b for a, b in zip(good, one.item.text, strict=True)) <= 2


def test_sixty_prompts_have_a_good_and_a_bad_answer():
    faults = defaultdict(set)
    for one in answers():
        faults[one.item.prompt_id].add(one.fault)
    assert sum("" in found and len(found) > 1 for found in faults.values()) >= 60
    assert max(map(len, faults.values())) == 3


def test_gold_answers_stand_alone_and_are_half_good_half_plainly_bad():
    gold = [one for one in answers() if one.item.gold]
    alone = Counter(one.item.prompt_id for one in answers())
    assert Counter(one.item.gold for one in gold) == {"accept": 8, "reject": 8}
    for one in gold:
        assert (one.item.gold == "accept") == (one.fault == "")
        assert one.fault not in ("near", "copy")
        assert alone[one.item.prompt_id] == 1


def test_no_question_is_one_of_the_evaluation():
    assert not {question(asked_row(one.item)) for one in answers()} & set(map(question, load_evaluation()))


def test_the_table_of_people_names_only_pairs_that_are_sensible():
    senders, readers = defaultdict(set), defaultdict(set)
    for pair in sensible_pairs():
        senders[pair.kind.name].add(pair.sender)
        readers[pair.kind.name].add(pair.role)
    assert _FITTING.keys() == senders.keys()
    for kind, (writing, read_by) in _FITTING.items():
        assert set(writing.split("|")) <= senders[kind]
        assert set(read_by.split("|")) <= readers[kind]


def test_label_items_are_questions_of_a_chat_in_two_languages_some_with_a_known_label():
    found = label_items(OVERLAP)
    labels = {label.id for label in COREFERENCE.labels}
    gold = [item.gold for item in found if item.gold]
    assert len(found) == 24
    assert Counter(item.language for item in found) == {"zh": 20, "en": 4}
    assert len(gold) == 4 and set(gold) == labels
    for item in found:
        asked = asked_label(item)
        speakers = [asked.speaker, *(remark.speaker for remark in asked.context)]
        assert is_question(item.text)
        assert all(regex.fullmatch("用户[0-9A-F]{4}", speaker) for speaker in speakers)
        assert item.suggestion["label"] in labels


def test_the_suggestions_are_what_the_composer_suggests():
    for item in label_items(OVERLAP):
        messages = labelling(
            question=COREFERENCE.question.zh,
            labels={label.id: label.name.zh for label in COREFERENCE.labels},
            text=item.text,
            guidance="",
            examples=[],
            context="",
            lang=item.language,
        )
        reply = asyncio.run(ComposerTeacher(Config()).complete(Call(Stage.LABEL, item.task, messages)))
        assert item.suggestion == {**json.loads(reply.text), "teacher": NAME}
