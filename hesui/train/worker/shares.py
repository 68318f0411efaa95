"""One process' share of the rows that a step learns from; all shares together are what one process would be given.

Knows nothing of what the rows say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from torch.utils.data import Sampler


class Share(Sampler[list[int]]):
    """Batches of `micro` rows for process `rank` of `world`, from an order that all of them know.

    Every `world`-th row of each run of `micro` * `world` rows, so that rows of like length are shared out alike. Of a rest
    with fewer rows than processes, some rows are taken twice: a process without any could not take part in the step.
    """

    def __init__(self, order: Iterable[int], rows: int, micro: int, rank: int, world: int) -> None:
        self._order = order
        self._rows = rows
        self._micro = micro
        self._rank = rank
        self._world = world

    def __len__(self) -> int:
        return -(-self._rows // (self._micro * self._world))

    def __iter__(self) -> Iterator[list[int]]:
        order = iter(self._order)
        while together := list(islice(order, self._micro * self._world)):
            yield together[self._rank :: self._world] or [together[self._rank % len(together)]]
