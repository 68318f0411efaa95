"""The commands of a sweep; a stand-in works on its runs."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from hesui.settings import Settings
from hesui.train import jobs, sweeps
from hesui.train.runs import RunFolder, runs
from hesui.train.sittings import living

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def sweep(hesui, home, data, monkeypatch):
    """Runs `hesui train sweep …` with the stand-in as the worker; what it started ends with the test."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "train"))
    monkeypatch.setattr(jobs, "tend", partial(jobs.tend, worker="standin"))
    monkeypatch.setattr(sweeps, "begin", partial(sweeps.begin, worker="standin"))
    yield lambda *arguments: hesui("train", "sweep", *arguments)
    for folder in runs(Settings().runs):
        process = living(folder, folder.status())
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)


def test_a_few_settings_are_tried_waited_for_and_compared(sweep, data, home):
    done = sweep(
        "--data", str(data), "--try", "learning_rate=1e-3,2e-3", "--try", "rank=2,4", "--rows", "4", "--set", "steps=5",
        "--wait", "--plot", "curves.html", "--json",
    )  # fmt: skip
    assert done.code == 0 and "4 done" in done.err
    record = done.json
    assert list(record) == ["sweep", "data", "rows", "runs"]
    assert [run["values"] for run in record["runs"]] == [
        {"learning_rate": rate, "rank": rank} for rate in (0.001, 0.002) for rank in (2, 4)
    ]
    assert [(run["state"], run["step"], run["chosen"]) for run in record["runs"]] == [
        ("done", 5, at == 0) for at in range(4)
    ]
    assert record["rows"] == 4 and record["data"] == str(data)
    page = (home / "curves.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 1 and "learning_rate=0.002 rank=4" in page  # of the loss; nothing was probed
    assert sweep("show", "--json").json == record
    table = sweep("show", record["sweep"]).out.splitlines()
    assert table[0].split()[:4] == ["learning_rate", "rank", "run", "state"]
    assert table[1].startswith("*") and not any(line.startswith("*") for line in table[2:])
    assert sweep("list", "--json").json[0]["sweep"] == record["sweep"]


def test_the_table_shows_the_probe_at_the_last_and_at_the_best_step(sweep, data):
    begun = sweep("--data", str(data), "--try", "rank=2", "--set", "steps=3", "--wait", "--json").json
    folder = RunFolder(Settings().runs / begun["runs"][0]["run"])
    with folder.metrics.open("a") as lines:
        for step, share in ((2, 0.75), (3, 0.5)):
            probe = dict.fromkeys(("satisfied", "hit2", "hit5", "hit10", "complete"), share)
            lines.write(json.dumps({"kind": "probe", "step": step, "n": 4, "mae": 1.0} | probe) + "\n")
    shown = sweep("show").out
    assert "50%" in shown and "75%, 75%, 75%, 75% (step 2)" in shown


def test_without_a_choice_epochs_and_rates_around_the_suggested_ones_are_tried(sweep, data):
    begun = sweep("--data", str(data), "--json").json
    assert len(begun["runs"]) == 6 and begun["runs"][0]["values"] == {"learning_rate": 0.0007, "epochs": 7.5}
    assert {run["state"] for run in begun["runs"][1:]} == {"queued"}


def test_a_sweep_with_a_run_that_failed_ends_with_exit_code_one(sweep, data, monkeypatch):
    monkeypatch.setenv("STANDIN", "broken")
    done = sweep("--data", str(data), "--try", "rank=2", "--set", "steps=5", "--wait")
    assert done.code == 1 and "1 failed" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--data DIR"),
        (("--data", "nowhere"), "no folder"),
        (("show", "nothing"), "no sweep"),
        (("show",), "no sweep yet"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(sweep, arguments, said):
    done = sweep(*arguments)
    assert (done.code, done.out) == (2, "") and said in done.err and done.err.count("\n") == 1


def test_a_page_that_cannot_be_written_is_named(sweep, data):
    done = sweep("--data", str(data), "--try", "rank=2", "--set", "steps=3", "--plot", "nowhere/curves.html")
    assert done.code == 2 and "cannot write nowhere/curves.html" in done.err
