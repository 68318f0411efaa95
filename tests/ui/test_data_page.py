"""What an owner sees and does on the Data tab, in a real browser, with a home of its own and real composer runs."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from hesui.corpus.rows import to_record
from hesui.corpus.seeds import load_seeds
from hesui.distil import jobs
from hesui.distil.config import Config
from hesui.settings import Settings
from hesui.store.distilling import DistilStore, Fault, Question, StoredAnswer
from hesui.store.migrate import open_store

pytestmark = pytest.mark.browser
NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{value}}${1+1}'
ANSWER = "祝您新年快乐！\n\n　　万事如意，阖家安康。"


@pytest.fixture(scope="module")
def app(tmp_path_factory, serve_page):
    """The page with a home of its own, where one run has answers of all kinds."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    fill(settings)
    return serve_page(settings), settings


@pytest.fixture(scope="module")
def fresh(tmp_path_factory, serve_page):
    """The page with an empty home of its own."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    return serve_page(settings), settings


def fill(settings):
    """A run that was stopped: accepted answers, a negative, an attack, faults."""
    database = open_store(settings)
    store = DistilStore(database)
    run = jobs.new_run(store, Config(prompts=40))
    seeds = load_seeds(settings)[:30]
    store.add_questions(run, [Question(seed.id, seed.task, to_record(seed), "seed") for seed in seeds])
    for number, seed in enumerate(seeds[:24]):
        text = {22: ANSWER, 23: NASTY}.get(number, seed.reference)
        good = number < 20
        store.settle(
            run, seed.id, "accepted" if good else "failed", 1,
            [StoredAnswer(seed.id, seed.task, text, "accepted" if good else "negative", 1, 0,
                          "" if good else "too_long", 0, "composer")],
        )  # fmt: skip
    store.record_fault(run, Fault("greeting", "answer", "timeout", NASTY))
    store.update_run(run, state="stopped", phase="answer")
    database.close()


@pytest.fixture
def tab(visit):
    """Opens the Data tab, and a section of it."""

    def open_tab(blocks, section=None, **options):
        page = visit(url=blocks.local_url, **options)
        page.locator("#tab-data-button").click()
        page.locator("#overview .summary").wait_for()
        if section:
            page.locator(f"#data-{section}-tab-button").click()
        return page

    return open_tab


def settle(page):
    """Gradio puts a section's fields up a second time a moment after they appear."""
    page.wait_for_timeout(700)


def choose(page, field, option):
    page.locator(f"{field} input").click()
    page.locator("[role=option]", has_text=option).click()


def fill_number(page, field, value):
    page.locator(f"{field} input").fill(value)
    page.keyboard.press("Tab")


def figures(page):
    return [int(n.replace(",", "")) for n in re.findall(r"[\d,]+", page.locator("#data-state p > span").inner_text())]


# A run


def test_a_composer_run_is_started_stopped_found_after_a_reload_and_finished(tab, fresh):
    blocks, _ = fresh
    page = tab(blocks, "distil")
    page.locator(".board.none").wait_for()
    page.locator("#run-prompts input").wait_for()
    settle(page)
    fill_number(page, "#run-prompts", "60")
    page.locator("#run-more > button").click()
    page.locator("#run-requests_per_minute input").wait_for()
    settle(page)
    fill_number(page, "#run-requests_per_minute", "600")  # else it is done before anybody can stop it
    page.locator("#run-estimate").click()
    page.locator("#run-estimated", has_text="不花钱").wait_for()
    page.locator("#run-start").click()
    page.locator(".board[data-run]").wait_for()
    assert "内置写手（不是语言模型）" in page.locator(".board header").inner_text()
    page.locator("#run-start[disabled]").wait_for()
    assert "有运行正在进行" in page.locator("#run-why").inner_text()
    page.wait_for_function("document.querySelector('.run-bar')?.getAttribute('aria-valuenow') > 0")
    page.locator("#run-stop:not([disabled])").click()
    page.locator("#data-state [data-state=stopped]").wait_for()
    page.locator("#run-resume:not([disabled])").wait_for()

    page.reload()
    page.locator("#tab-data-button").click()
    page.locator("#data-state [data-state=stopped]").wait_for()
    page.locator("#data-distil-tab-button").click()
    before = figures(page)[0]
    assert before > 0
    page.locator("#run-resume:not([disabled])").click()
    page.locator("#data-state [data-state=done]").wait_for()
    answered, everything = figures(page)
    assert answered == everything >= 60 > before
    assert page.locator(".run-bar").get_attribute("aria-valuenow") == "100"
    assert page.locator("#run-notice .message").count() == 0, "what was said while it ran is over"

    page.locator("#data-samples-tab-button").click()
    page.locator(".sample.accepted .verdict").first.wait_for()
    page.locator("#data-overview-tab-button").click()
    page.locator("#overview-source label", has_text="合格答案").click()
    page.wait_for_function("document.querySelectorAll('#overview .histogram .bar').length > 10")
    assert int(page.locator("#overview .summary b").first.inner_text()) > 30


