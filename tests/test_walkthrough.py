"""The role-play walk-through of docs/classes.md, done as it is written, with 1,000 conversations."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hesui.cli import run
from hesui.corpus.rows import read_rows
from hesui.corpus.splits import read_manifest

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "innkeeper.toml"
PLACES = ["洛阳", "长安", "扬州", "大理", "襄阳", "姑苏", "凉州", "江陵", "成都", "雁门关"]
ERRANDS = [
    "寻一位故人",
    "送一封急信",
    "押一趟镖",
    "求一味药",
    "看一场灯会",
    "赶一场集",
    "拜一位师父",
    "避一阵风雪",
    "还一笔旧债",
    "听一段评书",
]
ASKS = [
    "走哪条路稳当",
    "几日能到",
    "路上可太平",
    "歇在何处好",
    "要带多少盘缠",
    "马匹哪里换",
    "可有同路的客商",
    "饭食哪家地道",
    "雨天可走得",
    "夜里可住店",
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("HESUI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def conversations():
    for place in PLACES:
        for errand in ERRANDS:
            for ask in ASKS:
                yield {
                    "conversations": [
                        {"from": "system", "value": "你是“悦来客栈”的掌柜。"},
                        {"from": "human", "value": f"掌柜的，我要去{place}{errand}，{ask}？"},
                        {"from": "gpt", "value": f"客官要去{place}{errand}？\n{ask}，老夫慢慢说与您听，先添一壶热酒。"},
                    ]
                }


def test_a_role_play_assistant_goes_from_import_to_frozen_splits(here, capsys):
    (here / "home" / "classes").mkdir(parents=True)
    shutil.copy(EXAMPLE, here / "home" / "classes" / "innkeeper.toml")
    (here / "innkeeper.json").write_text(json.dumps(list(conversations()), ensure_ascii=False), encoding="utf-8")

    assert run(["corpus", "classes"]) == 0
    assert "innkeeper" in capsys.readouterr().out
    assert run(["corpus", "import", "innkeeper.json", "--class", "innkeeper", "--out", "innkeeper.jsonl"]) == 0
    rows = list(read_rows(here / "innkeeper.jsonl"))
    assert len(rows) == 1000
    assert all("\n" in (row.reference or "") for row in rows)
    assert all(row.family and row.history for row in rows)

    assert run(["corpus", "stats", "innkeeper.jsonl", "--json"]) == 0
    statistics = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert statistics["classes"] == {"innkeeper": 1000}
    assert statistics["tokens"]["context"] == 4096
    run(["corpus", "check", "innkeeper.jsonl", "--json"])  # a few questions of a thousand are much alike
    findings = json.loads(capsys.readouterr().out)
    assert (findings["leaks"], findings["bad_rows"]) == ([], [])

    assert run(["corpus", "split", "innkeeper.jsonl", "--out", "innkeeper"]) == 0
    manifest = read_manifest(here / "innkeeper")
    assert manifest is not None
    assert sum(counts["innkeeper"] for counts in manifest.counts.values()) == 1000
    assert manifest.held_back == ()

    export = ["corpus", "export", "innkeeper.jsonl", "--split", "train", "--format", "trl", "--out", "train.jsonl"]
    assert run(export) == 0
    first = json.loads((here / "train.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert [turn["role"] for turn in first["prompt"] + first["completion"]] == ["system", "user", "assistant"]


def test_the_walk_through_names_only_commands_that_exist(capsys):
    text = (EXAMPLE.parent.parent / "classes.md").read_text(encoding="utf-8")
    for command in ("classes", "import", "stats", "check", "split", "export"):
        assert f"hesui corpus {command}" in text
        assert run(["corpus", command, "--help"]) == 0
