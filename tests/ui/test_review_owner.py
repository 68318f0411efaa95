"""What an owner sees of reviewed items and does to them; nobody else is told what reviewers decided."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.classes import load_classes
from hesui.corpus.rows import Row
from hesui.length import parse
from hesui.review.agreement import Agreement, Alpha, Kappa, Reviewer, survey_agreement
from hesui.review.desk import ReviewDesk
from hesui.review.items import DEMO, answer_item, label_item
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.reviewing import Entry, Event, Reviewed
from hesui.store.surveying import Filter
from hesui.ui.review import adjudicate, detail, figures
from hesui.ui.review.bulk import Asked
from hesui.ui.review.ruling import Shown
from hesui.ui.texts import TEXTS

NASTY = "<img src=x onerror='window.hacked=1'>\"&{{value}}"
PROMPT = "假如你是老师，请写一段6字的春节祝福给家长"
CLASSES = load_classes(Settings())
LABELS = CLASSES["coreference"]


def answer(number, text="祝您新年快乐", prompt=PROMPT, **more):
    row = Row(f"r{number}", "greeting", f"{prompt}{number}", parse(prompt))
    return answer_item(replace(row, reference=f"{text}{number}"), 0.0, source=more.pop("source", "run 1"), **more)


def label(number, **more):
    asked = LabelItem(f"l{number}", "coreference", f"它怎么样？{number}", (Remark("乙", "来了"),), speaker="甲")
    return label_item(asked, 0.0, source="chat", **more)


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


# As HTML


def reviewed(item, *events, state="split", verdict="", result=None):
    made = tuple(replace(event, item=1, number=at + 1, created=1e9) for at, event in enumerate(events))
    return Reviewed(Entry(item, state, verdict, result, len(events), 1e9), made)


def attack():
    item = replace(
        answer(1, NASTY, NASTY + PROMPT, teacher=NASTY, gold="accept"), id=NASTY, task=NASTY, source=NASTY, required=2
    )
    return reviewed(
        item,
        Event(1, "reject", NASTY, choice="reject", reason="other", note=NASTY),
        Event(1, "edit", NASTY + "2", choice="edit", text=NASTY + "。"),
        result=NASTY + "！",
    )


def attack_label():
    item = label(1, suggestion={"label": NASTY, "clues": [NASTY], "reasoning": NASTY}, gold=NASTY)
    item = replace(item, id=NASTY, task=NASTY, text=NASTY, row={**item.row, "text": NASTY, "speaker": NASTY})
    return reviewed(item, Event(1, "label", NASTY, choice=NASTY), Event(1, "adjudicate", NASTY, choice=NASTY))


@pytest.mark.parametrize(
    "html",
    [
        detail.listing([attack(), attack_label()], CLASSES, NASTY),
        detail.detail(attack(), CLASSES),
        detail.detail(attack_label(), CLASSES),
        detail.story(attack(), CLASSES),
        detail.story(attack_label(), CLASSES),
        adjudicate.both_sides(attack(), CLASSES, None),
        detail.sides(attack_label(), {NASTY: LABELS}),
        detail.acts(attack(), CLASSES, NASTY),
        detail.acts(attack_label(), {NASTY: LABELS}, NASTY),
        figures.progress({(NASTY, "open"): 2}, CLASSES),
        figures.agreement(survey_agreement([attack(), attack_label()]), CLASSES, None),
        figures.agreement(survey_agreement([attack()]), CLASSES, {NASTY: NASTY}),
    ],
)  # fmt: skip
def test_what_comes_from_outside_is_text_and_not_html(html):
    assert "<img" not in html
    assert "'window" not in html
    assert "&lt;img" in html


@given(before=st.text("春节快乐，！\n ab", max_size=40), after=st.text("春节快乐，！\n ab", max_size=40))
def test_a_difference_holds_both_texts(before, after):
    shown = detail.difference(before, after)
    kept = re.sub(r"<del>.*?</del>|</?ins>", "", shown, flags=re.DOTALL)
    gone = re.sub(r"<ins>.*?</ins>|</?del>", "", shown, flags=re.DOTALL)
    assert unescape(kept).replace("↵\n", "\n") == after
    assert unescape(gone).replace("↵\n", "\n") == before


def test_a_difference_is_not_in_shreds():
    shown = detail.difference("愿您全家，福气盈门。", "愿您一家福气，盈满门。")
    assert shown.count("<del>") + shown.count("<ins>") <= 4
    assert detail.difference("一\n二", "一二") == "一<del>↵\n</del>二"


def test_a_table_says_how_each_item_stands_and_who_decided():
    one = reviewed(
        answer(1),
        Event(1, "reject", "红梅", choice="reject", reason="topic"),
        Event(1, "accept", "灯笼", choice="accept"),
    )
    said = words(detail.listing([one], CLASSES, ""))
    for wanted in ("节日祝福", "恰好 6 字", "7", "有分歧", "红梅、灯笼", "2001-09-09 01:46 UTC"):
        assert wanted in said, wanted
    both = words(detail.sides(one, CLASSES))
    for wanted in ("红梅", "退回", "跑题或对象不对", "灯笼", "采纳"):
        assert wanted in both, wanted


def test_what_no_longer_counts_stays_in_the_story_and_is_said_not_to_count():
    one = reviewed(
        answer(1), Event(1, "reject", "红梅", choice="reject", reason="topic"), Event(1, "undo", "红梅", undoes=1),
        Event(1, "accept", "红梅", choice="accept"),
    )  # fmt: skip
    told = detail.story(one, CLASSES)
    assert told.count("<li") == 3
    assert re.search(r'<li class="reject void">.*?不再算数', told)
    assert words(told).count("不再算数") == 1


def test_few_items_and_undefined_figures_are_said_to_be_so_and_n_is_beside_each():
    found = Agreement(
        (Alpha("answer", "", 0.5, 40, 80), Alpha("answer", "greeting", -0.25, 7, 14),
         Alpha("label", "", None, 0, 0, "few"), Alpha("label", "coreference", None, 9, 18, "uniform")),
        (Kappa("answer", "甲", "乙", 0.875, 40), Kappa("label", "甲", "乙", None, 9)),
        (Reviewer("甲", 12, 5, 1, 4, 2, 3, 4.25, 4, 3, 0, 0, None),),
    )  # fmt: skip
    shown = figures.agreement(found, CLASSES, None)
    rows = [words(row) for row in re.findall(r"<tr>(.*?)</tr>", shown)]
    for head, said in (
        ("全部答案", "0.500 40 80"), ("节日祝福", "−0.250 不足 30 条，仅供参考 7 14"), ("全部标注", "条数太少 0 0"),
        ("指代消解", "大家始终给出同一个判断 9 18"), ("甲 · 乙", "答案 0.875 40"), ("甲 · 乙", "标注 始终 9"),
        ("甲", "12 5 1 4 2 3 4.2 秒 3/4 · 75% –"),
    ):  # fmt: skip
        assert any(head in row and all(word in row for word in said.split()) for row in rows), (head, said)


# What an owner does


MODULES = {f"hesui.ui.review.{name}" for name in ("items", "ruling", "bulk", "demo", "adjudicate", "figures")}


class App:
    """The page without a browser: its callbacks, called as Gradio calls them."""

    def __init__(self, settings):
        with ThreadPoolExecutor(1) as apart:  # the browser's loop may run here
            self.blocks = apart.submit(lambda: asyncio.run(page(settings))).result()
        self.desk = ReviewDesk(open_store(settings), settings)

    def handlers(self):
        """The owner's callbacks by name and by a widget that they change."""
        for fn in self.blocks.fns.values():
            if fn.fn and fn.fn.__module__ in MODULES:
                yield fn, {widget.elem_id for widget in fn.outputs}

    def call(self, name, changes, values=None, *, owner=True, clicked=None):
        """What a callback changes: by the widgets' ids, states by the names of their types."""
        fn = next(fn for fn, ids in self.handlers() if fn.name == name and changes in ids)
        given = [widget.value for widget in fn.inputs] if values is None else list(values)
        wanted = list(inspect.signature(fn.fn).parameters)
        if "event" in wanted:
            given.insert(0, SimpleNamespace(_data=clicked or {}))
        if "request" in wanted:
            given.insert(0, asker() if owner else asker(**{"x-forwarded-for": "203.0.113.5"}))
        made = fn.fn(*given)
        *_, last = made if isinstance(made, Iterator) else [made]
        return {widget.elem_id or type(value).__name__: value for widget, value in last.items()}

    def state(self, id):
        entry = self.desk.survey.reviewed(id).entry
        return entry.state, entry.verdict


