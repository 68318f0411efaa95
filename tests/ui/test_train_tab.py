"""The Train tab without a browser: what it offers, starts, shows and deletes, and for whom. No model trains here.

A process that sleeps holds the device, so a run that is started waits in the queue.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import psutil
import pytest

from hesui.corpus.classes import load_classes
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.files import read_json, write_json
from hesui.length import parse
from hesui.records import Message
from hesui.review.desk import ReviewDesk
from hesui.settings import Settings
from hesui.store.migrate import open_store
from hesui.store.queueing import Decision
from hesui.store.surveying import Filter
from hesui.train import jobs
from hesui.train.config import TrainConfig, make_config
from hesui.train.curves import Curves, Point, Probe
from hesui.train.data import DataSet, Example, describe
from hesui.train.estimating import Measurement, Timed, keep
from hesui.train.runs import Status, new_run, runs
from hesui.ui.train import board, dial, form, history, sets, waiting, watch
from hesui.ui.train.form import Chosen
from hesui.ui.train.room import READERS, Measured
from hesui.ui.train.watch import Asked, Watch

NASTY = "<img src=x onerror='window.hacked=1'>\"&{{value}}"
CLASSES = load_classes(Settings())
FIELDS = ("method", "adaptation", *dial.NUMBERS, *dial.CHECKS)
USUAL = dial.dialled("standard", "embedded")
DIAL = [USUAL[name] for name in FIELDS]  # the form as it stands at first
FOUND = Measurement(
    made=1.8e9, device="cpu", rows=10, left_out=0, tokens_max=90, rank=8, processes=1, load=10.0, step=2.0, tokens_per_second=900.0,
    evaluation=0.0, probes=(Timed(4, 0.0),), ability=0.0, save=0.0, checkpoint=2**20, memory_mb=1229, free_mb=0, share=1.0,
    load_share=1.0,
)  # fmt: skip


def dialled(**changes):
    """The form as it stands at first, but for some settings."""
    return [changes.get(name, usual) for name, usual in zip(FIELDS, DIAL, strict=True)]


def words(html):
    return re.sub(r"<[^>]+>", " ", html)


def data_set(home, name="greetings", reference="新年好。"):
    asked = [f"给{who}写一段{n}字的拜年话" for n, who in enumerate("爷奶爸妈哥姐弟妹叔姨", start=20)]
    rows = [Row(str(n), "greeting", one, parse(one), reference=reference) for n, one in enumerate(asked)]
    freeze(rows, home / "datasets" / name)
    return home / "datasets" / name


class App:
    """The page without a browser: its callbacks, called as Gradio calls them."""

    def __init__(self, settings):
        with ThreadPoolExecutor(1) as apart:  # the browser's loop may run here
            self.blocks = apart.submit(lambda: asyncio.run(page(settings))).result()
        self.settings = settings

    def call(self, name, module, values=None, **options):
        """What a callback changes at last."""
        return self.all(name, module, values, **options)[-1]

    def all(self, name, module, values=None, *, owner=True, clicked=None):
        """All that a callback changes in turn: by the widgets' ids, states by the names of their types."""
        fn = next(
            fn for fn in self.blocks.fns.values()
            if fn.fn and fn.fn.__module__ == f"hesui.ui.train.{module}" and fn.name == name
        )  # fmt: skip
        given = [widget.value for widget in fn.inputs] if values is None else list(values)
        wanted = list(inspect.signature(fn.fn).parameters)
        if "event" in wanted:
            given.insert(0, SimpleNamespace(_data=clicked or {}))
        if "request" in wanted:
            given.insert(0, asker() if owner else asker(**{"x-forwarded-for": "203.0.113.5"}))
        made = fn.fn(*given)
        turns = list(made) if isinstance(made, Iterator) else [made]
        turns = [dict(zip(fn.outputs, one, strict=True)) if isinstance(one, list) else one for one in turns]
        return [{widget.elem_id or type(value).__name__: value for widget, value in one.items()} for one in turns]

    def start(self, chosen, nonce="n1", preset="standard", dial=DIAL, **options):
        return self.call("start", "form", [chosen, nonce, preset, *dial], **options)

    def look(self, run=None, seen=None, **options):
        return self.call("look", "watch", [run, seen or Watch()], **options)

    @property
    def ids(self):
        return [folder.id for folder in runs(self.settings.runs)]


