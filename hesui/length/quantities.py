"""Find quantities of text, "300字", "3到5百个字", "40-60 words", "字数：300"; does not know whether anyone demands them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hesui.length.constraint import Counter, Unit
from hesui.length.numerals import MORE, NUMBER, Number, number

MANY = 20  # quantities examined from either end of a text: a bound on the work, far above any real prompt

# 字 begins many words; a number never counts these (but 300字母亲节…, 200字体现… do count 字).
_NOT_CHAR = r"(?!节(?![日目])|母(?!亲)|体(?![现会验])|号(?!召)|典(?![型故])|段(?!落)|[符幕库帖迹眼样谜])"
_UNITS: dict[Unit, str] = {
    "char": rf"中文字符|英文字符|字符(?![串集型数画])|字元|汉字|中文字|文字|字{_NOT_CHAR}|characters?\b|chars?\b",
    "word": r"英[文语]单?词(?!典)|单词|词汇|词语|词(?![典组性类义根缀库牌条曲])|tokens?\b|words?\b",
    "sentence": r"句话|句子|短句|句(?![式型号法读群])|sentences?\b",
    "line": r"行(?![业为动政程李星人走驶情家])|lines?\b",
    "paragraph": r"自然段|段落|[小大]段|段话|段文字|段(?![位子时间式])|paragraphs?\b",
}
_UNIT = "|".join(f"(?P<{name}>{words})" for name, words in _UNITS.items())
_BARE_UNIT = "|".join(_UNITS.values())
_ADJECTIVE = r"(?:(?:chinese|english|short|full|complete|simple|concise|total|different|more|extra|han)[ -]){0,2}+(?:(?!of\b|the\b|and\b|or\b|to\b|in\b|as\b|word|sentence|line|paragraph|char)[a-z]{4,12} (?=sentence|paragraph|line|word))?"
_MANNER = r"(?:[\u4e00-\u9fff]{2,3}的)?(?=句|段|单词)"  # 三个完整的句子
_AROUND = r"左右|上下|以内|之内|以上|以下|\+"  # between number and unit: 300左右字, 500+字
_TO = r"[-\u2010-\u2015~～〜－−到至]{1,2}|to"
_EITHER = r"and|与|和|or|或者?|、"  # a range only in company: between 40 and 60, 介于300和500字之间, 三、四百字

_SLACK = r"[（(]?(?:±|\+/?-)\s?(?P<slack>[0-9]{1,4})\s?(?P<percent>%?)[）)]?"
_NUMBERS = rf"(?P<low>{NUMBER})(?:%s\s?(?:(?P<to>{_TO})|(?P<either>{_EITHER}))\s?(?P<high>{NUMBER}))?(?P<more>{MORE}?)"
_QUANTITY = re.compile(
    _NUMBERS % rf"\s?(?:个?(?:{_BARE_UNIT})|以?上)?"
    + rf"\s{{0,2}}(?P<around>{_AROUND})?(?:{_SLACK})?\s{{0,2}}-?的?个?\s?(?:{_ADJECTIVE}|{_MANNER})(?:{_UNIT})",
    re.ASCII,
)
_HEAD = (
    r"(?:(?P<char>字数|篇幅|(?:文章|文本|回答|全文|正文|总)长度)|(?P<word>单?词数|word (?:limit|count|length))"
    r"|(?P<sentence>句数|句子数)|(?P<line>行数)|(?P<paragraph>段数|段落数))"  # nouns that stand for a unit
)
_HEADED = re.compile(
    rf"{_HEAD}(?P<gap>[^\n。;；！？!?%0-9]{{0,20}}?)"
    + _NUMBERS % r"\s?"
    + rf"(?:{_SLACK})?个?(?=\s{{0,2}}(?:\Z|\+|[，。,.;；、)）\]】！!\n（(]|之间|左右|上下|以[内上下]|之内|内|即可|[就吧哦啊呢呀哈]|为宜|max|or ))",
    re.ASCII,
)
_BOUND_BEFORE = re.compile(r"(?:至[少多]|[最顶][多少]|起码|[不别勿]要?[超多少低高大小][过出于])\s?$")
_BOUND_BEHIND = re.compile(r"\s?(?:以[内上下]|之内|左右|上下|封顶)")
_LIST_MARK = re.compile(r"(?:^|\n)[ \t]{0,8}\Z")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or a range of numbers, of one unit, at `text[start:end]`."""

    start: int
    end: int
    low: int
    high: int  # equal to low unless a range is written
    unit: Unit
    written: str  # as it stands in the text, unit included
    spanned: bool = False  # both ends are written: 10到20, not 三五百
    inexact: bool = False  # 来, 余, 多, 把
    around: str = ""  # a comparator between number and unit
    slack: int | None = None  # ± in the unit itself
    percent: bool = False  # ... or in percent of the number
    counter: Counter | None = None  # what the unit's own name says about counting
    head: int | None = None  # start of the noun (字数) that stands for a missing unit

    @property
    def ranged(self) -> bool:
        """Whether a range of numbers is written."""
        return self.low != self.high


