"""A queue that has never had anything starts with demo data; real work goes before them, and they go when asked."""

from __future__ import annotations

from random import Random

import pytest

from hesui.corpus.classes import load_classes
from hesui.corpus.rows import Row
from hesui.errors import InputError
from hesui.length import parse
from hesui.review.desk import ReviewDesk
from hesui.review.items import DEMO, answer_item
from hesui.settings import Settings
from hesui.store.migrate import open_store

PROMPT = "给老师写一段20字的新年祝福"
NEVER, ALWAYS = Random(1), type("Always", (Random,), {"random": lambda self: 0.0})()


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def desk(settings):
    database = open_store(settings)
    yield ReviewDesk(database, settings)
    database.close()


@pytest.fixture(scope="module")
def classes():
    return load_classes(Settings())


def real(number=1, **changes):
    row = Row(f"r{number}", "greeting", PROMPT, parse(PROMPT), reference=f"第{number}个祝福：新年好，万事如意。")
    return answer_item(row, 0, source="mine", **changes)


def test_at_least_three_hundred_answers_wait_at_a_first_start_and_only_once(desk):
    assert desk.begin() > 300
    assert desk.begin() == 0
    states = desk.survey.progress().states
    assert states["open"] > 300 and states["gold"] >= 10


def test_demo_data_go_with_everything_decided_on_them_and_do_not_come_back(desk, classes):
    desk.begin()
    [claim] = desk.take("甲", 1, classes, rng=NEVER)
    desk.decide("甲", claim.item.id, {"action": "accept", "key": "k" * 8}, classes)
    assert desk.remove_demo() > 300
    assert desk.survey.progress().states == {}
    assert desk.begin() == 0
    assert desk.add_demo() > 300


def test_who_brings_candidates_first_gets_no_demo_data(desk):
    assert desk.add([real()]) == 1
    assert desk.begin() == 0


def test_real_work_comes_before_demo_data(desk, classes):
    desk.begin()
    desk.add([real(number) for number in range(3)])
    assert {claim.item.source for claim in desk.take("甲", 3, classes, rng=NEVER)} == {"mine"}
    assert [claim.item.source for claim in desk.take("甲", 4, classes, rng=NEVER)][3] == DEMO


def test_now_and_then_an_item_with_a_known_verdict_is_among_the_others(desk, classes):
    desk.add([real(1), real(2), real(3, gold="reject")])
    assert [claim.item.gold for claim in desk.take("甲", 1, classes, rng=ALWAYS)] == ["reject"]
    assert [claim.item.gold for claim in desk.take("乙", 2, classes, rng=NEVER)] == [None, None]


def test_a_choice_of_class_and_language_is_kept(desk, classes):
    desk.begin()
    for task, language in (("coreference", ""), ("greeting", "zh"), ("coreference", "en")):
        found = desk.take(f"{task}{language}", 5, classes, task, language, rng=NEVER)
        assert found
        assert {claim.item.task for claim in found} == {task}
        if language:
            assert {claim.item.language for claim in found} == {language}


def test_a_decision_on_nothing_is_refused(desk, classes):
    for id in ("nowhere", None, 3, ["x"]):
        with pytest.raises(InputError) as caught:
            desk.decide("甲", id, {"action": "accept", "key": "k" * 8}, classes)
        assert caught.value.key == "error.review_gone"


def test_a_ruling_needs_a_verdict(desk, classes):
    desk.add([real()])
    with pytest.raises(InputError) as caught:
        desk.rule("主人", real().id, {"action": "skip", "key": "k" * 8}, classes)
    assert caught.value.key == "error.review_verdict"
    desk.rule("主人", real().id, {"action": "reject", "reason": "topic", "key": "k" * 8}, classes)
    assert desk.survey.reviewed(real().id).entry.state == "rejected"
