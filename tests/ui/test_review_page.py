"""The Review tab in a real browser: a session by keyboard, drafts, two reviewers, a phone, and nothing runs or is lost."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.rows import Row
from hesui.length import parse
from hesui.review.desk import ReviewDesk
from hesui.review.items import answer_item, label_item
from hesui.settings import Settings
from hesui.store.migrate import open_store

pytestmark = pytest.mark.browser
NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{value}}${1+1}'
PROMPT = "给老师写一段20字的新年祝福"
ROW = Row("r", "greeting", PROMPT, parse(PROMPT))


def item(number, **changes):
    """Items in the order of their numbers."""
    text = f"第{number}个祝福：老师好，新年好，\n\n万事如意。"
    return replace(answer_item(replace(ROW, reference=text), 0, source="mine"), priority=float(number), **changes)


@pytest.fixture(scope="module")
def app(tmp_path_factory, serve_page):
    """The page with an empty home of its own."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), gold=0)
    return serve_page(settings), settings


@pytest.fixture
def desk(app):
    """The queue behind the page, empty before each test."""
    settings = app[1]
    database = open_store(settings)
    desk = ReviewDesk(database, settings)
    desk.remove_demo()
    for source in desk.survey.sources():
        desk.queue.remove(source)
    yield desk
    database.close()


@pytest.fixture
def reviewer(visit, app):
    """Opens the tab as somebody of that name."""

    def open_tab(name, **options):
        page = visit(url=app[0].local_url, **options)
        page.locator("#tab-review-button").click()
        page.locator(".rv-name input").fill(name)
        page.locator(".rv-name button").click()
        page.locator(".rv-card, .rv-message:not([hidden])").first.wait_for()
        return page

    return open_tab


def shown(page):
    return page.locator(".rv-card").get_attribute("data-item")


def press(page, key, item):
    """Press a key and wait until another item is shown."""
    page.keyboard.press(key)
    page.wait_for_function("id => (document.querySelector('.rv-card')?.dataset.item ?? id) !== id", arg=item)


def saved(page):
    page.locator(".rv-toast", has_text="已保存").wait_for()


def state(desk, item):
    return desk.survey.reviewed(item.id).entry.state


def test_a_whole_session_by_keyboard(reviewer, desk):
    made = [item(number) for number in range(7)]
    desk.queue.add(made)
    page = reviewer("甲")
    answer = page.locator(".rv-card .answer")
    assert answer.inner_text() == made[0].text
    assert page.locator(".rv-prompt mark").inner_text() == "20字"
    press(page, "a", made[0].id)
    press(page, "s", made[1].id)
    page.keyboard.press("r")
    press(page, "2", made[2].id)
    page.keyboard.press("r")
    page.keyboard.press("6")
    page.keyboard.type("a r e 语气不对")  # typing is no decision
    assert shown(page) == made[3].id
    press(page, "Enter", made[3].id)
    page.keyboard.press("e")
    page.locator(".rv-editor textarea").fill("老师好，新年快乐，身体健康，万事如意。")
    page.locator(".rv-count .rv-measure").wait_for()
    press(page, "Control+Enter", made[4].id)
    press(page, "a", made[5].id)
    saved(page)
    page.keyboard.press("u")
    page.wait_for_function("id => document.querySelector('.rv-card')?.dataset.item === id", arg=made[5].id)
    page.keyboard.press("?")
    page.locator("dialog.rv-help[open]").wait_for()
    page.keyboard.press("a")  # nor is a key while the help is open
    page.keyboard.press("Escape")
    assert shown(page) == made[5].id
    press(page, "a", made[5].id)
    page.keyboard.press("a")
    page.locator(".rv-message", has_text="全部看完了").wait_for()
    saved(page)
    states = [state(desk, one) for one in made]
    assert states == ["accepted", "open", "rejected", "rejected", "edited", "accepted", "accepted"]
    assert desk.survey.reviewed(made[2].id).events[0].reason == "topic"
    assert desk.survey.reviewed(made[3].id).events[0].note == "a r e 语气不对"
    assert desk.survey.reviewed(made[4].id).text == "老师好，新年快乐，身体健康，万事如意。"
    assert all(
        event.seconds > 0 for one in made for event in desk.survey.reviewed(one.id).events if event.action != "undo"
    )
    assert re.sub(r"\s+", "", page.locator(".rv-summary ul").inner_text()) == "3采纳2退回1修改1跳过"


def test_the_next_item_is_shown_within_a_tenth_of_a_second(reviewer, desk):
    desk.queue.add([item(number) for number in range(4)])
    page = reviewer("甲")
    page.wait_for_function("hesui.review !== undefined")
    page.wait_for_timeout(300)  # the one after it has been fetched
    took = page.evaluate(
        """() => new Promise((done) => {
            const before = document.querySelector('.rv-card').dataset.item, began = performance.now();
            document.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', code: 'KeyA', bubbles: true }));
            requestAnimationFrame(() => done([document.querySelector('.rv-card').dataset.item !== before,
                performance.now() - began, document.querySelector('.rv-toast').textContent]));
        })"""
    )
    assert took[0] and took[1] < 100 and "已采纳" in took[2]
    saved(page)


