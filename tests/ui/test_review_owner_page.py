"""The owner's sections of the Review tab in a real browser: open, rule, many at once; and over HTTP, who may not."""

from __future__ import annotations

import json
from dataclasses import replace

import gradio as gr
import httpx
import pytest

from hesui.corpus.rows import Row
from hesui.length import parse
from hesui.review.desk import ReviewDesk
from hesui.review.items import answer_item
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.queueing import Decision

pytestmark = pytest.mark.browser
NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{value}}${1+1}'
PROMPT = f"给老师{NASTY}写一段20字的新年祝福"
MODULES = {f"hesui.ui.review.{name}" for name in ("items", "ruling", "bulk", "demo", "adjudicate")}
HARMLESS = {"close", "forget", "count_demo", "ask_demo", "keep_demo"}  # they tell no decisions and change nothing


def item(number, required=1):
    row = Row(f"r{number}", "greeting", PROMPT, parse(PROMPT), reference=f"老师好！{NASTY}第{number}个祝福。")
    return replace(answer_item(row, 0, source=NASTY), priority=float(number), required=required)


@pytest.fixture(scope="module")
def app(tmp_path_factory, serve_page):
    """The page with an empty home of its own."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), gold=0)
    return serve_page(settings), settings


@pytest.fixture
def desk(app):
    """The queue behind the page: 23 answers, of which one is split."""
    database = open_store(app[1])
    desk = ReviewDesk(database, app[1])
    desk.remove_demo()
    desk.queue.remove(NASTY)
    made = [item(1, required=2), *(item(number) for number in range(2, 24))]
    desk.queue.add(made)
    desk.queue.decide("红梅", made[0].id, Decision("accept", key="key-one-1"))
    desk.queue.decide(NASTY[:40], made[0].id, Decision("reject", reason="other", note=NASTY, key="key-two-2"))
    yield desk
    database.close()


@pytest.fixture
def section(visit, app):
    """Opens a section of the Review tab."""

    def open_section(name, **options):
        page = visit(url=app[0].local_url, **options)
        page.locator("#tab-review-button").click()
        page.locator(f"#review-{name}-tab-button").click()
        return page

    return open_section


def state(desk, number):
    return desk.survey.reviewed(item(number).id).entry.state


def test_an_item_is_opened_and_ruled_on_and_a_split_after_it(section, desk):
    page = section("items")
    page.locator(f"[data-pick='{item(5).id}']").click()
    page.locator("#items-item .rv-card").wait_for()
    assert page.locator("#items-item .rv-answer .answer").text_content() == item(5).text
    page.locator("#item-edit textarea").fill("老师好，新年快乐，身体健康，桃李满天下，岁岁平安。")
    page.locator("#item-counted .over .count", has_text="25").wait_for()
    page.locator("#item-save").click()
    page.locator("#item-notice", has_text="裁决已记录：修改").wait_for()
    page.locator("#items-item .ro-diff ins").first.wait_for()
    page.locator("#items-list tr:has([aria-current=true]) .ro-state.edited").wait_for()
    page.locator("#review-splits-tab-button").click()
    page.locator("#splits-left", has_text="还有 1 条分歧").wait_for()
    assert page.locator(".ro-side q").text_content() == NASTY
    page.locator("#split-acts .ro-act.accept").click()
    page.locator("#splits-item", has_text="没有分歧").wait_for()
    assert (state(desk, 5), state(desk, 1)) == ("edited", "accepted")
    assert page.evaluate("window.hacked") is None


def test_what_was_looked_for_is_rejected_once_it_is_confirmed(section, desk):
    page = section("items")
    page.locator("#items-list [data-pick]").first.wait_for()
    page.locator("#items-search input, #items-search textarea").fill("第1")
    page.locator("#items-pager", has_text="共 11 条").wait_for()
    page.locator("#bulk-reject").click()
    page.locator("#bulk-question", has_text="11 条将被退回").wait_for()
    page.locator("#bulk-reason label", has_text="重复").click()
    page.locator("#bulk-yes").click()
    page.locator("#bulk-notice", has_text="已退回 11 条").wait_for()
    page.wait_for_function("document.querySelectorAll('#items-list .ro-state.rejected').length === 11")
    assert page.locator("#bulk-really").is_hidden()
    assert desk.survey.progress().states == {"open": 12, "rejected": 11}
    assert desk.survey.reviewed(item(12).id).events[0].reason == "duplicate"


def test_no_section_scrolls_sideways_on_a_phone(section, desk):
    page = section("items", phone=True, locale="en-US")  # its words are the longer ones
    page.locator("#items-list [data-pick]").first.click()
    page.locator("#items-item .rv-card").wait_for()
    for name, stands in (("items", "#item-reject"), ("splits", ".ro-side"), ("figures", "#figures-agreement table")):
        page.locator(f"#review-{name}-tab-button").click()
        page.locator(stands).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def call(url, fn, values):
    """Call an endpoint from elsewhere, as the page's own script does; the answer as one text."""
    with httpx.Client(base_url=url, timeout=30) as client:
        asked = {"data": values, "fn_index": fn, "session_hash": f"owner{fn}", "event_data": None, "trigger_id": None}
        client.post("gradio_api/queue/join", json=asked, headers={"X-Forwarded-For": "203.0.113.5"}).raise_for_status()
        told = ""
        with client.stream("GET", "gradio_api/queue/data", params={"session_hash": f"owner{fn}"}) as stream:
            for line in stream.iter_lines():
                said = json.loads(line[5:]) if line.startswith("data:") else {}
                told += json.dumps(said, ensure_ascii=False)
                if said.get("msg") in ("process_completed", "close_stream"):
                    break
        return told


def test_over_http_nobody_but_the_owner_is_told_what_was_decided_or_decides(app, desk):
    before = desk.survey.counts()
    asked = 0
    for number, fn in app[0].fns.items():
        if fn.fn is None or fn.fn.__module__ not in MODULES or fn.name in HARMLESS:
            continue
        values = [
            None if isinstance(widget, gr.State) else widget.value for widget in fn.inputs
        ]  # the server has states
        answer = call(app[0].local_url, number, values)
        assert "只有主人可以这样做" in answer, fn.name
        assert "红梅" not in answer, fn.name
        asked += 1
    assert asked == 19
    assert desk.survey.counts() == before
