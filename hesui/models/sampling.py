"""Drawing the next token of every row of a batch at once; knows nothing of models or of text.

A row's draw depends on its own logits, settings and random numbers only, never on the rest of the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hesui.records import Sampling

PLAUSIBLE = 0.1  # an end is put off only where everything else together has this probability
NUCLEUS = 256  # tokens looked at first; sorting a whole vocabulary is slow and rarely needed
CHUNK = 64  # random numbers made at a time


class Dice:
    """A row's own random numbers in [0, 1), the same for the same seed whatever else is drawn."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed % 2**63)
        self._numbers: list[float] = []

    def roll(self) -> float:
        """The next number."""
        if not self._numbers:
            self._numbers = torch.rand(CHUNK, generator=self._generator).tolist()[::-1]
        return self._numbers.pop()


class Drawn(NamedTuple):
    """One step of a batch."""

    tokens: list[int]
    logprobs: list[float]  # of each token under the model itself: temperature 1, nothing cut off
    ends: list[float]  # log-probability, likewise, that the answer ends here


@dataclass(frozen=True, slots=True)
class Knobs:
    """The sampling settings of a batch, a row each: (rows, 1)."""

    temperature: Tensor
    top_p: Tensor
    top_k: Tensor
    greedy: bool  # every row is

    @classmethod
    def of(cls, rows: Sequence[Sampling], device: torch.device) -> Knobs:
        """The settings of `rows` as tensors on `device`."""

        def column(values: list[float]) -> Tensor:
            return torch.tensor(values, device=device).unsqueeze(1)

        return cls(
            column([float(row.temperature) for row in rows]),
            column([float(row.top_p) for row in rows]),
            column([float(row.top_k or 2**24) for row in rows]),
            all(row.temperature <= 0 for row in rows),
        )


def draw(logits: Tensor, knobs: Knobs, rolls: list[float], hold: list[bool], ends: Tensor) -> Drawn:
    """The next token of each row of `logits` (rows, vocabulary).

    `rolls` are the rows' random numbers; where `hold`, the tokens `ends` are left out if the rest is plausible.
    """
    logits = logits.float()
    total = logits.logsumexp(-1, keepdim=True)
    end = logits[:, ends].logsumexp(-1, keepdim=True) - total
    allowed = _without_ends(logits, end, hold, ends) if any(hold) else logits
    tokens = allowed.argmax(-1, keepdim=True)
    if not knobs.greedy:
        numbers = torch.tensor(rolls, device=logits.device).unsqueeze(1)
        tokens = torch.where(knobs.temperature > 0, _sample(allowed, knobs, numbers), tokens)
    logprobs = logits.gather(1, tokens) - total
    # One copy from the device a step; float32 holds every id below 2**24 exactly.
    ids, *logs = torch.cat([tokens.float(), logprobs, end], 1).T.tolist()
    return Drawn([int(token) for token in ids], *logs)


def _without_ends(logits: Tensor, end: Tensor, hold: list[bool], ends: Tensor) -> Tensor:
    held = torch.tensor(hold, device=logits.device).unsqueeze(1) & (end.exp() <= 1 - PLAUSIBLE)
    without = logits.index_fill(1, ends, float("-inf"))
    return torch.where(held, without, logits)


def _sample(logits: Tensor, knobs: Knobs, numbers: Tensor) -> Tensor:
    """Inverse transform sampling from the top-k, top-p nucleus: (rows, 1)."""
    scaled = logits / knobs.temperature.clamp(min=1e-4)
    probs, order = _head(scaled, knobs)
    kept = probs * (torch.arange(probs.shape[1], device=probs.device) < knobs.top_k)
    # Top-p is a share of what top-k leaves: of everything, where it leaves more than the head looked at.
    mass = torch.where(knobs.top_k > probs.shape[1], 1.0, kept.sum(1, keepdim=True))
    kept = kept * (kept.cumsum(1) - kept < knobs.top_p * mass)
    kept[:, 0] = probs[:, 0]  # a top_p of 0 still leaves the likeliest
    edges = kept.cumsum(1)
    picked = (edges <= numbers * edges[:, -1:]).sum(1, keepdim=True)
    return order.gather(1, picked.minimum((kept > 0).sum(1, keepdim=True) - 1))


def _head(scaled: Tensor, knobs: Knobs) -> tuple[Tensor, Tensor]:
    """Probabilities in falling order, and their tokens: as many as any row's nucleus may need."""
    total = scaled.logsumexp(-1, keepdim=True)
    if scaled.shape[1] > NUCLEUS:
        top, order = scaled.topk(NUCLEUS, dim=1)
        probs = (top - total).exp()
        unlimited = (knobs.top_k >= scaled.shape[1]) & (probs.sum(1, keepdim=True) >= knobs.top_p)
        if bool((unlimited | (knobs.top_k <= NUCLEUS)).all()):
            return probs, order
    top, order = scaled.sort(dim=1, descending=True)
    return (top - total).exp(), order
