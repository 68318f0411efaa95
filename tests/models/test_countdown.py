"""Countdown marks are written for the model, as many and as true as in a lone answer, and nobody else sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from hesui.answers import collect
from hesui.length import Constraint, approx, check, count
from hesui.length.countdown import ends_clause, insert, mark
from hesui.models.answering import Answering
from hesui.models.base import Base, load_base
from hesui.models.chat import Chat, Detokenizer
from hesui.models.decoding import Draft
from hesui.models.engine import Engine
from hesui.models.registry import TAUGHT, AdapterSource, Registry
from hesui.models.rows import COUNTDOWN, Countdown, Row, make_row
from hesui.models.sampling import Dice
from hesui.records import BASE, EndReason, Message, Request, Sampling
from hesui.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
PROMPT = (Message("user", "写一段50字的春节祝福"),)
DEMAND = Constraint("eq", target=50)
SEEDS = range(6)


@pytest.fixture(scope="module")
def marked_home(base_folder: Path, save_adapter: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three adapters, and a copy of each that says that it knows marks: `told-one` beside `one`."""
    home = tmp_path_factory.mktemp("marked")
    kinds: dict[str, dict] = {
        "one": {},
        "two": {"r": 8, "target_modules": ["q_proj", "up_proj"]},
        "dora": {"use_dora": True},
    }
    for seed, (name, config) in enumerate(kinds.items(), 1):
        save_adapter(base_folder, home / "adapters" / name, seed=seed, **config)
        folder = save_adapter(base_folder, home / "adapters" / f"told-{name}", seed=seed, **config)
        (folder / TAUGHT).write_text(json.dumps({"markers": True, "counter": "word"}), encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def marked_settings(base_folder: Path, marked_home: Path) -> Settings:
    return Settings(base_model=str(base_folder), home=marked_home, device="cpu", threads=1)


@pytest.fixture(scope="module")
def engine(marked_settings: Settings) -> Engine:
    return Engine(marked_settings)


@pytest.fixture(scope="module")
def base(marked_settings: Settings) -> Base:
    return load_base(Registry(marked_settings).base(), marked_settings)


@pytest.fixture
def answering(base: Base, marked_settings: Settings) -> Answering:
    answering = Answering(base, time_limit=60)
    for source in Registry(marked_settings).adapters().values():
        answering.add(source)
    return answering


def request(model: str = "told-one", **fields: object) -> Request:
    return Request(PROMPT, model, **({"sampling": Sampling(max_tokens=80), "constraint": DEMAND} | fields))


def answered(answering: Answering, requests: list[Request]) -> list[Row]:
    rows = answering.rows(requests)
    shown = [""] * len(rows)
    for piece in answering.answer(rows):
        shown[piece.row] = shown[piece.row][: piece.keep] + piece.text
    assert shown == [row.shown for row in rows]
    return rows


def texts(engine: Engine, requests: list[Request]) -> list[str]:
    return [answer.text for answer in collect(engine, requests)]


def as_read(base: Base, draft: Draft, aim: int) -> list[int]:
    """The ids of a draft's text with the marks that belong there."""
    ids: list[int] = []
    text = Detokenizer(base.chat)
    for place, token in enumerate(draft.ids):
        if place in draft.marks:
            continue
        ids.append(token)
        before = len(text.text)
        text.add(token)
        if ends_clause(text.text, before):
            ids += base.chat.encode(mark(aim - count(text.text)))
    return ids


def test_the_decoder_writes_at_each_clause_end_what_remains(answering: Answering, base: Base) -> None:
    rows = answered(answering, [request(seed=seed) for seed in SEEDS])
    drafts = [row.drafts[0] for row in rows]
    assert sum(map(len, (draft.marks for draft in drafts))) > 20
    assert all(draft.ids == as_read(base, draft, DEMAND.aim) for draft in drafts)


def test_marks_are_no_part_of_the_text_and_not_counted(answering: Answering, base: Base) -> None:
    for row in answered(answering, [request(seed=seed) for seed in SEEDS]):
        draft = row.drafts[0]
        end = row.finish().end
        own = len(draft.ids) - len(draft.marks)
        assert end is not None and end.note == COUNTDOWN
        assert end.tokens == own <= 80
        assert end.drawn == own + (end.reason is EndReason.END)
        assert (
            row.shown == base.chat.decode([draft.ids[p] for p in range(len(draft.ids)) if p not in draft.marks]).strip()
        )


def test_a_greedy_row_with_marks_is_what_the_model_says_to_the_marked_text(
    answering: Answering, base: Base, marked_settings: Settings
) -> None:
    import peft
    from transformers import Qwen3ForCausalLM

    row = answered(answering, [request(sampling=Sampling(temperature=0, max_tokens=80))])[0]
    draft = row.drafts[0]
    network = Qwen3ForCausalLM.from_pretrained(marked_settings.base_model, dtype=torch.float32)
    network = peft.PeftModel.from_pretrained(network, marked_settings.adapters / "told-one")
    with torch.inference_mode():
        said = network(torch.tensor([[*draft.prompt, *draft.ids]])).logits[0].argmax(-1).tolist()
    start = len(draft.prompt) - 1
    own = [place for place in range(len(draft.ids)) if place not in draft.marks]
    assert draft.marks
    assert [said[start + place] for place in own] == [draft.ids[place] for place in own]


def test_rows_with_marks_are_the_same_in_any_batch_and_disturb_no_other(engine: Engine) -> None:
    requests = [
        Request((Message("user", "写一段" * number),), model, Sampling(max_tokens=60), DEMAND, seed=number)
        for model in (BASE, "one", "told-one", "told-two", "told-dora")
        for number in (1, 5, 20)
    ]
    assert texts(engine, requests) == [texts(engine, [one])[0] for one in requests]


@pytest.mark.parametrize(
    "demand", [None, Constraint("eq", target=5, unit="sentence"), Constraint("eq", target=9, scope="per_line")]
)
def test_without_a_number_of_characters_nothing_changes(engine: Engine, demand: Constraint | None) -> None:
    told, plain = ([request(name, constraint=demand, seed=seed) for seed in SEEDS] for name in ("told-one", "one"))
    assert texts(engine, told) == texts(engine, plain)


def test_an_adapter_that_says_nothing_of_marks_reads_none(answering: Answering) -> None:
    for row in answered(answering, [request(name, seed=seed) for name in (BASE, "one", "dora") for seed in SEEDS]):
        assert not row.drafts[0].marks
        assert row.note != COUNTDOWN


def test_an_adapter_that_cannot_share_a_batch_reads_marks_too(answering: Answering, base: Base) -> None:
    rows = answered(answering, [request("told-dora", seed=seed) for seed in SEEDS])
    assert any(row.drafts[0].marks for row in rows)
    assert all(row.drafts[0].ids == as_read(base, row.drafts[0], DEMAND.aim) for row in rows)


def test_the_base_itself_reads_marks_where_it_is_said_to_know_them(base: Base) -> None:
    rows = answered(Answering(base, 60, marking=(BASE,)), [request(BASE, seed=seed) for seed in SEEDS])
    assert any(row.drafts[0].marks for row in rows)
    assert all(row.drafts[0].ids == as_read(base, row.drafts[0], DEMAND.aim) for row in rows)


def test_the_guide_and_several_candidates_work_with_marks(answering: Answering, base: Base) -> None:
    demand = approx(30, 0.1)
    requests = [request(constraint=demand, guide=True, best_of=2, seed=seed) for seed in SEEDS]
    rows = answered(answering, requests)
    plain = answered(answering, [request(constraint=demand, best_of=2, seed=seed) for seed in SEEDS])
    assert sum(abs(check(row.shown, demand).error) for row in rows) < sum(
        abs(check(row.shown, demand).error) for row in plain
    )
    for row in rows:
        for draft in (*row.drafts, *(tail.draft for search in row.searches for tail in search.tails)):
            assert draft.ids == as_read(base, draft, demand.aim)


def test_a_tail_of_the_guide_keeps_the_marks_before_it(base: Base) -> None:
    draft = make_row(0, request(), base, marks=True).drafts[0]
    for token in base.chat.encode("祝您快乐！愿您健康。万事"):
        draft.take(token, -1.0, -9.0, base.ends)
    start = draft.ids.index(base.chat.encode("。")[0]) + 1 + len(base.chat.encode(mark(40)))
    tail = draft.branch(start, seed=9)
    assert tail.text.text == "祝您快乐！愿您健康。"
    assert tail.marks == draft.marks
    tail.take(base.chat.encode("，")[0], -1.0, -9.0, base.ends)
    assert tail.ids[-len(base.chat.encode(mark(39))) :] == base.chat.encode(mark(39))


def test_what_a_model_thinks_is_not_marked(base: Base) -> None:
    countdown = Countdown(base.chat, 10, "word")
    assert countdown("<think>一，二", 8) == []
    assert countdown("<think>一，二</think>好，", 19) == base.chat.encode(mark(8))


def test_marks_that_a_model_writes_itself_never_show(byte_tokenizer: Callable, base: Base) -> None:
    chat = Chat(byte_tokenizer())
    for text in ("祝您⟦12⟧新年好，⟦3⟧万事⟦0⟧", "⟦5⟧好"):
        draft = Draft([5], None, Sampling(), 400, Dice(0), Detokenizer(chat))
        row = Row(0, Request(PROMPT, "told"), [draft], [], marks=True)
        for token in chat.encode(text):
            draft.take(token, -1.0, -9.0, ())
            row.progress()
            assert not set(row.shown) & set("⟦⟧0123456789")
        assert row.finish().keep is None
        assert row.shown == text.translate({ord(letter): None for letter in "⟦⟧0123456789"})


def test_a_bracket_that_begins_no_mark_is_shown_in_the_end(byte_tokenizer: Callable) -> None:
    chat = Chat(byte_tokenizer())
    draft = Draft([5], None, Sampling(), 400, Dice(0), Detokenizer(chat))
    row = Row(0, Request(PROMPT, "told"), [draft], [], marks=True)
    for token in chat.encode("集合⟦x⟧与⟦"):
        draft.take(token, -1.0, -9.0, ())
        row.progress()
    assert row.shown == "集合⟦x⟧与"
    assert row.finish().text == "⟦"


def test_a_mark_is_spelled_as_in_the_middle_of_a_text(byte_tokenizer: Callable) -> None:
    chat = Chat(byte_tokenizer())
    text = "祝您新年好，万事如意！Hello, world."
    pieces = insert(text).replace("⟦", "\n⟦").replace("⟧", "⟧\n").split("\n")
    assert chat.decode([token for piece in pieces if piece for token in chat.encode_inside(piece)]) == insert(text)


@pytest.mark.parametrize("said", ["{}", '{"markers": false}', '{"markers": 1}', "[]", "{", "", "[" * 100_000])
def test_only_a_clear_word_makes_an_adapter_one_that_knows_marks(tmp_path: Path, said: str) -> None:
    (tmp_path / TAUGHT).write_text(said, encoding="utf-8")
    assert not AdapterSource("x", tmp_path).marks
