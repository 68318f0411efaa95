"""What a visitor sees and does, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from hesui.length import count

GREETING = "假如你是老师，请写一段50字的春节祝福给家长"
HELD_AT = 20  # the character after which a closed gate holds the answers
pytestmark = pytest.mark.browser


def write(page, prompt):
    """Type as an input method does: the whole text in one commit, without key events."""
    page.locator("#prompt textarea").click()
    page.keyboard.insert_text(prompt)


def ask(page, prompt=GREETING):
    write(page, prompt)
    page.locator("#go").click()


def wait_done(page):
    for side in ("left", "right"):
        page.locator(f"#{side}-pane .copy").wait_for()


def chip(page, text):
    page.locator("#chip .chip", has_text=text).wait_for()


def open_editor(page):
    """Open the demand's fields; Gradio puts them up a second time a moment after they appear."""
    page.locator("#editor > button").click()
    page.locator("#edit-low input").wait_for()
    page.wait_for_timeout(700)


def open_settings(page):
    """Open the sampling settings; they too are put up a second time."""
    page.locator("#settings > button").click()
    page.locator("#seed input").wait_for()
    page.wait_for_timeout(700)


def number(page, value):
    """Fill in the demand's number and leave the field, as a hand on its way to the button does."""
    page.locator("#edit-low input").fill(value)
    page.keyboard.press("Tab")
    page.wait_for_timeout(100)


def answer(page, side):
    return page.locator(f"#{side}-pane .answer").text_content()


def problem(page):
    return page.locator("#notice .problem").inner_text()


def until(page, condition, seconds=10):
    """Wait for a condition on this side of the browser."""
    for _ in range(seconds * 20):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("the condition never came true")


# The demand


def test_the_chip_follows_keys_an_input_method_and_backspace(visit):
    page = visit()
    write(page, "写一段5")
    page.locator("#chip .none").wait_for()
    page.keyboard.type("0")
    page.keyboard.insert_text("字的祝福")
    chip(page, "恰好 50 字")
    for _ in "的祝福":
        page.keyboard.press("Backspace")
    page.keyboard.insert_text("以内")
    chip(page, "不超过 50 字")
    assert page.locator("#chip .quote mark").inner_text().startswith("50字")


def test_the_chip_follows_a_paste(visit):
    page = visit()
    page.evaluate("navigator.clipboard.writeText('请写不少于200字的致辞')")
    page.locator("#prompt textarea").click()
    page.keyboard.press("Control+v")
    chip(page, "不少于 200 字")


def test_the_prompt_in_the_chip_is_text_and_not_html(visit):
    page = visit()
    write(page, "<img src=x onerror='window.hacked=1'>，请写50字{{value}}${1+1}")
    chip(page, "恰好 50 字")
    assert page.locator("#chip .quote").text_content() == "…ow.hacked=1'>，请写50字{{value}}${1+1}"
    assert page.evaluate("window.hacked") is None


def test_each_example_is_recognised(visit):
    page = visit()
    for button, wanted in [("①", "50"), ("②", "200"), ("③", "300"), ("④", "100"), ("⑤", "100"), ("英文", "60")]:
        page.locator(".example", has_text=button).click()
        chip(page, wanted)
    page.locator(".example", has_text="不限字数").click()
    page.locator("#chip .none").wait_for()


def test_the_editor_writes_a_demand_into_the_prompt(visit):
    page = visit()
    write(page, GREETING)
    chip(page, "恰好 50 字")
    open_editor(page)
    page.locator("#edit-op input").click()
    page.locator("[role=option]", has_text="不超过").click()
    number(page, "80")
    page.locator("#apply").click()
    chip(page, "不超过 80 字")
    assert page.locator("#prompt textarea").input_value() == "假如你是老师，请写一段80字以内的春节祝福给家长"


def test_the_editor_sets_a_demand_where_there_is_none(visit):
    page = visit()
    write(page, "给爷爷写春节祝福")
    page.locator("#chip .none", has_text="没有发现").wait_for()  # an empty prompt's hint is another
    open_editor(page)
    number(page, "30")
    page.locator("#apply").click()
    chip(page, "恰好 30 字")