async def page(settings):
    """The page, built where a loop runs; elsewhere Gradio leaves one open."""
    from hesui.ui.shell import build

    return build(settings, None, lambda: ["base"])


def asker(**headers):
    return SimpleNamespace(client=SimpleNamespace(host="127.0.0.1"), headers=headers, username=None)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    return App(Settings(home=tmp_path_factory.mktemp("home")))


@pytest.fixture
def queue(app):
    """Items of a queue that a test begins with: answers, of which one is gold, and labels."""
    desk = app.desk
    desk.queue.remember("demo", "declined")
    for source in desk.survey.sources():
        desk.queue.remove(source)
    made = [*(answer(n) for n in range(24)), answer(24, gold="reject"), label(1), label(2)]
    desk.queue.add(made)
    return made


def decide(app, who, item, **record):
    app.desk.queue.release("nobody", [])
    key = f"key-{who}-{item.id}".encode().hex()[:60]
    return app.desk.decide(who, item.id, {"key": key, **record}, CLASSES)


def view(offset=0, shown=None, search="", task="", state="", verdict="", reviewer="", source=""):
    return [offset, shown or Shown(), search, task, state, verdict, reviewer, source]


def test_items_are_found_by_every_filter_and_page_by_page(app, queue):
    decide(app, "红梅", queue[0], action="accept")
    decide(app, "灯笼", queue[1], action="reject", reason="topic")
    opened = app.call("opened", "items-list", view())
    assert opened["items-list"].count("data-pick") == 20
    assert "第 1–20 条，共 27 条" in opened["items-pager"]
    assert [value for _, value in opened["items-reviewer"]["choices"]] == ["", "灯笼", "红梅"]
    assert [value for _, value in opened["items-source"]["choices"]] == ["", "chat", "run 1"]
    for wanted, n in (
        ({"task": "coreference"}, 2), ({"state": "accepted"}, 1), ({"verdict": "reject"}, 1), ({"reviewer": "红梅"}, 1),
        ({"source": "chat"}, 2), ({"search": "家长17"}, 1), ({"search": "没有这样的"}, 0),
    ):  # fmt: skip
        found = app.call("first", "items-list", view(**wanted))
        assert found["items-list"].count("data-pick") == n, wanted
    turned = app.call("turn", "items-list", view(), clicked={"page": "20"})
    assert turned["items-list"].count("data-pick") == 7
    beyond = app.call("turn", "items-list", view(), clicked={"page": "400"})
    assert beyond["items-list"] == turned["items-list"]


