"""The commands that train; a stand-in works for all of them but one, which is the real thing on the embedded model."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.runs import new_run, runs
from hesui.train.sittings import living

ROOT = Path(__file__).resolve().parents[2]
COMMAND = """
import signal, sys
from functools import partial
from hesui.cli import run
from hesui.train import jobs

signal.signal(signal.SIGINT, signal.default_int_handler)  # as in a terminal, however the tests were started
for name in ("start", "tend"):
    setattr(jobs, name, partial(getattr(jobs, name), worker="standin"))
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def settings(home):
    """The settings that the commands read; what they started ends with the test."""
    settings = Settings()
    yield settings
    for folder in runs(settings.runs):
        process = living(folder, folder.status())
        if process is not None:
            os.kill(process.pid, signal.SIGKILL)


@pytest.fixture
def train(hesui, settings, data, monkeypatch):
    """Runs `hesui train …` with the stand-in as the worker."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "train"))
    for name in ("start", "resume", "tend"):
        monkeypatch.setattr(jobs, name, partial(getattr(jobs, name), worker="standin"))

    def call(command: str, *arguments: str):
        given = ("--data", str(data)) if command == "start" else ()
        return hesui("train", command, *given, *arguments)

    return call


def test_the_embedded_model_is_trained_and_opened_in_compare(hesui, settings, data):
    started = hesui(
        "train", "start", "--data", str(data), "--steps", "2", "--set", "probe_prompts=1", "--wait", "--json"
    )
    assert started.code == 0
    id = started.json["run"]
    assert "done, step 2 of 2" in started.err
    shown = hesui("train", "show", id, "--json").json
    assert list(shown) == ["run", "state", "step", "steps", "last", "probe", "advice", "eta", "note"]
    assert (shown["run"], shown["state"], shown["step"], shown["steps"]) == (id, "done", 2, 2)
    assert (shown["last"]["kind"], shown["last"]["step"], shown["probe"]["n"]) == ("train", 2, 1)
    assert "advice.few_rows" in [advice["key"] for advice in shown["advice"]]
    assert hesui("train", "use", id, "--name", "新年-r8", "--json").json["model"] == "新年-r8"
    assert "新年-r8" in [row["model"] for row in hesui("models", "list", "--json").json]


def test_a_run_is_waited_for_and_told_of(train):
    done = train("start", "--steps", "40", "--wait", "--json")
    assert done.code == 0
    assert "done, step 40 of 40, loss 0.025" in done.err
    shown = train("show", done.json["run"], "--json").json
    assert (shown["state"], shown["eta"], shown["last"]["loss"]) == ("done", None, 0.025)
    assert f"run {done.json['run']}: done" in train("show").out
    assert train("log", "--lines", "1").out.startswith("worker of")
    assert train("list", "--json").json[0]["state"] == "done"


def test_settings_follow_the_dial_the_options_and_the_data(train, settings):
    id = train("start", "--preset", "thorough", "--alpha", "8", "--set", "patience=2", "--set", "rslora=true", "--json")
    config = jobs.view(settings, id.json["run"]).config
    assert (config.method, config.base, config.rank, config.alpha) == ("sft", "embedded", 16, 8)
    assert (config.patience, config.rslora, config.probe_prompts) == (2, True, 64)


def test_runs_wait_are_moved_stopped_resumed_and_deleted(train, settings):
    first, second, third = (train("start", "--steps", "100000", "--json").json["run"] for _ in range(3))
    places = {row["run"]: row["place"] for row in train("list", "--json").json}
    assert places == {first: None, second: 0, third: 1}
    assert "queued at 1" in train("list").out
    assert train("move", third, "0").code == 0
    assert [folder.id for folder in jobs.queue(settings)] == [third, second]
    assert train("stop", second).code == train("cancel", third).code == 0
    assert train("delete", first).code == 2
    stopped = train("stop", first, "--wait")
    assert (stopped.code, "stopped" in stopped.err) == (0, True)
    assert train("note", first, "再试一次").code == 0
    assert train("resume", first, "--json").json == {"run": first}
    assert train("kill", first).code == 0
    assert jobs.view(settings, first).folder.wanted() == "cancel"
    assert train("delete", second).code == 0
    assert {row["run"] for row in train("list", "--json").json} == {first, third}


def test_a_run_that_fails_ends_with_exit_code_one(train, monkeypatch):
    monkeypatch.setenv("STANDIN", "broken")
    done = train("start", "--steps", "5", "--wait")
    assert done.code == 1
    assert "failed, step 0 of 5, a row is broken" in done.err


def test_the_same_key_starts_one_run(train):
    one, other = (train("start", "--steps", "5", "--key", "monday", "--json").json["run"] for _ in range(2))
    assert one == other


def test_ctrl_c_stops_the_run_and_saves(train, settings, data):
    arguments = ["train", "start", "--data", str(data), "--steps", "100000", "--wait"]
    waiting = subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    for line in waiting.stderr:
        if line.startswith("running"):
            break
    waiting.send_signal(signal.SIGINT)
    _, said = waiting.communicate(timeout=60)
    assert waiting.returncode == 130
    assert "stopping and saving" in said
    assert "Traceback" not in said
    seen = jobs.view(settings, None)
    assert (seen.state, seen.resumable) == ("stopped", True)
    assert (seen.folder.adapter / "adapter_config.json").is_file()


def test_a_loss_that_is_no_number_is_null_in_json(train, settings, data):
    folder = new_run(settings.runs, jobs.TrainConfig(data=data))
    folder.metrics.write_text('{"kind": "train", "step": 1, "time": 1.0, "loss": NaN}\n', encoding="utf-8")
    folder.write_status(jobs.Status("failed", step=1, steps=5))
    assert "NaN" not in train("show", folder.id, "--json").out
    assert train("show", folder.id, "--json").json["last"]["loss"] is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["start"], "--data"),
        (["start", "--data", "nowhere"], "nowhere"),
        (["start", "--data", "DATA", "--preset", "magic"], "magic"),
        (["start", "--data", "DATA", "--method", "kto"], "sft, dpo, grpo"),
        (["start", "--data", "DATA", "--rank", "0"], "rank is 0"),
        (["start", "--data", "DATA", "--set", "rank"], "NAME=VALUE"),
        (["start", "--data", "DATA", "--set", "magic=1"], "magic"),
        (["start", "--data", "DATA", "--adapter", "nobody"], "nobody"),
        (["start", "--data", "DATA", "--base", "./nowhere/at/all"], "no base model"),
        (["show"], "no run yet"),
        (["show", "gone"], "no run 'gone'"),
        (["log", "../x"], "no run '../x'"),
        (["stop"], "RUN"),
        (["stop", "gone"], "no run 'gone'"),
        (["resume", "gone"], "no run 'gone'"),
        (["delete", ".."], "no run '..'"),
        (["use", "gone", "--name", "a/b"], "a/b"),
        (["use", "gone", "--name", "x"], "no run 'gone'"),
    ],
)
def test_bad_input_gets_one_line(hesui, settings, data, options, said):
    done = hesui("train", *(str(data) if word == "DATA" else word for word in options))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert runs(settings.runs) == []
