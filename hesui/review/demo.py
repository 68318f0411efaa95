"""Demo data: composed answers with the faults of real teachers, and chat questions, so that anyone can try the queue.

Everything follows from one seed. Knows neither the database nor the page.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple, TypeVar, get_args

import regex

from hesui import quality
from hesui.corpus.briefs import (
    Brief,
    GreetingFacts,
    Task,
    VerseFacts,
    draw_summary_facts,
    greeting_brief,
    split_of,
    summary_brief,
    verse_brief,
)
from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.composer import draw, exact_length, loose_length, verse_themes, write, write_letter
from hesui.corpus.families import demand_of
from hesui.corpus.grammar import Couplet, Kind, grammar
from hesui.corpus.pairing import Pair, by_role, draw_pair, sensible_pairs
from hesui.corpus.rows import Row
from hesui.distil.composing import NAME
from hesui.length import Op, check, count, parse
from hesui.review.items import DEMO, answer_item, label_item
from hesui.store.reviewing import Item

T = TypeVar("T")

Fault = Literal[
    "",  # none
    "near",  # misses its demand by NEAR characters at most
    "far",  # misses it by more
    "cut",  # ends in the middle of a clause, as at a token limit
    "repetition",  # says sentences twice
    "recipient",  # speaks to somebody else; only people see it
    "copy",  # differs from another answer to the same prompt by a character or two; only people see it
    "stated_count",  # states its own length
    "talk",  # begins with the talk of a chat model
    "marker",  # shows countdown markers that should have stayed hidden
]
FAULTS: tuple[Fault, ...] = get_args(Fault)

HOW_MANY: Mapping[Fault, int] = {
    "": 180, "near": 24, "far": 16, "cut": 18, "repetition": 18, "recipient": 18, "copy": 16, "stated_count": 16,
    "talk": 16, "marker": 16,
}  # fmt: skip
PAIRS = 62  # prompts with a good and a bad answer, the copies among them
TRIPLES = 12  # of these, with one more bad answer
SHARES: Mapping[Task, int] = {"greeting": 58, "long": 15, "essay": 9, "verse": 9, "summary": 9}  # percent of prompts
OPS: Mapping[Op, int] = {"eq": 56, "le": 14, "approx": 12, "range": 10, "ge": 8}  # percent of greetings' demands
ATTEMPTS: Mapping[int, int] = {1: 60, 2: 25, 3: 10, 4: 5}  # percent of answers
SUITED: Mapping[Fault, tuple[Task, ...]] = {"recipient": ("greeting", "long"), "copy": ("greeting", "long", "essay")}
NEAR = 12  # characters
ECHO = 4  # Han characters; a long text that has so many twice in the same words sounds as if it had been padded
TRIES = 40  # proposals for one answer before another prompt is drawn

GOLD_ACCEPTED = 8
GOLD_REJECTED: tuple[Fault, ...] = ("far", "far", "cut", "repetition", "recipient", "stated_count", "talk", "marker")

LABELS = Path(__file__).with_name("demo_labels.toml")

# What hesui.quality sees of a fault.
SHOWN: Mapping[Fault, set[quality.Kind]] = {
    "cut": {"incomplete"}, "repetition": {"repetition"}, "stated_count": {"stated_count"}, "talk": {"leaked"},
    "marker": {"leaked"},
}  # fmt: skip

# The grammar's sentences fit most of the people they are made for, but these in every case: nobody was led by the hand
# by his wife's mother when he was small. By kind: writers, then readers; "…" stands for a surname.
_FITTING: Mapping[str, tuple[str, str]] = {
    "parents": (
        "老师|班主任|小学老师|中学老师|幼儿园老师|语文老师|数学老师|英语老师",
        "家长|学生家长|全班家长|孩子的家长|学生的爸爸妈妈|家长朋友|班上学生的家长",
    ),
    "teacher": (
        "学生|小学生|中学生|大学生|研究生|班长|课代表",
        "老师|班主任|语文老师|数学老师|英语老师|…老师|…教授|导师",
    ),
    "students": (
        "老师|班主任|语文老师|数学老师|英语老师|乡村教师",
        "学生|全班同学|同学们|孩子们|班上的孩子|小学生",
    ),
    "boss": (
        "员工|老员工|秘书|助理|部门经理|项目经理|销售员|工程师|会计",
        "领导|老板|…总|…经理|…董事长|公司领导|董事长|总经理|部门领导",
    ),
    "staff": (
        "公司经理|总经理|董事长|老板|创始人|部门经理|人事经理|厂长|店长|车间主任|工会主席",
        "员工|全体员工|公司员工|全体同事|下属|团队成员|一线工人|销售团队|加班的员工|全体职工|技术部的同事|店里的伙计",
    ),
    "client": (
        "销售|销售经理|客服|公司经理|客户经理|设计师|理财顾问|保险顾问|银行职员",
        "客户|老客户|…总|…先生|…女士|贵宾客户",
    ),
    "colleague": (
        "同事|老同事|程序员|设计师|会计|编辑|记者|护士|医生|前台",
        "同事|老同事|隔壁部门的同事|搭档|值班的同事|同组的伙伴|小…|老…",
    ),
    "elder": (
        "孙子|孙女|外孙|外孙女|儿子|女儿|在外工作的儿子|远嫁的女儿",
        "爷爷|奶奶|外公|外婆|姥姥|姥爷|爸爸|妈妈|父亲|母亲",
    ),
    "couple": (
        "儿子|女儿|孙子|孙女|外孙|外孙女|在外打工的儿子|留学的女儿",
        "父母|爸爸妈妈|爷爷奶奶|外公外婆|姥姥姥爷|家人|全家人",
    ),
    "child": ("爸爸|妈妈|父亲|母亲|爷爷|奶奶|外公|外婆", "儿子|女儿|孩子|孙子|孙女|小外孙"),
    "love": ("丈夫|妻子|老公|老婆|在外地工作的丈夫", "妻子|丈夫|老婆|老公|爱人"),
    "friend": (
        "朋友|老朋友|同学|老同学|闺蜜|好兄弟|发小",
        "朋友|好朋友|老朋友|同学|老同学|大学同学|高中同桌|闺蜜|兄弟|发小|远方的朋友|多年未见的朋友",
    ),
    "public": ("邻居|楼长|社区工作者|居委会主任", "邻居|楼上的邻居|对门的邻居|居民|社区居民|街坊|老街坊"),
    "heroes": (
        "市民|普通市民|学生|小学生|居民|网友|记者|退休老人|病人家属|乘客",
        "医生|护士|医护人员|环卫工人|快递员|外卖骑手|解放军战士|边防战士|消防员|交警|民警|铁路工人|电力工人|列车乘务员",
    ),
    "audience": ("主播|博主|作者|歌手", "粉丝|读者|网友|直播间的朋友"),
    "anyone": (
        "画家|诗人|摄影师|旅行者|店员|图书管理员|园丁",
        "陌生人|每天见面的门卫|晨跑的伙伴|没能回家的人|深夜的出租车司机|图书馆的常客|看星星的人|山里的守林人",
    ),
}
_KINDS: Mapping[Task, tuple[str, ...]] = {
    "long": (
        "parents",
        "students",
        "staff",
        "client",
        "public",
        "heroes",
        "audience",
    ),  # who gets letters and addresses
    "verse": ("teacher", "boss", "client", "elder", "public"),  # whom the couplets' 您 is meant for
}
_UNFITTING = {"parents": "学业", "love": "青春"}  # blessings that belong to the child, or to women only
_EARNING = ("boss", "staff", "client")  # who is wished good business
_THEMES = frozenset(
    {"family", "career", "wealth", "study", "growth", "friendship"}
)  # of couplets that not everyone fits
_OCCASIONS = ("春节", "新年", "新春", "除夕", "拜年")  # what the grammar's openings fit in every case

# An answer for a reader of another of these worlds is plainly wrong. 朋友 may be anybody, so two kinds have no world.
_WORLDS: Mapping[str, str] = {
    "elder": "family", "couple": "family", "child": "family", "love": "family", "parents": "school",
    "teacher": "school", "students": "school", "boss": "work", "staff": "work", "client": "work", "colleague": "work",
    "public": "city", "heroes": "city", "audience": "city",
}  # fmt: skip
_ANYBODY = frozenset("各位们的朋友")  # characters that readers of different worlds may share

_FORMS: Mapping[Task, str] = {
    "greeting": "一段祝福", "long": "一篇文稿", "essay": "一篇作文", "verse": "一首诗", "summary": "一段概括",
}  # fmt: skip
_TALK = (
    "好的，以下是{form}：\n", "好的，这是为您写的{form}：\n", "当然可以！下面是{form}：\n", "没问题，以下是{form}，供您参考：\n",
    "作为AI语言模型，我很乐意为您写{form}：\n", "我是一个AI语言模型，只能替您写{form}：\n",
)  # fmt: skip
_STATED = ("（共{n}字）", "（{n}字）", "（全文共{n}字）", "\n（字数：{n}字）")

# Changes of one character that leave a sentence as good as it was.
_CHANGES = tuple(
    (regex.compile(old), new)
    for old, new in (
        (r"(?<!祝)愿(?=[您你])", "祝"), (r"(?<!恭)祝(?=[您你])", "愿"), ("谢谢", "感谢"), ("感谢(?=[您你大])", "多谢"),
        ("心里", "心中"), ("新春快乐", "新年快乐"), ("新年快乐", "新春快乐"), ("万事如意", "万事顺意"), ("阖家", "全家"),
        ("新年好", "过年好"), ("过年好", "新年好"), (r"！\Z", "。"), ("格外", "分外"), ("好像", "就像"), ("笑声", "笑语"),
    )
)  # fmt: skip
_SENTENCE = regex.compile(r"[^。！？\n]+[。！？]+\n*")
_CLAUSE_END = regex.compile(r"(?<=[，。！？：])(?!\n|\Z)")
_ECHO = regex.compile(r"(健康|体健|平安|如意|万事|快乐|过年好|身体|好运|幸福|吉祥|团圆|佳节|福气|年味)(?s:.*)\1")
_WITHIN = regex.compile(r"\p{Han}{2}")
_LETTER = regex.compile(r"\A([^：\n]{1,30}：)(.*[。！？])([^。！？\n]{1,20})\Z")


class Candidate(NamedTuple):
    """A demo answer and what is wrong with it."""

    item: Item
    fault: Fault


def demo_items(overlap: float, seed: int = 0) -> list[Item]:
    """Answers and label items to try the queue with; the same ones for the same seed.

    `overlap` is the share of items that two reviewers must see.
    """
    return [one.item for one in candidates(overlap, seed)] + label_items(overlap)


def candidates(overlap: float, seed: int = 0) -> list[Candidate]:
    """The answers of `demo_items`, each with its fault; HOW_MANY of each kind."""
    rng = Random(seed)
    found: list[Candidate] = []
    prompts: set[str] = set()
    for number, faults in enumerate(_plan(rng), 1):
        brief, texts = _answered(faults, prompts, rng)
        prompts.add(brief.prompt)
        row = Row(f"demo-{number:03}", brief.task, brief.prompt, brief.constraint, source=NAME)
        for text, fault in zip(texts, faults, strict=True):
            answered, attempt = replace(row, reference=text), _some(ATTEMPTS, rng)
            item = answer_item(answered, overlap, source=DEMO, teacher=NAME, attempt=attempt)
            found.append(Candidate(item, fault))
    return _with_gold(found)


def label_items(overlap: float) -> list[Item]:
    """Questions as from a chat, written for this purpose, with what the composer's rule says about each."""
    labels = tomllib.loads(LABELS.read_text(encoding="utf-8"))["label"]
    return [_label_item(f"demo-{number:02}", record, overlap) for number, record in enumerate(labels, 1)]


