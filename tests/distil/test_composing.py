"""The built-in composer as a teacher: offline, repeatable, deliberately careless at times, and honest about itself."""

from __future__ import annotations

import asyncio
import json

import pytest

from hesui.corpus.classes import SHIPPED, read_class
from hesui.corpus.rows import Row, read_rows
from hesui.corpus.seeds import SHIPPED as SEEDS
from hesui.distil.accepting import judge
from hesui.distil.calls import Call, Outcome, Stage, Usage
from hesui.distil.composing import NAME, ComposerTeacher
from hesui.distil.config import Config
from hesui.length import parse
from hesui.prompts import feedback, is_feedback, text_to_label
from hesui.quality import problems
from hesui.records import Message

FIVE = ("greeting", "long", "essay", "verse", "summary")
CLASSES = {name: read_class(SHIPPED / f"{name}.toml") for name in (*FIVE, "letter")}
PROMPT = "假如你是老师，请写一段50字的春节祝福给家长"


def reply(call: Call, **settings):
    return asyncio.run(ComposerTeacher(Config(**settings)).complete(call))


def asking(prompt: str = PROMPT, task: str = "greeting", sample: int = 0, told: bool = False) -> Call:
    turns = (Message("system", "直接写出正文。"), Message("user", prompt))
    if told:
        turns += (Message("assistant", "新年好。"), Message("user", feedback("too_short", "", "zh")))
    return Call(Stage.ANSWER, task, turns, sample=sample)


def seeds(task: str) -> list[Row]:
    return [row for row in read_rows(SEEDS) if row.task == task and row.constraint and "字" in row.prompt]


def test_the_same_call_is_answered_alike_and_another_sample_otherwise():
    answers = [reply(asking(sample=sample)).text for sample in (0, 0, 1)]
    assert answers[0] == answers[1] != answers[2]


def test_it_costs_nothing_and_says_what_it_is():
    assert reply(asking()).usage == Usage(0, 0)
    assert ComposerTeacher(Config()).model == NAME == "built-in composer"


@pytest.mark.parametrize("task", ["greeting", "long", "essay", "verse"])
def test_when_it_takes_care_it_hits_the_strict_rule_of_every_class(task):
    good = 0
    listed = seeds(task)
    for row in listed:
        found = reply(asking(row.prompt, task), sloppiness=0)
        good += found.outcome is Outcome.OK and judge(found.text, row, CLASSES[task], "word").ok
    assert good >= 0.9 * len(listed) and listed


def test_letters_are_laid_out_as_letters_and_can_be_summed_up():
    good = 0
    prompts = json.loads(reply(Call(Stage.EXPAND, "letter", (), as_json=True), per_call=20).text)["questions"]
    for number, prompt in enumerate(prompts):
        letter = reply(asking(prompt, "letter")).text
        salutation, *_, signature = letter.split("\n")
        assert salutation.endswith("：") and len(signature) <= 20 and problems(letter) == []
        carrying = CLASSES["summary"].wordings[number % 5].replace("{demand}", "100字以内").replace("{input}", letter)
        row = Row("r", "summary", carrying, parse(carrying))
        found = reply(asking(carrying, "summary"), sloppiness=0)
        good += found.outcome is Outcome.OK and judge(found.text, row, CLASSES["summary"], "word").ok
    assert good >= 0.9 * len(prompts)


def test_a_share_of_first_tries_is_careless_and_feedback_makes_it_exact():
    row = Row("r", "greeting", PROMPT, parse(PROMPT))
    firsts = [
        judge(reply(asking(sample=n), sloppiness=0.5).text, row, CLASSES["greeting"], "word").ok for n in range(60)
    ]
    assert 15 <= firsts.count(True) <= 50
    told = [
        judge(reply(asking(sample=n, told=True), sloppiness=1).text, row, CLASSES["greeting"], "word").ok
        for n in range(20)
    ]
    assert all(told)


@pytest.mark.parametrize("task", ["greeting", "long", "essay", "letter"])
def test_new_prompts_come_as_json_as_many_as_asked_for(task):
    call = Call(Stage.EXPAND, task, (Message("user", "…"),), as_json=True)
    prompts = json.loads(reply(call, per_call=7).text)["questions"]
    assert len(prompts) == 7 and len(set(prompts)) >= 6
    assert all(parse(prompt) is not None or not CLASSES[task].needs_demand for prompt in prompts)


@pytest.mark.parametrize(
    "call",
    [
        asking("帮我写一段 50 字的商品文案，卖登山鞋。", "product_copy"),
        asking("Write a 50-word toast for my boss."),
        Call(Stage.EXPAND, "verse", (Message("user", "…"),)),  # carries greetings instead
        Call(Stage.EXPAND, "product_copy", (Message("user", "…"),)),
        Call(Stage.LABEL, "mood", (Message("user", "…"),)),
    ],
)
def test_what_it_cannot_do_it_declines_in_a_sentence(call):
    found = reply(call)
    assert (found.outcome, found.text) == (Outcome.REFUSED, "")
    assert "built-in" in found.detail and "\n" not in found.detail


def test_texts_are_told_from_what_stands_around_them():
    assert is_feedback(feedback("too_long", "", "en")) and not is_feedback(PROMPT)
    assert text_to_label("没有文本") == ""
