"""Makes the frozen evaluation prompts: always the same ones, of the grammar's `test` split and of evaltexts.

They are prompts without answers. Knows nothing of models, of training rows or of where the file lies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import cycle
from random import Random
from typing import NamedTuple

import regex
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from hesui.corpus.briefs import (
    NUMBERS,
    OPS,
    TASKS,
    Brief,
    GreetingFacts,
    Task,
    draw_summary_facts,
    number_split,
    split_of,
)
from hesui.corpus.composer import write, write_letter
from hesui.corpus.duplicates import skeleton
from hesui.corpus.evaltexts import (
    DEMANDS,
    ENGLISH,
    ENGLISH_DEMANDS,
    ENGLISH_NUMBERS,
    ESSAY,
    FAMILY,
    GREETING,
    GROUPS,
    LONG,
    OUTSIDE,
    SUMMARY,
    TITLES,
    VERSE,
    Ask,
)
from hesui.corpus.grammar import grammar
from hesui.corpus.pairing import Pair, by_role, draw_pair, sensible_pairs
from hesui.corpus.rows import Row
from hesui.corpus.world import in_world
from hesui.length import Op, parse
from hesui.restating import spell

SEED = "evaluation prompts of 2026"
SOURCE, LICENCE = "hesui", "CC-BY-4.0"
COUNTS: Mapping[Task, int] = {"greeting": 400, "long": 100, "essay": 100, "verse": 100, "summary": 100}
FREE = 20  # prompts without a demand, of each class
IN_SEEDS = frozenset({150})  # the one number of this split that the seeds name, because the contest asks for it
ALIKE = 0.9  # similarity of two questions from which the later one is left out
SPELLED = 0.12  # share of numbers written 六十六
MOST_OF_ROLE = 16  # prompts of one class for one kind of reader
MOST_OF_PAIR = 3  # of those from one writer
GREETING_LENGTHS = (35, 80)  # characters of a greeting that becomes verse
FEASTS = ("春节", "春节", "春节", "新年", "新春", "除夕", "大年初一", "元宵节", "小年", "拜年")
FEASTS_OF_LETTERS = ("春节", "春节", "新年", "新春", "除夕")
ZODIAC_SHARE = 0.12
# A greeting that wishes the same twice, or a grown-up good marks.
ODD = regex.compile(
    r"(\p{Han}{4}).*\1|平安.*平安|安康.*安康|身体.*身体|万事都?如意.*万事都?如意|祝[您你们大家]{1,2}恭喜|，恭喜发财"
    r"|您[^。！]*(?:成绩|考试|学习|学业|读书|书读|勤学|学有所成|金榜|下笔|百尺|天天向上)"
)
JUNIORS = frozenset({"child", "students"})
# What nobody says to readers of these kinds.
OUT_OF_PLACE = (
    (FAMILY, regex.compile(r"全家|[阖合]家|家里天天|家宅")),  # one's own household, wished well like a stranger's
    (JUNIORS, regex.compile("拜年")),  # they pay New Year calls, nobody pays them one
    (frozenset({"boss", "client", "parents", "teacher"}), regex.compile("棒棒的|吃得香睡得甜|鼓鼓")),  # too familiar
)
BUSINESS = regex.compile("生意")  # only clients have one
SCHOOL = regex.compile("批改|讲台|课堂|桃李|教过的|读书")
CRAFTS = frozenset({"…师傅", "教练"})  # among the teachers' kind, but not at a school
STRANGE = frozenset(
    {("店员", "图书馆的常客"), ("店员", "晨跑的伙伴"), ("木匠", "晨跑的伙伴")}
)  # what would they have in common?
ENGLISH_OPS: Mapping[str, Op] = {"greeting": "eq", "long": "ge", "essay": "eq", "verse": "le", "summary": "le"}
TRIES = 400  # candidates in a row that are left out, after which there are no more


class Question(NamedTuple):
    """What a prompt asks, its demand left open at {d} or {c}."""

    family: str  # what it is about; the prompts of one family ask about the same
    text: str
    role: str = ""  # the kind of reader
    sender: str = ""


class Demand(NamedTuple):
    """A demand in words, before the noun and as a clause, and what it must be read as."""

    before: str = ""
    clause: str = ""
    op: Op | None = None
    number: int = 0


def build() -> list[Row]:
    """All evaluation prompts, the same ones at every call."""
    chances = {task: Random(f"{SEED}, {task}") for task in TASKS}  # what is changed in one class stays in it
    kept = _Kept()
    questions = {task: _questions(task, rng) for task, rng in chances.items()}
    rows = [row for task, rng in chances.items() for row in _demanding(task, questions[task], kept, rng)]
    rows += _free(questions, kept)
    return rows + list(_english(Random(f"{SEED}, English")))


class _Kept:
    """The questions that are in already; says which more may come."""

    def __init__(self) -> None:
        self._skeletons: list[str] = []
        self._used: Counter[tuple[str, ...]] = Counter()

    def admit(self, task: str, question: Question, prompt: str) -> bool:
        """Whether the prompt is unlike all others and its reader and writer are not had too often; then it is kept."""
        caps: dict[tuple[str, ...], int] = {(task, question.family): MOST_OF_ROLE if task == "summary" else 1}
        if question.role:
            caps[task, "role", question.role] = MOST_OF_ROLE if task == "greeting" else MOST_OF_ROLE // 2
            caps[task, "pair", question.role, question.sender] = MOST_OF_PAIR
        if any(self._used[key] >= most for key, most in caps.items()):
            return False
        asked = skeleton(prompt, parse(prompt))
        score = Levenshtein.normalized_similarity
        if process.extractOne(asked, self._skeletons, scorer=score, score_cutoff=ALIKE) is not None:
            return False
        self._skeletons.append(asked)
        self._used.update(caps.keys())
        return True


def _demanding(task: Task, questions: Iterator[Question], kept: _Kept, rng: Random) -> Iterator[Row]:
    numbers = cycle(_numbers(NUMBERS[task], rng))
    for place in range(COUNTS[task]):
        number = next(numbers)
        for _ in range(TRIES):
            question, demand = next(questions), _demand(_op(task, rng), number, rng)
            prompt = _filled(question, demand)
            if prompt and kept.admit(task, question, prompt):
                yield _row(f"eval-{task}-{place + 1:03}", task, prompt, question)
                break
        else:
            raise AssertionError(f"too few different questions of class {task}: {place}")


def _free(questions: Mapping[Task, Iterator[Question]], kept: _Kept) -> Iterator[Row]:
    place = 0
    for task in TASKS:
        wanted = place + FREE
        while place < wanted:
            question = next(questions[task])
            prompt = _filled(question, Demand())
            if prompt and kept.admit(task, question, prompt):
                place += 1
                yield _row(f"eval-free-{place:03}", task, prompt, question)


def _english(rng: Random) -> Iterator[Row]:
    """The English questions; one whose demand is never read as its class means it is left out."""
    numbers = {task: cycle(_numbers(span, rng)) for task, span in ENGLISH_NUMBERS.items()}
    place = 0
    for question in ENGLISH:
        number = next(numbers[question.task])
        demands = rng.sample(ENGLISH_DEMANDS[question.task], len(ENGLISH_DEMANDS[question.task]))
        prompts = [question.text.replace("{d}", demand.format(n=number)) for demand in demands]
        meant = (ENGLISH_OPS[question.task], number, "word")
        prompt = next((p for p in prompts if (read := parse(p)) and (read.op, read.aim, read.unit) == meant), None)
        if prompt is not None:
            place += 1
            asked = Question(f"en/{question.family}", question.text)
            yield _row(f"eval-en-{place:02}", question.task, prompt, asked)


def _row(id: str, task: str, prompt: str, question: Question) -> Row:
    return Row(id, task, prompt, parse(prompt), f"eval/{task}/{question.family}", source=SOURCE, licence=LICENCE)


def _filled(question: Question, demand: Demand) -> str | None:
    """The prompt, where it reads back as it was meant and is of the feast."""
    prompt = question.text.replace("{d}", demand.before).replace("{c}", demand.clause)
    read = parse(prompt)
    if not in_world(prompt) or (read is None) != (demand.op is None):
        return None
    same = read is None or (read.op, read.aim, read.unit, read.scope, read.extra) == (
        demand.op, demand.number, "char", "whole", (),
    )  # fmt: skip
    return prompt if same else None


def _numbers(span: range, rng: Random) -> list[int]:
    numbers = [number for number in span if number_split(number) == "test" and number not in IN_SEEDS]
    return rng.sample(numbers, len(numbers))


def _op(task: Task, rng: Random) -> Op:
    """Exact for greetings, whose precision is measured; elsewhere as often as the class's prompts use each."""
    if task == "greeting":
        return "eq"
    shares = {op: share for op, share in OPS[task].items() if op}
    return rng.choices(list(shares), list(shares.values()))[0]


