"""What a run will take, before it starts: calls, tokens and money by class, at best and at worst.

Tokens are those of `hesui.distil.tokens`, rather too many. At best every first answer is accepted and every expansion
brings only new prompts; at worst every question uses up its tries and gets the variants of a hard one, and every
class uses up its rounds. Knows no teacher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean

from hesui.corpus.classes import TaskClass
from hesui.corpus.rows import Row
from hesui.distil.accepting import strict
from hesui.distil.calls import Usage
from hesui.distil.config import Config
from hesui.distil.expanding import HARD_VARIANTS
from hesui.distil.planning import Goal, make_plan
from hesui.distil.teachers import FREE, Price
from hesui.distil.tokens import PER_MESSAGE, estimate_tokens
from hesui.length import Constraint, parse
from hesui.prompts import answering, expansion, language

LENGTH_FREE = 300  # characters of an answer to a prompt without a demand
FEEDBACK = 150  # tokens of a message that tells a measured count
PROMPT = "请写一段{demand}的文字"  # where a class shows none


@dataclass(frozen=True, slots=True)
class Load:
    """Work for a teacher."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0  # in the price's currency

    def __add__(self, other: Load) -> Load:
        return Load(
            self.calls + other.calls,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.cost + other.cost,
        )


@dataclass(frozen=True, slots=True)
class ClassEstimate:
    """What one class will take."""

    task: str
    prompts: int
    best: Load
    worst: Load


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take."""

    classes: tuple[ClassEstimate, ...]

    @property
    def prompts(self) -> int:
        """Of all classes."""
        return sum(one.prompts for one in self.classes)

    @property
    def best(self) -> Load:
        """Of all classes."""
        return sum((one.best for one in self.classes), Load())

    @property
    def worst(self) -> Load:
        """Of all classes."""
        return sum((one.worst for one in self.classes), Load())


def estimate(
    config: Config, classes: Mapping[str, TaskClass], seeds: Sequence[Row], price: Price | None = None
) -> Estimate:
    """What a run with these settings will take. Raises InputError as the run itself would."""
    plan = make_plan(config, classes, seeds)
    return Estimate(tuple(_class(goal, config, seeds, price or FREE) for goal in plan))


def _class(goal: Goal, config: Config, seeds: Sequence[Row], price: Price) -> ClassEstimate:
    examples = _examples(goal.task, seeds)
    asked = round(fmean(estimate_tokens(prompt) for prompt, _ in examples))
    answered = round(fmean(_answer_tokens(constraint, goal.task) for _, constraint in examples))
    best, worst = _expansion(goal, config, [prompt for prompt, _ in examples], asked, price)
    rules = PER_MESSAGE + estimate_tokens(answering(config.counter, "zh") + goal.task.system)
    first = _load(goal.prompts * config.samples, rules + PER_MESSAGE + asked, answered, price)
    retried = rules + 3 * PER_MESSAGE + asked + answered + FEEDBACK
    again = _load(goal.prompts * config.retries, retried, answered, price)
    hard = HARD_VARIANTS if config.samples + config.retries >= config.hard else 0
    return ClassEstimate(goal.task.id, goal.prompts, best + first, sum([first + again] * (1 + hard), worst))


def _examples(task: TaskClass, seeds: Sequence[Row]) -> list[tuple[str, Constraint | None]]:
    found = [(seed.prompt, seed.constraint) for seed in seeds if seed.task == task.id]
    found += [(shot.prompt, parse(shot.prompt)) for shot in task.shots]
    if not found:
        prompt = PROMPT.format(demand=task.demand)
        found = [(prompt, parse(prompt))]
    return found


def _answer_tokens(constraint: Constraint | None, task: TaskClass) -> int:
    """An answer's length: what the strict rule takes, in the middle; 1.5 tokens for a word, 1 for a character."""
    if constraint is None:
        return LENGTH_FREE
    count = strict(constraint, task.within).aim
    each = {"char": 1.0, "word": 1.5, "sentence": 20.0, "line": 12.0, "paragraph": 120.0}[constraint.unit]
    return ceil(count * each)


def _expansion(goal: Goal, config: Config, prompts: Sequence[str], asked: int, price: Price) -> tuple[Load, Load]:
    """At best and at worst; a class with an input has its prompts made without a teacher."""
    own = list(prompts)
    new = max(0, goal.base - len(own))
    if goal.task.input or not new:
        return Load(), Load()
    shots = sorted(own, key=len)[: config.shots]
    lang = language(shots[0])
    messages = expansion(
        name=getattr(goal.task.name, lang),
        asks=getattr(goal.task.asks, lang),
        guidance=goal.task.guidance,
        shots=shots,
        number=config.per_call,
        needs_demand=goal.task.needs_demand,
        lang=lang,
    )
    sent = sum(PER_MESSAGE + estimate_tokens(message.content) for message in messages)
    rounds = min(config.rounds, ceil(new / config.per_call))
    written = config.per_call * (asked + 4)
    return _load(rounds, sent, written, price), _load(config.rounds, sent, written, price)


def _load(calls: int, prompt: int, completion: int, price: Price) -> Load:
    usage = Usage(calls * prompt, calls * completion)
    return Load(calls, usage.prompt, usage.completion, price.of(usage))