async def page(settings):
    """The page, built where a loop runs; elsewhere Gradio leaves one open."""
    from hesui.ui.shell import build

    return build(settings, None, lambda: ["base"])


def asker(**headers):
    return SimpleNamespace(client=SimpleNamespace(host="127.0.0.1"), headers=headers, username=None, session_hash="s")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One page for all tests; each empties its home."""
    return App(Settings(home=tmp_path_factory.mktemp("home"), gold=0))


@pytest.fixture
def app(shared):
    yield shared
    for folder in runs(shared.settings.runs):
        if jobs.view(shared.settings, folder.id).working:
            subprocess.run(["kill", "-9", str(folder.status().pid)], check=True)
    for kind in ("runs", "datasets", "adapters", "estimates", "models"):
        subprocess.run(["rm", "-rf", str(shared.settings.home / kind)], check=True)


@pytest.fixture
def data(app):
    return data_set(app.settings.home)


@pytest.fixture
def chosen(data):
    return Chosen(data.name, "sft", describe(data).rows["train"])


@pytest.fixture
def busy(app, data):
    """A run that seems to train, and never ends by itself."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    folder = new_run(app.settings.runs, TrainConfig(data=data))
    folder.write_status(Status(
        "running", 3, 12, "train", child.pid, psutil.Process(child.pid).create_time(),
        created=time.time(), heartbeat=time.time(), seconds=6.0,
    ))  # fmt: skip
    yield folder
    child.kill()
    child.wait()


def ended(app, data, state="stopped", **more):
    folder = new_run(app.settings.runs, make_config(data=data))
    folder.write_status(Status(state, 4, 8, created=time.time(), **more))
    return folder


def measure(folder, *records):
    with folder.metrics.open("a", encoding="utf-8") as stream:
        stream.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


# A new run


def test_an_empty_tab_says_what_to_do(app):
    shown = app.call("look", "form", [None, ()])
    assert "用评审结果生成" in shown["train-described"]
    assert "蒸馏" in shown["train-described"]
    seen = app.look()
    assert "新的训练" in seen["train-board"]
    assert "还没有训练" in seen["train-state"]


def test_data_sets_are_offered_newest_first_and_what_cannot_be_used_is_not(app, data):
    later = data_set(app.settings.home, "later")
    manifest = later / "manifest.json"
    manifest.touch()
    (app.settings.home / "datasets" / "other").mkdir()
    broken = data_set(app.settings.home, "broken")
    (broken / "train.jsonl").write_text("{}\n", encoding="utf-8")
    offered = app.call("look", "form", [None, ()])["train-data"]
    assert [name for _, name in offered["choices"]] == ["later", "greetings"]
    assert offered["value"] == "later"
    assert app.call("look", "form", ["gone", ()])["train-data"]["value"] == "later"


def test_a_data_set_that_changes_is_described_anew(app, data):
    known = sets.DataSets(app.settings)
    assert [one.path.name for one in known.found()] == ["greetings"]
    (data / "train.jsonl").write_text("{}\n", encoding="utf-8")
    assert known.found() == []
    assert known.refused()[0].error.key == "error.frozen_damaged"
    assert "greetings" in sets.none_yet(known.refused())


@pytest.mark.parametrize("name", ["../greetings", "/etc", "", None, NASTY])
def test_a_name_from_outside_never_becomes_a_path(app, data, name):
    told = app.start(Chosen(name, "sft", 5))
    assert "请先选择一个数据集" in told["train-notice"]
    assert app.ids == []