def _label_item(id: str, record: Mapping[str, Any], overlap: float) -> Item:
    context = tuple(Remark(*remark) for remark in record["context"])
    asked = LabelItem(id, "coreference", record["text"], context, source=DEMO, speaker=record["speaker"])
    suggestion = {**record["suggestion"], "teacher": NAME}
    return label_item(asked, overlap, source=DEMO, suggestion=suggestion, gold=record.get("gold"))


def _plan(rng: Random) -> list[tuple[Fault, ...]]:
    """For each prompt, what its answers are to be like."""
    others = {fault: number for fault, number in HOW_MANY.items() if fault not in ("", "copy")}
    faults = rng.sample(list(others), sum(others.values()), counts=list(others.values()))
    plan: list[tuple[Fault, ...]] = [("", "copy")] * HOW_MANY["copy"]
    plan += [("", faults.pop()) for _ in range(PAIRS - len(plan))]
    rng.shuffle(plan)
    plan[:TRIPLES] = [(*pair, faults.pop()) for pair in plan[:TRIPLES]]
    plan += [(fault,) for fault in faults]
    plan += [("",)] * (HOW_MANY[""] - PAIRS)
    rng.shuffle(plan)
    return plan


def _answered(faults: Sequence[Fault], known: set[str], rng: Random) -> tuple[Brief, list[str]]:
    """A prompt that is not `known`, with an answer of each fault."""
    suited = {task: share for task, share in SHARES.items() if all(task in SUITED.get(one, SHARES) for one in faults)}
    task = _some(suited, rng)
    while True:
        brief = _drawn(task, rng)
        texts = _answers(brief, faults, rng) if brief and brief.prompt not in known else None
        if brief and texts:
            return brief, texts


