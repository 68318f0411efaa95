"""The texts are complete in both languages and cover every error."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import hesui
from hesui.length import Constraint, approx
from hesui.ui.texts import TEXTS, Text, demand, text

TERMINAL = {"cli.py", "console.py", "doctor.py"}  # what they raise never reaches the page
SOURCES = [path for path in sorted(Path(hesui.__file__).parent.rglob("*.py")) if path.name not in TERMINAL]


def gaps(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_each_text_says_the_same_in_both_languages(key):
    zh, en = TEXTS[key]
    assert zh.strip()
    assert en.strip()
    assert gaps(zh) == gaps(en)


def test_each_error_that_the_package_raises_has_a_text():
    raised = {key for path in SOURCES for key in re.findall(r'"(error\.[a-z_]+)"', path.read_text(encoding="utf-8"))}
    raised |= {f"error.{name}_unknown" for name in ("op", "unit", "counter")}
    assert raised - set(TEXTS) == set()


def test_a_gap_can_differ_between_the_languages():
    assert text("chip.rule", counter=Text("汉字", "Han only")) == ("按汉字计", "counted as Han only")


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Constraint("eq", target=50), ("恰好 50 字", "exactly 50 characters")),
        (Constraint("le", max=1), ("不超过 1 字", "at most 1 character")),
        (Constraint("ge", min=2000, unit="word"), ("不少于 2,000 词", "at least 2,000 words")),
        (approx(100), ("约 100 字", "about 100 characters")),
        (Constraint("range", min=3, max=5, unit="sentence"), ("3–5 句", "3–5 sentences")),
        (Constraint("eq", target=7, scope="per_line"), ("每行恰好 7 字", "each line exactly 7 characters")),
    ],
)
def test_a_demand_in_words(constraint, words):
    assert demand(constraint) == words
