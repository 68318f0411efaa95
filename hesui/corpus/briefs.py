"""Draws prompts: who asks whom for what, at which length. Knows nothing of how an answer is written.

Recipients, essay titles and letters (by a stable hash), wordings (by list) and numbers (by residue) are divided
into three splits that share none of them: `train` teaches, `dev` chooses decoder settings, `test` measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, get_args
from zlib import crc32

from hesui.corpus.grammar import Kind, Person, Point, Setting, Title, grammar
from hesui.length import Constraint, Op, approx
from hesui.restating import spell

Task = Literal["greeting", "long", "essay", "verse", "summary"]
Split = Literal["train", "dev", "test"]
TASKS: tuple[Task, ...] = get_args(Task)


@dataclass(frozen=True, slots=True)
class GreetingFacts:
    """Who a greeting speaks to, on which feast."""

    kind: Kind
    name: str  # of the reader, in the answer
    occasion: str
    zodiac: str | None


@dataclass(frozen=True, slots=True)
class EssayFacts:
    """What an essay is about."""

    title: Title


@dataclass(frozen=True, slots=True)
class VerseFacts:
    """The greeting that becomes verse."""

    greeting: str


@dataclass(frozen=True, slots=True)
class SummaryFacts:
    """The letter to summarise, point by point, and who summarises it."""

    setting: Setting
    role: str
    points: tuple[Point, ...]


Facts = GreetingFacts | EssayFacts | VerseFacts | SummaryFacts


@dataclass(frozen=True, slots=True)
class Brief:
    """A prompt with what a writer must know to answer it."""

    task: Task
    prompt: str
    constraint: Constraint | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class Demand:
    """A length demand in both its positions in a sentence, and its meaning; empty where nothing is demanded."""

    before: str = ""
    clause: str = ""
    constraint: Constraint | None = None


# How often a task's prompt uses each op (None: no demand) and the numbers it names.
OPS: Mapping[Task, Mapping[Op | None, float]] = {
    "greeting": {"eq": 0.62, "approx": 0.1, "le": 0.1, "range": 0.06, "ge": 0.04, None: 0.08},
    "long": {"ge": 0.7, "approx": 0.12, "eq": 0.1, None: 0.08},
    "essay": {"eq": 0.4, "approx": 0.3, "ge": 0.2, None: 0.1},
    "verse": {"le": 0.87, None: 0.13},
    "summary": {"le": 0.87, None: 0.13},
}
NUMBERS: Mapping[Task, range] = {
    "greeting": range(30, 101),
    "long": range(150, 321),
    "essay": range(200, 421),
    "verse": range(80, 161),
    "summary": range(60, 121),
}


def split_of(name: str) -> Split:
    """The split that a recipient, title or letter belongs to: 9 of 12 train, 1 dev, 2 test."""
    residue = crc32(name.encode()) % 12
    return "train" if residue > 2 else "dev" if residue == 0 else "test"


def number_split(number: int) -> Split:
    """The split that a demanded number belongs to: residue 3 of 7 test, 5 dev, the others train."""
    return {3: "test", 5: "dev"}.get(number % 7, "train")  # type: ignore[return-value]


def draw_demand(task: Task, split: Split, rng: Random, op: Op | None | Literal["any"] = "any") -> Demand:
    """A length demand as the task's prompts make them; `op` fixes its kind."""
    if op == "any":
        ops = OPS[task]
        op = rng.choices(list(ops), list(ops.values()))[0]
    if op is None:
        return Demand()
    number = rng.choice([n for n in NUMBERS[task] if number_split(n) == split])
    upper = number + rng.choice((10, 20, 30))
    meanings: dict[Op, Constraint] = {
        "eq": Constraint("eq", target=number),
        "approx": approx(number),
        "le": Constraint("le", max=number),
        "ge": Constraint("ge", min=number),
        "range": Constraint("range", min=number, max=upper),
    }
    spelled = spell(number) if rng.random() < 0.12 else str(number)
    demands = grammar().demands
    before, clause = (
        rng.choice(demands[op, place].of(split)).format(n=spelled, a=number, b=upper) for place in ("before", "clause")
    )
    return Demand(before, clause, meanings[op])


