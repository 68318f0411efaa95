"""A whole run: from seeds to accepted answers, stopped, killed or out of money anywhere, and nothing paid twice."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from hesui.corpus.checking import examine
from hesui.corpus.classes import TaskClass, load_classes
from hesui.corpus.families import Families
from hesui.corpus.rows import Row
from hesui.corpus.seeds import load_evaluation, load_seeds
from hesui.corpus.splits import split_of
from hesui.distil import ahead
from hesui.distil import job as job_module
from hesui.distil.accepting import judge
from hesui.distil.calls import Call, Outcome, Reply, Stage
from hesui.distil.composing import NAME, ComposerTeacher
from hesui.distil.config import config_of, make_config
from hesui.distil.desk import Desk, paid_call
from hesui.distil.harvest import accepted_rows, negative_rows
from hesui.distil.pipeline import run
from hesui.distil.teachers import Price
from hesui.errors import InputError, TeacherError
from hesui.length import parse
from hesui.prompts import is_feedback
from hesui.store.distilling import Batch, DistilStore
from hesui.store.migrate import open_store

WORDS = {"zh": "类", "en": "class"}
FACTS = {"name": WORDS, "asks": WORDS, "demand": "50字", "ops": {"eq": 1.0}, "numbers": (30, 90)}
CLASSES = {
    one.id: one
    for one in (
        TaskClass(id="greeting", share=3, **FACTS),
        TaskClass(
            id="verse", share=1, input="greeting", wordings=["把这段祝福改写成一首诗，{demand}：\n{input}"], **FACTS
        ),
        TaskClass(id="summary", share=1, input="letter", wordings=["概括这封信，{demand}：\n{input}"], **FACTS),
        TaskClass(id="letter", share=0, shots=[{"prompt": "写一封50字的新年信"}], **FACTS),
    )
}
PROMPTS = ("假如你是老师，请写一段50字的春节祝福给家长", "我是学生，帮我给班主任写一段60字的新年祝福。")
SEEDS = [Families().assign(Row(f"s{i}", "greeting", prompt, parse(prompt))) for i, prompt in enumerate(PROMPTS)]
CONFIG = make_config(prompts=50, per_call=5, concurrency=1, variants=1, retries=1)  # one by one: always the same
WIDE = CONFIG.model_copy(update={"concurrency": 4})
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎"


def invented(task: str, number: int) -> str:
    asked = {"greeting": "春节祝福", "letter": "新年来信"}[task]
    one, two = SURNAMES[number % 50], SURNAMES[(number * 7 + 3) % 50]
    return f"我是{one}家村的{two}师傅，想给{two}{one}镇的老{one}写一段{44 + 7 * (number % 5)}字的{asked}。"


def text_of(count: int, salt: str) -> str:
    start = sum(map(ord, salt))
    return "".join(chr(0x4E00 + (7919 * (i + start)) % 15000) for i in range(count - 1)) + "。"


def good_teacher(call):
    """Invents prompts; hits every length, at the second try in one case of four, never in one of ten."""
    if call.stage is Stage.EXPAND:
        prompts = [invented(call.task, call.sample * 5 + i) for i in range(5)]
        return json.dumps({"questions": prompts}, ensure_ascii=False)
    prompt = next(turn.content for turn in call.messages if turn.role == "user")
    number = sum(map(ord, prompt))
    careless = number % 10 == 0 or (number % 4 == 0 and not is_feedback(call.messages[-1].content))
    return text_of(parse(prompt).aim + 7 * careless, prompt)


def work(
    store,
    teacher,
    *,
    config=CONFIG,
    classes=CLASSES,
    seeds=SEEDS,
    held_out=(),
    wanted=lambda: "run",
    price=None,
    batches=None,
):
    async def working():
        desk = Desk(store, "run", teacher, config=config, price=price)
        try:
            await run(store, "run", config, classes, seeds, held_out, desk, wanted=wanted, batches=batches)
        finally:
            await desk.close()

    asyncio.run(working())


def outcome_of(store):
    """All that a run has brought, in an order of its own."""
    questions = {q.id: (q.origin, q.parent, q.state, q.tries, q.row["prompt"]) for q in store.questions("run")}
    answers = sorted((a.question, a.sample, a.kind, a.reason, a.text) for _, a in store.answers("run"))
    return questions, answers


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run brings that nothing disturbs, and its calls."""
    from hesui.settings import Settings

    database = open_store(Settings(home=tmp_path_factory.mktemp("undisturbed")))
    store = DistilStore(database)
    store.create_run("run", {})
    keys = []

    def script(call):
        keys.append(call.key("scripted"))
        return good_teacher(call)

    teacher = _Plain(script)
    work(store, teacher)
    yield outcome_of(store), keys, store
    database.close()


