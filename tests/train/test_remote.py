"""A run works elsewhere: what is sent, what comes back, what a wish does. The Hub is a folder, the worker a stand-in.

Every call must fit the real client's signature; that the Hub does what it is asked is not proved here.
"""

from __future__ import annotations

import inspect
import os
import shutil
from dataclasses import asdict
from fnmatch import fnmatch
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi

from hesui.errors import InputError
from hesui.files import read_json, write_json
from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.remote import Place, command, require_sendable, stand_for, there
from hesui.train.runs import new_run
from hesui.train.worker.wish import Wish

SECRET = "hf_secretsecretsecret"


class Hub:
    """The few calls that the run needs, on folders; a job runs in a thread."""

    def __init__(self, place: Path) -> None:
        self.place, self.jobs, self.thread, self.down = place, [], None, 0

    def __getattribute__(self, name):
        found = object.__getattribute__(self, name)
        if not callable(found) or not hasattr(HfApi, name):
            return found

        def call(*arguments, **named):
            inspect.signature(getattr(HfApi, name)).bind(self, *arguments, **named)
            if self.down:
                self.down -= 1
                raise ConnectionError(f"nobody answers {SECRET}")
            return found(*arguments, **named)

        return call

    def whoami(self):
        return {"name": "ann"}

    def create_repo(self, repo, repo_type, private, exist_ok):
        assert (repo_type, private, exist_ok) == ("dataset", True, True)
        (self.place / repo).mkdir(parents=True, exist_ok=True)

    def upload_folder(self, repo_id, repo_type, folder_path, commit_message, allow_patterns, ignore_patterns):
        copy(Path(folder_path), self.place / repo_id, allow_patterns, ignore_patterns)

    def snapshot_download(self, repo, repo_type, local_dir, allow_patterns):
        copy(self.place / repo, Path(local_dir), allow_patterns, None)

    def run_job(self, image, command, flavor, timeout, secrets, env):
        self.jobs.append(
            SimpleNamespace(flavor=flavor, timeout=timeout, command=command, secrets=secrets, stage="RUNNING")
        )
        repo = command[-1].split()[-1]
        self.thread = Thread(target=self._work, args=(self.jobs[-1], repo), daemon=True)
        self.thread.start()
        return SimpleNamespace(id=f"job-{len(self.jobs)}")

    def _work(self, job, repo):
        there(repo, self, pause=0.05, worker="standin")
        job.stage = "COMPLETED" if job.stage == "RUNNING" else job.stage

    def inspect_job(self, job_id):
        return SimpleNamespace(status=SimpleNamespace(stage=self.jobs[int(job_id.split("-")[1]) - 1].stage))

    def cancel_job(self, job_id):
        self.jobs[int(job_id.split("-")[1]) - 1].stage = "CANCELED"


