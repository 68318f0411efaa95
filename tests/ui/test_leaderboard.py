"""The Leaderboard tab: what its HTML says, what a visitor may do, and in a real browser filters, counters, answers."""

from __future__ import annotations

import json
import re
from threading import Event

import gradio as gr
import httpx
import pytest

from hesui.corpus.rows import Row
from hesui.evaluate import jobs
from hesui.evaluate.board import Board
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.folder import Entry, new_evaluation
from hesui.evaluate.standings import standings
from hesui.evaluate.views import Filters, View
from hesui.evaluate.working import work
from hesui.length import parse
from hesui.records import End, EndReason, Piece
from hesui.settings import Settings
from hesui.ui.leaderboard import evaluations as listing
from hesui.ui.leaderboard import exporting, plots, room, table
from hesui.ui.leaderboard.columns import COLUMNS
from hesui.ui.texts import TEXTS

NASTY = '<img src=x onerror="window.hacked=1">{{value}}${1+1}'
PROMPTS = [f"给{who}写一段{n}字的祝福" for who, n in (("爸爸", 10), ("妈妈", 14), ("老师", 12))] + [
    "写一段20字以内的祝福"
]
BASE = "祝您新年快乐，万事如意，恭喜发财，阖家幸福安康！"


class Speaker:
    """The adapter hits N with its punctuation, the base says always the same."""

    def answer(self, requests):
        for row, request in enumerate(requests):
            text = BASE if request.model == "base" else "福" * (request.constraint.aim - 2) + "，！"
            yield Piece(row, f"{text}{NASTY if request.model == NASTY else ''}", end=End(EndReason.END, 9, 9, 0.1))


def filled(home):
    """A home with one evaluation of three systems."""
    settings = Settings(home=home, gold=0)
    rows = [Row(f"p{n}", "greeting", prompt, parse(prompt)) for n, prompt in enumerate(PROMPTS)]
    entries = [Entry("base", "raw", "embedded"), Entry("mine", "guided", "embedded", "sft", 20, weights="a"),
               Entry(NASTY, "raw", "embedded", "sft", 40, weights="b")]  # fmt: skip
    config = EvaluateConfig(models=("base", "mine", NASTY), perplexity=False, seeds=1)
    work(
        new_evaluation(settings.evaluations, config, rows, entries, {}),
        settings,
        lambda _: Speaker(),
        Event(),
        lambda _: None,
    )
    return settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("board"))


@pytest.fixture(scope="module")
def found(settings):
    (found,) = Board(settings, shipped=False).refresh().values()
    return found


def test_names_are_escaped_and_each_row_says_whether_it_was_helped_and_rests_on_little(found):
    rows = standings(found, Filters())
    for html in (table.table(rows), table.sentence(found, Filters(), rows), plots.drawn(View(found, Filters()), rows),
                 exporting.preview(NASTY)):  # fmt: skip
        assert "<img" not in html
    html = table.table(rows)
    assert html.count('<tr class="assisted"') == 1
    assert html.count('class="lb-few"') == len(rows)
    assert TEXTS["lb.quoted"].en in html


def test_before_the_bases_are_compared_with_their_cells_wait(found):
    html = table.table(standings(found, Filters(), gaps=False), gaps=False)
    assert re.search(r'data-col="gap_hit10" class="none">…', html)


def test_each_column_has_a_name_and_a_meaning():
    for column in COLUMNS:
        assert {f"lb.col.{column.name}", f"lb.col.{column.name}.info"} <= set(TEXTS)


def test_what_a_page_sends_that_is_not_known_filters_nothing(found):
    given = {"counter": "../etc", "ops": ["eq", "x"], "tasks": "greeting", "buckets": ["0", "99"], "languages": None,
             "decodings": ["raw"]}  # fmt: skip
    assert room.filters_of(given, found) == Filters(ops=("eq",), buckets=(0,), decodings=("raw",))


def test_an_evaluation_shows_how_far_it_is_and_a_visitor_no_buttons(settings):
    (view,) = jobs.views(settings)
    html = listing.listed([view], owner=True)
    assert 'data-state="done"' in html
    assert 'data-act="delete"' in html
    assert "<img" not in html
    assert "data-act" not in listing.listed([view], owner=False)


def call(url, fn, values):
    """Call an endpoint from elsewhere, as the page's own script does; the answer as one text."""
    with httpx.Client(base_url=url, timeout=30) as client:
        asked = {"data": values, "fn_index": fn, "session_hash": f"lb{fn}", "event_data": None, "trigger_id": None}
        client.post("gradio_api/queue/join", json=asked, headers={"X-Forwarded-For": "203.0.113.5"}).raise_for_status()
        told = ""
        with client.stream("GET", "gradio_api/queue/data", params={"session_hash": f"lb{fn}"}) as stream:
            for line in stream.iter_lines():
                said = json.loads(line[5:]) if line.startswith("data:") else {}
                told += json.dumps(said, ensure_ascii=False)
                if said.get("msg") in ("process_completed", "close_stream"):
                    break
        return told


@pytest.mark.browser
def test_over_http_nobody_but_the_owner_starts_stops_or_deletes(serve_page, settings):
    blocks = serve_page(settings)
    asked = set()
    for number, fn in blocks.fns.items():
        if getattr(fn.fn, "__module__", "") == "hesui.ui.leaderboard.measuring" and fn.name in (
            "start",
            "act",
            "delete",
        ):
            values = [None if isinstance(widget, gr.State) else widget.value for widget in fn.inputs]
            assert "只有主人可以这样做" in call(blocks.local_url, number, values), fn.name
            asked.add(fn.name)
    assert asked == {"start", "act", "delete"}
    assert len(jobs.views(settings)) == 1


@pytest.mark.browser
def test_filters_counters_sorting_and_answers_work_in_a_browser(visit, serve_page, settings):
    blocks = serve_page(settings)
    page = visit(url=blocks.local_url)
    page.locator("#tab-leaderboard-button").click()
    page.locator("#lb-table .lb-rows tr").first.wait_for()
    page.locator("#lb-set input").click()
    page.locator("[role=option]", has_text="eval.jsonl · 4").click()
    page.locator("#lb-table .lb-rows th", has_text="mine").wait_for()

    mine = page.locator("#lb-table .lb-rows tr", has_text="mine")
    assert mine.locator("[data-col=exact] b").text_content() == "100%"
    page.locator("#lb-counter input").click()
    page.locator("[role=option]", has_text="汉字").first.click()
    mine.locator("[data-col=exact] b", has_text="0.0%").wait_for(state="attached")

    page.locator("[data-sort=hit10]").click()
    assert "onerror" in page.locator("#lb-table .lb-rows tr").last.text_content()
    page.locator(".lb-find input").fill("MINE")
    assert page.locator("#lb-table .lb-rows tr:visible").count() == 1

    page.locator("#lb-ops input").click()
    page.locator("[role=option]", has_text="不超过").click()
    mine.locator("[data-col=n] b", has_text=re.compile("^1$")).wait_for()
    assert page.locator("#lb-table .lb-rows tr:visible").count() == 1

    mine.locator("[data-cell][data-metric=satisfied]").click()
    page.locator(".lb-told").nth(2).wait_for()
    assert page.locator(".lb-asked").count() == 1
    assert page.locator(".lb-told.chosen .answer").text_content().startswith("福")
    page.locator("#lb-export-tab-button").click()
    page.locator("#lb-preview pre", has_text="han").wait_for()
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
