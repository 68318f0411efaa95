"""Read written numbers: 300, 1,000, 1.5万, 0.5k, 一百五, 三五百, 百来, "two hundred"; knows no units and no demands.

Texts are expected as `parsing.plain` leaves them: ASCII digits, simplified characters, lower-case Latin.
Patterns are bounded and possessive, so that a megabyte of digits costs no more than a megabyte of letters.
"""

from __future__ import annotations

import re
from typing import NamedTuple

LARGEST = 10_000_000  # nobody asks for more; a larger number is no demand

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_SCALES = _TENS | {"k": 1000, "w": 10_000}
_SHORTHAND = {"廿": "二十", "卅": "三十"}

_ONES = """one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen"""
_TIES = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: value for value, word in enumerate(_ONES.split(), 1)}
_WORDS |= {word: 10 * value for value, word in enumerate(_TIES.split(), 2)}
_WORD_SCALES = {"dozen": 12, "hundred": 100, "thousand": 1000}

_ARABIC = r"(?<![0-9a-z])(?<![0-9][.,])[0-9](?:[,.]?[0-9]){0,14}+(?:\s?[百千万亿](?:[0-9][百千])?+|[kw](?![a-z]))?+"
_HAN_CHARS = "零〇一二三四五六七八九十百千万亿两俩廿卅几"
_HAN = rf"(?<![{_HAN_CHARS}])(?:(?<!字)数(?=[十百千万]))?+[{_HAN_CHARS}]{{1,12}}+"
_WORD = "|".join(sorted([*_WORDS, *_WORD_SCALES], key=len, reverse=True))
_VAGUE_WORDS = r"(?:several|a few|few) (?:hundred|thousand)\b"
_ENGLISH = rf"\b(?:{_VAGUE_WORDS}|(?:an? (?=dozen|hundred|thousand)|half a (?=dozen))?+(?:{_WORD})(?:[ -](?:and )?+(?:{_WORD})){{0,5}}+\b)"

NUMBER = rf"(?:{_ARABIC}|{_HAN}|{_ENGLISH})"
MORE = "[来余多把]"  # after a number: "or a few more", as in 百来字, 五百余字


class Number(NamedTuple):
    """A number as written; `low` < `high` where the words themselves name a range (三五百: 300 to 500)."""

    low: int
    high: int
    scale: int = 1  # the multiplier it was written with: 5百 → 100, so that "3到5百" can be read as 300 to 500

    @property
    def vague(self) -> bool:
        """Whether the words name a range."""
        return self.low != self.high


def number(text: str) -> Number | None:
    """The number that `text`, a match of NUMBER, writes; None where it is no whole number up to LARGEST."""
    first = text[:1]
    if "0" <= first <= "9":
        found = _arabic(text)
    elif first in _HAN_CHARS or first == "数":
        found = _han(text)
    else:
        found = _english(text)
    return found if found is not None and found.high <= LARGEST else None


def _arabic(text: str) -> Number | None:
    parts = re.fullmatch(r"([0-9,.]+?)[.,]*\s?([百千万亿kw])?(?:([0-9])([百千]))?", text)
    if parts is None:
        return None
    figure, scale, rest, rest_scale = parts.groups()
    if "," in figure:
        if not re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+", figure):
            return None
        figure = figure.replace(",", "")
    if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", figure):
        return None
    factor = _SCALES[scale] if scale else 1
    value = round(float(figure) * factor, 6) + (int(rest) * _SCALES[rest_scale] if rest else 0)
    return Number(int(value), int(value), factor) if value == int(value) else None


def _han(text: str) -> Number | None:
    for short, long in _SHORTHAND.items():
        text = text.replace(short, long)
    return _han_vague(text) or _han_several(text) or _han_exact(text)


def _han_vague(text: str) -> Number | None:
    """Two neighbouring digits: 三五百 300 to 500, 七八十 70 to 80, 二十七八 27 to 28, 两三 2 to 3."""
    parts = re.fullmatch(r"(.*?[十百千万])?([一二两三四五六七八])([二两三四五六七八九])([十百千万]*)", text)
    if parts is None:
        return None
    head, low, high, tail = parts.groups()
    ends = [_han_exact((head or "") + digit + tail) for digit in (low, high)]
    if ends[0] is None or ends[1] is None or _DIGITS[low] >= _DIGITS[high]:
        return None
    return Number(ends[0].low, ends[1].high)


def _han_several(text: str) -> Number | None:
    """几百, 数百: 200 to 900, any number of hundreds; 十几, 二十几: 11 to 19, 21 to 29."""
    parts = re.fullmatch(r"[几数]([十百千万]+)", text)
    if parts and (scale := _han_exact(parts[1])):
        return Number(2 * scale.low, 9 * scale.low)
    parts = re.fullmatch(r"(.*十)几", text)
    if parts and (tens := _han_exact(parts[1])):
        return Number(tens.low + 1, tens.low + 9)
    return None


def _han_exact(text: str) -> Number | None:
    if not text or any(c not in _DIGITS and c not in _TENS for c in text):
        return None
    if not any(c in _TENS for c in text):  # read digit by digit: 五〇〇
        if len(text) > 1 and not re.search("[零〇]", text):
            return None
        value = int("".join(str(_DIGITS[c]) for c in text))
        return Number(value, value)
    total = section = digit = 0
    scale = 1  # of the last multiplier; a digit that ends the number counts a tenth of it: 一百五 is 150
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
            if digit == 0:
                scale = 1  # 一百零五 is 105
                continue
        elif c in "万亿":
            total, section, digit = (total + (section + digit or 1)) * _TENS[c], 0, 0
            scale = _TENS[c]
        else:
            section, digit = section + (digit or 1) * _TENS[c], 0
            scale = _TENS[c]
    last = digit * (scale // 10 if scale >= 100 and len(text) > 1 else 1)
    value = total + section + last
    return Number(value, value, scale if text[-1] in _TENS else 1)


def _english(text: str) -> Number | None:
    words = re.findall("[a-z]+", text)
    if not words:
        return None
    if words[0] == "half":
        return Number(6, 6)
    if words[-2:-1] and words[-2] in ("several", "few"):
        scale = _WORD_SCALES[words[-1]]
        return Number(2 * scale, 9 * scale)
    total = part = 0
    for word in words:
        if word in _WORDS:
            part += _WORDS[word]
        elif word == "thousand":
            total, part = total + (part or 1) * 1000, 0
        elif word in _WORD_SCALES:
            part = (part or 1) * _WORD_SCALES[word]
    return Number(total + part, total + part)
