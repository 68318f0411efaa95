"""How a question gets its answer: samples, feedback, relabelling; and what is kept of all that."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from hesui.corpus.classes import TaskClass
from hesui.corpus.families import Families
from hesui.corpus.rows import Row, from_record
from hesui.distil.answering import answer_open, max_tokens
from hesui.distil.calls import Outcome, Reply
from hesui.distil.config import make_config
from hesui.distil.desk import CapReached, Desk
from hesui.distil.job import Gate, Job, Stopped, as_question, trains
from hesui.distil.teachers import Price
from hesui.errors import TeacherError
from hesui.length import Constraint, check, parse
from hesui.prompts import is_feedback
from hesui.records import Message

PASSES = 3
WORDS = {"zh": "祝福", "en": "greeting"}
TASK = TaskClass(id="greeting", name=WORDS, asks=WORDS, within=2, demand="50字")
PROMPT = "请给老师写一段50字的春节祝福。"


def text_of(count: int, salt: int = 0) -> str:
    return "".join(chr(0x4E00 + (7919 * (i + salt)) % 15000) for i in range(count - 1)) + "。"


def row(prompt: str = PROMPT, id: str = "q", **fields) -> Row:
    return Row(id, "greeting", prompt, parse(prompt), f"family-{id}", **fields)


def work(store, teacher, rows=(), *, task=TASK, wanted=lambda: "run", price=None, **settings):
    """Answer `rows`; how many stay open."""
    config = make_config(**{"concurrency": 4, "retries": 2, "samples": 1} | settings)
    store.add_questions("run", [as_question(one, "seed") for one in rows])

    async def answering():
        desk = Desk(store, "run", teacher, config=config, price=price)
        gate = Gate(wanted, lambda state: None)
        job = Job(store, "run", config, {task.id: task}, desk, Families(rows), frozenset(), gate)
        try:
            return await answer_open(job, PASSES)
        finally:
            await desk.close()

    return asyncio.run(answering())


def kept(store, kind):
    return [answer for _, answer in store.answers("run", kind=kind)]


def test_a_good_first_answer_is_accepted_after_one_call(store, scripted):
    teacher = scripted(lambda call: text_of(51))
    assert work(store, teacher, [row()]) == 0
    (answer,) = kept(store, "accepted")
    assert (answer.text, answer.count, answer.error, answer.reason, answer.teacher) == (
        text_of(51), 51, 1, "", "scripted",
    )  # fmt: skip
    assert answer.call == teacher.calls[0].key("scripted")
    question = store.question("run", "q")
    assert (question.state, question.tries, len(teacher.calls)) == ("accepted", 1, 1)
    assert kept(store, "negative") == []


def test_the_nearest_of_several_samples_is_kept_and_the_rejected_ones_are_negatives(store, scripted):
    counts = [60, 52, 50, 40]
    work(store, scripted(lambda call: text_of(counts[call.sample], call.sample)), [row()], samples=4)
    (answer,) = kept(store, "accepted")
    assert (answer.count, answer.sample) == (50, 2)
    assert [(one.count, one.reason) for one in kept(store, "negative")] == [(60, "too_long"), (40, "too_short")]
    assert store.question("run", "q").tries == 2  # the second would have done


def test_the_teacher_is_told_its_measured_count_and_answers_again(store, scripted):
    def script(call):
        return text_of(50) if is_feedback(call.messages[-1].content) else text_of(63)

    teacher = scripted(script)
    work(store, teacher, [row()])
    (answer,) = kept(store, "accepted")
    assert answer.count == 50
    first, second = teacher.calls
    assert second.messages[: len(first.messages)] == first.messages
    said, told = second.messages[len(first.messages) :]
    assert said == Message("assistant", text_of(63))
    assert told.role == "user" and all(words in told.content for words in ("63字", "恰好50字", "删减13字"))
    assert [one.reason for one in kept(store, "negative")] == ["too_long"]
    assert store.question("run", "q").tries == 2


@pytest.mark.parametrize(
    ("prompt", "count", "words"),
    [
        ("Write a new year greeting of 50 words to my teacher.", 20, ("20 words", "exactly 50 words", "add 30 words")),
        ("给老师写一段不超过100字的祝福。", 30, ("实测30字", "60到100字", "增加30字")),
        ("给老师写一段不少于200字的祝福。", 400, ("实测400字", "200到300字", "删减100字")),
    ],
)
def test_feedback_speaks_the_prompts_language_and_says_what_is_wanted(store, scripted, prompt, count, words):
    english = " ".join(f"word{i}" for i in range(count)) + "."
    teacher = scripted(lambda call: english if "words" in prompt else text_of(count))
    work(store, teacher, [row(prompt)], retries=1, relabel=False)
    told = teacher.calls[1].messages[-1].content
    assert all(word in told for word in words), told


def test_an_unsound_answer_is_told_what_is_wrong_with_it(store, scripted):
    teacher = scripted(lambda call: text_of(45) + "（共50字）")
    work(store, teacher, [row()], retries=1)
    assert "（共50字）" in teacher.calls[1].messages[-1].content
    assert store.question("run", "q").state == "failed"
    assert {one.reason for one in kept(store, "negative")} == {"stated_count"}
    assert kept(store, "accepted") == []  # no demand makes such an answer right


def test_a_question_that_no_answer_fits_is_rewritten_to_the_nearest_ones_length(store, scripted):
    counts = iter([63, 58, 75])
    work(store, scripted(lambda call: text_of(next(counts))), [row()])
    original = store.question("run", "q")
    assert (original.state, original.tries) == ("failed", 3)
    (pair,) = store.answers("run", kind="accepted")
    question, answer = pair
    new = from_record(question.row)
    assert (question.origin, question.parent, question.state) == ("relabelled", "q", "accepted")
    assert new.family == "family-q" and new.prompt != PROMPT and parse(new.prompt) == new.constraint
    assert answer.count == 58 and abs(answer.error) <= TASK.within and check(answer.text, new.constraint).count == 58
    assert trains(new.constraint.aim)
    assert sorted(one.count for one in kept(store, "negative")) == [58, 63, 75]
    assert store.tallies("run")["greeting"].relabelled == 1


def test_without_relabelling_nothing_is_rewritten(store, scripted):
    work(store, scripted(lambda call: text_of(63)), [row()], relabel=False)
    assert [question.id for question in store.questions("run")] == ["q"]


def test_a_rewritten_question_never_names_a_number_that_is_kept_for_evaluation(store, scripted):
    for count in range(53, 75):
        prompt = f"第{count}位老师请我写一段50字的祝福给{chr(0x4E00 + 31 * count)}先生。"
        work(store, scripted(lambda call, count=count: text_of(count)), [row(prompt, f"q{count}")], retries=0)
    numbers = [q.row["constraint"]["target"] for q in store.questions("run", origin="relabelled")]
    assert len(numbers) == 22 and all(map(trains, numbers))


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.RATE_LIMITED, Outcome.SERVER, Outcome.BAD_REQUEST])
def test_a_question_stays_open_where_its_call_brought_nothing(store, scripted, outcome):
    teacher = scripted(lambda call: Reply(outcome))
    assert work(store, teacher, [row()]) == 1
    assert store.question("run", "q").state == "open"
    assert len(teacher.calls) == PASSES
    assert work(store, scripted(lambda call: text_of(50)), []) == 0
    assert store.question("run", "q").state == "accepted"


def test_questions_that_bring_nothing_again_and_again_do_not_condemn_the_teacher(store, scripted):
    rows = [row(f"给{chr(0x4E00 + i)}写一段50字的祝福。", f"q{i:02}") for i in range(60)]
    bad = {f"给{chr(0x4E00 + i)}写一段50字的祝福。" for i in range(0, 60, 4)}
    teacher = scripted(lambda call: Reply(Outcome.TIMEOUT) if call.messages[-1].content in bad else text_of(50))
    assert work(store, teacher, rows) == 15
    assert store.tallies("run")["greeting"].accepted == 45


def test_a_teacher_that_is_gone_is_told_so(store, scripted):
    rows = [row(f"给{chr(0x4E00 + i)}写一段50字的祝福。", f"q{i:02}") for i in range(200)]
    with pytest.raises(TeacherError):
        work(store, scripted(lambda call: Reply(Outcome.TIMEOUT)), rows)


def test_a_sample_that_got_lost_does_not_cost_the_good_one(store, scripted):
    work(store, scripted(lambda call: text_of(50) if call.sample else Reply(Outcome.TIMEOUT)), [row()], samples=2)
    assert [one.count for one in kept(store, "accepted")] == [50]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FILTERED])
def test_what_the_teacher_declines_is_not_asked_again(store, scripted, outcome):
    teacher = scripted(lambda call: Reply(outcome))
    assert work(store, teacher, [row()]) == 0
    assert (store.question("run", "q").state, len(teacher.calls)) == ("failed", 1)


def test_an_empty_answer_is_asked_for_again_as_another_sample(store, scripted):
    teacher = scripted(lambda call: text_of(50) if call.sample else Reply(Outcome.MALFORMED))
    work(store, teacher, [row()])
    assert store.question("run", "q").state == "accepted"
    assert [call.messages for call in teacher.calls] == [teacher.calls[0].messages] * 2


def test_a_truncated_answer_is_no_answer_however_long(store, scripted):
    work(store, scripted(lambda call: Reply(Outcome.TRUNCATED, text_of(50))), [row()], retries=0)
    assert [one.reason for one in kept(store, "negative")] == ["truncated"]


def test_nothing_is_asked_twice_and_nothing_kept_twice_when_all_is_done_again(store, scripted):
    rows = [row(f"给{name}写一段50字的祝福。", f"q{i}") for i, name in enumerate("张王李赵")]
    script = {0: 63, 1: 50}
    work(store, scripted(lambda call: text_of(script[call.sample])), rows)
    before = list(store.answers("run"))
    with store._database.writing() as connection:  # as if killed before the last settlements
        connection.exec_driver_sql("update distil_questions set state = 'open' where id in ('q1', 'q2')")
    again = scripted(lambda call: text_of(script[call.sample]))
    work(store, again, [])
    assert again.calls == []
    after = list(store.answers("run"))
    assert Counter((one.question, one.sample, one.text) for _, one in after) == Counter(
        (one.question, one.sample, one.text) for _, one in before
    )


def test_a_stop_leaves_the_rest_open_and_finishes_what_is_under_way(store, scripted):
    rows = [row(f"给{chr(0x4E00 + i)}写一段50字的祝福。", f"q{i}") for i in range(30)]
    teacher = scripted(lambda call: text_of(50))
    with pytest.raises(Stopped):
        work(store, teacher, rows, wanted=lambda: "stop" if len(teacher.calls) >= 10 else "run")
    states = Counter(question.state for question in store.questions("run"))
    assert states["accepted"] == len(teacher.calls) < 20
    assert states["open"] == 30 - len(teacher.calls)


def test_the_cap_ends_the_work_before_it_is_passed(store, scripted):
    rows = [row(f"给{chr(0x4E00 + i)}写一段50字的祝福。", f"q{i}") for i in range(30)]
    price = Price(1000.0, 1000.0)  # 0.02 a call as charged, more at worst
    with pytest.raises(CapReached):
        work(store, scripted(lambda call: text_of(50)), rows, price=price, cap=1.0)
    assert 0 < store.spent("run") <= 1.0
    assert store.tallies("run")["greeting"].accepted == store.tallies("run")["greeting"].calls


def test_a_class_with_a_role_says_so_to_the_teacher_and_history_goes_along(store, scripted):
    task = TASK.model_copy(update={"system": "你是一位说书人。"})
    history = (Message("system", "你是一位账房先生。"), Message("user", "在吗"), Message("assistant", "在。"))
    teacher = scripted(lambda call: text_of(50))
    work(store, teacher, [row("写一段50字的祝福", "a"), row("写一段50字的贺词", "b", history=history)], task=task)
    first, second = sorted((call.messages for call in teacher.calls), key=len)
    assert first[0].role == "system" and first[0].content.startswith("你是一位说书人。") and len(first) == 2
    assert second[0].content.startswith("你是一位账房先生。") and "说书人" not in second[0].content
    assert second[1:3] == history[1:]


def test_the_token_limit_leaves_generous_room():
    assert max_tokens(None) >= 1024
    assert max_tokens(Constraint("eq", target=50)) >= 3 * 50
    assert max_tokens(Constraint("ge", min=300)) >= 2 * 450
    assert max_tokens(Constraint("eq", target=400, unit="word")) >= 2 * 400
    assert max_tokens(Constraint("eq", target=20_000)) <= 16_384
