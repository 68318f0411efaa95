"""Decisions become data sets that say what they rest on, and nothing else gets out."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hesui.checksums import digest
from hesui.corpus.chatlog import LabelItem, Remark
from hesui.corpus.classes import load_classes
from hesui.corpus.formats import detect, read
from hesui.corpus.rows import Row
from hesui.corpus.seeds import load_evaluation
from hesui.corpus.splits import SPLITS, split_of
from hesui.errors import InputError
from hesui.length import Constraint, check, parse
from hesui.records import Message
from hesui.review import exporting
from hesui.review.exporting import export
from hesui.review.items import DEMO, answer_item, label_item
from hesui.review.lessons import KINDS, MOST_PAIRS, Settled, alike, taught
from hesui.review.records import SHAPES, formats_of
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.queueing import Decision, ReviewQueue
from hesui.store.reviewing import Event
from hesui.store.surveying import ReviewSurvey

KEYS = count(1)
PROMPT = "给老师拜年，10字以内"
SHORT, ALSO_SHORT, LONG, LONGER = (
    "老师，新年好！",
    "恩师春节快乐！",
    "祝老师新的一年万事如意！",
    "春风送暖，祝我敬爱的老师阖家安康！",
)
PROVENANCE = {"prompt_id", "candidates", "teachers", "decisions", "reviewers", "counter"}
MATRIX = [(kind, format) for kind in SHAPES for format in SHAPES[kind]]
LOADABLE = [(kind, format) for kind, format in MATRIX if format != "qianfan"]


class Desk:
    """A queue with people at it."""

    def __init__(self, database, folder):
        self.queue, self.survey, self.folder = ReviewQueue(database), ReviewSurvey(database), folder

    def answer(self, text, prompt=PROMPT, family="f-train", teacher="甲模型", history=(), **more):
        """The id of a new answer item."""
        fields = {name: more.pop(name) for name in ("required", "source") if name in more}
        row = Row(f"r{next(KEYS)}", "greeting", prompt, parse(prompt), family, text, history=history, **more)
        item = answer_item(row, 0, source=fields.pop("source", "run-1"), teacher=teacher)
        self.queue.add([replace(item, **fields)])
        return item.id

    def label(self, text, context=(), **more):
        """The id of a new label item."""
        item = label_item(LabelItem(f"q{next(KEYS)}", "coreference", text, context, **more), 0, source="log")
        self.queue.add([item])
        return item.id

    def decide(self, id, action, by="张三", **more):
        return self.queue.decide(by, id, Decision(action, key=f"key-{next(KEYS)}", **more))

    def accept(self, id, by="张三"):
        return self.decide(id, "accept", by)

    def reject(self, id, by="张三", reason="length"):
        return self.decide(id, "reject", by, reason=reason)

    def edit(self, id, text, by="张三"):
        return self.decide(id, "edit", by, text=text)

    def export(self, kind, format="", held_out=(), demo=False, name="out", classes=None):
        return export(
            self.survey, self.folder / name, kind, format, demo=demo, classes=classes or {}, held_out=held_out
        )

    def rows(self, kind, format="", name="out", **more):
        """The rows of all splits of a new export."""
        exported = self.export(kind, format, name=name, **more)
        return [row for split in exported.rows for row in lines(self.folder / name, split)]

    def fill(self, families=("f-train",)):
        """Something of every kind under a prompt in each of the families."""
        for number, family in enumerate(families):
            prompt = f"给第{number}位老师写一句拜年的话，10字以内，要用到“{chr(0x4E00 + 97 * number)}”"
            for text, act in ((SHORT, self.accept), (ALSO_SHORT, self.accept), (LONGER, self.reject)):
                act(self.answer(text, prompt, family))
            self.edit(self.answer(LONG, prompt, family), "老师，万事如意！")
            self.decide(self.label(f"第{number}版的它怎么安装？"), "label", choice="yes")


def lines(folder, split):
    """The records of a split's file."""
    path = next(path for path in folder.glob(f"{split}.json*"))
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def family_in(split, start=0):
    return next(name for name in map("family-{}".format, range(start, start + 100)) if split_of(name) == split)


def said(row):
    """The texts of a TRL record."""
    return tuple(row[name][0]["content"] for name in ("completion", "chosen", "rejected") if name in row)


@pytest.fixture
def desk(tmp_path):
    database = open_store(Settings(home=tmp_path / "home"))
    yield Desk(database, tmp_path)
    database.close()


# What is in it


