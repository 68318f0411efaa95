"""Reads what a reviewer sends: names, decisions, filters. Everything may be wrong, and is told what is allowed.

Knows neither the database nor the page.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import regex

from hesui.corpus.classes import TaskClass
from hesui.corpus.cleaning import clean
from hesui.errors import InputError
from hesui.length import count
from hesui.store.queueing import Decision
from hesui.store.reviewing import REASONS, Action, Item

LONGEST_NAME = 40  # characters
LONGEST_KEY = 64
LONGEST_NOTE = 2_000
LONGEST_TEXT = 20_000
LONGEST_LOOK = 3_600.0  # seconds on one item that are still counted; nobody reads longer

_HIDDEN = regex.compile(r"[\p{C}\p{Zl}\p{Zp}]")


def reviewer_name(given: object) -> str:
    """The name that somebody reviews under, tidied. Raises InputError where it is empty, too long or cannot be seen."""
    name = " ".join(unicodedata.normalize("NFC", given).split()) if isinstance(given, str) else ""
    if not name or len(name) > LONGEST_NAME or _HIDDEN.search(name):
        raise InputError(
            f"a reviewer's name has 1 to {LONGEST_NAME} visible characters; choose another",
            "error.reviewer_name", limit=LONGEST_NAME,
        )  # fmt: skip
    return name


def read_key(given: object) -> str:
    """The key that makes a request count once. Raises InputError."""
    if not isinstance(given, str) or not 8 <= len(given) <= LONGEST_KEY or not given.isascii():
        raise InputError("a decision needs a key of 8 to 64 ASCII characters; reload the page", "error.review_key")
    return given


def read_decision(record: Mapping[str, Any], item: Item, classes: Mapping[str, TaskClass]) -> Decision:
    """What is to be done to `item`. Raises InputError, which says what is missing or not allowed."""
    action = record.get("action")
    common: dict[str, Any] = {
        "key": read_key(record.get("key")),
        "seconds": _seconds(record.get("seconds")),
        "note": _text(record.get("note"), LONGEST_NOTE),
        "peeked": record.get("peeked") is True,
    }
    if action == "skip":
        return Decision("skip", **common)
    if item.kind == "label":
        return Decision(_known_action(action, ("label",)), choice=_label(record.get("label"), item, classes), **common)
    if action == "reject":
        return Decision("reject", reason=_reason(record.get("reason"), common["note"]), **common)
    if action == "edit":
        return _edit(record.get("text"), item, common)
    return Decision(_known_action(action, ("accept",)), **common)


def _edit(given: object, item: Item, common: Mapping[str, Any]) -> Decision:
    """An edit; one that changes nothing accepts the answer as it is."""
    text = clean(_text(given, LONGEST_TEXT)).strip()
    if count(text, "chars") == 0:
        raise InputError("the edited answer is empty; write something, or reject the answer", "error.review_empty")
    return Decision("accept", **common) if text == item.text.strip() else Decision("edit", text=text, **common)


def _known_action(action: object, allowed: tuple[Action, ...]) -> Action:
    for known in allowed:
        if action == known:
            return known
    raise InputError(
        f"unknown action {str(action)[:40]!r}; allowed here: {', '.join(allowed)}, skip",
        "error.review_action", value=str(action)[:40], known=", ".join((*allowed, "skip")),
    )  # fmt: skip


def _reason(given: object, note: str) -> str:
    if given not in REASONS:
        raise InputError(
            f"a rejection needs a reason: {', '.join(REASONS)}", "error.review_reason", known=", ".join(REASONS)
        )
    if given == "other" and not note.strip():
        raise InputError("say in a few words what is wrong with the answer", "error.review_note")
    return str(given)


def _label(given: object, item: Item, classes: Mapping[str, TaskClass]) -> str:
    task = classes.get(item.task)
    known = [label.id for label in task.labels] if task else []
    if given not in known:
        raise InputError(
            f"unknown label {str(given)[:40]!r}; allowed: {', '.join(known)}",
            "error.review_label", value=str(given)[:40], known=", ".join(known),
        )  # fmt: skip
    return str(given)


def _seconds(given: object) -> float:
    """Seconds as a browser measured them; 0 where it says nonsense."""
    if not isinstance(given, (int, float)) or isinstance(given, bool) or not given >= 0:
        return 0.0
    return round(min(float(given), LONGEST_LOOK), 2)


def _text(given: object, longest: int) -> str:
    text = given if isinstance(given, str) else ""
    if len(text) > longest:
        raise InputError(
            f"the text has {len(text):,} characters, {longest:,} are allowed; shorten it",
            "error.review_long", count=len(text), limit=longest,
        )  # fmt: skip
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InputError("the text holds characters that are no text; remove them", "error.review_encoding")
    return text
