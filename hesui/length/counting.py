"""Counts the length of a text by one of five rules, at once or as it streams; knows nothing of demands.

`docs/counting.md` states the rules and works them on a table of cases.
"""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable

import regex

from hesui.length.constraint import COUNTERS, DEFAULT_COUNTER
from hesui.length.markup import START, boundary, strip

MARKER = regex.compile(r"⟦\d{1,7}⟧")  # a hidden count of what remains to be written
_MARKER_BEGUN = regex.compile(r"⟦\d{0,7}$")

# Character classes, for use inside a set. East Asian Width (UAX #11) draws the line between full-width and half-width.
_HAN = r"\p{Han}\U00020000-\U0003FFFD"
_KANA = r"\p{Hiragana}\p{Katakana}\p{Bopomofo}"
_PICTURE = r"[\p{Extended_Pictographic}--[©®]]\p{Regional_Indicator}"
_FULL_NUMBER = r"[[\p{Nl}\p{No}]&&[\u2150-\u2BFF\p{EA=W}\p{EA=F}]]"
_FULL_MARK = r"[[\p{P}\p{S}]&&[\p{EA=W}\p{EA=F}\p{EA=A}]][\p{So}&&[\u2000-\U0010FFFF]]"
_FULL = rf"{_HAN}{_KANA}[\p{{EA=W}}\p{{EA=F}}--\p{{Hangul}}]{_FULL_NUMBER}{_FULL_MARK}{_PICTURE}"
_LETTER = r"\p{L}\p{N}"
_JOINING = r"\p{M}\p{Cf}"


def _compile(pattern: str) -> regex.Pattern[str]:
    return regex.compile("(?V1)" + pattern)


_ONES = _compile(rf"[[{_FULL}]--[\s\p{{M}}]]+")  # each character counts 1
_RUN_START = rf"[{_LETTER}--[{_FULL}]]"
_RUNS = _compile(rf"{_RUN_START}[[{_LETTER}\p{{P}}\p{{S}}{_JOINING}]--[{_FULL}]]*+")  # each run counts 1
_APOSTROPHE = _compile(rf"(?<={_RUN_START}\p{{M}}?)[’–](?={_RUN_START})")  # don’t, 10–20
_EMOJI_PARTS = _compile(r"[\u200D\u20E3\uFE0F\p{Regional_Indicator}\p{Emoji_Modifier}]")
_EMOJI = _compile(
    r"[0-9#*]\uFE0F?\u20E3|\p{Regional_Indicator}{2}|[©®]\uFE0F"
    r"|[\p{Extended_Pictographic}--[©®]][\p{M}\p{Emoji_Modifier}\U000E0020-\U000E007F]*+"
    r"(?:\u200D\p{Extended_Pictographic}[\p{M}\p{Emoji_Modifier}\U000E0020-\U000E007F]*+)*+"
)
_HAN_ONES = _compile(rf"[{_HAN}]+")
_ALPHABETIC = rf"[[{_LETTER}]--[{_HAN}{_KANA}\p{{Hangul}}{_FULL_NUMBER}]]"
_HALF_MARK = rf"[[\p{{P}}\p{{S}}]--[{_FULL}]]"
_ALPHABETIC_RUNS = _compile(rf"{_ALPHABETIC}(?:{_ALPHABETIC}|{_HALF_MARK}|[{_JOINING}])*+")
_BLANK = _compile(r"[\s\p{Cc}\p{Cf}]+")
_CLUSTERED = _compile(
    r"[^\p{GCB=Other}\p{GCB=Control}\p{GCB=CR}\p{GCB=LF}\p{GCB=LV}\p{GCB=LVT}]"
)  # may share a cluster with its neighbour
_CLUSTER = _compile(r"(?![\s\p{Cc}\p{Cf}])\X")


