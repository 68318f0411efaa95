"""Read the words around a quantity, "不超过", "以内", "at least", "or so", and what they make of it; refuses nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hesui.length.constraint import APPROX_TOLERANCE, Op, Span
from hesui.length.numerals import NUMBER, number
from hesui.length.quantities import Quantity

_NOT = "(?:不|别|勿|莫|毋|未|切忌|避免|禁止|严禁)"
_MAY = "(?:能|得|可|可以|要|应|应该|该|许|允许|准|会|必|用|需|宜|再|让|使|写|有|是|出现){0,3}"
_OVER = "(?:超过|超出|超|多于|多余|多过|大于|高于|长于|突破|逾)(?:或者?等于)?"
_UNDER = "(?:少于|少过|低于|小于|短于|不足|不够|不到)(?:或者?等于)?"

# What stands before the number. Of several readings the leftmost, so the longest, wins: 不超过 before 超过.
_LE_BEFORE = rf"""
{_NOT}{_MAY}{_OVER}|{_UNDER}|至多|最[多高长大]|顶多|多则|上限[是为]?|撑死|限(?:定|制)?|字限
no (?:more|longer|greater|bigger|larger|higher) than|(?:not|[a-z]{{2,6}}n't|never) (?:\w+ ){{0,3}}(?:more|longer|greater|bigger|larger|higher) than|(?:less|fewer|shorter|lower|smaller) than
(?:not|[a-z]{{2,6}}n't|never|without) (?:to )?(?:exceed|surpass|go (?:over|beyond|above)|be over|use over)(?:ing)?
no [a-z]+ (?:(?:should|must|may|can|shall) )?(?:exceeds?|surpass(?:es)?|(?:be|is) (?:longer|more) than)
(?:a )?max(?:imum|\.)?(?: length)?(?: of| is)?|up to|at (?:the )?(?:most|max(?:imum)?)|under|below|within|inside
(?:capped|cap (?:it|this|your \w+|the \w+)|cap) at|limited to|limit(?: of| is)?|limit (?:\w+ ){{1,4}}to|keep (?:\w+ ){{1,4}}to
<=?|≤|≦"""
_GE_BEFORE = rf"""
{_NOT}{_MAY}{_UNDER}|不止|不下|至少|少则|最[少低短]|起码|少说|写[够满足]|(?:凑|补充?)[够满足齐到]|保底|打底|达到?|下限[是为]?|{_OVER}
(?:no|not|[a-z]{{2,6}}n't|never) (?:be )?(?:less|fewer|shorter|lower|smaller) than|at (?:the )?(?:least|minimum)|(?:a )?min(?:imum|\.)?(?: length)?(?: of| is)?
(?:more|longer|greater) than|over|above|exceed(?:s|ing)?|beyond|upwards? of
>=?|≥|≧"""
_APPROX_BEFORE = r"""
大约|大概|约莫|约|差不多|将近|接近|(?<![最附])近|大致|估计
about|around|approximately|approx\.?|roughly|nearly|almost|close to|circa|ca?\.|in the (?:region|vicinity) of
~|～|≈"""
_OPENS_RANGE = "between|from|介于|介乎"
_EQ_BEFORE = "恰好|不多不少|精确的?|准确的?|恰为|恰|正好|刚刚?好|整整|exactly|precisely|just|equal to|=+"
_FILL_BEFORE = r"""
有|在|为|是|到|至|于|要|需|应该?|够|满|足|写|分|(?<!最[多少高低长短大小])的|用|成|字数|篇幅|长度|总?共|一共|共计|等于|必须|务必|控制|保持|严格|每|扩[写展充]?|缩[写减短]?|压缩|精简|浓缩|改写?|概括|总结
:|：|可以?|只?能|允许|支持|输入|填写?|录入|发布?|回复|回答|使用|包含|包括|保留|出现|限制|an?|the|of|be|to|it|contain|have|has|is|word|words|limit|length|count|\(|（|\*{1,2}"""

# What stands behind the unit, or between number and unit.
_NO_NUMBER = r"(?!\s?[0-9一二三四五六七八九十百千万两几半])"  # else it belongs to the number behind it
_LE_AFTER = rf"""
或?(?:以内|之内|以下|之下|以里)|内(?![容心部外在地蒙陆涵敛])|封顶|为限|为上限|为止|打住|或更[少短]|不到|止(?=[，,。]|\Z)|(?:[最至顶]多|上限){_NO_NUMBER}|到顶
or (?:less|fewer|under|below|shorter)|max(?:imum)?\b|at (?:the )?most|tops\b|limit\b|and under"""
_GE_AFTER = r"""
或?(?:以上|之上)|起步|起(?![来到码草伏源点名义因诉])|往上|朝上|打底|为下限|或更[多长]|开外|以外|保底
\+|or (?:more|longer|above|over)|min(?:imum)?\b|at (?:the )?least|and (?:above|up|over)"""
_APPROX_AFTER = rf"""
左右|上下(?![文联册篇句级游班两各])|前后|出头|光景|内外|(?:大概|差不多){_NO_NUMBER}
or so\b|or thereabouts|approximately|give or take|more or less|ish\b"""
_EQ_AFTER = "足矣|就?足够|就?够了|就[行好成]|即可"
_FILL_AFTER = r"之?间|这?个?样子|的?长度|long\b|in (?:length|total)\b"


def _alternatives(**tables: str) -> str:
    rows = {name: "|".join(table.strip("\n").split("\n")) for name, table in tables.items()}
    return "|".join(f"(?P<{name}>{row})" for name, row in rows.items())


_BEFORE = re.compile(
    r"(?:(?<![a-z])|(?![a-z]))(?:"
    + _alternatives(
        le=_LE_BEFORE, ge=_GE_BEFORE, approx=_APPROX_BEFORE, eq=_EQ_BEFORE, range=_OPENS_RANGE, fill=_FILL_BEFORE
    )
    + r")[\s:：]{0,2}个?$",
    re.ASCII,
)
_AFTER = re.compile(
    r"\s{0,2}-?(?:"
    + _alternatives(le=_LE_AFTER, ge=_GE_AFTER, approx=_APPROX_AFTER, eq=_EQ_AFTER, fill=_FILL_AFTER)
    + ")",
    re.ASCII,
)
_JOINT = r"[\s,，、]{0,2}(?:但是?|且|而且|并且|而|和|同时|and|but|yet)?\s?"
_LOWER = re.compile(rf"(?:{_alternatives(ge=_GE_BEFORE)})\s?(?P<number>{NUMBER})\s?个?(?:words )?{_JOINT}$", re.ASCII)
_CHAIN = re.compile(rf"(?P<number>{NUMBER})\s?个?字?\s?(?:≤|<=?)?\s?$", re.ASCII)  # 200≤字数≤300
_CHAINED = re.compile(r"(?:≤|<=?)\s?(?:字数|篇幅|长度)\s?(?:≤|<=?)")
_UPPER = re.compile(
    rf"{_JOINT}(?:{_alternatives(le=_LE_BEFORE)})\s?(?P<number>{NUMBER})(?=\s?(?:\Z|[，。,.;；)）！!\n]))", re.ASCII
)
_SIGN = r"正负|±|\+/?-|上下|浮动|波动|误差|偏差|出入|tolerance|plus or minus|deviation"
_TOLERANCE = re.compile(
    rf"^[^。;；\n]{{0,12}}?(?:{_SIGN})[^。;；\n0-9]{{0,10}}?(?P<share>百分之)?(?P<number>{NUMBER})\s?(?P<unit>%|％|percent|个?字|words?)"
    rf"|^[^。;；\n0-9]{{0,10}}?(?P<number2>[0-9]{{1,3}})\s?(?P<unit2>%|％|percent|个?字)以?内?的?(?:{_SIGN})"
    r"|^\s?[(（]?(?:±|\+/-|正负)\s?(?P<number3>[0-9]{1,3})(?![0-9%％])",
    re.ASCII,
)
_PENALTY = re.compile(
    r"\s?(?:的(?:作文|文章|回答|稿件|作品)?|者)?[，,]?(?:一律|都|均|就|则|将|会|要|视为|判为?|按)*(?:被)?(?:不给分|不得分|不计分|[零0]分|扣|无效|作废|不合格|不及格|不予|不通过|重写|退回|淘汰)"
)
_WINDOW = 36  # characters looked at on either side


@dataclass(frozen=True, slots=True)
class Reading:
    """A quantity with its comparators: the numbers of a constraint, and the words that say so."""

    op: Op
    span: Span
    min: int | None = None
    max: int | None = None
    target: int | None = None
    hard: bool = False  # a bound is stated in words: more than a bare number
    sanction: bool = False  # read from what is punished: 少于30字不给分


def read(text: str, quantity: Quantity) -> Reading:
    """What the words around `quantity` make of it."""
    start, before = _words_before(text, quantity)
    end, after = _words_after(text, quantity.end, quantity.ranged)
    said = before + after + _words_after(quantity.around, 0)[1]
    span = Span(start, end)
    if quantity.spanned or (quantity.ranged and not {"le", "ge"} & set(said)):
        return Reading("range", span, min=quantity.low, max=quantity.high, hard=True)
    if _PENALTY.match(text[end : end + _WINDOW]) and re.match(f"{_UNDER}|{_OVER}", text[start : quantity.start]):
        if "le" in said:  # 少于30字不给分: at least 30
            return Reading("ge", span, min=quantity.low, hard=True, sanction=True)
        return Reading("le", span, max=quantity.high, hard=True, sanction=True)
    if "le" in said:
        return _upper_bound(text, quantity, span)
    if "ge" in said:
        return _lower_bound(text, quantity, span)
    return _target(text, quantity, span, "approx" in said or quantity.inexact, bool(said))


def _upper_bound(text: str, quantity: Quantity, span: Span) -> Reading:
    """At most; a lower bound without a unit just before makes it a range: 至少15个至多30个单词."""
    offset = max(0, span.start - _WINDOW)
    chained = _CHAINED.search(text[max(0, span.start - 3) : quantity.start]) is not None
    lower = (_CHAIN if chained else _LOWER).search(text[offset : span.start])
    if lower is not None and (found := number(lower["number"])) and found.low < quantity.high:
        return Reading("range", Span(offset + lower.start(), span.end), min=found.low, max=quantity.high, hard=True)
    if quantity.high == 1 and quantity.unit != "char" and "限" in text[span.start : quantity.start]:
        return Reading("eq", span, target=1, hard=True)  # "限一句话": there is no shorter answer
    return Reading("le", span, max=quantity.high, hard=True)


def _lower_bound(text: str, quantity: Quantity, span: Span) -> Reading:
    """At least; an upper bound without a unit just behind makes it a range: at least 40 words but no more than 60."""
    upper = _UPPER.match(text[span.end : span.end + _WINDOW])
    if upper and (found := number(upper["number"])) and found.high > quantity.low:
        return Reading("range", Span(span.start, span.end + upper.end()), min=quantity.low, max=found.high, hard=True)
    return Reading("ge", span, min=quantity.low, hard=True)


def _target(text: str, quantity: Quantity, span: Span, loose: bool, hard: bool) -> Reading:
    """Exactly, or about within a tolerance that the text may state."""
    target = quantity.low
    stated = _tolerance(text[span.end : span.end + _WINDOW], quantity)
    if stated is None and not loose:
        return Reading("eq", span, target=target, hard=hard)
    slack = int(target * APPROX_TOLERANCE + 0.5) if stated is None else stated
    return Reading("approx", span, max(0, target - slack), target + slack, target, hard=True)


def _tolerance(behind: str, quantity: Quantity) -> int | None:
    """The deviation allowed in so many words, in the quantity's unit."""
    if quantity.slack is not None:
        return int(quantity.low * quantity.slack / 100 + 0.5) if quantity.percent else quantity.slack
    match = _TOLERANCE.match(behind)
    if match is None or (found := number(match["number"] or match["number2"] or match["number3"])) is None:
        return None
    by_share = match["share"] or (match["unit"] or match["unit2"]) in ("%", "％", "percent")
    slack = int(quantity.low * found.low / 100 + 0.5) if by_share else found.low
    return slack if slack < quantity.low else None


def _words_before(text: str, quantity: Quantity) -> tuple[int, list[str]]:
    """Walk left over comparators and the small words between them; the start of the leftmost one that says something."""
    at = quantity.start
    start, said = (at if quantity.head is None else quantity.head), list[str]()
    if quantity.written[0] in "百千万" and text[at - 1 : at] == "上":  # 上千字: a thousand and more
        return at - 1, ["ge"]
    for _ in range(8):
        offset = max(0, at - _WINDOW)
        match = _BEFORE.search(text[offset:at])
        if match is None:
            break
        at = offset + match.start()
        if match.lastgroup != "fill":
            said.append(str(match.lastgroup))
            start = min(start, at)
    return start, said


def _words_after(text: str, at: int, ranged: bool = False) -> tuple[int, list[str]]:
    """Walk right over comparators; the end of the last one that bounds ("就好" only says that it is enough)."""
    end, said = at, list[str]()
    for _ in range(3):
        match = _AFTER.match(text[at : at + _WINDOW])
        if match is None or (match[0].strip().endswith("间") and not ranged):
            break  # 两个句子之间的关系
        at += match.end()
        if match.lastgroup != "eq":
            end = at
        if match.lastgroup != "fill":
            said.append(str(match.lastgroup))
    return end, said
