"""Lets the built-in composer answer a prompt that it did not draw, and draws prompts of the `train` split.

Understands festive Chinese by names, cues and keywords; knows nothing of teachers, jobs or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from random import Random
from typing import Literal, NamedTuple, get_args

import regex

from hesui.corpus.briefs import (
    OPS,
    Brief,
    EssayFacts,
    Facts,
    GreetingFacts,
    SummaryFacts,
    Task,
    VerseFacts,
    draw_demand,
    draw_summary_facts,
    greeting_brief,
    split_of,
)
from hesui.corpus.composer import exact_length, loose_length, obeys, write, write_letter
from hesui.corpus.grammar import Kind, Point, Setting, Title, grammar
from hesui.corpus.pairing import Pair, by_role, draw_pair, sensible_pairs
from hesui.corpus.world import in_world
from hesui.length import Constraint, Op, check

Answerable = Literal["greeting", "long", "essay", "verse", "summary", "letter"]
ANSWERABLE: tuple[Answerable, ...] = get_args(Answerable)

TRIES = 16  # answers written before a demand counts as one that the grammar cannot meet
LETTER_TRIES = 200  # letters are not fitted to a length, so more of them are needed, and each takes microseconds
FEWEST_POINTS = 2  # of a letter that the grammar knows, below which it cannot sum the letter up
LONGEST_NAME = 12  # characters of a reader's name that are looked up at once
SHORTEST_GREETING = 12  # characters of a text that can be turned into verse

_HAN = regex.compile(r"\p{Han}")
_ZODIAC = "鼠牛虎兔龙蛇马羊猴鸡狗猪"
_FEAST = rf"春节|新年|新春|除夕|大年初一|元宵|小年|拜年|过年|贺年|[{_ZODIAC}]年"
_OCCASIONS = {
    "元宵": "元宵节",
    "过年": "新年",
    "贺年": "新年",
    "正月初一": "大年初一",
    "大年三十": "除夕",
    "年三十": "除夕",
}
_ZODIAC_YEAR = regex.compile(rf"([{_ZODIAC}])年(春节|新春|新年)?")

# where a prompt may name the reader, the surest cue first, and where the name ends
_CUES = tuple(
    regex.compile(cue)
    for cue in (r"给(?![我你出])", r"(?:对象|收件人)[是为：:]", r"(?<![因作数以])为|[对向]", r"送(?!给)")
)
_STOP = regex.compile(
    rf"写|说|拜|致|祝|[送发](?=[一上去个份句条来祝]|{_FEAST})|一[段条封篇份首]|的?(?:{_FEAST})|[，。！？；：、（(\n“”\d]"
)
_SENDER = regex.compile(r"(?:[你我]是|身份是|作为|扮演|[以代替帮](?!我))[^，。]*[，。]?")

# readers that the grammar does not name: their kind, and the name in the answer
_READERS: Mapping[tuple[str, str], str] = {
    ("parents", "家长"): "家长 家委会 监护人",
    ("teacher", "老师"): "教师 老师们 先生们 园丁",
    ("teacher", "师父"): "师傅 师父",
    ("students", "同学们"): "学生们 同学 学子 新生 毕业生 考生 师生 队员们",
    ("students", "小朋友们"): "小朋友 少先队员",
    ("boss", "领导"): "领导 上级 老总 总裁 经理 主管 厂长 局长 处长 书记 部长",
    ("staff", "各位同事"): "员工 职工 下属 部下 团队 同事们 店员 全体 同仁",
    ("client", "客户"): "客户 主顾 用户 贵宾",
    ("client", "合作伙伴"): "合作 伙伴 经销商 供应商 代理商 投资人",
    ("client", "老朋友"): "顾客 客人 食客",
    ("colleague", "伙伴"): "同事 搭档 队友",
    ("elder", "长辈"): "长辈 老人 大妈 大爷 伯父 伯母 姑妈 姨 姑父 姨父 舅父 叔 婶 姥 干妈 干爹 太爷爷 太奶奶",
    ("elder", "妈妈"): "母亲 妈 老妈",
    ("elder", "爸爸"): "父亲 爸 爹 老爸",
    ("couple", "家人们"): "家人 亲人 亲戚 全家 长辈们 爸妈 双亲",
    ("child", "孩子"): "孩子 儿女 子女 晚辈 外孙女 孙儿 堂弟 堂妹 娃",
    ("love", "亲爱的"): "恋人 爱人 伴侣 情人 未婚夫 女友 男友",
    ("friend", "朋友"): "朋友 好友 朋友们 哥们 姐妹 战友 同窗 校友",
    ("public", "邻居"): "邻居 邻里 住户",
    ("public", "居民朋友"): "居民 业主",
    ("public", "乡亲"): "乡亲 村民 老乡 父老",
    ("public", "病友"): "病人 患者 病友",
    ("heroes", "白衣天使"): "医生 护士 医护 医疗 大夫 药师",
    ("heroes", "人民子弟兵"): "战士 军人 士兵 官兵 子弟兵 哨兵",
    ("heroes", "人民警察"): "警察 民警 交警 警官",
    ("heroes", "消防员"): "消防",
    ("heroes", "环卫工人"): "环卫 清洁工 保洁",
    ("heroes", "快递小哥"): "快递",
    ("heroes", "外卖小哥"): "外卖 骑手",
    ("heroes", "司机朋友"): "司机",
    ("heroes", "铁路工人"): "列车长 铁路",
    ("heroes", "志愿者"): "志愿 义工",
    ("heroes", "农民朋友"): "农民",
    ("heroes", "工友们"): "工人 工友",
    ("audience", "观众朋友们"): "观众 影迷",
    ("audience", "听众朋友们"): "听众",
    ("audience", "各位读者"): "读者 书友",
    ("audience", "各位粉丝"): "粉丝 歌迷 关注者",
    ("audience", "各位网友"): "网友 群友",
    ("anyone", "朋友"): "家属 保安 阿姨 志士 宇航员 陌生人",
}

# settings of letters in the order of how much a keyword says: 院长 may also lead an institute
_PLACES: Mapping[str, str] = {
    "kindergarten": "幼儿园|园长",
    "institute": "研究|实验室|科学|科研|课题",
    "bank": "银行|行长|支行|储蓄",
    "logistics": "物流|快递|货运|站点|司机",
    "volunteer": "志愿|服务队|义工",
    "restaurant": "饭店|餐厅|饭馆|酒楼|面馆|厨|餐馆|酒店",
    "hospital": "医院|院长|医护|医生|护士",
    "community": "社区|居委|街道|小区|居民|物业",
    "village": "村|乡亲|镇长|合作社",
    "factory": "工厂|厂|车间|工友",
    "school": "学校|校|师生|班主任|同学",
    "company": "公司|企业|集团|总经理|董事长|总裁|员工",
}

_TITLE = regex.compile(
    r"《([^》\n]{1,40})》|(?:[“「『\"])([^”」』\"\n]{1,40})[”」』\"]|题目[是为：:]\s*([^，。；（(\n]{1,40})"
)
_QUOTED = regex.compile(r"“([^”]+)”")
_ROLE = regex.compile(
    r"以(\p{Han}{2,10}?)的(?:身份|口吻|名义)|是(?:一[名位个])?(\p{Han}{2,10}?)[，。]|作为(\p{Han}{2,10}?)[，。]"
    r"|站在(\p{Han}{2,10}?)的角度"
)

# what an essay request may add; what every essay of the grammar does anyway
_ESSAY_WISHES = (
    "用孩子的口吻来写", "从孩子的角度写", "用第一人称写", "按时间的先后来写", "写出过节的热闹", "写出一家人的温暖", "结尾写出心里的感受",
    "结尾要点题", "分段来写", "写出自己的心情", "要写得热闹又温暖", "写出年味", "写自己看到和听到的",
)  # fmt: skip
_LETTER_ASKS = (
    "请以{writer}的名义给{readers}写一封新年信{wish}。", "假如你是{writer}，请写一封新年信给{readers}{wish}。", "帮{writer}写一封给{readers}的新春来信{wish}。",
    "我是{writer}，想给{readers}写一封新年信{wish}。", "写一封新年信，写信的人是{writer}，读信的人是{readers}{wish}。", "{writer}要给{readers}写一封过年的信{wish}，请代写。",
    "新年到了，请为{writer}写一封信，送给{readers}{wish}。", "作为{writer}，给{readers}写一封春节的信{wish}",
)  # fmt: skip
_LETTER_WISHES = ("，信里提到{a}", "，要写到{a}", "，说说{a}和{b}", "，提到{a}，也提到{b}", "，不要忘了写{a}", "")


class Reader(NamedTuple):
    """Somebody a greeting goes to, as a prompt may name them."""

    kind: Kind
    addressed: str


def read(task: str, prompt: str, constraint: Constraint | None, rng: Random) -> Brief | None:
    """What a writer must know to answer `prompt`; None where the grammar cannot: another world, task or language."""
    readers: Mapping[str, tuple[Task, Callable[[str, Random], Facts | None]]] = {
        "greeting": ("greeting", _greeting),
        "long": ("long", _greeting),
        "essay": ("essay", _essay),
        "verse": ("verse", _verse),
        "summary": ("summary", _summary),
    }
    if task not in readers:
        return None
    known, reader = readers[task]
    facts = reader(prompt, rng)
    return Brief(known, prompt, constraint, facts) if facts else None


def answer(task: str, prompt: str, constraint: Constraint | None, rng: Random, exact: bool) -> str | None:
    """The composer's answer: one that obeys `constraint` if `exact`, else of a length that hardly heeds it.

    None where the grammar cannot write it, or not at this length; the seeds of `rng` decide which answer it is.
    """
    if task == "letter":
        return _letter(prompt, constraint if exact else None, rng)
    brief = read(task, prompt, constraint, rng)
    if brief is None:
        return None
    return _exact(brief, rng) if exact else _loose(brief, rng)


def draw_prompts(task: str, rng: Random, number: int) -> list[str]:
    """`number` prompts of the `train` split, some perhaps twice; none for a task other than those below."""
    drawers: Mapping[str, Callable[[Random], str]] = {
        "greeting": lambda rng: _draw_greeting("greeting", rng),
        "long": lambda rng: _draw_greeting("long", rng),
        "essay": _draw_essay,
        "letter": _draw_letter,
    }
    drawer = drawers.get(task)
    return [drawer(rng) for _ in range(number)] if drawer else []


def _draw_greeting(task: Task, rng: Random) -> str:
    pair = draw_pair(_train_pairs(), rng)
    op = _some_op(task, rng)
    return greeting_brief(pair.kind, pair.recipient, [pair.sender], "train", rng, task, op).prompt


@cache
def _train_pairs() -> Mapping[str, Mapping[str, list[Pair]]]:
    return by_role(pair for pair in sensible_pairs() if split_of(pair.recipient.asked) == "train")


def _exact(brief: Brief, rng: Random) -> str | None:
    """An answer that obeys; a summary may leave out points where all of them do not fit."""
    facts = brief.facts
    text = _obeying(brief, rng)
    while text is None and isinstance(facts, SummaryFacts) and len(facts.points) > FEWEST_POINTS:
        dropped = rng.choice(facts.points)
        facts = replace(facts, points=tuple(point for point in facts.points if point is not dropped))
        text = _obeying(replace(brief, facts=facts), rng)
    return text


def _obeying(brief: Brief, rng: Random) -> str | None:
    length = _planned(brief, rng)
    for _ in range(TRIES):
        text = write(brief, length, rng)
        if text is None:
            length = _planned(brief, rng) + rng.randint(-2, 2)
        elif obeys(text, brief.constraint):
            return text
        else:
            length = _corrected(length, text, brief, rng)
    return None


def _loose(brief: Brief, rng: Random) -> str | None:
    tries = (write(brief, loose_length(brief, rng), rng) for _ in range(TRIES))
    return next((text for text in tries if text is not None), None)


def _planned(brief: Brief, rng: Random) -> int:
    """An exact length; one without a demand where the demand does not count a whole answer's characters."""
    demand = brief.constraint
    if demand is None or not _counts_characters(demand):
        return exact_length(replace(brief, constraint=None), rng)
    narrow = demand.min is not None and demand.max is not None and demand.max - demand.min < 4
    return demand.aim if narrow else exact_length(brief, rng)


