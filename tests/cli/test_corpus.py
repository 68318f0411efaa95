"""The commands that look over, check, divide and convert a corpus."""

from __future__ import annotations

import json

import pytest

from hesui.corpus.rows import read_rows
from hesui.corpus.splits import read_manifest

GOOD = {"id": "a", "class": "greeting", "prompt": "给老师写一段12字的祝福", "reference": "老师，祝您新春愉快安康！"}


@pytest.fixture
def rows(home):
    """Writes a file of rows; its name."""

    def write(*records):
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        (home / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return "rows.jsonl"

    return write


def test_stats_of_the_seeds_are_one_json_document(hesui, home):
    done = hesui("corpus", "stats", "--json")
    assert done.code == 0
    assert done.json["rows"] >= 56
    assert set(done.json["classes"]) == {"greeting", "long", "essay", "verse", "summary"}
    assert done.json["obeying"] == 1.0
    assert done.json["tokens"]["context"] == 4096


def test_stats_for_people_draw_bars(hesui, home):
    done = hesui("corpus", "stats", "eval", "--no-tokens")
    assert done.code == 0
    assert "▇" in done.out
    assert "tokens" not in done.out


def test_the_shipped_seeds_and_evaluation_prompts_are_clean(hesui, home):
    for source in ("seeds", "eval"):
        done = hesui("corpus", "check", source, "--json")
        assert (done.code, done.json) == (0, {"near_duplicates": [], "leaks": [], "bad_rows": []})


def test_check_names_what_is_wrong(hesui, rows):
    leak = next(iter(json.loads(line) for line in open_eval()))
    file = rows(
        GOOD,
        GOOD | {"id": "b", "prompt": "给老师写一段12字的祝福。"},
        GOOD | {"id": "c", "prompt": "给同学写一段祝福", "reference": None, "constraint": None},
        GOOD | {"id": "d", "class": "unknown", "prompt": "给邻居写一段祝福"},
        {"id": "e", "class": leak["class"], "prompt": leak["prompt"]},
    )
    done = hesui("corpus", "check", file, "--json")
    assert done.code == 1
    assert [found["id"] for found in done.json["near_duplicates"]] == ["b"]
    assert [(found["id"], found["other"]) for found in done.json["leaks"]] == [("e", leak["id"])]
    assert {found["id"] for found in done.json["bad_rows"]} == {"c", "d"}
    assert "near duplicates: 1" in hesui("corpus", "check", file).out


def test_split_freezes_and_refuses_other_content(hesui, rows, home):
    file = rows(
        *(GOOD | {"id": str(n), "prompt": f"给{name}写一段12字的祝福"} for n, name in enumerate("甲乙丙丁戊己"))
    )
    assert hesui("corpus", "split", file, "--out", "frozen").code == 0
    assert read_manifest(home / "frozen") is not None
    assert hesui("corpus", "split", file, "--out", "frozen", "--json").json["counts"]
    done = hesui("corpus", "split", rows(GOOD), "--out", "frozen")
    assert (done.code, done.out) == (2, "")
    assert "frozen with other content" in done.err


def test_an_import_becomes_rows_or_seeds_and_comes_only_once(hesui, home):
    (home / "mine.json").write_text(
        json.dumps([{"instruction": "给奶奶写一段20字的祝福", "input": "", "output": "奶奶，新年好！\n\n祝您平安。"}]),
        encoding="utf-8",
    )
    assert hesui("corpus", "import", "mine.json", "--class", "greeting", "--out", "mine.jsonl").code == 0
    (row,) = read_rows(home / "mine.jsonl")
    assert row.reference == "奶奶，新年好！\n\n祝您平安。"
    assert row.constraint.target == 20
    before = hesui("corpus", "stats", "seeds", "--no-tokens", "--json").json["rows"]
    for added in (1, 0):
        assert hesui("corpus", "import", "mine.json", "--class", "greeting", "--json").json["rows"] == added
    assert hesui("corpus", "stats", "seeds", "--no-tokens", "--json").json["rows"] == before + 1


def test_an_export_keeps_to_its_split(hesui, home):
    numbers = [
        hesui(
            "corpus", "export", "seeds", "--split", split, "--format", "trl", "--out", f"{split}.jsonl", "--json"
        ).json
        for split in ("train", "validation", "test")
    ]
    whole = hesui("corpus", "export", "seeds", "--out", "all.jsonl", "--json").json
    assert sum(number["rows"] for number in numbers) == whole["rows"]


def test_a_chat_log_becomes_questions_under_pseudonyms(hesui, home):
    (home / "log.csv").write_text(
        "speaker,time,text\n王小明,2026-01-01 10:00:00,这个模型怎么训练？\n李四,2026-01-01 10:05:00,先看文档。\n",
        encoding="utf-8",
    )
    assert hesui("corpus", "chat", "log.csv", "--out", "items.jsonl", "--json").json["items"] == 1
    text = (home / "items.jsonl").read_text(encoding="utf-8")
    assert "这个模型怎么训练？" in text
    assert "王小明" not in text
    done = hesui("distil", "label", "items.jsonl", "--out", "labelled.jsonl", "--json")
    assert done.json == {"items": 1, "suggested": 1, "out": "labelled.jsonl"}
    record = json.loads((home / "labelled.jsonl").read_text(encoding="utf-8"))
    assert record["suggestion"]["label"] in ("yes", "no", "unsure")
    assert "composer" in record["suggestion"]["teacher"]
    assert hesui("distil", "status").code == 2  # labelling is no run of prompts and answers


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["stats", "gone.jsonl"], "neither a file nor"),
        (["check", "broken.jsonl"], "line 1"),
        (["import", "gone.json", "--class", "greeting"], "gone.json"),
        (["import", "broken.jsonl", "--class", "greeting"], "broken.jsonl"),
        (["import", "broken.jsonl", "--class", "nonsense"], "unknown class"),
        (["export", "seeds", "--format", "odd", "--out", "x"], "odd"),
        (["export", "seeds", "--split", "odd", "--out", "x"], "unknown split"),
        (["chat", "broken.jsonl", "--out", "x"], "broken.jsonl"),
        (["split", "seeds"], "--out"),
        (["export", "seeds", "--context", "20", "--out", "x"], "does not fit 20 tokens"),
        (["export", "seeds", "--negatives", "--out", "x"], "neither a file nor"),
    ],
)
def test_bad_input_gets_one_line_and_loses_nothing(hesui, home, command, said):
    (home / "broken.jsonl").write_text("{not json", encoding="utf-8")
    done = hesui("corpus", *command)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not (home / "x").exists()


def test_an_own_class_is_listed_and_a_broken_one_is_named(hesui, home):
    folder = home / "home" / "classes"
    folder.mkdir(parents=True)
    (folder / "notice.toml").write_text(
        'needs_demand = false\nname = {zh = "通知", en = "Notice"}\nasks = {zh = "写通知", en = "A notice"}\n',
        encoding="utf-8",
    )
    assert "notice" in {task["id"] for task in hesui("corpus", "classes", "--json").json}
    (folder / "notice.toml").write_text("nonsense = 1", encoding="utf-8")
    done = hesui("corpus", "classes")
    assert done.code == 2
    assert "notice.toml" in done.err


def open_eval():
    from hesui.corpus.seeds import EVALUATION

    return EVALUATION.read_text(encoding="utf-8").splitlines()
