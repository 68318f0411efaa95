"""The piece that brings a shown answer up to date, and which candidate is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hesui.answers import Answer
from hesui.length import Constraint
from hesui.models.choosing import rank
from hesui.models.showing import change
from hesui.records import EndReason, Message, Request

TEXTS = st.text("新春快乐a", max_size=6)


@given(TEXTS, TEXTS)
def test_a_change_turns_what_is_shown_into_the_text(before, after):
    piece = change(3, before, after)
    assert (piece is None) == (before == after)
    if piece is not None:
        assert piece.row == 3
        assert Answer("m", before).after(piece).text == after


def test_the_nearest_is_kept_then_a_complete_one_then_the_likeliest():
    request = Request((Message("user", "写5字"),), constraint=Constraint("eq", target=5))
    best_first = [
        rank("新春快乐！", EndReason.END, request, unlikely=1.0),
        rank("新春快乐！", EndReason.END, request, unlikely=2.0),
        rank("新春快乐呀", EndReason.END, request),
        rank("新春快乐好！", EndReason.END, request),
    ]
    best_first.reverse()
    assert sorted(best_first) == best_first[::-1]
    assert rank("新春快乐！", EndReason.LIMIT, request) > rank("新春快乐！", EndReason.END, request)
