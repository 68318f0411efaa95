"""Tries an app before it is uploaded: lays its files out in an empty folder, starts it there, asks for its page and tabs.

Proves that the files suffice with what is installed here; not that a Space's own installation or hardware do.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import ProxyHandler, build_opener

from hesui.errors import HesuiError
from hesui.publish.parcel import Parcel
from hesui.publish.space import ENTRY

PATIENCE = 180.0  # seconds within which the page must be there; a busy machine takes a minute
PAUSE = 0.2  # seconds between two looks
ENDING = 10.0  # seconds that an app may take to end
LINES = 4  # of the log, in an error
SHOWN = 600  # characters of them
KEPT_OUT = (
    "HESUI_",
    "GRADIO_",
    "HF_",
    "HUGGING",
    "PYTHON",
    "SPACE",
)  # beginnings of variables that a new Space has not


def check(parcel: Parcel, titles: Sequence[str], patience: float = PATIENCE) -> None:
    """Start the app from the parcel's files alone, and see that its page comes, with a tab of each of these titles.

    Waits at most `patience` seconds. Raises HesuiError with the last lines of the app's log where it does not come.
    """
    with TemporaryDirectory(prefix="hesui-space-") as folder, _started(parcel, Path(folder), patience) as address:
        labels = set(_labels(json.loads(_get(f"{address}/config"))))
    missing = ", ".join(title for title in titles if title not in labels)
    if missing:
        raise HesuiError(
            f"the app as it would be uploaded starts, but its page lacks {missing}, so nothing was uploaded; put it right "
            "here first", "error.publish_check_tabs", names=missing,
        )  # fmt: skip


def lay_out(parcel: Parcel, folder: Path) -> None:
    """Write the parcel's files below `folder`, as the Space will have them."""
    for one in parcel.items:
        path = folder / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(one.origin, bytes):
            path.write_bytes(one.origin)
        else:
            shutil.copyfile(one.origin, path)


@contextmanager
def _started(parcel: Parcel, folder: Path, patience: float) -> Iterator[str]:
    """The app while it runs: its address, once the page has come."""
    app, log, port = folder / "app", folder / "log.txt", _free_port()
    lay_out(parcel, app)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - a list of words, no shell
            [sys.executable, ENTRY],
            cwd=app,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(os.environ, folder / "home", port),
        )
    address = f"http://127.0.0.1:{port}"
    try:
        if not _comes(process, address, patience):
            ends = _end_of(log)
            raise HesuiError(
                f"the app as it would be uploaded does not start, so nothing was uploaded; its log ends: {ends}; put it "
                "right here first", "error.publish_check_start", log=ends,
            )  # fmt: skip
        yield address
    finally:
        _end(process)


def _environment(here: Mapping[str, str], home: Path, port: int) -> dict[str, str]:
    """What the app finds: nothing of this machine's settings, and no token."""
    kept = {name: value for name, value in here.items() if not name.startswith(KEPT_OUT)}
    return {
        **kept,
        "HESUI_HOME": str(home),
        "HESUI_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _comes(process: subprocess.Popen[bytes], address: str, patience: float) -> bool:
    """Wait for the page; False where the app ends first, or takes too long."""
    until = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < until:
        try:
            _get(f"{address}/")
        except OSError:
            time.sleep(PAUSE)
        else:
            return True
    return False


def _get(url: str) -> bytes:
    """What this machine answers; no proxy is asked. Raises OSError."""
    with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def _labels(config: Mapping[str, Any]) -> Iterator[str]:
    for component in config["components"]:
        if component["type"] == "tabitem":
            yield str(component["props"].get("label"))


def _end_of(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-LINES:])[-SHOWN:] or "nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