def test_answers_that_stand_teach_as_they_stand(database, tmp_path):
    desk = Desk(database, tmp_path)
    desk.accept(desk.answer(SHORT))
    desk.edit(desk.answer(LONG), "老师万事如意！")
    desk.reject(desk.answer(LONGER))
    [*rows] = desk.rows("sft")
    assert sorted(map(said, rows)) == sorted([(SHORT,), ("老师万事如意！",)])
    assert rows[0]["prompt"] == [{"role": "user", "content": PROMPT}]


def test_what_is_not_settled_teaches_nothing_and_is_counted(desk):
    desk.accept(desk.answer(SHORT))
    desk.answer(ALSO_SHORT)  # nobody has looked at it
    desk.accept(desk.answer(LONG, required=2))  # one of two has
    disputed = desk.answer(LONGER, required=2)
    desk.accept(disputed)
    desk.reject(disputed, by="李四")
    for kind in ("sft", "dpo", "kto"):
        if kind == "dpo":
            with pytest.raises(InputError, match="nothing to export"):
                desk.export(kind)
            continue
        exported = desk.export(kind, name=kind)
        assert (exported.rows, exported.left_out) == ({"train": 1}, {"open": 1, "split": 1})


def test_an_owners_ruling_settles(desk):
    disputed = desk.answer(SHORT, required=2)
    desk.accept(disputed)
    desk.reject(disputed, by="李四")
    ruling = desk.queue.rule("东家", disputed, Decision("edit", text="老师，您好！", key="ruling"))
    [row] = desk.rows("sft")
    assert said(row) == ("老师，您好！",)
    assert row["provenance"]["decisions"] == [ruling.number]
    assert row["provenance"]["reviewers"] == [desk.survey.pseudonyms()["东家"]]


@pytest.mark.parametrize("kind", KINDS)
def test_gold_items_never_leave(desk, kind):
    desk.fill()
    before = desk.rows(kind, name="before")
    for number, item in enumerate(("answer", "answer", "label")):
        gold = desk.label(f"金标准{number}怎么样？") if item == "label" else desk.answer(f"金标准{number}，新年好！")
        desk.queue.set_gold(gold, "accept" if item == "answer" else "yes")
        desk.decide(gold, "label", choice="yes") if item == "label" else desk.accept(gold)
    ruled = desk.answer("金标准，老师好！")
    desk.queue.set_gold(ruled, "accept")
    desk.queue.rule("东家", ruled, Decision("accept", key="ruling"))
    assert desk.rows(kind, name="after") == before
    assert "金标准" not in "".join(path.read_text("utf-8") for path in (desk.folder / "after").iterdir())
    manifest = json.loads((desk.folder / "after" / "manifest.json").read_text("utf-8"))
    assert manifest["left_out"]["gold"] == (1 if kind == "labels" else 3)


def test_demo_items_leave_only_where_they_are_asked_for(desk):
    desk.accept(desk.answer(SHORT))
    desk.accept(desk.answer(ALSO_SHORT, source=DEMO))
    assert desk.export("sft").left_out == {"demo": 1}
    assert "composed by rule" not in (desk.folder / "out" / "README.md").read_text("utf-8")
    assert desk.export("sft", demo=True).rows == {"train": 2}
    assert "**1 of the rows were composed by rule" in (desk.folder / "out" / "README.md").read_text("utf-8")


def test_one_text_under_one_prompt_teaches_once(desk):
    desk.accept(desk.answer(SHORT))
    desk.edit(desk.answer(LONG), SHORT)
    desk.accept(desk.answer(SHORT, prompt="给师傅拜年，10字以内"))
    exported = desk.export("sft")
    assert (exported.rows, exported.left_out) == ({"train": 2}, {"twice": 1})


def test_a_text_that_stands_accepted_and_rejected_teaches_nothing(desk):
    desk.accept(desk.answer(ALSO_SHORT))
    desk.reject(desk.answer(SHORT))
    desk.edit(desk.answer(LONG), SHORT)
    assert [said(row) for row in desk.rows("sft")] == [(ALSO_SHORT,)]
    assert [said(row) for row in desk.rows("kto")] == [(ALSO_SHORT,)]
    assert desk.export("kto").left_out == {"contradiction": 2}


# Preferences


def test_ratings(desk):
    desk.accept(desk.answer(SHORT))
    desk.edit(desk.answer(LONG), "老师万事如意！")
    desk.reject(desk.answer(LONGER))
    rated = {said(row)[0]: row["label"] for row in desk.rows("kto")}
    assert rated == {SHORT: True, "老师万事如意！": True, LONGER: False}  # the original of the edit is neither


