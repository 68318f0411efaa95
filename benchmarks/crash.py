"""What is left of the review queue when the process that writes it is killed, at any moment, without warning.

    python benchmarks/crash.py

A child process claims, decides and takes back in two threads, and tells through a pipe what was recorded for it. Its
parent ends it with SIGKILL after a random delay, opens the SQLite database again and holds it against all that was
told so far; the next child goes on with the same database. A kill leaves the machine running: what a power cut does
is not shown here. The last line is a JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hesui.errors import HesuiError, InputError
from hesui.settings import Settings
from hesui.store.database import Database, connect
from hesui.store.queueing import Decision, ReviewQueue
from hesui.store.reviewing import Item
from hesui.store.surveying import ReviewSurvey
from hesui.store.tables import review_events, review_items

KILLS = 200
LONGEST = 0.5  # seconds that a child may work
REVIEWERS = ("r0", "r1")  # each child's; what the one before it left on lease goes on with them
WANT = 2
UNDONE = 0.05  # share of decisions that are taken back
STOCK = 1_000  # open items that a child finds at least; none can decide so many in its time
REQUIRED = (1, 1, 2)  # reviewers that items need, in turns


class Told(NamedTuple):
    """What a child said is recorded."""

    reviewer: str
    key: str
    item: str


@dataclass
class Campaign:
    """What many kills did to one database."""

    kills: int = 0
    told: set[Told] = field(default_factory=set)
    lost: set[Told] = field(default_factory=set)  # told, but not there exactly once after some kill
    corrupt: int = 0  # kills after which the database did not open, was damaged, or contradicted its events
    recorded: int = 0  # events in the database at last; a kill may fall between recording and telling
    seconds: float = 0.0

    def summary(self) -> dict[str, Any]:
        """The figures."""
        return {
            "kills": self.kills,
            "acknowledged": len(self.told),
            "lost": len(self.lost),
            "corrupt": self.corrupt,
            "recorded": self.recorded,
            "seconds": round(self.seconds, 1),
        }


# The child


def nurse(path: str) -> None:
    """Fork a child for each seed that comes on standard input, and say how it ended: imports are paid for once."""
    for line in sys.stdin:
        if not (child := os.fork()):
            tell("started", str(os.getpid()))
            work(path, int(line))
            os._exit(0)
        tell("ended", str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


def work(path: str, seed: int) -> None:
    """Review until killed."""
    queue = ReviewQueue(connect(settings(Path(path))), bands=lambda text: [text[:8], text[-8:]])
    threads = [threading.Thread(target=review, args=(queue, name, seed)) for name in REVIEWERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def review(queue: ReviewQueue, name: str, seed: int) -> None:
    """Decide one item after the other, and tell what is recorded."""
    dice = random.Random(f"{name}:{seed}")
    for turn in count():
        item = queue.claim(name, WANT)[0].item
        with suppress(InputError):  # the other took its decision back, and made another one before this
            tell(name, queue.decide(name, item.id, draw(dice, item, f"{seed}-{turn}")).key, item.id)
        if dice.random() < UNDONE and (taken := queue.undo(name, f"{seed}-{turn}-undo")):
            tell(name, f"{seed}-{turn}-undo", taken[0].id)


def draw(dice: random.Random, item: Item, key: str) -> Decision:
    if dice.random() < 0.2:
        return Decision("edit", text=f"{item.text}恭贺新禧！", key=key)
    return Decision(dice.choice(("accept", "reject", "skip")), key=key)


def tell(*words: str) -> None:
    """One write, so that a kill leaves all of a line or none of it."""
    os.write(sys.stdout.fileno(), " ".join(words).encode() + b"\n")


# The parent


def settings(path: Path) -> Settings:
    return Settings(home=path.parent, database_url=f"sqlite:///{path}")


@contextmanager
def nursery(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that starts children at once, see `nurse`."""
    command = [sys.executable, __file__, "--nurse", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_one(nurse: subprocess.Popen[str], seed: int, delay: float) -> set[Told]:
    """Start a child and kill it after so many seconds; what it told."""
    assert nurse.stdin is not None and nurse.stdout is not None
    nurse.stdin.write(f"{seed}\n")
    nurse.stdin.flush()
    child = next(int(words[1]) for words in map(str.split, nurse.stdout) if words[0] == "started")
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    told: set[Told] = set()
    for words in map(str.split, nurse.stdout):
        if words[0] == "ended":
            assert int(words[1]) == -signal.SIGKILL, f"a child ended by itself, with {words[1]}"
            return told
        told.add(Told(*words))
    raise AssertionError("the process that starts children has ended")


def stock(database: Database, number: int) -> int:
    """Add items where few are open, numbered from `number` on; the next free number."""
    if ReviewSurvey(database).progress().left >= STOCK:
        return number
    numbers = range(number, number + STOCK)
    ReviewQueue(database).add(make_item(one) for one in numbers)
    return numbers.stop


def make_item(number: int) -> Item:
    row = {"id": f"r{number}", "class": "greeting", "prompt": "写一段新春祝福，不超过50字", "constraint": None}
    text = f"{number}号院的邻居们，愿家家灯火可亲，来年万事顺遂。"
    required = REQUIRED[number % len(REQUIRED)]
    return Item(f"i{number}", "answer", "greeting", "zh", f"p{number}", row, text, required=required, priority=number)


def look_over(path: Path, campaign: Campaign, since: int) -> int:
    """Open a database after a kill and note what is wrong with it; the number of its last event.

    Items on which there are events after the one numbered `since` are held against all their events.
    """
    from hesui.store.migrate import open_store

    try:
        damage = integrity(path)
        with closing(open_store(settings(path))) as database:
            kept = recorded(database)
            campaign.lost |= {told for told in campaign.told if kept[told] != 1}
            campaign.recorded = kept.total()
            wrong = [id for id in items_since(database, since) if not follows(database, id)]
            last = last_event(database)
    except (HesuiError, SQLAlchemyError, sqlite3.Error) as error:
        campaign.corrupt += 1
        print(f"kill {campaign.kills}: {error}")
        return since
    if damage != "ok" or wrong:
        campaign.corrupt += 1
        print(f"kill {campaign.kills}: {damage}, contradicting their events: {wrong}")
    return last


def integrity(path: Path) -> str:
    """What SQLite finds wrong with the file, or ok."""
    with closing(sqlite3.connect(path)) as connection:
        return "; ".join(row[0] for row in connection.execute("PRAGMA integrity_check"))


def recorded(database: Database) -> Counter[Told]:
    joined = review_events.join(review_items, review_items.c.number == review_events.c.item)
    query = select(review_events.c.reviewer, review_events.c.key, review_items.c.id).select_from(joined)
    with database.reading() as connection:
        return Counter(Told(*row) for row in connection.execute(query))


def items_since(database: Database, since: int) -> list[str]:
    touched = select(review_events.c.item).where(review_events.c.number > since)
    with database.reading() as connection:
        return list(connection.execute(select(review_items.c.id).where(review_items.c.number.in_(touched))).scalars())


def last_event(database: Database) -> int:
    query = select(review_events.c.number).order_by(review_events.c.number.desc()).limit(1)
    with database.reading() as connection:
        return connection.execute(query).scalar_one_or_none() or 0


def follows(database: Database, id: str) -> bool:
    """Whether an item stands as its events say, each reviewer having decided on it once."""
    found = ReviewSurvey(database).reviewed(id)
    assert found is not None
    entry, outcome = found.entry, found.outcome
    stands = (entry.state, entry.verdict, entry.result, entry.done) == outcome[:4]
    return stands and len({event.reviewer for event in outcome.live}) == len(outcome.live) <= entry.item.required


def campaign(path: Path, kills: int, longest: float = LONGEST) -> Campaign:
    """Kill so many children, each after `longest` seconds at most, and look the database over after each."""
    from hesui.store.migrate import open_store

    dice, result, number, last = random.Random(kills), Campaign(), 0, 0
    start = time.perf_counter()
    with nursery(path) as nurse:
        for seed in range(kills):
            with closing(open_store(settings(path))) as database:
                number = stock(database, number)
            result.told |= kill_one(nurse, seed, dice.uniform(0, longest))
            result.kills += 1
            last = look_over(path, result, last)
    with closing(open_store(settings(path))) as database:
        result.corrupt += ReviewQueue(database).settle_all() > 0
    result.seconds = time.perf_counter() - start
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--nurse", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.nurse:
        nurse(options.nurse)
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(campaign(Path(folder) / "hesui.db", options.kills).summary()))


if __name__ == "__main__":
    main()
