"""What distillation keeps is found again, once, and in order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hesui.settings import Settings
from hesui.store.distilling import Batch, DistilStore, Fault, PaidCall, Question, StoredAnswer
from hesui.store.migrate import open_store

ROW = {"id": "q1", "class": "greeting", "prompt": "写50字", "constraint": None, "family": "f"}
CALL = PaidCall("k1", "r", "greeting", "answer", "m", "ok", "新年好。", 10, 5, 0.25, 1.0)


@pytest.fixture
def store(tmp_path):
    database = open_store(Settings(home=tmp_path))
    store = DistilStore(database)
    store.create_run("r", {"prompts": 5})
    yield store
    database.close()


def ask(number, **changes):
    return replace(Question(f"q{number}", "greeting", ROW | {"id": f"q{number}"}, "seed"), **changes)


def say(question="q1", **changes):
    return replace(StoredAnswer(question, "greeting", "新年好。", "accepted", 4, 0, "", 0, "m", "k1"), **changes)


def test_a_question_is_added_once(store):
    assert store.add_questions("r", [ask(1), ask(2)]) == 2
    assert store.add_questions("r", [ask(2), ask(3)]) == 1
    assert [question.id for question in store.questions("r")] == ["q1", "q2", "q3"]


def test_any_number_of_questions_is_read_in_order(store):
    store.add_questions("r", [ask(number) for number in range(450)])
    assert [question.id for question in store.questions("r")] == [f"q{number}" for number in range(450)]
    assert store.count_questions("r", "greeting") == 450


def test_settling_twice_leaves_one_set_of_answers(store):
    store.add_questions("r", [ask(1)])
    for _ in range(2):
        store.settle("r", "q1", "accepted", 2, [say(), say(sample=1, kind="negative", reason="too_long")])
    assert [answer.sample for _, answer in store.answers("r")] == [0, 1]
    assert store.question("r", "q1").state == "accepted"
    assert list(store.questions("r", state="open")) == []


def test_a_relabelled_question_comes_with_its_answer_in_one_step(store):
    store.add_questions("r", [ask(1)])
    made = ask(9, origin="relabelled", parent="q1", state="accepted")
    for _ in range(2):
        store.settle("r", "q1", "failed", 3, [say(kind="negative"), say("q9")], [made])
    assert [(question.id, answer.kind) for question, answer in store.answers("r", kind="accepted")] == [
        ("q9", "accepted")
    ]
    tally = store.tallies("r")["greeting"]
    assert (tally.prompts, tally.answered, tally.accepted, tally.relabelled, tally.negatives) == (2, 2, 1, 1, 1)


def test_a_call_is_paid_for_once(store):
    store.record_call(CALL)
    store.record_call(replace(CALL, text="something else", cost=9.0))
    assert store.cached("k1") == CALL
    assert store.spent("r") == 0.25
    assert store.cached("unknown") is None


def test_the_cache_outlives_its_run(store):
    store.record_call(CALL)
    store.delete_run("r")
    assert store.run("r") is None
    assert store.cached("k1") == CALL


def test_outcomes_are_told_apart(store):
    store.record_call(CALL)
    for detail in ("first", "second"):
        store.record_fault("r", Fault("greeting", "answer", "rate_limited", detail))
    tally = store.tallies("r")["greeting"]
    assert (tally.calls, tally.cost, tally.outcomes) == (1, 0.25, {"ok": 1, "rate_limited": 2})
    assert [fault.detail for fault in store.last_faults("r")] == ["second", "first"]


def test_one_process_works_on_a_run(store):
    assert store.claim_run("r", 100, 1.0, dead=[])
    assert not store.claim_run("r", 200, 2.0, dead=[])
    assert store.claim_run("r", 200, 2.0, dead=[(100, 1.0)])
    assert store.run("r").pid == 200


def test_a_screen_of_answers_is_the_newest(store):
    store.add_questions("r", [ask(number) for number in range(30)])
    for number in range(30):
        store.settle("r", f"q{number}", "accepted", 1, [say(f"q{number}")])
    total, page = store.sample_answers("r", offset=10, limit=5)
    assert total == 30
    assert [question.id for question, _ in page] == ["q19", "q18", "q17", "q16", "q15"]


def test_a_batch_is_updated_in_its_place(store):
    store.save_batch("r", Batch("b", "submitted", [{"stage": "answer"}]))
    store.save_batch("r", Batch("b", "collected", []))
    assert store.batches("r", "submitted") == []
    assert store.batches("r") == [Batch("b", "collected", [{"stage": "answer"}])]


def test_runs_are_listed_newest_first_and_keep_what_they_were_told(store):
    store.create_run("s", {})
    store.update_run("s", state="failed", note="no key", note_key="error.key", note_values={"name": "K"})
    newest, oldest = store.runs()
    assert (newest.id, newest.note_values, oldest.config) == ("s", {"name": "K"}, {"prompts": 5})
