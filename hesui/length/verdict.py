"""Judges a text by a constraint; knows nothing of how the constraint was read or the text written.

Units. char: by the counting rule. word: Latin words, numbers and Han characters (`han_latin`), because Chinese
词 cannot be told apart without a dictionary. sentence: what ends in 。！？!? or …, in a full stop before white space,
or with the line (not after a comma). line: a line with something on it. paragraph: blocks between blank lines; where
there is no blank line, lines.

Scopes. whole: everything. per_sentence, per_line, per_paragraph: each of those. per_item: each list item without its
marker, up to the next item or a blank line; without any list, each paragraph. title: the first line, without a
"标题：" before it. part: cannot be located, so the whole is judged.

An empty text satisfies no constraint, not even "within 50": it is no answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import regex

from hesui.length.constraint import COUNTERS, DEFAULT_COUNTER, Band, Constraint, Counter, Scope, Unit, Verdict
from hesui.length.counting import MARKER, count, count_visible, visible

_SENTENCE_END = regex.compile(
    r"(?:[。！？!?…｡]|\.(?=[\s\"'”’」』)）]|$)(?<!\b(?:Mr|Mrs|Ms|Dr|St|vs|No)\.))++[。！？!?….]*+[\"'”’」』)）】》]*+"
    r"|(?<![，、,；;：:—\s])\s*\n"
)
_SAYS_SOMETHING = regex.compile(r"[\p{L}\p{N}\p{Extended_Pictographic}]")
_INK = regex.compile(r"[^\s\p{Cc}\p{Cf}]")
_BLANK_LINES = regex.compile(r"\n[^\S\n]*+\n\s*+")
_ITEM_MARK = regex.compile(
    r"(?m)^[^\S\n]*+(?:[*_]{0,2}(?:\d{1,3}(?:[、．）]|[.)](?!\d))|[（(](?:\d{1,3}|[一二三四五六七八九十]{1,3})[）)]"
    r"|[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]{1,3}[条则首句段篇个份][:：、]|[①-⑳])|[-*+•·](?=[^\S\n]))[^\S\n]*+"
)
_TITLE_LABEL = regex.compile(r"\A\s*+(?:标题|標題|题目|題目|[Tt]itle)\s*+[:：]\s*+")


def check(text: str, constraint: Constraint, counter: Counter | None = None) -> Verdict:
    """How `text` stands to the main demand of `constraint`; ValueError on an unknown counter.

    The counting rule is `counter`, else the prompt's own, else the default; the unit word always uses han_latin.
    A scope with several parts (per_line …) is judged by the part furthest off: ok only if every part is.
    """
    rule = _counter(counter or constraint.count_rule or DEFAULT_COUNTER)
    if constraint.unit == "word":
        rule = "han_latin"
    band = constraint.band
    counts = _counts(text, constraint, rule)
    furthest = max(counts, key=lambda n: (abs(_distance(n, band)), abs(n - constraint.aim)), default=0)
    answered = bool(counts) and count(text, "chars") > 0
    ok = answered and all(n in band for n in counts)
    return Verdict(ok, furthest, _error(furthest, constraint), band, rule)


def check_all(text: str, constraint: Constraint, counter: Counter | None = None) -> tuple[Verdict, ...]:
    """The verdict on the main demand, then on each of `constraint.extra`; these inherit the main counting rule."""
    shared = counter or constraint.count_rule
    extra = (check(text, demand, counter or demand.count_rule or shared) for demand in constraint.extra)
    return (check(text, constraint, counter), *extra)


def _counter(name: str) -> Counter:
    for known in COUNTERS:
        if known == name:
            return known
    raise ValueError(f"unknown counter {name!r}; expected one of {', '.join(COUNTERS)}")


def _counts(text: str, constraint: Constraint, rule: Counter) -> list[int]:
    """The count of each part that the constraint speaks of."""
    if constraint.scope in ("whole", "part"):
        if constraint.unit == "char":
            return [count(text, rule)]
        return [_measure(visible(text), constraint.unit, rule)]
    return [_measure(part, constraint.unit, rule) for part in _PARTS[constraint.scope](text)]


def _measure(shown: str, unit: Unit, rule: Counter) -> int:
    if unit in ("char", "word"):
        return count_visible(shown, rule)
    return len(_SPLIT[unit](shown))


def _distance(n: int, band: Band) -> int:
    """How far `n` lies outside the band; negative below it, 0 inside."""
    if band.low is not None and n < band.low:
        return n - band.low
    return n - band.high if band.high is not None and n > band.high else 0


def _error(n: int, constraint: Constraint) -> int:
    if constraint.op in ("eq", "approx") and constraint.target is not None:
        return n - constraint.target
    return _distance(n, constraint.band)


def _sentences(shown: str) -> list[str]:
    parts, position = [], 0
    for end in _SENTENCE_END.finditer(shown):
        parts.append(shown[position : end.end()])
        position = end.end()
    parts.append(shown[position:])
    return [part for part in parts if _SAYS_SOMETHING.search(part)]


def _lines(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if _INK.search(line)]


def _paragraphs(shown: str) -> list[str]:
    blocks = [block for block in _BLANK_LINES.split(shown.strip()) if _INK.search(block)]
    return blocks if len(blocks) > 1 else _lines(shown)


def _items(text: str) -> list[str]:
    text = MARKER.sub("", text)
    marks = list(_ITEM_MARK.finditer(text))
    if not marks:
        return _paragraphs(visible(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    items = (text[mark.end() : end] for mark, end in zip(marks, ends, strict=True))
    return [visible(_BLANK_LINES.split(item, 1)[0]) for item in items]


def _title(shown: str) -> list[str]:
    first = _lines(shown)[:1]
    return [_TITLE_LABEL.sub("", line, 1) for line in first]


_SPLIT: dict[Unit, Callable[[str], Sequence[str]]] = {
    "sentence": _sentences,
    "line": _lines,
    "paragraph": _paragraphs,
}
_PARTS: dict[Scope, Callable[[str], Sequence[str]]] = {
    "per_item": _items,
    "per_sentence": lambda text: _sentences(visible(text)),
    "per_line": lambda text: _lines(visible(text)),
    "per_paragraph": lambda text: _paragraphs(visible(text)),
    "title": lambda text: _title(visible(text)),
}
