"""What a browser sends is a decision, or is told what is wrong with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.classes import load_classes
from hesui.errors import InputError
from hesui.review.decisions import LONGEST_LOOK, read_decision, reviewer_name
from hesui.settings import Settings
from hesui.store.reviewing import Item

ANSWER = Item("i", "answer", "greeting", "zh", "p", {"prompt": "写20字"}, "新年好。\n\n万事如意。")
LABEL = replace(ANSWER, kind="label", task="coreference")
KEY = "0123456789abcdef"


@pytest.fixture(scope="module")
def classes():
    return load_classes(Settings())


def read(classes, item=ANSWER, **record):
    return read_decision({"key": KEY} | record, item, classes)


def refused(classes, item=ANSWER, **record):
    with pytest.raises(InputError) as caught:
        read(classes, item, **record)
    return caught.value.key


def test_each_action_is_read(classes):
    assert read(classes, action="accept").action == "accept"
    assert read(classes, action="skip").choice == ""
    rejected = read(classes, action="reject", reason="topic", note="对象不对", seconds=3.456)
    assert (rejected.reason, rejected.note, rejected.seconds) == ("topic", "对象不对", 3.46)
    edited = read(classes, action="edit", text=" 新春快乐！\r\n好。 ")
    assert (edited.action, edited.text) == ("edit", "新春快乐！\n好。")
    labelled = read(classes, LABEL, action="label", label="yes", peeked=True)
    assert (labelled.action, labelled.choice, labelled.peeked) == ("label", "yes", True)


def test_an_edit_that_changes_nothing_accepts(classes):
    assert read(classes, action="edit", text=ANSWER.text + "\n").action == "accept"


@pytest.mark.parametrize(
    "record, key",
    [
        ({"action": "reject"}, "error.review_reason"),
        ({"action": "reject", "reason": "<b>"}, "error.review_reason"),
        ({"action": "reject", "reason": "other", "note": "  "}, "error.review_note"),
        ({"action": "edit", "text": " \n"}, "error.review_empty"),
        ({"action": "edit", "text": None}, "error.review_empty"),
        ({"action": "edit", "text": "好" * 20_001}, "error.review_long"),
        ({"action": "edit", "text": "\ud800好"}, "error.review_encoding"),
        ({"action": "delete"}, "error.review_action"),
        ({"action": ["accept"]}, "error.review_action"),
        ({"action": "label", "label": "yes"}, "error.review_action"),
        ({"action": "accept", "key": ""}, "error.review_key"),
        ({"action": "accept", "key": "键" * 10}, "error.review_key"),
        ({"action": "accept", "key": "k" * 65}, "error.review_key"),
    ],
)
def test_what_is_wrong_is_named(classes, record, key):
    assert refused(classes, **record) == key


def test_a_label_must_be_one_of_the_class(classes):
    assert refused(classes, LABEL, action="label", label="maybe") == "error.review_label"
    assert refused(classes, LABEL, action="accept") == "error.review_action"
    assert refused(classes, replace(LABEL, task="gone"), action="label", label="yes") == "error.review_label"


@pytest.mark.parametrize(
    "given, kept", [(-1, 0), ("9", 0), (True, 0), (None, 0), (1e9, LONGEST_LOOK), (float("nan"), 0)]
)
def test_times_that_cannot_be_are_not_believed(classes, given, kept):
    assert read(classes, action="accept", seconds=given).seconds == kept


@pytest.mark.parametrize("given, name", [("  灯笼  1 ", "灯笼 1"), ("é", "é"), ("a" * 40, "a" * 40)])
def test_a_name_is_tidied(given, name):
    assert reviewer_name(given) == name


@pytest.mark.parametrize("given", ["", "  ", None, 3, "a" * 41, "a\u202eb", "a\x00b", "\u200b"])
def test_a_name_that_cannot_be_seen_is_refused(given):
    with pytest.raises(InputError, match="1 to 40"):
        reviewer_name(given)


@given(st.dictionaries(st.sampled_from(["action", "key", "reason", "note", "text", "label", "seconds", "peeked"]),
                       st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.integers())))  # fmt: skip
def test_whatever_comes_is_read_or_refused(record):
    for item in (ANSWER, LABEL):
        with suppress(InputError):
            read_decision(record, item, {})
