"""Named rules that tell a length demand from a quantity that merely stands in a text; knows no numbers' meaning.

A rule looks at the words left of the demand (`left`), left of the number (`near`) and right of the demand (`right`),
none beyond its sentence. All patterns given must match. A rule's `why` is what a person would say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hesui.length.cues import REQUEST, cued
from hesui.length.sites import Site


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of quantity that is no demand."""

    name: str
    why: str
    left: str = ""
    near: str = ""
    right: str = ""
    when: Callable[[Site], bool] = lambda _: True

    def applies(self, site: Site) -> bool:
        """Whether all the rule's patterns match."""
        return (
            self.when(site)
            and (not self.left or re.search(self.left, site.left, re.ASCII) is not None)
            and (not self.near or re.search(self.near, site.near, re.ASCII) is not None)
            and (not self.right or re.search(self.right, site.right, re.ASCII) is not None)
        )


def _loose(site: Site) -> bool:
    return site.reading.op in ("eq", "approx") or site.quantity.ranged


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "ordinal",
        "第3句, 前10个字, 这两句: points at a place in some text",
        near=r"(?:第(?:[0-9一二三四五六七八九十]{1,3}[、,，和到至~-])*|前面?|(?<![然之以最今])后面?|末|最后|最前|倒数|(?<![一两0-9几每])[首头]|这|那|此|该|某|哪|另外?|其余|剩下|任意|同|其他|(?<![以之])[上下]|最后的|开头的?)\s?$",
        when=lambda s: s.reading.op == "eq" and (s.small or s.quantity.unit != "char"),
    ),
    Refusal(
        "place",
        "开头的两百字: points at a place in some text",
        near=r"(?:(?:开头|结尾|末尾|中间|文中|其中)的|文末的?)\s?$",
    ),
    Refusal(
        "ordinal in English",
        "the first 10 words, these two sentences: points at a place in some text",
        near=r"\b(?:first|last|next|previous|above|second|same|other|these|those|following|both|any|all|each of the)\s$",
        when=_loose,
    ),
    Refusal(
        "named thing",
        "三字经, 十字路口, 四字成语: part of a name",
        right=r"^(?:经|路口|架|诀|绣|军|镐|坡|真言|方针|箴言|成语|短语|词语|俗语|词组|口诀|令|格|头|联|词(?!数)|话(?!的))",
        when=lambda s: s.bare and s.small and s.quantity.unit in ("char", "word", "sentence"),
    ),
    Refusal(
        "quoted characters",
        "“骚扰”二字: the characters themselves",
        near=r"[”\"」』》’](?:这|那|等)?$",
        when=lambda s: s.bare and s.quantity.high <= 20,
    ),
    Refusal(
        "selection",
        "找出不超过50字的句子: bounds what is looked for",
        left=r"(?:摘录|摘抄|找出|挑出|选出|筛选|圈出|标出|画出)[^，,]{0,10}$",
        right="^的",
    ),
    Refusal(
        "condition",
        "如果超过500字: tests a length instead of asking for one",
        left=r"(?:如果|如若|假如|假若|假设|倘若|倘|(?<![需都也])要是|一旦|(?<![应适相担恰正])当(?![作代前地然今成天年时中下好选老众])|若(?!干)|凡|除非|只有|万一|判断|是否|有没有|检查|检测|检验|看看|\b(?:if|when|whenever|unless|whether)\b)(?:(?!写|请|write)[^，,]){0,24}$",
    ),
    Refusal(
        "condition behind",
        "超过500字时, 不足200字的请…: tests a length instead of asking for one",
        right=r"^\s?(?:的话(?=[，,])|的部分|的(?:句子|答案|文章|内容|作文)(?:按|算|将|会(?!被)|可以不|无需|不用)|时(?![间代光候尚事])|的?时候|的?情况下|的?情形|则|的请|的(?:要(?!求)|需要?|就|会|将|可以|应|文章?请|不予?))",
        when=lambda s: s.reading.op in ("le", "ge"),
    ),
    Refusal(
        "question about length",
        "300字大概是几页: asks about a length",
        right=r"^[^，,]{0,14}(?:几页|几张|多久|多长|几分钟|几小时|什么意思|是什么意思|够吗|够不够|难吗|难不难|算不算|是不是|什么概念|(?:is|are|equals?|takes?) how|是几|有几)",
    ),
    Refusal(
        "question about a quantity",
        "300字是多少token: asks about a length",
        right=r"^[^，,]{0,14}(?:多少|是什么)",
        when=lambda s: re.search(REQUEST, s.left, re.ASCII) is None,
    ),
    Refusal(
        "question how",
        "如何写好800字作文: asks how",
        left=r"^(?:(?!请写|帮|写一).)*(?:如何|怎么|怎样|为什么|为何)(?:才能?|能|可以|去|要|在)?(?:写|在|用|把|将|做到|让|快速|高效|限制)[^，,的]{0,12}$|^\s*(?:how|why|what)\b[^,]*\b(?:write|writing|type|typing|read|learn|memori[sz]e|publish)\b[^,]{0,16}$",
    ),
    Refusal(
        "question whether",
        "这篇有300字吗: asks about a length",
        left=r"^(?:(?!能|可以|可否|请|帮|麻烦|写|吗).)*$",
        right=r"^[^，,]{0,6}(?:吗|么)？|^(?:会|是|算|能|行|可以|要|有)[^，,]*(?:吗|么|呢)？?$",
    ),
    Refusal(
        "told deed",
        "写了三百字, 我已经写到300字: tells what happened",
        left=r"(?:写|打|读|看|背|删|改|发|说|讲|聊|唱|念|输入|撰写|创作|完成|发表|码|抄|学|记|交|收到|译)(?:了|过|完|好了|出了|完了)[^，,]{0,10}$|(?:已经|(?<![老小])曾经?|平均|(?:我|他|她)(?:们)?(?:刚|才|每(?=[天日周月年次晚小分])|都|说)|一口气|据说)[^，,]{0,16}$|\b(?:wrote|written|typed|finished|was|were|had|already|i have|i've|he|she|they)\b[^,]{0,24}$",
        when=lambda s: (
            not re.search(
                r"(?:请|帮我|要求|务必|写[一个篇首段]|创作|生成|\b(?:must|should|write|tell|describe|explain|summari[sz]e|compose|draft|create|generate|give))[^，,]*$"
                r"|(?:压缩|缩写|扩写|改写|精简|控制)到$|[写用]$",
                s.left,
                re.ASCII,
            )
        ),
    ),
    Refusal(
        "cause",
        "由于文章差不多1万字: states a fact",
        left=r"(?:由于|因为|虽然|尽管|既然|鉴于|\b(?:because|since|although|though)\b)[^，,]*$",
    ),
    Refusal(
        "rate",
        "每天写1000字, 60 words per minute: a speed",
        left=r"(?:每天|每日|每周|每月|每年|一天|一年(?!级)|每晚|每小时|每分钟|一分钟|一小时|日更|月更|每秒|天天)(?![^，,]{1,8}的[^，,是要]{1,8}[写编拟发送])[^，,]{0,12}$",
    ),
    Refusal(
        "rate behind",
        "300字/分钟, 20 words a day: a speed",
        right=r"^\s?(?:/|每|一|per |an? )\s?(?:分钟|小时|天|秒|min|minute|hour|day|week|second|月|年|次)",
    ),
    Refusal("price", "千字100元: a price", right=r"^\s?[0-9一二三四五六七八九十百]+\s?(?:元|块)"),
    Refusal("price before", "100元/千字: a price", near=r"(?:元|块|￥|¥|\$)\s?[/每]?\s?$"),
    Refusal("rubric", "每少50字扣1分: marks", near=r"每(?:少|多|超过?|超出|缺|差|增加|减少)[^，,]{0,4}$"),
    Refusal(
        "rubric behind",
        "超过300字加5分: marks",
        right=r"^[^。]{0,6}(?:扣|减|加|不得)\s?[0-9一二三四五六七八九十]*\s?分",
        when=lambda s: not s.reading.sanction,
    ),
    Refusal("inability", "总是凑不够600字: tells of a trouble", near=r"(?:写|凑|憋|挤|达)不(?:够|满|足|到|出)了?$"),
    Refusal(
        "bound of the input",
        "原文不超过500字: describes the input",
        left=r"^[^写改缩扩译压]*(?:原文|原稿|原作|输入的?(?:内容|文本|文字)|材料|上文)的?(?:字数|长度|篇幅)?$",
    ),
    Refusal(
        "comparison",
        "远超八百字的要求: compares",
        near=r"(?:远超|超出了|超过了|达不到|(?<![数度])约等于|相当于|好比|胜过)[^，,]{0,4}$",
    ),
    Refusal(
        "subject of a tale",
        "一千字的文章远超…: compares",
        right=r"^的?[^，,：:]{0,10}(?:远超|超过了|已经|花了|用了|让我|是我)",
        when=_loose,
    ),
    Refusal(
        "description of quantity",
        "2000万字的阅读量, 3000字的词汇量: not the answer's length",
        right=r"^的?(?:阅读量|词汇量|识字量|生字|稿费|存稿|库存|字库|巨著|长卷|记录|数据|语料)",
    ),
    Refusal(
        "input behind",
        "500字的原文如下: describes the input",
        right=r"^(?:的|long )?[^，,的]{0,4}?(?:原文|稿子|稿件|原稿|材料|素材|初稿|草稿|底稿|如下|见下|附后|below)",
        when=lambda s: re.search("写|拟|生成|需要", s.left) is None,
    ),
    Refusal(
        "input before",
        "以下文章共800字, 我有一篇300字的…: describes the input",
        left=r"(?:这|(?<!应)该|此|下面|以下|上面|以上|上述|下述|如下|原文|原稿|原作|附件|我有|我的|我写的|手头|现有|已有|这里有|给定|所给|给出的|提供的|下列|下文|上文|本来|原来|原本)(?:的|一|几|两|篇|段|句|条|份|个|首|则|文章|内容|文字|文本|材料|短文|作文|稿子?|稿件|报告|小说|论文|信|书|故事|邮件|句子|对话|新闻|总?共|有|是|大|全文|长|[:：“])*$",
        when=_loose,
    ),
    Refusal(
        "frequency",
        "大量三五百字的短文: describes many texts",
        near=r"(?:大量|许多|很多|(?<!多)不少(?!于)|动辄|往往|通常有)$",
    ),
    Refusal("introduction", "这是一段超过20字的文本: describes a text", left=r"^[这那]是[一两][篇段句个条首封份]$"),
    Refusal(
        "input received",
        "你会得到一个五句话的故事: describes the input",
        left=r"你(?:会|将|要)?(?:被给予|接?收到|得到|看到|读到|拿到|获得)[^，,]*$",
        when=_loose,
    ),
    Refusal(
        "merger",
        "合并为一个句子: joins pieces",
        near=r"(?:整合|合并|组合|融合|拼接?|连接?)(?:成|为|到)$",
        when=lambda s: s.quantity.high == 1,
    ),
    Refusal("citation", "引用三句名言: the words of others", near=r"引用$"),
    Refusal("rest", "只剩两百来字: tells what is left", near=r"(?:剩下?|余下)$", when=_loose),
    Refusal(
        "learning",
        "认识200个字, 背诵一篇500字的课文: what a learner knows",
        near=r"(?:认识|认得|识(?!别)|背诵|背(?![景后影面])|会写|会认|掌握|学会|记住|默写|朗读|抄写)(?:的|了)?[^，,]{0,6}$",
        when=_loose,
    ),
    Refusal(
        "existence",
        "常用汉字有3500个字: states a fact",
        left=r"^(?:(?!写|请|要|须|需|应|能|答|输出|得有).)*有$",
        when=lambda s: s.bare and not re.match("的?(?:作文|祝福|文)", s.right),
    ),
    Refusal(
        "subject",
        "一部100万字的小说能…: speaks about a text",
        left=r"^(?:(?!写|请|要|帮|给|做).)*$",
        right=r"^的(?:小说|文章|作文|论文|故事|短文|稿子|书|诗|文)(?:能|可以|有|是|会|需要|[里中])",
        when=_loose,
    ),
    Refusal(
        "text under study",
        "这首诗有四句，每句七个字，请赏析: describes the input",
        left=r"^(?:下面|上面|以下)?的?(?:这[首篇段句本部则副]|(?:文章|诗歌?|课文|全诗|作品|材料)(?:一?共|总共|分为|分成|有)+$)",
        right=r"(?:赏析|分析|鉴赏|解读|点评|指出|概括|大意|结构)",
        when=_loose,
    ),
    Refusal(
        "told deed behind",
        "作者用500字描写了雪景: tells what happened",
        right=r"^[^，,]{0,4}(?:描写|叙述|写|讲|说|记录|交代|介绍|描述|概括)了|^[^，,]{0,6}都[没不]",
    ),
    Refusal(
        "told of others",
        "他的话不超过三句就…: tells of somebody",
        left=r"^(?:他|她|它)们?(?:(?!写|请).)*$",
        when=lambda s: s.quantity.unit != "char",
    ),
    Refusal("why", "为什么要求不少于800字: asks for the reason", left=r"^\s*(?:为什么|为何|干嘛|凭什么)[^，,]{0,16}$"),
    Refusal(
        "advice wanted",
        "要写800字的作文怎么办: asks for advice",
        right=r"^(?:(?!介绍|说明|解释|描述|谈|关于|主题|题目|内容).)*(?:怎么办|怎么练|该怎么|有什么(?:办法|技巧|建议)|怎样才能|怎么才能)",
    ),
    Refusal(
        "starting point",
        "从200字扩充到400字: where a change starts",
        near=r"从(?:原来|原先|现在|目前)?的?$",
        right=r"^[^，,]{0,8}[到至成为]",
    ),
    Refusal(
        "advice",
        "800字作文的技巧: asks about writing",
        right=r"^的?[^，,]{0,4}(?:作文|文章|长文|论文|小说)的?(?:技巧|窍门|诀窍|秘诀|写法)",
    ),
    Refusal(
        "input moved",
        "把这篇2000字的文章缩写成…: describes what is worked on",
        near=r"[把将](?:(?!到|至|成|为|压|缩|扩|改|控制|写|限)[^，,]){0,14}$",
        right=r"^[^，,]{0,16}(?:缩|压|扩|改|总结|概括|翻译|精简|浓缩|润色|提炼|归纳|变成|修改|分成|拆|合并|连)",
        when=_loose,
    ),
    Refusal(
        "input in English",
        "this 500-word essay, the essay is 800 words: describes the input",
        near=r"\b(?:this|my|your|their|his|her|its|attached|original|the|i have an?|is|was|has|contains|are|given an?)\s(?:about|around|roughly|over|nearly|approximately|only|just)?\s?$",
        when=lambda s: (
            s.reading.op in ("eq", "approx", "ge")
            and not re.search(r"\b(?:length|limit|count|requirement|target|goal) (?:is|was)\b", s.near, re.ASCII)
        ),
    ),
    Refusal(
        "edit",
        "删掉两个词, 多写100字, add two sentences: changes by so much",
        near=r"(?:(?<![不最许很])多|(?<![不最至])少|再加|增加|减少|缩短|添加?|(?<!参)加|增|删|删掉|删除|删去|去掉|减|少写|多写|插入|相差|差|超出)(?:了|写|上|掉|去|出|个|\s)?$|\b(?:add|remove|delete|cut|insert|replace|drop|change|combine|merge|join|correct|compare)(?: the| another)?\s$|\bby (?:about |around |another )?$",
        when=_loose,
    ),
    Refusal(
        "edit behind",
        "50 more words: changes by so much",
        right=r"^\s?(?:more|fewer|less|longer|shorter)\b(?! than)",
        when=_loose,
    ),
    Refusal(
        "more of it",
        "50 more words: changes by so much",
        when=lambda s: bool(re.search(r"\b(?:more|extra)\b", s.quantity.written, re.ASCII)) and s.reading.op == "eq",
    ),
    Refusal(
        "layout",
        "首行缩进2个字符, 空两个字: formatting",
        near=r"(?:缩进|空出?|空格|空上|间隔|间距|留白|退|字号|行距|行宽|列宽|宽度?|对齐|偏移|indent(?:ed)?(?: by| of)?|tab of)[^，,]{0,4}$",
    ),
    Refusal(
        "layout behind",
        "2个字符的缩进, 第5个字符处: formatting",
        right=r"^\s?的?(?:缩进|间距|行距|行高|宽|空格|空白|位置|处|距离|换行|indent)",
    ),
    Refusal(
        "table",
        "五列八行, 3行4列: a table's shape",
        right=r"^\s?[，,、x×*乘]?\s?[一二三四五六七八九十两0-9]+\s?(?:列|columns?)",
        when=lambda s: s.quantity.unit == "line",
    ),
    Refusal(
        "spreadsheet",
        "CSV文件八行: a table's shape",
        left=r"(?:csv|表格|矩阵|table|excel|电子表)",
        when=lambda s: s.quantity.unit == "line",
    ),
    Refusal(
        "field",
        "密码至少8个字符: what may be typed into a field",
        left=r"(?:密码|口令|用户名|账号|验证码|变量名?|文件名|输入框|\b(?:password|passcode|username|column|variable|input)s?)[^，,。]{0,12}$",
        when=lambda s: (
            s.quantity.unit == "char" and not re.search("生成|创建|起|generate|create|suggest", s.left, re.ASCII)
        ),
    ),
    Refusal(
        "program",
        "写一个函数，返回前10个字符: what a program does",
        when=lambda s: _asks_for_code(s) and s.quantity.unit in ("char", "word", "sentence", "paragraph"),
    ),
    Refusal(
        "negated",
        "不必写满800字, no need for 300 words: asks for nothing",
        left=r"(?:除了|不必|不用|无需|无须|不需要?|不一定|没必要|不要求|不限|不是|no need|don't (?:have|need) to|not necessarily)[^，,]{0,8}$",
        when=lambda s: s.reading.op != "le",
    ),
    Refusal(
        "example", "例如300字的作文: an example", left=r"(?:例如|比如|譬如|such as|e\.g\.)[^，,]{0,10}$", when=_loose
    ),
    Refusal(
        "persons",
        "a story with two characters: persons",
        when=lambda s: (
            "characters" in s.quantity.written
            and s.small
            and s.bare
            and bool(
                re.search(
                    r"\b(?:story|play|novel|drama|scene|game|film|movie|tale|comic|dialogue|script|series)\b",
                    s.prompt[:2000],
                    re.ASCII,
                )
            )
        ),
    ),
    Refusal(
        "tolerance",
        "误差不超过10字: bounds a deviation",
        left=r"(?:误差|偏差|浮动|波动|出入|正负|±|上下浮动|相差|tolerance)[^，,]{0,8}$",
    ),
    Refusal("tolerance behind", "20字以内的误差: bounds a deviation", right=r"^的?(?:误差|偏差|浮动|波动|出入)"),
    Refusal(
        "word's own length",
        "词语必须大于两个字, more than one word: bounds a word, not an answer",
        when=lambda s: (
            s.reading.op == "ge"
            and s.quantity.head is None
            and s.quantity.high < {"char": 5, "word": 2}.get(s.quantity.unit, 0)
        ),
    ),
)


def _asks_for_code(site: Site) -> bool:
    before = site.left
    made = r"(?:写|编写|实现|设计|给出|生成|创建|定义|write|create|implement|build|define|make|code)"
    thing = r"(?:函数|正则|程序|sql|代码|算法|接口|(?:python|java|js|shell|bash)\s?脚本|function|regex|regular expression|validator|(?:python|java|javascript|shell|bash|sql) (?:script|program|query))"
    return bool(re.search(rf"{made}[^。]{{0,24}}{thing}", before, re.ASCII)) and not re.search(
        r"字数|回答|说明|解释|总结|注释|words? (?:limit|count)", before
    )


UNCUED = Refusal("no cue", "一句话, 两个字 in passing: nobody asks for that length")


def refusal(site: Site) -> Refusal | None:
    """The first rule that refuses the site, if any; a bare number also needs a cue that something is asked for."""
    for rule in REFUSALS:
        if rule.applies(site):
            return rule
    return None if cued(site) else UNCUED