def test_a_repeated_answer_is_no_bad_one(desk):
    desk.accept(desk.answer(SHORT))
    desk.reject(desk.answer(ALSO_SHORT), reason="duplicate")
    desk.reject(desk.answer(LONGER), reason="topic")
    assert {said(row)[0] for row in desk.rows("kto")} == {SHORT, LONGER}
    assert desk.export("kto").left_out == {"duplicate": 1}
    assert [said(row) for row in desk.rows("dpo", name="dpo")] == [(SHORT, LONGER)]


def test_pairs(desk):
    desk.accept(desk.answer(SHORT))
    desk.accept(desk.answer(LONG))  # let stand, but too long
    desk.reject(desk.answer(ALSO_SHORT))
    desk.edit(desk.answer(LONGER), "恩师安康！")
    pairs = {said(row): row["why"] for row in desk.rows("dpo")}
    assert pairs == {
        ("恩师安康！", LONGER): "edit",
        ("恩师安康！", ALSO_SHORT): "verdict",
        (SHORT, ALSO_SHORT): "verdict",
        ("恩师安康！", LONG): "length",
        (SHORT, LONG): "length",
    }


def test_what_is_further_from_its_demand_is_never_preferred(desk):
    desk.accept(desk.answer(LONG))
    desk.edit(desk.answer(LONGER), LONGER + "祝您一切都好，岁岁平安！")
    desk.reject(desk.answer(SHORT))
    with pytest.raises(InputError, match=r"unpaired 3\b"):
        desk.export("dpo")


def test_without_a_demand_verdicts_alone_prefer(desk):
    ids = [desk.answer(text, prompt="给老师拜年") for text in (SHORT, LONG, LONGER)]
    desk.accept(ids[0])
    desk.accept(ids[1])
    desk.reject(ids[2])
    assert {said(row): row["why"] for row in desk.rows("dpo")} == {
        (SHORT, LONGER): "verdict",
        (LONG, LONGER): "verdict",
    }


def test_two_answers_that_are_nearly_equal_are_no_pair_but_a_small_edit_is(desk):
    fifty = (
        "春风送暖入屠苏，祝您和家人在新的一年里身体健康、工作顺利、万事如意，笑口常开，事事顺心，步步高升，福气满满。"
    )
    prompt = "写一句拜年的话，不超过60字"
    desk.accept(desk.answer(fifty, prompt))
    desk.reject(desk.answer(fifty.replace("您", "你"), prompt))
    desk.edit(desk.answer(fifty.replace("福气", "喜气"), prompt), fifty.replace("福气", "才气"))
    desk.reject(desk.answer("过年好。", prompt))
    exported = desk.export("dpo")
    assert exported.left_out == {"alike": 2, "unpaired": 1}
    assert exported.rows == {"train": 3}


def test_items_of_different_prompts_are_no_pair(desk):
    desk.accept(desk.answer(SHORT))
    desk.reject(desk.answer(LONG, prompt="给师傅拜年，10字以内"))
    with pytest.raises(InputError, match="nothing to export"):
        desk.export("dpo")


WORDS = st.text("春风送暖入屠苏新年好万事如意", min_size=1, max_size=14)
ACTIONS = st.sampled_from(["accepted", "edited", "rejected"])
DEMANDS = st.sampled_from([None, Constraint("eq", target=7), Constraint("le", max=6), Constraint("ge", min=5)])


def made(number, constraint, action, text, edit):
    row = Row("r", "greeting", PROMPT, constraint, "f", text, hand_set=True)
    verdict = {"accepted": "accept", "edited": "edit", "rejected": "reject"}[action]
    event = Event(number, verdict, "张三", choice=verdict, number=number)
    stands = edit if action == "edited" else text
    return Settled(answer_item(row, 0, source="run"), action, stands, verdict, replace(row, reference=None), (event,))


