"""A folder is described by its manifest, read row by row, and refused with what to do where it cannot be trained on."""

from __future__ import annotations

import json
from functools import cache
from itertools import count
from shutil import copytree

import pytest

from hesui.checksums import digest
from hesui.corpus.classes import load_classes
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.errors import InputError
from hesui.length import parse
from hesui.records import Message
from hesui.review.exporting import MADE_BY, export
from hesui.review.items import answer_item
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.queueing import Decision, ReviewQueue
from hesui.store.surveying import ReviewSurvey
from hesui.train.data import PREVIEW, describe

PROMPT = "给老师拜年，10字以内"
GOOD, BAD = "老师，新年好！", "祝我敬爱的老师新的一年万事如意！"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Exports one prompt with a good and a bad answer as a data set of a kind: its folder."""
    home = tmp_path_factory.mktemp("review")
    settings = Settings(home=home)
    store = open_store(settings)
    queue, keys = ReviewQueue(store), count()
    for text, action, why in ((GOOD, "accept", {}), (BAD, "reject", {"reason": "length"})):
        item = answer_item(Row(text, "greeting", PROMPT, parse(PROMPT), "f-train", text), 0, source="run-1")
        queue.add([item])
        queue.decide("张三", item.id, Decision(action, key=str(next(keys)), **why))

    def make(kind, format):
        folder = home / f"{kind}-{format}"
        survey = ReviewSurvey(store)
        export(survey, folder, kind, format, demo=False, classes=load_classes(settings), held_out=())
        return folder

    yield cache(make)
    store.close()


@pytest.fixture
def reviewed(exported, tmp_path):
    """A copy of such an export, to be changed."""
    return lambda kind, format="trl": copytree(exported(kind, format), tmp_path / "reviewed")


@pytest.fixture
def frozen(tmp_path):
    rows = [Row(str(n), "greeting", f"给{n}号邻居拜年，{n}字以内", None, reference="新年好！") for n in range(10, 30)]
    rows[3] = Row("13", "greeting", "给王老师拜年", None, history=(Message("system", "少说"),), reference="老师好！")
    freeze(rows, tmp_path / "frozen")
    return tmp_path / "frozen"


def written(folder, kind, *records):
    """A folder as an export writes it, with these records in train."""
    folder.mkdir()
    (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    manifest = {
        "made_by": MADE_BY, "kind": kind, "format": "trl", "counts": {"train": {"greeting": len(records)}},
        "sha256": {"train.jsonl": digest(folder / "train.jsonl")},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def refused(path):
    with pytest.raises(InputError) as caught:
        describe(path)
    return caught.value.key, str(caught.value)


@pytest.mark.parametrize(
    "kind, texts, good",
    [("sft", (GOOD,), None), ("dpo", (GOOD, BAD), None), ("kto", (GOOD,), True)],
)
def test_an_export_of_review_is_read_as_what_it_is(reviewed, kind, texts, good):
    data = describe(reviewed(kind))
    first = next(data.examples("train"))
    assert (data.kind, data.format) == (kind, "trl")
    assert (first.messages, first.texts, first.good) == ((Message("user", PROMPT),), texts, good)
    assert first.task == "greeting" and first.constraint.max == 10
    assert "train.jsonl" in data.sha256


def test_a_frozen_corpus_is_read_as_answers(frozen):
    data = describe(frozen)
    rows = [example for split in data.rows for example in data.examples(split)]
    assert (data.kind, data.format, sum(data.rows.values()), len(rows)) == ("sft", "rows", 20, 20)
    assert any(example.messages[0] == Message("system", "少说") for example in rows)
    assert len(data.preview) == PREVIEW and data.classes == {"greeting": data.rows["train"]}


def test_rows_without_an_answer_are_passed_over(tmp_path):
    rows = [Row(str(n), "greeting", f"给{n}号邻居拜年", None, reference="好！" if n % 2 else None) for n in range(40)]
    freeze(rows, tmp_path / "half")
    data = describe(tmp_path / "half")
    assert 0 < sum(1 for _ in data.examples("train")) < data.rows["train"]


def test_a_data_set_without_answers_is_refused(tmp_path):
    freeze([Row(str(n), "greeting", f"给{n}号邻居拜年", None) for n in range(30)], tmp_path / "none")
    assert refused(tmp_path / "none")[0] == "error.train_data_empty"


def test_what_is_no_data_set_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "manifest.json").write_text('{"made_by": "somebody"}')
    assert refused(tmp_path / "nowhere")[0] == "error.train_data_missing"
    assert refused(tmp_path / "empty")[0] == "error.train_data_foreign"
    assert refused(tmp_path / "other")[0] == "error.train_data_foreign"


@pytest.mark.parametrize("name", ["train.jsonl", "manifest.json"])
@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"made_by": "hesui review export", "kind": "sft", "format": "trl"}']
)
def test_a_changed_file_is_named(reviewed, name, content):
    folder = reviewed("sft")
    (folder / name).write_text(content)
    key, told = refused(folder)
    assert key in ("error.train_data_damaged", "error.frozen_damaged") and (name in told or "manifest" in told)


def test_a_changed_frozen_file_is_named(frozen):
    with (frozen / "train.jsonl").open("a") as stream:
        stream.write("\n")
    key, told = refused(frozen)
    assert key == "error.frozen_damaged" and "train.jsonl" in told


def test_no_file_outside_the_folder_is_looked_at(tmp_path):
    folder = written(tmp_path / "set", "sft", {"prompt": [], "completion": []})
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"] |= {"../secret": digest(folder / "train.jsonl")}
    (tmp_path / "secret").write_bytes((folder / "train.jsonl").read_bytes())
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert refused(folder)[0] == "error.train_data_damaged"


def test_labels_and_other_formats_are_refused_with_what_to_do(reviewed, tmp_path):
    assert "--format trl" in refused(reviewed("sft", "alpaca"))[1]
    key, told = refused(written(tmp_path / "labels", "labels", {"text": "他来了", "label": "a"}))
    assert key == "error.train_data_labels" and "sft|dpo|kto" in told


@pytest.mark.parametrize(
    "kind, record",
    [
        ("sft", {"prompt": [{"role": "user", "content": "写"}], "completion": "好"}),
        ("sft", {"prompt": [{"role": "user", "content": "写"}], "completion": [{"role": "assistant", "content": " "}]}),
        (
            "sft",
            {"prompt": [{"role": "nobody", "content": "写"}], "completion": [{"role": "assistant", "content": "a"}]},
        ),
        ("dpo", {"prompt": [{"role": "user", "content": "写"}], "chosen": [{"role": "assistant", "content": "a"}]}),
        ("kto", {"prompt": [{"role": "user", "content": "写"}], "completion": [{"role": "assistant", "content": "a"}]}),
    ],
)
def test_a_broken_row_is_named_with_its_line(tmp_path, kind, record):
    key, told = refused(written(tmp_path / "set", kind, record))
    assert key == "error.row_line" and "train.jsonl, line 1" in told


def test_each_method_says_what_it_learns_from(frozen, reviewed, tmp_path):
    answers, ratings = describe(frozen), describe(reviewed("kto"))
    for method in ("sft", "dpo", "grpo"):
        answers.require(method)
    ratings.require("grpo")
    with pytest.raises(InputError) as caught:
        ratings.require("dpo")
    assert caught.value.key == "error.train_method"
    assert "dpo, sft" in str(caught.value) and caught.value.values["methods"] == "kto, grpo"


def test_prompts_are_those_that_demand_a_length_each_once_and_without_an_answer_too(tmp_path):
    prompts = [f"给{whom}拜年，{n}字以内" for n, whom in enumerate("爷奶爸妈哥姐弟妹叔姨婶伯", start=10)]
    rows = [
        Row(f"{n}-{twice}", "greeting", one, parse(one), one, reference="好！" if n % 2 else None)
        for n, one in enumerate([*prompts, "给邻居拜年"])
        for twice in range(2)
    ]
    freeze(rows, tmp_path / "set")
    data = describe(tmp_path / "set")
    found = [one for split in data.rows for one in data.prompts(split)]
    assert sorted(one.messages[-1].content for one in found) == sorted(prompts)
    assert all(one.constraint is not None for one in found) and {len(one.texts) for one in found} == {0, 1}
    assert all(one.texts for split in data.rows for one in data.examples(split))
