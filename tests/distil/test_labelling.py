"""Labels that a teacher proposes, with clues and reasons."""

from __future__ import annotations

import asyncio
import json

import pytest

from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.classes import SHIPPED, TaskClass, read_class
from hesui.distil.calls import Outcome, Reply
from hesui.distil.composing import NAME, ComposerTeacher
from hesui.distil.config import Config
from hesui.distil.desk import Desk
from hesui.distil.labelling import Suggestion, suggest
from hesui.errors import InputError
from hesui.prompts import text_to_label

TASK = read_class(SHIPPED / "coreference.toml")
CONFIG = Config(concurrency=3)


def items(*texts: str) -> list[LabelItem]:
    return [LabelItem(f"i{number}", TASK.id, text) for number, text in enumerate(texts)]


def suggestions(store, teacher, listed, task=TASK) -> dict[str, Suggestion]:
    async def collect():
        desk = Desk(store, "run", teacher, config=CONFIG)
        try:
            return [one async for one in suggest(listed, task, desk, concurrency=CONFIG.concurrency)]
        finally:
            await desk.close()

    found = asyncio.run(collect())
    assert len({one.item for one in found}) == len(found)
    return {one.item: one for one in found}


def said(label: object) -> Reply:
    return Reply(Outcome.OK, json.dumps({"clues": ["它"], "reasoning": "指前文", "label": label}, ensure_ascii=False))


def test_each_item_gets_its_label_with_clues_and_reasons(store, scripted):
    teacher = scripted(lambda call: said("yes" if "它" in text_to_label(call.messages[-1].content) else "no"))
    found = suggestions(store, teacher, items("它为什么报错？", "怎么安装 Python？"))
    assert found["i0"] == Suggestion("i0", "yes", ("它",), "指前文", "scripted")
    assert found["i1"].label == "no"


def test_the_teacher_sees_question_labels_and_what_was_said_before(store, scripted):
    teacher = scripted(lambda call: said("yes"))
    item = LabelItem("i", TASK.id, "它为什么报错？", (Remark("用户A1", "我装了新版本"),))
    suggestions(store, teacher, [item])
    (call,) = teacher.calls
    asked = call.messages[-1].content
    assert TASK.question.zh in asked and "用户A1" in asked and "我装了新版本" in asked
    assert all(f"- {label.id}: {label.name.zh}" in asked for label in TASK.labels)
    assert TASK.guidance.strip() in asked and all(f"{shot.prompt} → {shot.completion}" in asked for shot in TASK.shots)
    assert call.as_json and text_to_label(asked) == item.text


def test_a_name_in_place_of_the_id_is_understood(store, scripted):
    assert suggestions(store, scripted(lambda call: said("需要")), items("它呢？"))["i0"].label == "yes"


@pytest.mark.parametrize("bad", ["maybe", "", 3, None])
def test_a_label_that_the_class_lacks_is_asked_for_once_more_then_dropped(store, scripted, bad):
    teacher = scripted(lambda call: said("no") if call.sample and "救" in call.messages[-1].content else said(bad))
    found = suggestions(store, teacher, items("它呢？", "怎么救？"))
    assert list(found) == ["i1"]
    assert len(teacher.calls) == 4


@pytest.mark.parametrize("reply", [Reply(Outcome.REFUSED), Reply(Outcome.TIMEOUT), Reply(Outcome.OK, "我觉得是 yes")])
def test_a_reply_that_is_none_leaves_the_item_without_a_suggestion(store, scripted, reply):
    assert suggestions(store, scripted(lambda call: reply), items("它呢？")) == {}


def test_a_code_fence_around_the_json_does_no_harm(store, scripted):
    teacher = scripted(lambda call: Reply(Outcome.OK, f"```json\n{said('yes').text}\n```"))
    assert suggestions(store, teacher, items("它呢？"))["i0"].label == "yes"


def test_suggestions_come_while_later_items_are_not_yet_read(store, scripted):
    read = 0

    def source():
        nonlocal read
        for item in items(*(f"它的第{n}个问题？" for n in range(50))):
            read += 1
            yield item

    async def first_one():
        desk = Desk(store, "run", scripted(lambda call: said("yes")), config=CONFIG)
        stream = suggest(source(), TASK, desk, concurrency=CONFIG.concurrency)
        await anext(stream)
        seen = read
        await stream.aclose()
        await desk.close()
        return seen

    assert asyncio.run(first_one()) < 20


def test_a_class_of_answers_is_refused(store, scripted):
    words = {"zh": "甲", "en": "a"}
    with pytest.raises(InputError) as caught:
        suggestions(
            store, scripted(lambda call: said("yes")), items("它呢？"), TaskClass(id="x", name=words, asks=words)
        )
    assert caught.value.key == "error.not_label_class"


def test_the_built_in_rule_says_that_it_is_one(store):
    found = suggestions(
        store, ComposerTeacher(CONFIG), items("它为什么报错？", "怎么安装 Python 3.12？", "Why does it fail?")
    )
    assert [found[f"i{n}"].label for n in range(3)] == ["yes", "no", "yes"]
    assert found["i0"].clues == ("它",)
    assert all("not a language model" in one.reasoning and one.teacher == NAME for one in found.values())