@given(DEMANDS, st.lists(st.tuples(ACTIONS, WORDS, WORDS), max_size=12), st.randoms())
def test_every_pair_is_sound_whatever_was_decided(constraint, decided, random):
    items = {one.item.id: one for n, told in enumerate(decided) if (one := made(n, constraint, *told))}
    lessons, left = taught("dpo", list(items.values()))
    assert len(lessons) <= MOST_PAIRS
    kept = {one.text for one in items.values() if one.kept}
    refused = {one.text for one in items.values() if one.state == "rejected"}
    for lesson in lessons:
        chosen, rejected = lesson.texts
        assert chosen in kept - refused
        better, worse = lesson.sources
        assert better.off(chosen) <= better.off(rejected)
        assert lesson.why == "edit" or not alike(chosen, rejected)
        if lesson.why == "edit":
            assert better is worse and rejected == better.item.text
        elif lesson.why == "verdict":
            assert worse.state == "rejected"
        else:
            assert worse.kept and check(chosen, constraint).ok and not check(rejected, constraint).ok
    assert len({lesson.texts for lesson in lessons if lesson.why != "edit"}) == sum(x.why != "edit" for x in lessons)
    shuffled = list(items.values())
    random.shuffle(shuffled)
    assert taught("dpo", shuffled) == (lessons, left)


def test_a_prompt_gives_eight_pairs_at_most_the_most_telling_first(desk):
    for number, word in enumerate("春夏秋冬东南西北"):
        desk.accept(desk.answer(f"{word}天好呀{number}！"))
        desk.reject(desk.answer(f"{word * 6}祝福满满又一年{number}。"))
    desk.edit(desk.answer(LONG), SHORT)
    exported = desk.export("dpo")
    rows = lines(desk.folder / "out", "train")
    assert Counter(row["why"] for row in rows) == {"edit": 1, "verdict": MOST_PAIRS - 1}
    assert exported.left_out["limit"] == 9 * 8 + 1 - MOST_PAIRS
    chosen = Counter(said(row)[0] for row in rows)
    assert max(chosen.values()) == 1  # no text stands in two pairs while others stand in none


# Labels


def test_labels(desk):
    context = (Remark("用户77B0", "新版本出来了"), Remark("用户A3F2", "好的"))
    first = desk.label("它怎么安装？", context, speaker="用户A3F2", licence="CC0-1.0")
    decided = desk.decide(first, "label", choice="yes")
    disputed = desk.label("那个呢？")
    desk.decide(disputed, "label", choice="no")
    desk.queue.rule("东家", disputed, Decision("label", choice="unsure", key="ruling"))
    desk.accept(desk.answer(SHORT))  # no label
    rows = {row["text"]: row for row in desk.rows("labels")}
    assert {text: row["label"] for text, row in rows.items()} == {"它怎么安装？": "yes", "那个呢？": "unsure"}
    row = rows["它怎么安装？"]
    assert row["context"] == [remark._asdict() for remark in context]
    assert (row["class"], row["speaker"]) == ("coreference", "用户A3F2")
    assert row["provenance"]["decisions"] == [decided.number]
    assert rows["那个呢？"]["context"] == []


# What it rests on


@pytest.mark.parametrize("kind, format", LOADABLE)
def test_every_row_says_what_it_rests_on_in_the_same_fields(desk, kind, format):
    desk.fill()
    names = set(desk.survey.pseudonyms().values())
    for row in desk.rows(kind, format):
        told = row["provenance"]
        assert told.keys() == PROVENANCE
        texts = 2 if kind == "dpo" else 1
        assert len(told["candidates"]) == len(told["teachers"]) == texts
        assert len(told["decisions"]) == len(told["reviewers"]) >= 1
        assert set(told["reviewers"]) <= names
        for id in told["candidates"]:
            known = desk.survey.reviewed(id)
            assert known.entry.item.prompt_id == told["prompt_id"]
            assert {event.number for event in known.events} & set(told["decisions"])


def test_a_pair_names_both_its_sides_and_every_decision(desk):
    good, bad = desk.answer(SHORT, teacher="甲模型", required=2), desk.answer(LONG, teacher="乙模型")
    decisions = [desk.accept(good), desk.accept(good, by="李四"), desk.reject(bad, by="王五")]
    [row] = desk.rows("dpo")
    names = desk.survey.pseudonyms()
    assert row["provenance"] == {
        "prompt_id": desk.survey.reviewed(good).entry.item.prompt_id,
        "candidates": [good, bad],
        "teachers": ["甲模型", "乙模型"],
        "decisions": [event.number for event in decisions],
        "reviewers": [names["张三"], names["李四"], names["王五"]],
        "counter": "word",
    }


@pytest.mark.parametrize("kind, format", MATRIX)
def test_no_reviewers_name_gets_out(desk, kind, format):
    desk.fill()
    desk.export(kind, format, classes=load_classes(Settings(home=desk.folder)))
    for path in (desk.folder / "out").iterdir():
        assert "张三" not in path.read_text("utf-8")


