"""What stands on an item follows from its events alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.store.reviewing import STATES, Event, derive


def events(*said):
    """Events from pairs of reviewer and action, numbered from 1; "edit:text", "label:id", "adjudicate:x", "undo:3"."""
    made = []
    for number, (reviewer, words) in enumerate(said, 1):
        action, _, more = words.partition(":")
        event = Event(1, action, reviewer, choice=action, number=number)
        if action == "edit":
            event = replace(event, text=more)
        elif action in ("label", "adjudicate"):
            event = replace(event, choice=more)
        elif action == "undo":
            event = replace(event, undoes=int(more))
        made.append(event)
    return made


@pytest.mark.parametrize(
    "required, said, state, verdict",
    [
        (1, [], "open", ""),
        (1, [("a", "accept")], "accepted", "accept"),
        (1, [("a", "reject")], "rejected", "reject"),
        (1, [("a", "edit:x")], "edited", "edit"),
        (1, [("a", "skip")], "open", ""),
        (1, [("a", "label:yes")], "labelled", "yes"),
        (2, [("a", "accept")], "open", ""),
        (2, [("a", "accept"), ("b", "accept")], "accepted", "accept"),
        (2, [("a", "accept"), ("b", "edit:x")], "edited", "edit"),
        (2, [("a", "accept"), ("b", "reject")], "split", ""),
        (2, [("a", "label:yes"), ("b", "label:yes")], "labelled", "yes"),
        (2, [("a", "label:yes"), ("b", "label:no")], "split", ""),
        (1, [("a", "accept"), ("a", "undo:1")], "open", ""),
        (1, [("a", "accept"), ("a", "undo:1"), ("a", "reject")], "rejected", "reject"),
        (2, [("a", "accept"), ("b", "reject"), ("o", "adjudicate:reject")], "rejected", "reject"),
        (2, [("a", "accept"), ("b", "accept"), ("o", "adjudicate:reject")], "rejected", "reject"),
        (1, [("o", "adjudicate:accept"), ("o", "adjudicate:reject")], "rejected", "reject"),
        (1, [("a", "accept"), ("o", "reopen")], "open", ""),
        (1, [("a", "accept"), ("o", "reopen"), ("a", "reject")], "rejected", "reject"),
        (1, [("o", "adjudicate:accept"), ("o", "reopen")], "open", ""),
    ],
)
def test_a_state_follows_from_the_events(required, said, state, verdict):
    found = derive(events(*said), required)
    assert (found.state, found.verdict) == (state, verdict)


def test_of_two_edits_the_later_stands():
    assert derive(events(("a", "edit:first"), ("b", "edit:second")), 2).text == "second"


def test_skips_touch_an_item_and_undone_ones_do_not():
    assert derive(events(("a", "skip"), ("b", "accept")), 2).touched == {"a", "b"}
    assert derive(events(("a", "skip"), ("a", "undo:1")), 1).touched == frozenset()


def test_a_gold_item_stays_gold_until_an_owner_rules():
    made = events(("a", "accept"), ("b", "reject"), ("c", "accept"))
    assert derive(made, 1, gold=True).state == "gold"
    assert derive([*made, *events(("o", "adjudicate:reject"))], 1, gold=True).state == "rejected"


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["accept", "reject", "edit:x", "skip", "reopen"]))),
    st.integers(1, 3),
)
def test_whatever_happens_a_state_is_one_of_the_known_and_an_undo_takes_back_exactly_one(said, required):
    made = events(*said)
    found = derive(made, required)
    assert found.state in STATES
    decided = [event for event in made if event.action in ("accept", "reject", "edit")]
    if decided:
        last = decided[-1]
        undone = Event(1, "undo", last.reviewer, undoes=last.number, number=len(made) + 1)
        without = [event for event in made if event is not last]
        assert derive([*made, undone], required)[:4] == derive(without, required)[:4]