def draw_greeting(split: Split, rng: Random, task: Task = "greeting", op: Op | None | Literal["any"] = "any") -> Brief:
    """A prompt for a greeting, or for a long one."""
    kind = rng.choice(grammar().kinds)
    person = _person(kind, split, rng)
    while person is None:
        kind = rng.choice(grammar().kinds)
        person = _person(kind, split, rng)
    return greeting_brief(kind, person, kind.senders, split, rng, task, op)


def greeting_brief(
    kind: Kind,
    person: Person,
    senders: Sequence[str],
    split: Split,
    rng: Random,
    task: Task = "greeting",
    op: Op | None | Literal["any"] = "any",
) -> Brief:
    """A prompt for a greeting, or for a long one, from one of `senders` to `person`."""
    occasion, zodiac = _occasion(rng)
    demand = draw_demand(task, split, rng, op)
    prompt = rng.choice(grammar().asks[task].of(split)).format(
        sender=rng.choice(senders),
        recipient=person.asked,
        occasion=f"{zodiac}年{occasion}" if zodiac else occasion,
        d=demand.before,
        c=demand.clause,
    )
    return Brief(task, prompt, demand.constraint, GreetingFacts(kind, person.addressed, occasion, zodiac))


def draw_essay(split: Split, rng: Random) -> Brief:
    """A prompt for a school essay."""
    title = rng.choice([t for t in grammar().titles if split_of(t.name) == split])
    demand = draw_demand("essay", split, rng)
    prompt = _ask("essay", split, rng, demand, title=title.name)
    return Brief("essay", prompt, demand.constraint, EssayFacts(title))


def verse_brief(greeting: str, split: Split, rng: Random) -> Brief:
    """A prompt that wants `greeting` as verse."""
    demand = draw_demand("verse", split, rng)
    prompt = _ask("verse", split, rng, demand, greeting=greeting)
    return Brief("verse", prompt, demand.constraint, VerseFacts(greeting))


def draw_summary_facts(split: Split, rng: Random) -> SummaryFacts:
    """A letter's points, in the order past, people, plan, and the role that summarises it."""
    roles = [(s, r) for s in grammar().settings for r in s.roles if split_of(s.name + r) == split]
    setting, role = rng.choice(roles)
    points: list[Point] = []
    for part, most in (("past", 3), ("people", 1), ("plan", 2)):
        pool = [p for p in setting.points if p.part == part]
        points += sorted(rng.sample(pool, min(len(pool), rng.randint(1, most))), key=setting.points.index)
    return SummaryFacts(setting, role, tuple(points))


def summary_brief(letter: str, facts: SummaryFacts, split: Split, rng: Random) -> Brief:
    """A prompt that wants `letter` summarised."""
    demand = draw_demand("summary", split, rng)
    prompt = _ask("summary", split, rng, demand, letter=letter, role=facts.role)
    return Brief("summary", prompt, demand.constraint, facts)


def _ask(task: Task, split: Split, rng: Random, demand: Demand, **facts: str) -> str:
    return rng.choice(grammar().asks[task].of(split)).format(d=demand.before, c=demand.clause, **facts)


def _person(kind: Kind, split: Split, rng: Random) -> Person | None:
    """A reader of this kind and split; None where a few tries found none."""
    for _ in range(20):
        person = rng.choice(kind.recipients)
        surname = rng.choice(grammar().surnames)
        person = Person(person.asked.format(surname=surname), person.addressed.format(surname=surname))
        if split_of(person.asked) == split:
            return person
    return None


def _occasion(rng: Random) -> tuple[str, str | None]:
    if rng.random() < 0.15:
        return rng.choice(("春节", "新春", "新年")), rng.choice(list(grammar().zodiac))
    if rng.random() < 0.5:
        return "春节", None
    return rng.choice(list(grammar().occasions)), None
