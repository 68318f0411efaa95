"""The review queue from the shell: fill it, look it over, take data sets out of it."""

from __future__ import annotations

import json

import pytest
from datasets import load_dataset

from hesui.corpus.classes import load_classes
from hesui.review.desk import ReviewDesk
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.surveying import Filter

TABLE = "题目,答复\n给老师写一段20字的新年祝福,老师，新年好！祝愿您平安健康，万事如意。\n说说春节,没有要求\n给妈妈写30字祝福,\n"


@pytest.fixture
def desk(home):
    """The queue that the commands use."""
    settings = Settings()
    database = open_store(settings)
    yield ReviewDesk(database, settings)
    database.close()


def decide(desk, **counts):
    """Two people decide on demo items until there are so many of each verdict."""
    classes, number = load_classes(Settings()), 0
    for action, n in counts.items():
        for _ in range(n):
            number += 1
            [claim] = desk.take("甲", 1, classes, "greeting")
            record = {
                "action": action,
                "key": f"key-{number:06}",
                "reason": "topic",
                "text": "愿" + claim.item.text[1:],
            }
            desk.decide("甲", claim.item.id, record, classes)


def test_demo_data_come_and_go(hesui, home):
    assert hesui("review", "demo", "--json").json["new"] > 300
    assert hesui("review", "demo", "--json").json == {"new": 0}
    stats = hesui("review", "stats", "--json").json
    assert stats["states"]["open"] + stats["states"]["gold"] == stats["items"] == stats["sources"]["demo"]
    assert hesui("review", "demo", "--remove", "--json").json == {"removed": stats["items"]}
    assert hesui("review", "stats", "--json").json["items"] == 0


def test_a_table_goes_in_with_its_columns_named_and_bad_rows_beside_it(hesui, home):
    file = home / "answers.csv"
    file.write_text(TABLE, encoding="utf-8")
    columns = ("--map", "prompt=题目", "--map", "completion=答复")
    looked = hesui("review", "import", str(file), "--class", "greeting", *columns, "--preview", "--json").json
    assert (len(looked["good"]), len(looked["bad"]), looked["columns"]) == (1, 2, ["题目", "答复"])
    assert hesui("review", "stats", "--json").json["items"] == 0
    for new in (1, 0):
        report = hesui("review", "import", str(file), "--class", "greeting", *columns, "--json").json
        assert (report["good"], report["new"], report["bad"]) == (1, new, 2)
    rejected = [json.loads(line) for line in (home / "answers.csv.rejected.jsonl").read_text("utf-8").splitlines()]
    assert [row["line"] for row in rejected] == [3, 4]
    assert "length demand" in rejected[0]["reason"]


def test_a_file_without_a_good_row_ends_with_exit_code_2(hesui, home):
    (home / "bad.jsonl").write_bytes(b"\xff\xfe\x00{")
    outcome = hesui("review", "import", "bad.jsonl", "--class", "greeting")
    assert (outcome.code, outcome.out) == (2, "0 good rows, 0 new items, 1 bad rows\n")


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("import", "gone.csv", "--class", "greeting"), "cannot read"),
        (("import", "x.csv", "--class", "nothing"), "unknown class 'nothing'"),
        (("import", "x.csv", "--class", "greeting", "--map", "prompt"), "--map 'prompt' names no column"),
        (("import", "x.csv", "--class", "greeting", "--format", "xml"), "unknown format 'xml'"),
        (("export", "--out", "out"), "nothing to export"),
        (("export", "--out", "out", "--kind", "all"), "'sft', 'dpo', 'kto', 'labels'"),
        (("export", "--out", "out", "--format", "xml"), "xml"),
        (("add", "nowhere"), "there is no run"),
    ],
)
def test_bad_input_is_one_line(hesui, home, arguments, said):
    outcome = hesui("review", *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert "Traceback" not in outcome.err


def test_what_was_decided_comes_out_as_data_sets_that_load(hesui, home, desk):
    desk.begin()
    decide(desk, accept=12, reject=4, edit=4)
    taken = desk.survey.page(Filter(state="accepted"))[0] + desk.survey.page(Filter(state="edited"))[0]
    for kind, names in (("sft", {"prompt", "completion"}), ("kto", {"prompt", "completion", "label"}),
                        ("dpo", {"prompt", "chosen", "rejected"})):  # fmt: skip
        written = hesui("review", "export", "--kind", kind, "--out", f"out/{kind}", "--json").json
        assert (home / "out" / kind / "README.md").is_file()
        loaded = load_dataset(str(home / "out" / kind), cache_dir=str(home / "cache"))
        assert {split: len(rows) for split, rows in loaded.items()} == written["rows"]
        assert names | {"provenance"} <= set(next(iter(loaded.values())).column_names)
        if kind == "sft":
            left = sum(n for reason, n in written["left_out"].items() if reason.startswith("leak"))
            assert sum(written["rows"].values()) + left == taken


def test_demo_data_stay_out_once_there_is_anything_else(hesui, home, desk):
    desk.begin()
    decide(desk, accept=6)
    assert hesui("review", "export", "--out", "all", "--json").code == 0
    (home / "mine.csv").write_text(TABLE, encoding="utf-8")
    hesui("review", "import", "mine.csv", "--class", "greeting", "--map", "prompt=题目", "--map", "completion=答复")
    outcome = hesui("review", "export", "--out", "mine")
    assert outcome.code == 2 and "nothing to export" in outcome.err
    assert hesui("review", "export", "--out", "mine", "--demo").code == 0


def test_agreement_is_told_with_its_n(hesui, home, desk):
    desk.begin()
    decide(desk, accept=3)
    found = hesui("review", "agreement", "--json").json
    [person] = found["reviewers"]
    assert (person["name"], person["decisions"], person["accepted"]) == ("甲", 3, 3)
    assert all(one["alpha"] is None and one["undefined"] == "few" for one in found["alphas"])
    assert "n = 0 items" in hesui("review", "agreement").out


def test_a_distillation_goes_straight_into_the_queue(hesui, home):
    assert hesui("distil", "--prompts", "12", "--class", "greeting", "--json").code == 0
    [run] = hesui("distil", "list", "--json").json
    added = hesui("review", "add", "latest", "--json").json["new"]
    assert added > 5
    assert hesui("review", "add", "--json").json == {"new": 0}
    assert hesui("review", "stats", "--json").json["sources"] == {run["run"]: added}