class _Plain:
    model = "scripted"

    def __init__(self, script):
        self._script = script

    async def complete(self, call):
        await asyncio.sleep(0)
        return Reply(Outcome.OK, self._script(call))

    async def close(self):
        pass


def test_a_run_ends_with_as_many_prompts_as_wanted_each_answered(undisturbed):
    (questions, _), _, store = undisturbed
    tallies = store.tallies("run")
    of_its_own = Counter(id.partition("-")[0] for id, (origin, *_) in questions.items() if origin != "relabelled")
    assert (tallies["greeting"].prompts - tallies["greeting"].relabelled) >= 30
    assert of_its_own["verse"] == of_its_own["summary"] == 10
    assert store.run("run").state == "done" and store.run("run").note == ""
    assert all(state != "open" for _, _, state, *_ in questions.values())
    assert {origin for origin, *_ in questions.values()} == {"seed", "expanded", "varied", "wrapped", "relabelled"}


def test_what_is_harvested_meets_the_strict_rule_and_says_where_it_is_from(undisturbed):
    _, _, store = undisturbed
    rows = list(accepted_rows(store, "run"))
    assert len(rows) == sum(tally.accepted for tally in store.tallies("run").values()) > 50
    for row in rows:
        assert judge(row.reference, row, CLASSES[row.task], "word").ok
        assert row.source == "scripted, run run" and row.family
    assert {row.task for row in accepted_rows(store, "run", {"verse"})} == {"verse"}
    rejected = list(negative_rows(store, "run"))
    assert rejected and all(one.reason == "too_long" and one.error == 7 for one in rejected)
    assert not {one.row.id for one in rejected} & {row.id for row in rows}
    assert {one.question for one in rejected} <= {q.id for q in store.questions("run")}


def test_splits_share_no_family_and_a_carried_answer_stays_with_its_question(undisturbed):
    _, _, store = undisturbed
    by_id = {question.id: question for question in store.questions("run")}
    for question in by_id.values():
        if question.parent:
            assert question.row["family"] == by_id[question.parent].row["family"]
    findings = examine(accepted_rows(store, "run"), CLASSES)
    assert findings.near_duplicates == [] and findings.bad_rows == []
    assert len({split_of(row.family) for row in accepted_rows(store, "run")}) > 1


def test_no_call_is_made_twice(undisturbed):
    _, keys, store = undisturbed
    assert len(set(keys)) == len(keys) == sum(tally.calls for tally in store.tallies("run").values())


def test_running_a_finished_run_again_changes_nothing_and_asks_nothing(store, scripted, undisturbed):
    work(store, scripted(good_teacher))
    again = scripted(good_teacher)
    before = outcome_of(store)
    work(store, again)
    assert again.calls == [] and outcome_of(store) == before == undisturbed[0]


