"""Counting: the table of worked cases, the marks that go and stay, streams, linear time."""

import json
import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hesui.length import COUNTERS, Tally, count, visible
from hesui.length import markup as markup_module

DOCS = Path(__file__).parents[2] / "docs" / "counting.md"
ROW = re.compile(r"^\| `+ ?(\".*\") ?`+ \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", re.MULTILINE)


def worked_cases():
    rows = ROW.findall(DOCS.read_text(encoding="utf-8"))
    return [
        pytest.param(json.loads(text), dict(zip(COUNTERS, map(int, counts), strict=True))) for text, *counts in rows
    ]


def test_the_documentation_holds_the_table_of_cases():
    table = DOCS.read_text(encoding="utf-8").split("## Worked cases")[1].split("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    assert len(worked_cases()) == len(rows) > 50


@pytest.mark.parametrize(("text", "expected"), worked_cases())
def test_a_worked_case_counts_as_documented(text, expected):
    assert {counter: count(text, counter) for counter in COUNTERS} == expected


@pytest.mark.parametrize("call", [lambda: count("字", "letters"), lambda: Tally("letters")])
def test_an_unknown_counter_is_refused_with_the_allowed_ones(call):
    with pytest.raises(ValueError, match="'letters'; expected one of word, chars, han, han_latin, raw"):
        call()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**新年**好", "新年好"),
        ("**注*意**", "注*意"),
        ("**福****寿**", "福****寿"),
        ("__重点__ 和 _强调_", "重点 和 强调"),
        ("`**code**`", "**code**"),
        ("`` a`b ``", " a`b "),
        ("> - [x] **完成**", "完成"),
        ("## 二级标题", "二级标题"),
        ('[a](http://x.cn/b_(c) "t")！', "a！"),
        ("[![图](a.png)](b)", "图"),
        ("```\n**原样**\n```\n**粗**", "\n**原样**\n\n粗"),
        ("~~~\n- a\n~~~", "\n- a\n"),
        ("|甲|乙|\n|--|:-:|", " 甲 乙 \n"),
        ("字⟦3⟧**⟦2⟧粗⟦1⟧**", "字粗"),
        ("e\u0301", "é"),
    ],
)
def test_marks_go(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "新春快乐，万事如意！——祝您“龙马精神”……",
        "snake_case, __dunder, 2*3*4, 2**10, 5 * 3 * 2, a lone *",
        "*脚注",
        "好呀~哈哈~",
        "~~~好开心",
        "#话题#春节",
        "1、第一 1.第二 3.14",
        "-5度",
        "姓名____性别____",
        "[注] 见[1]、f(x)",
        "a | b",
        "|x| 是绝对值",
        "未闭合的**粗体和`代码",
        "1️⃣ 和 *️⃣ 和 *️⃣",
        ">_<",
        "⟦⟧ ⟦a⟧ ⟦12",
    ],
)
def test_plain_text_stays(text):
    assert visible(text) == text


def test_a_mark_reaches_no_further_than_its_limit():
    near, far = "春" * (markup_module.REACH - 2), "春" * markup_module.REACH
    assert visible(f"**{near}**") == near
    assert visible(f"**{far}**") == f"**{far}**"


MARKS = ["*", "**", "***", "_", "__", "~~", "`", "``", "```", "```py", "[", "![", "]", "](", "](u)", ")", "\\", "|"]
BLOCKS = ["\n", "# ", "- ", "1. ", "> ", "---", "|", "\r\n", "~~~", "\t", "\u3000"]
MARKERS = ["⟦", "⟧", "⟦12⟧", "1", "2"]
JOINERS = [
    "\u0301",
    "\u200d",
    "\ufe0f",
    "\u20e3",
    "👍",
    "🏽",
    "🇨",
    "👩",
    "\u3099",
    "\u1161",
    "\u11a8",
    "\u094d",
    "\u0338",
]
LETTERS = [
    "字",
    "中文字",
    "ab",
    "e",
    "3",
    "Ａ",
    "か",
    "각",
    "\u1100",
    "क",
    "’",
    "–",
    "、",
    "。",
    "…",
    " ",
    "(",
    ".",
    "豈",
    "\u0600",
]
FRAGMENTS = st.lists(st.sampled_from([*MARKS, *BLOCKS, *MARKERS, *JOINERS, *LETTERS]), max_size=30).map("".join)
TEXTS = st.one_of(FRAGMENTS, st.text(max_size=30))


def stream(text, sizes):
    position = 0
    for size in [*sizes, len(text)]:
        yield text[position : position + size]
        position += size


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.lists(st.integers(0, 4), max_size=60), st.sampled_from(COUNTERS), st.sampled_from([3, 8, 1000]))
@example("e\u0301**字**", [1] * 8, "chars", 1000)
@example("`字_x_ y_``", [1] * 12, "chars", 8)
def test_a_tally_equals_the_count_after_every_piece(text, sizes, counter, reach):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markup_module, "REACH", reach)  # a short reach, so that short texts come to its end
        patch.setattr(Tally, "_ROOM", 0)
        tally, fed = Tally(counter), ""
        for piece in stream(text, sizes):
            fed += piece
            tally._room = 0  # cut at every step
            assert tally.feed(piece) == tally.count == count(fed, counter), fed


@settings(max_examples=100, deadline=None)
@given(TEXTS, TEXTS, TEXTS, st.sampled_from(COUNTERS))
def test_a_copied_tally_goes_on_independently(shared, one, other, counter):
    tally = Tally(counter)
    tally.feed(shared)
    copied = tally.copy()
    assert tally.feed(one) == count(shared + one, counter)
    assert copied.feed(other) == count(shared + other, counter)


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_tally_of_a_long_stream_forgets_what_is_settled(counter):
    text = "**新年**快乐，我用AI写了2026年的 `祝福`，hello world！" * 400
    tally = Tally(counter)
    longest = 0
    for start in range(0, len(text), 7):
        tally.feed(text[start : start + 7])
        longest = max(longest, len(tally._pending))
    assert tally.count == count(text, counter)
    assert longest < 600


@given(TEXTS)
def test_visible_text_is_composed_and_never_longer(text):
    shown = visible(text)
    assert shown == unicodedata.normalize("NFC", shown)
    assert len(shown) <= len(unicodedata.normalize("NFD", text))


@given(st.text(alphabet="新春快乐万事如意，。！？、“”《》—…·\n　", max_size=80))
def test_chinese_prose_is_untouched(text):
    assert visible(text) == text
    assert count(text, "chars") == len("".join(text.split()))


@given(TEXTS)
def test_the_counts_are_ordered(text):
    assert count(text, "han") <= count(text, "han_latin")
    assert count(text, "word") >= 0 and count(text, "han") <= count(text, "word")


ADVERSARIES = [
    "*",
    "[",
    "`",
    "_",
    "~~",
    "](",
    "[a](",
    "![",
    "**字",
    "*a _字 ",
    "`a``",
    "> ",
    "- ",
    "|",
    "\\",
    "⟦1",
    " ",
    "```\n",
    "👍\u200d",
    "'a",
]


@pytest.mark.parametrize("unit", ADVERSARIES)
def test_time_grows_in_proportion_to_adversarial_text(unit):
    def seconds(size):
        text = unit * (size // len(unit))
        times = []
        for _ in range(2):
            start = time.process_time()
            count(text, "word")
            times.append(time.process_time() - start)
        return min(times)

    # 8 times if linear, 64 if quadratic; a busy machine disturbs a measurement, not three.
    assert any(seconds(160_000) < 16 * seconds(20_000) + 0.1 for _ in range(3))
