"""The embedded model behind `transformers serve`, a server that hesui has no part in, as a teacher."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from hesui.distil.calls import Outcome
from hesui.distil.client import OpenAITeacher
from hesui.distil.config import Config
from hesui.distil.desk import Desk
from hesui.distil.teachers import resolve
from hesui.settings import TINY

START = 180  # seconds; it imports torch


@contextmanager
def serving(home):
    """The address of a server, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from transformers.cli.transformers import main; main()",
        "serve",
        str(TINY / "base"),
    ]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--default-seed", "0"]
    environment = os.environ | {"HF_HOME": str(home), "OMP_NUM_THREADS": "1"}
    with open(home / "log.txt", "wb") as log:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log, env=environment)
    try:
        deadline = time.monotonic() + START
        while not healthy(port):
            assert process.poll() is None, (home / "log.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def healthy(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10):
            return True
    except (urllib.error.URLError, ConnectionError):
        return False


def test_the_embedded_model_answers_through_the_desk(tmp_path, settings, store, make_call):
    prompt = "假如你是老师，请写一段50字的春节祝福给家长"
    calls = [make_call(prompt, sample=sample, max_tokens=60, temperature=0.7) for sample in range(2)]

    async def ask(address):
        config = Config(teacher="local", model=str(TINY / "base"), base_url=address, timeout=120)
        endpoint = resolve(config, settings)
        desk = Desk(store, "run", OpenAITeacher(endpoint, config), config=config, price=endpoint.price)
        replies = [await desk.ask(call) for call in [*calls, *calls]]
        await desk.close()
        return replies

    with serving(tmp_path) as address:
        replies = asyncio.run(ask(address))
    assert all(reply.outcome in (Outcome.OK, Outcome.TRUNCATED) for reply in replies), replies
    assert all("祝" in reply.text or "新" in reply.text for reply in replies)
    assert all(reply.usage.prompt > 10 and 0 < reply.usage.completion <= 60 for reply in replies)
    assert [reply.text for reply in replies[2:]] == [reply.text for reply in replies[:2]]
    assert {reply.seconds for reply in replies[2:]} == {0.0}
    assert store.last_faults("run") == []