def test_an_unsupported_unit_is_explained(visit):
    page = visit()
    write(page, "写3页的春节故事")
    page.locator("#chip .message", has_text="3页").wait_for()


def test_a_prompt_from_another_world_gets_a_kind_word(visit):
    page = visit()
    write(page, "用Python写一个快速排序")
    page.locator("#world .message").wait_for()
    page.locator("#prompt textarea").fill(GREETING)
    page.locator("#world .message").wait_for(state="hidden")


# The comparison


RECORD = """side => {
  const place = document.querySelector(`#${side}-pane`), frames = (window.frames_ ??= {})[side] = [];
  new MutationObserver(() => {
    const pane = place.querySelector(".pane[data-count]");
    if (pane) frames.push([Number(pane.dataset.count), pane.querySelector(".answer").textContent]);
  }).observe(place, { childList: true, subtree: true });
}"""


def record(page):
    """Keep every frame of both panes: pairs of badge and text, in `window.frames_`."""
    for side in ("left", "right"):
        page.evaluate(RECORD, side)


def assert_consistent(frames):
    counts = [counted for counted, _ in frames]
    assert counts == sorted(counts)
    assert all(counted == count(shown) for counted, shown in frames), "badge and text of a frame belong together"


def test_both_answers_grow_and_their_counts_with_them(visit, served, texts):
    page = visit()
    record(page)
    served.scripted.gate.clear()
    ask(page)
    expected = {"left": texts.long, "right": texts.exact}
    for side, text in expected.items():
        held = count(text[: HELD_AT + 1])
        page.locator(f"#{side}-pane .pane.running[data-count='{held}']").wait_for()
        assert answer(page, side) == text[: HELD_AT + 1]
    served.scripted.gate.set()
    wait_done(page)
    for side, text in expected.items():
        assert answer(page, side) == text
        assert page.locator(f"#{side}-pane .count").inner_text() == str(count(text))
        assert_consistent(page.evaluate("side => window.frames_[side]", side))


def test_the_embedded_model_answers_in_both_panes(visit, embedded):
    page = visit(url=embedded)
    record(page)
    ask(page)
    wait_done(page)
    for side in ("left", "right"):
        written = answer(page, side)
        assert written.strip()
        assert page.locator(f"#{side}-pane .count").inner_text() == str(count(written))
        assert_consistent(page.evaluate("side => window.frames_[side]", side))
    assert page.locator("#tally li").count() == 2


def test_the_verdicts_are_words_shapes_and_colours(visit, texts):
    page = visit()
    ask(page)
    wait_done(page)
    left, right = page.locator("#left-pane .verdict"), page.locator("#right-pane .verdict")
    assert left.inner_text().split() == ["▲", "多了", str(count(texts.long) - 50)]
    assert right.inner_text().split() == ["●", "达标"]
    colour = "node => getComputedStyle(node).color"
    assert left.evaluate(colour) != right.evaluate(colour)
    assert "达标" in page.locator("#live[aria-live=polite]").text_content()


def test_the_text_is_marked_from_where_the_limit_was_crossed(visit, texts):
    page = visit()
    ask(page)
    wait_done(page)
    beyond = page.locator("#left-pane .beyond").text_content()
    assert texts.long.endswith(beyond)
    assert count(texts.long.removesuffix(beyond)) == 50
    assert page.locator("#right-pane .beyond").count() == 0


def test_stop_stops_the_producer_and_keeps_the_text(visit, served, texts):
    page = visit()
    served.scripted.gate.clear()
    before = served.scripted.closed
    ask(page)
    page.wait_for_function("document.querySelector('#left-pane .pane').dataset.count > 10")
    page.locator("#stop").click()
    page.locator("#left-pane .pane[data-state=stopped]").wait_for()
    until(page, lambda: served.scripted.closed == before + 1)
    assert texts.long.startswith(answer(page, "left"))
    assert answer(page, "left")
    assert page.locator("#prompt textarea").input_value() == GREETING


def test_a_closed_tab_stops_the_producer(visit, served):
    page, other = visit(), visit()
    served.scripted.gate.clear()
    before = served.scripted.closed
    ask(page)
    page.wait_for_function("document.querySelector('#left-pane .pane').dataset.count > 10")
    page.close()
    until(other, lambda: served.scripted.closed == before + 1)


