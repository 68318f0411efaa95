"""From plain text to its length demands in order: quantity, comparators, refusals, scope; does not choose among them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hesui.length.comparators import read
from hesui.length.constraint import Constraint, Counter, Scope, Span
from hesui.length.quantities import Quantity, quantities
from hesui.length.refusals import refusal
from hesui.length.sites import SENTENCE_END, Site, site

_EACH = r"(?:每(?![天日年月周晚到逢当次回])一?|各(?![位种类国地界方自人])|单(?=[个条句段项篇])|任一|\beach |\bevery |\bper )"
_SCOPES: tuple[tuple[Scope, str], ...] = (
    ("title", r"(?<!小)(?<!子)(?:标题|题目|\btitles?\b|\bheadline\b)[^，,。；;写》”]{0,10}$"),
    ("per_sentence", rf"{_EACH}个?(?:句|短句|诗句|sentence)|[上下]联|对联|春联"),
    ("per_line", rf"{_EACH}(?:行|line)"),
    ("per_paragraph", rf"{_EACH}个?(?:自然段|段|paragraph)"),
    (
        "per_item",
        rf"{_EACH}(?:个人的|个?+(?!人)[\u4e00-\u9fffa-z])|小标题|子标题|分别|(?:[二三四五六七八九十两2-9]|[0-9]{2})(?:个|条|则|句)(?=的?\Z)|\beach\s?$",
    ),
    (
        "part",
        r"(?:摘要|开头|结尾|引言|导语|前言|结论|第.{1,3}(?:段|部分|节|章|点)|[前后].{1,2}(?:个|段|部分|句)|[英中]文(?:版|部分|版本)|^[英中]文(?=$)|[长短]评论?|其中)[^，,。；;写]{0,14}$",
    ),
)
_PER_BEHIND: tuple[tuple[Scope, str], ...] = (
    ("per_sentence", r"^(?:的?(?:春联|对联|上联|下联)|\s?(?:per|each|a) sentence)"),
    ("per_paragraph", r"^\s?(?:per|each|a) paragraph"),
    ("per_line", r"^\s?(?:per|each|a) line"),
    ("per_item", r"^\s?(?:each\b|apiece|per \w+)"),
)
_TOTAL = re.compile(
    r"(?:总|全文|(?<!公)共|全篇|整篇|共计|合计|通篇|\b(?:total|overall|altogether))[^，,]{0,10}$", re.ASCII
)
_COUNT_RULES: tuple[tuple[Counter, str], ...] = (
    ("han_latin", r"(?:中文|汉)字?符?数?\s?[+＋加和]\s?英文的?(?:单词|词)"),
    (
        "raw",
        r"(?<!不)(?<!不计)(?:包括|包含|含|算上|计入?)空格|空格(?:也|都)?(?:计入|算|包括)|(?:including|with) spaces",
    ),
    ("han", r"(?:只|仅|单)(?:计算?|算|统计|数|包括|含)(?:中文|汉)字?符?|(?:中文|汉)字数?(?:不含|不计|不包括)标点"),
    (
        "han_latin",
        r"(?:不含|不计|不算|不包括|不包含|除去?|去掉|排除|刨去)[^，。]{0,6}标点|标点(?:符号)?[^，。]{0,8}(?:不计|不算|不包括|除外|不含)|(?:excluding|without|not counting) punctuation",
    ),
    ("chars", r"(?:不含|不计|不算|不包括)空格|(?:excluding|without|not counting) spaces"),
    (
        "word",
        r"(?:含|包括|包含|算上|计入)标点|标点(?:符号)?(?:也|都|均)?(?:计入|算|计|包括|占)|(?:including|counting) punctuation",
    ),
)


@dataclass(frozen=True, slots=True)
class Demand:
    """A constraint with what choosing the main one needs to know."""

    constraint: Constraint
    quantity: Quantity
    total: bool  # said of the whole answer in so many words

    @property
    def span(self) -> Span:
        """Where it stands."""
        assert self.constraint.span is not None
        return self.constraint.span


def demands(text: str, weak: list[Span]) -> list[Demand]:
    """Every length demand of `text`, in its order; in `weak` spans (material) only what reads as an instruction."""
    rule = count_rule(text)
    found = [demand for quantity in quantities(text) if (demand := _demand(text, quantity, rule, weak))]
    return _merged(_distinct(found), text)


def count_rule(text: str) -> Counter | None:
    """The counting rule that `text` states, if any."""
    return next((counter for counter, words in _COUNT_RULES if re.search(words, text, re.ASCII)), None)


def _demand(text: str, quantity: Quantity, rule: Counter | None, weak: list[Span]) -> Demand | None:
    reading = read(text, quantity)
    around = site(text, quantity, reading)
    if refusal(around) is not None or (_material(text, reading.span, weak) and not _instructs(text, quantity.start)):
        return None
    counter = None
    if quantity.unit == "char":
        counter = quantity.counter if quantity.counter == "han" else rule or quantity.counter
    constraint = Constraint(
        reading.op, reading.min, reading.max, reading.target, quantity.unit, _scope(around), counter, reading.span
    )
    return Demand(constraint, quantity, _TOTAL.search(around.left) is not None)


def _material(text: str, span: Span, spans: list[Span]) -> bool:
    """Whether a demand stands inside pasted text; what it opens with is said of it: "文章：300字以内"."""
    return any(low <= span.start < high and text[low : min(span.start, low + 9)].strip() for low, high in spans)


_INSTRUCTS = re.compile(
    r"\s{0,4}(?:[-*•\d.、()（）]{0,4}\s?)(?:请|要求|字数|篇幅|长度|帮|麻烦|任务|注意|总结|概括|用|限|控制|不超过|please|summari[sz]e|requirement|write|limit|length|keep|answer|in )",
    re.ASCII,
)


def _instructs(text: str, at: int) -> bool:
    """Whether the sentence around `at` opens like an instruction."""
    before = text[max(0, at - 80) : at]
    return _INSTRUCTS.match(SENTENCE_END.split(before)[-1]) is not None


def _scope(around: Site) -> Scope:
    """What the number is said of, by the words of its clause and those just behind it."""
    for scope, words in _PER_BEHIND:
        if re.search(words, around.right, re.ASCII):
            return scope
    if _TOTAL.search(around.left):
        return "whole"
    near = around.near.rstrip()
    own = re.split(r"[，,、：:]", around.clause or near)[-1]
    clauses = [own] if len(own.strip()) > 1 else [own, "，".join(re.split(r"[，,]", around.left)[-2:])]
    for clause in clauses:
        for scope, words in _SCOPES:
            if re.search(words, clause, re.ASCII):
                return scope
    return "whole"


def _distinct(found: list[Demand]) -> list[Demand]:
    """Of readings that overlap, the one that starts first."""
    kept: list[Demand] = []
    for demand in sorted(found, key=lambda d: (d.span.start, -d.span.end)):
        if not kept or demand.span.start >= kept[-1].span.end:
            kept.append(demand)
    return kept


_CLOSE = re.compile(r"(?:(?![每各段]|标题|摘要|each|title)[^。！!?？\n]){0,12}")  # between two bounds of one thing


def _merged(found: list[Demand], text: str) -> list[Demand]:
    """A lower and an upper bound of the same thing, side by side, as one range: 不少于20字不多于30字."""
    merged: list[Demand] = []
    for demand in found:
        joined = _range(merged[-1], demand, text) if merged else None
        if joined is None:
            merged.append(demand)
        else:
            merged[-1] = joined
    return merged


def _range(first: Demand, second: Demand, text: str) -> Demand | None:
    one, two = first.constraint, second.constraint
    bounds = {one.op: one, two.op: two}
    if set(bounds) != {"le", "ge"} or one.unit != two.unit or (two.scope not in (one.scope, "whole")):
        return None
    low, high = bounds["ge"].min, bounds["le"].max
    if low is None or high is None or low >= high or not _CLOSE.fullmatch(text[first.span.end : second.span.start]):
        return None
    span = Span(first.span.start, second.span.end)
    return replace(first, constraint=replace(one, op="range", min=low, max=high, span=span))