def _demand(op: Op, number: int, rng: Random) -> Demand:
    spelled = spell(number) if rng.random() < SPELLED else str(number)
    before, clause = (
        rng.choice((*grammar().demands[op, place].test, *DEMANDS.get((op, place), ()))).format(n=spelled)
        for place in ("before", "clause")
    )
    return Demand(before, clause, op, number)


def _questions(task: Task, rng: Random) -> Iterator[Question]:
    match task:
        case "essay":
            return _essays(rng)
        case "verse":
            return _verses(rng)
        case "summary":
            return _summaries(rng)
        case _:
            return _greetings(task, rng)


def _greetings(task: Task, rng: Random) -> Iterator[Question]:
    while True:
        pair, ask = draw_pair(_test_pairs(), rng), rng.choice(_asks(task))
        feast = _feast(FEASTS if task == "greeting" else FEASTS_OF_LETTERS, rng)
        if not _fits(pair, feast, ask) or (task == "long" and not _gets_letters(pair)):
            continue
        named = "{sender}" in ask.text
        text = _put(ask.text, sender=pair.sender, recipient=pair.recipient.asked, occasion=feast)
        writer = f"{pair.sender}→" if named else ""
        yield Question(f"{writer}{pair.recipient.asked}/{feast}", text, pair.role, pair.sender if named else "")


