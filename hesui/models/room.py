"""How long an answer may become, from its demand: in characters, which hold for any tokenizer. Knows no model."""

from __future__ import annotations

from hesui.length import Constraint

FREE_CHARS = 600  # room for an answer without a demand
SPARE_CHARS = 160  # room beyond a demand, so that a model that misses it still ends by itself
CHARS_PER_UNIT = {"char": 1, "word": 4, "sentence": 40, "line": 40, "paragraph": 200}  # generously
FEWEST_CHARS = {"char": 1, "word": 1, "sentence": 4, "line": 4, "paragraph": 8}
HEADROOM = 1.3  # a tokenizer's worst texts against its average


def derived_tokens(constraint: Constraint | None, tokens_per_char: float) -> int:
    """Tokens that an answer to `constraint` may have: twice what is demanded, and some more."""
    if constraint is None:
        chars = FREE_CHARS
    else:
        chars = 2 * (constraint.max or constraint.aim) * CHARS_PER_UNIT[constraint.unit] + SPARE_CHARS
    return int(chars * tokens_per_char * HEADROOM) + 1


def fewest_tokens(constraint: Constraint | None, tokens_per_char: float) -> int:
    """Tokens that an answer needs at least to meet `constraint`."""
    return int(constraint.aim * FEWEST_CHARS[constraint.unit] * tokens_per_char) if constraint else 1