def test_keys_start_and_stop(visit, served):
    page = visit()
    served.scripted.gate.clear()
    write(page, GREETING)
    page.keyboard.press("Control+Enter")
    page.wait_for_function("document.querySelector('#left-pane .pane').dataset.count > 10")
    page.keyboard.press("Escape")
    page.locator("#right-pane .pane[data-state=stopped]").wait_for()


def test_again_asks_with_a_new_seed(visit, served):
    page = visit()
    ask(page)
    wait_done(page)
    page.locator("#again").click()
    page.locator("#tally", has_text="/ 2 次达标").wait_for()
    assert len(set(served.scripted.seeds[-2:])) == 2


def test_the_visit_keeps_a_tally_that_tells_raw_from_helped(visit):
    page = visit()
    ask(page)
    wait_done(page)
    page.locator("#best label", has_text="4").click()
    page.locator("#go").click()
    page.locator("#tally li").nth(3).wait_for()
    assert [re.sub(r"\s+", "", text) for text in page.locator("#tally li .of").all_inner_texts()] == [
        "0/1次达标",
        "0/1次达标",
        "1/1次达标",
        "1/1次达标",
    ]
    assert [re.sub(r"\s+", "", text) for text in page.locator("#tally li .who").all_inner_texts()] == [
        "基座base原始输出",
        "基座base4选1",
        "调优tuned原始输出",
        "调优tuned4选1",
    ]


def test_the_history_brings_a_round_back(visit):
    page = visit()
    ask(page)
    wait_done(page)
    page.locator("#prompt textarea").fill("写60字的祝福")
    page.locator("#go").click()
    page.locator("[data-round='1']").wait_for()
    page.locator("[data-round='0']").click()
    page.wait_for_function("document.querySelector('#prompt textarea').value.includes('50字')")
    assert page.locator("#right-pane .pane[data-state=ok]").count() == 1
    chip(page, "恰好 50 字")


def test_copy_gives_the_answer_as_it_was_written(visit, texts):
    page = visit()
    ask(page)
    wait_done(page)
    page.locator("#left-pane .copy").click()
    page.locator("#left-pane .copy.done").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == texts.long


def test_an_answer_is_text_and_not_html(visit, texts):
    page = visit()
    ask(page, "尖括号：写50字")
    wait_done(page)
    assert answer(page, "left") == texts.nasty
    assert page.evaluate("window.hacked") is None


# Links, languages, screens


def test_a_reload_restores_what_the_link_says(visit):
    page = visit()
    page.locator("#guide input").check()
    open_settings(page)
    page.locator("#seed input").fill("77")
    ask(page)
    wait_done(page)
    page.wait_for_function("location.search.includes('prompt=')")
    page.reload()
    page.wait_for_function("document.querySelector('#prompt textarea')?.value.includes('50字')")
    chip(page, "恰好 50 字")
    assert page.locator("#guide input").is_checked()
    open_settings(page)
    assert page.locator("#seed input").input_value() == "77"


def test_the_share_link_is_copied(visit):
    page = visit()
    write(page, GREETING)
    chip(page, "恰好 50 字")
    page.locator("#share").click()
    page.locator("#notice .message").wait_for()
    until(page, lambda: "prompt=" in page.evaluate("navigator.clipboard.readText()"))
    link = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(link).query) == {"prompt": [GREETING]}


def test_the_language_is_the_browsers(visit):
    assert visit(locale="zh-CN").locator("#go").inner_text() == "开始对比"
    page = visit(locale="en-US")
    page.locator("#go", has_text="Compare").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_the_switch_retranslates_everything_in_mid_stream_and_loses_nothing(visit, served):
    page = visit()
    served.scripted.gate.clear()
    ask(page)
    page.wait_for_function("document.querySelector('#left-pane .pane').dataset.count > 10")
    page.locator("#language").click()
    page.locator("#go", has_text="Compare").wait_for()
    assert page.locator("#prompt textarea").input_value() == GREETING
    served.scripted.gate.set()
    wait_done(page)
    assert "obeyed" in page.locator("#right-pane .verdict").inner_text()
    assert not re.search(r"[达标多了]", page.locator("#right-pane .verdict").inner_text())
    page.reload()
    page.locator("#go", has_text="Compare").wait_for()


