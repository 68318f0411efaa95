"""A process that is killed while it writes leaves a whole database with everything that it acknowledged."""

from __future__ import annotations

import importlib.util
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

CRASH = Path(__file__).parent.parent.parent / "benchmarks" / "crash.py"


@pytest.fixture(scope="module")
def crash():
    spec = importlib.util.spec_from_file_location("benchmarks_crash", CRASH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_what_was_acknowledged_survives_every_kill(crash, tmp_path):
    result = crash.campaign(tmp_path / "hesui.db", kills=12, longest=0.2)
    assert (result.kills, len(result.lost), result.corrupt) == (12, 0, 0)
    assert result.recorded >= len(result.told) > 12


@pytest.mark.parametrize(
    "harm, found",
    [
        ("DELETE FROM review_events WHERE number = 1", (1, 0)),
        ("UPDATE review_items SET state = 'rejected' WHERE id = 'i0'", (0, 1)),
        ("UPDATE review_events SET key = 'another' WHERE number = 1", (1, 0)),
    ],
)
def test_the_look_after_a_kill_sees_harm(crash, tmp_path, harm, found):
    path, campaign = tmp_path / "hesui.db", crash.Campaign()
    decide_one(crash, path)
    campaign.told = {crash.Told("r0", "k", "i0")}
    assert crash.look_over(path, campaign, since=0) == 1
    assert (len(campaign.lost), campaign.corrupt) == (0, 0)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(harm)
    crash.look_over(path, campaign, since=0)
    assert (len(campaign.lost), campaign.corrupt) == found


def decide_one(crash, path):
    from hesui.store.migrate import open_store

    with closing(open_store(crash.settings(path))) as database:
        queue = crash.ReviewQueue(database)
        queue.add([crash.make_item(0)])
        queue.claim("r0")
        queue.decide("r0", "i0", crash.Decision("accept", key="k"))
