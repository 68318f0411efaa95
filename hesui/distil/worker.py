"""Works on one run until it ends: `python -m hesui.distil.worker RUN`. The page and the terminal only watch.

A run whose process was killed goes on where it was: what was paid for is found in the database.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from hesui.corpus.classes import load_classes
from hesui.corpus.seeds import load_evaluation, load_seeds
from hesui.corpus.splits import freeze
from hesui.distil.calls import Teacher
from hesui.distil.composing import ComposerTeacher
from hesui.distil.config import COMPOSER, Config
from hesui.distil.desk import Desk
from hesui.distil.harvest import training_rows
from hesui.distil.jobs import dead_owner, require_view, splits_folder
from hesui.distil.pipeline import Until, end
from hesui.distil.pipeline import run as run_pipeline
from hesui.distil.teachers import Endpoint, resolve
from hesui.errors import HesuiError, InputError
from hesui.processes import mine
from hesui.settings import Settings
from hesui.store.distilling import DistilStore, Wanted
from hesui.store.migrate import open_store

if TYPE_CHECKING:  # loads the openai package
    from hesui.distil.batching import Batches

POLL = 0.3  # seconds between two looks at what the run is wanted to do

log = logging.getLogger(__name__)


def main() -> int:
    """Work on the run that the command line names; the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # a line for each call
    settings = Settings()
    store = DistilStore(open_store(settings))
    try:
        work(store, settings, sys.argv[1])
    except HesuiError as error:
        log.error("%s", error)  # the run's note says it too
        return 2
    return 0


def work(store: DistilStore, settings: Settings, id: str, until: Until = Until.DONE) -> None:
    """Work on a run until it is done, stopped or cannot go on, or as far as `until`; its state says which.

    What a finished run accepted is frozen as splits.

    Raises InputError while another process works on it, and whatever made it fail.
    """
    view = require_view(store, id)
    if not store.claim_run(id, *mine(), dead=dead_owner(view.run)):
        raise InputError(f"another process works on the run {id}", "error.distil_busy", id=id)
    log.info("run %s: started as process %d", id, mine().pid)
    try:
        with _stopping_on_signals(store, id):
            asyncio.run(_work(store, settings, id, view.config, until))
    except HesuiError as error:
        end(store, id, "failed", error)
        raise
    except BaseException:
        store.update_run(id, state="failed", note="unexpected error; the log has the details",
                         note_key="distil.unexpected", note_values={})  # fmt: skip
        log.exception("run %s failed", id)
        raise
    run = store.run(id)
    log.info("run %s: %s", id, run and run.state)


async def _work(store: DistilStore, settings: Settings, id: str, config: Config, until: Until) -> None:
    async with asking(store, settings, id, config) as (desk, batches):
        await run_pipeline(
            store, id, config, load_classes(settings), load_seeds(settings), load_evaluation(), desk,
            wanted=Wish(store, id), batches=batches, until=until, finish=lambda: _freeze(store, settings, id),
        )  # fmt: skip


@asynccontextmanager
async def asking(
    store: DistilStore, settings: Settings, id: str, config: Config
) -> AsyncIterator[tuple[Desk, Batches | None]]:
    """The way to a run's teacher and, where its settings want it, to the provider's batch service."""
    endpoint = None if config.teacher == COMPOSER else resolve(config, settings)
    price, currency = (endpoint.price, endpoint.currency) if endpoint else (None, "")
    desk = Desk(store, id, _teacher(config, endpoint), config=config, price=price, currency=currency)
    batches = _batches(store, id, endpoint, config)
    try:
        yield desk, batches
    finally:
        await desk.close()
        if batches is not None:
            await batches.close()


def _batches(store: DistilStore, id: str, endpoint: Endpoint | None, config: Config) -> Batches | None:
    if endpoint is None or not endpoint.batch or not config.batch_from:
        return None
    from hesui.distil.batching import Batches

    return Batches(store, id, endpoint, config=config)


def _freeze(store: DistilStore, settings: Settings, id: str) -> None:
    rows = list(training_rows(store, id, load_classes(settings)))
    if not rows:
        return
    try:
        manifest = freeze(rows, splits_folder(settings, id), load_evaluation(), require_view(store, id).config.counter)
        log.info("run %s: frozen; %d rows of train held back", id, len(manifest.held_back))
    except InputError as error:  # somebody froze it before it was finished: that stays as it is
        log.warning("run %s: %s", id, error)


def _teacher(config: Config, endpoint: Endpoint | None) -> Teacher:
    if endpoint is None:
        return ComposerTeacher(config)
    from hesui.distil.client import OpenAITeacher

    return OpenAITeacher(endpoint, config)


class Wish:
    """What the run is wanted to do, looked up now and then."""

    def __init__(self, store: DistilStore, id: str) -> None:
        self._store, self._id = store, id
        self._wanted: Wanted = "run"
        self._next = 0.0

    def __call__(self) -> Wanted:
        """The latest wish, at most POLL seconds old."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + POLL
            run = self._store.run(self._id)
            self._wanted = run.wanted if run else "stop"
        return self._wanted


@contextmanager
def _stopping_on_signals(store: DistilStore, id: str) -> Iterator[None]:
    """Ctrl-C and SIGTERM stop the run as its button does; a second Ctrl-C ends the process at once."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_DFL if number == signal.SIGTERM else signal.default_int_handler)
        store.update_run(id, wanted="stop")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
