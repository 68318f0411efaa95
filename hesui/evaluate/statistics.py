"""Intervals for measured shares; knows nothing of what was measured."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

Z95 = 1.959963984540054  # the normal quantile that leaves 2.5 % on each side


class Share(NamedTuple):
    """A share with its 95 % interval, all from 0 to 1."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.1%} [{self.low:.1%}, {self.high:.1%}]"


def wilson(hits: int, n: int, z: float = Z95) -> Share:
    """The share `hits` / `n` with its score interval (Wilson 1927, JASA 22:209-212, eq. for p).

    Raises ValueError unless 0 ≤ hits ≤ n and n > 0.
    """
    if n <= 0 or not 0 <= hits <= n:
        raise ValueError(f"{hits} hits of {n} are no share; expected 0 ≤ hits ≤ n and n > 0")
    p = hits / n
    spread = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    middle, scale = p + z * z / (2 * n), 1 + z * z / n
    low, high = max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
    return Share(p, low, high)
