"""A stream folds into answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from hesui.answers import Answer, collect, follow
from hesui.errors import QueueFull
from hesui.records import End, EndReason, Event, Loading, Message, Piece, Request, Waiting

ENDED = End(EndReason.END, tokens=3, drawn=5, seconds=0.1)
TWO = [Request((Message("user", "贺词"),), model=name) for name in ("base", "tuned")]


class Script:
    """An answerer that says what it was given, and remembers being closed."""

    def __init__(self, *events: Event) -> None:
        self.events = events
        self.closed = False

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        try:
            yield from self.events
        finally:
            self.closed = True


def test_pieces_of_two_rows_come_apart_again() -> None:
    script = Script(Piece(0, "新"), Piece(1, "福"), Piece(0, "春", end=ENDED), Piece(1, "到", end=ENDED))
    assert collect(script, TWO) == [Answer("base", "新春", ENDED), Answer("tuned", "福到", ENDED)]


def test_a_piece_can_take_back_what_came_before() -> None:
    script = Script(Piece(0, "新春快乐，万"), Piece(0, "！", keep=4), Piece(0, "再见", keep=0))
    texts = [state.rows[0].text for state in follow(script, TWO)]
    assert texts == ["新春快乐，万", "新春快乐！", "再见"]


def test_waiting_and_loading_show_until_the_first_piece() -> None:
    waiting, loading = Waiting(2), Loading("base", 0.5)
    states = list(follow(Script(waiting, loading, Piece(0, "新")), TWO))
    assert [state.status for state in states] == [waiting, loading, None]


def test_done_means_every_row_has_ended() -> None:
    states = list(follow(Script(Piece(0, end=ENDED), Piece(1, end=ENDED)), TWO))
    assert [state.done for state in states] == [False, True]


def test_leaving_early_closes_the_stream() -> None:
    script = Script(Piece(0, "新"), Piece(0, "春"))
    states = follow(script, TWO)
    next(states)
    states.close()  # type: ignore[attr-defined]
    assert script.closed


def test_an_answerers_error_comes_through() -> None:
    class Full:
        def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
            raise QueueFull("too many wait")

    with pytest.raises(QueueFull):
        collect(Full(), TWO)


def test_a_row_that_waits_goes_on_waiting_while_another_answers() -> None:
    waiting = Waiting(2, rows=(0,))
    script = Script(waiting, Piece(1, "福"), Piece(0, "新"), Piece(1, "到"))
    assert [state.status for state in follow(script, TWO)] == [waiting, waiting, None, None]
