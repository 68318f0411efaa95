"""Many reviewers in several processes: nothing is lost, nothing counts twice, nobody decides in vain."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from hesui.store.queueing import Decision, ReviewQueue
from hesui.store.tables import review_events, review_items

REVIEW = Path(__file__).parent.parent.parent / "benchmarks" / "review.py"
DECISIONS = 240


@pytest.fixture(scope="module")
def review():
    spec = importlib.util.spec_from_file_location("benchmarks_review", REVIEW)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their own module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def crew(review):
    with closing(review.Crew(3)) as three_processes:
        yield three_processes


def address(database):
    return database.engine.url.render_as_string(hide_password=False)


def test_many_reviewers_in_three_processes_break_no_promise(review, crew, database):
    review.fill(database, 400)
    report = crew.work(address(database), reviewers=24, decisions=DECISIONS, seed=1)
    assert report.failed == []
    assert review.count_faults(database, report.acknowledged) == (0, 0, 0, 0)
    decided = [one for one in report.acknowledged if one.action != "undo"]
    assert len(decided) + len(report.refused) >= DECISIONS
    assert set(report.refused) <= {"error.review_taken"}  # of who had an item that its first reviewer took back


def test_the_last_items_are_decided_too(review, crew, database):
    review.fill(database, 60)
    report, survey = review.Report(), review.ReviewSurvey(database)
    for seed in range(2, 9):  # who finds nothing stops, though somebody else may skip the last item after that
        report.add(crew.work(address(database), reviewers=24, decisions=DECISIONS, seed=seed))
        if survey.progress().left == 0:
            break
    assert survey.progress().left == 0
    assert report.failed == []
    assert review.count_faults(database, report.acknowledged) == (0, 0, 0, 0)


@pytest.fixture
def decided(review, database):
    """A queue with one decision on one item, and what its reviewer was told."""
    queue = ReviewQueue(database)
    queue.add([review.make_item(1, review.random.Random(1), pairs=0.0)])
    queue.claim("r1")
    event = queue.decide("r1", "i1", Decision("accept", key="k"))
    return event, [review.Acknowledged("r1", "k", "i1", "accept")]


@pytest.mark.parametrize(
    "harm, found",
    [
        (None, (0, 0, 0, 0)),
        (lambda event: update(review_events).values(action="reject"), (1, 0, 0, 0)),
        (lambda event: update(review_items).values(state="rejected"), (0, 0, 0, 1)),
        (lambda event: another(event, reviewer="r1", key="k2"), (0, 1, 1, 1)),
        (lambda event: another(event, reviewer="r2", key="k"), (0, 0, 1, 1)),
    ],
)
def test_the_count_of_faults_sees_them(review, database, decided, harm, found):
    event, told = decided
    if harm is not None:
        with database.writing() as connection:
            connection.execute(harm(event))
    assert review.count_faults(database, told) == found


def another(event, **changes):
    """The same decision once more."""
    same = {"action", "item", "choice", "reason", "note", "seconds", "counter", "text_hash", "peeked", "created"}
    return insert(review_events).values({name: getattr(event, name) for name in same} | changes)


def test_the_naive_way_fails_or_decides_twice(review, crew, database):
    review.fill(database, 100, pairs=0.0)
    report = crew.work(address(database), reviewers=24, decisions=100, seed=3, naive=True)
    with database.reading() as connection:
        decided = list(connection.execute(select(review_events.c.item)).scalars())
    assert len(report.failed) + len(report.refused) + len(decided) - len(set(decided)) > 0
