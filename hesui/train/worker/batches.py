"""Batches of rows of like length, in an order that the seed and the epoch decide alone, padded to few widths.

Knows nothing of what the rows say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from torch.utils.data import Sampler

WINDOW = 8  # batches whose rows are sorted together: more pad less, and mix less
NARROWEST = 32  # tokens; widths are multiples of it, or of a sixteenth of the next power of two


class AlikeSampler(Sampler[int]):
    """Indices of rows, so that each `batch` of them in turn have like lengths; a rest comes last."""

    def __init__(
        self, lengths: Sequence[int], batch: int, seed: int, epoch: Callable[[], int], window: int = WINDOW
    ) -> None:
        """Rows of `window` batches are sorted together; with 1 the order is random but for the places in a batch."""
        self._lengths = lengths
        self._batch = batch
        self._window = batch * window
        self._seed = seed
        self._epoch = epoch  # asked when an epoch begins, so that a resumed run is in the epoch that was interrupted

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        rng = Random(f"{self._seed}/{self._epoch()}")
        order = rng.sample(range(len(self._lengths)), len(self._lengths))
        whole = len(order) - len(order) % self._batch
        batches = [batch for start in range(0, whole, self._window) for batch in self._sorted(order, start, whole)]
        rng.shuffle(batches)
        for batch in batches:
            yield from batch
        yield from order[whole:]

    def _sorted(self, order: Sequence[int], start: int, end: int) -> Iterator[list[int]]:
        window = sorted(order[start : min(end, start + self._window)], key=self._lengths.__getitem__)
        for first in range(0, len(window), self._batch):
            yield window[first : first + self._batch]


def width(tokens: int) -> int:
    """The width that a batch is padded to: the least of few that holds `tokens`.

    PyTorch's CPU allocator grows with every new shape. From 256 on at most an eighth of a batch is padding.
    """
    step = max(NARROWEST, 2 ** (max(tokens - 1, 1).bit_length() - 4))
    return int(-(-tokens // step) * step)


class FewWidths:
    """One of TRL's collators, told to pad each batch to one of few widths."""

    def __init__(self, collator: Any, length: Callable[[Any], int]) -> None:
        self._collator = collator
        self._length = length

    def __call__(self, rows: Sequence[Any]) -> Any:
        self._collator.pad_to_multiple_of = width(max(map(self._length, rows)))
        return self._collator(rows)
