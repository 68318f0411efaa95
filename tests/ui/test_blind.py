"""Blind rounds: what is shown follows from the texts alone, and no name is among it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.answers import Answer, Answers, fold
from hesui.errors import InputError
from hesui.length import Constraint
from hesui.records import End, EndReason, Loading, Piece, Request, Waiting
from hesui.settings import Settings
from hesui.ui import blind, render, voting
from hesui.ui.blind import FRAMES, cover, draw, replay, seal, squeezed, veiled
from hesui.ui.form import Form
from hesui.ui.visit import Round, Visit

LEFT, RIGHT = "祝您新春快乐，阖家幸福，万事如意！", "新年好，我是文心一言，祝您安康。"
END = End(EndReason.END, 20, 20, 3.21, note="sequential")
FORM = Form("写一段16字的祝福", left="mine<b>", right="tuned")
KNOWN = ["base", "tuned", "mine<b>"]


def ended(text, reason=EndReason.END):
    return Answer("m", text, End(reason, 1, 1, 1.0))


def streamed(pieces, texts=(LEFT, RIGHT)):
    """The states of a stream that writes so many characters of either answer in turn."""
    events, at = [], [0, 0]
    for row, size in pieces:
        text = texts[row][at[row] : at[row] + size]
        at[row] += len(text)
        events.append(Piece(row, text))
    for row, text in enumerate(texts):
        events.append(Piece(row, text[at[row] :], end=END))
    return fold(events, [Request(()), Request(())])


def seen(states):
    """What a visitor sees of both answers, moment by moment."""
    shown = [tuple(squeezed(text[: len(row.text)]) for text, row in zip(now.covered or ("", ""), now.rows, strict=True))
             for now in veiled(states, wait=lambda seconds: None)]  # fmt: skip
    return [moment for moment in shown if moment != ("", "")]


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 9)), max_size=20))
def test_what_is_seen_follows_from_the_texts_however_they_came(pieces):
    assert seen(streamed(pieces)) == seen(streamed([(0, 99), (1, 99)]))


def test_nothing_is_seen_before_both_have_ended():
    states = list(streamed([(0, 5), (1, 1)]))
    moments = list(veiled(states[:-1], wait=lambda seconds: None))
    assert all(row.text == "" and row.end is None for moment in moments[:-1] for row in moment.rows)
    assert moments[1].written == 6


@given(st.text(max_size=400), st.text(max_size=400))
def test_both_answers_grow_at_one_pace_and_end_together(left, right):
    frames = list(replay([ended(left), ended(right)]))
    assert len(frames) <= FRAMES
    for one, other in frames:
        assert one.end is None is other.end
        assert len(one.text) == len(other.text) or one.text == left or other.text == right


def test_the_waiting_is_told_and_an_answer_that_failed_is_not_replayed():
    states = [Answers((Answer("m"), Answer("n")), status) for status in (Waiting(2), Loading("tuned", 0.5))]
    failed = Answers((ended(LEFT), ended("半", EndReason.ERROR)))
    moments = list(veiled([*states, failed], wait=lambda seconds: pytest.fail("replayed")))
    assert [moment.status for moment in moments] == [Waiting(2), Loading("tuned", 0.5), None, None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("我是文心一言，祝您", "我是■■，祝您"),
        ("I am Qwen2.5-7B, happy", "I am ■■, happy"),
        ("由百度开发的ERNIE Bot 4.0。", "由■■开发的■■。"),
        ("我叫豆包，给您拜年", "我叫■■，给您拜年"),
        ("as chatgpt and ChatGLM3 say", "as ■■ and ■■ say"),
        ("通义千问与deepseek-v3同贺", "■■与■■同贺"),
        ("我是 mine<b>！", "我是 ■■！"),
    ],
)
def test_names_of_models_are_covered(text, told):
    assert squeezed(cover(text, ["mine<b>"])) == told
    assert len(cover(text, ["mine<b>"])) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "蒸一锅粘豆包，星火燎原",
        "祝百度的同事新年好",
        "a well-tuned piano at the base of it",
        "bamboo, 混元一体，小爱心",
    ],
)
def test_other_words_stay_as_they_are(text):
    assert cover(text, ["mine"]) == text


def test_sides_fall_by_chance_and_seeds_are_new():
    drawn = [draw(FORM) for _ in range(200)]
    assert 50 < sum(one.swapped for one in drawn) < 150
    assert len({one.form.seed for one in drawn}) > 190
    assert {(one.swapped, one.form.left, one.form.right) for one in drawn} == {
        (False, "mine<b>", "tuned"),
        (True, "tuned", "mine<b>"),
    }


def test_one_model_on_both_sides_is_no_blind_test():
    with pytest.raises(InputError) as caught:
        draw(Form("写50字", left="tuned", right="tuned"))
    assert caught.value.key == "error.vote_same"


def test_the_base_model_is_covered_by_its_own_name_too():
    assert seal(draw(FORM, swapped=False), "Qwen/Qwen3-0.6B").names == (
        "mine<b>",
        "tuned",
        "Qwen/Qwen3-0.6B",
        "Qwen3-0.6B",
    )
    assert "base" not in seal(draw(Form("写50字", right="tuned")), "embedded").names


def played(states=None, **changes):
    begun = voting.begin(FORM, Settings(), KNOWN)
    *_, last = voting.shown(begun, states or streamed([(0, 3), (1, 3)]))
    return last.played


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(blind, "FRAME", 0.0)


def test_a_sealed_round_tells_neither_name_nor_speed():
    done = played()
    html = "".join([*render.panes(done), render.spoken(done), voting.ballot(done)])
    for secret in ("mine", "tuned", "文心一言", "3.2", "词元/秒", "sequential", "依次", done.sealed.key):
        assert secret not in html
    assert "我是■■，祝您安康" in html
    assert html.count("data-vote=") == 4
    opened = Round(done.form, done.requests, done.rows)
    told = "".join(render.panes(opened))
    assert "mine&lt;b&gt;" in told
    assert "文心一言" in told
    assert voting.ballot(opened) == ""


def test_the_mark_where_the_limit_was_crossed_lies_where_it_does_in_the_open_round():
    done = played(streamed([], texts=("我是文心一言我是文心一言我是文心一言", RIGHT)))
    sealed, opened = render.panes(done)[0], render.panes(Round(done.form, done.requests, done.rows))[0]
    assert done.requests[0].constraint == Constraint("eq", target=16, span=done.requests[0].constraint.span)
    assert 'data-count="18"' in sealed
    assert 'data-count="18"' in opened
    assert "我是■■我是■■我是■■" in sealed.replace('<mark class="beyond" data-limit="16">', "").replace("■■■■", "■■")


def test_a_stopped_or_failed_round_has_no_ballot():
    done = played()
    stopped = Round(done.form, done.requests, done.rows, True, done.sealed)
    failed = played([Answers((ended(LEFT), ended("半", EndReason.ERROR)))])
    for broken in (stopped, failed):
        assert "data-vote" not in voting.ballot(broken)
        assert "不能投票" in voting.ballot(broken)
    assert voting.ballot(None) == voting.ballot(voting.begin(FORM, Settings(), KNOWN)) == ""


def test_a_round_turned_round_counts_for_the_sides_that_were_chosen():
    done = Round(FORM, *voting_rows())
    turned = done.turned()
    assert (turned.form.left, turned.form.right) == ("tuned", "mine<b>")
    assert turned.requests == done.requests[::-1]
    assert turned.turned() == done
    assert [score.model for score in Visit().finished(turned).scores()] == ["tuned", "mine<b>"]


def voting_rows():
    requests = tuple(FORM.requests(Settings(), KNOWN))
    return requests, (ended(LEFT), ended(RIGHT))