def test_a_chosen_data_set_is_described_with_the_command_that_would_do_the_same(app, chosen, data):
    shown = app.call("choose", "form", [chosen.name, Chosen(), "standard", *DIAL])
    assert shown["Chosen"] == chosen
    assert "前 3 条" in words(shown["train-described"])
    assert "写一段" in shown["train-described"]
    assert f"建议学 {15:g} 轮" in words(shown["train-epochs-hint"])
    assert f"hesui train start --data {data} --preset standard" in words(shown["train-command"])
    foreign = app.call("choose", "form", [chosen.name, Chosen(), "standard", *DIAL], owner=False)
    assert str(app.settings.home) not in foreign["train-command"]


def test_the_command_line_starts_the_same_run(tmp_path):
    from hesui.cli.train_options import config_of

    given = dict(zip(FIELDS, DIAL, strict=True)) | {
        "rank": 4, "learning_rate": 0.00012, "epochs": 2.5, "dora": True, "patience": 3, "context": 512,
    }  # fmt: skip
    said = dial.command(tmp_path / "a b's set", "thorough", given)
    assert shlex.split(shlex.join(said)) == said
    options = dict(zip(said[3::2], said[4::2], strict=True))
    also = [one for name, one in pairwise(said) if name == "--set"]
    stated = {
        name[2:].replace("-", "_"): value
        for name, value in options.items()
        if name not in ("--data", "--preset", "--set")
    }
    made = config_of(tmp_path / "a b's set", options["--preset"], stated, also)
    assert made == make_config(**given, data=tmp_path / "a b's set")


def test_a_dial_fills_in_the_settings(app):
    told = app.call("dial", "form", ["thorough", "sft"])
    assert (told["train-rank"], told["train-patience"], told["train-probe-prompts"]) == (16, 4, 64)
    assert app.call("dial", "form", ["?", "sft"]) == app.call("dial", "form", ["standard", "?"])
    assert app.call("rate", "form", ["standard", "grpo"])["train-learning-rate"] < told["train-learning-rate"]


def test_pressed_twice_it_is_one_run_and_with_other_settings_another(app, busy, chosen):
    for _ in range(2):
        told = app.start(chosen)
        assert "已开始或排上队" in told["train-notice"]
    assert len(app.ids) == 2
    started = jobs.view(app.settings, told["train-run"]["value"])
    assert started.config == TrainConfig(data=app.settings.home / "datasets" / chosen.name)
    app.start(chosen, dial=dialled(seed=7))
    app.start(chosen, nonce="n2")
    assert len(app.ids) == 4


def test_a_setting_that_cannot_be_used_is_named(app, busy, chosen):
    told = app.start(chosen, dial=dialled(rank=-1))
    assert "LoRA 秩" in told["train-notice"]
    assert "至少为 1" in told["train-notice"]
    assert app.ids == [busy.id]


def test_what_was_reviewed_becomes_a_data_set_that_is_chosen(app):
    assert app.call("come", "form", [None, ()])["train-make-demo"]["value"] is True  # there is nothing else yet
    database = open_store(app.settings)
    desk = ReviewDesk(database, app.settings)
    answers = [id for id in desk.survey.ids(Filter()) if desk.require(id).kind == "answer"]
    for id in answers:
        desk.queue.rule_all("owner", [id], Decision("accept", key=f"key-{id}"[:60]))
    database.close()
    made = app.call("make", "form", ["sft", True])
    name = made["train-data"]["value"]
    assert name.startswith("review-sft-")
    assert describe(app.settings.home / "datasets" / name).kind == "sft"
    assert "条训练数据" in made["train-made"]
    shown = {
        owner: app.call("choose", "form", [name, Chosen(), "standard", *DIAL], owner=owner) for owner in (True, False)
    }
    assert "<details>" in shown[True]["train-described"]
    assert "<details>" not in shown[False]["train-described"]  # who may still review is not told what others decided
    nothing = app.call("make", "form", ["sft", False])
    assert "还没有可以导出的内容" in nothing["train-made"]


# What it will take