def opened(app, item, **more):
    found = app.call("pick", "items-item", view(**more), clicked={"pick": item.id})
    return found, found["Shown"]


def test_an_item_that_is_opened_shows_everything_and_is_marked_in_the_list(app, queue):
    decide(app, "红梅", queue[3], action="edit", text="祝老师新年快乐", note="改了称呼", seconds=12.5)
    found, shown = opened(app, queue[3])
    assert shown.id == queue[3].id
    assert "<ins>" in found["items-item"]
    assert found["item-edit"] == "祝老师新年快乐"
    assert all(word in words(found["item-story"]) for word in ("红梅", "修改后采纳", "改了称呼", "12.5 秒"))
    assert re.search(rf'data-pick="{shown.id}" aria-current="true"', found["items-list"])
    gone = app.call("pick", "items-item", view(), clicked={"pick": "nothing"})
    assert "已经不在了" in gone["items-notice"]


def press(app, act, item, value="", key="key-00000001", note="", bench="item"):
    clicked = {"pick": item.id, "act": act, "value": value, "key": key}
    values = [note, *(view() if bench == "item" else [0])]
    return app.call("press", f"{bench}-acts", values, clicked=clicked)


def test_a_ruling_counts_once_and_goes_before_decisions(app, queue):
    item = queue[2]
    decide(app, "红梅", item, action="reject", reason="length")
    for _ in range(2):  # pressed twice
        told = press(app, "accept", item, note="其实很好")
    assert "裁决已记录" in told["item-notice"]
    assert app.state(item.id) == ("accepted", "accept")
    events = app.desk.survey.reviewed(item.id).events
    assert [(event.action, event.reviewer, event.note) for event in events[1:]] == [("adjudicate", "owner", "其实很好")]
    assert "已采纳" in words(told["items-list"])
    press(app, "reopen", item, key="key-00000002")
    assert app.state(item.id) == ("open", "")