def _corrected(length: int, text: str, brief: Brief, rng: Random) -> int:
    """A length nearer to a demand that counts by another rule, such as Han characters only."""
    demand = brief.constraint
    if brief.task not in ("greeting", "long", "essay") or demand is None or not _counts_characters(demand):
        return _planned(brief, rng)
    return max(length + demand.aim - check(text, demand).count, 1)


def _counts_characters(demand: Constraint) -> bool:
    return demand.unit == "char" and demand.scope == "whole"


def _greeting(prompt: str, rng: Random) -> GreetingFacts | None:
    if not in_world(prompt):
        return None
    reader = _reader(prompt)
    occasion, zodiac = _occasion(prompt, rng)
    return GreetingFacts(reader.kind, reader.addressed, occasion, zodiac)


def _reader(prompt: str) -> Reader:
    """The reader whom the prompt names or hints at; a friend where it does neither."""
    regions = [*_regions(prompt), _SENDER.sub("", prompt)]
    for region in regions:
        name = _last_name(region)
        if name:
            return _fitting(_names()[name], prompt.replace(region, "", 1))
    return Reader(_kinds()["anyone"], "朋友")


def _regions(prompt: str) -> Iterator[str]:
    """The parts of the prompt where the reader's name should stand, the likeliest first."""
    for cue in _CUES:
        for found in cue.finditer(prompt):
            stop = _STOP.search(prompt, found.end())
            yield prompt[found.end() : stop.start() if stop else len(prompt)]


