"""The training loop of the embedded model: batches of rows of like length, cross-entropy, a linear decay.

Knows nothing of prompts or tokenizers. Runs of users go through TRL; this loop only makes the model that ships.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

log = logging.getLogger(__name__)

IGNORED = -100  # a label that carries no loss
WIDTHS = (
    64,
    80,
    96,
    112,
    128,
    144,
    160,
    192,
    224,
    256,
    320,
    384,
    448,
    512,
    640,
    768,
    1024,
)  # few shapes: PyTorch's CPU allocator grows with each


class Row(NamedTuple):
    """One training text."""

    ids: tuple[int, ...]
    answer: int  # index of the answer's first token


@dataclass(frozen=True, slots=True)
class Schedule:
    """How rows become steps."""

    tokens: int  # per step, padding included
    epochs: int
    prompts: bool  # whether prompts carry loss too
    seed: int
    warm_up: float = 0.03  # share of all steps


def train(model: Any, rows: Sequence[Row], optimizers: Sequence[torch.optim.Optimizer], schedule: Schedule) -> float:
    """Train in place; the mean loss of the last 50 steps. The peak rates are those of the optimizers."""
    rng = Random(schedule.seed)
    device = next(model.parameters()).device
    batches = [batch for _ in range(schedule.epochs) for batch in make_batches(rows, schedule.tokens, rng)]
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    losses: list[float] = []
    started = time.monotonic()
    model.train()
    for step, batch in enumerate(batches):
        scale = rate(step / len(batches), schedule.warm_up)
        for optimizer, peak in zip(optimizers, peaks, strict=True):
            for group, lr in zip(optimizer.param_groups, peak, strict=True):
                group["lr"] = lr * scale
        losses.append(_step(model, tensors(batch, schedule.prompts, device), optimizers))
        if step % 50 == 49 or step == len(batches) - 1:
            recent = sum(losses[-50:]) / len(losses[-50:])
            log.info("step %d of %d, loss %.3f, %.0f s", step + 1, len(batches), recent, time.monotonic() - started)
    model.eval()
    return sum(losses[-50:]) / len(losses[-50:])


def rate(progress: float, warm_up: float) -> float:
    """The share of the peak learning rate at `progress` (0 to 1): linear warm-up, then linear decay."""
    if progress < warm_up:
        return (progress + 1e-3) / warm_up
    return (1 - progress) / (1 - warm_up)


def make_batches(rows: Sequence[Row], tokens: int, rng: Random) -> Iterator[list[Row]]:
    """Batches of rows of one width each, in random order; a batch holds at most `tokens`, padding included."""
    shelves: dict[int, list[Row]] = {}
    batches: list[list[Row]] = []
    for row in rng.sample(rows, len(rows)):
        width = next(w for w in WIDTHS if w >= len(row.ids))
        shelf = shelves.setdefault(width, [])
        shelf.append(row)
        if (len(shelf) + 1) * width > tokens:
            batches.append(shelves.pop(width))
    batches += shelves.values()
    rng.shuffle(batches)
    yield from batches


def tensors(batch: Sequence[Row], prompts: bool, device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids and labels, both (rows, width), padded on the right, which a causal model never looks at."""
    width = next(w for w in WIDTHS if w >= max(len(row.ids) for row in batch))
    ids = torch.zeros(len(batch), width, dtype=torch.long)
    labels = torch.full((len(batch), width), IGNORED)
    for i, row in enumerate(batch):
        first = 0 if prompts else row.answer
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        labels[i, first : len(row.ids)] = torch.tensor(row.ids[first:])
    return ids.to(device), labels.to(device)


def _step(model: Any, batch: tuple[Tensor, Tensor], optimizers: Sequence[torch.optim.Optimizer]) -> float:
    ids, labels = batch
    with torch.autocast(ids.device.type, torch.bfloat16):
        logits = model(input_ids=ids, use_cache=False).logits
        loss = cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=IGNORED)
    loss.backward()  # type: ignore[no-untyped-call]
    for optimizer in optimizers:
        torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return float(loss.detach())
