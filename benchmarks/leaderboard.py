"""How fast a board of a million stored answers opens and answers a filter, beside one of ten thousand.

    python benchmarks/leaderboard.py

Makes evaluations of 950 prompts with three seeds, of as many systems as it takes, in a temporary home: a few answers are
composed and measured for real, and their columns are drawn from for the others, because measuring a million texts takes
an hour. Opening is a fresh process' first board with all rows, the interpreter's start left out; filtering is the slowest
of several filters, each twice, the differences to the base of a page of rows with it. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import numpy

from hesui.corpus.composer import draw, loose_length, write
from hesui.corpus.rows import Row
from hesui.evaluate import measures
from hesui.evaluate.board import Board
from hesui.evaluate.config import EvaluateConfig
from hesui.evaluate.folder import Answer, Entry, new_evaluation
from hesui.evaluate.standings import standings, with_gaps
from hesui.evaluate.views import Filters
from hesui.files import write_json
from hesui.settings import Settings

PROMPTS, SEEDS = 950, 3
ENTRIES = 10  # systems of one evaluation
REAL = 400  # answers that are composed and measured
PAGE = 50  # rows whose differences are shown at once
FILTERS = (
    Filters(), Filters(counter="han"), Filters(ops=("eq",)), Filters(buckets=(1, 2)), Filters(decodings=("raw",)),
    Filters(counter="raw", ops=("le", "eq"), languages=("zh",)),
)  # fmt: skip


def main() -> None:
    """Make two boards, open both, print the figures."""
    args = arguments()
    if args.open:
        print(json.dumps(look(args.open)))
        return
    found = {}
    for size in (10_000, args.answers):
        with tempfile.TemporaryDirectory() as home:
            systems = make(Path(home), size)
            found[size] = opened(Path(home))
            print(f"{systems} systems, {systems * PROMPTS * SEEDS:,} answers: {found[size]}", flush=True)
    few, many = found[10_000], found[args.answers]
    print(json.dumps({"open_s_10k": few["open"], "open_s_1m": many["open"], "filter_s_1m": many["filter"]}))


def arguments() -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def make(home: Path, size: int) -> int:
    """Evaluations of about `size` answers; how many systems they are of."""
    rng = Random(7)
    briefs = [draw(rng.choice(["greeting", "essay", "verse"]), "test", rng) for _ in range(2 * PROMPTS)]
    briefs = [brief for brief in briefs if brief.constraint][:PROMPTS]
    rows = [Row(f"p{place}", one.task, one.prompt, one.constraint) for place, one in enumerate(briefs)]
    systems = max(2, round(size / PROMPTS / SEEDS))
    pool = measured(home / "pool", briefs, rows, rng)
    for start in range(0, systems, ENTRIES):
        entries = [entry(place) for place in range(start, min(start + ENTRIES, systems))]
        folder = new_evaluation(home / "evaluations", config(entries), rows, entries, {})
        folder.path.rename(folder.path.with_name(f"20260101-000000-{start:04x}"))
        folder = type(folder)(folder.path.with_name(f"20260101-000000-{start:04x}"))
        numpy.savez(folder.measures.open("wb"), version=measures.VERSION, **spread(pool, len(entries), rng))
        write_json(folder.path / "done.json", {})
    return systems


def entry(place: int) -> Entry:
    if place < 2:
        return Entry("base", "guided" if place else "raw", "model")
    return Entry(f"adapter-{place // 2}", "guided" if place % 2 else "raw", "model", "sft", 100 * place)


def config(entries: list[Entry]) -> EvaluateConfig:
    return EvaluateConfig(models=tuple(one.model for one in entries), seeds=SEEDS, base="model")


def measured(home: Path, briefs: list, rows: list[Row], rng: Random) -> measures.Columns:
    """Columns of a few real answers."""
    folder = new_evaluation(home, config([entry(0)]), rows[:REAL], [entry(0)], {})
    texts = (write(brief, loose_length(brief, rng), rng) or "祝您新年快乐。" for brief in briefs[:REAL])
    folder.append_answers(
        Answer(place, 0, 1, text, "end", len(text), len(text), 1.0) for place, text in enumerate(texts)
    )
    return measures.measure(folder, lambda _: None) | prompt_columns(rows)


def prompt_columns(rows: list[Row]) -> measures.Columns:
    return measures.of_prompts(rows)


def spread(pool: measures.Columns, entries: int, rng: Random) -> measures.Columns:
    """Columns of `entries` systems, drawn from the pool's answers."""
    each = PROMPTS * SEEDS
    drawn = numpy.random.default_rng(rng.randrange(2**32)).integers(REAL, size=entries * each)
    found = {}
    for name, column in pool.items():
        if name == measures.SELF_BLEU:
            continue
        whole = name in (*measures.OF_PROMPT, "task")
        found[name] = column if whole else numpy.ascontiguousarray(column[..., drawn])
    found[measures.SELF_BLEU] = numpy.repeat(pool[measures.SELF_BLEU], entries)
    found["entry"] = numpy.repeat(numpy.arange(entries, dtype="i2"), each)
    found["prompt"] = numpy.tile(numpy.repeat(numpy.arange(PROMPTS, dtype="i4"), SEEDS), entries)
    found["seed"] = numpy.tile(numpy.arange(1, SEEDS + 1, dtype="i4"), PROMPTS * entries)
    return found


def opened(home: Path) -> dict[str, float]:
    """What a fresh process says of the board."""
    command = [sys.executable, __file__, "--open", str(home)]
    environment = {**os.environ, "HESUI_HOME": str(home)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def look(home: Path) -> dict[str, float]:
    """Seconds to open the board and to answer its slowest filter."""
    begun = time.perf_counter()
    board = Board(Settings(home=home))
    found = max(board.refresh().values(), key=lambda one: len(one.systems))
    rows = standings(found, Filters(), gaps=False)
    with_gaps(found, Filters(), rows[:PAGE])
    open_s = time.perf_counter() - begun
    times = []
    for filters in FILTERS * 2:
        begun = time.perf_counter()
        rows = standings(found, filters, gaps=False)
        with_gaps(found, filters, rows[:PAGE])
        times.append(time.perf_counter() - begun)
    return {"open": round(open_s, 3), "filter": round(max(times), 3)}


if __name__ == "__main__":
    main()