@pytest.mark.parametrize("after", [1, 4, 9, 30, 55, 71, 80])
def test_a_run_that_breaks_off_anywhere_goes_on_where_it_was(store, scripted, undisturbed, after):
    expected, keys, _ = undisturbed
    paid = []

    def breaking(call):
        if len(paid) == after:
            raise OSError("the machine went away")
        paid.append(call.key("scripted"))
        return good_teacher(call)

    with pytest.raises(OSError, match="went away"):
        work(store, scripted(breaking))
    rest = scripted(good_teacher)
    work(store, rest)
    asked = [call.key("scripted") for call in rest.calls]
    assert not set(asked) & set(paid)
    assert sorted(paid + asked) == sorted(keys)
    assert outcome_of(store) == expected


def whole(store, *sittings):
    """Whether a run came to its end and paid for each call once, whatever the order of its answers."""
    keys = [call.key("scripted") for teacher in sittings for call in teacher.calls]
    assert len(set(keys)) == len(keys) == sum(tally.calls for tally in store.tallies("run").values())
    assert store.run("run").state == "done"
    assert all(question.state != "open" for question in store.questions("run"))
    origins = Counter((question.task, question.origin) for question in store.questions("run"))
    wanted = {"greeting": 15, "verse": 5, "summary": 5}
    assert all(origins[task, "varied"] >= number for task, number in wanted.items())
    assert origins["verse", "wrapped"] == origins["summary", "wrapped"] == 5
    return True


def test_many_calls_at_once_bring_as_much_and_pay_for_nothing_twice(store, scripted):
    teacher = scripted(good_teacher)
    work(store, teacher, config=WIDE)
    assert whole(store, teacher)


@pytest.mark.parametrize("after", [3, 40])
def test_a_run_that_breaks_off_with_calls_under_way_goes_on_too(store, scripted, after):
    paid = []

    def breaking(call):
        if len(paid) == after:
            raise OSError("the machine went away")
        paid.append(call)
        return good_teacher(call)

    broken = scripted(breaking)
    with pytest.raises(OSError, match="went away"):
        work(store, broken, config=WIDE)
    broken.calls = paid  # nothing was paid for the others
    rest = scripted(good_teacher)
    work(store, rest, config=WIDE)
    assert whole(store, broken, rest)


@pytest.mark.parametrize("after", [3, 25, 60])
def test_a_stop_is_obeyed_and_the_run_goes_on_later(store, scripted, after):
    teacher = scripted(good_teacher)
    work(store, teacher, config=WIDE, wanted=lambda: "stop" if len(teacher.calls) >= after else "run")
    assert store.run("run").state == "stopped"
    assert len(teacher.calls) < after + WIDE.concurrency
    rest = scripted(good_teacher)
    work(store, rest, config=WIDE)
    assert whole(store, teacher, rest)


def test_a_pause_holds_back_calls_until_it_is_over(store, scripted, monkeypatch):
    monkeypatch.setattr(job_module, "NAP", 0)
    teacher = scripted(good_teacher)
    seen = []

    def wanted():
        if len(teacher.calls) >= 20 and len(seen) < 30:
            seen.append((len(teacher.calls), store.run("run").state))
            return "pause"
        return "run"

    work(store, teacher, config=WIDE, wanted=wanted)
    assert len(seen) == 30 and seen[-1][1] == "paused"
    assert seen[-1][0] - seen[0][0] < WIDE.concurrency
    assert whole(store, teacher)


def test_the_cap_ends_the_run_cleanly_and_more_money_lets_it_go_on(store, scripted):
    price = Price(100.0, 100.0)
    capped = scripted(good_teacher)
    work(store, capped, config=WIDE.model_copy(update={"cap": 0.12}), price=price)
    found = store.run("run")
    assert found.state == "capped" and found.note and found.note_key and "\n" not in found.note
    assert 0 < store.spent("run") <= 0.12
    rest = scripted(good_teacher)
    work(store, rest, config=WIDE.model_copy(update={"cap": 10.0}), price=price)
    assert whole(store, capped, rest)