def test_a_rejection_needs_a_reason_and_an_edit_needs_text(app, queue):
    _, shown = opened(app, queue[4])
    told = app.call("reject", "item-acts", [shown, "other", " ", *view()])
    assert "请用几个字说明" in told["item-notice"]
    told = app.call("save", "item-acts", [shown, " ", "", *view()])
    assert "是空的" in told["item-notice"]
    told = app.call("save", "item-acts", [Shown(), "祝您", "", *view()])
    assert "请先点一条" in told["item-notice"]
    assert app.state(shown.id) == ("open", "")
    app.call("reject", "item-acts", [shown, "topic", "", *view()])
    assert app.state(shown.id) == ("rejected", "reject")
    _, shown = opened(app, queue[4])
    counted = app.call("live", "item-counted", [shown, "祝您"])
    assert '<span class="count">2</span>' in counted["item-counted"]
    told = app.call("save", "item-acts", [shown, "祝您新年好", "", *view()])
    assert app.state(shown.id) == ("edited", "edit")
    assert "<del>" in told["items-item"]


def test_labels_are_ruled_on_by_their_own_buttons(app, queue):
    item = queue[-1]
    found, shown = opened(app, item)
    assert re.findall(r'data-act="label" data-value="(\w+)"', found["item-acts"]) == [one.id for one in LABELS.labels]
    assert found["item-note"]["visible"]
    assert not next(value for id, value in found.items() if id == "dict")["visible"], "nothing to be edited"
    assert "没有标签" in press(app, "label", item, "maybe", key=shown.key)["item-notice"]
    press(app, "label", item, "no", key=shown.key)
    assert app.state(item.id) == ("labelled", "no")


def test_an_item_becomes_a_gold_one_and_an_ordinary_one_again(app, queue):
    item, text = queue[5], queue[-2]
    assert "不能是" in press(app, "gold", item, "maybe")["item-notice"]
    assert "没有标签" in press(app, "gold", text, "accept")["item-notice"]
    told = press(app, "gold", item, "reject")
    assert app.state(item.id) == ("gold", "")
    assert "金标题，答案是“退回”" in words(told["items-item"])
    assert 'data-act="ungold"' in told["item-acts"]
    press(app, "ungold", item)
    assert app.state(item.id) == ("open", "")
    press(app, "gold", text, "yes")
    assert app.desk.survey.reviewed(text.id).entry.item.gold == "yes"


# Many at once


def ask(app, verdict, **wanted):
    found = app.call(f"ask_{verdict}", "bulk-question", view(**wanted))
    return found, found.get("Asked")


def test_all_that_match_are_ruled_on_once_it_is_confirmed(app, queue):
    decide(app, "红梅", queue[0], action="reject", reason="topic")
    found, asked = ask(app, "accept")
    assert "24 条将被采纳" in found["bulk-question"], "labels and gold items are left out"
    assert "其中 1 条已有结论" in found["bulk-question"]
    assert found["bulk-really"]["visible"]
    assert not found["bulk-reason"]["visible"]
    assert app.desk.survey.progress().decided == 1
    told = app.call("confirm", "bulk-notice", [asked, "length", "", *view()])
    assert "已采纳 24 条" in told["bulk-notice"]
    assert told["Asked"] == Asked()
    assert app.desk.survey.counts() == {
        ("greeting", "accepted"): 24, ("greeting", "gold"): 1, ("coreference", "open"): 2,
    }  # fmt: skip
    app.call("confirm", "bulk-notice", [asked, "length", "", *view()])
    events = [len(one.events) for one in app.desk.survey.all_reviewed(kind="answer")]
    assert sorted(events) == [1] * 23 + [2], "the same request again rules on nothing"


def test_the_selection_that_was_counted_is_the_one_that_is_ruled_on(app, queue):
    _, asked = ask(app, "reject", state="open", search="家长1")
    told = app.call("confirm", "bulk-notice", [asked, "unsafe", "", *view()])  # the filter is another one by now
    assert "已退回 11 条" in told["bulk-notice"]
    assert {app.state(item.id)[0] for item in queue[10:20]} == {"rejected"}
    assert app.state(queue[2].id) == ("open", "")


def test_once_other_items_match_it_is_asked_again_and_nothing_is_done(app, queue):
    _, asked = ask(app, "reject", state="open")
    decide(app, "红梅", queue[0], action="accept")
    again = app.call("confirm", "bulk-notice", [asked, "topic", "", *view()])
    assert "筛选结果变了" in again["bulk-notice"]
    assert "23 条将被退回" in again["bulk-question"]
    assert app.desk.survey.progress().decided == 1
    bad = app.call("confirm", "bulk-notice", [again["Asked"], "other", "", *view()])
    assert "请用几个字说明" in bad["bulk-notice"]
    told = app.call("confirm", "bulk-notice", [again["Asked"], "other", "都不行", *view()])
    assert "已退回 23 条" in told["bulk-notice"]