def count(text: str, counter: str = DEFAULT_COUNTER) -> int:
    """The length of `text` by the rule `counter`; ValueError on an unknown one. Linear time."""
    rule = _rule(counter)
    return len(text) if counter == "raw" else rule(visible(text))


def count_visible(shown: str, counter: str = DEFAULT_COUNTER) -> int:
    """The length of what `visible` returned, or of a part of it, without looking for marks again."""
    return _rule(counter)(shown)


def visible(text: str) -> str:
    """What a reader sees: no countdown markers, no Markdown marks, composed characters (NFC)."""
    return unicodedata.normalize("NFC", strip(MARKER.sub("", text)))


class Tally:
    """The count of a growing text; after each `feed` equal to `count` of everything fed so far.

    Only what later text can still change is counted again: normally the last few hundred characters. A line that
    offers no firm point (one of emoji only, a code fence's or a table's line) is counted again as a whole.
    """

    _ROOM = 256  # pending characters before a cut is tried

    def __init__(self, counter: str = DEFAULT_COUNTER) -> None:
        self._rule = _rule(counter)
        self.counter = counter
        self.count = 0
        self._settled = 0  # count of all that was cut off
        self._pending = ""  # free of markers
        self._place = START  # of the pending text
        self._held = ""  # an unfinished marker
        self._room = self._ROOM

    def feed(self, piece: str) -> int:
        """Append `piece` and return the count so far."""
        if self.counter == "raw":
            self.count += len(piece)
            return self.count
        text = self._held + piece
        begun = _MARKER_BEGUN.search(text) if "⟦" in text else None
        end = begun.start() if begun else len(text)
        self._pending += MARKER.sub("", text[:end])
        self._held = text[end:]
        if len(self._pending) > self._room:
            self._cut()
        self.count = self._settled + self._count(self._pending + self._held)
        return self.count

    def copy(self) -> Tally:
        """An independent tally of the same text: what to go on from after a retraction."""
        return copy.copy(self)

    def _cut(self) -> None:
        point, place = boundary(self._pending, self._place)
        before = self._count(self._pending)
        self._pending, self._place = self._pending[point:], place
        self._settled += before - self._count(self._pending)  # holds also where the cut splits a word
        self._room = max(self._ROOM, 2 * len(self._pending))

    def _count(self, text: str) -> int:
        return self._rule(unicodedata.normalize("NFC", strip(text, self._place)))


def _rule(counter: str) -> Callable[[str], int]:
    if counter not in _RULES:
        raise ValueError(f"unknown counter {counter!r}; expected one of {', '.join(COUNTERS)}")
    return _RULES[counter]


def _word(shown: str) -> int:
    if "’" in shown or "–" in shown:
        shown = _APOSTROPHE.sub("'", shown)
    if _EMOJI_PARTS.search(shown):
        shown = _EMOJI.sub("😀", shown)
    return _ones_and_runs(shown, _ONES, _RUNS)


def _chars(shown: str) -> int:
    if _CLUSTERED.search(shown):
        return len(_CLUSTER.findall(shown))
    return len(_BLANK.sub("", shown))


def _han(shown: str) -> int:
    return sum(map(len, _HAN_ONES.findall(shown)))


def _han_latin(shown: str) -> int:
    if "’" in shown or "–" in shown:
        shown = _APOSTROPHE.sub("'", shown)
    if _EMOJI_PARTS.search(shown):
        shown = _EMOJI.sub("😀", shown)
    return _ones_and_runs(shown, _HAN_ONES, _ALPHABETIC_RUNS)


def _ones_and_runs(text: str, ones: regex.Pattern[str], runs: regex.Pattern[str]) -> int:
    rest, stretches = ones.subn(" ", text)
    return len(text) - len(rest) + stretches + len(runs.findall(rest))


_RULES: dict[str, Callable[[str], int]] = {
    "word": _word,
    "chars": _chars,
    "han": _han,
    "han_latin": _han_latin,
    "raw": len,
}