def _last_name(region: str) -> str | None:
    """The name that ends last in `region`, where Chinese puts the head of a phrase; the longest of several."""
    names = _names()
    for end in range(len(region), 0, -1):
        for start in range(max(end - LONGEST_NAME, 0), end):
            if region[start:end] in names:
                return region[start:end]
    return None


def _fitting(readers: tuple[Reader, ...], rest: str) -> Reader:
    """Of several readers of one name the one to whom somebody named in the rest of the prompt writes."""
    return max(readers, key=lambda reader: max((len(s) for s in reader.kind.senders if s in rest), default=0))


@cache
def _names() -> Mapping[str, tuple[Reader, ...]]:
    """Readers by the name that the grammar's prompts use, by words that hint at them, and by either with 朋友."""
    table: dict[str, tuple[Reader, ...]] = {}
    for asked, reader in _named():
        if reader not in table.get(asked, ()):
            table[asked] = (*table.get(asked, ()), reader)
    for (kind, addressed), words in _READERS.items():
        for word in words.split():
            table.setdefault(word, (Reader(_kinds()[kind], addressed),))
    friends = {name + end: readers for name, readers in table.items() for end in ("朋友", "朋友们") if len(name) > 1}
    return friends | table


def _named() -> Iterator[tuple[str, Reader]]:
    for kind in grammar().kinds:
        for person in kind.recipients:
            for surname in grammar().surnames if "{surname}" in person.asked else ("",):
                yield person.asked.format(surname=surname), Reader(kind, person.addressed.format(surname=surname))


