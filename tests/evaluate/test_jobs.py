"""An evaluation in a process of its own survives being killed, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import time

import pytest

from hesui.errors import InputError, ModelNotFound
from hesui.evaluate import jobs
from hesui.evaluate.config import make_config
from hesui.evaluate.folder import Entry
from hesui.evaluate.generating import missing
from hesui.processes import locked
from hesui.settings import Settings


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.05)


def free(folder):
    """Whether nobody holds the evaluation: of a killed process some threads may end a moment after it."""
    try:
        with locked(folder.path / ".lock", wait=False):
            return True
    except BlockingIOError:
        return False


def test_a_killed_process_leaves_what_it_had_and_another_goes_on(settings, answered):
    folder = jobs.start(settings, make_config(models=("base",), seeds=1, perplexity=False))
    until(lambda: folder.answers_file.is_file())
    assert jobs.view(settings, folder.id).working
    with pytest.raises(InputError, match="at work"):
        jobs.delete(settings, folder.id)
    process = jobs.view(settings, folder.id).status.pid
    os.kill(process, signal.SIGKILL)
    until(lambda: jobs.view(settings, folder.id).state == "interrupted")
    kept = {answer[:3]: answer.text for _, answer in folder.answers()}
    assert 0 < len(kept) < 400
    assert jobs.view(settings, folder.id).resumable
    assert jobs.unfinished(settings, folder.config()).id == folder.id
    until(lambda: free(folder))
    answered(folder, lambda request: "祝您新年快乐。")
    after = {answer[:3]: answer.text for _, answer in folder.answers()}
    assert len(after) == 400
    assert kept.items() <= after.items()
    assert jobs.unfinished(settings, folder.config()) is None


def test_a_stop_is_obeyed_and_kept(settings):
    folder = jobs.start(settings, make_config(models=("base",), seeds=1, perplexity=False))
    until(lambda: jobs.view(settings, folder.id).status.pid is not None)
    jobs.stop(settings, folder.id)
    until(lambda: jobs.view(settings, folder.id).resumable)
    assert jobs.view(settings, folder.id).state == "stopped"
    assert missing(folder)
    with pytest.raises(InputError, match="nothing works"):
        jobs.stop(settings, folder.id)
    jobs.delete(settings, folder.id)
    assert jobs.views(settings) == []


def test_who_is_not_there_cannot_be_asked(settings):
    with pytest.raises(ModelNotFound, match="nobody"):
        jobs.prepare(settings, make_config(models=("base", "nobody")))
    assert jobs.views(settings) == []


def test_a_model_behind_a_server_is_asked_raw_only(tmp_path):
    remotes = {"far": {"url": "http://127.0.0.1:1/v1", "model": "x"}}
    settings = Settings(home=tmp_path, remotes=remotes)
    folder = jobs.prepare(settings, make_config(models=("base", "far"), decoding=("raw", "guided"), limit=1))
    assert [(entry.model, entry.decoding) for entry in folder.entries()] == [
        ("base", "raw"), ("base", "guided"), ("far", "raw"),
    ]  # fmt: skip
    assert folder.entries()[2] == Entry("far", "raw")
    with pytest.raises(InputError, match="cannot be guided"):
        jobs.prepare(settings, make_config(models=("far",), decoding=("guided",)))


def test_a_folder_of_another_name_is_no_evaluation(settings):
    with pytest.raises(InputError, match="there is no evaluation '../runs'"):
        jobs.view(settings, "../runs")
