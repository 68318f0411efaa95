"""How well asking a teacher fills the concurrency it is allowed, and whether its memory grows with the prompts.

    python benchmarks/distil.py

The teacher is a local server that takes a fixed time for every answer, over real sockets. Throughput is a share of
what the concurrency allows: concurrency ÷ latency calls a second. Memory is what a process of its own takes at its
peak while it reads prompts from the database, asks, and records the answers there. The last line is a JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from hesui.distil.calls import Call, Outcome, Stage
from hesui.distil.client import OpenAITeacher
from hesui.distil.config import Config
from hesui.distil.desk import Desk
from hesui.distil.pool import for_each
from hesui.distil.teachers import FREE, Endpoint
from hesui.records import Message
from hesui.settings import Settings
from hesui.store.distilling import DistilStore, Question
from hesui.store.migrate import open_store

SERVER = Path(__file__).parent.parent / "tests" / "distil" / "faulty_server.py"
RUN = "benchmark"
CONCURRENCY = 32
LATENCY = 2.0  # seconds an answer takes, as a quick teacher does for a few sentences
ROUNDS = 12  # calls one after the other, CONCURRENCY of them side by side
FEW, MANY = 1_000, 10_000


@contextmanager
def serving(latency: float) -> Iterator[str]:
    """The address of a server that takes `latency` seconds for an answer."""
    command = [sys.executable, str(SERVER), "--plan", json.dumps({"latency": latency})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def fill(store: DistilStore, prompts: int) -> None:
    store.create_run(RUN, {})
    for start in range(0, prompts, 1000):
        numbers = range(start, min(start + 1000, prompts))
        store.add_questions(
            RUN,
            [
                Question(f"q{number}", "greeting", {"prompt": f"请写第{number}段五十个字的春节祝福给家长"}, "seed")
                for number in numbers
            ],
        )


async def answer_all(store: DistilStore, address: str) -> int:
    """Ask for an answer to every question of the run; how many came."""
    config = Config(concurrency=CONCURRENCY)
    endpoint = Endpoint(address, "m", FREE, "", "json_object", "NO_SUCH_KEY", batch=False, key_needed=False)
    desk = Desk(store, RUN, OpenAITeacher(endpoint, config), config=config, price=FREE)
    good = 0

    async def ask(question: Question) -> None:
        nonlocal good
        messages = (Message("user", question.row["prompt"]),)
        reply = await desk.ask(Call(Stage.ANSWER, question.task, messages))
        good += reply.outcome is Outcome.OK

    await for_each(store.questions(RUN), CONCURRENCY, ask)
    await desk.close()
    return good


def seconds_to_answer(prompts: int, address: str) -> float:
    with tempfile.TemporaryDirectory() as home, closing(open_store(Settings(home=Path(home)))) as database:
        store = DistilStore(database)
        fill(store, prompts)
        start = time.perf_counter()
        good = asyncio.run(answer_all(store, address))
        took = time.perf_counter() - start
    assert good == prompts, f"{good} of {prompts} calls were answered"
    return took


def throughput_share() -> float:
    """Calls a second as a share of concurrency ÷ latency."""
    with serving(LATENCY) as address:
        seconds_to_answer(CONCURRENCY, address)  # imports, first connections
        prompts = CONCURRENCY * ROUNDS
        took = seconds_to_answer(prompts, address)
    print(f"{prompts} calls, {CONCURRENCY} at once, {LATENCY} s each: {took:.2f} s, {prompts / took:.1f} a second")
    return prompts / took / (CONCURRENCY / LATENCY)


def peak() -> float | None:
    """MiB of this process at its peak; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024


def peak_of(prompts: int) -> float | None:
    """MiB at the peak of a process that answers so many prompts."""
    with serving(0.0) as address:
        command = [sys.executable, __file__, "--prompts", str(prompts), "--address", address]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    took, mib = json.loads(run.stdout.splitlines()[-1])
    print(
        f"{prompts:6} prompts: {'?' if mib is None else f'{mib:.1f}'} MiB at the peak, {prompts / took:.0f} calls a second"
    )
    return mib if mib is None else round(mib, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--address", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prompts:
        print(json.dumps([seconds_to_answer(options.prompts, options.address), peak()]))
        return
    print(f"{date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    share = throughput_share()
    print(json.dumps({"throughput_share": round(share, 3), "peak_mb_1k": peak_of(FEW), "peak_mb_10k": peak_of(MANY)}))


if __name__ == "__main__":
    main()
