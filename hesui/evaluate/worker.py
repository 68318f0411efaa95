"""Works on one evaluation: `python -m hesui.evaluate.worker FOLDER`. The page and the terminal only watch."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from threading import Event

from hesui.errors import HesuiError
from hesui.evaluate.folder import EvaluationFolder
from hesui.evaluate.working import work
from hesui.models.routing import Router
from hesui.processes import step_back
from hesui.settings import Settings


def main() -> int:
    """Work on the evaluation that the command line names; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    step_back()
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        work(EvaluationFolder(Path(sys.argv[1])), Settings(), Router, stop, lambda status: None)
    except HesuiError as error:
        logging.error("%s", error)  # the evaluation's note says it too
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
