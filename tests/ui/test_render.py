"""The page's own HTML: escaped, in both languages, and true to the length core."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.answers import Answer
from hesui.errors import InputError
from hesui.length import Constraint, count, parse
from hesui.records import End, EndReason, Loading, Message, Request, Waiting
from hesui.ui import render
from hesui.ui.form import Form
from hesui.ui.visit import Round, Visit

NASTY = '<img src=x onerror="alert(1)">'
EQ = Constraint("eq", target=5)


def request(constraint=EQ, **options):
    return Request((Message("user", "写"),), constraint=constraint, **options)


def ended(text, reason=EndReason.END, model="base", **options):
    return Answer(model, text, End(reason, len(text), options.pop("drawn", len(text)), 0.5, **options))


def played(*texts, constraint=EQ, **options):
    asked = tuple(request(constraint, model=model, **options) for model in ("base", "tuned"))
    return Round(Form(prompt="写5字"), asked, tuple(ended(text) for text in texts))


def shown(html):
    """The answer's text as a browser shows it."""
    inner = re.search(r'<div class="answer"[^>]*>(.*?)</div>', html, re.DOTALL).group(1)
    return unescape(re.sub(r"<[^>]+>", "", inner))


@pytest.mark.parametrize(
    ("constraint", "text", "state"),
    [
        (EQ, "新年快乐呀", "ok"),
        (EQ, "新年快乐呀呀", "near"),
        (EQ, "新年快乐呀呀呀", "near"),
        (EQ, "新年快", "near"),
        (EQ, "新年快乐呀呀呀呀", "over"),
        (Constraint("le", max=5), "新年快乐呀呀", "over"),
        (EQ, "新年", "under"),
        (Constraint("le", max=5), "新年", "ok"),
        (Constraint("ge", min=5), "新年", "under"),
        (Constraint("range", min=3, max=4), "新年快乐呀", "over"),
        (None, "新年", "free"),
    ],
)
def test_a_finished_answer_has_a_verdict(constraint, text, state):
    assert render.standing(ended(text), request(constraint)).state == state


@pytest.mark.parametrize(
    ("text", "state"), [("", "waiting"), ("新年", "writing"), ("新年快乐呀", "within"), ("新年快乐呀呀", "passing")]
)
def test_an_answer_under_way_has_a_state_of_its_own(text, state):
    assert render.standing(Answer("base", text), request()).state == state


@pytest.mark.parametrize(("reason", "state"), [(EndReason.CANCELLED, "stopped"), (EndReason.ERROR, "failed")])
def test_a_broken_answer_has_no_verdict(reason, state):
    assert render.standing(ended("新年快乐呀", reason), request()).state == state


def test_a_verdict_is_told_by_word_shape_and_class():
    left, right = render.panes(played("新年快乐呀呀呀呀", "新年快乐呀"))
    assert "▲" in left
    assert "多了 3" in left
    assert "over by 3" in left
    assert 'data-state="over"' in left
    assert "●" in right
    assert "达标" in right
    assert 'data-state="ok"' in right


def test_the_overrun_begins_with_the_first_character_too_many():
    left, _ = render.panes(played("新年快乐呀呀！", ""))
    assert '新年快乐呀<mark class="beyond" data-limit="5">呀！</mark>' in left


@given(st.text("新年, ab1🎆！\n", max_size=30), st.integers(1, 12))
def test_the_crossing_splits_the_text_at_the_limit(text, limit):
    at = render.crossing(text, request(Constraint("le", max=limit)))
    if at is None:
        assert count(text) <= limit
    else:
        assert count(text[:at]) <= limit < count(text)


@given(st.text(max_size=60))
def test_any_answer_is_shown_as_it_is_and_nothing_in_it_is_markup(text):
    left, _ = render.panes(played(text + "。", "x"))
    assert shown(left) == text + "。"


@pytest.mark.parametrize("prompt", [NASTY + "写50字", "写50字" + NASTY])
def test_a_prompt_is_escaped_in_the_chip_and_the_history(prompt):
    done = Round(Form(prompt=prompt), (request(), request()), (ended(NASTY), ended("x")))
    for html in (render.chip(prompt, parse(prompt)), render.history(Visit().finished(done)), *render.panes(done)):
        assert "<img" not in html
        assert "&lt;" in html or "onerror" not in html