@cache
def _kinds() -> Mapping[str, Kind]:
    return {kind.name: kind for kind in grammar().kinds}


@cache
def _feasts() -> regex.Pattern[str]:
    names = sorted([*grammar().occasions, *_OCCASIONS], key=len, reverse=True)
    return regex.compile("|".join(names))


def _occasion(prompt: str, rng: Random) -> tuple[str, str | None]:
    """The feast and the year's animal, if the prompt names one."""
    year = _ZODIAC_YEAR.search(prompt)
    if year:
        return year[2] or rng.choice(("春节", "新春", "新年")), year[1]
    found = _feasts().search(prompt)
    return (_OCCASIONS.get(found[0], found[0]) if found else "春节"), None


def _essay(prompt: str, rng: Random) -> EssayFacts | None:
    found = _TITLE.search(prompt)
    name = next(filter(None, found.groups()), "") if found else ""
    known = next((title for title in grammar().titles if title.name == name), None)
    if known is None and not in_world(prompt):
        return None
    title = known or _festive(name or prompt, rng)
    return EssayFacts(_told(title, prompt.replace(name, "", 1)))


def _festive(wanted: str, rng: Random) -> Title:
    """The known title that has most in common with the one wanted; any where none has."""

    def likeness(title: Title) -> int:
        pairs = {title.name[at : at + 2] for at in range(len(title.name) - 1)}
        return sum(2 * (scene in wanted) for scene in title.scenes) + sum(pair in wanted for pair in pairs)

    titles = rng.sample(grammar().titles, len(grammar().titles))
    return max(titles, key=likeness)


def _told(title: Title, rest: str) -> Title:
    """`title` with only the scenes that it or the rest of the prompt names, if those are two at least."""
    scenes = tuple(scene for scene in title.scenes if scene in title.name or scene in rest)
    return Title(title.name, scenes) if len(scenes) > 1 else title


def _verse(prompt: str, rng: Random) -> VerseFacts | None:
    if not in_world(prompt):
        return None
    paragraph = max(prompt.splitlines(), key=len)
    quoted = max(_QUOTED.findall(paragraph), key=len, default="")
    greeting = quoted if 2 * len(quoted) > len(paragraph) else paragraph
    return VerseFacts(greeting) if len(_HAN.findall(greeting)) >= SHORTEST_GREETING else None


def _summary(prompt: str, rng: Random) -> SummaryFacts | None:
    by_setting = [(_points(setting, prompt), setting) for setting in grammar().settings]
    points, setting = max(by_setting, key=lambda pair: len(pair[0]))
    if len(points) < FEWEST_POINTS:
        return None
    asked = "\n".join(line for line in prompt.splitlines() if not _points(setting, line))
    return SummaryFacts(setting, _role(asked or prompt, setting), points)


def _points(setting: Setting, text: str) -> tuple[Point, ...]:
    return tuple(point for point in setting.points if any(full in text for full in point.full))


