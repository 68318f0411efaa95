"""Agreement figures are the published ones, and say so where there is none."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from itertools import count

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from krippendorff import alpha as published

from hesui.review.agreement import cohen, survey_agreement
from hesui.store.reviewing import Entry, Event, Item, Reviewed

NUMBERS = count(1)
GOOD = ("accept", "edit", "reject")


def reviewed(votes, kind="answer", task="greeting", gold=None, ruling=None, skipped=(), seconds=10.0):
    """An item with these votes by reviewer, as (choice) or (choice, seconds)."""
    item = Item(f"i{next(NUMBERS)}", kind, task, "zh", "p", {}, "新年好", gold=gold, required=max(len(votes), 1))
    events = [_event(name, vote, kind, seconds) for name, vote in votes.items()]
    events += [Event(1, "skip", name, number=next(NUMBERS)) for name in skipped]
    if ruling:
        events.append(Event(1, "adjudicate", "东家", choice=ruling, number=next(NUMBERS)))
    return Reviewed(Entry(item, "open", "", None, 0, 1.0), tuple(events))


def _event(name, choice, kind, seconds):
    action = "label" if kind == "label" else choice
    text = "新春好" if action == "edit" else None
    return Event(1, action, name, choice=choice, text=text, seconds=seconds, number=next(NUMBERS))


def answers(*votes, **more):
    return [reviewed(one, **more) for one in votes]


# Three observers, https://en.wikipedia.org/wiki/Krippendorff%27s_alpha; * is a missing value.
OBSERVERS = {"A": "*****34121133*3", "B": "1*213343*******", "C": "**21344*21133*4"}


def observed():
    columns = zip(*OBSERVERS.values(), strict=True)
    return [
        reviewed({name: value for name, value in zip(OBSERVERS, column, strict=True) if value != "*"}, kind="label")
        for column in columns
    ]


def test_alpha_is_the_published_one():
    found = survey_agreement(observed()).alpha("label")
    assert found.alpha == pytest.approx(0.691358, abs=1e-6)
    assert (found.items, found.decisions, found.undefined) == (12, 26, "")


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12))
def test_alpha_is_what_the_package_makes_of_the_votes_themselves(units):
    found = survey_agreement(
        reviewed({f"r{place}": value for place, value in enumerate(unit)}, kind="label") for unit in units
    ).alpha("label")
    several = [unit for unit in units if len(unit) > 1]
    assert (found.items, found.decisions) == (len(several), sum(map(len, several)))
    values = {value for unit in several for value in unit}
    if len(several) < 2 or len(values) < 2:
        assert found.alpha is None
        assert found.undefined == ("few" if len(several) < 2 else "uniform")
        return
    table = numpy.full((4, len(several)), numpy.nan)
    for place, unit in enumerate(several):
        table[: len(unit), place] = ["abc".index(value) for value in unit]
    assert found.alpha == pytest.approx(published(table, level_of_measurement="nominal"))


def test_accepting_and_editing_agree():
    found = survey_agreement(
        answers({"甲": "accept", "乙": "edit"}, {"甲": "reject", "乙": "reject"}, {"甲": "edit", "乙": "accept"})
    )
    assert found.alpha("answer").alpha == 1
    assert found.kappas[0].kappa == 1


def test_answers_labels_and_classes_are_told_apart():
    same, other = {"甲": "accept", "乙": "accept"}, {"甲": "accept", "乙": "reject"}
    both = {"甲": "reject", "乙": "reject"}
    found = survey_agreement(
        [
            *answers(same, both, task="greeting"),
            *answers(other, same, both, task="verse"),
            *answers({"甲": "yes", "乙": "yes"}, kind="label", task="coreference"),
        ]
    )
    assert [(one.kind, one.task) for one in found.alphas] == [
        ("answer", ""), ("answer", "greeting"), ("answer", "verse"), ("label", ""), ("label", "coreference"),
    ]  # fmt: skip
    assert found.alpha("answer").items == 5
    assert found.alpha("answer", "greeting").alpha == 1
    assert 0 < found.alpha("answer", "verse").alpha < 1
    assert (found.alpha("label", "coreference").alpha, found.alpha("label").undefined) == (None, "few")


@pytest.mark.parametrize(
    "items, undefined",
    [
        ([], "few"),
        (answers({"甲": "accept", "乙": "reject"}), "few"),
        (answers({"甲": "accept"}, {"乙": "reject"}, {"甲": "reject"}), "few"),
        (answers(*[{"甲": "accept", "乙": "edit"}] * 5), "uniform"),
        (answers(*[{"甲": "accept", "乙": "reject"}] * 5, gold="accept"), "few"),
    ],
)
def test_where_there_is_no_figure_the_reason_is_said(items, undefined):
    found = survey_agreement(items).alpha("answer")
    assert (found.alpha, found.undefined) == (None, undefined)


def test_an_owners_ruling_is_no_vote():
    votes = ({"甲": "accept", "乙": "reject"}, {"甲": "reject", "乙": "accept"}, {"甲": "accept", "乙": "reject"})
    ruled = survey_agreement(answers(*votes, ruling="accept"))
    assert ruled.alpha("answer").alpha == survey_agreement(answers(*votes)).alpha("answer").alpha < 0
    assert [(one.one, one.other) for one in ruled.kappas] == [("乙", "甲")]
    assert "东家" not in {one.name for one in ruled.reviewers}


def test_what_was_undone_or_reopened_is_no_vote():
    one = reviewed({"甲": "accept", "乙": "reject"})
    undone = Event(1, "undo", "乙", undoes=one.events[1].number, number=next(NUMBERS))
    reopened = Event(1, "reopen", "东家", number=next(NUMBERS))
    for event, decisions in ((undone, {"甲": 1}), (reopened, {})):
        found = survey_agreement([Reviewed(one.entry, (*one.events, event))])
        assert found.alpha("answer").items == 0
        assert {person.name: person.decisions for person in found.reviewers} == decisions


def test_kappa_is_the_published_one():
    # https://en.wikipedia.org/wiki/Cohen%27s_kappa, the first example: 50 proposals, kappa 0.40.
    cells = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    assert cohen(cells) == pytest.approx(0.4)
    votes = [{"甲": one, "乙": other} for (one, other), n in cells.items() for _ in range(n)]
    [found] = survey_agreement(answers(*votes, kind="label")).kappas
    assert (found.kind, found.one, found.other, found.items) == ("label", "乙", "甲", 50)
    assert found.kappa == pytest.approx(0.4)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=20))
def test_kappa_is_the_same_from_both_sides_and_1_at_most(votes):
    cells = Counter(votes)
    kappa, mirrored = cohen(cells), cohen({(other, one): n for (one, other), n in cells.items()})
    assert kappa == mirrored
    if kappa is None:
        assert len(set(votes)) <= 1
    else:
        assert -1 <= kappa <= 1
        assert (kappa == 1) == all(one == other for one, other in votes)


def test_every_pair_with_common_items_has_a_kappa():
    found = survey_agreement(
        answers({"甲": "accept", "乙": "reject", "丙": "reject"}, {"甲": "reject", "丙": "reject"}, {"丁": "accept"})
    )
    assert {(one.one, one.other): one.items for one in found.kappas} == {
        ("丙", "甲"): 2, ("乙", "甲"): 1, ("丙", "乙"): 1,
    }  # fmt: skip


def test_each_reviewers_record():
    found = survey_agreement(
        [
            reviewed({"甲": "accept", "乙": "reject"}, seconds=4.0),
            reviewed({"甲": "edit", "乙": "accept"}, ruling="accept", seconds=6.0),
            reviewed({"甲": "reject"}, ruling="accept", seconds=20.0),
            reviewed({"甲": "reject"}, gold="reject", seconds=0.0),
            reviewed({"甲": "accept"}, gold="reject", seconds=5.0),
            reviewed({"甲": "no", "乙": "yes"}, kind="label", gold="yes", seconds=5.0),
            reviewed({"乙": "accept"}, skipped=("甲",)),
        ]
    )
    first = next(one for one in found.reviewers if one.name == "甲")
    assert (first.decisions, first.accepted, first.edited, first.rejected, first.labelled) == (6, 2, 1, 2, 1)
    assert (first.skipped, first.seconds) == (1, 5.0)  # what took no measured time is left out of the median
    assert (first.gold_seen, first.gold_right) == (3, 1)
    assert (first.ruled, first.upheld, first.upheld_share) == (2, 1, 0.5)
    second = next(one for one in found.reviewers if one.name == "乙")
    assert (second.gold_seen, second.gold_right, second.upheld_share) == (1, 1, 1.0)


def test_somebody_who_only_skipped_has_a_record_without_figures():
    [one] = survey_agreement([reviewed({}, skipped=("甲",))]).reviewers
    assert (one.decisions, one.skipped, one.seconds, one.upheld_share) == (0, 1, None, None)


def test_the_figures_are_plain_data():
    told = json.loads(json.dumps(asdict(survey_agreement(observed())), allow_nan=False))
    assert told["alphas"][0]["alpha"] == pytest.approx(0.691358, abs=1e-6)
    assert {one["name"] for one in told["reviewers"]} == set(OBSERVERS)


def test_nothing_is_known_of_no_items():
    found = survey_agreement([])
    assert (found.alphas, found.kappas, found.reviewers) == ((), (), ())
