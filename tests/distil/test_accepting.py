"""Which answers may teach: the strict rule, and the best of several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row
from hesui.distil.accepting import Judged, judge, nearest, rule_of, strict
from hesui.length import Constraint, approx, check, parse

WORDS = {"zh": "祝福", "en": "greeting"}
TASK = TaskClass(id="greeting", name=WORDS, asks=WORDS, within=2)


def text_of(count: int) -> str:
    """Sound prose of `count` characters under the rule `word`, without a repetition."""
    return "".join(chr(0x4E00 + (7919 * i) % 15000) for i in range(count - 1)) + "。"


def row(prompt: str, **fields) -> Row:
    return Row("r", "greeting", prompt, fields.pop("constraint", parse(prompt)), **fields)


@pytest.mark.parametrize(
    ("prompt", "low", "high"),
    [
        ("写一段50字的祝福", 48, 52),
        ("写一段50字左右的祝福", 48, 52),  # tolerated 45 to 55, half of it
        ("写一段100字左右的祝福", 95, 105),
        ("写一段不超过100字的祝福", 60, 100),
        ("写一段不超过64字的祝福", 39, 64),
        ("写一段不少于200字的贺信", 200, 300),
        ("写一段30到80字的祝福", 30, 80),
    ],
)
def test_the_strict_band_of_each_kind_of_demand(prompt, low, high):
    for count, ok in ((low - 1, False), (low, True), (high, True), (high + 1, False)):
        judged = judge(text_of(count), row(prompt), TASK, "word")
        assert judged.ok is ok, count
        assert judged.count == count
        assert judged.reason == ("" if ok else "too_short" if count < low else "too_long")
        assert judged.off == (0 if ok else 1 if count > high else -1)
        assert judged.sound


def test_the_error_is_that_of_the_demand_not_of_the_strict_band():
    assert judge(text_of(60), row("写一段50字的祝福"), TASK, "word").error == 10
    assert judge(text_of(40), row("写一段不超过100字的祝福"), TASK, "word").error == 0


def test_the_class_says_how_near_an_exact_demand_must_be_met():
    exact = TASK.model_copy(update={"within": 0})
    assert not judge(text_of(51), row("写一段50字的祝福"), exact, "word").ok
    assert judge(text_of(50), row("写一段50字的祝福"), exact, "word").ok


def test_sentences_and_lines_are_exact_whatever_the_class_allows():
    three = row("用三句话祝福老师")
    assert three.constraint is not None and three.constraint.unit == "sentence"
    assert judge("新年好。春来了。祝您安康。", three, TASK, "word").ok
    assert judge("新年好。春来了。", three, TASK, "word").reason == "too_short"


def test_english_words_are_counted_as_words():
    english = row("Write a new year greeting of exactly 6 words.")
    assert judge("May your year be bright and merry!", english, TASK, "word").ok  # 7: within 2
    assert judge("May your new year be bright, merry, long and warm!", english, TASK, "word").reason == "too_long"


def test_without_a_demand_only_the_text_counts():
    free = row("给老师写一段祝福")
    assert judge("新年快乐！", free, TASK, "word") == Judged(True, 5, 0)
    assert judge("新年快乐，", free, TASK, "word").reason == "incomplete"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (text_of(50)[:-1] + "，", "incomplete"),
        (text_of(46) + "（46字）", "stated_count"),
        (text_of(46) + "<|im_end|>", "leaked"),
        ("新年快乐啊，" * 8 + "好。", "repetition"),
    ],
)
def test_an_unsound_answer_of_the_right_length_is_turned_away(text, reason):
    judged = judge(text, row("写一段50字左右的祝福"), TASK, "word")
    assert (judged.ok, judged.reason, judged.sound) == (False, reason, False)


def test_a_truncated_answer_is_turned_away_though_it_fits():
    assert judge(text_of(50), row("写一段50字的祝福"), TASK, "word", truncated=True).reason == "truncated"


def test_the_prompts_further_demands_count_too():
    prompt = row("写一段50字以内的祝福，每句不超过8字")
    assert prompt.constraint is not None and prompt.constraint.extra
    assert judge("新年好呀，朋友们。" * 1 + text_of(30), prompt, TASK, "word").reason == "other_demand"


def test_the_prompts_own_counting_rule_goes_first():
    own = Constraint("eq", target=4, count_rule="han")
    assert rule_of(own, "word") == "han"
    assert judge("新年快乐！！！", row("写四个汉字", constraint=own), TASK, "word").count == 4
    assert rule_of(None, "chars") == rule_of(Constraint("eq", target=4), "chars") == "chars"


@given(
    st.one_of(
        st.integers(1, 500).map(lambda n: Constraint("eq", target=n)),
        st.integers(1, 500).map(approx),
        st.integers(1, 500).map(lambda n: Constraint("le", max=n)),
        st.integers(1, 500).map(lambda n: Constraint("ge", min=n)),
        st.tuples(st.integers(0, 200), st.integers(0, 200)).map(lambda p: Constraint("range", min=min(p), max=max(p))),
    ),
    st.integers(1, 800),
)
def test_what_is_accepted_meets_the_demand_or_misses_an_exact_one_by_within(constraint, count):
    band = strict(constraint, 2)
    if count in band.band:
        assert check(text_of(count), constraint).ok or (constraint.op == "eq" and abs(count - constraint.aim) <= 2)
    assert constraint.aim in band.band


def test_the_best_is_accepted_then_sound_then_nearest_then_first():
    ok, near, far = (
        Judged(True, 51, 1),
        Judged(False, 55, 5, "too_long", off=3),
        Judged(False, 70, 20, "too_long", off=18),
    )
    unsound = Judged(False, 50, 0, "leaked")
    assert nearest([far, unsound, near, ok]) == 3
    assert nearest([unsound, far, near]) == 2
    assert nearest([unsound, unsound]) == 0
    assert nearest([Judged(True, 52, 2), Judged(True, 50, 0)]) == 1
