"""A rehearsal that measures nothing: `python -m rehearsed DIR`; what it found is said by MEASURED.

What it is like is said by REHEARSED: "killed" ends without a word, "slow" never comes to an end within a minute,
"held" once there is a file GATE.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from hesui.files import write_json
from hesui.train.estimating import OUT
from hesui.train.runs import RunFolder, Status

if __name__ == "__main__":
    folder, kind = RunFolder(Path(sys.argv[1])), os.environ["REHEARSED"]
    assert folder.config().base == os.environ["HESUI_BASE_MODEL"]
    folder.write_status(Status("starting", phase="train", pid=os.getpid()))
    print("Killed")
    if kind == "slow":
        time.sleep(60)
    while kind == "held" and not Path(os.environ["GATE"]).exists():
        time.sleep(0.02)
    if kind not in ("killed", "slow"):
        write_json(folder.path / OUT, json.loads(os.environ["MEASURED"]))
