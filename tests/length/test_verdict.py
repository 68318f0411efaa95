"""Verdicts: every op, unit and scope."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.length import COUNTERS, Constraint, approx, count
from hesui.length.verdict import check, check_all

TEN = "新春快乐万事都如意啊"


@pytest.mark.parametrize(
    ("constraint", "ok", "error"),
    [
        (Constraint("eq", target=10), True, 0),
        (Constraint("eq", target=12), False, -2),
        (Constraint("eq", target=9), False, 1),
        (Constraint("le", max=10), True, 0),
        (Constraint("le", max=7), False, 3),
        (Constraint("le", max=100), True, 0),
        (Constraint("ge", min=10), True, 0),
        (Constraint("ge", min=15), False, -5),
        (Constraint("range", min=8, max=12), True, 0),
        (Constraint("range", min=3, max=6), False, 4),
        (Constraint("range", min=20, max=30), False, -10),
        (approx(11), True, -1),
        (approx(20), False, -10),
    ],
)
def test_every_op_is_judged(constraint, ok, error):
    verdict = check(TEN, constraint)
    assert (verdict.ok, verdict.count, verdict.error, verdict.band) == (ok, 10, error, constraint.band)


POEM = "春风送暖入屠苏，\n千门万户曈曈日。\n\n马到成功！万事如意？Happy new year. It is 3.14 dollars, Mr. Li."


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("你好，hello world！", "char", 6),
        ("你好，hello world！", "word", 4),
        ("Wishing you a happy, well-lived year.", "word", 6),
        (POEM, "sentence", 5),
        (POEM, "line", 3),
        (POEM, "paragraph", 2),
        ("一\n二\n三", "paragraph", 3),
        ("一段\n\n  \n二段\n还是二段", "paragraph", 2),
        ("他说：“好！”然后走了……", "sentence", 2),
        ("没有句号", "sentence", 1),
        ("标题\n正文。", "sentence", 2),
        ("！！！", "sentence", 0),
        ("一\n\n---\n\n二", "line", 2),
    ],
)
def test_every_unit_is_counted(text, unit, expected):
    assert check(text, Constraint("eq", target=expected or 1, unit=unit)).count == expected


@pytest.mark.parametrize(
    ("text", "scope", "ok", "furthest"),
    [
        ("一二三四五\n一二三四五", "per_line", True, 5),
        ("一二三四五\n一二三", "per_line", False, 3),
        ("一二三四。一二。", "per_sentence", False, 3),
        ("一二三四五\n\n一二三四五六七", "per_paragraph", False, 7),
        ("祝福如下：\n1. 一二三四五\n2. 一二三四五\n\n希望您喜欢这些祝福", "per_item", True, 5),
        ("1、一二三四五\n2、一二三四五六", "per_item", False, 6),
        ("一、马到成功呀\n\n二、万事如意呀", "per_item", True, 5),
        ("- **一二三四五**\n- 一二三\n  四五", "per_item", True, 5),
        ("一二三四五\n一二三四", "per_item", False, 4),
        ("# 标题：新春的祝福\n正文很长很长很长", "title", True, 5),
        ("一二三四五", "part", True, 5),
    ],
)
def test_every_scope_is_judged_by_the_part_furthest_off(text, scope, ok, furthest):
    verdict = check(text, Constraint("eq", target=5, scope=scope))
    assert (verdict.ok, verdict.count, verdict.error) == (ok, furthest, furthest - 5)


def test_numbers_with_a_point_begin_no_item():
    assert check("3.14是圆周率", Constraint("le", max=20, scope="per_item")).count == count("3.14是圆周率")


def test_the_counter_is_the_callers_then_the_prompts_then_word():
    text, plain = "你好，AI！", Constraint("le", max=10)
    ruled = Constraint("le", max=10, count_rule="han")
    assert (check(text, plain).counter, check(text, plain).count) == ("word", 5)
    assert (check(text, ruled).counter, check(text, ruled).count) == ("han", 2)
    assert (check(text, ruled, "raw").counter, check(text, ruled, "raw").count) == ("raw", 6)


def test_an_unknown_counter_is_refused():
    with pytest.raises(ValueError, match="unknown counter 'letters'; expected one of word"):
        check("字", Constraint("le", max=3), "letters")


@pytest.mark.parametrize("text", ["", " \n　", "****\n", "⟦12⟧", "\u200b"])
@pytest.mark.parametrize("scope", ["whole", "per_item", "per_line", "per_sentence", "per_paragraph", "title", "part"])
@pytest.mark.parametrize("unit", ["char", "word", "sentence", "line", "paragraph"])
def test_an_empty_answer_obeys_nothing(text, scope, unit):
    verdict = check(text, Constraint("le", max=50, scope=scope, unit=unit))
    assert not verdict.ok
    assert (verdict.count, verdict.error) == (0, 0)


def test_extra_demands_are_judged_in_order_by_the_same_rule():
    lines = Constraint("eq", target=2, unit="line")
    each = Constraint("eq", target=4, scope="per_line")
    main = Constraint("le", max=8, count_rule="han", extra=(lines, each))
    verdicts = check_all("马到成功，\n万事如意。", main)
    assert [verdict.ok for verdict in verdicts] == [True, True, True]
    assert [verdict.count for verdict in verdicts] == [8, 2, 4]


@given(st.text(), st.sampled_from(COUNTERS), st.integers(1, 60))
def test_at_most_and_more_than_never_both_hold(text, counter, bound):
    at_most = check(text, Constraint("le", max=bound), counter)
    more = check(text, Constraint("ge", min=bound + 1), counter)
    assert not (at_most.ok and more.ok)
    assert at_most.count == more.count == count(text, counter)
    assert (at_most.error > 0) == (more.error == 0 and more.count > bound)


@pytest.mark.parametrize("scope", ["whole", "per_item", "per_sentence", "title"])
@pytest.mark.parametrize("unit", [" ", "\n", " \n", "。", "\n1. ", "（一", ". ", "，\n"])
def test_time_grows_in_proportion_to_adversarial_text(unit, scope):
    def seconds(size):
        text = "字" + unit * (size // len(unit))
        times = []
        for _ in range(2):
            start = time.process_time()
            check(text, Constraint("le", max=5, unit="sentence", scope=scope))
            times.append(time.process_time() - start)
        return min(times)

    # 8 times if linear, 64 if quadratic; a busy machine disturbs a measurement, not three.
    assert any(seconds(32_000) < 24 * seconds(4_000) + 0.1 for _ in range(3))


def test_a_label_inside_the_title_stays():
    assert check("我的标题：春", Constraint("eq", target=6, scope="title")).ok