def test_a_run_whose_cost_is_known_shows_it_as_soon_as_it_is_chosen(app, chosen, data):
    asked = [chosen.name, Chosen(), "standard", *DIAL]
    assert "还没有估算过" in app.call("choose", "form", asked)["train-cost"]
    keep(app.settings, make_config(data=data), describe(data), FOUND)
    told = words(app.call("choose", "form", asked, owner=False)["train-cost"])
    assert "大约 40 秒，1.2 GB 内存，15 步" in told
    assert "about 40 s, 1.2 GB of memory, 15 steps" in told
    longer = app.call("say", "form", [chosen, "thorough", *dialled(epochs=200, rank=16)])
    assert "大约 7 分钟" in words(longer["train-cost"])
    assert "--rank" not in longer["train-command"]
    assert "--epochs 200" in longer["train-command"]
    assert "还没有估算过" in app.call("say", "form", [chosen, "standard", *dialled(batch=8)])["train-cost"]


def test_what_does_not_fit_into_memory_is_told_before_it_starts(app, chosen, data):
    keep(
        app.settings, make_config(data=data), describe(data), replace(FOUND, memory_mb=10**7, share=0.5, load_share=0.5)
    )
    told = words(app.call("say", "form", [chosen, "standard", *DIAL])["train-cost"])
    assert "内存装不下" in told
    assert "micro_batch=8" in told
    assert "空闲时大约 20 秒" in told


def test_while_a_run_is_at_work_nothing_is_measured_and_what_is_known_is_shown(app, busy, chosen, data):
    asked = [chosen, "standard", *DIAL]
    assert "等设备空出来" in app.call("say", "form", asked)["train-cost"]
    assert "正在进行，等它让出设备再估算" in app.call("measure", "form", asked)["train-notice"]
    keep(app.settings, make_config(data=data), describe(data), FOUND)
    assert "大约 40 秒" in words(app.call("say", "form", asked)["train-cost"])


def test_the_page_tells_what_is_being_measured_and_asks_again_once_it_is(app, chosen, data, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "train"))
    monkeypatch.setenv("REHEARSED", "")
    monkeypatch.setenv("MEASURED", json.dumps(FOUND.record()))
    monkeypatch.setattr(form, "Measuring", partial(form.Measuring, worker="rehearsed"))
    told = app.all("measure", "form", [chosen, "standard", *DIAL])
    assert "正在估算" in told[0]["train-cost"]
    assert told[-1] == {"train-notice": ""}
    assert "大约 40 秒" in words(app.call("say", "form", [chosen, "standard", *DIAL])["train-cost"])


def test_a_method_that_writes_its_own_answers_says_so_and_is_not_estimated(app, chosen):
    for method, said in (("dpo", "模型自己给每条写 4 个答案"), ("grpo", "模型边写边学，每条写 4 个答案")):
        rate = dial.dialled("standard", "embedded", method)["learning_rate"]
        told = app.call("say", "form", [chosen, "standard", *dialled(method=method, samples=4, learning_rate=rate)])
        assert said in words(told["train-method-hint"])
        assert "不估算" in words(told["train-cost"])
        assert f"--method {method} --set samples=4" in told["train-command"]
    plain = app.call("say", "form", [chosen, "standard", *DIAL])
    assert (plain["train-method-hint"], "--method" in plain["train-command"]) == ("", False)
    other = app.call("say", "form", [chosen, "standard", *dialled(method="kto")])
    assert "方法 kto 要用 kto 数据" in words(other["train-cost"])
    assert "方法 kto 要用 kto 数据" in words(app.start(chosen, dial=dialled(method="kto"))["train-notice"])


def test_another_kind_of_data_brings_its_own_method_and_the_dial_leaves_it(app, chosen):
    asked = [chosen.name, Chosen("pairs", "dpo", 9), "standard", *dialled(method="dpo")]
    shown = app.call("choose", "form", asked)
    assert shown["train-method"] == "sft"
    assert "--method" not in shown["train-command"]
    again = app.call("choose", "form", [chosen.name, Chosen("other", "sft", 9), "standard", *dialled(method="grpo")])
    assert "train-method" not in again
    assert "--method grpo" in again["train-command"]
    assert app.call("dial", "form", ["thorough", "dpo"])["train-method"] == gr.skip()


