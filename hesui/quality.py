"""What can be wrong with an answer besides its length, found in the text alone; knows no demand and no model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, get_args

import regex

from hesui.length import count, visible
from hesui.length.counting import MARKER

Kind = Literal["empty", "truncated", "leaked", "stated_count", "incomplete", "repetition"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ENDINGS = "。！？…”」』～》）.!?~\"’')】"
SALUTATION_ENDS = ("：", ":", "，", ",")
SIGNATURE, SIGNATURE_LINES = 12, 3  # units in a line of a signature; lines
LONGEST_REPEAT = 18  # units; an answer that says this much twice in the same words repeats itself
REPEATED_4GRAMS = 0.2  # share of an answer's runs of four units that have stood before
FEWEST_4GRAMS = 20  # below, the share says nothing
REACH = 200  # units; a longer repeat is reported as this long, which keeps the search linear

_EMOJI_END = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F\u20E3\p{Regional_Indicator}]\Z")
_UNIT = regex.compile(r"\p{Han}|[\p{L}\p{N}\p{M}--\p{Han}]+(?:['’][\p{L}]+)*", regex.V1)
_NUMBER = r"[0-9０-９一二三四五六七八九十百千两零〇,]+"
_STATED_COUNT = regex.compile(
    rf"[（(\[【]\s*(?:[^（()）\[\]【】\n]{{0,8}}[共计约数为是：:]\s*)?{_NUMBER}\s*个?(?:汉字|字符|字)(?:左右|以内|整)?[。.]?\s*[）)\]】]"
    rf"|(?:全文|正文|本文|总|实际)?(?:字数|字符数)(?:统计|合计)?\s*[：:为是]\s*(?:共|约)?\s*{_NUMBER}"
    rf"|(?:全文|正文|本文|以上)(?:总)?(?:共|共计|合计|一共|总计|约)\s*{_NUMBER}\s*个?字"
    r"|[(\[](?:[a-z ]{0,24}[:~ ])?\s*[0-9]+\s+(?:words?|characters?|chars?)(?:\s+(?:in )?total)?\.?[)\]]"
    r"|\b(?:word|character)\s+count\s*(?:[:=]|is)\s*[0-9]+",
    regex.IGNORECASE,
)
_LEAKED = regex.compile(
    MARKER.pattern + r"|<\|[a-z_]{1,24}\|>|</?(?:s|think|unk|eos|bos|pad|start_of_turn|end_of_turn)>|\[/?INST\]"
    r"|作为(?:一[个名款位])?(?:AI|人工智能|大?语言模型|智能助手)|我(?:只)?是(?:一[个名款位])?(?:AI|人工智能|大?语言模型)"
    r"|\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b|\bI(?:'m| am) (?:an AI|a (?:large )?language model)\b"
    r"|\A\s*(?:好的|当然(?:可以)?|没问题|可以的)[，,。！!]\s*(?:以下|下面|这里|这)是[^\n]*[：:]"
    r"|\A\s*(?:sure|certainly|of course|okay)[,.!]?\s+here(?:'s|’s| is| are)\b",
    regex.IGNORECASE,
)


class Problem(NamedTuple):
    """One thing that is wrong with an answer."""

    kind: Kind
    found: str = ""  # the words that show it


def problems(text: str, truncated: bool = False) -> list[Problem]:
    """What is wrong with `text`, the gravest first; `truncated` says that a token limit cut it."""
    if count(text, "chars") == 0:
        return [Problem("empty")]
    found = [Problem("truncated", ending(text))] if truncated else []
    for kind, look in _LOOKS:
        words = look(text)
        if words:
            found.append(Problem(kind, words))
    return found


def is_complete(text: str) -> bool:
    """Whether the last visible character ends a sentence: one of ENDINGS, or an emoji."""
    shown = visible(text).rstrip()
    return shown.endswith(tuple(ENDINGS)) or _EMOJI_END.search(shown) is not None


def is_signed(text: str) -> bool:
    """Whether the text is a letter that ends in a signature: a salutation above, a few short lines below its last
    complete sentence (a closing, a name, a date)."""
    lines = [line.strip() for line in visible(text).splitlines() if line.strip()]
    if len(lines) < 3 or not lines[0].endswith(SALUTATION_ENDS):
        return False
    for below in range(1, min(SIGNATURE_LINES, len(lines) - 2) + 1):
        if len(units(lines[-below])) > SIGNATURE:
            return False
        if is_complete(lines[-below - 1]):
            return True
    return False


def ending(text: str) -> str:
    """The last few visible characters."""
    return visible(text).rstrip()[-12:]


def stated_count(text: str) -> str:
    """Where the text states its own length, as in "（共50字）"; "" where it does not."""
    return _first(_STATED_COUNT, text)


def leaked(text: str) -> str:
    """What belongs to the talk around the answer: a countdown marker, a template's token, a model's disclaimer; or ""."""
    return _first(_LEAKED, text)


def units(text: str) -> list[str]:
    """The visible text as Han characters and as words and numbers of other scripts, without punctuation."""
    return _UNIT.findall(visible(text).lower())


def longest_repeat(text: str) -> list[str]:
    """The longest run of units that stands twice without overlapping, at most REACH units of it.

    If a run of k units stands twice, so does its beginning of k - 1, so the length is found by bisection; O(n · REACH).
    """
    sequence = units(text)
    names = {unit: chr(0xF0000 + number) for number, unit in enumerate(dict.fromkeys(sequence))}
    line = "".join(names[unit] for unit in sequence)
    low, high, place = 0, min(REACH, len(line) // 2), 0
    while low < high:
        middle = (low + high + 1) // 2
        start = _standing_twice(line, middle)
        if start is None:
            high = middle - 1
        else:
            low, place = middle, start
    return sequence[place : place + low]


def repeated_4grams(text: str) -> float:
    """1 - distinct / all, over the text's runs of four units; 0 where there are fewer than FEWEST_4GRAMS."""
    sequence = units(text)
    grams = [tuple(sequence[i : i + 4]) for i in range(len(sequence) - 3)]
    return 1 - len(set(grams)) / len(grams) if len(grams) >= FEWEST_4GRAMS else 0.0


def repetition(text: str) -> str:
    """What the text repeats, if its longest repeat or its share of repeated 4-grams is too large; else ""."""
    longest = longest_repeat(text)
    if len(longest) >= LONGEST_REPEAT or repeated_4grams(text) > REPEATED_4GRAMS:
        joint = "" if all(len(unit) == 1 for unit in longest) else " "
        return joint.join(longest)[:40]
    return ""


def _incomplete(text: str) -> str:
    return "" if is_complete(text) or is_signed(text) else ending(text)


def _first(pattern: regex.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[0] if match else ""


def _standing_twice(line: str, length: int) -> int | None:
    """Where a stretch of `length` begins that stands again behind its end."""
    first: dict[str, int] = {}
    for start in range(len(line) - length + 1):
        before = first.setdefault(line[start : start + length], start)
        if start - before >= length:
            return before
    return None


_LOOKS: tuple[tuple[Kind, Callable[[str], str]], ...] = (
    ("leaked", leaked),
    ("stated_count", stated_count),
    ("incomplete", _incomplete),
    ("repetition", repetition),
)
