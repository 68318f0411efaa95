"""General ability: the perplexity of prompts that demand no length, which training should not make worse.

Knows nothing of how the model is trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from hesui.corpus.seeds import load_evaluation
from hesui.models.base import Base
from hesui.models.likelihood import Scored, likelihoods
from hesui.records import Message
from hesui.train.worker.wish import Ended

LONGEST = 256  # tokens of a text that are looked at


class Ability(NamedTuple):
    """How well a model foresees texts."""

    perplexity: float  # e to the mean negative log-likelihood of a token
    n: int  # texts


def prompts() -> list[str]:
    """The evaluation prompts without a demand, which nothing trains on."""
    return [row.prompt for row in load_evaluation() if row.constraint is None]


def measure(base: Base, texts: Iterable[str], unwanted: Callable[[], bool]) -> Ability:
    """The perplexity of each text as a user's turn, template and all, averaged over all tokens.

    Raises Ended as soon as it is `unwanted`; restores the model's mode.
    """
    rows = [Scored(base.chat.prompt([Message("user", text)])[:LONGEST], 1) for text in texts]
    nats = [nat for _, found in likelihoods(base, rows, unwanted) for nat in found]
    if unwanted():
        raise Ended
    return Ability(math.exp(min(sum(nats) / max(len(nats), 1), 700.0)), len(rows))