# A run at work


def test_a_run_at_work_is_shown_and_only_what_is_new_is_sent(app, busy):
    measure(
        busy,
        {"kind": "used", "step": 0, "rows": 226, "device": NASTY, "context": 512},
        {"kind": "probe", "step": 0, "n": 16, "satisfied": 0.25, "hit10": 0.5},
        *({"kind": "train", "step": n, "time": 100.0 + n, "loss": 1 / n, "tokens_per_second": 500} for n in (1, 2, 3)),
    )
    seen = app.look()
    said = words(seen["train-board"])
    for wanted in ("训练中", "学习", "第 3 步，共 12 步", "大约还要 9 秒", "226", "500", "25%", "50%"):
        assert wanted in said, wanted
    assert "data-working" in seen["train-state"]
    assert (seen["train-stop"]["interactive"], seen["train-resume"]["interactive"]) == (True, False)
    again = app.look(busy.id, seen["Watch"])
    assert {name for name in again if name in ("train-loss", "train-rates", "train-samples")} == set()
    measure(busy, {"kind": "train", "step": 4, "time": 104.0, "loss": 0.2})
    assert "train-loss" in app.look(busy.id, again["Watch"])


def test_a_run_that_comes_is_offered_and_leaves_the_choice_as_it_is(app, busy, chosen):
    seen = app.look()
    assert seen["train-run"]["value"] == busy.id
    waiting = app.start(chosen)["train-run"]["value"]
    offered = app.look(busy.id, seen["Watch"])["train-run"]
    assert {id for _, id in offered["choices"]} == {busy.id, waiting}
    assert "value" not in offered
    jobs.delete(app.settings, waiting)
    assert app.look(waiting, seen["Watch"])["train-run"]["value"] == busy.id


def test_a_stop_means_the_process_that_was_seen(app, busy):
    seen = app.look()["Watch"]
    stale = seen._replace(process=seen.process._replace(started=1.0))
    assert "已换了一个进程" in app.call("stop", "watch", [busy.id, stale])["train-watch-notice"]
    assert busy.wanted() == "run"
    told = app.call("stop", "watch", [busy.id, seen])
    assert "停止并保存" in told["train-watch-notice"]
    assert 'data-state="stopping"' in told["train-board"]
    assert busy.wanted() == "stop"


def test_cancelling_is_asked_first_and_means_the_run_that_was_asked_about(app, busy, chosen):
    waiting = app.start(chosen)["train-run"]["value"]
    seen = app.look(busy.id)["Watch"]
    asked = app.call("ask", "watch", [busy.id, seen])["Asked"]
    assert asked == Asked(busy.id, seen.process)
    assert busy.wanted() == "run"
    app.call("cancel", "watch", [asked, waiting, app.look(waiting)["Watch"]])
    assert busy.wanted() == "cancel"
    assert jobs.view(app.settings, waiting).state == "queued"


def test_a_run_that_waits_says_its_place_and_leaves_the_queue(app, busy, chosen):
    waiting = app.start(chosen)["train-run"]["value"]
    seen = app.look(waiting)
    assert "排在第 1 位" in words(seen["train-board"])
    app.call("stop", "watch", [waiting, seen["Watch"]])
    after = app.look(waiting, seen["Watch"])
    assert "已从队列里拿出来" in words(after["train-board"])
    assert after["train-resume"]["interactive"]
    app.call("resume", "watch", [waiting, after["Watch"]])
    assert jobs.view(app.settings, waiting).state == "queued"


