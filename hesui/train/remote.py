"""A run whose worker works elsewhere, as a job of the Hub; here a process stands for it: `python -m hesui.train.remote`.

Data and settings go into a private repository of the user's, the job puts there what the run's folder holds, and this
side copies it into the local folder, so that everybody reads it as ever. The token goes to the Hub alone: as the
job's secret, never into a file, a log or a command. Knows neither how a run trains nor who started it.
"""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from hesui.errors import HesuiError, InputError
from hesui.files import read_json, write_json
from hesui.settings import EMBEDDED
from hesui.train.config import TrainConfig
from hesui.train.runs import RunFolder, Status, Wanted
from hesui.train.sittings import ENDED, PLACE, WORKER
from hesui.train.worker.diary import Diary
from hesui.train.worker.wish import Wish

if TYPE_CHECKING:
    from huggingface_hub import HfApi

log = logging.getLogger(__name__)

TOKEN = "HF_TOKEN"  # noqa: S105 - the variable's name
IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
KIND = "dataset"  # of the repository
PULSE = 1.0  # seconds between two looks at what is wanted
LOOK = 15.0  # seconds between two looks at a job
TELL = 60.0  # seconds between two reports of a job: the Hub takes some hundred commits an hour
LOST = 40  # looks in a row without an answer until the run fails
OVER = ("COMPLETED", "CANCELED", "ERROR", "DELETED")  # the Hub's words
TOLD = ("status.json", "metrics.jsonl", "log.txt")  # what a report consists of

MADE = ("adapter/*", "model/*", "done.json")  # what can be used, and the mark of a whole run


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's worker works."""

    flavor: str  # the Hub's name for a machine, e.g. a10g-small
    timeout: str = "6h"  # after which the Hub ends the job
    package: str = "hesui"  # what the job installs: a name or an address that pip knows
    repo: str = ""  # once there is one
    job: str = ""  # once there is one


def require_sendable(config: TrainConfig) -> None:
    """Raise InputError where a run cannot work elsewhere: without a token, and with what lies on this machine only."""
    if not os.environ.get(TOKEN):
        raise InputError(f"{TOKEN} is not set; export a token that may write and start jobs", "error.remote_token")
    local = config.adapter or (config.base if config.base != EMBEDDED and Path(config.base).exists() else "")
    if local:
        raise InputError(
            f"{local} lies on this machine only; name a base of the Hub, and no adapter",
            "error.remote_local",
            name=local,
        )


def main() -> int:
    """Stand for the run that the command line names, or, with --there, work on it where the job runs; the exit code."""
    from huggingface_hub import HfApi

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    api = HfApi(token=os.environ.get(TOKEN) or False, library_name="hesui")
    if sys.argv[1:2] == ["--there"]:
        return there(sys.argv[2], api)
    folder = RunFolder(Path(sys.argv[1]).absolute())
    wish = Wish(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: wish.stop())
    return 1 if stand_for(folder, wish, api) == "failed" else 0


def stand_for(folder: RunFolder, wish: Wish, api: HfApi, pause: float = LOOK) -> str:
    """Send the run away, or find it again, and follow it to its end; how it stands then, as its status says too."""
    diary = Diary(folder, wish)
    with diary.alive():
        try:
            place = _sent(folder, api, diary)
            ended = _followed(folder, place, wish, api, diary, pause)
        except HesuiError as error:
            values = {name: str(value) for name, value in error.values.items()}
            ended = Status(
                state="failed", step=diary.status.step, note=str(error), note_key=error.key, note_values=values
            )
    diary.tell(state=ended.state, phase="", step=ended.step, note=ended.note, note_key=ended.note_key,
               note_values=dict(ended.note_values))  # fmt: skip
    return ended.state


def _sent(folder: RunFolder, api: HfApi, diary: Diary) -> Place:
    """Where the run is: as it was sent before, while that job lives, else as it is sent now."""
    place = Place(**read_json(folder.path / PLACE))
    if place.job and _asked("look", lambda: api.inspect_job(job_id=place.job)).status.stage not in OVER:
        return place
    config = folder.config()
    require_sendable(config)
    diary.tell(phase="send")
    name = _asked("create", lambda: api.whoami())["name"]
    place = replace(place, repo=f"{name}/hesui-run-{folder.id}", job="")
    _asked("create", lambda: api.create_repo(place.repo, repo_type=KIND, private=True, exist_ok=True))
    with TemporaryDirectory() as draft:
        write_json(Path(draft) / "config.json", {**config.record(), "data": "data"})
        write_json(Path(draft) / "wanted.json", {"wanted": "run"})
        write_json(Path(draft) / "status.json", asdict(Status(state="starting")))  # not what an earlier job said
        shutil.copytree(config.data, Path(draft) / "data")
        _put(api, place.repo, Path(draft))
    job = _asked("submit", lambda: api.run_job(
        image=IMAGE, command=["bash", "-c", command(place)], flavor=place.flavor, timeout=place.timeout,
        secrets={TOKEN: os.environ[TOKEN]}, env={"PYTHONUNBUFFERED": "1"},
    ))  # fmt: skip
    place = replace(place, job=job.id)
    write_json(folder.path / PLACE, asdict(place))
    log.info("job %s on %s; its folder is the private data set %s", place.job, place.flavor, place.repo)
    return place


def command(place: Place) -> str:
    """What the job's shell runs."""
    words = ["uv", "run", "--no-project", "--with", place.package, "python", "-m", "hesui.train.remote", "--there"]
    return shlex.join([*words, place.repo])