def test_an_edit_survives_a_reload(reviewer, desk, app):
    desk.queue.add([item(1), item(2)])
    page = reviewer("甲")
    page.keyboard.press("e")
    page.locator(".rv-editor textarea").fill("写了一半")
    page.locator(".rv-count .rv-measure.under").wait_for()
    page.locator(".rv-out", has_text="仍可采纳").wait_for()
    page.reload()
    page.locator("#go").wait_for()
    page.locator("#tab-review-button").click()
    page.locator(".rv-draft", has_text="草稿").wait_for()
    assert page.locator(".rv-editor textarea").input_value() == "写了一半"
    press(page, "Control+Enter", item(1).id)
    saved(page)
    assert desk.survey.reviewed(item(1).id).text == "写了一半"


def test_two_reviewers_never_meet_on_an_item(reviewer, desk):
    made = [item(number) for number in range(14)]
    desk.queue.add(made)
    pages = [reviewer("甲"), reviewer("乙")]
    seen = [[], []]
    for _ in range(4):
        for page, mine in zip(pages, seen, strict=True):
            mine.append(shown(page))
            page.keyboard.press("a")
            saved(page)
            page.wait_for_function("id => document.querySelector('.rv-card')?.dataset.item !== id", arg=mine[-1])
    assert not set(seen[0]) & set(seen[1])
    assert len(seen[0] + seen[1]) == 8
    assert all(len(desk.survey.reviewed(one).events) == 1 for one in seen[0] + seen[1])


def test_a_decision_without_a_connection_is_stored_when_it_is_back(reviewer, desk):
    made = [item(number) for number in range(3)]
    desk.queue.add(made)
    page = reviewer("甲", cut_off=True)
    page.wait_for_timeout(300)
    page.route("**/component_server/**", lambda route: route.abort())
    press(page, "a", made[0].id)
    page.locator(".rv-toast.problem", has_text="连不上").wait_for()
    assert state(desk, made[0]) == "open"
    page.unroute("**/component_server/**")
    saved(page)
    assert state(desk, made[0]) == "accepted"
    assert page.evaluate("localStorage.getItem('hesui.review.outbox')") == "[]"


def test_labels_are_set_with_their_keys_and_the_suggestion_waits_until_asked(reviewer, desk):
    clues = {"label": "yes", "clues": ["它"], "reasoning": "指代前文", "teacher": "t"}
    asked = [
        LabelItem(f"q{n}", "coreference", f"它为什么报错{n}？", (Remark("用户A3F2", "我装了新版"),)) for n in range(3)
    ]
    made = [
        replace(label_item(one, 0, source="mine", suggestion=clues), priority=float(n)) for n, one in enumerate(asked)
    ]
    desk.queue.add(made)
    page = reviewer("甲")
    assert "指代前文" not in page.content()
    assert page.locator(".rv-accept").is_hidden()
    press(page, "2", made[0].id)
    page.locator(".rv-toast", has_text="与教师不同").wait_for()
    page.keyboard.press("t")
    page.locator(".rv-hint", has_text="指代前文").wait_for()
    press(page, "1", made[1].id)
    page.locator(".rv-toast", has_text="与教师一致").wait_for()
    page.locator(".rv-labels button", has_text="不确定").click()
    page.locator(".rv-message", has_text="全部看完了").wait_for()
    saved(page)
    events = [desk.survey.reviewed(one.id).events[0] for one in made]
    assert [(event.choice, event.peeked) for event in events] == [("no", False), ("yes", True), ("unsure", False)]


def test_a_choice_of_class_narrows_what_comes(reviewer, desk):
    essay = answer_item(
        Row("e", "essay", "写一篇20字作文", parse("写一篇20字作文"), reference="作文。"), 0, source="mine"
    )
    desk.queue.add([item(1), item(2), essay])
    page = reviewer("甲")
    page.locator("#rv-class input").click()
    page.locator("[role=option]", has_text="作文").first.click()
    page.wait_for_function("id => document.querySelector('.rv-card')?.dataset.item === id", arg=essay.id)
    page.keyboard.press("Escape")
    page.locator(".rv-accept").click()
    page.locator(".rv-message", has_text="这一类暂时没有了").wait_for()
    saved(page)
    assert len(desk.queue.claim("乙", 2)) == 2  # what was on the desk before went back