def test_runs_that_wait_are_moved_and_taken_out_and_one_that_has_begun_is_not(app, busy, chosen):
    ids = [app.start(chosen, nonce=f"n{n}")["train-run"]["value"] for n in range(3)]
    queued = app.call("look", "waiting", [])["train-queue"]
    assert [queued.index(f'data-pick="{id}"') for id in ids] == sorted(queued.index(f'data-pick="{id}"') for id in ids)
    assert queued.count(" disabled") == 2
    assert "data-move" not in app.call("look", "waiting", [], owner=False)["train-queue"]
    told = app.call("move", "waiting", [], clicked={"pick": ids[2], "move": "up"})
    assert "顺序已调整" in told["train-queue-notice"]
    assert [folder.id for folder in jobs.queue(app.settings)] == [ids[0], ids[2], ids[1]]
    app.call("move", "waiting", [], clicked={"pick": ids[0], "move": "down"})
    assert [folder.id for folder in jobs.queue(app.settings)] == [ids[2], ids[0], ids[1]]
    app.call("move", "waiting", [], clicked={"pick": ids[2], "move": "out"})
    assert jobs.view(app.settings, ids[2]).state == "stopped"
    for id in (busy.id, "../x", NASTY):
        told = app.call("move", "waiting", [], clicked={"pick": id, "move": "out"})
        assert "不在队列里" in words(told["train-queue-notice"])
    assert busy.wanted() == "run"


def test_what_came_out_is_opened_in_compare(app, data):
    folder = ended(app, data, "done")
    assert not app.look(folder.id)["train-open"]["interactive"]
    folder.adapter.mkdir()
    (folder.adapter / "adapter_config.json").write_text("{}", encoding="utf-8")
    seen = app.look(folder.id)
    assert seen["train-open"]["interactive"]
    told = app.call("open", "watch", ["新春-1", folder.id, seen["Watch"]])
    assert "名为 新春-1" in told["train-watch-notice"]
    assert read_json(app.settings.adapters / "新春-1" / "run.json") == {"run": folder.id}
    told = app.call("open", "watch", ["../x", folder.id, seen["Watch"]])
    assert "不能用“../x”这个名称" in told["train-watch-notice"]


def test_a_log_is_read_from_its_end(tmp_path):
    log = tmp_path / "log.txt"
    assert watch.tail(log) == []
    log.write_text("".join(f"line {n}\n" for n in range(100_000)) + "10%\r50%\r100%\nlast", encoding="utf-8")
    assert watch.tail(log)[-3:] == ["line 99999", "100%", "last"]
    assert len(watch.tail(log)) == watch.LINES
    assert watch.tail(log, most=20) == ["100%", "last"]
    log.write_bytes(b"\xff\xfe" * 600_000)
    assert len(watch.tail(log)[0]) == watch.LONGEST_LINE


def test_a_log_is_for_owners(app, busy):
    busy.log.write_text(f"{NASTY}\n/secret/place\n", encoding="utf-8")
    assert "/secret/place" in app.look()["train-log"]
    assert "&lt;img" in app.look()["train-log"]
    assert "secret" not in str(app.look(owner=False))


def test_measurements_of_few_runs_are_kept_and_read_on(app, data):
    measured = Measured()
    folders = [ended(app, data) for _ in range(READERS + 2)]
    for n, folder in enumerate(folders):
        measure(folder, {"kind": "train", "step": 1, "time": 1.0, "loss": float(n)},
                {"kind": "probe", "step": 1, "n": 4, "satisfied": n / 10})  # fmt: skip
    assert [measured.curves(folder).loss[-1].value for folder in folders] == list(range(READERS + 2))
    assert len(measured._readers) == READERS
    measure(folders[0], {"kind": "probe", "step": 2, "n": 4, "satisfied": 0.9})
    assert [measured.best(folder).satisfied for folder in folders[:2]] == [0.9, 0.1]
    measure(folders[1], {"kind": "probe", "step": 2, "n": 4, "satisfied": 1.0})
    assert measured.best(folders[1]).step == 2


# All runs