def test_a_teacher_that_cannot_be_used_fails_the_run_with_a_plain_note(store, scripted):
    with pytest.raises(TeacherError):
        work(store, scripted(lambda call: Reply(Outcome.UNAUTHORISED, detail="invalid api key")))
    found = store.run("run")
    assert found.state == "failed" and found.note and found.note_key.startswith("error.") and "\n" not in found.note


@pytest.mark.parametrize(
    ("changes", "seeds", "key"),
    [
        ({"classes": ("nosuch",)}, SEEDS, "error.class_unknown"),
        ({"classes": ("greeting",)}, [], "error.distil_no_seeds"),
    ],
)
def test_a_run_that_cannot_start_says_why_in_one_line(store, scripted, changes, seeds, key):
    teacher = scripted(good_teacher)
    with pytest.raises(InputError) as caught:
        work(store, teacher, config=CONFIG.model_copy(update=changes), seeds=seeds)
    assert caught.value.key == key == store.run("run").note_key
    assert store.run("run").state == "failed" and teacher.calls == []


def test_questions_whose_calls_bring_nothing_stay_open_and_the_run_can_go_on(store, scripted):
    def flaky(call):
        lost = call.stage is Stage.ANSWER and sum(map(ord, call.messages[1].content)) % 23 == 0
        return Reply(Outcome.TIMEOUT) if lost else good_teacher(call)

    work(store, scripted(flaky))
    found = store.run("run")
    left = sum(1 for _ in store.questions("run", state="open"))
    assert left and found.state == "stopped" and str(left) in found.note and found.note_values == {"count": left}
    work(store, scripted(good_teacher))
    assert store.run("run").state == "done"
    assert not list(store.questions("run", state="open"))


def test_a_seed_that_the_evaluation_knows_too_brings_forth_nothing(store, scripted):
    held_out = [Families().assign(Row("e", "greeting", SEEDS[0].prompt, SEEDS[0].constraint))]
    work(store, scripted(good_teacher), held_out=held_out)
    assert not [q for q in store.questions("run") if q.parent == "s0" and q.origin == "varied"]


class _Batches:
    """A batch service: answers what it is handed at the second look."""

    def __init__(self, store, keys):
        self.store, self.keys, self.jobs = store, keys, []

    def open(self):
        return [batch for batch in self.jobs if batch.state != "collected"]

    async def submit(self, calls):
        new = [call for call in calls if self.store.cached(call.key("scripted")) is None]
        if new:
            self.jobs.append(Batch(f"b{len(self.jobs)}", "validating", [call.record() for call in new]))

    async def poll(self, batch):
        state = "completed" if batch.state == "in_progress" else "in_progress"
        self.jobs = [replace(one, state=state) if one.id == batch.id else one for one in self.jobs]
        return replace(batch, state=state)

    async def collect(self, batch):
        for call in map(Call.from_record, batch.calls):
            key = call.key("scripted")
            self.keys.append(key)
            reply = Reply(Outcome.OK, good_teacher(call))
            self.store.record_call(paid_call("run", "scripted", call, key, reply, 0.0))
        self.jobs = [replace(one, state="collected") if one.id == batch.id else one for one in self.jobs]


def test_many_questions_go_through_the_batch_service_and_bring_the_same(store, scripted, undisturbed, monkeypatch):
    monkeypatch.setattr(ahead, "NAP", 0.001)
    monkeypatch.setattr(ahead, "LOOK", 0.001)
    collected = []
    batches = _Batches(store, collected)
    teacher = scripted(good_teacher)
    work(store, teacher, config=CONFIG.model_copy(update={"batch_from": 10}), batches=batches)
    assert outcome_of(store) == undisturbed[0]
    asked = [call.key("scripted") for call in teacher.calls]
    assert len(collected) > 40 and sorted(collected + asked) == sorted(undisturbed[1])