def _drawn(task: Task, rng: Random) -> Brief | None:
    """A prompt with a demand that is read as it was meant; None where chance brought another."""
    brief = _DRAWN[task](rng)
    if brief is None or brief.constraint is None:
        return None
    read = parse(brief.prompt)
    return replace(brief, constraint=read) if demand_of(read) == demand_of(brief.constraint) else None


def _drawn_greeting(task: Task, rng: Random) -> Brief | None:
    """A prompt for a greeting or a long text, or the greeting that is to become verse."""
    pair = draw_pair({kind: roles for kind, roles in _people().items() if kind in _KINDS.get(task, _FITTING)}, rng)
    form: Task = "long" if task == "long" else "greeting"
    drawn = _some(OPS, rng)
    op = drawn if form == "greeting" else "any"
    brief = greeting_brief(pair.kind, pair.recipient, [pair.sender], "train", rng, form, op)
    return brief if isinstance(brief.facts, GreetingFacts) and brief.facts.occasion in _OCCASIONS else None


def _drawn_verse(rng: Random) -> Brief | None:
    brief = _drawn_greeting("verse", rng)
    greeting = brief and write(brief, rng.randint(35, 80), rng)
    return verse_brief(greeting, "train", rng) if greeting else None


def _drawn_summary(rng: Random) -> Brief:
    """A summary's prompt; the letter's address and its writer stand on lines of their own."""
    facts = draw_summary_facts("train", rng)
    letter = _LETTER.sub(r"\1\n\2\n\3", write_letter(facts, rng))
    return summary_brief(letter, facts, "train", rng)


