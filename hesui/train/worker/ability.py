"""General ability: the perplexity of prompts that demand no length, which training should not make worse.

Knows nothing of how the model is trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from hesui.corpus.seeds import load_evaluation
from hesui.models.base import Base
from hesui.records import Message
from hesui.train.worker.lessons import IGNORED
from hesui.train.worker.wish import Ended

LONGEST = 256  # tokens of a text that are looked at
AT_ONCE = 8  # texts in one forward pass


class Ability(NamedTuple):
    """How well a model foresees texts."""

    perplexity: float  # e to the mean negative log-likelihood of a token
    n: int  # texts


def prompts() -> list[str]:
    """The evaluation prompts without a demand, which nothing trains on."""
    return [row.prompt for row in load_evaluation() if row.constraint is None]


@torch.no_grad()
def measure(base: Base, texts: Iterable[str], unwanted: Callable[[], bool]) -> Ability:
    """The perplexity of each text as a user's turn, template and all, averaged over all tokens.

    Raises Ended as soon as it is `unwanted`; restores the model's mode.
    """
    rows = sorted((base.chat.prompt([Message("user", text)])[:LONGEST] for text in texts), key=len)
    training = base.model.training
    base.model.eval()
    total, tokens = 0.0, 0
    try:
        for start in range(0, len(rows), AT_ONCE):
            if unwanted():
                raise Ended
            loss, counted = _loss(base, rows[start : start + AT_ONCE])
            total, tokens = total + loss, tokens + counted
    finally:
        base.model.train(training)
    return Ability(math.exp(min(total / max(tokens, 1), 700.0)), len(rows))


def _loss(base: Base, rows: Sequence[Sequence[int]]) -> tuple[float, int]:
    """The summed loss of a batch and how many tokens it is of; padded on the right, which a causal model never sees."""
    width = max(map(len, rows))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows], device=base.device)
    labels = torch.tensor([[*row[1:], *[IGNORED] * (width - len(row) + 1)] for row in rows], device=base.device)
    logits = base.model(input_ids=ids, use_cache=False).logits
    loss = cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="sum")
    return float(loss), int((labels != IGNORED).sum())