def test_a_visitor_from_elsewhere_sees_everything_and_can_press_nothing(browser, app):
    blocks, _ = app
    context = browser.new_context(locale="zh-CN", extra_http_headers={"X-Forwarded-For": "203.0.113.5"})
    page = context.new_page()
    page.goto(blocks.local_url)
    page.locator("#tab-data-button").click()
    page.locator("#data-rights .message", has_text="只对主人开放").wait_for()
    page.locator("#data-distil-tab-button").click()
    page.locator(".board[data-state=stopped]").wait_for()
    assert "只有主人可以操作" in page.locator("#run-why").inner_text()
    for name in ("start", "pause", "resume", "stop"):
        assert page.locator(f"#run-{name}").is_disabled()
    context.close()


def test_a_hidden_tab_asks_nothing(tab, app):
    blocks, _ = app
    page = tab(blocks)
    page.locator("#data-state [data-state=stopped]").wait_for()
    page.locator("#tab-compare-button").click()
    page.wait_for_timeout(500)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    page.evaluate("Date.now = ((now) => () => now() + 60_000)(Date.now)")  # as if a minute had passed
    page.wait_for_timeout(800)
    assert asked == []
    page.locator("#tab-data-button").click()
    page.wait_for_timeout(800)
    assert asked


@pytest.mark.parametrize(("locale", "said"), [("zh-CN", "提示词数"), ("en-US", "1 or more")])
def test_a_bad_setting_is_one_clear_line_in_the_pages_language(tab, app, locale, said):
    page = tab(app[0], "distil", locale=locale)
    page.locator("#run-prompts input").wait_for()
    settle(page)
    fill_number(page, "#run-prompts", "0")
    page.locator("#run-start").click()
    page.locator("#run-notice .problem", has_text=said).wait_for()
    assert page.locator("#run-prompts input").input_value() == "0"
    stray = r"[A-Za-z]{4,}" if locale == "zh-CN" else r"[\u4e00-\u9fff]"
    assert not re.search(stray, page.locator("#run-notice").inner_text())


# Samples, splits


def test_samples_keep_their_paragraphs_and_are_text_and_not_html(tab, app):
    page = tab(app[0], "samples")
    page.locator("#samples-kind label", has_text="负例").click()
    page.wait_for_function("document.querySelectorAll('.sample').length === 4")
    answers = page.locator(".sample .answer").all()
    assert [one.text_content() for one in answers[:2]] == [NASTY, ANSWER]
    assert answers[1].evaluate("node => getComputedStyle(node).whiteSpace").startswith("pre-wrap")
    page.locator("#samples-kind label", has_text="全部").click()
    page.locator("#samples .turn", has_text="下一页").click()
    page.locator(".pager", has_text="第 11–20 条").wait_for()
    page.locator("#data-distil-tab-button").click()
    page.locator(".faults small").wait_for()
    assert page.locator(".faults small").text_content() == NASTY
    assert page.evaluate("window.hacked") is None


