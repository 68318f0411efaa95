"""Scores agree with values worked by hand and keep to their bounds."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hesui.evaluate.scores import (
    Answered,
    Summary,
    bucket,
    deviation,
    error,
    fill,
    hit,
    hit_percent,
    longwriter,
    ls,
    qianfan,
    satisfied,
    summarise,
    violation,
)
from hesui.evaluate.statistics import wilson
from hesui.length import Constraint, approx, check

EQ, LE, GE = Constraint("eq", target=100), Constraint("le", max=100), Constraint("ge", min=100)
RANGE = Constraint("range", min=80, max=120)


def answered(count: int, constraint: Constraint = EQ, prompt: object = 0) -> Answered:
    return Answered(prompt, constraint, check("福" * count, constraint))


@pytest.mark.parametrize(
    ("constraint", "count", "ok"),
    [
        (EQ, 100, True), (EQ, 101, False), (LE, 100, True), (LE, 101, False), (LE, 0, False), (GE, 100, True), (GE, 99, False),
        (RANGE, 80, True), (RANGE, 79, False), (RANGE, 121, False), (approx(100), 110, True), (approx(100), 111, False),
        (approx(100, 0.05), 105, True), (approx(100, 0.05), 106, False),
    ],
)  # fmt: skip
def test_a_demand_is_met_within_its_bounds_and_never_by_an_empty_text(constraint, count, ok):
    assert satisfied(answered(count, constraint)) is ok


def test_errors_and_hits_are_those_against_the_target():
    short = answered(95)
    assert (error(short), deviation(short)) == (-5, -0.05)
    assert [hit(short, k) for k in (2, 4, 5, 10)] == [False, False, True, True]
    assert error(answered(95, approx(100))) == -5  # within its tolerance, yet 5 off


@pytest.mark.parametrize(("count", "within"), [(95, True), (105, True), (94, False), (106, False)])
def test_a_percentage_is_met_at_its_very_edge(count, within):
    assert hit_percent(answered(count), 5) is within


@pytest.mark.parametrize("constraint", [LE, GE, RANGE])
def test_what_is_relative_to_a_target_is_undefined_without_one(constraint):
    one = answered(90, constraint)
    assert {error(one), deviation(one), hit(one, 2), hit_percent(one, 5), qianfan(one), longwriter(one)} == {None}


def test_a_target_of_nothing_leaves_relative_scores_undefined():
    one = answered(3, Constraint("eq", target=0))
    assert error(one) == 3 and not hit(one, 2)
    assert {deviation(one), hit_percent(one, 5), ls(one), qianfan(one), longwriter(one), violation(one)} == {None}


@pytest.mark.parametrize(
    ("constraint", "count", "score"),
    [
        (EQ, 100, 100), (EQ, 80, 100 * exp(-1)), (EQ, 150, 100 * exp(-1)), (EQ, 0, 100 * exp(-5)), (approx(100), 80, 100 * exp(-1)),
        (LE, 1, 100), (LE, 100, 100), (LE, 150, 100 * exp(-1)), (LE, 0, 0), (GE, 100, 100), (GE, 900, 100), (GE, 80, 100 * exp(-1)),
        (RANGE, 100, None),
    ],
)  # fmt: skip
def test_the_length_score_is_lifebenchs_with_fractions(constraint, count, score):
    assert ls(answered(count, constraint)) == (score if score is None else pytest.approx(score))


@pytest.mark.parametrize(
    ("count", "score"),
    [(100, 1), (105, 1), (95, 1), (106, 0.75), (110, 0.75), (115, 0.5), (120, 0.25), (125, 0.1), (75, 0.1), (126, 0), (0, 0)],
)  # fmt: skip
def test_the_qianfan_score_falls_in_its_steps(count, score):
    assert qianfan(answered(count)) == score


@pytest.mark.parametrize(
    ("count", "score"), [(100, 100), (250, 50), (400, 0), (900, 0), (50, 50), (80, 87.5), (33, 0), (0, 0)]
)
def test_the_longwriter_score_falls_faster_for_short_texts(count, score):
    assert longwriter(answered(count)) == pytest.approx(score)


@pytest.mark.parametrize(
    ("constraint", "count", "size"),
    [
        (LE, 150, 0.5), (LE, 20, 0), (LE, 0, None), (GE, 75, 0.25), (GE, 0, 1), (RANGE, 60, 0.25), (RANGE, 150, 0.25), (RANGE, 100, 0),
        (EQ, 90, 0.1), (approx(100), 108, 0), (approx(100), 121, 0.1),
    ],
)  # fmt: skip
def test_a_violation_is_a_share_of_the_bound_that_was_broken(constraint, count, size):
    assert violation(answered(count, constraint)) == (size if size is None else pytest.approx(size))


def test_the_fill_ratio_shows_a_trivially_short_answer_under_a_limit_only():
    assert [fill(answered(5, one)) for one in (LE, GE, EQ, RANGE)] == [0.05, None, None, None]


def test_a_summary_is_what_a_hand_works_out():
    counts = [100, 102, 95, 110, 130]  # errors 0, 2, -5, 10, 30
    found = summarise([*(answered(count, prompt=count) for count in counts), answered(50, LE, "le")])
    assert (found.n, found.targeted) == (6, 5)
    assert found.satisfied == wilson(2, 6)
    assert [found.exact, found.hit2, found.hit5, found.hit10] == [wilson(hits, 5) for hits in (1, 2, 3, 4)]
    assert [found.hit5_percent, found.hit10_percent] == [wilson(3, 5), wilson(4, 5)]
    assert (found.mae, found.median_error, found.p90_error) == (9.4, 5, 30)
    assert (found.mape, found.bias, found.qianfan) == pytest.approx((0.094, 0.074, 0.75))
    assert found.fill == 0.5


def test_the_90th_percentile_is_the_smallest_error_that_nine_in_ten_keep_to():
    assert summarise([answered(100 + off, prompt=off) for off in range(1, 11)]).p90_error == 9


def test_nothing_to_summarise_is_undefined_throughout():
    empty = summarise([])
    assert empty == Summary(0, 0, *[None] * 17)
    only_bounds = summarise([answered(90, RANGE)])
    assert only_bounds.satisfied is not None
    assert {only_bounds.mae, only_bounds.hit2, only_bounds.ls, only_bounds.fill} == {None}


def test_several_answers_to_one_prompt_give_no_narrower_interval():
    once = summarise([answered(100, prompt=n) for n in range(10)]).exact
    thrice = summarise([answered(100, prompt=n) for n in range(10) for _ in range(3)]).exact
    assert once == thrice


@pytest.mark.parametrize(("n", "place"), [(1, 0), (50, 0), (51, 1), (800, 4), (801, 5)])
def test_every_number_has_its_bucket(n, place):
    assert bucket(Constraint("eq", target=n)) == place


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([EQ, LE, GE, RANGE, approx(100), approx(7)]), st.integers(0, 500))
def test_scores_keep_to_their_bounds_and_a_met_demand_is_no_violation(constraint, count):
    one = answered(count, constraint)
    for score, most in ((ls, 100), (qianfan, 1), (longwriter, 100)):
        value = score(one)
        assert value is None or 0 <= value <= most
    if satisfied(one):
        assert violation(one) == 0
    elif count:
        assert violation(one) > 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.integers(101, 400))
def test_going_nearer_to_the_target_never_costs_points(short, long):
    for score in (ls, qianfan, longwriter):
        assert score(answered(short)) <= score(answered(short + 1))
        assert score(answered(long)) <= score(answered(long - 1))
