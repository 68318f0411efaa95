"""A demand that is written into a prompt is read back as it was meant."""

from __future__ import annotations

from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.errors import InputError
from hesui.length import Constraint, Op, Unit, parse
from hesui.restating import (
    make,
    numbers,
    relabel,
    restate,
    spell,
    unsupported,
    vary,
    write,
)

OPS, UNITS = get_args(Op), get_args(Unit)
PROMPTS = [
    "",
    "给爷爷写春节祝福。",
    "假如你是老师，请写一段50字的春节祝福给家长",
    "Write a greeting",
    "Write a greeting of 60 words.",
]

DEMANDS = [
    "写一段50字的祝福",
    "写五十字左右的祝福",
    "写一封信，不超过一百字。",
    "写不少于三百字的信",
    "写40到60字的祝福",
    "字数控制在１００字以内",
    "Write within 50 words.",
    "Write at least 50 words.",
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


@pytest.mark.parametrize(
    ("prompt", "number", "said"),
    [
        ("写一段50字的祝福", 63, "写一段63字的祝福"),
        ("写五十字左右的祝福", 63, "写六十三字左右的祝福"),
        ("写１００字以内的祝福", 120, "写１２０字以内的祝福"),
        ("写不少于三百字的信", 250, "写不少于二百五十字的信"),
        ("写40到60字的祝福", 55, "写55到75字的祝福"),
        ("祝福，字数为50", 51, "祝福，字数为51"),
        ("Write a 50-word greeting", 63, "Write a 63-word greeting"),
        ("Write it within 50 words.", 60, "Write it within 60 words."),
        ("Write exactly fifty words", 63, "Write exactly 63 words"),
        ("写1,200字的文章", 900, "写900字的文章"),
    ],
)
def test_another_number_keeps_the_wording(prompt, number, said):
    made = restate(prompt, parse(prompt), number)
    assert made is not None
    assert made.prompt == said
    assert made.constraint == parse(said)


def test_a_demand_without_a_place_cannot_be_restated():
    assert restate("写50字", Constraint("eq", target=50), 60) is None


@given(st.sampled_from(DEMANDS), st.integers(12, 900))
def test_a_relabelled_prompt_is_met_by_the_count_it_was_made_for(prompt, count):
    made = relabel(prompt, parse(prompt), count)
    assert made is not None
    assert made.constraint == parse(made.prompt)
    assert made.constraint.op == parse(prompt).op
    assert count in made.constraint.band


def test_a_relabelled_prompt_names_only_numbers_that_are_allowed():
    made = relabel("写50字以内", parse("写50字以内"), 61, lambda number: number % 10 == 0)
    assert made is not None
    assert made.prompt == "写70字以内"
    assert relabel("写50字", parse("写50字"), 61, lambda number: False) is None


@given(st.sampled_from([*DEMANDS, *PROMPTS[1:]]), st.integers(0, 10_000))
def test_a_varied_prompt_says_what_it_demands(prompt, seed):
    made = vary(prompt, parse(prompt), Random(seed), dict.fromkeys(OPS, 1), range(30, 400))
    assert made is not None
    assert made.constraint == parse(made.prompt)


@pytest.mark.parametrize(
    ("prompt", "ops", "said"),
    [
        ("写一篇300字作文", {"le": 1}, {"写一篇80字以内的作文", "写一篇不超过80字的作文", "写一篇80字内的作文"}),
        ("祝福，控制在50字以内", {"le": 1}, {"祝福，控制在80字以内", "祝福，控制在80字内"}),
        ("Write a 50-word greeting", {"eq": 1}, {"Write a 80-word greeting"}),
    ],
)
def test_a_varied_demand_fits_into_its_sentence(prompt, ops, said):
    for seed in range(40):
        made = vary(prompt, parse(prompt), Random(seed), ops, [80])
        assert made is not None
        assert made.prompt.replace("八十", "80") in said


@pytest.mark.parametrize("prompt", ["", "写三句话", "每行7字的诗", "祝福，字数在50字左右"])
def test_what_cannot_be_varied_well_is_left_alone(prompt):
    assert vary(prompt, parse(prompt), Random(0), {"eq": 1}, [80]) is None


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "零"),
        (8, "八"),
        (10, "十"),
        (15, "十五"),
        (40, "四十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (300, "三百"),
        (999, "九百九十九"),
        (1020, "一千零二十"),
        (2005, "二千零五"),
    ],
)
def test_numbers_are_spelled_as_people_write_them(number, words):
    assert spell(number) == words


@given(st.integers(1, 9999))
def test_a_spelled_number_is_read_as_it_was_meant(number):
    assert parse(f"写{spell(number)}字").target == number


def test_numbers_beyond_four_digits_are_refused():
    with pytest.raises(ValueError, match="expected 0 to 9999"):
        spell(10_000)
