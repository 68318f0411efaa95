"""Works on one run until it ends: `python -m hesui.train.worker RUN_DIR`. Everybody else only reads the folder.

A run whose process was killed goes on from its last complete checkpoint when the same command is given again.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from pathlib import Path

from hesui.train.runs import RunFolder
from hesui.train.worker.wish import Wish


def main() -> int:
    """Work on the run that the command line names; the exit code: 1 where it failed, 2 where it cannot be worked on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    if len(sys.argv) != 2 or not Path(sys.argv[1], "config.json").is_file():
        print("usage: python -m hesui.train.worker RUN_DIR (a folder with a config.json)", file=sys.stderr)
        return 2
    folder = RunFolder(Path(sys.argv[1]).absolute())
    wish = Wish(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: wish.stop())
    warnings.simplefilter("ignore", FutureWarning)  # the libraries' remarks on each other would fill the log
    # Before the tokenizers are loaded, which read it once: they would warn of every fork.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

    from hesui.settings import Settings
    from hesui.train.worker.sitting import Busy, sit

    try:
        return 1 if sit(folder, Settings(), wish) == "failed" else 0
    except Busy as busy:
        logging.getLogger(__name__).error("%s", busy)
        return 2


if __name__ == "__main__":
    sys.exit(main())