def test_the_chinese_page_has_no_stray_english(visit):
    page = visit()
    ask(page)
    wait_done(page)
    for panel in ("#editor", "#settings"):
        page.locator(f"{panel} > button").click()
    words = set(re.findall(r"[A-Za-z][\w-]+", page.locator("body").inner_text()))
    assert words <= {"hesui", "English", "base", "tuned", "top-p"}


def test_the_english_page_has_chinese_only_in_names_and_prompts(visit):
    page = visit(locale="en-US")
    page.locator("#go", has_text="Compare").wait_for()
    for panel in ("#editor", "#settings"):
        page.locator(f"{panel} > button").click()
    words = set(re.findall(r"[\u4e00-\u9fff]+", page.locator("body").inner_text()))
    assert words <= {"贺岁", "中文", "字数"}


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_a_phone_needs_no_sideways_scroll(visit, locale):
    page = visit(phone=True, locale=locale)
    ask(page)
    wait_done(page)
    for panel in ("#editor", "#settings"):
        page.locator(f"{panel} > button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    left, right = (page.locator(f".side.{side}").bounding_box() for side in ("left", "right"))
    assert right["y"] >= left["y"] + left["height"]


def test_the_light_switch_is_kept(visit):
    page = visit()
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.locator("#light").click()
    assert page.evaluate(background) != before
    page.reload()
    page.wait_for_function("document.body.classList.contains('dark')")


def test_the_keyboard_reaches_everything_in_order(visit):
    page = visit()
    page.locator("#prompt textarea").focus()
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.closest('[id]')?.id"))
    assert [name for name in reached if name in ("go", "again", "share")] == ["go", "again", "share"]


# Trouble


@pytest.mark.parametrize(
    "prompt, says",
    [
        ("   ", "提示词是空的"),
        ("请写0字的祝福", "字数要求是 0"),
        ("请写100000字的祝福", "字数要求是 100,000"),
        ("内存：写50字", "内存不足"),
        ("意外：写50字", "出现意外错误"),
    ],
)
def test_trouble_is_explained_in_the_page_and_the_input_stays(visit, prompt, says):
    page = visit()
    ask(page, prompt)
    page.locator("#notice .problem", has_text=says).wait_for()
    assert page.locator("#prompt textarea").input_value() == prompt
    assert "/path" not in problem(page)
    page.locator("#prompt textarea").fill(GREETING)
    page.locator("#go").click()
    wait_done(page)


def test_a_prompt_of_100_000_characters_is_refused_kindly(visit):
    page = visit()
    page.locator("#prompt textarea").fill("长" * 100_000)
    page.locator("#chip .problem", has_text="100,000").wait_for()
    page.locator("#go").click()
    page.locator("#notice .problem", has_text="100,000").wait_for()
    page.locator("#share").click()
    page.locator("#notice .message", has_text="放不进链接").wait_for()


def test_a_model_that_is_gone_is_named_with_those_there_are(visit):
    page = visit("?prompt=写50字&right=gone")
    page.wait_for_function("document.querySelector('#right-model input').value === 'gone'")
    page.locator("#go").click()
    page.locator("#notice .problem", has_text="gone").wait_for()
    assert "tuned" in problem(page)


def test_a_second_visitor_sees_the_place_in_line_and_a_third_a_full_queue(visit, served):
    first, second, third = visit(), visit(), visit(locale="en-US")
    served.scripted.gate.clear()
    ask(first)
    first.wait_for_function("document.querySelector('#left-pane .pane').dataset.count > 10")
    ask(second)
    second.locator("#notice .waiting[data-position='1']").wait_for()
    assert "前面还有 1 位" in second.locator("#notice").inner_text()
    ask(third)
    third.locator("#notice .problem", has_text="Too busy").wait_for()
    served.scripted.gate.set()
    wait_done(first)
    wait_done(second)


def test_visitors_do_not_see_each_other(visit):
    first = visit()
    ask(first)
    wait_done(first)
    second = visit()
    second.locator("#tally .hint").wait_for()
    assert second.locator("#tally li").count() == 0
    assert second.locator("#prompt textarea").input_value() == ""
