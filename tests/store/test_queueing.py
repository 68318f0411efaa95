"""Items go to one reviewer at a time, decisions are kept once, and what stands follows from the events."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise

import pytest

from hesui.errors import InputError
from hesui.store.queueing import UNDO, Decision, ReviewQueue, lane
from hesui.store.reviewing import Item
from hesui.store.surveying import Filter, ReviewSurvey

ROW = {"id": "p", "class": "greeting", "prompt": "写一段50字以内的祝福", "constraint": None, "family": "f"}


def item(name, **changes):
    plain = Item(f"i{name}", "answer", "greeting", "zh", f"p{name}", ROW, f"新年好{name}。", priority=float(name))
    return replace(plain, **changes)


def accept(key, **more):
    return Decision("accept", key=key, **more)


def reject(key, reason="length", **more):
    return Decision("reject", reason=reason, key=key, **more)


@pytest.fixture
def queue(database):
    return ReviewQueue(database)


@pytest.fixture
def survey(database):
    return ReviewSurvey(database)


def ids(claims):
    return [claim.item.id for claim in claims]


def state(survey, id):
    found = survey.reviewed(id)
    return found.entry.state, found.entry.verdict


def test_an_item_comes_back_as_it_went_in(queue, survey):
    given = item(
        1, suggestion={"label": "yes", "clues": ["它"]}, kind="label", teacher="老师", attempt=3, source="demo"
    )
    queue.add([given])
    assert replace(survey.reviewed("i1").entry.item, number=0) == given


def test_adding_twice_adds_nothing(queue):
    assert queue.add([item(n) for n in range(1200)]) == 1200
    assert queue.add([item(n) for n in range(1100, 1300)]) == 100
    assert queue.add([item(2000), item(2000)]) == 1


def test_the_lowest_priority_comes_first_and_is_leased(queue):
    queue.add([item(3), item(1), item(2)])
    assert ids(queue.claim("甲", 2)) == ["i1", "i2"]
    assert ids(queue.claim("甲", 2)) == ["i1", "i2"]
    assert ids(queue.claim("乙", 2)) == ["i3"]
    assert queue.claim("丙") == []


def test_a_lease_that_runs_out_returns_the_item(database, survey):
    queue = ReviewQueue(database, lease=-1)  # over at once
    queue.add([item(1)])
    queue.claim("甲")
    assert ids(ReviewQueue(database).claim("乙")) == ["i1"]
    with pytest.raises(InputError) as caught:
        queue.decide("甲", "i1", accept("k"))
    assert caught.value.key == "error.review_taken"
    queue.decide("乙", "i1", accept("k"))
    with pytest.raises(InputError) as caught:
        queue.decide("甲", "i1", accept("k2"))
    assert caught.value.key == "error.review_decided"
    assert state(survey, "i1") == ("accepted", "accept")


def test_a_late_decision_counts_where_nobody_else_has_the_item(database, survey):
    queue = ReviewQueue(database, lease=-1)  # over at once
    queue.add([item(1)])
    queue.claim("甲")
    queue.decide("甲", "i1", accept("k"))
    assert state(survey, "i1") == ("accepted", "accept")


def test_a_heartbeat_keeps_the_lease(database):
    brief, queue = ReviewQueue(database, lease=-1), ReviewQueue(database)
    queue.add([item(1)])
    brief.claim("甲")  # over at once
    assert queue.beat("甲", ["i1", "gone"]) == ["i1"]
    assert queue.claim("乙") == []
    assert queue.beat("乙", ["i1"]) == []


def test_a_released_item_goes_to_others_at_once(queue):
    queue.add([item(1)])
    queue.claim("甲")
    queue.release("乙", ["i1"])
    assert queue.claim("乙") == []
    queue.release("甲", ["i1"])
    assert ids(queue.claim("乙")) == ["i1"]


def test_nobody_gets_an_item_twice(queue):
    queue.add([item(1), item(2, required=2)])
    for id in ids(queue.claim("甲", 2)):
        queue.decide("甲", id, accept(f"k{id}"))
    assert queue.claim("甲") == []
    assert ids(queue.claim("乙", 2)) == ["i2"]


def test_a_skipped_item_comes_back_to_others_only(queue, survey):
    queue.add([item(1)])
    queue.claim("甲")
    queue.decide("甲", "i1", Decision("skip", key="k"))
    assert state(survey, "i1") == ("open", "")
    assert queue.claim("甲") == []
    assert ids(queue.claim("乙")) == ["i1"]
    queue.decide("乙", "i1", Decision("skip", key="k"))
    assert queue.claim("甲") == queue.claim("乙") == []
    assert ids(queue.claim("丙")) == ["i1"]


def test_a_rejected_item_is_decided(queue, survey):
    queue.add([item(1)])
    queue.claim("甲")
    queue.decide("甲", "i1", reject("k", note="太长"))
    assert state(survey, "i1") == ("rejected", "reject")
    assert queue.claim("乙") == []
    [event] = survey.reviewed("i1").events
    assert (event.reason, event.note, event.counter) == ("length", "太长", "word")
    assert len(event.text_hash) == 64


def test_an_edit_keeps_the_original(queue, survey):
    queue.add([item(1)])
    queue.claim("甲")
    queue.decide("甲", "i1", Decision("edit", text="新春快乐。", key="k"))
    found = survey.reviewed("i1")
    assert (found.entry.state, found.text, found.entry.item.text) == ("edited", "新春快乐。", "新年好1。")


def test_the_same_key_makes_one_decision(queue, survey):
    queue.add([item(1), item(2)])
    queue.claim("甲", 2)
    first = queue.decide("甲", "i1", accept("k"))
    assert queue.decide("甲", "i1", accept("k")).number == first.number
    assert queue.decide("甲", "i1", reject("another key")).number == first.number
    assert len(survey.reviewed("i1").events) == 1


def test_two_browsers_of_one_reviewer_and_a_double_click_make_one_decision(queue, survey):
    queue.add([item(1)])
    queue.claim("甲")
    made, failures = [], []

    def send(key):
        try:
            made.append(queue.decide("甲", "i1", accept(key)).number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(f"k{n % 4}",)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(made)) == 1
    assert len(survey.reviewed("i1").events) == 1


def test_two_that_agree_decide_an_item(queue, survey):
    queue.add([item(1, required=2)])
    for reviewer, decision in (("甲", accept("k")), ("乙", Decision("edit", text="好。", key="k"))):
        assert ids(queue.claim(reviewer)) == ["i1"]
        queue.decide(reviewer, "i1", decision)
    assert state(survey, "i1") == ("edited", "edit")


def test_two_that_disagree_leave_it_to_an_owner(queue, survey):
    queue.add([item(1, required=2)])
    for reviewer, decision in (("甲", accept("k")), ("乙", reject("k"))):
        queue.claim(reviewer)
        queue.decide(reviewer, "i1", decision)
    assert state(survey, "i1") == ("split", "")
    assert queue.claim("丙") == []
    queue.rule("主人", "i1", Decision("reject", reason="topic", key="r"))
    queue.rule("主人", "i1", Decision("accept", key="r"))
    assert state(survey, "i1") == ("rejected", "reject")


def test_a_ruling_goes_before_any_decision(queue, survey):
    queue.add([item(1), item(2)])
    queue.claim("甲")
    queue.decide("甲", "i1", accept("k"))
    queue.rule("主人", "i1", Decision("edit", text="改。", key="r"))
    assert survey.reviewed("i1").text == "改。"
    with pytest.raises(InputError) as caught:
        queue.undo("甲", "u")
    assert caught.value.key == "error.review_ruled"


def test_many_are_ruled_on_at_once_or_none(queue, survey):
    queue.add([item(n) for n in range(5)])
    with pytest.raises(InputError):
        queue.rule_all("主人", ["i1", "nowhere"], accept("r"))
    assert state(survey, "i1") == ("open", "")
    for _ in range(2):
        assert queue.rule_all("主人", ["i1", "i2"], accept("r")) == 2
    assert survey.page(Filter(state="accepted"))[0] == 2
    assert len(survey.reviewed("i1").events) == 1


def test_a_reopened_item_is_decided_anew(queue, survey):
    queue.add([item(1)])
    queue.claim("甲")
    queue.decide("甲", "i1", accept("k"))
    queue.reopen("主人", "i1", "o")
    queue.reopen("主人", "i1", "o")
    assert state(survey, "i1") == ("open", "")
    assert ids(queue.claim("甲")) == ["i1"]
    queue.decide("甲", "i1", reject("k2"))
    assert state(survey, "i1") == ("rejected", "reject")
    assert [event.action for event in survey.reviewed("i1").events] == ["accept", "reopen", "reject"]


def test_an_undo_gives_the_item_back_on_lease(queue, survey):
    queue.add([item(1), item(2)])
    queue.claim("甲", 2)
    queue.decide("甲", "i1", reject("k"))
    again, taken = queue.undo("甲", "u")
    assert (again.id, taken.action, taken.reason) == ("i1", "reject", "length")
    assert queue.undo("甲", "u")[1].number == taken.number
    assert state(survey, "i1") == ("open", "")
    assert queue.claim("乙") == []
    assert ids(queue.claim("甲", 2)) == ["i1", "i2"]
    assert queue.undo("甲", "u2") is None
    queue.decide("甲", "i1", accept("k3"))
    assert [event.action for event in survey.reviewed("i1").events] == ["reject", "undo", "accept"]


def test_an_undo_leaves_the_item_with_whoever_has_it_by_now(queue, survey):
    queue.add([item(1, required=2)])
    queue.claim("甲")
    queue.decide("甲", "i1", reject("k"))
    assert ids(queue.claim("乙")) == ["i1"]
    queue.undo("甲", "u")
    assert queue.claim("丙") == queue.claim("甲") == []
    queue.decide("乙", "i1", accept("k"))
    assert ids(queue.claim("甲")) == ["i1"]
    queue.decide("甲", "i1", accept("k2"))
    assert state(survey, "i1") == ("accepted", "accept")


def test_a_skip_can_be_undone(queue):
    queue.add([item(1)])
    queue.claim("甲")
    queue.decide("甲", "i1", Decision("skip", key="k"))
    assert queue.undo("甲", "u")[0].id == "i1"
    assert ids(queue.claim("甲")) == ["i1"]


def test_the_last_decisions_can_be_undone_one_by_one_but_not_more(queue):
    queue.add([item(n) for n in range(UNDO + 5)])
    for number in range(UNDO + 5):
        [claim] = queue.claim("甲")
        queue.decide("甲", claim.item.id, accept(f"k{number}"))
    undone = [queue.undo("甲", f"u{number}") for number in range(UNDO + 1)]
    assert [taken[0].id for taken in undone[:-1]] == [f"i{n}" for n in reversed(range(5, UNDO + 5))]
    assert undone[-1] is None


def test_lanes_narrow_what_is_claimed(queue):
    queue.add([item(1), item(2, task="essay"), item(3, language="en"), item(4, task="essay", language="en")])
    assert ids(queue.claim("甲", 4, lanes=[lane("essay", "zh"), lane("essay", "en")])) == ["i2", "i4"]
    assert ids(queue.claim("乙", 4, lanes=[lane("greeting", "en")])) == ["i3"]
    assert queue.claim("丙", lanes=[]) == []


def test_gold_items_go_to_everybody_once_and_are_never_decided(queue, survey):
    queue.add([item(1), item(2), item(9, gold="reject")])
    for reviewer in ("甲", "乙"):
        claims = queue.claim(reviewer, 1, gold=True)
        assert ids(claims) == ["i9"]
        queue.decide(reviewer, "i9", accept("k"))
    assert state(survey, "i9") == ("gold", "")
    assert ids(queue.claim("甲", 3, gold=True)) == ["i1", "i2"]
    assert len(survey.reviewed("i9").events) == 2


def test_an_owner_makes_an_item_gold_and_ordinary_again(queue, survey):
    queue.add([item(1)])
    queue.set_gold("i1", "accept")
    assert state(survey, "i1") == ("gold", "")
    assert queue.claim("甲") == []
    queue.set_gold("i1", None)
    assert ids(queue.claim("甲")) == ["i1"]


def test_a_source_is_removed_with_its_events(queue, survey):
    queue.add([item(1, source="demo"), item(2)])
    queue.claim("甲", 2)
    queue.decide("甲", "i1", accept("k"))
    assert queue.remove("demo") == 1
    assert survey.reviewed("i1") is None
    with pytest.raises(InputError) as caught:
        queue.decide("甲", "i1", accept("k2"))
    assert caught.value.key == "error.review_gone"


def test_a_fact_is_remembered_once(queue):
    assert queue.fact("demo") is None
    assert queue.remember("demo", "added")
    assert not queue.remember("demo", "again")
    assert queue.fact("demo") == "added"


def test_fingerprints_stand_as_long_as_a_text_is_accepted(database):
    queue, survey = ReviewQueue(database, bands=lambda text: [text[:3], text[-3:]]), ReviewSurvey(database)
    queue.add([item(1), item(2)])
    queue.claim("甲", 2)
    queue.decide("甲", "i1", Decision("edit", text="新春到来喜气盈", key="k"))
    assert [twin.text for twin in survey.twins(["新春到"], besides="i2")] == ["新春到来喜气盈"]
    assert survey.twins(["新春到"], besides="i1") == []
    assert survey.twins(["新年好"], besides="") == []
    queue.undo("甲", "u")
    assert survey.twins(["新春到"], besides="") == []


def test_what_stands_always_follows_from_the_events(queue, survey):
    queue.add([item(n, required=1 + n % 2, gold="accept" if n == 7 else None) for n in range(12)])
    for turn, reviewer in enumerate("甲乙丙甲乙丙"):
        for claim in queue.claim(reviewer, 3, gold=True):
            decision = [accept, reject][(turn + claim.item.number) % 2](f"k{turn}-{claim.item.id}")
            queue.decide(reviewer, claim.item.id, decision)
        if turn % 2:
            queue.undo(reviewer, f"u{turn}")
    queue.rule("主人", "i3", reject("r"))
    queue.reopen("主人", "i4", "o")
    assert queue.settle_all() == 0


def test_many_reviewers_at_once_lose_and_double_nothing(queue, survey):
    queue.add([item(n, required=1 + (n % 5 == 0)) for n in range(60)])
    failures = []

    def review(name):
        try:
            while claims := queue.claim(name, 2):
                for claim in claims:
                    queue.decide(name, claim.item.id, accept(f"k{claim.item.id}"))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=review, args=(f"人{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for late in ("最后一人", "最后二人"):  # who finds everything lent goes; what was lent then still needs a second one
        review(late)
    assert failures == []
    found = list(survey.all_reviewed())
    assert len(found) == 60
    assert all(len(one.events) == one.entry.item.required for one in found)
    assert all(len({event.reviewer for event in one.events}) == len(one.events) for one in found)


def test_progress_counts_what_stands(queue, survey):
    queue.add([item(n, required=1 + (n == 2)) for n in range(5)])
    began = time.time()
    for number, decision in enumerate((accept, reject, accept)):
        [claim] = queue.claim("甲")
        queue.decide("甲", claim.item.id, decision(f"k{number}"))
    queue.claim("甲")
    queue.decide("甲", "i3", Decision("skip", key="s"))
    progress = survey.progress("甲", since=began)
    assert (progress.left, progress.decided, progress.second, progress.mine, progress.today) == (3, 2, 1, 3, 3)
    queue.undo("甲", "u")
    queue.undo("甲", "u2")
    assert survey.progress("甲", since=began).mine == 2
    assert survey.progress("甲", since=time.time() + 9).today == 0


@pytest.mark.parametrize(
    "wanted, found",
    [
        (Filter(), {"i0", "i1", "i2", "i3"}),
        (Filter(task="essay"), {"i3"}),
        (Filter(state="accepted"), {"i0"}),
        (Filter(verdict="reject"), {"i1"}),
        (Filter(reviewer="甲"), {"i0", "i1"}),
        (Filter(search="新年好2"), {"i2"}),
        (Filter(search="50字以内"), {"i0", "i1", "i2", "i3"}),
        (Filter(search="100%_"), set()),
        (Filter(source="demo"), {"i2"}),
        (Filter(state="open", task="greeting"), {"i2"}),
    ],
)
def test_a_filter_finds_what_it_says(queue, survey, wanted, found):
    queue.add([item(0), item(1), item(2, source="demo"), item(3, task="essay")])
    queue.claim("甲", 2)
    queue.decide("甲", "i0", accept("a"))
    queue.decide("甲", "i1", reject("b"))
    assert set(survey.ids(wanted)) == found
    assert survey.page(wanted)[0] == len(found)


def test_items_of_one_prompt_come_together_however_many_there_are(queue, survey):
    queue.add([item(n, prompt_id=f"p{n % 7}") for n in range(1300)])
    seen = [one.entry.item.prompt_id for one in survey.all_reviewed(touched=False)]
    assert len(seen) == 1300
    assert sum(a != b for a, b in pairwise(seen)) == 6