@pytest.mark.parametrize("kind", ["sft", "dpo", "kto"])
def test_rows_that_are_lists_have_it_in_a_file_beside(desk, kind):
    desk.fill([family_in("train"), family_in("test")])
    desk.rows(kind, "trl", name="objects")
    exported = desk.export(kind, "qianfan")
    assert {"train.provenance.jsonl", "test.provenance.jsonl"} <= set(exported.files)
    for split in exported.rows:
        beside = [row["provenance"] for row in lines(desk.folder / "objects", split)]
        told = (desk.folder / "out" / f"{split}.provenance.jsonl").read_text("utf-8")
        assert [json.loads(line) for line in told.splitlines()] == beside
        records = (desk.folder / "out" / f"{split}.jsonl").read_text("utf-8").splitlines()
        assert len(records) == len(beside) == exported.rows[split]


# Formats

DOCS = Path(__file__).parents[2] / "docs" / "formats.md"
EXAMPLES = re.findall(r"^`(\w+)`, `(\w+)`[^\n]*:\n```json\n(.*?)\n```", DOCS.read_text("utf-8"), re.S | re.M)


@pytest.mark.parametrize("kind, format, example", EXAMPLES)
def test_the_examples_of_the_documentation_are_what_is_written(desk, kind, format, example):
    steward = (Message("system", "你是管家"),)
    if kind == "labels":
        id = desk.label("它怎么安装？", (Remark("用户77B0", "新版本出来了"),), speaker="用户A3F2")
        desk.decide(id, "label", choice="yes")
    else:
        desk.accept(desk.answer(SHORT, history=steward))
        if kind == "dpo":
            desk.reject(desk.answer(LONG, history=steward))
    [row] = desk.rows(kind, format)
    if isinstance(row, dict):
        del row["provenance"]
    assert row == json.loads(example)


def test_the_documentation_shows_every_shape_for_preference_training():
    assert {(kind, format) for kind, format, _ in EXAMPLES} == {one for one in MATRIX if one[0] != "sft"}


TURNS = (Message("system", "你是管家"), Message("user", "在吗"), Message("assistant", "在的"))


@pytest.mark.parametrize("format", SHAPES["sft"])
@pytest.mark.parametrize("history", [(), TURNS[:1], TURNS])
def test_what_trains_is_read_back_by_our_own_import(desk, format, history):
    desk.accept(desk.answer(SHORT, history=history))
    desk.edit(desk.answer(LONG, history=history), "老师，\n　　万事如意！")
    desk.export("sft", format)
    [path] = [path for path in (desk.folder / "out").glob("train.json*") if "provenance" not in path.name]
    assert detect(path) == format
    rows = list(read(path, "greeting"))
    assert {row.reference for row in rows} == {SHORT, "老师，\n　　万事如意！"}
    assert {(row.prompt, row.history, row.task, row.constraint) for row in rows} == {
        (PROMPT, history, "greeting", parse(PROMPT))
    }


@pytest.mark.parametrize(
    "format, answer",
    [
        ("qianfan", [{"system": "你是管家", "user": "在吗", "assistant": "在的"}, {"user": PROMPT, "rejected": LONG}]),
        ("alpaca", {"system": "你是管家", "history": [["在吗", "在的"]], "instruction": PROMPT, "output": LONG}),
    ],
)
def test_earlier_turns_are_carried(desk, format, answer):
    desk.reject(desk.answer(LONG, history=TURNS))
    [row] = desk.rows("kto", format)
    assert row == answer if format == "qianfan" else row.items() >= answer.items()


@pytest.mark.parametrize("kind", ["sft", "dpo", "kto"])
def test_rows_that_a_format_cannot_carry_are_left_out_and_counted(desk, kind):
    odd = (Message("assistant", "您好"),)
    for history in ((), odd):
        desk.accept(desk.answer(SHORT, history=history))
        desk.reject(desk.answer(LONG, history=history))
    whole = desk.export(kind, "trl", name="trl")
    for format in ("alpaca", "qianfan"):
        exported = desk.export(kind, format, name=format)
        assert exported.left_out["history"] == exported.rows["train"] == whole.rows["train"] / 2