def test_splits_are_shown_checked_and_frozen_with_their_hashes(tab, app):
    blocks, settings = app
    page = tab(blocks, "splits")
    page.locator("#splits .plan").wait_for()
    page.locator("#splits-check").click()
    page.locator("#splits-leaks").locator(".clean, .leaks").first.wait_for()
    assert not (settings.home / "datasets").exists()
    page.locator("#splits-freeze").click()
    page.locator("#splits .hashes").wait_for()
    (frozen,) = (settings.home / "datasets").iterdir()
    assert (frozen / "manifest.json").exists()
    assert len(re.findall(r"\b[0-9a-f]{64}\b", page.locator("#splits .hashes").inner_text())) == 3


# Seeds


def test_a_seed_is_found_edited_saved_and_reset(tab, fresh):
    blocks, settings = fresh
    page = tab(blocks, "seeds")
    page.locator("#seeds-list button[data-pick]").first.wait_for()
    settle(page)
    page.locator("#seeds-search input, #seeds-search textarea").fill("seed-greeting-02")
    page.wait_for_function("document.querySelectorAll('#seeds-list [data-pick]').length === 1")
    page.locator("[data-pick=seed-greeting-02]").click()
    page.locator("#seed-title", has_text="seed-greeting-02").wait_for()
    page.locator("#seed-chip .chip").wait_for()
    page.locator("#seed-prompt textarea").fill("给公司领导写祝福")
    page.locator("#seed-chip .none", has_text="没有发现").wait_for()
    page.locator("#seed-save").click()
    page.locator("#seeds-notice .problem", has_text="必须有字数要求").wait_for()
    assert page.locator("#seed-prompt textarea").input_value() == "给公司领导写祝福", "nothing is lost"
    assert not (settings.home / "seeds.jsonl").exists()
    page.locator("#seed-prompt textarea").fill("给公司领导写6字祝福")
    page.locator("#seed-reference textarea").fill("祝您新年快乐")
    page.locator("#seed-counted .verdict", has_text="达标").wait_for()
    page.locator("#seed-save").click()
    page.locator("#seeds-notice .message", has_text="已保存").wait_for()
    seed = next(seed for seed in load_seeds(settings) if seed.id == "seed-greeting-02")
    assert (seed.prompt, seed.reference, seed.constraint.target) == ("给公司领导写6字祝福", "祝您新年快乐", 6)
    page.locator("#seeds-reset").click()
    page.locator("#seeds-reset-yes").click()
    page.locator("#seeds-notice .message", has_text="已恢复").wait_for()
    assert not (settings.home / "seeds.jsonl").exists()


# Files


ALPACA = json.dumps(
    [
        {"instruction": "给老师写一段6字的祝福", "input": "", "output": "祝您新年快乐"},
        {"instruction": NASTY + "，写10字", "input": "", "output": NASTY},
        {"instruction": "写祝福", "input": "", "output": "没有要求"},
    ],
    ensure_ascii=False,
)


def upload(page, name, text):
    page.locator("#import-file input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/json", "buffer": text if isinstance(text, bytes) else text.encode()}
    )


def test_an_alpaca_file_is_previewed_and_added_to_the_seeds(tab, fresh):
    blocks, settings = fresh
    page = tab(blocks, "files")
    upload(page, "../../mine<b>.json", ALPACA)
    page.locator("#import-preview .preview").wait_for()
    assert "Alpaca" in page.locator("#import-preview").inner_text()
    assert page.locator("#import-preview tbody tr").count() == 3
    assert page.evaluate("window.hacked") is None
    before = len(load_seeds(settings))
    page.locator("#import-add").click()
    page.locator("#import-notice", has_text="已加入 2 条").wait_for()
    assert "必须有字数要求" in page.locator("#import-notice .problem").inner_text()
    assert len(load_seeds(settings)) == before + 2


@pytest.mark.parametrize(
    ("text", "says"), [(b"\xff\xfe\x00", "不是 UTF-8"), ("", "空"), ('[{"instruction": 3}]', "第 1 行")]
)
def test_a_file_that_cannot_be_read_is_explained_in_chinese(tab, app, text, says):
    page = tab(app[0], "files")
    upload(page, "x.json", text)
    page.locator("#import-preview .problem, #import-notice .problem", has_text=says).wait_for()
    assert page.locator("#import-add").is_disabled()


