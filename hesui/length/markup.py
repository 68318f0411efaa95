"""Takes Markdown marks off a text, as a renderer does; knows nothing of counting or demands.

Recognised are marks that open and close within one line and within REACH characters of each other, and code
fences. Both limits keep the work linear, and let a stream forget what lies behind it: see `boundary`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import regex

REACH = 1000  # characters between the two ends of an inline mark; also the longest table row

_SUSPECT = regex.compile(r"[*_~`\[\\|]|^[ \t]*+(?:[#>+-]|\d{1,3}[.)])", regex.M)  # may hold a mark
_FENCE = regex.compile(r"[ \t]*+(`{3,}+|~{3,}+)[ -_a-}]*+\r?$")  # the info string: ASCII, so that ～-like chat is text
_FENCE_LIKE = regex.compile(r"[ \t]*+(?:```|~~~)")
_RULE = regex.compile(r"[ \t]*+([-*_])(?:[ \t]*+\1){2,}+[ \t\r]*+")
_QUOTES = regex.compile(r"(?:[ \t]*+>(?=[^!-~]|[0-9A-Za-z>*`\[]|$)[ \t]?)*+")
_BLOCK_MARKS = regex.compile(
    r"(?:[ \t]*+(?:[-*+]|\d{1,3}[.)])[ \t]++(?:\[[ xX]\][ \t]++)?)*+"  # bullets, numbers, task boxes
    r"(?:[ \t]*+\#{1,6}+[ \t]++)?"  # headings
)
_BLOCK_CHARS = regex.compile(r"[ \t\r>#*+\-_\d.)\[\]xX]*+")  # a line of only these may still become a block mark
_PIPE = regex.compile(r"(?<!\\)\|")
_DELIMITER_ROW = regex.compile(r"[|:\- \t\r]+")
_TOKEN = regex.compile(r"\\[*_~`\[\]#|>\\]|`+|\*+(?!\uFE0F?\u20E3)|_+|~+|!?\[|\]")
_TARGET = regex.compile(  # of a link or an image: ](url "title")
    r"\]\([ \t]*+(?:<[^<>]*+>|[^\s()<>]*+(?:\([^\s()]*+\)[^\s()]*+)*+)"
    r"(?:[ \t]++(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\)))?[ \t]*+\)"
)
# Where a stream may be cut: before a character whose own further course nothing before it can change. A digit only
# with its successor, since alone it may yet become a keycap.
_FIRM = regex.compile(
    r"(?r)[\p{Han}\u3001-\u3029\u3030-\u303F\u3041-\u3096\u30A1-\u30FA\uAC00-\uD7A3\uFF01-\uFF5E]"
    r"|[A-Za-z\u00C0-\u024F\u0400-\u0481\u048A-\u052F]|[0-9][A-Za-z0-9]"
    r"|[\U0001F300-\U0001F3FA\U0001F400-\U0001FAFF]"
)


class Place(NamedTuple):
    """Where in a document a text begins."""

    fence: str = ""  # the fence of the open code block, "" outside
    midline: bool = False  # after the start of a line


START = Place()


class _Range(NamedTuple):
    start: int
    end: int


def strip(text: str, place: Place = START) -> str:
    """`text` without its Markdown marks; lines stay lines, table pipes become spaces. Linear time."""
    if not place.fence and not _SUSPECT.search(text):
        return text
    return "\n".join(_shown_line(line, before, after) for line, before, after in _walk(text, place))


def boundary(text: str, place: Place = START) -> tuple[int, Place]:
    """The last point of `text` (which begins at `place`) that later text cannot reach back over, and its place.

    For any `more`, strip(text + more) is strip(text[:point]) + strip(text[point:] + more, new place), and the
    character at the point stands firm: how it goes on does not depend on what it follows. The point is 0 where there is none.
    """
    start = text.rfind("\n") + 1
    if start:
        *_, (_, last, _) = _walk(text, place)
        place = last
    inner = _boundary_within(text[start:], place)
    return (start + inner, Place(place.fence, midline=True)) if inner else (start, place)


def _walk(text: str, place: Place) -> Iterator[tuple[str, Place, str]]:
    """Each line with its place and the fence that is open after it."""
    for line in text.split("\n"):
        fence = place.fence if place.midline else _fence_after(line, place.fence)
        yield line, place, fence
        place = Place(fence)


def _fence_after(line: str, fence: str) -> str:
    if fence:
        content = line.strip(" \t\r")
        return "" if content.startswith(fence) and not content.strip(fence[0]) else fence
    opening = _FENCE.match(line)
    return opening[1] if opening else ""


def _shown_line(line: str, place: Place, fence_after: str) -> str:
    if place.fence != fence_after:
        return ""
    if place.fence:
        return line
    if place.midline:
        return _shown_inline(line)
    start = _match_end(_QUOTES, line)
    if _RULE.fullmatch(line, start):
        return ""
    if _is_row(line):
        return "" if _DELIMITER_ROW.fullmatch(line) else _shown_inline(_PIPE.sub(" ", line))
    return _shown_inline(line[_match_end(_BLOCK_MARKS, line, start) :])


def _is_row(line: str) -> bool:
    row = line.strip(" \t\r")
    return len(line) <= REACH and len(row) > 1 and row[0] == row[-1] == "|"


def _match_end(pattern: regex.Pattern[str], line: str, start: int = 0) -> int:
    match = pattern.match(line, start)
    return match.end() if match else start


def _shown_inline(text: str) -> str:
    hidden = sorted(_Inline(text).hidden)
    starts = [0, *(mark.end for mark in hidden)]
    ends = [*(mark.start for mark in hidden), len(text)]
    return "".join(text[start:end] for start, end in zip(starts, ends, strict=True))


def _boundary_within(line: str, place: Place) -> int:
    """The last firm point of an unfinished line, 0 where there is none."""
    if place.fence:
        return _last_firm(line, 1, len(line))
    low, offset = 1, 0
    if not place.midline:
        if _FENCE_LIKE.match(line) or (line.lstrip(" \t").startswith("|") and len(line) <= REACH):
            return 0
        low = _match_end(_BLOCK_CHARS, line) + 1
        offset = _match_end(_BLOCK_MARKS, line, _match_end(_QUOTES, line))
    scan = _Inline(line[offset:])
    return _last_firm(line[:offset] + scan.masked(), low, offset + scan.settled)


def _last_firm(text: str, low: int, high: int) -> int:
    firm = _FIRM.search(text, low, high) if low < high else None
    return firm.start() if firm else 0


@dataclass(slots=True)
class _Opener:
    """A mark that waits for its partner."""

    start: int
    length: int  # what is left of it
    run: int  # its length at first
    both: bool = False  # could close as well


class _Inline:
    """The inline marks of one line, paired in one pass from left to right, after CommonMark's delimiter rules."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.hidden: list[_Range] = []  # what a reader does not see
        self.constructs: list[_Range] = []  # from an opening mark to the end of its closing one
        self._openers: dict[str, list[_Opener]] = {"*": [], "_": [], "~": [], "[": []}
        self._ticks = _tick_partners(text) if "`" in text else {}
        self._lone_ticks: list[int] = []
        self._horizon = len(text.rstrip(text[-1:])) if text else 0  # no mark to come can start before: a run may grow
        self.settled = len(text)  # marks before this are decided whatever follows
        position = 0
        while token := _TOKEN.search(text, position):
            position = self._take(token[0], token.start(), token.end())
        self._settle()

    def masked(self) -> str:
        """The text with every construct blanked out, at its full length."""
        parts, position = [], 0
        for start, end in sorted(self.constructs):
            if end > position:
                start = max(start, position)
                parts += [self.text[position:start], "\0" * (end - start)]
                position = end
        return "".join(parts) + self.text[position:]

    def _take(self, token: str, start: int, end: int) -> int:
        """Handle one token and return where to go on."""
        kind = token[0]
        if kind == "\\":
            self.hidden.append(_Range(start, start + 1))
        elif kind == "`":
            return self._code(start, end)
        elif kind == "]":
            return self._link(start)
        elif token[-1] == "[":
            self._openers["["].append(_Opener(start, end - start, end - start))
        else:
            self._emphasis(kind, start, end)
        return end

    def _code(self, start: int, end: int) -> int:
        if start not in self._ticks:
            return end  # the rest of an escaped run
        partner = self._ticks[start]
        if partner is None:
            self._lone_ticks.append(start)
            return end
        if partner.end == len(self.text):  # a longer run would not be a partner, and free the marks between
            self._horizon = min(self._horizon, start)
        self._hide(_Range(start, end), partner)
        return partner.end

    def _link(self, start: int) -> int:
        brackets = self._openers["["]
        if not brackets or start - brackets[-1].start > REACH:
            brackets.clear()
            return start + 1
        opener = brackets.pop()
        target = _TARGET.match(self.text, start, start + REACH)
        if target:
            self._hide(_Range(opener.start, opener.start + opener.length), _Range(start, target.end()))
            return target.end()
        if len(self.text) - start < REACH and _TARGET.match(self.text, start, partial=True):
            self.settled = min(self.settled, opener.start)
        return start + 1

    def _emphasis(self, mark: str, start: int, end: int) -> None:
        opens, closes = self._flanks(mark, start, end)
        run, left = end - start, end - start
        while closes and left and (opener := self._partner(mark, start, run, opens)):
            used = 2 if opener.length >= 2 and left >= 2 else 1
            opener.length -= used
            inner = opener.start + opener.length
            closing = end - left
            self._hide(_Range(inner, inner + used), _Range(closing, closing + used))
            self._forget_after(opener)
            left -= used
        if opens and left:
            self._openers[mark].append(_Opener(end - left, left, run, closes))

    def _flanks(self, mark: str, start: int, end: int) -> tuple[bool, bool]:
        """Whether the run can open and can close."""
        before, after = self.text[start - 1 : start] if start else "", self.text[end : end + 1]
        opens = bool(after) and not after.isspace()
        closes = bool(before) and not before.isspace()
        if mark == "_":  # snake_case
            return opens and not before.isalnum(), closes and not after.isalnum()
        if mark == "~":  # ~ alone is a tone of voice
            return opens and end - start == 2, closes and end - start == 2
        between = before.isascii() and before.isalnum() and after.isascii() and after.isalnum()
        return opens and not between, closes and not between  # 2*3*4

    def _partner(self, mark: str, start: int, run: int, both: bool) -> _Opener | None:
        for opener in self._openers[mark][:-5:-1]:  # looking no deeper keeps the time linear
            if start - opener.start > REACH:
                return None
            odd = (both or opener.both) and (run + opener.run) % 3 == 0 and run % 3 != 0  # CommonMark's rule of 3
            if not odd:
                return opener
        return None

    def _forget_after(self, opener: _Opener) -> None:
        """Drop the marks that stayed open inside a closed pair, and the opener itself once it is used up."""
        for mark in "*_~":
            stack = self._openers[mark]
            while stack and (stack[-1].start > opener.start or not stack[-1].length):
                stack.pop()

    def _hide(self, opening: _Range, closing: _Range) -> None:
        self.hidden += [opening, closing]
        self.constructs.append(_Range(opening.start, closing.end))

    def _settle(self) -> None:
        openers = (opener.start for stack in self._openers.values() for opener in stack)
        waiting = (start for start in (*openers, *self._lone_ticks) if self._horizon - start <= REACH)
        self.settled = min((self.settled, *waiting))


def _tick_partners(text: str) -> dict[int, _Range | None]:
    """For each run of backticks the next run of its length within reach."""
    partners: dict[int, _Range | None] = {}
    latest: dict[int, _Range] = {}
    for match in reversed(list(regex.finditer(r"`+", text))):
        start, end = match.span()
        partner = latest.get(end - start)
        partners[start] = partner if partner and partner.start - start <= REACH else None
        latest[end - start] = _Range(start, end)
    return partners
