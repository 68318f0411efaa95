"""The built-in composer: answers a brief in fluent festive Chinese, at an exact or a deliberately loose length.

It is a hand-written grammar with chance, not a language model, and is always labelled so. Knows nothing of
models; the embedded model's text comes from here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from hesui.corpus.briefs import (
    Brief,
    EssayFacts,
    GreetingFacts,
    Split,
    SummaryFacts,
    Task,
    VerseFacts,
    draw_essay,
    draw_greeting,
    draw_summary_facts,
    summary_brief,
    verse_brief,
)
from hesui.corpus.fitting import Section, fit
from hesui.corpus.grammar import Couplet, grammar
from hesui.length import Constraint, Op, check

THEMES = {
    "健康": "health", "长寿": "health", "家庭": "family", "事业": "career", "财富": "wealth", "学业": "study",
    "成长": "growth", "平安": "peace", "吉祥": "luck", "青春": "luck",
}  # fmt: skip
DEFAULT_LENGTHS: dict[Task, tuple[int, int]] = {
    "greeting": (45, 110), "long": (190, 300), "essay": (280, 400), "verse": (64, 144), "summary": (60, 110),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and one answer to it."""

    brief: Brief
    completion: str


def draw(task: Task, split: Split, rng: Random, op: Op | None = None) -> Brief:
    """A prompt of `task`; `op` fixes a greeting's kind of demand."""
    if task in ("greeting", "long"):
        return draw_greeting(split, rng, task, op or "any")
    if task == "essay":
        return draw_essay(split, rng)
    if task == "verse":
        brief = draw_greeting(split, rng, "greeting", "eq")
        return verse_brief(_must(brief, rng.randint(35, 80), rng), split, rng)
    facts = draw_summary_facts(split, rng)
    return summary_brief(write_letter(facts, rng), facts, split, rng)


def exact_length(brief: Brief, rng: Random) -> int:
    """A length that obeys the brief's demand with some margin where the demand has a side."""
    constraint = brief.constraint
    if constraint is None:
        return rng.randint(*DEFAULT_LENGTHS[brief.task])
    aim = constraint.aim
    if constraint.op == "le":
        return rng.randint(round(aim * 0.8), round(aim * 0.98))
    if constraint.op == "ge":
        return rng.randint(round(aim * 1.02) + 1, round(aim * 1.15) + 1)
    if constraint.op == "range":
        assert constraint.min is not None and constraint.max is not None
        return rng.randint(constraint.min + 2, constraint.max - 2)
    return aim


def loose_length(brief: Brief, rng: Random) -> int:
    """A length that hardly heeds the demand, as an untuned small model's does (greetings: 0.45 N + 48 ± 12)."""
    low, high = DEFAULT_LENGTHS[brief.task]
    if brief.constraint is None:
        return rng.randint(low, high)
    slope = 0.45 if brief.task == "greeting" else 0.3
    middle = 48 if brief.task == "greeting" else (low + high) / 2 * (1 - slope)
    spread = 12 if brief.task == "greeting" else (high - low) / 4
    return max(24, round(slope * brief.constraint.aim + middle + rng.gauss(0, spread)))


def write(brief: Brief, length: int, rng: Random) -> str | None:
    """An answer of `length` characters under the `word` rule; None where the grammar finds none.

    Greetings, long texts and essays hit the length exactly; verse and summaries come as near as their lines
    allow without exceeding it.
    """
    facts = brief.facts
    if isinstance(facts, GreetingFacts):
        sections = _letter_sections(facts, rng) if brief.task == "long" else _greeting_sections(facts, rng)
        return _fitted(sections, length, rng)
    if isinstance(facts, EssayFacts):
        return _fitted(_essay_sections(facts, rng), length, rng)
    if isinstance(facts, VerseFacts):
        return _verse(facts, length, rng)
    return _summary(facts, length, rng)


def example(
    task: Task, split: Split, rng: Random, plan: Callable[[Brief, Random], int], op: Op | None = None
) -> Example:
    """A prompt and an answer of the length that `plan` (exact_length, loose_length) chooses for it."""
    while True:
        brief = draw(task, split, rng, op)
        text = write(brief, plan(brief, rng), rng)
        if text is not None and (plan is not exact_length or obeys(text, brief.constraint)):
            return Example(brief, text)


def obeys(text: str, constraint: Constraint | None) -> bool:
    """Whether `text` meets the demand, if there is one."""
    return constraint is None or check(text, constraint).ok


def write_letter(facts: SummaryFacts, rng: Random) -> str:
    """A New Year letter that makes the facts' points."""
    setting = facts.setting
    body = "".join(rng.choice(point.full) for point in facts.points)
    return f"亲爱的{rng.choice(setting.readers)}：{rng.choice(setting.greet)}{body}{rng.choice(setting.close)}{rng.choice(setting.writers)}"


def _must(brief: Brief, length: int, rng: Random) -> str:
    """`write`, at a neighbouring length where this one fails."""
    for near in range(length, length + 50):
        text = write(brief, near, rng)
        if text is not None:
            return text
    raise AssertionError("the grammar fits some length in fifty")


def _fitted(sections: list[Section], length: int, rng: Random) -> str | None:
    return "".join(s.text for s in sections) if fit(sections, length, rng) else None


def _greeting_sections(facts: GreetingFacts, rng: Random) -> list[Section]:
    kind = facts.kind
    address, opening, close = _frame(facts, rng)
    return [
        address,
        opening,
        Section(_filled(kind.thanks, facts), high=2),
        Section(_filled(kind.wishes, facts), high=2),
        Section(_filled(grammar().shared, facts), high=1, share=0.5),
        *close,
    ]


