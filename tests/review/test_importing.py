"""Any file becomes items and a report: good rows go in, bad rows are told, and nothing comes in twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hesui.corpus.chatlog import LabelItem, Remark, label_record
from hesui.corpus.classes import load_classes
from hesui.corpus.formats import FORMATS, write
from hesui.corpus.rows import Row
from hesui.errors import StoreError
from hesui.length import parse
from hesui.records import Message
from hesui.review.decisions import LONGEST_TEXT
from hesui.review.imported import Plan
from hesui.review.importing import BATCH, TOLD, BadRow, Report, columns_of, import_file, preview, read_candidates
from hesui.review.items import asked_label, asked_row
from hesui.settings import Settings
from hesui.store.queueing import ReviewQueue
from hesui.store.reviewing import Item

SETTINGS = Settings()
PLAN = Plan("greeting", load_classes(SETTINGS), SETTINGS, source="our file", licence="CC0-1.0")
LABELS = replace(PLAN, task="coreference")
ASK = "写一段50字的春节祝福"
USER = {"role": "user", "content": ASK}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "upload"


def said(message: str) -> dict[str, str]:
    return {"role": "assistant", "content": message}


def found(path: Path, content: Any, plan: Plan = PLAN) -> list[Item | BadRow]:
    """What a file brings; a list stands for JSON Lines."""
    if isinstance(content, list):
        content = "\n".join(json.dumps(record, ensure_ascii=False) for record in content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_candidates(path, plan))


def item(path: Path, record: Any, plan: Plan = PLAN) -> Item:
    (only,) = found(path, [record], plan)
    assert isinstance(only, Item), only
    return only


def reason(path: Path, record: Any, plan: Plan = PLAN) -> tuple[str, str]:
    (only,) = found(path, [record], plan)
    assert isinstance(only, BadRow), only
    return only.reason.key, str(only.reason)


def texts(rows: Sequence[Item | BadRow]) -> list[str]:
    return [row.text for row in rows if isinstance(row, Item)]


@pytest.mark.parametrize("name", [name for name, format in FORMATS.items() if format.suffix])
def test_a_file_in_any_format_becomes_items(name: str, path: Path) -> None:
    rows = [
        Row("r1", "greeting", ASK, parse(ASK), reference="甲"),
        Row("r2", "greeting", ASK, parse(ASK), reference="乙"),
    ]
    write(rows, path, name)
    for plan in (PLAN, replace(PLAN, format=name)):
        one, two = read_candidates(path, plan)
        assert isinstance(one, Item) and isinstance(two, Item)
        assert (one.kind, one.task, one.text, one.source, one.counter) == (
            "answer",
            "greeting",
            "甲",
            "our file",
            "word",
        )
        assert asked_row(one).prompt == ASK and asked_row(one).constraint == parse(ASK)
        assert asked_row(one).licence == "CC0-1.0"
        assert one.prompt_id == two.prompt_id and one.id != two.id
        assert preview(path, plan).format == name


RANKED = {
    "trl": {"prompt": [USER], "chosen": [said("甲")], "rejected": [said("乙")]},
    "trl, whole conversations": {"chosen": [USER, said("甲")], "rejected": [USER, said("乙")]},
    "trl, a prompt beside whole conversations": {
        "prompt": ASK, "chosen": [USER, said("甲")], "rejected": [USER, said("乙")]
    },
    "messages": {"messages": [USER, said("丙")], "chosen": said("甲"), "rejected": said("乙")},
    "texts": {"prompt": ASK, "chosen": "甲", "rejected": "乙"},
    "alpaca": {"instruction": ASK, "input": "", "chosen": "甲", "rejected": "乙"},
    "sharegpt": {
        "conversations": [{"from": "human", "value": ASK}],
        "chosen": {"from": "gpt", "value": "甲"}, "rejected": {"from": "gpt", "value": "乙"},
    },
    "qianfan": [[{"prompt": ASK, "response": [["甲", "乙"]]}]],
    "qianfan, a list each": [[{"prompt": ASK, "response": [["甲"], ["乙"]]}]],
}  # fmt: skip


@pytest.mark.parametrize("record", RANKED.values(), ids=RANKED)
def test_each_of_the_answers_that_a_record_ranks_is_an_item(record: Any, path: Path) -> None:
    rows = found(path, [record, record])
    assert texts(rows) == ["甲", "乙", "甲", "乙"]
    assert len({(row.prompt_id, asked_row(row).prompt) for row in rows if isinstance(row, Item)}) == 1
    assert asked_row(rows[0]).history == ()


def test_what_was_said_before_stands_before_each_ranked_answer(path: Path) -> None:
    talk = [{"role": "system", "content": "你是管家"}, {"role": "user", "content": "在吗"}, said("在")]
    rows = found(path, [{"prompt": [*talk, USER], "chosen": [said("甲")], "rejected": [said("乙")]}])
    for row in rows:
        assert isinstance(row, Item)
        assert asked_row(row).history == tuple(Message(**turn) for turn in talk)


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": [USER], "completion": [said("甲")], "label": True},
        {"prompt": ASK, "completion": "甲", "label": False},
        {"instruction": ASK, "output": "甲", "kto_tag": True},
        {"messages": [USER, said("甲")], "kto_tag": False},
        {"conversations": [{"from": "human", "value": ASK}, {"from": "gpt", "value": "甲"}], "kto_tag": False},
        {"prompt": ASK, "chosen": None, "rejected": "甲"},
    ],
)
def test_a_record_with_one_answer_is_one_item(record: Any, path: Path) -> None:
    assert item(path, record).text == "甲"
    assert item(path, record).gold is None


BAD: dict[str, tuple[Any, str]] = {
    "no answer": ({"prompt": ASK}, "problem.no_answer"),
    "an empty answer": ({"prompt": ASK, "completion": "\u200b \n"}, "problem.no_answer"),
    "no demand": ({"prompt": "给老师拜年", "completion": "甲"}, "problem.no_demand"),
    "a prompt that is too long": ({"prompt": ASK + "好" * 8000, "completion": "甲"}, "error.prompt_too_long"),
    "an answer that is too long": ({"prompt": ASK, "completion": "好" * (LONGEST_TEXT + 1)}, "error.review_long"),
    "a history that is too long": (
        {"messages": [{"role": "system", "content": "好" * 15_000}] * 2 + [USER, said("甲")]}, "error.review_long"
    ),
    "a demand for nothing": ({"prompt": "写0字", "completion": "甲"}, "error.demand_zero"),
    "a demand for too much": ({"prompt": "写99999字", "completion": "甲"}, "error.demand_too_large"),
    "no prompt": ({"prompt": "", "completion": "甲"}, "error.row_field"),
    "an unknown class": ({"prompt": ASK, "completion": "甲", "class": "poem"}, "error.class_unknown"),
    "a class that is no text": ({"prompt": ASK, "completion": "甲", "class": 5}, "error.row_field"),
    "an unknown record": ({"ask": ASK, "say": "甲"}, "error.record_unknown"),
    "no object": (5, "error.json_object"),
    "an answer that is no text": ({"prompt": ASK, "completion": float("nan")}, "error.row_field"),
    "a ranked answer that is no text": ({"prompt": ASK, "chosen": "甲", "rejected": 5}, "error.json_object"),
    "a ranked answer of nobody": ({"prompt": ASK, "chosen": [], "rejected": "甲"}, "error.row_field"),
    "a ranked answer of another": ({"prompt": ASK, "chosen": [{"role": "tool"}]}, "error.turn_speaker"),
    "ranked answers to nothing": ({"chosen": [said("甲")], "rejected": [said("乙")]}, "error.row_field"),
    "a response that is no text": ([[{"prompt": ASK, "response": [["甲", {}]]}]], "error.row_field"),
}  # fmt: skip


@pytest.mark.parametrize("record, key", BAD.values(), ids=BAD)
def test_a_row_that_cannot_be_reviewed_is_told(record: Any, key: str, path: Path) -> None:
    good = {"prompt": ASK, "completion": "好"}
    one, bad, two = found(path, [good, record, good])
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.reason.key) == (2, key)
    assert bad.found.startswith(json.dumps(record, ensure_ascii=False)[:20])
    assert texts([one, two]) == ["好", "好"]


def test_of_two_ranked_answers_the_good_one_goes_in(path: Path) -> None:
    one, two = found(path, [{"prompt": ASK, "chosen": "", "rejected": "乙"}])
    assert isinstance(one, BadRow) and one.reason.key == "problem.no_answer"
    assert texts([two]) == ["乙"]


OURS = {"id": "x", "class": "greeting", "prompt": ASK, "reference": "甲"}
CONSTRAINTS: list[Any] = [
    {"op": "eq", "target": 50, "span": ["a", "b"]},
    {"op": "eq", "target": 50, "span": [5, 99_999]},
    {"op": "eq", "target": 50, "span": [True, 2]},
    {"op": "eq", "target": 50, "extra": [{"op": "le", "max": 10**12}]},
    {"op": "eq", "target": 50, "extra": [{"op": "eq", "target": 1, "extra": [{"op": "eq", "target": 1}]}]},
    {"op": "eq", "target": "50"},
    {"op": ["eq"]},
    [["op", "eq"]],
    5,
]


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_constraint_that_no_prompt_states_is_refused(constraint: Any, path: Path) -> None:
    assert reason(path, OURS | {"constraint": constraint})[0] == "error.row_constraint"


def test_a_constraint_within_constraints_is_a_bad_row_at_any_depth(path: Path) -> None:
    for depth in (3, 100, 480, 600, 50_000):
        constraint = '{"op": "eq", "target": 50, "extra": [' * depth + "]}" * depth
        (bad,) = found(path, f'{{"id": "x", "class": "greeting", "prompt": "{ASK}", "constraint": {constraint}}}')
        assert isinstance(bad, BadRow) and bad.reason.key in ("error.row_constraint", "error.json_broken")


def test_a_stated_constraint_goes_before_what_the_prompt_says(path: Path) -> None:
    ours = item(path, OURS | {"prompt": "给老师拜年", "constraint": {"op": "le", "max": 20}, "hand_set": True})
    constraint = asked_row(ours).constraint
    assert constraint is not None and (constraint.op, constraint.max) == ("le", 20)


def test_names_in_a_row_are_made_fit_to_be_stored(path: Path) -> None:
    ours = OURS | {"constraint": {"op": "eq", "target": 50}}
    names = {"id": "i" * 5000, "family": "f\0" * 300, "source": "s" * 9999, "licence": "\x1b[31m"}
    long = item(path, ours | names, replace(PLAN, source="n" * 999))
    row = asked_row(long)
    assert (len(row.id), len(row.source), row.licence, len(long.source)) == (16, 200, "[31m", 200)
    assert "\\u0000" not in json.dumps(long.row)
    assert asked_row(item(path, ours | {"id": "a\0b"})).id.isprintable()
    assert asked_row(item(path, ours)).id == "x"


def test_control_characters_never_get_into_an_item(path: Path) -> None:
    rude = "甲\0乙\x1b\x7f\u202e\u200b丙"
    answer = item(path, {"prompt": ASK + "\0", "completion": rude})
    assert answer.text == "甲乙丙" and asked_row(answer).prompt == ASK
    record = {"id": 7, "text": "它\0呢", "context": [{"speaker": "A\0", "text": "\0好"}],
              "suggestion": {"label": "yes", "clues": ["\0它"], "reasoning": "\0", "teacher": "t\0"}}  # fmt: skip
    label = item(path, record, LABELS)
    assert "\\u0000" not in json.dumps([label.text, label.row, label.suggestion, label.teacher])


ASKED = LabelItem("a1", "coreference", "它怎么安装？", (Remark("用户A", "新版出来了"),), "群", "CC-BY-4.0", "用户B")
SUGGESTION = {"label": "yes", "clues": ["它"], "reasoning": "要看前文", "teacher": "some-model"}


def test_label_records_become_items_with_their_suggestions(path: Path) -> None:
    plain, suggested = found(path, [label_record(ASKED), label_record(ASKED) | {"suggestion": SUGGESTION}], LABELS)
    assert isinstance(plain, Item) and isinstance(suggested, Item)
    assert asked_label(plain) == asked_label(suggested) == ASKED
    assert (plain.kind, plain.suggestion, plain.gold) == ("label", None, None)
    assert (suggested.suggestion, suggested.teacher) == (SUGGESTION, "some-model")
    assert plain.id == suggested.id


@pytest.mark.parametrize("name", ["text", "question", "文本", "问题", "内容", "prompt", "提示词", " Text "])
def test_a_text_to_be_labelled_may_stand_under_several_names(name: str, path: Path) -> None:
    bare = item(path, {name: "它呢？"}, LABELS)
    assert (bare.text, asked_label(bare).source, asked_label(bare).licence) == ("它呢？", "our file", "CC0-1.0")
    assert found(path, f"备注,{name}\n无,它呢？\n", LABELS) == [bare]
    assert found(path, json.dumps([{name: "它呢？"}]), LABELS) == [bare]


@pytest.mark.parametrize("name", ["label", "标签", "suggestion"])
@pytest.mark.parametrize("label", ["yes", "YES ", "需要"])
def test_a_label_is_a_suggestion_unless_it_is_known_to_be_right(name: str, label: str, path: Path) -> None:
    record = {"text": "它呢？", name: label}
    suggested = item(path, record, LABELS)
    assert suggested.suggestion is not None and suggested.suggestion["label"] == "yes"
    assert suggested.gold is None
    known = item(path, record, replace(LABELS, gold=True))
    assert (known.gold, known.suggestion) == ("yes", None)
    table = f"问题;{name}\n它呢？;{label}\n"
    assert found(path, table, LABELS) == [suggested]
    assert found(path, table, replace(LABELS, gold=True)) == [known]


def test_a_known_answer_may_stand_beside_a_suggestion(path: Path) -> None:
    both = item(path, {"text": "它呢？", "label": "no", "suggestion": SUGGESTION}, replace(LABELS, gold=True))
    assert both.gold == "no" and both.suggestion == SUGGESTION


BAD_LABELS: dict[str, tuple[Any, str]] = {
    "an unknown label": ({"text": "它呢？", "label": "maybe"}, "error.review_label"),
    "a label that is no text": ({"text": "它呢？", "label": 1}, "error.review_label"),
    "an unknown suggestion": ({"text": "它呢？", "suggestion": SUGGESTION | {"label": "?"}}, "error.review_label"),
    "clues that are no texts": ({"text": "它呢？", "suggestion": SUGGESTION | {"clues": [1]}}, "error.row_field"),
    "no text": ({"id": "a"}, "error.row_field"),
    "an empty text": ({"text": "\0"}, "error.row_field"),
    "a text that is none": ({"text": ["它呢？"]}, "error.row_field"),
    "a text that is too long": ({"text": "好" * (LONGEST_TEXT + 1)}, "error.review_long"),
    "what was said before is none": ({"text": "它呢？", "context": ["a"]}, "error.row_field"),
    "an id that is none": ({"text": "它呢？", "id": [1]}, "error.row_field"),
    "no object": (["它呢？"], "error.json_object"),
}


@pytest.mark.parametrize("record, key", BAD_LABELS.values(), ids=BAD_LABELS)
def test_a_text_that_cannot_be_labelled_is_told(record: Any, key: str, path: Path) -> None:
    assert reason(path, record, LABELS)[0] == key


def test_known_answers_must_all_be_stated(path: Path) -> None:
    gold, known = replace(PLAN, gold=True), replace(LABELS, gold=True)
    pair = {"prompt": ASK, "completion": "甲"}
    assert item(path, pair | {"gold": "reject"}, gold).gold == "reject"
    assert item(path, pair | {"label": True}, gold).gold == "accept"
    assert item(path, pair | {"kto_tag": False}, gold).gold == "reject"
    assert [row.gold for row in found(path, f"提示词,答案,结论\n{ASK},甲,接受\n", gold)] == ["accept"]  # type: ignore[union-attr]
    assert reason(path, pair | {"gold": "perhaps"}, gold)[0] == "problem.no_gold"
    assert reason(path, {"text": "它呢？"}, known)[0] == "problem.no_gold"


def test_a_record_that_names_another_class_goes_there(path: Path) -> None:
    answer, label = found(
        path, [{"prompt": ASK, "completion": "甲", "class": "verse"}, {"text": "它呢？", "class": "coreference"}]
    )
    assert isinstance(answer, Item) and isinstance(label, Item)
    assert (answer.task, label.task, label.kind) == ("verse", "coreference", "label")
    assert [row.task for row in found(path, f"提示词,答案,类别\n{ASK},甲,verse\n")] == ["verse"]  # type: ignore[union-attr]


def test_a_person_says_which_column_of_a_table_means_what(path: Path) -> None:
    table = f"题目,好的,坏的,备注\n{ASK},甲,乙,\n"
    (problem,) = found(path, table)
    assert isinstance(problem, BadRow) and problem.reason.key == "error.column_missing"
    assert columns_of(path, PLAN) == ["题目", "好的", "坏的", "备注"]
    chosen = replace(PLAN, columns={"prompt": "题目", "completion": "坏的"})
    assert texts(found(path, table, chosen)) == ["乙"]
    (unknown,) = found(path, table, replace(PLAN, columns={"answer": "好的"}))
    assert isinstance(unknown, BadRow) and unknown.reason.key == "error.column_unknown"


def test_a_choice_that_cannot_be_is_one_report(path: Path) -> None:
    for plan, key in [
        (replace(PLAN, task="poem"), "error.class_unknown"),
        (replace(PLAN, format="parquet"), "error.format_unknown"),
        (replace(PLAN, format="datasets"), "error.format_unknown"),
        (replace(PLAN, format="alpaca"), "error.file_unreadable"),
    ]:
        (problem,) = read_candidates(path, plan)
        assert isinstance(problem, BadRow) and (problem.line, problem.reason.key) == (0, key)


def test_a_named_format_is_taken_at_its_word(path: Path) -> None:
    records = [{"prompt": ASK, "completion": "甲"}, {"instruction": ASK, "output": "乙"}]
    assert texts(found(path, records)) == ["甲", "乙"]
    bad, good = found(path, records, replace(PLAN, format="alpaca"))
    assert isinstance(bad, BadRow) and bad.reason.key == "error.row_field"
    assert texts([good]) == ["乙"]
    (table,) = found(path, records, replace(PLAN, format="csv"))
    assert isinstance(table, BadRow) and table.reason.key == "error.column_missing"


def test_a_reason_repeats_no_more_than_the_beginning_of_what_a_file_says(path: Path) -> None:
    rude = "\x1b[31m" + "x" * 100_000
    for record in ({"messages": [{"role": rude}]}, {"prompt": ASK, "class": rude}, {rude: 1}):
        (bad,) = found(path, [record])
        assert isinstance(bad, BadRow)
        told = [bad.found, str(bad.reason), *map(str, bad.reason.values.values())]
        assert all(len(words) <= 601 and words.isprintable() for words in told)


def test_a_preview_shows_the_first_items_and_the_first_problems(path: Path) -> None:
    good = [json.dumps({"prompt": ASK, "completion": f"第{n}篇"}) for n in range(1000)]
    path.write_text("\n".join(["oops", good[0], "[]", *good[1:]]), encoding="utf-8")
    seen = preview(path, PLAN, limit=2)
    assert (seen.format, seen.columns, texts(seen.items)) == ("prompt-completion", [], ["第0篇", "第1篇"])
    assert [(row.line, row.reason.key) for row in seen.bad] == [(1, "error.json_broken"), (3, "error.json_object")]
    assert seen.read == 200


def test_a_preview_of_what_cannot_be_read_says_why(path: Path) -> None:
    missing = preview(path, PLAN)
    assert (missing.format, missing.items, [row.reason.key for row in missing.bad]) == (
        None, (), ["error.file_unreadable"],
    )  # fmt: skip
    path.write_bytes(b"PK\x03\x04")
    assert [row.reason.key for row in preview(path, PLAN).bad] == ["error.file_binary"]
    path.write_text("a;b\n1;2\n", encoding="utf-8")
    assert preview(path, PLAN).columns == ["a", "b"]


def test_importing_adds_the_good_rows_and_writes_the_bad_ones_beside(path: Path, database: Any) -> None:
    queue, rejected = ReviewQueue(database), path.with_name("bad.jsonl")
    lines = [json.dumps({"prompt": ASK, "completion": f"第{n}篇"}) for n in range(1200)]
    lines[3], lines[700] = "oops", '{"prompt": "\x1b"}'
    path.write_text("\n".join(lines), encoding="utf-8")
    seen: list[Report] = []
    report = import_file(queue.add, read_candidates(path, PLAN), rejected, seen.append)
    assert (report.good, report.new, report.bad, report.rejected) == (1198, 1198, 2, rejected)
    assert [(one.good + one.bad, one.rejected) for one in seen] == [(BATCH, None), (2 * BATCH, None), (1200, None)]
    written = [json.loads(line) for line in rejected.read_text(encoding="utf-8").splitlines()]
    assert written == [{"line": row.line, "found": row.found, "reason": str(row.reason)} for row in report.problems]
    assert [record["line"] for record in written] == [4, 701]
    assert written[0]["reason"] == "no valid JSON: Expecting value (character 1)"
    again = import_file(queue.add, read_candidates(path, PLAN), rejected)
    assert (again.good, again.new, again.bad) == (1198, 0, 2)
    assert list(path.parent.glob("*.part")) == []


def test_there_is_no_side_file_where_all_rows_are_good(path: Path) -> None:
    rejected = path.with_name("bad.jsonl")
    report = import_file(len, found(path, [{"prompt": ASK, "completion": "甲"}]), rejected)
    assert report == Report(good=1, new=1)
    assert not rejected.exists()


def test_a_report_keeps_the_first_problems_and_the_side_file_all(path: Path) -> None:
    rejected = path.with_name("bad.jsonl")
    report = import_file(len, found(path, "{\n" * 900), rejected)
    assert (report.bad, len(report.problems), report.problems[-1].line) == (900, TOLD, TOLD)
    assert len(rejected.read_text(encoding="utf-8").splitlines()) == 900
    assert import_file(len, found(path, "{\n" * 900)).rejected is None


def test_an_import_that_is_broken_off_leaves_no_half_side_file(path: Path) -> None:
    def refuse(items: Sequence[Item]) -> int:
        raise StoreError("the disk is full")

    rows = found(path, [5, {"prompt": ASK, "completion": "甲"}])
    with pytest.raises(StoreError):
        import_file(refuse, rows, path.with_name("bad.jsonl"))
    assert list(path.parent.iterdir()) == [path]
