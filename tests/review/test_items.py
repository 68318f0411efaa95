"""Items are the same at every import, know their class, and come in the order that serves reviewers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.rows import Row
from hesui.length import parse
from hesui.records import Message
from hesui.review.items import DEMO, answer_item, asked_label, asked_row, difficulty, label_item, required

PROMPT = "给老师写一段20字的新年祝福"
ROW = Row(
    "r1",
    "greeting",
    PROMPT,
    parse(PROMPT),
    family="f",
    reference="老师，新年好！祝愿您平安健康，万事如意。",
    licence="CC0",
)


def test_the_same_answer_is_the_same_item_wherever_it_comes_from():
    one = answer_item(ROW, 0.15, source="a", teacher="x", attempt=1)
    two = answer_item(replace(ROW, id="other", family="", source="b"), 0.15, source="b")
    assert one.id == two.id
    assert answer_item(replace(ROW, reference="新年好！"), 0.15, source="a").id != one.id


def test_answers_to_one_prompt_share_its_id():
    one, two = (answer_item(replace(ROW, reference=text), 0.15, source="a") for text in ("甲。", "乙。"))
    assert one.prompt_id == two.prompt_id
    other = replace(ROW, history=(Message("system", "你是老师"),))
    assert answer_item(other, 0.15, source="a").prompt_id != one.prompt_id


def test_the_prompt_comes_back_without_the_answer():
    item = answer_item(ROW, 0.15, source="a")
    assert asked_row(item) == replace(ROW, reference=None)
    assert (item.text, item.language, item.counter) == (ROW.reference, "zh", "word")


def test_the_prompts_own_counting_rule_goes_first():
    prompt = "写一段20字的祝福，不含标点"
    item = answer_item(replace(ROW, prompt=prompt, constraint=parse(prompt)), 0.15, source="a")
    assert item.counter == parse(prompt).count_rule != "word"


def test_a_row_without_an_answer_is_nothing_to_review():
    with pytest.raises(ValueError, match="no answer"):
        answer_item(replace(ROW, reference=None), 0.15, source="a")


def test_a_text_to_label_comes_back_with_its_context():
    asked = LabelItem("q1", "coreference", "它为什么报错？", (Remark("用户A3F2", "我装了新版"),), "log", "", "用户B1C4")
    item = label_item(asked, 0.15, source="log", suggestion={"label": "yes", "teacher": "rule"})
    assert asked_label(item) == asked
    assert (item.kind, item.teacher, item.text) == ("label", "rule", "它为什么报错？")


def test_about_the_asked_share_needs_two_reviewers_and_always_the_same_items():
    ids = [f"item {n}" for n in range(4000)]
    needed = [required(id, 0.15) for id in ids]
    assert 0.12 < sum(n == 2 for n in needed) / len(ids) < 0.18
    assert needed == [required(id, 0.15) for id in ids]
    assert {required(id, 0) for id in ids} == {1}
    assert {required(id, 1) for id in ids} == {2}


@pytest.mark.parametrize(
    "prompt, length, attempt, hard",
    [
        ("写20字", 20, 1, 0.0),  # a hit
        ("写20字", 21, 1, 0.75),  # a near miss
        ("写20字", 60, 1, 0.0),  # plainly wrong
        ("写20字", 20, 4, 1.0),  # many tries
        ("20字以内", 20, 1, 1.0),  # at the edge
        ("20字以内", 21, 1, 0.75),
        ("20字以内", 10, 1, 0.0),
        ("说说春节", 10, 2, 1 / 3),
    ],
)
def test_an_answer_is_hard_by_its_tries_and_by_its_nearness_to_the_bounds(prompt, length, attempt, hard):
    assert difficulty("好" * length, parse(prompt), "word", attempt) == pytest.approx(hard)


def test_hard_answers_come_first_and_demo_data_last():
    hard = answer_item(ROW, 0.15, source="a", attempt=4)
    plain = answer_item(ROW, 0.15, source="a", attempt=1)
    assert hard.priority < 0.5 < 1 <= plain.priority < 2 <= answer_item(ROW, 0.15, source=DEMO).priority
