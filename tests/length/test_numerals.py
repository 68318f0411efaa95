"""Written numbers are read as people mean them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.length.numerals import LARGEST, NUMBER, number

EXACT = {
    "7": 7, "300": 300, "1,000": 1000, "12,500": 12500, "1.5万": 15000, "2万5千": 25000, "3百": 300, "0.5k": 500, "1k": 1000,
    "1w": 10000, "一": 1, "两": 2, "十": 10, "十五": 15, "二十": 20, "廿": 20, "廿五": 25, "卅": 30, "一百五": 150,
    "一百五十": 150, "一百零五": 105, "两百": 200, "三千": 3000, "一千零五十": 1050, "两千五百": 2500, "一万二": 12000,
    "三万五千": 35000, "五〇〇": 500, "百": 100, "千": 1000, "two": 2, "fifty": 50, "twenty-five": 25, "a hundred": 100,
    "two hundred and fifty": 250, "one thousand five hundred": 1500, "a dozen": 12, "half a dozen": 6,
}  # fmt: skip
VAGUE = {
    "三五百": (300, 500), "七八十": (70, 80), "一两百": (100, 200), "两三": (2, 3), "二十七八": (27, 28), "几百": (200, 900),
    "数千": (2000, 9000), "十几": (11, 19), "二十几": (21, 29), "several hundred": (200, 900),
}  # fmt: skip


def whole(text):
    match = re.match(NUMBER, text)
    return number(match[0]) if match and match[0] == text else None


@pytest.mark.parametrize(("text", "value"), EXACT.items())
def test_an_exact_number_is_read(text, value):
    found = whole(text)
    assert found is not None
    assert (found.low, found.high) == (value, value)
    assert not found.vague


@pytest.mark.parametrize(("text", "ends"), VAGUE.items())
def test_a_vague_number_is_read_as_the_range_it_names(text, ends):
    found = whole(text)
    assert found is not None
    assert (found.low, found.high) == ends
    assert found.vague


@pytest.mark.parametrize("text", ["几", "1.5", "一二三", "12,34", "1.2.3", "两亿", str(LARGEST + 1), "9" * 15])
def test_what_is_no_whole_number_of_a_sane_size_is_none(text):
    assert number(text) is None


def spelled(value: int) -> str:
    """The formal spelling of 0 < value < 10,000."""
    digits, out, gap = "零一二三四五六七八九", "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            out += ("零" if gap and out else "") + digits[digit] + name
            gap = False
        else:
            gap = True
    return out


@given(st.integers(1, 9999))
def test_every_formal_spelling_is_read_back(value):
    found = whole(spelled(value))
    assert found is not None
    assert found.low == found.high == value


@given(st.integers(1, LARGEST))
def test_every_arabic_number_is_read_with_and_without_separators(value):
    for text in (str(value), f"{value:,}"):
        found = whole(text)
        assert found is not None
        assert found.low == value


@given(st.text("零〇一二三四五六七八九十百千万亿两俩廿卅几数0123456789,.kw", min_size=1, max_size=20))
def test_any_string_of_number_characters_is_a_number_or_none(text):
    found = number(text)
    assert found is None or 0 <= found.low <= found.high <= LARGEST