def quantities(text: str) -> list[Quantity]:
    """The quantities of `text` (normalised as numerals expects) in order, at most MANY from either end."""
    matches = sorted([*_QUANTITY.finditer(text), *_HEADED.finditer(text)], key=lambda match: match.start("low"))
    if len(matches) > 2 * MANY:
        matches = matches[:MANY] + matches[-MANY:]
    return [found for match in matches if (found := _read(match, text))]


def _read(match: re.Match[str], text: str) -> Quantity | None:
    high = number(match["high"]) if match["high"] else None
    low = number(match["low"])
    start = match.start("low")
    if not _headed(match, text):
        return None
    if high is not None and not _joined(match, low, high, text):
        low, start, high = high, match.start("high"), None
    elif low is None and match["high"] is None:
        low, start = _after_list_mark(match, text)
    if low is None:
        return None
    groups = match.groupdict()
    unit, counter = _unit(groups)
    return Quantity(
        start=start,
        end=match.end(),
        low=_inherit(low, high).low if high else low.low,
        high=high.high if high else low.high,
        unit=unit,
        written=text[start : match.end()],
        spanned=high is not None,
        inexact=bool(match["more"]),
        around=groups.get("around") or "",
        slack=int(match["slack"]) if match["slack"] else None,
        percent=bool(match["percent"]),
        counter=counter,
        head=match.start() if "gap" in groups else None,
    )


def _headed(match: re.Match[str], text: str) -> bool:
    """Whether a noun (字数) still speaks of a number without a unit: near, or where the number is bounded in words."""
    gap = match.groupdict().get("gap")
    if gap is None or re.fullmatch(r"(?:[嘛呢]|方面|的话)?[，,]?[^，,]{0,12}", gap):
        return True
    return bool(_BOUND_BEFORE.search(gap) or _BOUND_BEHIND.match(text, match.end()))


def _joined(match: re.Match[str], low: Number | None, high: Number, text: str) -> bool:
    """Whether two numbers make a range; otherwise only the second belongs to the unit."""
    if low is None or _inherit(low, high).low >= high.high:
        return False
    if match["to"]:
        return True
    if match["either"] == "、":  # 三、四百字, but not the list mark of "一、三百字"
        return high.low == low.low * high.scale + high.scale and not _LIST_MARK.search(
            text[max(0, match.start() - 9) : match.start()]
        )
    near = text[max(0, match.start() - 12) : match.start()] + text[match.end() : match.end() + 4]
    return match["either"].startswith(("o", "或")) or bool(re.search("between|介于|在|之间", near))


def _inherit(low: Number, high: Number) -> Number:
    """The lower number with the upper one's multiplier where it lacks its own: 3到5百 → 300."""
    shared = low.low * high.scale
    return Number(shared, shared) if low.scale == 1 and high.scale > 1 and low.low < 10 and shared <= high.low else low


def _after_list_mark(match: re.Match[str], text: str) -> tuple[Number | None, int]:
    """The number behind a list mark that touches it: in "1.500字以内" at the start of a line, 500."""
    mark = re.match(r"[0-9]{1,2}[.,](?=[0-9])", match["low"])
    start = match.start("low")
    if mark is None or not _LIST_MARK.search(text[max(0, start - 9) : start]):
        return None, start
    return number(match["low"][mark.end() :]), start + mark.end()


def _unit(groups: dict[str, str | None]) -> tuple[Unit, Counter | None]:
    for unit in _UNITS:
        if name := groups.get(unit):
            if unit != "char":
                return unit, None
            if name.startswith(("汉", "中文")):
                return "char", "han"
            return "char", "chars" if name.endswith(("字符", "字元")) or name.startswith("char") else None
    raise AssertionError("a quantity's pattern names its unit")