def _essays(rng: Random) -> Iterator[Question]:
    """Each title again and again, until it was taken; every title's turn comes before another's second."""
    titles = [*(title.name for title in grammar().titles if split_of(title.name) == "test"), *TITLES]
    for title in cycle(rng.sample(titles, len(titles))):
        yield Question(title, _put(rng.choice(_asks("essay")).text, title=title))


def _verses(rng: Random) -> Iterator[Question]:
    while True:
        pair = draw_pair(_test_pairs(), rng)
        feast = rng.choice(FEASTS)
        facts = GreetingFacts(pair.kind, pair.recipient.addressed, feast, None)
        text = write(Brief("greeting", "", None, facts), rng.randint(*GREETING_LENGTHS), rng)
        if text is not None and _reads_well(text, pair):
            ask = rng.choice(_asks("verse")).text
            yield Question(f"{pair.recipient.asked}/{feast}", _put(ask, greeting=text), pair.role)


def _summaries(rng: Random) -> Iterator[Question]:
    while True:
        facts = draw_summary_facts("test", rng)
        letter = write_letter(facts, rng)
        if not _may_read(facts.role, letter):
            continue
        text = _put(rng.choice(_asks("summary")).text, letter=letter, role=facts.role)
        yield Question(f"{facts.setting.name}/{facts.role}", text)


def _gets_letters(pair: Pair) -> bool:
    """Whether 200 characters and more are written to this reader; not to babies or the man one jogs with."""
    return pair.kind.name != "anyone" and pair.role != "宝宝"


def _reads_well(greeting: str, pair: Pair) -> bool:
    """Whether somebody would say so to this reader."""
    kind = pair.kind.name
    if ODD.search(greeting) or any(kind in kinds and said.search(greeting) for kinds, said in OUT_OF_PLACE):
        return False
    if pair.role in CRAFTS and SCHOOL.search(greeting):
        return False
    return kind == "client" or not BUSINESS.search(greeting)


def _may_read(role: str, letter: str) -> bool:
    """Whether the letter is to this reader, and not by somebody like him.

    Who works far away has no hoe to lay down, and who came back is not far away.
    """
    far = "在外打拼的乡亲们：" in letter
    if role == "返乡青年" and (far or letter.endswith("返乡创业青年")):
        return False
    return not (far and "放下锄头" in letter) and not (role == "在外打工的村民" and "放下锄头" in letter)


def _put(text: str, **facts: str) -> str:
    """`text` with its gaps filled but for the demand's."""
    return text.format(**facts, d="{d}", c="{c}")


def _feast(feasts: tuple[str, ...], rng: Random) -> str:
    if rng.random() < ZODIAC_SHARE:
        return f"{rng.choice(list(grammar().zodiac))}年{rng.choice(('春节', '新春'))}"
    return rng.choice(feasts)


def _fits(pair: Pair, feast: str, ask: Ask) -> bool:
    """Whether somebody could ask so.

    拜年 is something one does, no day, and never to juniors; nobody makes speeches to a class on New Year's Eve; a letter home is for the
    family; and 董董事长 is hard to read.
    """
    if ask.kinds and pair.kind.name not in ask.kinds:
        return False
    if pair.sender == pair.role or (pair.sender, pair.role) in STRANGE or pair.recipient.asked.startswith("董董"):
        return False
    if "家书" in ask.text and pair.sender == "晚辈":
        return False
    if feast == "拜年" and (pair.kind.name in JUNIORS or "{occasion}祝福" not in ask.text):
        return False
    return not (feast == "除夕" and ("聚会" in ask.text or "致辞" in ask.text))


@cache
def _asks(task: Task) -> tuple[Ask, ...]:
    """The grammar's test wordings and those of evaltexts."""
    own = {"greeting": GREETING, "long": LONG, "essay": ESSAY, "verse": VERSE, "summary": SUMMARY}[task]
    return (*(Ask(text, _kinds_of(text)) for text in grammar().asks[task].test), *own)


def _kinds_of(wording: str) -> frozenset[str]:
    """Speeches are for groups; nobody sends an official letter to family or friends."""
    return GROUPS if "致辞" in wording else OUTSIDE if "贺信" in wording else frozenset()


@cache
def _test_pairs() -> Mapping[str, Mapping[str, list[Pair]]]:
    return by_role(pair for pair in sensible_pairs() if split_of(pair.recipient.asked) == "test")