def test_a_model_name_is_escaped():
    assert "<b>" not in render.who("mine<b>")


def test_all_panes_share_one_scale():
    left, right = render.panes(played("新" * 40, "新" * 5))
    aims = [re.search(r"--aim:([\d.]+)%", html).group(1) for html in (left, right)]
    assert aims[0] == aims[1]


@given(st.integers(1, 20_000), st.integers(0, 40_000))
def test_a_ruler_stays_on_its_scale(aim, counted):
    html = render.panes(played("新" * min(counted, 300), "", constraint=Constraint("eq", target=aim)))[0]
    assert all(0 <= float(share) <= 100 for share in re.findall(r"--(?:low|aim|at|band):([\d.]+)%", html))


def test_helped_answers_are_labelled_and_raw_ones_too():
    assert "原始输出" in render.mode(False, 1)
    assert "字数引导" in render.mode(True, 1)
    assert "4 选 1" in render.mode(True, 4)
    assert "原始" not in render.mode(True, 4)


def test_a_finished_answer_shows_its_figures():
    row = ended("新年快乐ok！", drawn=40, note="sequential")
    html = render.pane(0, row, request(), render.standing(row, request()), 10)
    for words in (
        "字数</span><span",
        " 6<",
        "汉字",
        "误差 +1",
        "80 词元/秒",
        "0.5 秒",
        "共采样 40 词元",
        "两边依次生成",
    ):
        assert words in html


def test_an_answer_cut_by_a_limit_says_so():
    row = ended("新年", EndReason.LIMIT)
    assert "到词元上限被截断" in render.pane(0, row, request(), render.standing(row, request()), 10)


def test_a_foreign_note_is_escaped():
    row = ended("新年", note=NASTY)
    assert "<img" not in render.pane(0, row, request(), render.standing(row, request()), 10)


def test_an_empty_answer_says_so():
    assert "没有写出" in render.panes(played("", "x"))[0]


def test_waiting_and_loading_are_told():
    assert "前面还有 3 位" in render.status(Waiting(3))
    assert "40%" in render.status(Loading("embedded", 0.4))
    assert render.status(None) == ""


def test_an_error_is_told_in_both_languages():
    html = render.problem(InputError("x", "error.prompt_too_long", count=100_000, limit=8000))
    assert "100,000" in html
    assert "请缩短" in html
    assert "Please shorten" in html


def test_an_unforeseen_error_keeps_its_details_to_the_log():
    assert "/secret" not in render.problem(ValueError("/secret/path"))


def test_an_option_is_named_in_the_pages_words():
    html = render.problem(InputError("x", "error.option_range", name="temperature", value="9", low=0, high=2))
    assert "温度 为 9" in html
    assert "Temperature is 9" in html


def test_the_tally_counts_raw_and_helped_apart():
    visit = Visit().finished(played("新年快乐呀", "新年")).finished(played("新年快乐呀", "新年快乐呀", guide=True))
    assert [(score.side, score.guide, score.ok, score.all) for score in visit.scores()] == [
        (0, False, 1, 1),
        (0, True, 1, 1),
        (1, False, 0, 1),
        (1, True, 1, 1),
    ]


def test_the_tally_tells_how_far_off_a_side_was():
    visit = Visit().finished(played("新年快乐呀呀", "新年快乐呀呀呀呀")).finished(played("新年快乐呀", "新年快乐呀"))
    left, right = visit.scores()
    assert (left.ok, left.near, left.off) == (1, 2, 0.5)
    assert (right.ok, right.near, right.off) == (1, 1, 1.5)
    assert "差 2 以内 2 / 2，平均差 0.5" in render.tally(visit)


def test_the_tally_leaves_out_answers_without_a_verdict():
    stopped = Round(Form(), (request(), request(None)), (ended("新", EndReason.CANCELLED), ended("新")))
    assert Visit().finished(stopped).scores() == []


def test_the_history_forgets_and_the_tally_does_not():
    visit = Visit()
    for _ in range(40):
        visit = visit.finished(played("新年快乐呀", "新年"))
    assert len(visit.rounds) == 30
    assert visit.scores()[0].all == 40