def test_where_there_is_nothing_to_rule_on_it_is_said(app, queue):
    for wanted in ({"task": "coreference"}, {"state": "gold"}, {"search": "没有这样的"}):
        found, asked = ask(app, "accept", **wanted)
        assert "没有可以裁决的答案" in found["bulk-notice"]
        assert asked is None


# Splits, figures, demo data


def split(app, item):
    app.desk.queue.add([replace(item, required=2)])
    decide(app, "红梅", item, action="accept")
    decide(app, "灯笼", item, action="reject", reason="fluency", note="读不通")


def test_after_a_ruling_on_a_split_the_next_one_shows(app, queue):
    items = [answer(n) for n in range(50, 53)]
    for item in items:
        split(app, item)
    found = app.call("look", "splits-left", [0])
    assert "还有 3 条分歧" in found["splits-left"]
    assert all(word in words(found["splits-item"]) for word in ("红梅", "采纳", "灯笼", "退回", "不通顺", "读不通"))
    last = app.call("go", "splits-left", [0], clicked={"page": "2"})
    shown = last["Shown"]
    told = app.call("reject", "split-acts", [shown, "fluency", "", 2])
    assert "裁决已记录" in told["split-notice"]
    assert "还有 2 条分歧" in told["splits-left"]
    for _ in range(2):
        shown = told["Shown"]
        told = app.call("save", "split-acts", [shown, "祝您新年好", "", 0])
    assert "没有分歧" in told["splits-item"]
    assert {app.state(item.id)[0] for item in items} == {"rejected", "edited"}


def test_names_are_shown_to_the_owner_alone(app, queue):
    split(app, answer(60))
    owner = app.call("agreement", "figures-agreement", [])["figures-agreement"]
    visitor = app.call("agreement", "figures-agreement", [], owner=False)["figures-agreement"]
    assert "红梅 · 灯笼" in owner or "灯笼 · 红梅" in owner
    assert "红梅" not in visitor
    assert "化名" in visitor
    assert app.desk.survey.pseudonyms()["红梅"] in visitor
    assert "28" in app.call("progress", "figures-progress", [])["figures-progress"]


def test_demo_data_go_and_come_back(app, queue):
    added = app.call("add_demo", "demo-line", view())
    n = app.desk.survey.sources()[DEMO]
    assert f"{n:,} 条演示数据" in added["demo-line"]
    assert DEMO in [value for _, value in added["items-source"]["choices"]]
    first = app.desk.survey.page(Filter(source=DEMO), 0, 1)[1][0].entry.item
    _, shown = opened(app, first)
    gone = app.call("remove_demo", "demo-line", view(shown=shown))
    assert "没有演示数据" in gone["demo-line"]
    assert gone["Shown"] == Shown(), "the item that was open is gone"
    assert app.desk.survey.sources() == {"run 1": 25, "chat": 2}


# Whose it is

OPEN_TO_ALL = {"progress", "agreement", "close", "forget", "count_demo", "ask_demo", "keep_demo"}


def test_every_other_callback_refuses_whoever_is_not_the_owner(app, queue):
    split(app, answer(70))
    told = set()
    for fn, ids in app.handlers():
        if fn.name in OPEN_TO_ALL:
            continue
        assert fn.api_visibility == "private", fn.name
        found = app.call(fn.name, next(iter(ids - {None})), owner=False, clicked={"pick": queue[0].id, "page": "0"})
        assert "只有主人可以这样做" in "".join(map(str, found.values())), fn.name
        assert len(found) == 1, fn.name
        told.add(fn.name)
    assert told == {
        "opened", "first", "turn", "pick", "press", "reject", "save", "live", "ask_accept", "ask_reject", "confirm",
        "remove_demo", "add_demo", "look", "go",
    }  # fmt: skip
    assert app.desk.survey.progress().decided == 0


def test_every_state_and_choice_has_words():
    from hesui.store.reviewing import STATES, Action

    assert {f"item.{state}" for state in STATES} <= set(TEXTS)
    assert {f"event.{action}" for action in Action.__args__} <= set(TEXTS)
