"""How many prompts of which class a run wants, and in which order: a class after those whose answers it carries.

Knows neither teachers nor the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from hesui.corpus.classes import TaskClass, require_class
from hesui.corpus.rows import Row
from hesui.distil.config import Config
from hesui.errors import InputError

USES = 2  # prompts that one answer is carried by
SPARE = 1.1  # answers wanted for one that is needed: some questions fail


@dataclass(frozen=True, slots=True)
class Goal:
    """What a run wants of one class."""

    task: TaskClass
    prompts: int  # in all
    base: int  # of those: before the same question is put under other demands
    support: bool = False  # only wanted for another class's prompts


def make_plan(config: Config, classes: Mapping[str, TaskClass], seeds: Sequence[Row]) -> list[Goal]:
    """The goals of a run, those that others build upon first.

    Raises InputError on a class that is unknown, that wants labels instead of answers, or that has nothing to
    start from.
    """
    chosen = [require_class(name, classes) for name in dict.fromkeys(config.classes)]
    chosen = chosen or [task for task in classes.values() if task.kind == "answer" and task.share > 0]
    goals = {task.id: _goal(task, number, config) for task, number in _shared_out(chosen, config.prompts)}
    _add_support(goals, classes, config)
    started = {row.task for row in seeds}
    for goal in goals.values():
        _require_start(goal.task, started)
    return _ordered(goals, classes)


def _goal(task: TaskClass, prompts: int, config: Config) -> Goal:
    if task.kind != "answer":
        raise InputError(
            f"class {task.id!r} wants labels, not answers; choose another, or let a teacher label it",
            "error.distil_label_class", name=task.id,
        )  # fmt: skip
    return Goal(task, prompts, ceil(prompts / (1 + config.variants)))


def _shared_out(chosen: Sequence[TaskClass], prompts: int) -> Iterable[tuple[TaskClass, int]]:
    """The prompts by share, each class at least one; the largest remainders are rounded up."""
    shares = [task.share or 1.0 for task in chosen]  # a class that was asked for by name counts
    exact = [prompts * share / sum(shares) for share in shares]
    numbers = [int(number) for number in exact]
    by_remainder = sorted(range(len(chosen)), key=lambda i: numbers[i] - exact[i])
    for i in by_remainder[: prompts - sum(numbers)]:
        numbers[i] += 1
    return [(task, max(1, number)) for task, number in zip(chosen, numbers, strict=True)]


def _add_support(goals: dict[str, Goal], classes: Mapping[str, TaskClass], config: Config) -> None:
    """Make sure that the classes whose answers others carry bring enough of them."""
    waiting = list(goals.values())
    while waiting:
        goal = waiting.pop()
        if not goal.task.input:
            continue
        if goal.task.id in _inputs(goal.task, classes):
            raise InputError(
                f"class {goal.task.id!r} carries its own answers; change its input",
                "error.class_cycle", name=goal.task.id,
            )  # fmt: skip
        task = classes[goal.task.input]
        needed = ceil(goal.base / USES * SPARE) + 1
        known = goals.get(task.id)
        if known is None:
            goals[task.id] = Goal(task, needed, needed, support=True)
            waiting.append(goals[task.id])
        elif known.prompts < needed:
            goals[task.id] = Goal(task, needed, min(needed, known.base + needed - known.prompts), known.support)
            waiting.append(goals[task.id])


def _inputs(task: TaskClass, classes: Mapping[str, TaskClass]) -> set[str]:
    """The classes that `task` builds upon, near and far."""
    found: set[str] = set()
    while task.input and task.input not in found:
        found.add(task.input)
        task = classes[task.input]
    return found


def _require_start(task: TaskClass, started: set[str]) -> None:
    if not (task.input or task.shots or task.id in started):
        raise InputError(
            f"class {task.id!r} has no seed prompt and its file no example; add at least one",
            "error.distil_no_seeds", name=task.id,
        )  # fmt: skip


def _ordered(goals: Mapping[str, Goal], classes: Mapping[str, TaskClass]) -> list[Goal]:
    """Those that carry nothing first, then those that carry their answers, and so on."""
    return sorted(goals.values(), key=lambda goal: len(_inputs(goal.task, classes)))
