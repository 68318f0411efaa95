"""Tells whether a festive text consists of nothing but clauses that the grammar can write.

The embedded model's fluency is measured so: a garbled clause is one that the grammar does not know.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import regex

from hesui.corpus.grammar import grammar

CLAUSE_END = regex.compile(r"[，。！？、：；\n]+")
FINAL = tuple("。！？…”》）～")
YOU = ("您", "你", "你们", "大家")


class Known(NamedTuple):
    """The clauses of greetings."""

    whole: frozenset[str]
    leads: tuple[str, ...]  # a blessing may follow without a pause
    blessings: frozenset[str]
    named: regex.Pattern[str]  # clauses with a reader's name


def clean(text: str) -> bool:
    """Whether a greeting ended properly and every clause of it is the grammar's own."""
    return text.endswith(FINAL) and not unknown_clauses(text)


def unknown_clauses(text: str) -> list[str]:
    """The clauses of a greeting that the grammar cannot have written."""
    return [clause for clause in CLAUSE_END.split(text) if clause and not _known(clause)]


def _known(clause: str) -> bool:
    known = greeting_clauses()
    if clause in known.whole or clause in known.blessings or known.named.fullmatch(clause):
        return True
    return any(clause.startswith(lead) and clause[len(lead) :] in known.blessings for lead in known.leads)


@cache
def greeting_clauses() -> Known:
    """Every clause that a greeting or a long greeting can contain."""
    grams = grammar()
    addresses = [address for kind in grams.kinds for address in kind.address]
    sentences = [
        *grams.scenes,
        *grams.shared,
        *grams.lasts,
        *(line for lines in grams.occasions.values() for line in lines),
        *(line for kind in grams.kinds for line in (*kind.thanks, *kind.wishes)),
    ]
    names = sorted({person.addressed.format(surname="<surname>") for kind in grams.kinds for person in kind.recipients})
    greeted = _clauses(addresses)
    named = {clause for clause in greeted if "{name}" in clause}
    anyone = "(?:" + "|".join(name.replace("<surname>", f"[{grams.surnames}]") for name in names) + ")"
    leads = {lead.split("，")[-1] for lead in _spoken(grams.leads)}
    return Known(
        whole=frozenset(
            (greeted - named) | _clauses([*_spoken(sentences), *(lead.rpartition("，")[0] for lead in grams.leads)])
        ),
        leads=tuple(leads),
        blessings=frozenset(b for table in (grams.blessings, grams.zodiac) for row in table.values() for b in row),
        named=regex.compile("|".join(clause.replace("{name}", anyone) for clause in sorted(named))),
    )


def _spoken(sentences: Iterable[str]) -> list[str]:
    return [sentence.replace("{you}", you) for sentence in sentences for you in YOU]


def _clauses(sentences: Iterable[str]) -> set[str]:
    return {clause for sentence in sentences for clause in CLAUSE_END.split(sentence) if clause}
