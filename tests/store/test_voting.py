"""Votes are kept as they were cast, once a round, and not too many from one visitor or address."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from hesui.errors import InputError
from hesui.store import voting
from hesui.store.voting import PER_ORIGIN, PER_VISITOR, System, Vote, VoteStore


def vote(key="k", **changes):
    plain = Vote(
        key, "visitor", "origin", "zh", "写一段50字的祝福", {"op": "eq", "target": 50}, "word", "embedded",
        System("base"), System("tuned", guide=True, best_of=4), "新年好。", "新年快乐！",
        swapped=True, sampling={"temperature": 0.5, "max_tokens": None}, seed=2**62, choice="right",
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.fixture
def store(database):
    return VoteStore(database)


def fill(store, count, **changes):
    for n in range(count):
        store.cast(vote(f"{changes.get('visitor', '')}{n}", **changes))


def test_a_vote_comes_back_as_it_was_cast(store):
    cast = store.cast(vote())
    assert store.votes() == [cast]
    assert replace(cast, number=0, created=0.0) == vote()
    free = store.cast(vote("free", constraint=None))
    assert store.votes()[-1] == free
    assert free.number > cast.number


def test_the_same_key_counts_once_whatever_it_says(store):
    first = store.cast(vote())
    assert store.cast(vote(choice="left", visitor="another")) == first
    assert store.count() == 1


def test_two_requests_at_once_come_to_one_vote(store):
    at_once = [threading.Thread(target=store.cast, args=(vote(choice=choice),)) for choice in ("left", "tie") * 4]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    assert store.count() == 1


def test_a_visitor_votes_so_often_and_no_more(store):
    fill(store, PER_VISITOR)
    with pytest.raises(InputError) as caught:
        store.cast(vote("more"))
    assert caught.value.key == "error.vote_limit"
    assert caught.value.values["most"] == PER_VISITOR
    assert 9 <= caught.value.values["wait"] <= 10
    assert store.count() == PER_VISITOR
    assert store.cast(vote("0")).key == "0"  # sent again: it stands already
    store.cast(vote("other", visitor="other"))


def test_an_address_votes_so_often_whoever_it_says_it_is(store):
    for one in range(PER_ORIGIN // PER_VISITOR):
        fill(store, PER_VISITOR, visitor=f"v{one}-")
    with pytest.raises(InputError, match="nothing was recorded"):
        store.cast(vote("more", visitor="fresh"))
    store.cast(vote("elsewhere", visitor="fresh", origin="elsewhere"))


def test_old_votes_stand_in_nobodys_way(store, monkeypatch):
    fill(store, PER_VISITOR)
    monkeypatch.setattr(voting, "WINDOW", -1.0)
    store.cast(vote("more"))
    assert store.count() == PER_VISITOR + 1


def test_votes_are_read_by_their_base(store):
    store.cast(vote("a"))
    store.cast(vote("b", base="Qwen/Qwen3-0.6B"))
    assert [one.key for one in store.votes("embedded")] == ["a"]
    assert store.count("embedded") == 1
    assert store.count("nothing") == 0
    assert store.count() == 2
