"""A child process outlives its parent and is known for good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hesui.processes import STEP_BACK, Identity, alive, mine, spawn


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition never came true"
        time.sleep(0.05)


def test_this_process_is_alive_and_another_of_its_pid_is_not():
    assert alive(mine())
    assert not alive(Identity(mine().pid, mine().started - 60))


def test_a_child_writes_to_its_log_and_is_gone_after_it_ends(tmp_path):
    log = tmp_path / "deep" / "log.txt"
    child = spawn("this", [], log, {})
    until(lambda: not alive(child))
    assert "Beautiful is better than ugly" in log.read_text()


def test_a_child_has_a_session_of_its_own(tmp_path):
    child = spawn("http.server", ["0", "--bind", "127.0.0.1"], tmp_path / "log.txt", {})
    try:
        assert os.getsid(child.pid) == child.pid
        assert alive(child)
    finally:
        os.kill(child.pid, signal.SIGKILL)
    until(lambda: not alive(child))


def test_arguments_are_words_and_no_shell_reads_them(tmp_path):
    (tmp_path / "say.py").write_text("import sys; print(sys.argv[1:])")
    log = tmp_path / "log.txt"
    child = spawn("say", ["$(touch x); `id`", "两 字"], log, {"PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"})
    until(lambda: not alive(child))
    assert "['$(touch x); `id`', '两 字']" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("own_session", [True, False])
def test_a_process_that_steps_back_takes_its_own_session_with_it_and_no_other(own_session):
    group = Path("/proc/self/autogroup")
    look = f"print(os.nice(0), open('{group}').read() if os.path.exists('{group}') else '')"
    code = f"import os; from hesui.processes import step_back; step_back(); {look}"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, start_new_session=own_session
    ).stdout
    assert said.startswith(f"{os.nice(0) + STEP_BACK} ")
    if group.exists():
        assert said.rstrip().endswith(f"nice {STEP_BACK}") is own_session