def _followed(folder: RunFolder, place: Place, wish: Wish, api: HfApi, diary: Diary, pause: float) -> Status:
    """The run's last status, once its job is over and all that it made is here."""
    told: Wanted = "run"
    silent = lines = 0
    while True:
        try:
            stage = str(_asked("look", lambda: api.inspect_job(job_id=place.job)).status.stage)
            there = _copied(folder, place, api)
            silent = 0
        except HesuiError as error:
            silent += 1
            log.warning("%s", error)
            if silent >= LOST:
                raise
            stage, there = "", None
        if there is not None and there.steps:
            phase = there.phase if told == "run" else "save"  # while a job saves, nobody ends this process
            diary.tell(state="running", phase=phase, step=there.step, steps=there.steps)
        lines = _repeat(folder, lines)
        if stage in OVER:
            _get(api, place.repo, folder.path / "there", MADE)
            return _end(folder, there, stage)
        wanted = _wanted(wish, told, pause)
        if wanted != told:
            diary.tell(phase="save")
            _pass_on(place, wanted, api)
            told = wanted


def _wanted(wish: Wish, told: Wanted, pause: float) -> Wanted:
    """What is wanted, as soon as it is something new, and after so many seconds in any case."""
    end = time.monotonic() + pause
    while (wanted := wish.now()) == told and time.monotonic() < end:
        time.sleep(min(pause, PULSE))
    return wanted


def _pass_on(place: Place, wanted: Wanted, api: HfApi) -> None:
    if wanted == "cancel":
        _asked("cancel", lambda: api.cancel_job(job_id=place.job))
        return
    with TemporaryDirectory() as draft:
        write_json(Path(draft) / "wanted.json", {"wanted": wanted})
        _put(api, place.repo, Path(draft))


def _copied(folder: RunFolder, place: Place, api: HfApi) -> Status | None:
    """Copy the job's report into the run's folder; the status in it, None before there is one."""
    report = folder.path / "there"
    _get(api, place.repo, report, TOLD)
    if (report / "metrics.jsonl").is_file():
        _placed(report / "metrics.jsonl", folder.metrics)
    try:
        return Status(**read_json(report / "status.json"))
    except (OSError, ValueError, TypeError):
        return None


def _repeat(folder: RunFolder, lines: int) -> int:
    """Print what the job's log has after so many lines; how many it has."""
    try:
        found = (folder.path / "there" / "log.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return lines
    for line in found[lines:]:
        print(line)
    return len(found)


def _end(folder: RunFolder, there: Status | None, stage: str) -> Status:
    """How the run ended; what can be used is put in its place, the mark of a whole run last."""
    report = folder.path / "there"
    if there is None or there.state not in ENDED:
        state = "stopped" if stage == "CANCELED" else "failed"
        note = f"the job ended ({stage.lower()}) before the run did; look at the log"
        step = there.step if there else 0
        return Status(state=cast(Any, state), step=step, note=note, note_key="error.remote_ended",
                      note_values={"stage": stage.lower()})  # fmt: skip
    for name in ("adapter", "model"):
        if (report / name).is_dir():
            shutil.rmtree(folder.path / name, ignore_errors=True)
            (report / name).rename(folder.path / name)
    if (report / "done.json").is_file():
        _placed(report / "done.json", folder.path / "done.json")
    return there


def _placed(source: Path, target: Path) -> None:
    draft = target.with_name(f"{target.name}.part")
    shutil.copyfile(source, draft)
    draft.replace(target)


def there(repo: str, api: HfApi, pause: float = TELL, worker: str = WORKER) -> int:
    """Work on the run in `repo` on the job's machine, and report of it there; the worker's exit code."""
    with TemporaryDirectory() as home:
        folder = RunFolder(Path(home) / "runs" / repo.rpartition("hesui-run-")[2])
        _get(api, repo, folder.path, None)
        config = read_json(folder.path / "config.json")
        write_json(folder.path / "config.json", {**config, "data": str(folder.path / "data")})
        with folder.log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - a list of words, no shell
                [sys.executable, "-m", worker, str(folder.path)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, "HESUI_HOME": home, "HESUI_BASE_MODEL": str(config["base"])},
            )  # fmt: skip
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(pause)
            with suppress(HesuiError):  # the next report tells it all
                _put(api, repo, folder.path, TOLD)
                _get(api, repo, folder.path, ("wanted.json",))
        left = ["data/*", "config.json", "wanted.json", "*.part", "*.lock", ".cache/*"]
        _put(api, repo, folder.path, None, left)
        return process.returncode


def _put(
    api: HfApi, repo: str, folder: Path, only: Sequence[str] | None = None, but: Sequence[str] | None = None
) -> None:
    _asked("upload", lambda: api.upload_folder(
        repo_id=repo, repo_type=KIND, folder_path=folder, commit_message="hesui",
        allow_patterns=list(only) if only else None, ignore_patterns=list(but) if but else None,
    ))  # fmt: skip


def _get(api: HfApi, repo: str, folder: Path, only: Sequence[str] | None) -> None:
    _asked("download", lambda: api.snapshot_download(
        repo, repo_type=KIND, local_dir=folder, allow_patterns=list(only) if only else None
    ))  # fmt: skip


def _asked(doing: str, call: Any) -> Any:
    """What the Hub answers. Raises HesuiError, which says what was to be done and why it was not, without the token."""
    try:
        return call()
    except Exception as error:  # the client's many ways to say that nobody answers or that it must not be
        reason = f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0][:200]}"
        token = os.environ.get(TOKEN)
        reason = reason.replace(token, "…") if token else reason
        raise HesuiError(
            f"the Hub did not do it ({doing}): {reason}; check {TOKEN}, its rights and the network, then resume the run",
            "error.remote_hub", doing=doing, reason=reason,
        ) from None  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
