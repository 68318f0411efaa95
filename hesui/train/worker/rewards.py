"""What an answer is worth to GRPO: that it obeys, how near it comes, that it is finished, that it does not repeat itself.

Knows nothing of models, nor of trainers but for how TRL calls a reward and what it calls its means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from hesui.length import Constraint, Counter, Verdict, check
from hesui.models.chat import answer
from hesui.quality import is_complete, is_signed

SLOPE = 5.0  # how fast nearness falls: 10 % off are worth 0.61, 20 % are worth 0.37
UNFINISHED = -2.0  # as much as obeying and nearness give, else a model learns to stop dead at the number
RUN, REPEATED = 4, -1.0  # tokens that count as said twice where they come again; the worth of nothing but repeats
PARTS = {
    "reward_satisfied": "satisfied_reward",
    "reward_near": "near_reward",
    "reward_unfinished": "unfinished_reward",
    "reward_repetition": "repetition_penalty_reward",
}  # of the reward: a measurement's name and TRL's

Reward = Callable[..., list[float]]


class Demand(NamedTuple):
    """What one prompt asks of its answer."""

    constraint: Constraint
    counter: Counter


def satisfied(text: str, demand: Demand) -> float:
    """1 where the answer obeys, else 0."""
    return float(_verdict(text, demand).ok)


def near(text: str, demand: Demand) -> float:
    """How near the length comes, from 0 to 1: exp(-5 · |error| / aim), the error as hesui.length.check gives it.

    So an answer inside a range or below a bound is worth 1, and twice the aim is worth next to nothing.
    """
    return math.exp(-SLOPE * abs(_verdict(text, demand).error) / max(demand.constraint.aim, 1))


def unfinished(text: str, ended: bool) -> float:
    """-2 where the model did not end the answer itself, or not where a sentence or a signature ends; else 0."""
    return 0.0 if ended and (is_complete(text) or is_signed(text)) else UNFINISHED


def rewards(demands: Sequence[Demand], ends: Collection[int]) -> list[Reward]:
    """What TRL adds up: obeying, nearness, being finished, and TRL's own penalty on runs of tokens that come again.

    A row of the data set names its demand by the column `row`; `ends` are the ids that end an answer. TRL's penalty,
    -(1 - distinct / all runs of 4 tokens), looks at token ids, so it needs no blanks between words (arXiv 2502.03373,
    appendix C.2).
    """
    from trl.rewards.other_rewards import get_repetition_penalty_reward

    repetition: Reward = get_repetition_penalty_reward(RUN, REPEATED)

    def satisfied_reward(completions: Sequence[str], row: Sequence[int], **_: Any) -> list[float]:
        return [satisfied(answer(text), demands[one]) for text, one in zip(completions, row, strict=True)]

    def near_reward(completions: Sequence[str], row: Sequence[int], **_: Any) -> list[float]:
        return [near(answer(text), demands[one]) for text, one in zip(completions, row, strict=True)]

    def unfinished_reward(completions: Sequence[str], completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
        drawn = zip(completions, completion_ids, strict=True)
        return [unfinished(answer(text), bool(ids) and ids[-1] in ends) for text, ids in drawn]

    return [satisfied_reward, near_reward, unfinished_reward, repetition]


def logged(logs: Mapping[str, Any]) -> dict[str, float]:
    """The mean reward and its parts, as a training measurement names them, from what TRL logs; nothing where it does
    not reward."""
    if "reward" not in logs:
        return {}
    parts = {ours: logs.get(f"rewards/{theirs}/mean") for ours, theirs in PARTS.items()}
    told = {"reward": logs["reward"], **parts}
    return {name: float(value) for name, value in told.items() if value is not None}


def _verdict(text: str, demand: Demand) -> Verdict:
    return check(text, demand.constraint, demand.counter)