def test_no_script_in_a_prompt_an_answer_a_note_or_a_name_runs(reviewer, desk):
    row = Row("n", "greeting", f"写20字{NASTY}", parse("写20字"), reference=NASTY)
    asked = LabelItem("q", "coreference", NASTY, (Remark(NASTY, NASTY),), "", "", NASTY)
    suggested = {"label": NASTY, "clues": [NASTY], "reasoning": NASTY, "teacher": NASTY}
    made = [
        replace(answer_item(row, 0, source=NASTY, teacher=NASTY), priority=0.0),
        replace(label_item(asked, 0, source=NASTY, suggestion=suggested), priority=1.0),
    ]
    desk.queue.add(made)
    page = reviewer("<img src=x onerror=hacked=1>")
    assert page.locator(".rv-card .answer").inner_text() == NASTY
    assert page.locator(".rv-who b").inner_text() == "<img src=x onerror=hacked=1>"
    page.keyboard.press("e")
    page.locator(".rv-editor textarea").fill(NASTY + "改")
    page.locator(".rv-count .rv-measure").wait_for()
    press(page, "Control+Enter", made[0].id)
    page.keyboard.press("t")
    page.locator(".rv-hint").wait_for()
    page.keyboard.press("3")
    page.locator(".rv-message", has_text="全部看完了").wait_for()
    page.keyboard.press("u")
    page.locator(".rv-card.label").wait_for()
    assert page.evaluate("window.hacked") is None
    desk.queue.remove(NASTY)


def test_a_phone_has_buttons_under_the_thumb_and_never_scrolls_sideways(reviewer, desk, tmp_path):
    desk.queue.add([item(1), item(2)])
    page = reviewer("甲", phone=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("accept", "reject", "edit", "skip", "undo"):
        box = page.locator(f".rv-{name}").bounding_box()
        assert box["height"] >= 44 and box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844
    page.locator(".rv-reject").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=tmp_path / "phone.png")
    page.locator(".rv-reasons [data-reason=length]").click()
    page.wait_for_function("id => document.querySelector('.rv-card')?.dataset.item === id", arg=item(2).id)
    saved(page)


def test_the_desk_speaks_english_too(reviewer, desk):
    desk.queue.add([item(1)])
    page = reviewer("Ann", locale="en-GB")
    assert page.locator(".rv-accept").inner_text().split() == ["A", "Accept"]
    page.keyboard.press("a")
    page.locator(".rv-message", has_text="All done").wait_for()
    page.locator(".rv-toast", has_text="saved").wait_for()
    assert page.locator(".rv-toast").inner_text() == "Accepted · saved"


def test_who_starts_without_a_name_gets_one(reviewer, desk):
    desk.queue.add([item(1)])
    page = reviewer("  ")
    assert re.fullmatch(r"\S+ \d{3}", page.locator(".rv-who b").inner_text())


def test_the_page_answers_the_desk_over_http_past_the_queue(app, desk):
    desk.queue.add([item(1), item(2)])
    with httpx.Client(base_url=app[0].local_url, timeout=30) as client:
        widgets = client.get("config").json()["components"]
        [id] = [one["id"] for one in widgets if one["props"].get("elem_id") == "rv-desk"]

        def post(call, data):
            body = {"data": data, "fn_name": call, "component_id": id, "session_hash": "test"}
            return client.post("gradio_api/component_server/", json=body).json()

        assert len(post("rv_open", {"reviewer": "网上的人"})["items"]) == 2
        assert post("rv_decide", None)["key"] == "error.reviewer_name"


def test_an_owner_imports_a_table_and_takes_a_data_set_out(reviewer, desk, tmp_path):
    table = tmp_path / "<img src=x onerror=hacked=1>.csv"
    table.write_text(
        f"题目,答复\n{PROMPT},老师，新年好！祝愿您平安健康，万事如意。\n{NASTY.replace(',', ' ')},没有要求\n", "utf-8"
    )
    desk.queue.add([item(1)])
    page = reviewer("甲")
    page.locator("#review-files-tab-button").click()
    page.locator("#rvin-file input[type=file]").set_input_files(table)
    page.locator("#rvin-column-prompt input").click()
    page.locator("[role=option]", has_text="题目").click()
    page.locator("#rvin-column-completion input").click()
    page.locator("[role=option]", has_text="答复").last.click()
    page.locator("#rvin-shown", has_text="平安健康").wait_for()
    page.locator("#rvin-add:enabled").click()
    page.locator("#rvin-notice", has_text="好的 1 行，新增 1 条，坏的 1 行").wait_for()
    assert page.evaluate("window.hacked") is None
    with page.expect_download() as download:
        page.locator("#rvin-rejected:enabled").click()
    assert '"line": 3' in Path(download.value.path()).read_text("utf-8")
    page.locator("#rvout-make").click()
    page.locator("#rvout-notice", has_text="还没有可以导出的内容").wait_for()
    page.locator("#review-desk-tab-button").click()
    page.keyboard.press("a")
    saved(page)
    page.locator("#review-files-tab-button").click()
    page.locator("#rvout-make").click()
    page.locator("#rvout-shown .summary").wait_for()
    with page.expect_download() as download:
        page.locator("#rvout-download:enabled").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        assert "hesui-sft/README.md" in packed.namelist()