@pytest.mark.parametrize("kind, format", LOADABLE)
def test_the_folder_loads_as_a_dataset_with_all_its_splits(desk, kind, format):
    from datasets import load_dataset

    families = [family_in(split) for split in SPLITS]
    desk.fill(families)
    desk.accept(desk.answer(SHORT, family=families[2], history=TURNS))  # only test has a history
    desk.reject(desk.answer(LONG, family=families[2], history=TURNS))
    for number in range(40):  # a label item's family follows from its text
        desk.decide(desk.label(f"{chr(0x4E00 + 31 * number) * 6}怎么办？"), "label", choice="no")
    exported = desk.export(kind, format)
    data = load_dataset(str(desk.folder / "out"), cache_dir=str(desk.folder / "cache"))
    assert {split: len(data[split]) for split in data} == exported.rows
    assert set(data) == set(SPLITS)
    stated = [feature["name"] for feature in SHAPES[kind][format].features]
    for split in SPLITS:
        assert sorted(data[split].column_names) == sorted(stated)
        for loaded, written in zip(data[split], lines(desk.folder / "out", split), strict=True):
            assert loaded == written


def test_the_usual_format_comes_first():
    assert [formats_of(kind)[0] for kind in KINDS] == ["trl", "trl", "trl", "jsonl"]


@pytest.mark.parametrize(
    "kind, format, key",
    [("ppo", "", "error.export_kind"), ("sft", "xml", "error.export_format"), ("labels", "trl", "error.export_format")],
)
def test_what_there_is_not_is_refused(desk, kind, format, key):
    with pytest.raises(InputError) as caught:
        desk.export(kind, format)
    assert caught.value.key == key
    assert [path.name for path in desk.folder.iterdir()] == ["home"]


# Splits and leaks


def test_families_decide_the_split_and_empty_splits_are_not_written(desk):
    desk.accept(desk.answer(SHORT, family=family_in("test")))
    desk.accept(desk.answer(LONG, prompt="给妈妈写一封信", family=family_in("train")))
    exported = desk.export("sft")
    assert exported.rows == {"train": 1, "test": 1}
    assert {path.name for path in (desk.folder / "out").iterdir()} == set(exported.files)
    assert set(exported.files) == {"train.jsonl", "test.jsonl", "README.md", "manifest.json"}


def test_prompts_without_a_family_get_one_and_the_same_for_the_same_question(desk):
    for number in range(30):
        desk.accept(desk.answer(SHORT, prompt=f"给老师写一句拜年的话，不超过{number + 10}字", family=""))
    assert list(desk.export("sft").rows.values()) == [30]


@pytest.mark.parametrize("kind", ["sft", "dpo", "kto"])
def test_rows_that_give_away_an_evaluation_prompt_are_left_out(desk, kind):
    known = load_evaluation()[0]
    for prompt in (known.prompt, "给老师写一句拜年的话，80字以内"):
        desk.accept(desk.answer("新" * known.constraint.target, prompt, family_in("train")))
        desk.reject(desk.answer("好", prompt, family_in("train")))
    free = desk.export(kind, name="free")
    held = desk.export(kind, name="held", held_out=load_evaluation())
    assert held.rows["train"] == free.rows["train"] / 2 == held.left_out["leak_exact"]
    assert known.prompt not in (desk.folder / "held" / "train.jsonl").read_text("utf-8")


def test_rows_that_give_away_another_split_are_left_out(desk):
    letter = "亲爱的老师，春节到了，感谢您一年的辛苦操劳。愿您身体健康，笑口常开！"
    desk.accept(desk.answer(letter, "给老师写信", family_in("train")))
    desk.accept(desk.answer(SHORT, "给老师写信", family_in("train")))
    desk.accept(desk.answer("春风送暖入屠苏", f"把下面的话改成诗：\n{letter}", family_in("test")))
    exported = desk.export("sft")
    assert (exported.rows, exported.left_out) == ({"train": 1, "test": 1}, {"leak_answer": 1})
    assert [said(row) for row in lines(desk.folder / "out", "train")] == [(SHORT,)]


def test_leaks_are_found_batch_by_batch_as_well(desk, monkeypatch):
    known = load_evaluation()[:5]
    for number, row in enumerate(known):
        desk.accept(desk.answer(SHORT, row.prompt, f"{family_in('train')}"))
        desk.accept(desk.answer(f"{LONG}{number}", f"{chr(0x4E00 + number * 55) * 9}是什么？", family_in("train")))
    whole = desk.export("sft", name="whole", held_out=known)
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    batched = desk.export("sft", name="batched", held_out=known)
    assert (whole.rows, whole.left_out) == (batched.rows, batched.left_out) == ({"train": 5}, {"leak_exact": 5})


# The folder