def test_a_stop_while_batches_are_under_way_leaves_them_to_the_next_sitting(store, scripted, undisturbed, monkeypatch):
    monkeypatch.setattr(ahead, "NAP", 0.001)
    collected = []
    batches = _Batches(store, collected)
    config = CONFIG.model_copy(update={"batch_from": 10})
    work(
        store, scripted(good_teacher), config=config, batches=batches, wanted=lambda: "stop" if batches.jobs else "run"
    )
    assert store.run("run").state == "stopped" and collected == [] and len(batches.open()) == 1
    monkeypatch.setattr(ahead, "LOOK", 0.001)
    work(store, scripted(good_teacher), config=config, batches=batches)
    assert store.run("run").state == "done" and outcome_of(store) == undisturbed[0]


def test_few_questions_are_not_worth_a_batch(store, scripted):
    batches = _Batches(store, [])
    work(store, scripted(good_teacher), config=CONFIG.model_copy(update={"batch_from": 1000}), batches=batches)
    assert batches.jobs == []


# With the built-in composer

KILLED = """
import asyncio, sys
from pathlib import Path
from hesui.corpus.classes import load_classes
from hesui.corpus.seeds import load_evaluation, load_seeds
from hesui.distil.composing import ComposerTeacher
from hesui.distil.config import config_of
from hesui.distil.desk import Desk, paid_call
from hesui.distil.pipeline import run
from hesui.settings import Settings
from hesui.store.distilling import Batch, DistilStore
from hesui.store.migrate import open_store

class Loud(ComposerTeacher):
    async def complete(self, call):
        print(call.key(self.model), flush=True)
        return await super().complete(call)

settings = Settings(home=Path(sys.argv[1]))
store = DistilStore(open_store(settings))
config = config_of(store.run("run").config)

async def main():
    desk = Desk(store, "run", Loud(config), config=config)
    await run(store, "run", config, load_classes(settings), load_seeds(settings), [], desk, wanted=lambda: "run")
    await desk.close()

asyncio.run(main())
"""


def test_a_process_killed_in_the_middle_costs_nothing_but_the_calls_under_way(store, settings):
    config = make_config(classes=("greeting", "verse"), prompts=60, concurrency=4, sloppiness=0.5)
    store.update_run("run", config=config.record())
    command = [sys.executable, "-c", KILLED, str(settings.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        asked = [process.stdout.readline().strip() for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        asked += process.stdout.read().split()
    asked += subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    repeated = [key for key, times in Counter(asked).items() if times > 1]
    assert len(repeated) <= config.concurrency + 1  # under way when the process was killed
    assert store.run("run").state == "done"
    assert len(set(asked)) == sum(tally.calls for tally in store.tallies("run").values())
    with store._database.reading() as connection:
        kept = set(connection.exec_driver_sql("select key from distil_calls").scalars())
    assert kept == set(asked)


def test_from_the_shipped_seeds_the_composer_makes_a_clean_corpus_of_all_five_classes(store, settings):
    config = make_config(prompts=320)
    classes, seeds, held_out = load_classes(settings), load_seeds(settings), load_evaluation()
    work(
        store,
        ComposerTeacher(config),
        config=config_of(config.record()),
        classes=classes,
        seeds=seeds,
        held_out=held_out,
    )
    tallies = store.tallies("run")
    assert store.run("run").state == "done"
    assert sum(tally.prompts for tally in tallies.values()) >= 300
    assert sum(tally.accepted for tally in tallies.values()) >= 260
    five = {"greeting", "long", "essay", "verse", "summary"}
    assert five <= tallies.keys() and min(tallies[name].accepted for name in five) >= 10
    rows = list(accepted_rows(store, "run"))
    assert all(judge(row.reference, row, classes[row.task], config.counter).ok for row in rows)
    assert all(row.source.startswith(NAME) for row in rows)
    findings = examine(rows, classes, held_out)
    assert len(findings.near_duplicates) < 0.01 * len(rows)
    assert findings.bad_rows == [] and findings.leaks == []
    assert sum(1 for _ in negative_rows(store, "run")) > 20
