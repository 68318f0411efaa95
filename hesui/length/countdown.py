"""Countdown marks: what remains of a text, written into it where clauses end (Hansel, arXiv 2412.14033).

A mark is `⟦12⟧`. Everything that counts or shows a text leaves marks out. Knows nothing of models or of tokens.
"""

from __future__ import annotations

from typing import NamedTuple

import regex

from hesui.length.constraint import DEFAULT_COUNTER, Constraint
from hesui.length.counting import MARKER, Tally, count

MOST = 9_999_999  # what a mark has digits for
INSIDE = 0.08  # how far inside a single bound to aim, as a share of it: of texts led to the bound itself half miss it

# What is decided by the text up to the end alone, so that a writer knows it at once. Enumerations (、) and dashes end no
# clause; a half-width mark ends one behind a letter only, because 3.14 and 10:30 go on; a line end where no mark did.
_CLAUSE_END = regex.compile(r"[，。！？；：]|(?<=\p{L})[,.;:!?\n]")
_BEGUN = regex.compile(r"⟦\d{0,7}\Z")


class Clause(NamedTuple):
    """A stretch of text, and the mark behind it."""

    text: str
    remaining: int | None  # characters from its end to the text's; None = no mark: the text ends within the clause


def counts_down(constraint: Constraint | None) -> bool:
    """Whether marks can lead to what is demanded: a number of characters for the whole answer."""
    return constraint is not None and constraint.unit == "char" and constraint.scope == "whole"


def goal(constraint: Constraint) -> int:
    """The count to lead a text to: the demand's aim, where it has one bound only some way inside."""
    inside = max(2, round(INSIDE * constraint.aim))
    if constraint.op == "le":
        return max(1, constraint.aim - inside)
    return constraint.aim + (inside if constraint.op == "ge" else 0)


def ends_clause(text: str, start: int = 0) -> bool:
    """Whether a clause ends in `text` at or behind the code point `start`."""
    return _CLAUSE_END.search(text, start) is not None


def mark(remaining: int) -> str:
    """The mark that says that `remaining` characters are left; of a text that is too long already, 0."""
    return f"⟦{min(max(0, remaining), MOST)}⟧"


def clauses(text: str, counter: str = DEFAULT_COUNTER) -> list[Clause]:
    """`text` cut at its clause ends, with what remains there by the rule `counter`. Linear time.

    What remains is the whole text's count less that of the text so far. Marks that stand in `text` already are left out.
    """
    text = strip(text)
    total, tally = count(text, counter), Tally(counter)
    ends = [found.end() for found in _CLAUSE_END.finditer(text)]
    parts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    found = [Clause(part, max(0, total - tally.feed(part))) for part in parts]
    rest = text[ends[-1] if ends else 0 :]
    return [*found, Clause(rest, None)] if rest else found


def insert(text: str, counter: str = DEFAULT_COUNTER) -> str:
    """`text` with a mark at each clause end; one at its very end says 0."""
    return "".join(part + ("" if left is None else mark(left)) for part, left in clauses(text, counter))


def strip(text: str) -> str:
    """`text` without marks."""
    return MARKER.sub("", text)


def showable(text: str) -> str:
    """What may be shown of a text that is still growing: no marks, and no end that may turn into one."""
    return _BEGUN.sub("", strip(text))
