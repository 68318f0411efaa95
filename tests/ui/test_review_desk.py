"""What the browser asks of the desk is answered past the models' queue, and everything from outside is escaped."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.classes import load_classes
from hesui.corpus.rows import Row
from hesui.length import parse
from hesui.records import Message
from hesui.review.desk import ReviewDesk
from hesui.review.items import answer_item, label_item
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.surveying import Progress, Twin
from hesui.ui.review.card import card, marked_all, measure, suggestion
from hesui.ui.review.desk import SAYS, Desk, progress, shell
from hesui.ui.review.room import Room

NASTY = '<img src=x onerror="window.hacked=1">'
PROMPT = "给老师写一段20字的新年祝福"
ROW = Row("r", "greeting", PROMPT, parse(PROMPT), reference="新年好，万事如意。")
SOMEONE = SimpleNamespace(username=None)


def item(number=1, **changes):
    return answer_item(replace(ROW, reference=f"第{number}个祝福：新年好，万事如意。"), 0, source="mine", **changes)


def question(text="它为什么报错？"):
    asked = LabelItem("q", "coreference", text, (Remark("用户A3F2", "我装了新版"),))
    clues = {"label": "yes", "clues": ["它"], "reasoning": "指代前文", "teacher": "t"}
    return label_item(asked, 0, source="mine", suggestion=clues)


@pytest.fixture
def room(tmp_path):
    """A room without a page around it."""
    settings = Settings(home=tmp_path, gold=0)
    database = open_store(settings)
    room = Room(SimpleNamespace(settings=settings, labels=None, database=lambda: database))
    ReviewDesk(database, settings).add([item(number) for number in range(4)])
    yield room
    database.close()


def send(desk, call, **data):
    return json.loads(json.dumps(getattr(desk, f"rv_{call}")({"reviewer": "甲"} | data, SOMEONE)))


def test_somebody_without_a_name_is_offered_one(room):
    answer = Desk(room).rv_open({}, SOMEONE)
    assert answer["suggested"] and "items" not in answer


def test_who_signed_in_needs_no_name_and_cannot_take_another(room):
    answer = Desk(room).rv_open({"reviewer": "somebody else"}, SimpleNamespace(username="chen"))
    assert answer["reviewer"] == "chen"


def test_items_come_ahead_and_the_next_follows_each_decision(room):
    desk = Desk(room)
    first, second, third = (one["id"] for one in send(desk, "open")["items"])
    answer = send(desk, "decide", item=first, key="k" * 8, action="accept", have=[second, third])
    assert (answer["stored"], answer["action"]) == (first, "accept")
    [fourth] = (one["id"] for one in answer["items"])
    assert fourth not in (first, second, third)
    full = [third, fourth, "x"]
    assert send(desk, "decide", item=second, key="l" * 8, action="skip", have=full)["items"] == []


def test_an_undo_brings_the_item_back_with_what_was_decided(room):
    desk = Desk(room)
    first, *_ = send(desk, "open")["items"]
    send(desk, "decide", item=first["id"], key="k" * 8, action="edit", text="改好了。")
    answer = send(desk, "undo", key="u" * 8)
    assert answer["back"]["id"] == first["id"]
    assert answer["was"] == {"action": "edit", "text": "改好了。", "choice": "edit"}
    assert "nothing" in send(desk, "undo", key="v" * 8)


def test_leases_are_kept_and_given_back(room):
    desk = Desk(room)
    ids = [one["id"] for one in send(desk, "open")["items"]]
    assert set(send(desk, "beat", have=[*ids, "x"])["kept"]) == set(ids)
    send(desk, "release", have=ids)
    assert [one["id"] for one in send(desk, "open", reviewer="乙")["items"]] == ids


def test_an_edit_is_counted_by_the_rule_of_the_prompt(room):
    desk = Desk(room)
    first, *_ = send(desk, "open")["items"]
    assert 'rv-measure ok"' in send(desk, "count", item=first["id"], text="好" * 20)["html"]
    assert 'rv-measure over"' in send(desk, "count", item=first["id"], text="好" * 30)["html"]


def test_the_teachers_suggestion_is_not_sent_before_it_is_asked_for(room):
    room.desk().queue.add([question()])
    desk = Desk(room)
    [shown] = send(desk, "open", task="coreference")["items"]
    assert "指代前文" not in json.dumps(shown, ensure_ascii=False)
    assert [label["key"] for label in shown["labels"]] == ["1", "2", "3"]
    assert "指代前文" in send(desk, "suggest", item=shown["id"])["html"]
    answer = send(desk, "decide", item=shown["id"], key="k" * 8, action="label", label="no", peeked=True)
    assert "指代前文" in answer["told"]
    [event] = room.desk().survey.reviewed(shown["id"]).events
    assert (event.choice, event.peeked) == ("no", True)


def test_bad_input_is_a_sentence_and_not_sent_again(room):
    desk = Desk(room)
    for answer in (
        send(desk, "open", reviewer="\u202e"),
        send(desk, "decide", item="nowhere", key="k" * 8, action="accept"),
        send(desk, "decide", item=item(1).id, key="k" * 8, action="reject"),
        send(desk, "undo", key=None),
        send(desk, "count", item=3),
        send(desk, "suggest", item={"a": 1}),
    ):
        assert answer["error"] and answer["key"] and not answer.get("retry")


def test_trouble_of_ours_is_told_in_general_words_and_may_be_sent_again(room, caplog):
    room.desk = lambda: 1 / 0
    answer = send(Desk(room), "decide", item="x", key="k" * 8, action="accept")
    assert answer["retry"] and "ZeroDivisionError" in answer["error"]
    assert "division by zero" not in answer["error"]
    assert "division by zero" in caplog.text


@pytest.mark.parametrize(
    "data", [{"have": 3}, {"have": [{}] * 99}, {"task": ["x"]}, {"since": "x"}, {"language": "fr"}]
)
def test_whatever_a_browser_sends_gets_an_answer(room, data):
    assert "items" in send(Desk(room), "open", **data)


def test_everything_from_outside_is_escaped():
    classes = load_classes(Settings())
    row = Row("r", NASTY, f"写20字{NASTY}", parse("写20字"), reference=NASTY, history=(Message("user", NASTY),))
    nasty = answer_item(row, 0, source=NASTY, teacher=NASTY)
    asked = LabelItem("q", NASTY, NASTY, (Remark(NASTY, NASTY),), NASTY, NASTY, NASTY)
    shown = [
        card(nasty, classes, Twin("i", NASTY)),
        card(label_item(asked, 0, source=NASTY), classes),
        suggestion({"label": NASTY, "clues": [NASTY], "reasoning": NASTY}, None),
        suggestion({"label": 3, "clues": 7, "reasoning": None}, None),
        measure(NASTY, None, "word"),
    ]
    assert all("<img" not in one for one in shown)
    assert all("&lt;img" in one for one in shown[:3])


def test_a_prompt_is_marked_where_its_demands_stand():
    prompt = "写一段100字以内的祝福，分3段"
    assert marked_all(prompt, parse(prompt)).count("<mark") == 2
    assert "<mark" not in marked_all("说说春节", None)


def test_the_desk_has_a_text_for_everything_that_the_script_says():
    shown = shell()
    assert all(f'data-text="{name}"' in shown for name in SAYS)


def test_progress_says_what_is_left():
    shown = progress(Progress({"open": 30, "accepted": 8, "rejected": 2, "split": 1}, 3, 5, 4))
    assert "--share:25.0%" in shown and "待定 30" in shown and "30 left" in shown
