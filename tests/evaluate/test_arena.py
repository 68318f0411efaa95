"""Votes become standings, pairs for people, and items for review."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from hesui.evaluate.arena import ARENA, ballot, name_of, pairs, preferred, standings
from hesui.review.desk import ReviewDesk
from hesui.settings import Settings
from hesui.store.voting import System, Vote

BASE, TUNED = System("base"), System("tuned")
GUIDED = System("tuned", guide=True, best_of=4)
SHORT, LONG = "新年好！", "祝您新春快乐，阖家幸福，万事如意！"


def vote(n, choice="right", left=BASE, right=TUNED, **changes):
    plain = Vote(
        f"key{n}", f"visitor{n % 3}", "origin", "zh", f"写一段{n + 10}字的祝福", {"op": "eq", "target": n + 10}, "word",
        "embedded", left, right, LONG, SHORT, swapped=False, sampling={"temperature": 0.5}, seed=n, choice=choice,
    )  # fmt: skip
    return replace(plain, **changes)


def turned(one):
    """The same vote, its sides the other way round."""
    choice = {"left": "right", "right": "left"}.get(one.choice, one.choice)
    return replace(
        one, left=one.right, right=one.left, left_text=one.right_text, right_text=one.left_text, choice=choice
    )


def test_fewer_than_twenty_votes_have_no_strengths_but_are_counted():
    found = standings([vote(n, choice) for n, choice in enumerate(["right"] * 15 + ["tie", "both_bad", "left"])])
    assert (found.undefined, found.votes, found.prompts, found.visitors) == ("few", 18, 18, 3)
    assert found.choices == {"left": 1, "right": 15, "tie": 1, "both_bad": 1}
    assert [place.strength for place in found.places] == [None, None]
    assert {place.system: place[2:] for place in found.places} == {BASE: (1, 2, 15), TUNED: (15, 2, 1)}


def test_many_votes_on_few_prompts_are_too_few_as_well():
    found = standings([vote(n, prompt="写一段祝福") for n in range(40)], resamples=99)
    assert (found.undefined, found.votes, found.prompts) == ("few", 40, 1)


def test_who_wins_is_stronger_and_the_sides_do_not_matter():
    votes = [vote(n, "right" if n % 4 else "left") for n in range(40)]
    found = standings(votes, resamples=199)
    assert [place.system for place in found.places] == [TUNED, BASE]
    assert found.places[0].strength.low > found.places[1].strength.high
    assert found.meetings == ((TUNED, BASE, 30, 0, 10),)
    again = standings([turned(one) if n % 2 else one for n, one in enumerate(votes)], resamples=199)
    assert again.places[0].strength == pytest.approx(found.places[0].strength, abs=1e-6)
    assert again.meetings == found.meetings


def test_voters_who_only_like_the_longer_answer_make_nobody_strong():
    votes = [vote(n, "left", *((BASE, TUNED) if n % 2 else (TUNED, BASE))) for n in range(60)]
    found = standings(votes, resamples=199)
    assert found.length.low > 0
    assert all(place.strength.low < 0 < place.strength.high for place in found.places)


def test_both_bad_is_a_tie_for_the_strengths():
    assert ballot(vote(1, "both_bad")) == ballot(vote(1, "tie"))
    assert ballot(vote(1, "left")).longer == len(LONG) - len(SHORT)


def test_decodings_of_one_model_are_systems_of_their_own():
    assert name_of(GUIDED) == "tuned + guide + best of 4"
    found = standings([vote(n, "right", TUNED, GUIDED) for n in range(30)], resamples=99)
    assert [place.system for place in found.places] == [GUIDED, TUNED]


def test_systems_that_never_met_have_no_common_scale():
    votes = [vote(n) if n % 2 else vote(n, left=System("a"), right=System("b")) for n in range(40)]
    assert standings(votes, resamples=99).undefined == "apart"


def test_a_vote_between_a_system_and_itself_says_nothing():
    assert standings([vote(n, left=TUNED) for n in range(30)]).votes == 0


def test_standings_are_plain_json():
    votes = [vote(n) for n in range(30)]
    record = json.loads(json.dumps(standings(votes, resamples=99).record()))
    assert record["systems"][0]["system"] == "tuned"
    assert record["systems"][0]["strength"]["low"] <= record["systems"][0]["strength"]["value"]
    assert record["meetings"] == [{"first": "tuned", "second": "base", "won": 30, "tied": 0, "lost": 0}]
    assert standings([]).record()["undefined"] == "few"


def test_pairs_are_the_votes_that_preferred_something():
    found = list(pairs([vote(1, "left"), vote(2, "right"), vote(3, "tie"), vote(4, "both_bad")]))
    assert [(one["chosen"], one["rejected"], one["chosen_by"]) for one in found] == [
        (LONG, SHORT, "base"),
        (SHORT, LONG, "tuned"),
    ]
    assert {one["source"] for one in found} == {ARENA}


def test_what_voters_preferred_comes_into_review_once_and_undecided(database, tmp_path):
    desk = ReviewDesk(database, Settings(home=tmp_path))
    votes = [vote(1, "left"), vote(2, "right"), vote(3, "tie"), vote(4, left_text=" "), vote(5, right_text="  ")]
    assert desk.add(preferred(votes, "greeting", 0.0)) == 3
    assert desk.add(preferred(votes, "greeting", 0.0)) == 0
    assert desk.survey.sources() == {ARENA: 3}
    assert desk.survey.counts() == {("greeting", "open"): 3}
    item = desk.queue.claim("甲")[0].item
    assert (item.kind, item.source, item.row["class"]) == ("answer", ARENA, "greeting")
    assert {LONG, SHORT} >= {one.item.text for one in desk.queue.claim("甲", 3)}
