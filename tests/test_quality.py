"""An answer's faults besides its length, found in the text alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.quality import (
    FEWEST_4GRAMS,
    KINDS,
    LONGEST_REPEAT,
    REACH,
    Problem,
    is_complete,
    is_signed,
    leaked,
    longest_repeat,
    problems,
    repeated_4grams,
    stated_count,
    units,
)

SOUND = "尊敬的老师，新年好！感谢您一年来的辛勤教导。愿您桃李满天下，身体安康，万事如意！"


def kinds(text: str, truncated: bool = False) -> list[str]:
    return [problem.kind for problem in problems(text, truncated)]


@pytest.mark.parametrize(
    "text",
    [SOUND, "Dear all, Happy New Year. May your days be bright!", "春风入户\n喜满门。", "**新年好！**", "过年好🎉"],
)
def test_a_sound_answer_has_no_problem(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b"])
def test_an_answer_without_anything_visible_is_empty_and_nothing_else(text: str) -> None:
    assert problems(text) == [Problem("empty")]


@pytest.mark.parametrize("end", list("。！？…”」～》）.!?") + ["🎉", "❤️", "👍🏽", "🇨🇳", "！\n", "。 "])
def test_an_answer_may_end_so(end: str) -> None:
    assert is_complete("祝您新年快乐" + end)


@pytest.mark.parametrize("end", list("，、；：—字a1，（“") + ["，\n", "**，**"])
def test_an_answer_that_ends_otherwise_is_incomplete(end: str) -> None:
    assert kinds("祝您新年快乐" + end) == ["incomplete"]


LETTER = "各位乡亲：\n新年好！今年村里修了路，大家辛苦了。\n祝乡亲们新年大吉！\n"


@pytest.mark.parametrize(
    "signature", ["村民委员会", "队长 沈青", "村主任 王强\n2026年2月17日", "此致敬礼\n你们的老朋友\n除夕夜"]
)
def test_a_letter_may_end_in_its_signature(signature: str) -> None:
    assert is_signed(LETTER + signature) and problems(LETTER + signature) == []


@pytest.mark.parametrize(
    "text",
    [
        "新年好！今年村里修了路。\n祝乡亲们新年大吉！\n村民委员会",  # no salutation
        LETTER + "在新的一年里我们还要办好夜校修好冷库把操场平整",  # too long for a name
        "各位乡亲：\n今年村里修了路，\n村民委员会",  # no sentence ends above it
        "各位乡亲：\n村民委员会",
    ],
)
def test_a_text_that_breaks_off_is_no_signed_letter(text: str) -> None:
    assert kinds(text) == ["incomplete"]


def test_an_english_letter_may_end_in_its_signature() -> None:
    assert problems("Dear neighbours,\nThe year has been kind to us.\nHappy New Year!\nYours,\nTom Wu") == []


def test_a_truncated_answer_says_so_even_where_its_last_sentence_ends() -> None:
    assert kinds(SOUND, truncated=True) == ["truncated"]


@pytest.mark.parametrize(
    "note",
    [
        "（共50字）", "（50字）", "（约200字）", "（字数：五十字）", "(50字)", "【共计300字】", "（全文共298字）", "字数：50。", "全文共300字。",
        "(50 words)", "(exactly 50 words)", "Word count: 50.", "(120 characters)", "[about 30 words]", "（ 50 字 ）", "（５０字）",
    ],
)  # fmt: skip
def test_a_stated_count_is_found(note: str) -> None:
    assert stated_count(SOUND + note)
    assert "stated_count" in kinds(SOUND + note)


@pytest.mark.parametrize(
    "text",
    [
        "老师布置了一篇300字的作文。", "他写了一个大大的“福”字（红纸黑字）。", "家里有五口人（加上我）。", "I wrote 50 words.",
        "我们班（共45人）去了敬老院。", "全文背诵是爷爷的要求。", "一共写了三副对联。",
    ],
)  # fmt: skip
def test_a_number_that_belongs_to_the_story_is_no_stated_count(text: str) -> None:
    assert stated_count(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "祝您⟦12⟧新年快乐。", "新年快乐！<|im_end|>", "新年快乐！</s>", "[INST]新年快乐！", "<think>想一想</think>新年快乐！", "作为AI语言模型，我祝您新年快乐！",
        "作为一个人工智能助手，祝您新年快乐。", "As an AI language model, I wish you well.", "好的，以下是一段祝福：\n新年快乐！", "Sure! Here's a greeting: well.",
    ],
)  # fmt: skip
def test_talk_around_the_answer_is_found(text: str) -> None:
    assert leaked(text)
    assert "leaked" in kinds(text)


@pytest.mark.parametrize(
    "text", ["作为一名老师，我祝您新年快乐。", "好的开始是成功的一半。", "Here's to you, my friend."]
)
def test_words_that_belong_to_the_answer_are_not_leaked(text: str) -> None:
    assert leaked(text) == ""


def test_a_sentence_said_twice_is_repetition_with_its_words() -> None:
    sentence = "愿您在新的一年里身体健康万事如意阖家幸福美满"
    found = problems(f"{sentence}。春风又绿江南岸。{sentence}。")
    assert [problem.kind for problem in found] == ["repetition"]
    assert found[0].found in sentence


def test_one_phrase_over_and_over_is_repetition_by_its_4_grams() -> None:
    assert kinds("新年快乐，" * 12 + "好。") == ["repetition"]


def test_verse_lines_that_begin_alike_are_no_repetition() -> None:
    verse = "愿君新岁多安康，\n愿君前路有春光。\n愿君举杯邀明月，\n愿君归来酒正香。"
    assert problems(verse) == []


def test_units_are_han_characters_and_words_without_marks() -> None:
    assert units("你好，World! Don’t 2026年") == ["你", "好", "world", "don’t", "2026", "年"]


@given(st.text(alphabet="春夏秋冬", max_size=60))
def test_the_longest_repeat_is_the_longest(text: str) -> None:
    def stands_twice(length: int) -> bool:
        return any(text.find(text[i : i + length], i + length) >= 0 for i in range(len(text) - 2 * length + 1))

    found = len(longest_repeat(text))
    assert found == max((n for n in range(1, len(text)) if stands_twice(n)), default=0)


@given(st.text(alphabet="春夏秋冬", max_size=80))
def test_the_share_of_repeated_4_grams_is_what_is_left_without_repeats(text: str) -> None:
    grams = [text[i : i + 4] for i in range(len(text) - 3)]
    expected = 1 - len(set(grams)) / len(grams) if len(grams) >= FEWEST_4GRAMS else 0
    assert repeated_4grams(text) == pytest.approx(expected)


@given(st.text(max_size=200), st.booleans())
def test_any_text_is_judged(text: str, truncated: bool) -> None:
    found = kinds(text, truncated)
    assert set(found) <= set(KINDS) and len(set(found)) == len(found)


def test_a_very_long_repetitive_text_is_judged_within_bounds() -> None:
    start = time.process_time()
    assert kinds("哈" * 20_000 + "。") == ["repetition"]
    for hostile in ("（" * 20_000, "字数" * 10_000, "( " * 20_000, "“<|a" * 5000):
        problems(hostile)
    assert time.process_time() - start < 20  # linear: about a third of a second; quadratic: minutes
    assert len(longest_repeat("哈" * 20_000)) == REACH > LONGEST_REPEAT
