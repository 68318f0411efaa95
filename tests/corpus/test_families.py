"""A question has one family under every demand, for ever; a duplicate makes the same demand as well."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hesui.corpus.briefs import TASKS
from hesui.corpus.composer import draw
from hesui.corpus.families import Families, demand_of, family_id
from hesui.corpus.rows import Row
from hesui.length import Constraint, parse

LETTER = "亲爱的全体员工：新春佳节来临之际，感谢大家一年来的辛勤付出。这一年，我们的订单翻了一番，新厂房也盖好了。来年，我们要把食堂办得更好。祝大家阖家幸福，万事如意！"


def row(id, prompt, task="greeting", **fields):
    return Row(id, task, prompt, parse(prompt), **fields)


@cache
def composed():
    rng = Random(5)
    tasks = [rng.choice(TASKS) for _ in range(200)]
    return [row(str(number), draw(task, "train", rng).prompt, task) for number, task in enumerate(tasks)]


@pytest.fixture
def families():
    return Families([row("mum", "给妈妈写一段50字的祝福", family="f-mum")])


def test_a_question_under_another_demand_is_of_the_family_and_no_duplicate(families):
    other = row("other", "给妈妈写一段祝福，不超过80字。")
    assert families.duplicate_of(other) is None
    assert families.assign(other).family == "f-mum"


def test_a_question_under_the_same_demand_is_a_duplicate(families):
    assert families.duplicate_of(row("again", "给妈妈写一段祝福，50字！")) == "mum"


@pytest.mark.parametrize("task", ["long", "essay"])
def test_the_same_words_in_another_class_are_of_the_family_and_no_duplicate(families, task):
    other = row("other", "给妈妈写一段50字的祝福", task)
    assert families.duplicate_of(other) is None
    assert families.assign(other).family == "f-mum"


def test_another_question_founds_a_family_of_its_own(families):
    first = families.assign(row("dad", "给爸爸写一段50字的祝福"))
    assert first.family.startswith("greeting-") and first.family != "f-mum"
    assert families.assign(row("dad2", "给爸爸写一段70字的祝福")).family == first.family


def test_a_long_question_with_a_word_changed_inherits_and_may_be_a_duplicate(families):
    families.assign(row("letter", f"{LETTER}\n请以采购员的身份概括，100字以内。", "summary", family="f-letter"))
    other = row("other", f"{LETTER}\n请以调度员的身份概括，100字以内。", "summary")
    match = families.nearest_duplicate(other)
    assert match.key == "letter" and 0.95 <= match.similarity < 1
    assert families.assign(other).family == "f-letter"


def test_a_given_family_stays_even_beside_a_near_row(families):
    given = row("verse", "给妈妈写一段60字的祝福", family="f-parent")
    assert families.assign(given) is given


def test_a_row_is_no_duplicate_of_itself(families):
    assert families.duplicate_of(row("mum", "给妈妈写一段50字的祝福")) is None


def test_a_duplicate_is_found_behind_a_nearer_question_with_another_demand(families):
    far, near = LETTER, LETTER[:40] + "龙" + LETTER[41:]
    asked = LETTER[:40] + "龙虎" + LETTER[42:]
    families.assign(row("far", far + "概括，100字以内", "summary"))
    families.assign(row("near", near + "概括，90字以内", "summary"))
    assert families.duplicate_of(row("new", asked + "概括，100字以内", "summary")) == "far"


def test_rows_with_a_family_come_first_at_the_start():
    rows = [row("1", "给妈妈写一段60字的祝福"), row("2", "给妈妈写一段50字的祝福", family="f-mum")]
    assert Families(rows).assign(rows[0]).family == "f-mum"


def test_a_demand_is_compared_without_its_place_but_with_its_extras():
    assert (
        demand_of(parse("写50字的祝福")) == demand_of(parse("请写祝福，50字")) == demand_of(Constraint("eq", target=50))
    )
    assert demand_of(parse("写祝福，50字，标题不超过10字")) != demand_of(parse("写祝福，50字"))
    assert demand_of(None) == ()


def test_a_family_id_names_the_class_and_never_changes():
    assert family_id("greeting", "给妈妈写祝福") == "greeting-d03c2fe4c43b"


@hypothesis_settings(max_examples=8)
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_adding_rows_never_changes_the_family_of_earlier_ones(rng, later):
    rows = rng.sample(composed(), 40)
    families = Families()
    before = [families.assign(each) for each in rows]
    for each in rng.sample(composed(), later):
        families.assign(replace(each, id=f"later-{each.id}", prompt=f"{each.prompt}谢"))
    assert [families.assign(each) for each in rows] == before
    assert [Families(before).assign(replace(each, family="")).family for each in before] == [r.family for r in before]


def test_composed_rows_are_assigned_alike_each_time():
    one, two = Families(), Families()
    assert [one.assign(each) for each in composed()] == [two.assign(each) for each in composed()]
