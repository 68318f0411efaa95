"""A corpus is described in one pass, by numbers that can be counted by hand."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict
from itertools import pairwise, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.rows import Row
from hesui.corpus.statistics import BINS, Bin, describe, histogram, language, recommended_context
from hesui.length import parse
from hesui.records import Message


def row(prompt, task="greeting", reference=None, **fields):
    return Row("1", task, prompt, parse(prompt), reference=reference, **fields)


ROWS = [
    row("给妈妈写一段5字的祝福", reference="妈妈新年好！"),  # one too many
    row("给爸爸写一段5字的祝福", reference="新年快乐！"),  # exact
    row("写一篇不超过10字的贺信", "long", reference="大家新年好"),
    row("写一篇不少于10字的贺信", "long", reference="新年好"),  # too short
    row("写一首诗", "verse"),
    row("Write a 5-word greeting.", reference="Happy new year to you all"),  # one too many
]


def test_rows_are_counted_by_class_op_and_language():
    found = describe(ROWS)
    assert found.rows == 6 and found.answers == 5
    assert found.classes == {"greeting": 3, "long": 2, "verse": 1}
    assert found.ops == {"eq": 3, "le": 1, "ge": 1, "none": 1}
    assert found.languages == {"zh": 5, "en": 1}


def test_answers_are_measured_against_their_demands():
    found = describe(ROWS)
    assert found.errors == [Bin(0, 0, 1), Bin(1, 1, 2)]
    assert found.obeying == pytest.approx(2 / 5)
    assert sum(bar.n for bar in found.answer_lengths) == 5


def test_the_chosen_counter_is_used_unless_the_prompt_names_its_own():
    rows = [row("写5字祝福", reference="新年快乐！"), row("写5字祝福，标点不计入字数", reference="大家新年好！")]
    assert describe(rows, counter="han").obeying == 0.5
    assert describe(rows).obeying == 1


def test_demanded_numbers_are_told_by_class():
    found = describe(ROWS)
    assert found.numbers == {"greeting": [Bin(5, 5, 3)], "long": [Bin(10, 10, 2)]}


def test_tokens_of_the_whole_conversation_are_counted():
    spoken = row("问", reference="答", history=(Message("system", "一"), Message("user", "二")))
    found = describe([spoken], token_length=lambda text: sum(not c.isspace() for c in text))
    assert found.tokens.max == 4 and found.tokens.p50 == 4
    assert describe([spoken]).tokens is None


def test_quantiles_are_the_values_at_the_nearest_rank():
    rows = [row("字" * n) for n in range(1, 101)]
    found = describe(rows, token_length=lambda text: len(text.strip())).tokens
    assert (found.p50, found.p90, found.p95, found.p99, found.max) == (50, 90, 95, 99, 100)
    assert found.fitting == 1 and found.context == 4096


@pytest.mark.parametrize(("long", "context"), [(0, 4096), (5, 4096), (6, 8192), (20, 8192), (21, 8192), (100, 8192)])
def test_the_context_is_4096_where_95_in_100_rows_fit_and_8192_otherwise(long, context):
    lengths = iter([4097] * long + [4096] * (100 - long))
    found = describe(repeat(ROWS[4], 100), token_length=lambda _: next(lengths)).tokens
    assert found.context == context == recommended_context(found.fitting)


def test_nothing_is_described_too():
    found = describe([], token_length=len)
    assert found.rows == 0 and found.obeying is None and found.tokens is None
    assert found.errors == [] and found.numbers == {}


def test_statistics_are_json():
    record = json.loads(json.dumps(asdict(describe(iter(ROWS), token_length=len))))
    assert record["errors"] == [[0, 0, 1], [1, 1, 2]]
    assert record["tokens"]["context"] == 4096


def test_rows_are_read_once_and_not_kept():
    rows = (row(f"写一首诗{number}" * 400, "verse") for number in range(500))  # 2 MB of text and more
    tracemalloc.start()
    assert describe(rows, token_length=len).rows == 500
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("给妈妈写祝福", "zh"),
        ("写一段 iPhone 15 Pro 的文案", "zh"),
        ("Write about 春节", "en"),
        ("123!", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_told_by_its_letters(text, expected):
    assert language(text) == expected


def test_a_histogram_has_round_bars_without_gaps():
    assert histogram({-7: 1, 3: 2, 12: 4}) == [Bin(n, n, {-7: 1, 3: 2, 12: 4}.get(n, 0)) for n in range(-7, 13)]
    assert histogram({-7: 1, 3: 2, 13: 4}) == [
        Bin(low, low + 1, {-8: 1, 2: 2, 12: 4}.get(low, 0)) for low in range(-8, 13, 2)
    ]


@given(st.dictionaries(st.integers(-(10**6), 10**6), st.integers(1, 50), max_size=40))
def test_a_histogram_holds_every_value_once_in_few_bars_of_one_width(values):
    bars = histogram(values)
    assert len(bars) <= BINS
    assert sum(bar.n for bar in bars) == sum(values.values())
    assert all(two.low == one.high + 1 for one, two in pairwise(bars))
    assert len({bar.high - bar.low for bar in bars}) <= 1
    for bar in bars:
        assert bar.n == sum(n for value, n in values.items() if bar.low <= value <= bar.high)
