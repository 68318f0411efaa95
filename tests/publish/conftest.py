"""A Hub of the test's own, and the real client pointed at it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest
from huggingface_hub import close_session, constants

from hesui.corpus.rows import Row
from hesui.corpus.splits import freeze
from hesui.files import write_json
from hesui.length import parse
from hesui.models.registry import ADAPTER_WEIGHTS
from hesui.review.exporting import export
from hesui.review.items import answer_item
from hesui.settings import TINY, Settings
from hesui.store.migrate import open_store
from hesui.store.queueing import Decision, ReviewQueue
from hesui.store.surveying import ReviewSurvey
from hesui.train.adopting import ORIGIN
from hesui.train.config import TrainConfig
from hesui.train.runs import new_run

_spec = importlib.util.spec_from_file_location("hub_server", Path(__file__).with_name("hub_server.py"))
hub_server = importlib.util.module_from_spec(_spec)
sys.modules["hub_server"] = hub_server
_spec.loader.exec_module(hub_server)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """The server; huggingface_hub asks it and nobody else, with a token that may write."""
    with hub_server.running() as found:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "ENDPOINT", found.url)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # Xet has a protocol of its own
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", found.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_TOKEN", hub_server.TOKEN)
        yield found


@pytest.fixture(scope="session", autouse=True)
def _client():
    """The client keeps one session for all tests, because a new one reads all certificates again."""
    yield
    close_session()


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def reviewed(tmp_path):
    """A data set that came out of review: 张三 accepted what a teacher wrote."""
    database = open_store(Settings(home=tmp_path / "review"))
    queue = ReviewQueue(database)
    for number, who in enumerate("爷奶爸妈哥姐弟妹叔姨"):
        prompt = f"给{who}拜年，10字以内"
        row = Row(
            f"r{number}", "greeting", prompt, parse(prompt), f"f{number}", "新年好，万事如意！", licence="cc-by-4.0"
        )
        item = answer_item(row, 0, source="run-1", teacher="甲模型")
        queue.add([item])
        queue.decide("张三", item.id, Decision("accept", key=f"key-{number:06}"))
    folder = tmp_path / "sets" / "reviewed"
    export(ReviewSurvey(database), folder, "sft", "trl", demo=False, classes={}, held_out=())
    database.close()
    return folder


@pytest.fixture
def frozen(tmp_path):
    """A data set that nobody has reviewed."""
    folder = tmp_path / "sets" / "frozen"
    prompts = [f"给{who}写一段{n}字的拜年话" for n, who in enumerate("爷奶爸妈哥姐弟妹叔姨", start=20)]
    rows = (Row(str(n), "greeting", text, parse(text), reference="新年好，祝您身体健康！", source="甲模型")
            for n, text in enumerate(prompts))  # fmt: skip
    freeze(rows, folder)
    return folder


@pytest.fixture
def mine(settings, reviewed):
    """An adapter of the user's own, other weights than the embedded one's, with the run that made it."""
    folder = settings.adapters / "mine"
    shutil.copytree(TINY / "adapter", folder)
    weights = (folder / ADAPTER_WEIGHTS).read_bytes()
    (folder / ADAPTER_WEIGHTS).write_bytes(weights[:-2] + bytes(byte ^ 1 for byte in weights[-2:]))
    run = new_run(settings.runs, TrainConfig(data=reviewed.absolute(), rank=16))
    write_json(folder / ORIGIN, {"run": run.id})
    return folder
