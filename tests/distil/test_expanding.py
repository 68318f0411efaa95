"""From a few prompts to many: new ones by example, the same under other demands, and answers carried along."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from hesui.corpus.classes import TaskClass
from hesui.corpus.families import Families
from hesui.corpus.rows import Row, from_record
from hesui.distil.calls import Outcome, Reply
from hesui.distil.config import make_config
from hesui.distil.desk import Desk
from hesui.distil.expanding import DRY, HARD_VARIANTS, expand, numbers, read_questions, vary_all, vary_hard
from hesui.distil.job import Gate, Job, as_question, trains
from hesui.distil.planning import Goal
from hesui.distil.wrapping import wrap_all
from hesui.length import parse
from hesui.store.distilling import StoredAnswer

WORDS = {"zh": "祝福", "en": "greeting"}
TASK = TaskClass(
    id="greeting", name=WORDS, asks=WORDS, demand="50字", ops={"eq": 0.6, "le": 0.2, "approx": 0.2}, numbers=(30, 100),
    guidance="写清谁写给谁。", shots=[{"prompt": "假如你是站长，请写一段50字的春节祝福给快递员。"}],
)  # fmt: skip
VERSE = TaskClass(
    id="verse", name=WORDS, asks=WORDS, demand="100字以内", ops={"le": 1.0}, numbers=(80, 160), input="greeting",
    wordings=["请把下面的祝福改写成诗，{demand}：\n{input}", "{input}\n请把上面的祝福改成一首{demand}的诗。"],
)  # fmt: skip
SEEDS = [
    Row("s1", "greeting", p := "假如你是老师，请写一段50字的春节祝福给家长", parse(p), "family-1"),
    Row("s2", "greeting", p := "我是学生，帮我给班主任写一段60字的新年祝福。", parse(p), "family-2"),
]
PEOPLE = "医生 护士 司机 厨师 船长 木匠 裁缝 园丁 矿工 猎人 画家 诗人 琴师 铁匠 渔夫 农民 牧民 警察 法官 记者 编辑 演员 导演 飞行员 消防员 快递员 程序员 会计师 设计师 建筑师".split()
PLACES = "北京 上海 广州 成都 西安 南京 杭州 武汉 长沙 昆明 贵阳 兰州 西宁 银川 太原 济南 郑州 合肥 南昌 福州".split()

TRAINING = numbers(TASK)


def invented(number: int) -> str:
    """The prompt that a good teacher would invent as the `number`th."""
    who, whom, place = PEOPLE[number % 30], PEOPLE[(number * 7 + 3) % 30], PLACES[number // 30 % 20]
    return f"我是{place}的{who}，想给一位{whom}送一段{TRAINING[number % len(TRAINING)]}字的春节祝福。"


def as_json(prompts) -> str:
    return json.dumps({"questions": list(prompts)}, ensure_ascii=False)


def inventing(call) -> str:
    """New prompts in every round."""
    return as_json(invented(call.sample * 5 + i) for i in range(5))


@pytest.fixture
def make_job(store):
    """Do `what` with a job whose teacher is given."""

    def do(teacher, what, *, held_out=(), task=TASK, **settings):
        config = make_config(**{"per_call": 5, "concurrency": 2} | settings)
        families = Families(SEEDS)
        kept_back = frozenset(families.assign(row).family for row in held_out)
        for question in store.questions("run"):
            families.assign(from_record(question.row))

        async def doing():
            desk = Desk(store, "run", teacher, config=config)
            classes = {"greeting": TASK, task.id: task}
            job = Job(store, "run", config, classes, desk, families, kept_back, Gate(lambda: "run", lambda state: None))
            try:
                found = what(job)
                if asyncio.iscoroutine(found):
                    await found
            finally:
                await desk.close()

        asyncio.run(doing())
        return [from_record(question.row) for question in store.questions("run")]

    store.add_questions("run", [as_question(seed, "seed") for seed in SEEDS])
    return do


def goal(base: int, prompts: int | None = None, task: TaskClass = TASK) -> Goal:
    return Goal(task, base if prompts is None else prompts, base)


def expanding(base: int, seeds=SEEDS, task=TASK):
    return lambda job: expand(job, goal(base, task=task), seeds)


def test_new_prompts_come_until_the_class_has_its_base(make_job, scripted):
    teacher = scripted(inventing)
    rows = make_job(teacher, expanding(12))
    assert len(rows) == 12
    assert [row.prompt for row in rows[2:]] == [invented(i) for i in range(10)]
    assert len(teacher.calls) == 2
    assert all(row.constraint == parse(row.prompt) and row.family for row in rows)
    assert len({row.family for row in rows}) == 12
    assert len({row.id for row in rows}) == 12


def test_a_call_shows_examples_and_asks_for_json(make_job, scripted):
    teacher = scripted(inventing)
    make_job(teacher, expanding(30), shots=2)
    known = {seed.prompt for seed in SEEDS} | {shot.prompt for shot in TASK.shots}
    shown = []
    for call in teacher.calls:
        asked = call.messages[-1].content
        found = [prompt for prompt in known if prompt in asked]
        assert len(found) == 2 and call.as_json and "JSON" in asked and "写清谁写给谁" in asked and " 5 条" in asked
        shown.append(tuple(sorted(found)))
    assert len(set(shown)) > 1
    assert len({call.key("m") for call in teacher.calls}) == len(teacher.calls)


def test_english_examples_are_asked_about_in_english(make_job, scripted):
    prompts = ("Write a 50-word new year greeting to my teacher.", "A toast for the family dinner, at most 60 words.")
    seeds = [Row(f"e{i}", "greeting", prompt, parse(prompt)) for i, prompt in enumerate(prompts)]
    teacher = scripted(inventing)
    make_job(teacher, expanding(5, seeds, TASK.model_copy(update={"shots": ()})))
    assert "in English" in teacher.calls[0].messages[-1].content


def test_going_on_makes_the_same_calls_and_finds_them_in_the_cache(make_job, scripted, store):
    first = scripted(inventing)
    rows = make_job(first, expanding(17))
    with store._database.writing() as connection:  # as if killed before the last prompts were written
        connection.exec_driver_sql("delete from distil_questions where number > 9")
    second = scripted(inventing)
    assert make_job(second, expanding(17)) == rows
    assert second.calls == []
    third = scripted(inventing)
    make_job(third, expanding(30))
    assert third.calls and not {call.key("m") for call in third.calls} & {call.key("m") for call in first.calls}


def test_near_duplicates_of_known_and_of_evaluation_prompts_are_dropped(make_job, scripted):
    secret = "我是拉萨的藏医，想给一位登山向导送一段73字的春节祝福。"
    held_out = [Row("eval-1", "greeting", secret, parse(secret), "eval-family")]
    prompts = [
        SEEDS[0].prompt + "。",
        invented(1),
        invented(1).replace("，", ",") + "！",
        secret,
        secret.replace("73", "44"),  # the same question under another demand belongs to its family
        invented(2),
    ]
    teacher = scripted(lambda call: as_json(prompts))
    rows = make_job(teacher, expanding(30), held_out=held_out, rounds=1)
    assert [row.prompt for row in rows[2:]] == [invented(1), invented(2)]


def test_a_teacher_that_has_nothing_new_to_say_is_not_asked_for_ever(make_job, scripted):
    teacher = scripted(lambda call: as_json([invented(1)]))
    assert len(make_job(teacher, expanding(100), concurrency=1)) == 3
    assert len(teacher.calls) == 1 + DRY


def test_the_rounds_are_a_limit(make_job, scripted):
    teacher = scripted(inventing)
    make_job(teacher, expanding(100), rounds=3)
    assert len(teacher.calls) == 3


@pytest.mark.parametrize(
    "bad",
    ["没有", "{", '{"questions": "一条"}', '{"questions": [1, 2]}', '{"prompts": []}', "[]", '{"questions": [null]}'],
)
def test_a_malformed_reply_is_told_and_the_next_round_goes_on(make_job, scripted, store, bad):
    rows = make_job(scripted(lambda call: inventing(call) if call.sample else bad), expanding(7))
    assert len(rows) == 7
    (fault,) = store.last_faults("run")
    assert (fault.stage, fault.outcome) == ("expand", "malformed")


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.REFUSED, Outcome.MALFORMED, Outcome.TRUNCATED])
def test_a_round_that_brought_nothing_does_not_end_the_others(make_job, scripted, outcome):
    rows = make_job(scripted(lambda call: inventing(call) if call.sample else Reply(outcome)), expanding(7))
    assert len(rows) == 7


def test_code_fences_numbering_and_html_are_taken_off():
    reply = (
        '好的：\n```json\n{"questions": ["1. 给老师写50字祝福", " - 给<b>妈妈</b>写祝福\\r\\n", "2026年的祝福"]}\n```'
    )
    assert read_questions(reply) == ["给老师写50字祝福", "给**妈妈**写祝福", "2026年的祝福"]


def test_a_prompt_without_a_demand_gets_the_classs_own(make_job, scripted):
    rows = make_job(scripted(lambda call: as_json(["请给守岛的战士写一段春节祝福。"])), expanding(3), rounds=1)
    assert rows[2].constraint is not None and rows[2].constraint == parse(rows[2].prompt)
    assert (rows[2].constraint.op, rows[2].constraint.target) == ("eq", 50)
    assert "守岛的战士" in rows[2].prompt


def test_a_class_that_needs_no_demand_gets_none(make_job, scripted):
    free = TASK.model_copy(update={"needs_demand": False})
    rows = make_job(
        scripted(lambda call: as_json(["请给守岛的战士写一段春节祝福。"])), expanding(3, task=free), task=free, rounds=1
    )
    assert rows[2].constraint is None


def test_numbers_that_are_kept_for_evaluation_give_way(make_job, scripted):
    taken = [n for n in range(30, 101) if not trains(n)][:4]
    prompts = [f"给{PEOPLE[i]}写一段{n}字的春节祝福，要有{PLACES[i]}味道。" for i, n in enumerate(taken)]
    rows = make_job(scripted(lambda call: as_json(prompts)), expanding(6), rounds=1)
    assert len(rows) == 6
    for row in rows[2:]:
        assert row.constraint.op == "eq" and row.constraint.target in numbers(TASK)


@pytest.mark.parametrize("bad", ["", "祝", "   ", "长" * 5000])
def test_prompts_of_impossible_length_are_dropped(make_job, scripted, bad):
    assert len(make_job(scripted(lambda call: as_json([bad])), expanding(3), rounds=1)) == 2


def test_a_class_with_a_role_puts_it_into_every_row(make_job, scripted):
    role = TASK.model_copy(update={"system": "你是账房先生。"})
    rows = make_job(scripted(inventing), expanding(4, task=role), task=role)
    assert rows[3].history[0].content == "你是账房先生。"


def test_varied_prompts_ask_the_same_under_another_demand(make_job, scripted, store):
    def both(job):
        vary_all(job, goal(2, 6))

    make_job(scripted(inventing), both, variants=2)
    questions = list(store.questions("run"))
    assert [question.origin for question in questions] == ["seed"] * 2 + ["varied"] * 4
    by_id = {question.id: from_record(question.row) for question in questions}
    for question in questions[2:]:
        row, parent = by_id[question.id], by_id[question.parent]
        assert row.family == parent.family and row.prompt != parent.prompt
        assert row.constraint == parse(row.prompt) and row.constraint.op in TASK.ops
        assert (row.constraint.target or row.constraint.max) in numbers(TASK)
    assert len({row.prompt for row in by_id.values()}) == 6


def test_varying_again_adds_nothing(make_job, scripted):
    first = make_job(scripted(inventing), lambda job: vary_all(job, goal(2, 5)), variants=2)
    assert make_job(scripted(inventing), lambda job: vary_all(job, goal(2, 5)), variants=2) == first


def test_no_variants_are_made_where_none_are_wanted(make_job, scripted):
    assert len(make_job(scripted(inventing), lambda job: vary_all(job, goal(2, 50)), variants=0)) == 2


def test_hard_questions_get_variants_once_and_variants_of_them_none(make_job, scripted, store):
    store.settle("run", "s1", "accepted", 3, [])
    store.settle("run", "s2", "accepted", 1, [])
    rows = make_job(scripted(inventing), vary_hard, hard=3)
    assert len(rows) == 2 + HARD_VARIANTS
    for row in rows[2:]:
        assert row.family == "family-1"
        store.settle("run", row.id, "failed", 5, [])
    assert make_job(scripted(inventing), vary_hard, hard=3) == rows


def accept(store, question: str, text: str) -> None:
    store.settle("run", question, "accepted", 1, [
        StoredAnswer(question, "greeting", text, "accepted", len(text), 0, "", 0, "scripted")])  # fmt: skip


def test_accepted_answers_are_carried_into_prompts_of_their_family(make_job, scripted, store):
    said = {"s1": "家长朋友，新年好！感谢一年来的陪伴，愿您阖家安康。", "s2": "老师，过年好！愿您桃李满园，笑口常开。"}
    for question, text in said.items():
        accept(store, question, text)
    make_job(scripted(inventing), lambda job: wrap_all(job, goal(3, task=VERSE)), task=VERSE)
    wrapped = list(store.questions("run", task="verse"))
    assert len(wrapped) == 3
    for question in wrapped:
        row = from_record(question.row)
        assert said[question.parent] in row.prompt and "{" not in row.prompt
        assert row.family == {"s1": "family-1", "s2": "family-2"}[question.parent]
        assert row.constraint == parse(row.prompt) and row.constraint.op == "le"
        assert row.constraint.max in numbers(VERSE)
    first, again = (from_record(q.row).prompt for q in wrapped if q.parent == "s1")
    assert re.sub(r"\d+", "", first) != re.sub(r"\d+", "", again)  # another wording for the second use
    before = list(store.questions("run"))
    make_job(scripted(inventing), lambda job: wrap_all(job, goal(3, task=VERSE)), task=VERSE)
    assert list(store.questions("run")) == before


def test_an_answer_is_carried_twice_at_most(make_job, scripted, store):
    accept(store, "s1", "家长朋友，新年好！感谢一年来的陪伴，愿您阖家安康。")
    make_job(scripted(inventing), lambda job: wrap_all(job, goal(9, task=VERSE)), task=VERSE)
    assert store.count_questions("run", "verse") == 2
