"""A demand from the editor, written into a prompt, is read back as it was meant."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.errors import InputError
from hesui.length import Op, Unit, parse
from hesui.ui.demand import make, numbers, unsupported, write

OPS, UNITS = get_args(Op), get_args(Unit)
PROMPTS = [
    "",
    "给爷爷写春节祝福。",
    "假如你是老师，请写一段50字的春节祝福给家长",
    "Write a greeting",
    "Write a greeting of 60 words.",
]


@given(st.sampled_from(PROMPTS), st.sampled_from(OPS), st.sampled_from(UNITS), st.integers(5, 900), st.integers(1, 99))
def test_what_is_written_is_what_is_read(prompt, op, unit, low, more):
    wanted = make(op, low, low + more, unit)
    found = parse(prompt)
    read = parse(write(prompt, found.span if found else None, wanted))
    assert read is not None
    assert (read.op, read.unit, read.band) == (wanted.op, wanted.unit, wanted.band)


@pytest.mark.parametrize("op", OPS)
def test_the_fields_show_what_they_made(op):
    low, high = numbers(make(op, 30, 40, "char"))
    assert (low, high) == (30, 40 if op == "range" else None)


def test_the_demand_is_replaced_in_its_place():
    prompt = "写一段50字的祝福"
    found = parse(prompt)
    assert write(prompt, found.span, make("le", 80, None, "char")) == "写一段80字以内的祝福"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        (("eq", None, None), "error.demand_missing"),
        (("range", 5, None), "error.demand_missing"),
        (("range", 9, 5), "error.demand_range"),
    ],
)
def test_a_field_that_is_missing_or_crossed_is_named(fields, key):
    with pytest.raises(InputError) as caught:
        make(*fields, "char")
    assert caught.value.key == key


@pytest.mark.parametrize("prompt", ["写3页的故事", "write 2 pages about it", "不超过200 tokens", "一章"])
def test_a_unit_that_nothing_is_judged_by_is_noticed(prompt):
    assert unsupported(prompt)


@pytest.mark.parametrize("prompt", ["写50字", "新年快乐", "2026年的祝福", "write 50 words"])
def test_other_prompts_are_left_alone(prompt):
    assert unsupported(prompt) is None