def test_accepted_answers_are_downloaded_under_a_fixed_name(tab, app):
    page = tab(app[0], "files")
    page.locator("#export-what label", has_text="合格答案").click()
    choose(page, "#export-format", "Alpaca")
    page.locator("#export-make").click()
    page.locator("#export-notice", has_text="20 条").wait_for()
    with page.expect_download() as started:
        page.locator("#export-download").click()
    assert started.value.suggested_filename == "hesui-run-alpaca.json"
    assert len(json.loads(started.value.path().read_text(encoding="utf-8"))) == 20


# Screens


SECTIONS = ("seeds", "distil", "samples", "splits", "files")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_no_section_scrolls_sideways_on_a_phone(tab, app, locale):
    page = tab(app[0], phone=True, locale=locale)
    for section in SECTIONS:
        page.locator(f"#data-{section}-tab-button").click()
        page.wait_for_timeout(700)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, section


def test_the_switch_retranslates_sections_that_were_not_open_yet(tab, app):
    page = tab(app[0])
    page.locator("#language").click()
    page.locator("#data-seeds-tab-button", has_text="Seeds").click()
    page.locator("#seed-save", has_text="Save").wait_for()
    page.locator("#data-distil-tab-button").click()
    page.locator("#run-start", has_text="Start").wait_for()
    page.locator("#run-classes", has_text="Greeting").wait_for()


# Who may change things


def call(url, fn, values, headers):
    """Call an endpoint of the page as its own script does; every piece of the answer as one text."""
    with httpx.Client(base_url=url, timeout=30) as client:
        session = f"test{fn}"
        asked = {"data": values, "fn_index": fn, "session_hash": session, "event_data": None, "trigger_id": None}
        joined = client.post("gradio_api/queue/join", json=asked, headers=headers)
        assert joined.status_code == 200, joined.text
        pieces = []
        with client.stream("GET", "gradio_api/queue/data", params={"session_hash": session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    said = json.loads(line[5:])
                    pieces.append(json.dumps(said, ensure_ascii=False))
                    if said["msg"] in ("process_completed", "close_stream"):
                        break
        return "\n".join(pieces)


def jobs_of(settings):
    database = open_store(settings)
    try:
        return len(DistilStore(database).runs())
    finally:
        database.close()


CHANGES = {
    "start",
    "estimate",
    "pause",
    "resume",
    "stop",
    "save",
    "delete",
    "reset",
    "freeze",
    "add",
    "make",
    "preview",
}


def changing(blocks):
    """The endpoints that start, spend, change or delete, with what their widgets hold at first."""
    found = {}
    for number, fn in blocks.fns.items():
        if fn.fn is not None and "hesui.ui.data" in fn.fn.__module__ and fn.name in CHANGES:
            found[fn.name] = number, [getattr(widget, "value", None) for widget in fn.inputs], fn.api_visibility
    return found


def test_whoever_is_not_the_owner_is_refused_by_every_endpoint_that_changes_something(app):
    blocks, settings = app
    endpoints = changing(blocks)
    assert set(endpoints) == CHANGES
    for name, (fn, values, visibility) in endpoints.items():
        assert visibility == "private", name
        if name == "preview":
            sent = httpx.post(f"{blocks.local_url}gradio_api/upload", files={"files": ("a.jsonl", b"{}")}).json()
            values[0] = {"path": sent[0], "meta": {"_type": "gradio.FileData"}}
        answer = call(blocks.local_url, fn, values, {"X-Forwarded-For": "203.0.113.5"})
        assert "只有主人可以这样做" in answer, (name, answer)
        assert "Only the owner may do this" in answer, name
    assert not (settings.home / "seeds.jsonl").exists()
    assert not (settings.home / "distil").exists()
    assert jobs_of(settings) == 1


def test_the_owner_is_not_refused(app):
    blocks, _ = app
    fn, values, _ = changing(blocks)["estimate"]
    answer = call(blocks.local_url, fn, values, {})
    assert "只有主人可以这样做" not in answer
    assert "不花钱" in answer
