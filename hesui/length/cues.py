"""Tell whether a bare number, "300字" or "两句话" without a bound, is asked for; knows no refusals."""

from __future__ import annotations

import re

from hesui.length.sites import Site

REQUEST = (
    r"写|撰|拟|编|起草|生成|创作|总结|概括|概述|介绍|描述|说明|解释|阐述|论述|回答|回复|作答|输出|给出|提供|改写|缩写|扩写|压缩|精简|浓缩"
    r"|润色|翻译|控制|保持|要求|必须|务必|应当?|请|帮|搞定|整理|归纳|提炼|评价|分析|设计|完成|续写|仿写|讲|聊|做|作|来|用|以|需|要|字数|篇幅|长度"
    r"|\b(?:write|summari[sz]e|describe|explain|answer|respond|reply|keep|limit|give|compose|draft|create|make|generate|tell|use|produce"
    r"|provide|please|should|must|need|want|in|word|length|list|outline|translate|rewrite|shorten|expand|condense|state|review|say)\b"
)
_SMALL_REQUEST = (
    r"(?:用|以|由|写|作|回复|回答|作答|答|输出|成|为|是|到|至|起|取|给出|给|想|来|凑|填|共|控制在|保持在|限|需要|要|生成|创作|创建|设计|拟|编|说|总结|概括|造"
    r"|描述|分|包含|包括|(?:[要需须应能]|应[该当])有|列出|提供|必须|[:：]|\b(?:in|using|use|with|write|into|to|exactly|of|a|an|give|generate|compose|as|be|me|contain|include|have|list))"
    r"(?:出|了|一个|一句|一条|一首|一副|一幅|一篇|一段|一组|[一二三四五六七八九十两0-9]{1,3}[个条首副句则篇]|恰好|正好|刚好|等于|about|around|the|:|：|\s|[“\"]){0,4}$"
)
GENRES = (
    r"春联|对联|上联|下联|横批|口号|标语|祝福|贺词|贺卡|名字|店名|网名|书名|标题|题目|诗|词|文案|广告|短信|版本|摘要|总结|概述|评语|寄语|作文|文章|短文"
    r"|故事|回答|答案|小说|散文|影评|书评|游记|日记|简介|介绍|报告|讲话|致辞|台词|段子|稿|密码|校训|班训|座右铭|签名|留言|slogan|poem|story|essay|summary|answer|title|name|headline|tagline|paragraph|greeting|password"
)
_ONLY = r"(?:用|以|[限只仅](?:能|可|需|须|要)?(?:包含|有|含|输出|写|用)|(?<![生完])成(?!为)|(?<!成)为|[限只仅]|分|\b(?:in|into|to|as|using|with|a|just|only))\s?(?:a |just |only )?$"
_ONLY_LINE = r"(?:用|以|限|只|仅|写成|\b(?:in|on))\s?(?:a |just |only )?$"
_MEASURED = r"[一1两二][个篇段首份条则封组幅副张]$"  # 一首 in 一首八行的小诗
_OF_TEXT = (
    rf"\s?(?:[^\u4e00-\u9fff]|\Z|的|之(?!间)|[来地以就即内完组构论叙阐详]|[诗文]|进行|介绍|说明|描述|写|吧|{GENRES})"
)
_OPENING, _CLOSING = ("，", ",", "、", "（", "(", ":", "：", "【", "["), ("", "，", ",", "、", "）", ")", "】", "]")


def cued(site: Site) -> bool:
    """Whether the number is asked for: always where a bound is stated, a bare one where something asks for it."""
    quantity = site.quantity
    if quantity.written[0] in "百千万" and not quantity.inexact and site.reading.op in ("eq", "approx"):
        return _more_than_a_figure_of_speech(site)
    of_text = _has(f"^{_OF_TEXT}", site.right) or _has("分[成为]?$", site.near)
    if quantity.written.endswith(("行", "段")) and not of_text:
        return False  # 三段上坡, 至少两段工作经历
    if not site.bare:
        return True
    if quantity.unit in ("sentence", "line", "paragraph") and quantity.low == 1:
        return _just_one(site)
    if site.small or quantity.unit in ("sentence", "line", "paragraph"):
        return _few(site)
    return _asked(site)


def _has(pattern: str, words: str) -> bool:
    return re.search(pattern, words, re.ASCII) is not None


def _more_than_a_figure_of_speech(site: Site) -> bool:
    """百字, 千字, 万字 need a request or a genre: 写百字小说, 百字左右的短文."""
    return _has(REQUEST, site.left) or _has(rf"^[^，,]{{0,8}}来一?[篇段个]|^的?[^，,的]{{0,6}}(?:{GENRES})", site.right)


def _just_one(site: Site) -> bool:
    """一句话, one paragraph: a demand after 用 or "in", a measure word elsewhere (写一段祝福, 合成一段)."""
    unit = site.quantity.unit
    if unit == "line":
        return _has(_ONLY_LINE, site.near)
    if unit == "paragraph" and site.near.endswith("成"):
        return False
    if site.quantity.written == "一句话" and _has(rf"^的?(?:{GENRES}|概括|说明|描述|评价|回复)", site.right):
        return True  # 一句话总结
    alone = unit == "sentence" and site.quantity.written.endswith(("句话", "sentence")) and _alone(site)
    return alone or _has(_ONLY, site.near)


def _few(site: Site) -> bool:
    """A small number: right after a request, before a genre, as a clause of its own, or said of each part."""
    measured = site.right.startswith(("的", "、")) and _has(_MEASURED, site.near)
    genre = _has(rf"^(?:\s?的|[ -])?[^，,。的]{{0,6}}(?:{GENRES})", site.right)
    if site.quantity.written == "两句" and _has("[说讲聊]$", site.near):
        return False  # 简单说两句: a few words
    named = _has(r"[:：]\s?$", site.near) and not _has(f"^{_OF_TEXT}", site.right)  # 2：两个句子不相等
    tells = site.quantity.unit != "char" and _has(
        r"^\s?(?:说|讲|概括|总结|介绍|描述|形容|回答|概述)(?![的了法])", site.right
    )
    return measured or genre or tells or (_has(_SMALL_REQUEST, site.near) and not named) or _alone(site) or _per(site)


def _asked(site: Site) -> bool:
    """A fair number of characters: with a request in the sentence, beside a genre, or ending it."""
    if _has(REQUEST, site.left + "|" + site.right) or _alone(site):
        return True
    if _has(rf"^的?[^，,的]{{0,8}}(?:{GENRES})", site.right) or _has(rf"(?:{GENRES}|文)\s?$", site.left):
        return True
    return not site.right.strip() and not _has(r"[有会识了是过才只][^，,]{0,4}$", site.near)


def _alone(site: Site) -> bool:
    """A clause of its own: "写个文案，一句话，二十字内", "（10字）"."""
    return site.left.rstrip()[-1:] in _OPENING and site.right.lstrip()[:1] in _CLOSING


def _per(site: Site) -> bool:
    return _has(r"(?:每一?[句行段条个首篇项联]|各|第.{1,2}(?:个?段落?|部分|[节幕]))[^，,]{0,6}$", site.near)
