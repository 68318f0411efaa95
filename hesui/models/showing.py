"""The piece that brings what a reader has been shown of an answer up to date; knows not who writes."""

from __future__ import annotations

from hesui.records import Piece


def change(row: int, before: str, after: str) -> Piece | None:
    """The piece that turns `before` into `after` in the answer to request `row`; None where they are the same."""
    if before == after:
        return None
    if after.startswith(before):
        return Piece(row, after[len(before) :])
    keep = _common(before, after)
    return Piece(row, after[keep:], keep)


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