def copy(source, target, only, but):
    for file in sorted(source.rglob("*")):
        name = file.relative_to(source).as_posix()
        wanted = (not only or any(fnmatch(name, one) for one in only)) and not any(
            fnmatch(name, one) for one in but or ()
        )
        if file.is_file() and wanted and not name.endswith(".part"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            draft = target / f"{name}.part"
            shutil.copyfile(file, draft)
            draft.replace(target / name)


@pytest.fixture
def settings(tmp_path):
    """A home of the test's own; what stands for a run is a thread of this process, which must not be ended."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def hub(tmp_path, monkeypatch, standin):
    standin()
    monkeypatch.setenv("HF_TOKEN", SECRET)
    found = Hub(tmp_path / "hub")
    yield found
    if found.thread is not None:
        for file in found.place.rglob("wanted.json"):
            write_json(file, {"wanted": "cancel"})
        found.thread.join(60)


@pytest.fixture
def sent(settings, config):
    """Makes a run that is to work elsewhere."""

    def make(steps=5):
        folder = new_run(settings.runs, config(steps))
        write_json(folder.path / "remote.json", asdict(Place("a10g-small", "2h")))
        return folder

    return make


def texts(folder):
    return "".join(file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file())


def test_a_run_is_sent_followed_and_brought_back(hub, sent, settings):
    folder = sent()
    assert stand_for(folder, Wish(folder), hub, pause=0.05) == "done"
    (job,) = hub.jobs
    assert (job.flavor, job.timeout, job.secrets) == ("a10g-small", "2h", {"HF_TOKEN": SECRET})
    status = folder.status()
    assert (status.state, status.step, status.pid) == ("done", 5, os.getpid()) and folder.done
    assert [found["step"] for found in folder.measurements("train")] == [1, 2, 3, 4, 5]
    assert (folder.adapter / "adapter_model.safetensors").is_file()
    assert jobs.view(settings, folder.id).state == "done"
    repo = hub.place / "ann" / f"hesui-run-{folder.id}"
    assert read_json(repo / "config.json")["data"] == "data" and (repo / "data" / "manifest.json").is_file()
    assert SECRET not in texts(folder.path) + texts(hub.place) + " ".join(job.command)


def test_a_wish_to_stop_reaches_the_job_and_what_it_saved_comes_back(hub, sent, until):
    folder = sent(steps=2000)
    over = Thread(target=stand_for, args=(folder, Wish(folder), hub, 0.05))
    over.start()
    until(lambda: folder.status().step > 0)
    folder.write_wanted("stop")
    until(lambda: folder.status().phase == "save" or not over.is_alive())  # so that nobody ends the process meanwhile
    over.join(60)
    assert folder.status().state == "stopped" and not folder.done
    assert (folder.adapter / "adapter_model.safetensors").is_file()


def test_a_run_that_was_stopped_there_is_begun_anew(hub, sent, until):
    folder = sent(steps=150)
    over = Thread(target=stand_for, args=(folder, Wish(folder), hub, 0.05))
    over.start()
    until(lambda: folder.status().step > 0)
    folder.write_wanted("stop")
    over.join(60)
    assert folder.status().state == "stopped"
    folder.write_wanted("run")
    assert stand_for(folder, Wish(folder), hub, pause=0.05) == "done"
    assert len(hub.jobs) == 2 and folder.done


def test_a_wish_to_cancel_ends_the_job(hub, sent, until):
    folder = sent(steps=2000)
    over = Thread(target=stand_for, args=(folder, Wish(folder), hub, 0.05))
    over.start()
    until(lambda: folder.status().step > 0)
    folder.write_wanted("cancel")
    over.join(60)
    assert (folder.status().state, hub.jobs[0].stage) == ("stopped", "CANCELED")


def test_whoever_stood_for_a_run_may_come_back_to_the_same_job(hub, sent, until):
    folder = sent(steps=300)
    first = Wish(folder)
    over = Thread(target=stand_for, args=(folder, first, hub, 0.05))
    over.start()
    until(lambda: read_json(folder.path / "remote.json")["job"])
    assert stand_for(folder, Wish(folder), hub, pause=0.05) == "done"
    over.join(60)
    assert len(hub.jobs) == 1


def test_a_network_that_fails_for_a_while_is_waited_for(hub, sent, until):
    folder = sent(steps=300)
    over = Thread(target=stand_for, args=(folder, Wish(folder), hub, 0.05))
    over.start()
    until(lambda: folder.status().step > 0)
    hub.down = 8
    over.join(60)
    assert folder.status().state == "done"


def test_a_hub_that_refuses_is_named_without_the_token(hub, sent):
    folder = sent()
    hub.down = 10**6
    assert stand_for(folder, Wish(folder), hub, pause=0.01) == "failed"
    status = folder.status()
    assert status.note_key == "error.remote_hub" and "nobody answers …" in status.note
    assert SECRET not in texts(folder.path)


def test_a_job_that_ends_before_its_run_fails_it(hub, sent, until):
    folder = sent(steps=2000)
    over = Thread(target=stand_for, args=(folder, Wish(folder), hub, 0.05))
    over.start()
    until(lambda: folder.status().step > 0)
    hub.jobs[0].stage = "ERROR"  # its time was up
    over.join(60)
    assert (folder.status().state, folder.status().note_key) == ("failed", "error.remote_ended")


def test_the_package_is_quoted_for_the_shell():
    place = Place("cpu-basic", package="hesui @ git+https://example.org/x; rm -rf /", repo="ann/hesui-run-1")
    assert "'hesui @ git+https://example.org/x; rm -rf /'" in command(place)


def test_what_lies_here_only_cannot_be_sent(config, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(InputError, match="HF_TOKEN is not set"):
        require_sendable(config())
    monkeypatch.setenv("HF_TOKEN", SECRET)
    require_sendable(config())
    require_sendable(config().model_copy(update={"base": "Qwen/Qwen3-0.6B"}))
    for values in ({"base": str(tmp_path)}, {"adapter": "mine"}):
        with pytest.raises(InputError, match="this machine only"):
            require_sendable(config().model_copy(update=values))


def test_a_run_with_a_place_is_stood_for_by_another_process(settings, config, standin, until):
    folder = jobs.start(settings, config(5), worker=standin(), place=asdict(Place("a10g-small")))
    status = until(lambda: jobs.view(settings, folder.id).state == "failed" and folder.status())
    assert status.note_key == "error.remote_token"  # none is set here