_DRAWN: Mapping[Task, Callable[[Random], Brief | None]] = {
    "greeting": lambda rng: _drawn_greeting("greeting", rng),
    "long": lambda rng: _drawn_greeting("long", rng),
    "essay": lambda rng: draw("essay", "train", rng),
    "verse": _drawn_verse,
    "summary": _drawn_summary,
}


@cache
def _people() -> Mapping[str, Mapping[str, list[Pair]]]:
    """Who writes to whom, by kind and role; readers of the training split only, as the evaluation prompts have others."""
    return by_role(
        pair._replace(kind=_fitting(pair.kind))
        for pair in sensible_pairs()
        for senders, readers in [_FITTING[pair.kind.name]]
        if pair.sender in senders.split("|") and pair.role in readers.split("|")
        if split_of(pair.recipient.asked) == "train"
    )


def _fitting(kind: Kind) -> Kind:
    """The kind with those blessings only that fit all its people."""
    unfitting = {_UNFITTING.get(kind.name), *(() if kind.name in _EARNING else ("财富",))}
    return replace(kind, themes=tuple(theme for theme in kind.themes if theme not in unfitting))


def _answers(brief: Brief, faults: Sequence[Fault], rng: Random) -> list[str] | None:
    """An answer of each fault; None where one does not come about."""
    texts: list[str] = []
    for fault in faults:
        text = _answer(brief, fault, texts, rng)
        if text is None:
            return None
        texts.append(text)
    return texts


