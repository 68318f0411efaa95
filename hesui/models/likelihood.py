"""How likely a model finds given texts: negative log-likelihoods of their tokens, in batches.

Knows nothing of who wrote a text or of what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from hesui.models.base import Base

AT_ONCE = (
    1_024  # tokens in one forward pass, padding included; with 150,000 words in a vocabulary their logits take 0.6 GB
)
IGNORED = -100  # a label that is not looked at; PyTorch's own default


class Scored(NamedTuple):
    """What is asked: of which ids, from where on."""

    ids: Sequence[int]
    start: int  # the first id whose likelihood counts, at least 1


@torch.no_grad()
def likelihoods(
    base: Base, rows: Sequence[Scored], unwanted: Callable[[], bool] = lambda: False
) -> Iterator[tuple[int, list[float]]]:
    """The negative log-likelihood in nats of each id from `start` on, row by row, each with its place in `rows`.

    Rows come by length, not in order, and stop once it is `unwanted`. Ids beyond the model's context are left out.
    Restores the model's mode.
    """
    training = base.model.training
    base.model.eval()
    try:
        for batch in _batches(rows, base.context):
            if unwanted():
                return
            yield from zip(batch, _nats(base, [rows[place] for place in batch]), strict=True)
    finally:
        base.model.train(training)


def _batches(rows: Sequence[Scored], context: int) -> Iterator[list[int]]:
    """Places of rows of about one length."""
    batch: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: len(rows[place].ids)):
        length = min(len(rows[place].ids), context)
        if batch and (len(batch) + 1) * length > AT_ONCE:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _nats(base: Base, rows: Sequence[Scored]) -> list[list[float]]:
    """Padded on the right, which a causal model never sees."""
    kept = [list(row.ids[: base.context]) for row in rows]
    width = max(map(len, kept))
    ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in kept], device=base.device)
    labels = ids[:, 1:].clone()
    for place, (row, one) in enumerate(zip(rows, kept, strict=True)):
        labels[place, : row.start - 1] = IGNORED
        labels[place, len(one) - 1 :] = IGNORED
    logits = base.model(input_ids=ids, use_cache=False).logits[:, :-1].float()
    found = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none")
    table = found.view_as(labels).cpu()
    return [
        table[place, row.start - 1 : len(one) - 1].tolist()
        for place, (row, one) in enumerate(zip(rows, kept, strict=True))
    ]
