"""How long Compare keeps its visitor waiting for a first character while a run trains on the same machine.

    python benchmarks/responsive.py

Base and tuned answer one prompt side by side, as in Compare, with nothing else at work and then while an ordinary run
trains, in turns in one process. The time to the first character includes the queue, reading the prompt and drawing.
The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from random import Random

from hesui.corpus.composer import exact_length, example
from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.length import parse
from hesui.models.engine import Engine
from hesui.records import BASE, Message, Piece, Request
from hesui.settings import Settings
from hesui.train import jobs
from hesui.train.config import make_config

PROMPT = "给领导写一段50字以内的拜年话"
ROWS = 200


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--asked", type=int, default=60, help="times that each prompt is asked, idle and training")
    asked = parser.parse_args().asked
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        engine = Engine(settings)
        waits(engine, 5)  # loads and warms up
        idle = waits(engine, asked)
        with training(settings):
            busy = waits(engine, asked)
    figures = {
        "idle_ms": round(1000 * statistics.median(idle), 1), "training_ms": round(1000 * statistics.median(busy), 1),
        "idle_p95_ms": round(1000 * p95(idle), 1), "training_p95_ms": round(1000 * p95(busy), 1),
        "ratio": round(statistics.median(busy) / statistics.median(idle), 2), "ratio_p95": round(p95(busy) / p95(idle), 2),
        "n": asked, "machine": platform.machine(), "date": str(date.today()),
    }  # fmt: skip
    print(f"first character after {figures['idle_ms']} ms idle, {figures['training_ms']} ms while a run trains")
    print(json.dumps(figures))


def waits(engine: Engine, times: int) -> list[float]:
    """Seconds until both answers have begun, each time; a pause in between, as a reader makes one."""
    found = []
    for seed in range(times):
        requests = [Request((Message("user", PROMPT),), model, seed=seed) for model in (BASE, "tuned")]
        began, missing = time.monotonic(), {0, 1}
        with closing(engine.answer(requests)) as events:  # type: ignore[type-var]
            for event in events:
                if isinstance(event, Piece) and event.text:
                    missing.discard(event.row)
                if not missing:
                    break
        found.append(time.monotonic() - began)
        time.sleep(0.1)
    return found


@contextmanager
def training(settings: Settings) -> Iterator[None]:
    """A run at work, past its loading."""
    folder = jobs.start(settings, make_config(data=data(settings.home / "data"), steps=100_000, probe_prompts=0))
    try:
        while len(list(folder.measurements("train"))) < 1:
            if jobs.view(settings, folder.id).state in ("failed", "interrupted"):
                raise SystemExit(folder.log.read_text(encoding="utf-8"))
            time.sleep(0.5)
        yield
    finally:
        jobs.kill(settings, folder.id)
        while jobs.view(settings, folder.id).working:
            time.sleep(0.2)


def data(folder: Path) -> Path:
    """Composed greetings to learn from."""
    rng = Random(0)
    made = [example("greeting", "train", rng, exact_length) for _ in range(ROWS)]
    rows = (
        Row(str(number), "greeting", one.brief.prompt, parse(one.brief.prompt), "composed", one.completion)
        for number, one in enumerate(made)
    )
    freeze(rows, folder)
    return folder


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()
