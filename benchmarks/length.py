"""Speed of counting and parsing, in characters per second; knows nothing of models.

Run with no arguments; the last line is a JSON object of the figures.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from hesui.length import COUNTERS, DEFAULT_COUNTER, Tally, count, parse

PLAIN = "新春快乐，祝您身体健康、万事如意！我用AI写了2026年的祝福：wishing you a happy new year 🐎。\n"
MARKED = (
    "## 祝福\n\n- **新春快乐**，祝您`身体`健康 👨‍👩‍👧\n- 见[链接](https://example.com/a_b)，_well-known_ wishes……\n\n"
)
PROMPT = "假如你是老师，请给家长写一段春节祝福，语气亲切，不超过50字，about 60 words at most。"
PIECE = 3  # characters a token, roughly


def speed(action: Callable[[str], object], text: str, repeats: int = 3) -> float:
    """Characters per second, the best of `repeats`."""
    return len(text) / min(_seconds(lambda: action(text)) for _ in range(repeats))


def tally_gain(text: str) -> float:
    """How many times faster a Tally follows a stream than counting anew after each piece."""
    pieces = [text[start : start + PIECE] for start in range(0, len(text), PIECE)]
    return _seconds(lambda: _recount(pieces)) / _seconds(lambda: _follow(pieces))


def _follow(pieces: list[str]) -> None:
    tally = Tally()
    for piece in pieces:
        tally.feed(piece)


def _recount(pieces: list[str]) -> None:
    text = ""
    for piece in pieces:
        text += piece
        count(text)


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    plain, marked = PLAIN * 8000, MARKED * 2000
    print(f"{'':24}{'plain':>14}{'Markdown':>14}   characters per second")
    timed = [counter for counter in COUNTERS if counter != "raw"]  # raw is len(), which takes no time at all
    counted = {counter: speed(lambda text, c=counter: count(text, c), plain) for counter in timed}  # type: ignore[misc]
    for counter, figure in counted.items():
        in_marked = speed(lambda text, c=counter: count(text, c), marked)  # type: ignore[misc]
        print(f"count {counter:18}{figure:14,.0f}{in_marked:14,.0f}")
    prompts = [PROMPT] * 500
    parsed = sum(map(len, prompts)) / min(_seconds(lambda: list(map(parse, prompts))) for _ in range(3))
    print(f"{'parse, short prompts':24}{parsed:14,.0f}")
    print(f"{'parse, one long prompt':24}{speed(parse, PLAIN * 2000 + PROMPT):14,.0f}")
    for length in (500, 2000, 8000):
        gain = tally_gain((PLAIN * 200)[:length])
        print(f"Tally against recounting, {length:5} characters in pieces of {PIECE}: {gain:6.1f} times faster")
    print(json.dumps({"count_chars_per_s": round(counted[DEFAULT_COUNTER]), "parse_chars_per_s": round(parsed)}))


if __name__ == "__main__":
    main()