def test_the_manifest_holds_the_hashes_and_counts(desk):
    desk.fill([family_in("train"), family_in("test")])
    exported = desk.export("kto")
    manifest = json.loads((desk.folder / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["made_by"] == exporting.MADE_BY
    assert set(manifest["sha256"]) == set(exported.files) - {"manifest.json"}
    for name, hash in manifest["sha256"].items():
        assert digest(desk.folder / "out" / name) == hash
    assert {split: sum(tasks.values()) for split, tasks in manifest["counts"].items()} == exported.rows
    assert manifest["left_out"] == exported.left_out


def test_the_same_decisions_give_the_same_files_and_an_export_is_replaced(desk):
    desk.fill([family_in(split) for split in SPLITS])
    first = desk.export("dpo")
    before = {path.name: path.read_bytes() for path in (desk.folder / "out").iterdir()}
    assert desk.export("dpo") == first
    assert {path.name: path.read_bytes() for path in (desk.folder / "out").iterdir()} == before
    replaced = desk.export("kto", "qianfan")
    assert {path.name for path in (desk.folder / "out").iterdir()} == set(replaced.files)
    assert sorted(path.name for path in desk.folder.iterdir()) == ["home", "out"]


def test_an_empty_folder_is_used_and_missing_ones_are_made(desk):
    desk.fill()
    (desk.folder / "empty").mkdir()
    desk.export("sft", name="empty")
    desk.export("sft", name="a/b/c")
    assert (desk.folder / "a/b/c/manifest.json").exists()


@pytest.mark.parametrize("names", [["notes.txt"], ["manifest.json"], ["train.jsonl", "manifest.json"]])
def test_another_folder_is_left_alone(desk, names):
    desk.fill()
    place = desk.folder / "mine"
    place.mkdir()
    for name in names:
        (place / name).write_text('{"sha256": {}}')
    with pytest.raises(InputError, match="something else of that name"):
        desk.export("sft", name="mine")
    assert sorted(path.name for path in place.iterdir()) == sorted(names)
    assert sorted(path.name for path in desk.folder.iterdir()) == ["home", "mine"]


def test_a_file_is_left_alone(desk):
    desk.fill()
    (desk.folder / "mine").write_text("mine")
    with pytest.raises(InputError, match="something else of that name"):
        desk.export("sft", name="mine")
    assert (desk.folder / "mine").read_text() == "mine"


@pytest.mark.parametrize("name", ["README.md", "notes.txt"])
def test_an_export_that_somebody_worked_on_is_left_alone(desk, name):
    desk.fill()
    desk.export("sft")
    (desk.folder / "out" / name).write_text("hours of work")
    with pytest.raises(InputError) as caught:
        desk.export("sft")
    assert (caught.value.key, caught.value.values["names"]) == ("error.export_changed", name)
    assert (desk.folder / "out" / name).read_text() == "hours of work"


def test_an_export_that_breaks_off_leaves_nothing_and_the_old_one_stays(desk, monkeypatch):
    desk.fill()
    desk.export("sft")
    before = {path.name: path.read_bytes() for path in (desk.folder / "out").iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    for broken in ("hesui.corpus.formats.files.write_lines", "hesui.review.exporting.digest"):
        with monkeypatch.context() as patched:
            patched.setattr(broken, full)
            with pytest.raises(InputError, match="No space left"):
                desk.export("kto")
            with pytest.raises(InputError, match="No space left"):
                desk.export("kto", name="new")
        assert {path.name: path.read_bytes() for path in (desk.folder / "out").iterdir()} == before
        assert sorted(path.name for path in desk.folder.iterdir()) == ["home", "out"]


def test_the_old_export_comes_back_where_the_new_one_cannot_be_moved(desk, monkeypatch):
    desk.fill()
    desk.export("sft")
    before = (desk.folder / "out" / "manifest.json").read_bytes()
    rename = Path.rename

    def refused(self, target):
        if self.name == "folder":
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(InputError, match="Permission denied"):
        desk.export("kto")
    assert (desk.folder / "out" / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in desk.folder.iterdir()) == ["home", "out"]


def test_nothing_settled_is_said_and_leaves_nothing(desk):
    with pytest.raises(InputError) as caught:
        desk.export("sft")
    assert caught.value.key == "error.export_empty"
    desk.reject(desk.answer(LONG))
    with pytest.raises(InputError, match="rejected 1"):
        desk.export("sft")
    assert [path.name for path in desk.folder.iterdir()] == ["home"]


# The card


def front_matter(folder):
    _, head, body = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(head), body


def test_the_card_says_what_is_in_it(desk):
    desk.fill([family_in("train"), family_in("test")])
    desk.reject(desk.answer(LONG, licence="CC-BY-4.0"))
    disputed = desk.answer(LONGER, required=2)
    desk.accept(disputed)
    desk.reject(disputed, by="李四")
    desk.export("kto", classes=load_classes(Settings(home=desk.folder)))
    head, body = front_matter(desk.folder / "out")
    assert head["configs"] == [
        {
            "config_name": "default",
            "data_files": [{"split": "train", "path": "train.jsonl"}, {"split": "test", "path": "test.jsonl"}],
        }
    ]
    assert (head["language"], head["license"], head["size_categories"]) == (["zh"], "other", ["n<1K"])
    assert "9 rows: answers rated good or bad" in body
    assert "| `greeting` `Greeting` | 5 | 4 | 9 |" in body
    assert "| good | 6 |\n| bad | 3 |" in body
    assert "6 of 9 answers with a length demand meet it (66.7%)." in body
    assert "| items on which reviewers disagree and nobody has ruled | 1 |" in body
    assert "| all | undefined: fewer than two such items | 1 | 2 |" in body
    assert "| `甲模型` | 9 |" in body
    assert "| not stated | 8 |\n| `CC-BY-4.0` | 1 |" in body
    assert "中文摘要" in body and "共 9 条" in body
    assert re.search(r"^ +7 +\d ▇+$", body, re.M)


def test_the_card_names_a_licence_that_all_rows_share(desk):
    desk.accept(desk.answer(SHORT, licence="CC-BY-4.0"))
    desk.export("sft")
    assert front_matter(desk.folder / "out")[0]["license"] == "cc-by-4.0"
    desk.accept(desk.answer(LONG, licence="mine: yours"))
    desk.export("sft", name="mixed")
    assert front_matter(desk.folder / "mixed")[0]["license"] == "other"


def test_the_card_tells_how_far_reviewers_agree(desk):
    for number in range(4):
        id = desk.answer(f"{SHORT}{number}", required=2)
        for name in ("张三", "李四"):
            (desk.accept if number % 2 else desk.reject)(id, by=name)
    desk.export("sft")
    assert "| all | 1.000 | 4 | 8 |" in front_matter(desk.folder / "out")[1]


HOSTILE = [
    "`code` <script>alert(1)</script>", "a | b | c", "x\n---\nlicense: mit\n---\n# Owned", "[click](http://evil.example)",
    "\u202eevil", "'\"\\", "{{template}}", "![](http://evil.example/pixel.png)", "\x85\u2028# heading",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_in_a_name_ends_its_place_on_the_card(desk, name):
    for _ in range(2):
        desk.accept(desk.answer(SHORT, teacher="甲模型"))
        desk.accept(desk.answer(LONG, teacher=name, licence=name))
    desk.decide(desk.label("它呢？", licence=name), "label", choice=name)
    desk.export("sft", name="plain")
    desk.export("labels", name="labels")
    for folder in ("plain", "labels"):
        head, body = front_matter(desk.folder / folder)
        assert head["license"] == "other"
        shown = [line for line in body.splitlines() if line.startswith("|")]
        assert all(len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5) for line in shown)
        outside = re.sub(r"```.*?```", "", body, flags=re.S)
        outside = re.sub(r"`[^`\n]*`", "", outside)
        assert not re.search(r"evil|script|Owned|template|heading|code>", outside)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", body)


def test_the_card_of_lists_is_no_loadable_dataset(desk):
    desk.fill()
    desk.export("dpo", "qianfan")
    head, body = front_matter(desk.folder / "out")
    assert head["viewer"] is False and "configs" not in head
    assert "`train.provenance.jsonl`" in body and "Prompt+Chosen+Rejected" in body


@pytest.mark.parametrize("kind", ["sft", "dpo", "kto"])
@pytest.mark.parametrize("format", ["alpaca", "sharegpt"])
def test_the_card_describes_the_files_for_llama_factory(desk, kind, format):
    desk.fill()
    desk.export(kind, format)
    [described] = re.findall(r"```json\n(.*?)```", front_matter(desk.folder / "out")[1], re.S)
    [description] = json.loads(described).values()
    assert description["formatting"] == format
    assert description.get("ranking", False) == (kind == "dpo")
    [row, *_] = lines(desk.folder / "out", Path(description["file_name"]).stem)
    assert set(description["columns"].values()) <= row.keys()
    assert ("kto_tag" in description["columns"]) == (kind == "kto")