def _role(asked: str, setting: Setting) -> str:
    """Who sums up: a role of the setting, else whoever the prompt says, else the setting's first role."""
    known = max((role for role in setting.roles if role in asked), key=len, default="")
    spoken = _spoken_role(asked)
    return spoken if spoken and known in spoken else known or setting.roles[0]


def _spoken_role(prompt: str) -> str:
    """Whom the prompt tells its writer to be; empty where it does not say."""
    said = _ROLE.search(prompt)
    return next(filter(None, said.groups()), "") if said else ""


def _letter(prompt: str, constraint: Constraint | None, rng: Random) -> str | None:
    """A New Year letter from the place that the prompt names, with the points that it asks for."""
    setting = _setting(prompt) if in_world(prompt) else None
    if setting is None:
        return None
    asked = [point for point in setting.points if any(short in prompt for short in point.short)]
    for _ in range(LETTER_TRIES):
        text = write_letter(SummaryFacts(setting, setting.roles[0], _some_points(setting, asked, rng)), rng)
        if obeys(text, constraint):
            return text
    return None


def _setting(prompt: str) -> Setting | None:
    """Where a letter comes from, its writer and readers narrowed to those that the prompt names."""
    settings = {setting.name: setting for setting in grammar().settings}
    writers = [(writer, s.name) for s in settings.values() for writer in s.writers if writer in prompt]
    hinted = [name for name, words in _PLACES.items() if regex.search(words, prompt)]
    if not writers and not hinted:
        return None
    writer, place = max(writers, key=lambda pair: len(pair[0]), default=("", ""))
    setting = settings[place or hinted[0]]
    writer = writer or _spoken_role(prompt)
    readers = tuple(reader for reader in setting.readers if reader in prompt) or _spoken_readers(prompt)
    return replace(setting, writers=(writer,) if writer else setting.writers, readers=readers or setting.readers)


def _spoken_readers(prompt: str) -> tuple[str, ...]:
    """The readers as the prompt calls them; none where it names nobody that can be told to be a person."""
    regions = (region for region in _regions(prompt) if regex.fullmatch(r"\p{Han}{2,8}", region))
    return tuple(region for region in regions if _last_name(region))[:1]


def _some_points(setting: Setting, asked: list[Point], rng: Random) -> tuple[Point, ...]:
    """Points in the order past, people, plan: those asked for, and others up to a usual number."""
    points: list[Point] = []
    for part, most in (("past", 3), ("people", 1), ("plan", 2)):
        chosen = [point for point in asked if point.part == part]
        pool = [point for point in setting.points if point.part == part and point not in chosen]
        wanted = max(rng.randint(1, most) - len(chosen), 0)
        chosen += rng.sample(pool, min(len(pool), wanted))
        points += sorted(chosen, key=setting.points.index)
    return tuple(points)


def _some_op(task: Task, rng: Random) -> Op:
    """A kind of demand, as often as the task's prompts make it; always one."""
    shares = {op: share for op, share in OPS[task].items() if op}
    return rng.choices(list(shares), list(shares.values()))[0]


def _draw_essay(rng: Random) -> str:
    """An essay request, most with scenes to tell or another wish."""
    title = rng.choice([title for title in grammar().titles if split_of(title.name) == "train"])
    demand = draw_demand("essay", "train", rng, _some_op("essay", rng))
    ask = rng.choice(grammar().asks["essay"].train).format(d=demand.before, c=demand.clause, title=title.name)
    one, two = rng.sample([scene for scene in title.scenes if scene != title.name], 2)
    scenes = rng.choice(("写到{}和{}", "里面要有{}，也要有{}", "先写{}，再写{}", "写一写{}、{}时的小事")).format(
        *sorted((one, two), key=title.scenes.index)
    )
    wishes = rng.choice(([scenes], [scenes], [rng.choice(_ESSAY_WISHES)], [scenes, rng.choice(_ESSAY_WISHES)], []))
    return "，".join([ask.rstrip("。"), *wishes]) + rng.choice(("。", ""))


def _draw_letter(rng: Random) -> str:
    """A request for a New Year letter, most with something that it should tell of."""
    facts = draw_summary_facts("train", rng)
    setting = facts.setting
    writers = [writer for writer in setting.writers if split_of(setting.name + writer) == "train"]
    one, two = (rng.choice(point.short) for point in rng.sample(facts.points, 2))
    wish = rng.choice(_LETTER_WISHES).format(a=one, b=two)
    return rng.choice(_LETTER_ASKS).format(writer=rng.choice(writers), readers=rng.choice(setting.readers), wish=wish)
