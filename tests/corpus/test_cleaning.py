"""Cleaning takes rubbish out and leaves the layout alone."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.cleaning import clean, cut_history, shortened
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.records import Message

# Every character that a person can mean, but for those that markup is made of.
PLAIN = st.text(
    st.one_of(
        st.sampled_from("\n\n\t 　新年快乐，春风。ab1*_#>|[]`~'\"👨"),
        st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"), exclude_characters="<&"),
    ),
    max_size=200,
)
ANYTHING = st.text(
    st.one_of(
        st.sampled_from("\n\r\t 　<>/&;`~=\"'-!新年ab\u200b\u200d\ufeff\x00e\u0301👨👩"),
        st.characters(),
    ),
    max_size=80,
)
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            "<b> </b> <p> </p> <br> <div> </div> <ul> <li> </ul> <td> <pre> </pre> <code> </code> <!-- --> &lt; &amp; "
            "&nbsp; b> p> ``` ` \n 　　 a <img> <a href='x'> </a>".split(" ")
        ),
        st.text(max_size=3),
    ),
    max_size=12,
).map("".join)


@given(st.one_of(ANYTHING, MARKUP))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(PLAIN)
def test_plain_text_only_becomes_nfc(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@given(st.lists(st.text(st.sampled_from("新年　 a<>& *\u200b"), max_size=8)), st.sampled_from(["\n", "\r\n", "\r"]))
def test_every_line_break_of_a_text_without_markup_stays(lines: list[str], end: str) -> None:
    assert clean(end.join(lines)).count("\n") == max(len(lines) - 1, 0)


@pytest.mark.parametrize(
    "text",
    [
        "　　爷爷奶奶：\n　　新年好！\n\n　　祝二老福如东海。\n\n　　　　孙儿　小明",
        "春风送暖入屠苏\n千门万户瞳瞳日\n\n  两格缩进\n\t制表符",
        "Dear Li,\n\nHappy New Year!  Two spaces stay.\n",
    ],
)
def test_paragraphs_verse_lines_and_indentation_survive(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "dirty, expected",
    [
        ("<p>　　新年好</p>\n<p>　　第二段<br>换行</p>", "　　新年好\n\n　　第二段\n换行"),
        ("<div>　　甲</div><div>　　乙</div>", "　　甲\n\n　　乙"),
        ("第一行\n第二行 <b>重</b>\n\n　　第三段\n\n\n第四段", "第一行\n第二行 **重**\n\n　　第三段\n\n\n第四段"),
        ("甲\n\n<p>乙</p>\n\n丙\n丁", "甲\n\n乙\n\n丙\n丁"),
        ("一<br>\n二<br/><BR>三", "一\n二\n\n三"),
        ("<h2>家书</h2><ul><li>平安</li><li>健康</li></ul>", "## 家书\n\n- 平安\n- 健康"),
        ('<a href="https://example.com">链接</a>', "[链接](https://example.com)"),
        ("<table><tr><th>字</th></tr><tr><td>五十<br>以内</td></tr></table>", "| 字 |\n| --- |\n| 五十 以内 |"),
        ("好<script>alert(1)</script><!-- 注 -->！", "好！"),
        ("&lt;b&gt;福&lt;/b&gt;", "**福**"),  # escaped by a scraper
    ],
)
def test_html_becomes_markdown_with_its_layout(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a < b 且 c > d",
        "如果 x<y，则 y>x",
        "<输入>和<think>不是标签",
        "if a <b and c> d",
        "变量 <b> 和 <i> 没有闭合",
        "只有结尾 </b>",
        "用 `<b>` 加粗，`&lt;` 是小于号",
        "```html\n<p>新年</p>\n&amp;\n```\n",
        "~~~\n<br>\n~~~",
        "AT&T，?a=1&copy=2，&notanentity;",
    ],
)
def test_what_is_no_html_stays(text: str) -> None:
    assert clean(text) == text


def test_code_stays_beside_html_that_goes() -> None:
    assert clean("<p>用 `<i>` 写</p>\n```\n<i>x</i>\n```") == "用 `<i>` 写\n\n```\n<i>x</i>\n```"


@pytest.mark.parametrize(
    "dirty, expected",
    [
        ("&amp;lt; &#31119; &#x798f; &ldquo;年&rdquo;", "< 福 福 “年”"),
        ("新&nbsp;年", "新 年"),
        ("\ufeff新\u200b年\u00ad\x07好\u2060", "新年好"),
        ("一\r\n二\r三\u2028四\x0b五", "一\n二\n三\n四\n五"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),
        ("a\ud83d", "a"),
        ("新\u200d年", "新年"),
        ("反\u202e序", "反序"),
    ],
)
def test_entities_are_decoded_and_invisible_characters_go(dirty: str, expected: str) -> None:
    assert clean(dirty) == expected


@pytest.mark.parametrize("emoji", ["👨‍👩‍👧", "❤️‍🔥", "👩🏽‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣"])
def test_emoji_stay_whole(emoji: str) -> None:
    assert clean(f"新年{emoji}快乐") == f"新年{emoji}快乐"


@pytest.mark.parametrize(
    "attack",
    [
        "&" + "amp;" * 20_000,
        "<" * 20_000,
        "`" * 20_000 + "<",
        "<!--" * 10_000,
        "<p>" * 3_000,
        "<div>" * 3_000 + "</div>",
    ],
)
def test_hostile_markup_costs_little(attack: str) -> None:
    start = time.process_time()
    clean(attack)
    assert time.process_time() - start < 10  # quadratic ones take minutes


SYSTEM = Message("system", "角色")
TURNS = tuple(
    Message("user" if index % 2 == 0 else "assistant", str(index) * 10) for index in range(6)
)  # three exchanges of 20 characters


@pytest.mark.parametrize("limit, kept", [(200, 6), (66, 6), (65, 4), (46, 4), (45, 2), (26, 2), (25, 0), (6, 0)])
def test_the_oldest_exchanges_go_first_and_the_system_message_stays(limit: int, kept: int) -> None:
    history = cut_history((SYSTEM, *TURNS), "新年好啊", len, limit)
    assert history == (SYSTEM, *TURNS[len(TURNS) - kept :])


def test_without_a_system_message_nothing_is_added() -> None:
    assert cut_history(TURNS, "好", len, 21) == TURNS[4:]
    assert cut_history((), "好", len, 1) == ()


def test_a_prompt_that_does_not_fit_alone_is_refused() -> None:
    with pytest.raises(InputError, match="needs 6 tokens with its system message; 5 are allowed") as caught:
        cut_history((SYSTEM, *TURNS), "新年好啊", len, 5)
    assert caught.value.key == "error.prompt_tokens"


@given(
    st.lists(st.sampled_from(TURNS)), st.text(max_size=10), st.integers(0, 120)
)  # in any order, as foreign logs have it
def test_what_is_kept_fits_and_is_the_end_of_the_history(turns: list[Message], prompt: str, limit: int) -> None:
    try:
        kept = cut_history(turns, prompt, len, limit)
    except InputError:
        assert len(prompt) > limit
    else:
        assert len(prompt) + sum(len(turn.content) for turn in kept) <= limit
        assert list(kept) == turns[len(turns) - len(kept) :]


def test_long_dialogues_are_cut_from_the_front_and_keep_their_answer():
    history = (Message("system", "s"), *(Message(role, "xxxx") for _ in range(3) for role in ("user", "assistant")))
    row = Row("a", "greeting", "pppp", None, reference="rrrr", history=history)
    (short,) = shortened([row], len, 4 + 4 + 1 + 8)
    assert short.history == (history[0], *history[-2:])
    assert short.reference == "rrrr"


def test_a_row_that_does_not_fit_alone_is_named():
    with pytest.raises(InputError, match="row 'a' does not fit 7 tokens"):
        list(shortened([Row("a", "greeting", "pppp", None, reference="rrrr")], len, 7))
