"""The embedded model behind `transformers serve`, a server that hesui has no part in, as a teacher and in Compare."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

from hesui.answers import collect, follow
from hesui.distil.calls import Outcome
from hesui.distil.client import OpenAITeacher
from hesui.distil.config import Config
from hesui.distil.desk import Desk
from hesui.distil.teachers import resolve
from hesui.length import parse
from hesui.models.routing import Router
from hesui.records import BASE, EndReason, Message, Request, Sampling
from hesui.settings import TINY, Remote

START = 180  # seconds; it imports torch
# Without one this server takes the model for a Qwen with Qwen's template, and a stream begins with the prompt.
RESPONSE = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|assistant|>",
    "fields": {"content": {"close": "<|end|>", "content": "text"}},
}


def served_copy(home):
    """The embedded base, with what tells this server how to read its answers."""
    model = shutil.copytree(TINY / "base", home / "served")
    config = json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
    (model / "tokenizer_config.json").write_text(json.dumps(config | {"response_template": RESPONSE}), encoding="utf-8")
    return str(model)


@contextmanager
def serving(model, home):
    """The address of a server, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from transformers.cli.transformers import main; main()",
        "serve",
        model,
    ]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--default-seed", "0"]
    options += ["--dtype", "float32"]
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


def test_the_embedded_model_answers_as_a_teacher_and_as_a_remote(tmp_path, settings, store, make_call):
    prompt, model = "假如你是老师，请写一段50字的春节祝福给家长", served_copy(tmp_path)
    calls = [make_call(prompt, sample=sample, max_tokens=60, temperature=0.7) for sample in range(2)]

    async def ask(address):
        config = Config(teacher="local", model=model, base_url=address, timeout=120)
        endpoint = resolve(config, settings)
        desk = Desk(store, "run", OpenAITeacher(endpoint, config), config=config, price=endpoint.price)
        replies = [await desk.ask(call) for call in [*calls, *calls]]
        await desk.close()
        return replies

    with serving(model, tmp_path) as address:
        replies = asyncio.run(ask(address))
        compare_with_itself(settings, address, model, prompt)
    assert all(reply.outcome in (Outcome.OK, Outcome.TRUNCATED) for reply in replies), replies
    assert all("祝" in reply.text or "新" in reply.text for reply in replies)
    assert all(reply.usage.prompt > 10 and 0 < reply.usage.completion <= 60 for reply in replies)
    assert [reply.text for reply in replies[2:]] == [reply.text for reply in replies[:2]]
    assert {reply.seconds for reply in replies[2:]} == {0.0}
    assert store.last_faults("run") == []


def compare_with_itself(settings, address, model, prompt):
    """The base here and the base behind the server write the same text, greedily; and a stream can be left."""
    remotes = {"served": Remote(url=address, model=model), "gone": Remote(url=address, model="no/such")}
    router = Router(settings.model_copy(update={"remotes": remotes}))
    messages, greedy = (Message("user", prompt),), Sampling(temperature=0)
    here, there, gone = collect(
        router, [Request(messages, name, greedy, parse(prompt)) for name in (BASE, "served", "gone")]
    )
    assert (there.text, there.end.reason) == (here.text, here.end.reason)
    assert len(here.text) > 30
    assert abs(there.end.tokens - here.end.tokens) <= 1  # the server counts the end too
    assert gone.end.reason is EndReason.ERROR
    cut = collect(router, [Request(messages, "served", Sampling(temperature=0, max_tokens=5))])[0]
    assert (here.text.startswith(cut.text), cut.end.reason) == (True, EndReason.LIMIT)
    states = follow(router, [Request(messages, "served", greedy)])
    while not next(states).rows[0].text:
        pass
    start = time.monotonic()
    states.close()
    assert time.monotonic() - start < 0.3
