import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.length import COUNTERS, Constraint, count
from hesui.length.countdown import MOST, clauses, counts_down, ends_clause, goal, insert, mark, showable, strip
from hesui.length.counting import MARKER

PIECES = ["祝您新春快乐", "，", "。", "！", "、", "：", "；", "？", "……", "AI", " 2026", "3.14", "10:30", "hello, ", "world. ", "“", "”", "**", "# ",
          "\n", "- ", "👨‍👩‍👧", "é", "⟦", "⟧", "|", "`", "12"]  # fmt: skip
texts = (st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60)).filter(
    lambda text: not MARKER.search(text)
)
counters = st.sampled_from(COUNTERS)


@given(texts, counters)
def test_stripping_gives_the_text_back(text: str, counter: str) -> None:
    assert strip(insert(text, counter)) == text


@given(texts, counters)
def test_every_mark_says_what_remains(text: str, counter: str) -> None:
    marked, so_far = insert(text, counter), ""
    for clause, remaining in clauses(text, counter):
        so_far += clause
        if remaining is not None:
            assert marked.startswith(as_written(text, so_far, counter))
            assert remaining == max(0, count(text, counter) - count(so_far, counter))
    assert so_far == text


def as_written(text: str, so_far: str, counter: str) -> str:
    """What a writer has written who has come so far, and marks each clause end as it comes."""
    marked = ""
    for place, character in enumerate(so_far, 1):
        marked += character
        if ends_clause(so_far[:place], place - 1):
            marked += mark(count(text, counter) - count(so_far[:place], counter))
    return marked


@given(texts, counters, st.sampled_from([name for name in COUNTERS if name != "raw"]))
def test_marks_are_not_counted(text: str, counter: str, judge: str) -> None:
    assert count(insert(text, counter), judge) == count(text, judge)


@given(texts, counters)
def test_marks_never_show_while_a_text_grows(text: str, counter: str) -> None:
    marked = insert(text, counter)
    shown = [showable(marked[:end]) for end in range(len(marked) + 1)]
    assert all(text.startswith(part) for part in shown)


def test_marks_stand_where_clauses_end() -> None:
    assert insert("祝您新春快乐，平安、健康！") == "祝您新春快乐，⟦6⟧平安、健康！⟦0⟧"
    assert insert("π是3.14，见10:30的课") == "π是3.14，⟦4⟧见10:30的课"
    assert insert("Hello, world. 好") == "Hello,⟦2⟧ world.⟦1⟧ 好"
    assert insert("春风送暖\n万象更新。\n好") == "春风送暖\n⟦6⟧万象更新。⟦1⟧\n好"
    assert insert("") == ""


def test_marks_of_an_earlier_time_give_way() -> None:
    assert insert("新年好，⟦99⟧祝福。") == "新年好，⟦3⟧祝福。⟦0⟧"


def test_a_mark_is_never_below_zero_nor_longer_than_is_stripped() -> None:
    assert mark(-3) == "⟦0⟧"
    assert strip(mark(10 * MOST)) == ""


@pytest.mark.parametrize(
    ("constraint", "count"),
    [
        (Constraint("eq", target=50), 50),
        (Constraint("approx", target=50, min=45, max=55), 50),
        (Constraint("range", min=30, max=80), 55),
        (Constraint("le", max=50), 46),
        (Constraint("ge", min=50), 54),
        (Constraint("le", max=1), 1),
    ],
)
def test_a_text_is_led_into_the_band(constraint: Constraint, count: int) -> None:
    assert goal(constraint) == count
    assert count in constraint.band


@pytest.mark.parametrize(
    ("constraint", "possible"),
    [
        (Constraint("eq", target=9), True),
        (Constraint("le", max=9), True),
        (Constraint("eq", target=9, unit="word"), False),
        (Constraint("eq", target=9, scope="per_item"), False),
        (None, False),
    ],
)
def test_only_characters_of_whole_answers_can_be_counted_down(constraint: Constraint | None, possible: bool) -> None:
    assert counts_down(constraint) is possible
