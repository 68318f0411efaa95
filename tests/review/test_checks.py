"""The findings on an answer are those of the rest of hesui, and a twin is found however little it differs."""

from __future__ import annotations

from dataclasses import replace

from hesui.corpus.rows import Row
from hesui.length import parse
from hesui.review.checks import badges, fingerprints, twin_of
from hesui.review.items import answer_item
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.queueing import Decision, ReviewQueue
from hesui.store.surveying import ReviewSurvey

TEXT = "尊敬的老师，新春将至，感谢您一年来的辛勤付出与耐心教导。愿您阖家安康，桃李满园，笑口常开，诸事顺心！"


def keys(text, prompt="写一段祝福", twin=None):
    return [badge.key for badge in badges(text, parse(prompt), "word", twin)]


def test_a_sound_answer_is_complete_and_nothing_else():
    assert keys(TEXT) == ["complete"]


def test_faults_come_before_what_is_good():
    assert keys("好的，以下是祝福：新年好（共50字）。") == ["leaked", "stated_count", "complete"]
    assert keys("新年好，祝您") == ["incomplete"]
    assert keys("") == ["empty"]


def test_a_further_demand_that_is_not_met_is_named():
    found = badges("新年好。\n万事如意。", parse("写一段100字以内的祝福，分3段"), "word")
    assert [badge.key for badge in found] == ["other_demand", "complete"]
    assert found[0].demand.unit == "paragraph"


def test_nearly_equal_texts_share_a_fingerprint_and_others_none():
    assert set(fingerprints(TEXT)) & set(fingerprints(TEXT.replace("桃李满园", "桃李满门")))
    assert not set(fingerprints(TEXT)) & set(
        fingerprints("今天的雪下得很大，院子里的孩子们堆起了雪人，笑声传得很远很远。")
    )
    assert fingerprints("新年好") == fingerprints("新年好！") != fingerprints("新年到")


def test_a_twin_of_an_accepted_answer_is_found_until_it_is_undone(tmp_path):
    database = open_store(Settings(home=tmp_path))
    queue, survey = ReviewQueue(database, fingerprints), ReviewSurvey(database)
    near = TEXT.replace("桃李满园", "桃李满门")
    row = Row("r", "greeting", "写一段祝福", None)
    items = [answer_item(replace(row, reference=text), 0, source="a") for text in (TEXT, near)]
    queue.add(items)
    queue.claim("甲", 2)
    assert twin_of(survey, near, items[1].id) is None
    queue.decide("甲", items[0].id, Decision("accept", key="a" * 8))
    assert twin_of(survey, near, items[1].id).text == TEXT
    assert twin_of(survey, TEXT, items[0].id) is None
    queue.undo("甲", "u" * 8)
    assert twin_of(survey, near, items[1].id) is None
    database.close()
