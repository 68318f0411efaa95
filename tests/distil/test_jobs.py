"""A run belongs to nobody's page: it is started, watched, stopped and picked up again from anywhere."""

from __future__ import annotations

import os
import signal
import time

import pytest

from hesui.corpus.splits import read_manifest
from hesui.distil import jobs
from hesui.distil.config import Config
from hesui.errors import InputError, TeacherError
from hesui.processes import Identity, alive, mine
from hesui.settings import Settings
from hesui.store.distilling import DistilStore
from hesui.store.migrate import open_store

SMALL = Config(prompts=40, classes=("greeting",))
LARGE = Config(prompts=2000, classes=("greeting",))


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def store(settings):
    database = open_store(settings)
    store = DistilStore(database)
    yield store
    for run in store.runs():
        if run.pid and run.pid != os.getpid() and alive(Identity(run.pid, run.pid_started)):
            os.kill(run.pid, signal.SIGKILL)
    database.close()


def until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.1)
    return found


def state(store, id):
    return jobs.view(store, id).state


def answered(store, id):
    return sum(tally.answered for tally in jobs.view(store, id).tallies.values())


def test_a_run_goes_on_in_its_own_process_until_its_splits_are_frozen(store, settings):
    id = jobs.start(store, settings, SMALL)
    until(lambda: state(store, id) == "done")
    view = jobs.view(store, id)
    assert view.tallies["greeting"].accepted >= 36
    assert not view.resumable
    manifest = read_manifest(jobs.splits_folder(settings, id))
    assert manifest is not None
    assert "greeting" in manifest.counts["train"]
    assert "started as process" in (jobs.folder(settings, id) / "log.txt").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="done"):
        jobs.resume(store, settings, id)


def test_a_killed_run_is_seen_as_interrupted_and_goes_on_where_it_was(store, settings):
    id = jobs.start(store, settings, LARGE)
    until(lambda: answered(store, id) > 20)
    with pytest.raises(InputError, match="still at work"):
        jobs.start(store, settings, SMALL)
    os.kill(store.run(id).pid, signal.SIGKILL)
    until(lambda: state(store, id) == "interrupted")
    before = answered(store, id)
    jobs.resume(store, settings, id)
    until(lambda: answered(store, id) > before)
    jobs.stop(store, id)
    until(lambda: state(store, id) == "stopped")
    assert jobs.view(store, id).resumable
    with pytest.raises(InputError, match="no process"):
        jobs.stop(store, id)


def test_a_pause_holds_the_calls_and_a_resume_lets_them_go(store, settings):
    id = jobs.start(store, settings, LARGE)
    until(lambda: answered(store, id) > 5)
    jobs.pause(store, id)
    until(lambda: state(store, id) == "paused")
    pid = store.run(id).pid
    held = answered(store, id)
    time.sleep(1)
    assert answered(store, id) - held <= SMALL.concurrency  # what was under way
    jobs.resume(store, settings, id)
    until(lambda: answered(store, id) > held + SMALL.concurrency)
    assert store.run(id).pid == pid
    jobs.stop(store, id)
    until(lambda: state(store, id) == "stopped")


def test_a_stop_that_comes_before_the_worker_is_obeyed(store, settings):
    id = jobs.new_run(store, LARGE)
    jobs.stop(store, id)
    assert store.claim_run(id, *mine(), dead=[])
    assert store.run(id).wanted == "stop"


@pytest.mark.parametrize(
    ("config", "error", "said"),
    [
        (Config(teacher="nobody"), InputError, "there are: composer"),
        (Config(teacher="openai"), TeacherError, "OPENAI_API_KEY"),
        (Config(teacher="local", model="m", base_url="ftp://x"), InputError, "address"),
        (Config(classes=("unknown",)), InputError, "unknown class"),
        (Config(classes=("coreference",)), InputError, "labels"),
    ],
)
def test_what_would_end_a_run_at_once_keeps_it_from_starting(store, settings, monkeypatch, config, error, said):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(error, match=said):
        jobs.start(store, settings, config)
    assert store.runs() == []


def test_without_a_run_the_way_to_one_is_told(store):
    with pytest.raises(InputError, match="start one"):
        jobs.require_view(store, None)
    with pytest.raises(InputError, match="none yet"):
        jobs.require_view(store, "gone")
