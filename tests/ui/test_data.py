"""What the Data tab shows, as HTML: complete, escaped, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from hesui.corpus.classes import load_classes
from hesui.corpus.rows import Row, to_record
from hesui.corpus.splits import Leak, Manifest
from hesui.corpus.statistics import Bin, describe
from hesui.distil.config import Config
from hesui.distil.estimate import estimate
from hesui.distil.jobs import View
from hesui.distil.teachers import PRESETS, Price
from hesui.errors import InputError
from hesui.length import parse
from hesui.settings import Settings
from hesui.store.distilling import Fault, Question, Run, StoredAnswer, Tally
from hesui.ui import parts
from hesui.ui.data import board, files, plots, render, splits
from hesui.ui.data.board import Watch
from hesui.ui.data.run import checked
from hesui.ui.data.samples import sample
from hesui.ui.render import problem
from hesui.ui.texts import TEXTS

NASTY = "<img src=x onerror='window.hacked=1'>\"&{{value}}"
PROMPT = "假如你是老师，请写一段6字的春节祝福给家长"
CLASSES = load_classes(Settings())


def row(prompt=PROMPT, reference="祝您新年快乐", **fields):
    return Row("r1", "greeting", prompt, parse(prompt), reference=reference, **fields)


def view(state="running", wanted="run", teacher="composer", tallies=None, faults=(), note=("", "")):
    run = Run("20261124-000312-ab12", {}, state, wanted, "answer", *note, {}, None, None, 0.0, 0.0)
    return View(run, state, Config(teacher=teacher, prompts=100), tallies or {}, faults)


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


def test_every_name_of_a_class_in_a_list_is_in_both_languages():
    assert "节日祝福" in parts.name_of("greeting", CLASSES)
    assert "Greeting" in parts.name_of("greeting", CLASSES)
    assert parts.name_of("<b>", CLASSES).count("&lt;b&gt;") == 2


@pytest.mark.parametrize(
    "html",
    [
        render.seeds([row(NASTY + "写6字", NASTY)], CLASSES, None),
        render.seeds([replace(row(), id=NASTY, task=NASTY)], CLASSES, NASTY),
        render.preview([row(NASTY + "写6字", NASTY)], CLASSES),
        render.overview(CLASSES, {NASTY: 3}),
        plots.charts(describe([replace(row(), task=NASTY)]), CLASSES),
        splits.listed([Leak(NASTY, NASTY, "exact", 1.0, NASTY, NASTY)]),
        splits.frozen(Manifest("1", "word", {"train": {NASTY: 1}}, {NASTY: NASTY}, ()), CLASSES, NASTY),
        board.board(
            view(teacher=NASTY, tallies={NASTY: Tally(1, outcomes={NASTY: 1})},
                 faults=(Fault(NASTY, "answer", NASTY, NASTY),), note=(NASTY, NASTY)),
            CLASSES, NASTY, None,
        ),
        sample(
            Question("q", NASTY, to_record(row(NASTY + "写6字")), "expanded"),
            StoredAnswer("q", NASTY, NASTY, "negative", 1, 1, NASTY, 0, NASTY), CLASSES, "word",
        ),
    ],
)  # fmt: skip
def test_what_comes_from_outside_is_text_and_not_html(html):
    assert "<img" not in html
    assert "'window" not in html
    assert NASTY.replace("'", "&#x27;").replace("<", "&lt;").replace(">", "&gt;").split("&lt;")[0] in html
    assert "&lt;img" in html


def test_a_sample_keeps_paragraphs_and_line_breaks_and_shows_count_verdict_and_reason():
    text = "祝您新年快乐！\n\n　　万事如意\n心想事成"
    question = Question("q", "greeting", to_record(row()), "relabelled")
    shown = sample(
        question, StoredAnswer("q", "greeting", text, "negative", 14, 8, "too_long", 2, "qwen"), CLASSES, "word"
    )
    assert f'<div class="answer">{text}</div>' in shown
    assert "<mark>6字</mark>" in shown
    said = words(shown)
    for wanted in ("比严格标准长", "第 3 次", "教师：qwen", "改标", "恰好 6 字", "over by"):
        assert wanted in said, wanted
    assert re.search(r'class="sample negative over"', shown)


def test_the_composer_is_never_passed_off_as_a_model():
    question = Question("q", "greeting", to_record(row()), "expanded")
    answer = StoredAnswer("q", "greeting", "祝您新年快乐", "accepted", 6, 0, "", 0, "composer")
    for html in (sample(question, answer, CLASSES, "word"), board.board(view(), CLASSES, "", None)):
        assert "内置写手（不是语言模型）" in html
        assert "Built-in composer (not a language model)" in html


@pytest.mark.parametrize("state", ["queued", "running", "paused", "stopped", "capped", "failed", "done", "interrupted"])
def test_a_run_in_any_state_has_words_and_says_whether_to_look_again_soon(state):
    line = board.state_line(view(state))
    assert ("data-working" in line) == (state in ("queued", "running", "paused"))
    assert TEXTS[f"board.state.{state}"].zh in board.board(view(state), CLASSES, "log", None) or state == "paused"


def test_a_board_adds_up_its_classes_and_tells_money_by_the_teachers_currency():
    tallies = {"greeting": Tally(60, 40, 30, 50, 1.5), "long": Tally(40, 20, 20, 25, 0.5)}
    said = words(board.board(view(teacher="dashscope", tallies=tallies), CLASSES, "home/log.txt", None))
    for wanted in ("100", "60", "50", "75", "83%", "¥2.00", "¥0.0400", "home/log.txt"):
        assert wanted in said, wanted
    assert "–" in words(board.board(view(tallies=tallies), CLASSES, "", None)), "the composer takes no money"


@pytest.mark.parametrize(("outcome", "said"), [("rate_limited", "429"), ("timeout", "超时"), ("unauthorised", "密钥")])
def test_errors_of_calls_are_told_in_plain_words(outcome, said):
    shown = board.board(view(faults=(Fault("greeting", "answer", outcome, "detail"),)), CLASSES, "", None)
    assert said in shown
    assert outcome not in words(shown)


def test_the_time_left_comes_from_the_pace_since_it_has_been_watched():
    seen = view(tallies={"greeting": Tally(100, 60, 60)})
    watch = Watch(seen.run.id, since=100.0, answered=20)
    assert watch.seconds_left(seen, 120.0) == pytest.approx(20.0)  # 40 in 20 s, 40 to go
    assert watch.seconds_left(seen, 101.0) is None, "too little was seen"
    assert watch._replace(answered=60).seconds_left(seen, 120.0) is None
    assert watch._replace(run="other").seconds_left(seen, 120.0) is None


def test_a_key_is_said_to_be_there_and_never_shown(monkeypatch):
    from hesui.ui.data.run import Desk

    monkeypatch.setenv(PRESETS["dashscope"].key_env, "sk-secret")
    monkeypatch.delenv(PRESETS["openai"].key_env, raising=False)
    there, missing = (Desk.teacher(None, name)[0] for name in ("dashscope", "openai"))
    assert "已在环境变量中" in there
    assert "secret" not in there
    assert "没有密钥" in missing


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"prompts": 0}, ("提示词数", "至少为 1", "1 or more")),
        ({"cap": "0"}, ("费用上限", "必须大于 0", "more than 0")),
        ({"cap": "viel"}, ("费用上限", "不是可用的数值", "no value")),
        ({"samples": 99}, ("每题答案数", "最多为 16", "16 or less")),
        ({"retries": 1.5}, ("重试次数", "必须是整数", "whole number")),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_in_both_languages(values, says):
    with pytest.raises(InputError) as caught:
        checked(values)
    told = problem(caught.value)
    assert all(word in told for word in says)
    assert "Input should" not in told


def test_an_estimate_says_calls_tokens_and_money_and_warns_of_the_cap():
    price = Price(1.0, 2.0)
    found = estimate(Config(teacher="dashscope", prompts=50), CLASSES, [row()], price)
    said = words(board.estimate(found, price, "CNY", 0.0001, CLASSES))
    assert "词元" in said
    assert "¥" in said
    assert "超出费用上限" in said
    assert "不花钱" in words(board.estimate(found, None, None, None, CLASSES))
    assert "HESUI_PRICES" in words(board.estimate(found, None, "CNY", None, CLASSES))


def test_a_histogram_draws_every_bar_to_scale_and_reads_it_aloud():
    shown = plots.histogram([Bin(-10, -1, 2), Bin(0, 9, 8), Bin(10, 19, 0)], centre=True)
    assert re.findall(r"--share:([\d.]+)%", shown) == ["25.0", "100.0", "0.0"]
    assert shown.count("bar zero") == 1
    assert "−10 到 −1：2 条" in shown
    assert "没有可画的数值" in plots.histogram([])


def test_pages_know_their_first_and_last():
    assert parts.pager(0, 0, 0, 20) == ""
    first, last = parts.pager(0, 20, 45, 20), parts.pager(40, 5, 45, 20)
    assert re.findall(r'data-page="(\d+)"( disabled)?', first) == [("0", " disabled"), ("20", "")]
    assert re.findall(r'data-page="(\d+)"( disabled)?', last) == [("20", ""), ("60", " disabled")]
    assert "第 41–45 条，共 45 条" in last


def test_every_format_on_the_page_has_a_name():
    assert {f"format.{name}" for name in files.NAMES} <= set(TEXTS)
