"""Find the length demand that a prompt states; does not count text and judges no answer.

One pass each: `plain` levels the writing, `_masked` and `_pasted` set material apart, `demands` reads every demand,
`_rank` picks the one that the answer is held to. What is recognised: docs/constraints.md.
"""

from __future__ import annotations

import re
from dataclasses import replace

from hesui.length.constraint import Constraint, Span
from hesui.length.demands import Demand, demands

REACH = 10_000  # characters read from either end: a demand stands before or after pasted text, not deep inside it

# traditional and formal characters of the words that rules look for, each with its simplified one
_PAIRS = """個个 過过 內内 於于 兩两 萬万 億亿 數数 詞词 單单 約约 間间 寫写 長长 題题 標标 點点 總总 結结 語语 條条 項项 對对 聯联
請请 幫帮 輸输 漢汉 達达 擴扩 縮缩 壓压 減减 為为 爲为 與与 還还 幾几 餘余 來来 頂顶 別别 據据 試试 話话 說说 讀读 這这 後后 時时 務务
須须 應应 嚴严 們们 詩诗 評评 論论 詳详 簡简 際际 圍围 許许 準准 儘尽 種种 樣样 類类 從从 開开 關关 僅仅 貼贴 賀贺 計计 劃划 節节
頁页 給给 編编 創创 構构 當当 則则 無无 會会 讓让 歸归 錯错 誤误 動动 畫画 號号 體体 劇剧 經经 紅红 訣诀 針针 軍军 鐘钟 塊块
壹一 贰二 貳二 叁三 參三 肆四 伍五 陆六 陸六 柒七 捌八 玖九 拾十 佰百 仟千 ⾸首 ’'"""
_LEVEL = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}
_LEVEL |= {ord(c): c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_LEVEL |= {ord(c) + 0xFEE0: c.lower() for c in "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%+<>="}
_LEVEL |= {ord(c): " " for c in "\u00a0\u3000\u2002\u2003\u2009\u202f\t\u200b"}

_INTERVAL = re.compile(r"([\[【][0-9]{1,5})[,，]([0-9]{1,5}[\]】])", re.ASCII)  # [200,300]

_QUOTED = re.compile(r"“[^“”]*”|”[^“”]*“|「[^「」]*」|『[^『』]*』|\"[^\"\n]*\"|《[^《》]*》|`[^`\n]+`")
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_ASSIGNED = re.compile(r"^(?:这[个样]的?|的)?(?:作业|任务|要求|作文题?|习作)")
_ASSIGNS = re.compile(r"(?:要求|作业|任务|题目要求|完成|requirement|task)(?:[是为:：]|s:?){0,2}\s?$")
_BLANK = "□"
_LABEL = re.compile(r"[^0-9一二三四五六七八九十百千万两几]{1,6}", re.ASCII)
_KEYED = re.compile(r"[\"']\s?:\s?$")  # a value in JSON says what to fill in
_TEXTS = "原文|原稿|正文|文章|文本|段落|内容|句子|对话|新闻|短文|作文|材料|素材|邮件|书信|评论|记录"
_PASTED = re.compile(
    r"(?:原文|原稿|材料|素材|文章内容|新闻|对话|original|text|article|passage)(?:内容|全文)?是?\s?[:：]"
    rf"|(?:{_TEXTS})(?:内容|全文)?如下"
    rf"|(?:以下|下面|下列|这)(?:(?!要求|任务|规则|条件|说明)[^。\n:：]){{0,12}}(?:{_TEXTS})[:：]"
)
_CORRECTS = re.compile(
    r"(?:改成|改为|改到|换成|还是|算了|不对|更正|纠正|应该是|而是|我说错|说错了|哦不|啊不|不不|[,，。…]\s?不[,，]|instead|actually|make (?:it|that)|\bno,|sorry|rather|scratch that)[^。！!\n]{0,12}$",
    re.ASCII,
)


def plain(prompt: str) -> str:
    """`prompt` in ASCII digits, simplified characters and lower-case Latin, character for character."""
    return _INTERVAL.sub(r"\1-\2", prompt.translate(_LEVEL))


def parse(prompt: str) -> Constraint | None:
    """The main length demand of `prompt`, with the others in its `extra`; None where it states none.

    Never raises. Spans are code points of `prompt`. Of a prompt longer than 2 × REACH the middle is not read.
    """
    if len(prompt) <= 2 * REACH:
        found = _read(prompt, 0)
    else:
        found = _read(prompt[:REACH], 0) + _read(prompt[-REACH:], len(prompt) - REACH)
    if not found:
        return None
    if len(found) == 1:
        found = [_answer_itself(found[0], prompt)]
    main = min(found, key=_rank)
    return replace(main.constraint, extra=tuple(demand.constraint for demand in found if demand is not main))


def _answer_itself(demand: Demand, prompt: str) -> Demand:
    """An abstract is a part of a paper, but the whole answer where nothing else is asked for."""
    before = plain(prompt[max(0, demand.span.start - 14) : demand.span.start])
    if demand.constraint.scope != "part" or not re.search("摘要|结论|导语|前言|引言", before):
        return demand
    return replace(demand, constraint=replace(demand.constraint, scope="whole"))


def _read(prompt: str, offset: int) -> list[Demand]:
    """The demands of one stretch of the prompt, which begins `offset` characters into it."""
    text = _masked(plain(prompt))
    return [_moved(demand, offset) for demand in _corrected(demands(text, _pasted(text)), text)]


def _moved(demand: Demand, offset: int) -> Demand:
    span = Span(demand.span.start + offset, demand.span.end + offset)
    return replace(demand, constraint=replace(demand.constraint, span=span))


def _masked(text: str) -> str:
    """`text` with blanks for what is mentioned, not said: code, titles in 《》 and quotations."""
    text = _FENCED.sub(lambda match: _BLANK * len(match[0]), text)
    said = len(text.strip(" 。.\n"))  # a prompt may be quoted as a whole
    return _QUOTED.sub(lambda match: match[0] if len(match[0]) >= said or _says(match) else _blanked(match[0]), text)


def _blanked(quoted: str) -> str:
    return quoted[0] + re.sub(r"[^。.！？!?\n]", _BLANK, quoted[1:-1]) + quoted[-1]


def _says(match: re.Match[str]) -> bool:
    """Whether a quotation asks: an assignment (完成“300字作文”的作业), a value in JSON, a mere label (“标题”)."""
    text, (start, end) = match.string, match.span()
    if text[start] == "《":
        return False
    assigned = _ASSIGNED.match(text[end : end + 8]) or _ASSIGNS.search(text[max(0, start - 16) : start])
    value = text[start] == '"' and _KEYED.search(text[max(0, start - 4) : start])
    return bool(assigned or value or _LABEL.fullmatch(text[start + 1 : end - 1]))


def _pasted(text: str) -> list[Span]:
    """From the first words that announce pasted text to the end; instructions inside it still count."""
    match = _PASTED.search(text)
    return [Span(match.end(), len(text))] if match else []


def _corrected(found: list[Demand], text: str) -> list[Demand]:
    """Without the demands that a later one takes back: "写300字……不，改成200字"."""
    kept: list[Demand] = []
    for demand in found:
        if _CORRECTS.search(text[max(0, demand.span.start - 24) : demand.span.start]):
            kept = [
                d
                for d in kept
                if (d.constraint.unit, d.constraint.scope) != (demand.constraint.unit, demand.constraint.scope)
            ]
        kept.append(demand)
    return kept


def _rank(demand: Demand) -> tuple[int, int]:
    """The main demand ranks lowest: characters of the whole, words of the whole, characters of its parts, then the rest."""
    unit, scope = demand.constraint.unit, demand.constraint.scope
    if scope == "whole":
        listed = unit == "word" and demand.constraint.op == "eq" and demand.constraint.aim < 20  # "列出3个词": a list
        kind = 5 if listed else {"char": 1, "word": 2}.get(unit, 5)
        return (0 if demand.total and kind < 5 else kind), demand.span.start
    if scope == "title":
        return 6, demand.span.start
    return {"char": 3, "word": 4}.get(unit, 7), demand.span.start
