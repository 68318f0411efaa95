"""The Train tab in a real browser: from a data set to a run that waits, and one that has ended. No model trains here."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import gradio as gr
import httpx
import psutil
import pytest

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.config import TrainConfig, make_config
from hesui.train.runs import Status, new_run, runs
from hesui.ui.train import form

pytestmark = pytest.mark.browser
NASTY = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{value}}${1+1}'
MODULES = {f"hesui.ui.train.{name}" for name in ("form", "watch", "history", "waiting")}
LOOKING = {
    "come",
    "look",
    "choose",
    "dial",
    "say",
    "keep",
    "turn",
    "pick",
    "chosen",
    "together",
    "search",
    "rate",
}  # everybody may


@pytest.fixture(scope="module")
def app(tmp_path_factory, serve_page):
    """The page with a home of its own: a data set, a run that has ended, and one that never does."""
    settings = Settings(home=tmp_path_factory.mktemp("home"), gold=0)
    data = settings.home / "datasets" / "greetings"
    answers(data)
    ended = new_run(settings.runs, make_config(data=data))
    ended.write_status(Status("done", 40, 40, created=time.time()))
    with ended.metrics.open("w", encoding="utf-8") as stream:
        for record in measured():
            stream.write(json.dumps(record) + "\n")
    ended.log.write_text(f"{NASTY}\n", encoding="utf-8")
    jobs.note(settings, ended.id, NASTY)
    time.sleep(1.1)  # an id counts seconds, and the newest run is shown first
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    busy = new_run(settings.runs, TrainConfig(data=data))
    busy.write_status(Status(
        "running", 3, 12, "train", child.pid, psutil.Process(child.pid).create_time(),
        created=time.time(), heartbeat=time.time(), seconds=6.0,
    ))  # fmt: skip
    yield serve_page(settings), settings, ended.id, busy.id
    child.kill()
    child.wait()


def answers(folder):
    prompts = [f"给{who}写一段{n}字的拜年话" for n, who in enumerate("爷奶爸妈哥姐弟妹叔姨", start=20)]
    freeze([Row(str(n), "greeting", one, parse(one), reference="新年好。") for n, one in enumerate(prompts)], folder)


def measured():
    for step in range(1, 41):
        yield {"kind": "train", "step": step, "time": 100.0 + step, "loss": 2 / step, "learning_rate": 1e-4,
               "grad_norm": 0.1, "tokens_per_second": 500, "memory_mb": 800}  # fmt: skip
        if step % 10 == 0:
            yield {"kind": "probe", "step": step, "n": 8, "satisfied": step / 100, "hit10": step / 50}
            yield {"kind": "sample", "step": step, "prompt": NASTY, "text": NASTY, "count": 9, "target": 10}


def test_a_run_is_started_once_waits_in_the_queue_and_is_taken_out(visit, app):
    page = visit(url=app[0].local_url)
    page.locator("#tab-train-button").click()
    page.locator("#train-described .tr-data").wait_for()
    page.locator("#train-preset label", has_text="快速").click()
    page.locator("#train-command", has_text="--preset quick").wait_for()
    page.locator("#train-start").dblclick()
    page.locator("#train-board", has_text="排在第 1 位").wait_for()
    assert len(runs(app[1].runs)) == 3
    page.locator("#train-cancel").click()
    page.locator("#train-cancel-yes").click()
    page.locator("#train-board", has_text="已从队列里拿出来").wait_for()
    page.locator("#train-cancel-really").wait_for(state="hidden")
    started = runs(app[1].runs)[0]
    assert (started.config().most_steps, started.config().method) == (240, "sft")
    assert jobs.view(app[1], app[3]).folder.wanted() == "run"


def test_the_page_answers_while_it_measures_and_tells_what_a_run_takes_in_both_languages(
    visit, serve_page, tmp_path, monkeypatch
):
    settings = Settings(home=tmp_path / "home", gold=0)
    answers(settings.home / "datasets" / "greetings")
    found = {
        "made": 1.8e9, "device": "cpu", "rows": 10, "left_out": 0, "tokens_max": 90, "rank": 8, "processes": 1, "load": 10.0, "step": 2.0,
        "tokens_per_second": 900.0, "evaluation": 0.0, "probes": [[4, 0.0]], "ability": 0.0, "save": 0.0,
        "checkpoint": 2**20, "memory_mb": 1229, "free_mb": 0, "share": 1.0, "load_share": 1.0,
    }  # fmt: skip
    for name, value in {
        "PYTHONPATH": Path(__file__).parents[1] / "train", "REHEARSED": "held", "GATE": tmp_path / "gate",
        "MEASURED": json.dumps(found),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr(form, "Measuring", partial(form.Measuring, worker="rehearsed"))
    page = visit(url=serve_page(settings).local_url, phone=True)
    page.locator("#tab-train-button").click()
    page.locator("#train-cost", has_text="还没有估算过").wait_for()
    page.locator("#train-estimate").click()
    page.locator("#train-cost .doing").wait_for()
    page.locator("#train-preset label", has_text="快速").click()
    page.locator("#train-command", has_text="--preset quick").wait_for()
    page.locator("#train-cost .doing", has_text="学习").wait_for()
    (tmp_path / "gate").touch()
    page.locator("#train-cost .told", has_text="大约 40 秒，1.2 GB 内存，15 步").wait_for()
    page.locator("#train-more button").first.click()
    page.locator("#train-epochs input").fill("2")
    page.locator("#train-cost .told", has_text="大约 14 秒，1.2 GB 内存，2 步").wait_for()
    page.locator("#language").click()
    page.locator("#train-cost .told .t-en", has_text="about 14 s, 1.2 GB of memory, 2 steps").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_a_run_measured_is_seen_on_a_phone_and_nothing_scrolls_sideways(visit, app):
    page = visit(url=app[0].local_url, phone=True, locale="en-US")  # its words are the longer ones
    page.locator("#tab-train-button").click()
    page.locator("#train-more button").first.click()
    page.locator("#train-described .tr-data").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#train-history-tab-button").click()
    page.locator(f"[data-pick='{app[2]}']").click()
    page.locator(f"#train-board [data-run='{app[2]}']").wait_for()
    for place in ("loss", "probe", "rates"):
        page.locator(f"#train-{place} svg").first.wait_for()
    page.locator("#train-samples .answer").first.wait_for()
    page.locator("#train-log-box button").first.click()
    page.locator("#train-log pre", has_text="onerror").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#train-history-tab-button").click()
    page.wait_for_function("document.querySelector('#train-note textarea').value.includes('onerror')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("window.hacked") is None


def call(url, fn, values):
    """Call an endpoint from elsewhere, as the page's own script does; the answer as one text."""
    with httpx.Client(base_url=url, timeout=30) as client:
        asked = {"data": values, "fn_index": fn, "session_hash": f"train{fn}", "event_data": None, "trigger_id": None}
        client.post("gradio_api/queue/join", json=asked, headers={"X-Forwarded-For": "203.0.113.5"}).raise_for_status()
        told = ""
        with client.stream("GET", "gradio_api/queue/data", params={"session_hash": f"train{fn}"}) as stream:
            for line in stream.iter_lines():
                said = json.loads(line[5:]) if line.startswith("data:") else {}
                told += json.dumps(said, ensure_ascii=False)
                if said.get("msg") in ("process_completed", "close_stream"):
                    break
        return told


def test_over_http_nobody_but_the_owner_starts_stops_or_deletes(app):
    before = [folder.id for folder in runs(app[1].runs)]
    asked = set()
    for number, fn in app[0].fns.items():
        if fn.fn is None or fn.fn.__module__ not in MODULES or fn.name in LOOKING:
            continue
        values = [None if isinstance(widget, gr.State) else widget.value for widget in fn.inputs]
        assert "只有主人可以这样做" in call(app[0].local_url, number, values), fn.name
        asked.add(f"{fn.fn.__module__.rpartition('.')[2]}.{fn.name}")
    assert asked == {"form.make", "form.start", "watch.stop", "watch.resume", "watch.ask", "watch.cancel",
                     "watch.open", "history.save", "history.ask", "history.delete", "history.merge", "form.measure",
                     "waiting.move"}  # fmt: skip
    assert [folder.id for folder in runs(app[1].runs)] == before
    assert jobs.view(app[1], app[3]).folder.wanted() == "run"
