"""Publishing from the shell: a dry run asks nobody, the real thing asks the server that HF_ENDPOINT names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest
from huggingface_hub import constants

from hesui.errors import HesuiError

SERVER = Path(__file__).parents[1] / "publish" / "hub_server.py"
SECRET = "hf_writerwriterwriterwriter"


@pytest.fixture
def hub():
    spec = util.spec_from_file_location("hub_server_of_the_shell", SERVER)
    module = util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    with module.running() as found:
        yield found


def test_a_dry_run_shows_every_file_and_the_card_and_asks_nobody(hesui, home, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", SECRET)
    outcome = hesui("publish", "adapter", "tuned", "--to", "ann/x", "--dry-run")
    assert outcome.code == 0 and "base/model.safetensors" in outcome.out and "# `tuned`" in outcome.out
    plan = hesui("publish", "adapter", "tuned", "--to", "ann/x", "--dry-run", "--json").json
    assert (plan["repo"], plan["kind"], plan["private"]) == ("ann/x", "model", True)
    assert plan["card"] in outcome.out
    assert sum(one["size"] for one in plan["files"]) == plan["size"]
    assert SECRET not in outcome.out + outcome.err + json.dumps(plan)


def test_a_dry_run_of_a_data_set(hesui, home, data):
    plan = hesui("publish", "dataset", str(data), "--to", "ann/x", "--dry-run", "--json", "--public").json
    assert (plan["kind"], plan["private"]) == ("dataset", False)
    assert {"README.md", "train.jsonl", "manifest.json"} <= {one["name"] for one in plan["files"]}


def test_a_dry_run_of_a_space_shows_its_files_and_starts_nothing(hesui, home, monkeypatch):
    monkeypatch.setattr("hesui.publish.trial.check", lambda *_: pytest.fail("the app was started"))
    plan = hesui("publish", "space", "--to", "ann/x", "--sdk", "gradio", "--dry-run", "--json").json
    assert (plan["repo"], plan["kind"], plan["sdk"], plan["private"]) == ("ann/x", "space", "gradio", True)
    names = {one["name"] for one in plan["files"]}
    assert {"README.md", "app.py", "requirements.txt", "hesui/settings.py", "data/tiny/base/model.safetensors"} <= names
    assert "Dockerfile" not in names and plan["card"].startswith("---\ntitle: ")


def test_a_space_is_tried_before_it_goes_unless_that_is_not_wished(hesui, home, monkeypatch):
    def fails(parcel, titles):
        raise HesuiError(f"{len(parcel.items) > 99} {titles}")

    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "none"))
    monkeypatch.setattr("hesui.publish.trial.check", fails)
    tried = hesui("publish", "space", "--to", "ann/x")
    assert tried.code == 2 and "True ['对比', '数据', '评审', '训练', '排行榜']" in tried.err
    assert "no token" in hesui("publish", "space", "--to", "ann/x", "--no-check").err


def test_a_data_set_goes_to_the_server_that_the_environment_names(hub, home, data):
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": SECRET, "HF_HUB_OFFLINE": "0",
                   "HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home / "hf")}  # fmt: skip
    command = [sys.executable, "-m", "hesui", "publish", "dataset", str(data), "--to", "ann/x", "--json"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["private"] and told["created"] and told["url"] == f"{hub.url}/datasets/ann/x"
    assert hub.repo("ann/x", "dataset").files["train.jsonl"] == (data / "train.jsonl").read_bytes()
    left = [file for file in home.rglob("*") if file.is_file() and SECRET in file.read_text(errors="replace")]
    assert SECRET not in done.stdout + done.stderr and not left


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("adapter", "gone", "--to", "a/b"), "no model is named 'gone'"),
        (("adapter", "tuned", "--to", "b"), "write owner/name"),
        (("adapter", "tuned"), "--to"),
        (("space", "--to", "b"), "write owner/name"),
        (("space", "--to", "a/b", "--sdk", "static"), "--sdk"),
        (("dataset", ".", "--to", "a/b"), "is no data set"),
        (("adapter", "tuned", "--to", "a/b"), "no token: export HF_TOKEN"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(hesui, home, monkeypatch, arguments, said):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "none"))
    outcome = hesui("publish", *arguments)
    assert outcome.code == 2 and said in outcome.err and outcome.out == ""
