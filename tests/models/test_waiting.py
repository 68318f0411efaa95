import pytest

from hesui.errors import QueueFull
from hesui.models.waiting import Turnstile


def test_turns_come_in_order() -> None:
    turns = Turnstile(limit=2)
    first, second, third = turns.enter(), turns.enter(), turns.enter()
    assert [ticket.position for ticket in (first, second, third)] == [0, 1, 2]
    with first:
        pass
    assert [ticket.position for ticket in (second, third)] == [0, 1]


def test_who_gives_up_makes_room_for_those_behind() -> None:
    turns = Turnstile(limit=2)
    _, second, third = turns.enter(), turns.enter(), turns.enter()
    turns.leave(second)
    turns.leave(second)
    assert third.position == 1


def test_one_more_than_may_wait_is_refused_until_someone_leaves() -> None:
    turns = Turnstile(limit=1)
    first, _ = turns.enter(), turns.enter()
    with pytest.raises(QueueFull, match="1 requests wait already"):
        turns.enter()
    turns.leave(first)
    assert turns.enter().position == 1


def test_no_queue_still_serves_one() -> None:
    turns = Turnstile(limit=0)
    assert turns.enter().position == 0
    with pytest.raises(QueueFull):
        turns.enter()