def _letter_sections(facts: GreetingFacts, rng: Random) -> list[Section]:
    """A long greeting in four paragraphs."""
    kind = facts.kind
    address, _, close = _frame(facts, rng)
    close[0].before = "\n" + close[0].before
    return [
        address,
        Section(_occasion_lines(facts), low=1, high=1, before="\n"),
        Section(_filled(grammar().scenes, facts), low=1, high=4),
        Section(_filled(kind.thanks, facts), low=2, high=7, before="\n"),
        Section(_filled(kind.wishes, facts), low=2, high=6, before="\n"),
        Section(_filled(grammar().shared, facts), low=1, high=6),
        *close,
    ]


def _frame(facts: GreetingFacts, rng: Random) -> tuple[Section, Section, list[Section]]:
    """Address, opening, and the closing wishes."""
    kind = facts.kind
    opening = _filled(grammar().scenes, facts) + _occasion_lines(facts) * 4
    themes = rng.sample(kind.themes, 2) + ["吉祥"]
    blessings = tuple(dict.fromkeys(b for theme in themes for b in grammar().blessings[theme]))
    lead = Section(_filled(grammar().leads, facts), low=1)
    zodiac = Section(grammar().zodiac[facts.zodiac], low=1, after="，") if facts.zodiac else None
    return (
        Section(_filled(kind.address, facts), low=1),
        Section(opening, share=2.0),
        [
            lead,
            *([zodiac] if zodiac else []),
            Section(blessings, low=1, high=4, joint="，", after="！"),
            Section(_filled(grammar().lasts, facts), low=1),
        ],
    )


def _occasion_lines(facts: GreetingFacts) -> tuple[str, ...]:
    return _filled(grammar().occasions[facts.occasion], facts)


def _filled(pool: tuple[str, ...], facts: GreetingFacts) -> tuple[str, ...]:
    return tuple(sentence.format(you=facts.kind.you, name=facts.name) for sentence in pool)


def _essay_sections(facts: EssayFacts, rng: Random) -> list[Section]:
    names = facts.title.scenes
    named = [name for name in names if name in facts.title.name]
    others = [name for name in names if name not in named]
    chosen = {*named, *rng.sample(others, min(len(others), rng.choice((2, 2, 3)) - len(named)))}
    sections = [Section(grammar().essay_opening, low=1, high=2)]
    for name in (name for name in names if name in chosen):
        scene = grammar().essay_scenes[name]
        sections += [
            Section(scene.open, low=1, before="\n"),
            Section(scene.body, low=2, high=6),
            Section(scene.close),
        ]
    return [*sections, Section(grammar().essay_ending, low=1, high=2, before="\n")]


def _verse(facts: VerseFacts, length: int, rng: Random) -> str | None:
    """Rhymed couplets on the greeting's themes, each a line of its own."""
    grams = grammar()
    seven = rng.random() < 0.8
    rhyme = rng.choice(list((grams.rhymes if seven else grams.short_rhymes).values()))
    lines = length // len(rhyme[0].text)
    if lines < 2:
        return None
    themes = verse_themes(facts.greeting)
    opening = _about(rhyme, "opening", rng)[:1]
    closing = [c for c in _about(rhyme, "closing", rng) if c not in opening][:1]
    fitting = [c for theme in themes for c in _about(rhyme, theme, rng)]
    middle = [c for c in dict.fromkeys(fitting) if c not in opening + closing][: max(lines - 2, 0)]
    rest = [c for c in rhyme if c not in opening + closing + middle and "closing" not in c.themes]
    middle += rng.sample(rest, min(len(rest), max(lines - 2 - len(middle), 0)))
    return "\n".join(couplet.text for couplet in (opening + middle + closing)[:lines])


def verse_themes(greeting: str) -> list[str]:
    """The themes that a greeting's blessings touch, in order of appearance."""
    found = [
        (greeting.index(blessing), THEMES[theme])
        for theme, blessings in grammar().blessings.items()
        for blessing in blessings
        if blessing in greeting
    ]
    return list(dict.fromkeys(theme for _, theme in sorted(found)))


def _about(rhyme: tuple[Couplet, ...], theme: str, rng: Random) -> list[Couplet]:
    couplets = [c for c in rhyme if theme in c.themes]
    return rng.sample(couplets, len(couplets))


def _summary(facts: SummaryFacts, length: int, rng: Random) -> str | None:
    """Short forms of the letter's points and one hope; the longest of a few tries that fits, else the shortest."""
    tries = [_summary_once(facts, rng) for _ in range(12)]
    fitting = [text for text in tries if len(text) <= length]
    return max(fitting, key=len) if fitting else min(tries, key=len)


def _summary_once(facts: SummaryFacts, rng: Random) -> str:
    words = grammar().summary
    parts = []
    for part, key in (("past", "lead"), ("people", "people"), ("plan", "plan")):
        shorts = [rng.choice(point.short) for point in facts.points if point.part == part]
        if shorts:
            parts.append(rng.choice(words[key]) + "、".join(shorts) + "。")
    hopes = rng.sample(facts.setting.hopes, 1 if rng.random() < 0.6 else 2)
    hope = "，".join(rng.choice(wordings) for wordings in hopes)
    return "".join(parts) + rng.choice(words["role"]).format(role=facts.role) + hope + "。"
