"""Works on one run until it ends: `python -m hesui.train.worker RUN_DIR`. Everybody else only reads the folder.

A run whose process was killed goes on from its last complete checkpoint when the same command is given again. Where
several processes are to share a run, this one starts the others.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from pathlib import Path

from hesui.processes import step_back
from hesui.train.runs import RunFolder
from hesui.train.worker.ranks import my_rank
from hesui.train.worker.wish import Wish


def main() -> int:
    """Work on the run that the command line names; the exit code: 1 where it failed, 2 where it cannot be worked on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stdout)
    if len(sys.argv) != 2 or not Path(sys.argv[1], "config.json").is_file():
        print("usage: python -m hesui.train.worker RUN_DIR (a folder with a config.json)", file=sys.stderr)
        return 2
    rank = my_rank(os.environ)
    if rank == 0:  # the others inherit it
        step_back()  # whoever asks for an answer meanwhile is not to wait for a step
    folder = RunFolder(Path(sys.argv[1]).absolute())
    wish = Wish(folder)
    for number in (signal.SIGTERM, signal.SIGINT):
        # The others end with the first one.
        signal.signal(number, (lambda *_: wish.stop()) if rank == 0 else signal.SIG_IGN)
    warnings.simplefilter("ignore", FutureWarning)  # the libraries' remarks on each other would fill the log
    # Before the tokenizers are loaded, which read it once: they would warn of every fork.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

    from hesui.settings import Settings
    from hesui.train.worker.sitting import Busy, assist, sit

    if rank:
        logging.getLogger().setLevel(logging.WARNING)
        return assist(folder, Settings())
    try:
        return 1 if sit(folder, Settings(), wish) == "failed" else 0
    except Busy as busy:
        logging.getLogger(__name__).error("%s", busy)
        return 2


if __name__ == "__main__":
    sys.exit(main())