def test_runs_are_listed_with_their_best_and_opened_by_a_click(app, data):
    folders = [ended(app, data), ended(app, data, "done")]
    measure(folders[0], {"kind": "probe", "step": 4, "n": 8, "satisfied": 0.5, "hit10": 0.75})
    app.call("save", "history", [folders[0].id, 0, "", f"很好 {NASTY}"])
    shown = app.call("look", "history", [folders[1].id, 0, "", ["gone"]])
    assert shown["train-runs"].count("data-pick") == 2
    for wanted in ("标准", "75% / 50%", "很好", "已停止，可继续", "4 / 8"):
        assert wanted in words(shown["train-runs"]), wanted
    assert "<img" not in shown["train-runs"]
    assert shown["train-overlay"]["value"] == []
    picked = app.call("pick", "history", clicked={"pick": folders[0].id}, values=[])
    assert picked["train-run"] == folders[0].id
    assert picked["train-tabs"].selected == "train.watch"
    noted = app.call("chosen", "history", [folders[0].id])
    assert noted["train-note"] == f"很好 {NASTY}"
    gone = app.call("pick", "history", clicked={"pick": "../x"}, values=[])
    assert "没有训练" in gone["train-history-notice"]


def test_runs_are_found_by_what_is_said_of_them_and_the_choice_stays(app, busy, data):
    folder = ended(app, data, "failed")
    jobs.note(app.settings, folder.id, "太多轮 Too Many")
    for find, wanted in {
        "": {busy.id, folder.id}, "too many": {folder.id}, "训练中": {busy.id}, "FAILED": {folder.id},
        folder.id[-4:]: {folder.id}, "greetings": {busy.id, folder.id}, "sft": {busy.id, folder.id}, NASTY: set(),
    }.items():  # fmt: skip
        shown = app.call("search", "history", [busy.id, find])
        assert {id for id in (busy.id, folder.id) if id in shown["train-runs"]} == wanted, find
        assert "train-run" not in shown
        assert "<img" not in shown["train-runs"]
    assert "没有符合" in shown["train-runs"]
    assert folder.id not in app.call("look", "history", [busy.id, 0, "训练中", []])["train-runs"]


def test_a_run_is_merged_in_a_process_of_its_own_and_it_is_said_how_to_use_it(app, data, busy):
    folder = ended(app, data, "done")
    told = app.call("merge", "history", [folder.id, "mine"])  # the command says what is missing
    assert "没能合并" in told["train-history-notice"]
    assert "has no adapter yet" in told["train-history-notice"]
    assert "正在进行" in app.call("merge", "history", [busy.id, "mine"])["train-history-notice"]
    assert "不能用“../x”这个名称" in app.call("merge", "history", [folder.id, "../x"])["train-history-notice"]
    (app.settings.home / "models" / "taken").mkdir(parents=True)
    assert "已有内容" in app.call("merge", "history", [folder.id, "taken"])["train-history-notice"]
    said = history.merged(app.settings.home / "a b")
    assert f"HESUI_BASE_MODEL=&#x27;{app.settings.home}/a b&#x27; hesui app" in said


def test_some_runs_are_laid_over_each_other(app, data):
    folders = [ended(app, data) for _ in range(5)]
    for folder in folders:
        measure(folder, {"kind": "train", "step": 1, "time": 1.0, "loss": 0.5})
    drawn = app.call("together", "history", [[folder.id for folder in folders]])["train-overlaid"]
    assert sum(folder.id[-4:] in words(drawn) for folder in folders) == 4
    assert app.call("together", "history", [[]])["train-overlaid"] == ""
    assert "没有训练" in app.call("together", "history", [["../x"]])["train-history-notice"]


def test_a_run_is_deleted_once_that_is_confirmed_and_never_while_it_works(app, busy, data):
    folder = ended(app, data)
    asked = app.call("ask", "history", [folder.id])
    assert folder.path.is_dir()
    told = app.call("delete", "history", [asked["str"], busy.id, 0, ""])
    assert "已删除" in told["train-history-notice"]
    assert told["train-run"]["value"] == busy.id
    assert app.ids == [busy.id]
    assert "正在进行" in app.call("delete", "history", [busy.id, busy.id, 0, ""])["train-history-notice"]
    assert "没有训练" in app.call("delete", "history", ["", busy.id, 0, ""])["train-history-notice"]
    assert app.ids == [busy.id]


