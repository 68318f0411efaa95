"""A worker that trains nothing and keeps the contract of a run's folder: `python -m standin RUN_DIR`.

What it is like is said by STANDIN: "deaf" obeys no wish, "stone" no signal either, "loading" never gets to the first
step, "broken" fails at it. It ends by itself after a minute, whatever becomes of the tests.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from hesui.files import write_json
from hesui.processes import mine
from hesui.train.runs import RunFolder

KIND = os.environ.get("STANDIN", "")
PAUSE = 0.005  # seconds of a step
LIFE = 60.0  # seconds


def main() -> None:
    folder = RunFolder(Path(sys.argv[1]))
    config = folder.config()
    print(f"worker of {folder.id}, base {os.environ['HESUI_BASE_MODEL']}")
    if KIND == "stone":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    status = replace(folder.status(), state="starting", phase="model", pid=mine().pid, pid_started=mine().started)
    tell(folder, status)
    while KIND == "loading" and folder.wanted() == "run":
        wait()
    done = sorted(int(path.name) for path in folder.checkpoints.glob("*"))
    step = done[-1] if done else 0
    status = replace(status, state="running", steps=config.steps, phase="train")
    while step < config.steps and (KIND in ("deaf", "stone") or folder.wanted() == "run"):
        if KIND == "broken":
            tell(folder, replace(status, state="failed", step=step, note="a row is broken"))
            return
        step += 1
        wait()
        measure(folder, {"kind": "train", "step": step, "time": time.time(), "loss": 1 / step, "pid": mine().pid})
        (folder.checkpoints / str(step)).mkdir(parents=True, exist_ok=True)
        tell(folder, replace(status, step=step))
    wanted = folder.wanted()
    if wanted == "stop":
        tell(folder, replace(status, state="stopping", step=step, phase="save"))
    if wanted != "cancel":
        folder.adapter.mkdir(exist_ok=True)
        (folder.adapter / "adapter_config.json").write_text("{}", encoding="utf-8")
        (folder.adapter / "adapter_model.safetensors").write_bytes(str(step).encode())
    tell(folder, replace(status, state="done" if step >= config.steps else "stopped", step=step, phase=""))
    if step >= config.steps:
        write_json(folder.path / "done.json", {"step": step})


def tell(folder: RunFolder, status) -> None:
    folder.write_status(replace(status, heartbeat=time.time()))


def measure(folder: RunFolder, record: dict) -> None:
    with folder.metrics.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record) + "\n")


def wait() -> None:
    time.sleep(PAUSE)
    if time.monotonic() - BEGAN > LIFE:
        sys.exit("a minute is over")


BEGAN = time.monotonic()

if __name__ == "__main__":
    main()
