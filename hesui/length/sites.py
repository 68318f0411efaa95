"""The words around a quantity, cut at its sentence; does not judge them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hesui.length.comparators import Reading
from hesui.length.quantities import Quantity

_REACH = 48  # characters looked at on either side
SENTENCE_END = re.compile(r"[。！？!?；;\n]|[.][\"”]?(?=\s|\Z)")


@dataclass(frozen=True, slots=True)
class Site:
    """One reading with the words around it."""

    quantity: Quantity
    reading: Reading
    left: str  # before the demand, back to the sentence's start
    near: str  # before the number, comparators included
    right: str  # behind the demand, up to the sentence's end
    prompt: str  # all of it, for questions of register

    @property
    def clause(self) -> str:
        """`left` back to the nearest comma."""
        return re.split(r"[，,、：:（(]", self.left)[-1]

    @property
    def bare(self) -> bool:
        """Nothing but a number and a unit: no bound, no 字数."""
        return not self.reading.hard and self.quantity.head is None

    @property
    def small(self) -> bool:
        """Few enough to be part of a name or an idiom."""
        return self.quantity.high < 20


def site(text: str, quantity: Quantity, reading: Reading) -> Site:
    """The surroundings of a reading in `text`."""
    start, end = reading.span
    left = SENTENCE_END.split(text[max(0, start - _REACH) : start])[-1]
    near = SENTENCE_END.split(text[max(0, quantity.start - _REACH) : quantity.start])[-1]
    right = SENTENCE_END.split(text[end : end + _REACH])[0]
    if text[end + len(right) : end + len(right) + 1] in ("?", "？"):
        right += "？"
    return Site(quantity, reading, left, near, right, text)