# Rights and what comes from outside


@pytest.mark.parametrize(
    ("name", "module", "values"),
    [
        ("start", "form", [Chosen("greetings", "sft", 9), "n", "standard", *DIAL]),
        ("make", "form", ["sft", True]),
        ("stop", "watch", ["ID", Watch()]),
        ("resume", "watch", ["ID", Watch()]),
        ("ask", "watch", ["ID", Watch()]),
        ("cancel", "watch", [Asked("ID"), "ID", Watch()]),
        ("open", "watch", ["name", "ID", Watch()]),
        ("save", "history", ["ID", 0, "", "mine"]),
        ("ask", "history", ["ID"]),
        ("delete", "history", ["ID", "ID", 0, ""]),
        ("merge", "history", ["ID", "mine"]),
        ("measure", "form", [Chosen("greetings", "sft", 9), "standard", *DIAL]),
        ("move", "waiting", []),
    ],
)
def test_whoever_is_no_owner_changes_nothing(app, busy, name, module, values):
    given = [busy.id if value == "ID" else Asked(busy.id) if isinstance(value, Asked) else value for value in values]
    told = app.call(name, module, given, owner=False)
    assert "只有主人可以这样做" in str(told)
    assert (app.ids, busy.wanted(), jobs.read_note(busy)) == ([busy.id], "run", "")
    assert [path.name for path in (app.settings.home / "datasets").iterdir()] == ["greetings"]


def test_whoever_is_no_owner_may_look_and_finds_no_button_to_press(app, busy):
    seen = app.look(owner=False)
    assert "训练中" in seen["train-board"]
    assert "随意查看" in seen["train-rights"]
    asking = ("train-stop", "train-cancel", "train-resume", "train-open")
    assert [seen[name]["interactive"] for name in asking] == [False] * 4
    offered = app.call("look", "form", [None, ()], owner=False)
    asking = ("train-start", "train-make", "train-estimate")
    assert [offered[name]["interactive"] for name in asking] == [False] * 3


def nasty_view(app, data):
    folder = ended(app, data, "failed", note=NASTY, note_key=NASTY, note_values={"a": NASTY}, phase=NASTY)
    view = jobs.view(app.settings, folder.id)
    config = view.config.model_copy(update={"data": app.settings.home / NASTY.replace("/", "")})
    write_json(folder.path / "config.json", config.record())
    return jobs.View(folder, view.status, view.state, config, True, True)


def test_what_comes_from_outside_is_text_and_not_html(app, data, tmp_path):
    view = nasty_view(app, data)
    curves = Curves(used={"rows": NASTY, "device": NASTY}, loss=(Point(1, 1.0),))
    example = Example((Message("user", NASTY),), (NASTY, NASTY), task=NASTY)
    described = DataSet(tmp_path / "x", "dpo", "trl", {"train": 1}, {NASTY: 1}, {}, (example,))
    for html in (
        board.board(view, curves, None, 0, NASTY),
        board.listed([board.Row(view, Probe(1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0), NASTY)], NASTY),
        board.log([NASTY]),
        sets.described(described, CLASSES, preview=True),
        waiting.waiting([view.folder], owner=True),
        app.look(view.id)["train-board"],
    ):
        assert "<img" not in html
        assert "'window" not in html
        assert "&lt;img" in html


def test_a_note_of_another_version_is_still_told(app, data):
    folder = ended(app, data, "stopped", note="saved at 4", note_key="train.note_saved", note_values={})
    assert "saved at 4" in app.look(folder.id)["train-board"]
    known = ended(app, data, "stopped", note="x", note_key="train.note_saved", note_values={"step": 4})
    assert "在第 4 步停止，已保存" in words(app.look(known.id)["train-board"])