def _answer(brief: Brief, fault: Fault, others: list[str], rng: Random) -> str | None:
    for _ in range(TRIES):
        text = _changed(others[0], rng) if fault == "copy" else _PROPOSED[fault](brief, rng)
        if text is not None and text not in others and _is(fault, text, brief):
            return text
    return None


def _is(fault: Fault, text: str, brief: Brief) -> bool:
    """Whether `text` has this fault and no other that can be measured."""
    shown = {problem.kind for problem in quality.problems(text)}
    off = _off(text, brief)
    missed = "near" if 0 < off <= NEAR else "far" if off else ""
    as_meant = shown == SHOWN.get(fault, set()) and missed == (fault if fault in ("near", "far") else "")
    return as_meant and (fault in ("repetition", "copy") or _reads_well(text, brief))


def _reads_well(text: str, brief: Brief) -> bool:
    """Whether chance has not made a greeting that wishes the same twice, or verse about what nobody spoke of."""
    if isinstance(brief.facts, VerseFacts):
        strange = _THEMES - set(verse_themes(brief.facts.greeting))
        return not any(set(couplet.themes) <= strange and couplet.text in text for couplet in _couplets())
    if brief.task == "long":
        return len(quality.longest_repeat(text)) < ECHO
    return brief.task != "greeting" or _ECHO.search(text) is None


@cache
def _couplets() -> tuple[Couplet, ...]:
    rhymes = (*grammar().rhymes.values(), *grammar().short_rhymes.values())
    return tuple(couplet for rhyme in rhymes for couplet in rhyme)


def _off(text: str, brief: Brief) -> int:
    """How many characters the text lies outside its demand; 0 inside."""
    assert brief.constraint is not None  # _drawn sees to it
    counted, band = check(text, brief.constraint).count, brief.constraint.band
    return max(0, (band.low or 0) - counted, counted - band.high if band.high is not None else 0)


def _good(brief: Brief, rng: Random) -> str | None:
    return write(brief, exact_length(brief, rng), rng)


def _near(brief: Brief, rng: Random) -> str | None:
    assert brief.constraint is not None
    off = rng.randint(1, NEAR)
    low, high = brief.constraint.band
    lengths = [*([low - off] if low is not None else []), *([high + off] if high is not None else [])]
    return write(brief, rng.choice(lengths), rng)


def _far(brief: Brief, rng: Random) -> str | None:
    return write(brief, loose_length(brief, rng), rng)


def _cut(brief: Brief, rng: Random) -> str | None:
    """A longer text, cut within a clause where its length is right."""
    length = exact_length(brief, rng)
    text = write(brief, length + rng.randint(4, 30), rng) or ""
    end = length + text[:length].count("\n")
    return text[:end] if _WITHIN.match(text, end - 1) else None


def _repeated(brief: Brief, rng: Random) -> str | None:
    """A shorter text in which some sentences in a row stand twice, which brings it to its length."""
    length = exact_length(brief, rng)
    missing = rng.randint(14, 40)
    text = write(brief, length - missing, rng)
    sentences = _SENTENCE.findall(f"{text}\n") if text else []
    runs = [(start, end) for end in range(1, len(sentences) + 1) for start in range(max(0, end - 3), end)]
    fitting = [(a, b) for a, b in runs if count("".join(sentences[a:b])) == missing]
    if not fitting:
        return None
    start, end = rng.choice(fitting)
    return "".join([*sentences[:end], *sentences[start:]]).rstrip("\n")


def _to_another(brief: Brief, rng: Random) -> str | None:
    """What would be right for a reader of another world."""
    facts = brief.facts
    if not isinstance(facts, GreetingFacts):
        return None
    other = draw_pair({kind: roles for kind, roles in _people().items() if kind in _WORLDS}, rng)
    name = other.recipient.addressed
    if _WORLDS[other.kind.name] == _WORLDS.get(facts.kind.name) or set(name) & set(facts.name) - _ANYBODY:
        return None
    return _good(replace(brief, facts=replace(facts, kind=other.kind, name=name)), rng)


def _with_count(brief: Brief, rng: Random) -> str | None:
    length = exact_length(brief, rng)
    stated = rng.choice(_STATED).format(n=length)
    text = write(brief, length - count(stated), rng)
    return text and text + stated


def _with_talk(brief: Brief, rng: Random) -> str | None:
    talk = rng.choice(_TALK).format(form=_FORMS[brief.task])
    text = write(brief, exact_length(brief, rng) - count(talk), rng)
    return text and talk + text


def _with_markers(brief: Brief, rng: Random) -> str | None:
    """One to three clause ends show how much was left to write."""
    text = _good(brief, rng)
    ends = [found.start() for found in _CLAUSE_END.finditer(text or "")]
    if not text or not ends:
        return None
    for end in sorted(rng.sample(ends, min(len(ends), rng.randint(1, 3))), reverse=True):
        text = f"{text[:end]}⟦{count(text[end:])}⟧{text[end:]}"
    return text


def _changed(text: str, rng: Random) -> str | None:
    """The text with one or two characters exchanged; None where nothing in it can be."""
    fitting = [change for change in _CHANGES if change[0].search(text)]
    changed = text
    for old, new in rng.sample(fitting, min(len(fitting), rng.randint(1, 2))):
        changed = old.sub(new, changed, count=1)
    return changed if changed != text else None


_PROPOSED: Mapping[Fault, Callable[[Brief, Random], str | None]] = {
    "": _good,
    "near": _near,
    "far": _far,
    "cut": _cut,
    "repetition": _repeated,
    "recipient": _to_another,
    "stated_count": _with_count,
    "talk": _with_talk,
    "marker": _with_markers,
}


def _some(shares: Mapping[T, int], rng: Random) -> T:
    return rng.choices(list(shares), list(shares.values()))[0]


def _with_gold(found: list[Candidate]) -> list[Candidate]:
    """The candidates, with the verdict known for a few that stand alone and leave no doubt, greetings if there are any."""
    asked = Counter(one.item.prompt_id for one in found)
    alone: dict[Fault, list[int]] = {fault: [] for fault in FAULTS}
    for at in sorted(range(len(found)), key=lambda at: found[at].item.task == "greeting"):
        if asked[found[at].item.prompt_id] == 1:
            alone[found[at].fault].append(at)
    gold = {alone[""].pop(): "accept" for _ in range(GOLD_ACCEPTED)}
    gold |= {alone[fault].pop(): "reject" for fault in GOLD_REJECTED}
    return [Candidate(replace(one.item, gold=gold.get(at)), one.fault) for at, one in enumerate(found)]
