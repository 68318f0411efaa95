from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from hesui.answers import Answer, collect
from hesui.length import Constraint, approx, check, count
from hesui.models.chat import Chat, Detokenizer
from hesui.models.decoding import Draft
from hesui.models.engine import Engine
from hesui.models.guide import SLACK, TAILS, Gauge, Scout, Search
from hesui.models.sampling import Dice
from hesui.records import EndReason, Message, Piece, Request, Sampling
from hesui.settings import Settings

PROMPT = (Message("user", "写一段春节祝福"),)
END = 3  # the id that ends a text
SEEDS = range(4)
FAR = Constraint("ge", min=99)  # no text below obeys it


@pytest.fixture(scope="session")
def chat(character_tokenizer: Callable) -> Chat:
    return Chat(character_tokenizer())


@pytest.fixture(scope="session")
def bytewise_engine(
    byte_tokenizer: Callable, random_model: Callable, tmp_path_factory: pytest.TempPathFactory
) -> Engine:
    folder: Path = tmp_path_factory.mktemp("bytewise")
    tokenizer = byte_tokenizer()
    random_model(len(tokenizer), seed=3).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Engine(Settings(base_model=str(folder), home=folder, device="cpu", threads=1))


def written(chat: Chat, text: str, constraint: Constraint, end: float = -0.5) -> Scout:
    """A scout that has followed a model writing `text`, which found an end everywhere as likely as `end` says."""
    draft = Draft([5], None, Sampling(), 400, Dice(0), Detokenizer(chat))
    scout = Scout(draft, Gauge(constraint, "word"))
    for token in chat.encode(text):
        if not draft.finished:
            draft.take(token, -1.0, end, (END,))
    return scout


def finished(chat: Chat, text: str, constraint: Constraint, end: float = -0.5) -> Scout:
    scout = written(chat, text, constraint, end)
    if not scout.draft.finished:
        scout.draft.take(END, -1.0, end, (END,))
    return scout


def texts(scout: Scout) -> list[str]:
    return [candidate.text for candidate in scout.candidates()]


def guided(engine: Engine, constraint: Constraint, seeds: Iterable[int] = SEEDS, **fields: object) -> list[Answer]:
    requests = [Request(PROMPT, constraint=constraint, guide=True, seed=seed, **fields) for seed in seeds]
    return collect(engine, requests)


def test_the_complete_texts_on_the_way_are_found_where_sentences_end(chat: Chat) -> None:
    scout = finished(chat, "祝您快乐！愿您健康。万事如意", FAR)
    assert texts(scout) == ["祝您快乐！", "祝您快乐！愿您健康。", "祝您快乐！愿您健康。万事如意"]


def test_the_models_own_end_in_the_band_leaves_no_choice(chat: Chat) -> None:
    scout = finished(chat, "祝您快乐！愿您健康。万事如意", Constraint("le", max=20))
    assert texts(scout) == ["祝您快乐！愿您健康。万事如意"]


def test_marks_and_quotes_that_close_a_sentence_belong_to_it(chat: Chat) -> None:
    scout = finished(chat, "祝您快乐！！“前程似锦！”万事如意。", FAR)
    assert texts(scout) == ["祝您快乐！！", "祝您快乐！！“前程似锦！”", "祝您快乐！！“前程似锦！”万事如意。"]


def test_a_text_is_never_cut_inside_a_quotation(chat: Chat) -> None:
    scout = finished(chat, "“快乐！健康！”", FAR)
    assert texts(scout) == ["“快乐！健康！”"]


def test_a_line_end_is_an_end_only_where_lines_are_counted(chat: Chat) -> None:
    text = "春节快乐\n万事如意，\n健康"
    assert texts(finished(chat, text, FAR)) == [text]
    assert texts(finished(chat, text, Constraint("ge", min=99, unit="line"))) == ["春节快乐", text]


def test_a_draft_stops_once_it_is_too_long(chat: Chat) -> None:
    scout = written(chat, "祝" * 30, Constraint("range", min=5, max=10))
    assert scout.draft.stopped
    assert len(scout.draft.ids) == 13


def test_a_draft_may_not_end_while_it_is_too_short(chat: Chat) -> None:
    assert written(chat, "祝" * 4, Constraint("ge", min=5)).draft.hold
    assert not written(chat, "祝" * 5, Constraint("ge", min=5)).draft.hold
    assert not written(chat, "祝", Constraint("le", max=5)).draft.hold


def test_what_may_be_replaced_is_shown_by_whole_sentences_only(chat: Chat) -> None:
    demand = Constraint("eq", target=40)
    assert written(chat, "祝您快乐，" * 3, demand).shown == 15
    assert written(chat, "祝您快乐，" * 4, demand).shown == 16
    assert written(chat, "祝您快乐，" * 4 + "祝您快乐！" + "祝您", demand).shown == 25
    assert written(chat, "祝您快乐，" * 6 + "祝您快乐！" + "祝您", demand).shown == 16


def test_the_nearest_text_is_best_then_the_one_that_the_model_would_end(chat: Chat) -> None:
    demand = Constraint("eq", target=5)
    search = Search(Draft([5], None, Sampling(), 400, Dice(0), Detokenizer(chat)), Gauge(demand, "word"), seed=0)
    search.tails = [
        finished(chat, "祝快乐！", demand, end=-0.1),
        finished(chat, "祝您快乐！愿", demand, end=-9.0),
        finished(chat, "祝您健康！愿", demand, end=-0.6),
        finished(chat, "祝您如意！愿", demand, end=-2.0),
    ]
    search.settle()
    assert search.best and search.best.text == "祝您健康！"


def test_each_round_starts_a_sentence_earlier_and_the_last_ones_at_the_beginning(chat: Chat) -> None:
    draft = Draft([5], None, Sampling(), 400, Dice(0), Detokenizer(chat))
    search = Search(draft, Gauge(Constraint("eq", target=20), "word"), seed=0)
    for token in chat.encode("祝您快乐！" * 5):
        if not draft.finished:
            draft.take(token, -1.0, -0.5, (END,))
    starts = [len(search.branch()[0].ids) for _ in SLACK]
    assert starts == [10, 5, 0, 0, 0]


@pytest.mark.parametrize(
    "constraint",
    [
        Constraint("eq", target=40),
        Constraint("le", max=30),
        Constraint("ge", min=50),
        Constraint("range", min=30, max=34),
        approx(40),
        Constraint("eq", target=3, unit="sentence"),
        Constraint("le", max=2, unit="line"),
    ],
    ids=lambda constraint: f"{constraint.op}-{constraint.unit}",
)
def test_guided_answers_are_complete_and_in_the_band(engine: Engine, constraint: Constraint) -> None:
    answers = guided(engine, constraint)
    for answer in answers:
        assert answer.end and answer.end.reason is EndReason.END
        assert answer.end.drawn >= answer.end.tokens
    kept = [answer for answer in answers if check(answer.text, constraint).ok]
    assert len(kept) >= len(answers) - 1


def test_a_byte_level_tokenizer_is_guided_by_the_texts_own_count(bytewise_engine: Engine) -> None:
    demand = Constraint("range", min=18, max=24)
    # An untrained model needs some chance to come upon a sentence end at all.
    answers = guided(bytewise_engine, demand, counter="chars", sampling=Sampling(temperature=0.8))
    verdicts = [check(answer.text, demand, "chars") for answer in answers]
    assert sum(verdict.ok for verdict in verdicts) >= len(verdicts) - 1


def test_a_text_that_obeys_by_itself_costs_nothing(engine: Engine) -> None:
    demand = Constraint("le", max=300)
    free = collect(engine, [Request(PROMPT, constraint=demand, seed=seed) for seed in SEEDS])
    held = guided(engine, demand)
    pairs = zip(free, held, strict=True)
    same = [(a, b) for a, b in pairs if a.end and a.end.reason is EndReason.END and check(a.text, demand).ok]
    assert same
    assert all(a.text == b.text and a.end and b.end and a.end.drawn == b.end.drawn for a, b in same)


def test_the_cost_counts_what_was_thrown_away(engine: Engine) -> None:
    [answer] = guided(engine, Constraint("eq", target=40), seeds=[1])
    assert answer.end and answer.end.drawn > answer.end.tokens + TAILS


def test_a_guided_row_leaves_its_neighbours_alone_and_they_it(engine: Engine) -> None:
    demand = Constraint("eq", target=30)
    mine = Request(PROMPT, "one", constraint=demand, guide=True, seed=4)
    other = Request(PROMPT, "two", constraint=demand, seed=5, sampling=Sampling(max_tokens=80))
    alone = [collect(engine, [request])[0].text for request in (mine, other)]
    assert [answer.text for answer in collect(engine, [mine, other])] == alone


def test_candidates_and_guide_go_together(engine: Engine) -> None:
    [answer] = guided(engine, Constraint("eq", target=30), seeds=[2], best_of=3)
    assert abs(count(answer.text) - 30) <= 1


def test_little_of_what_was_shown_is_taken_back(engine: Engine) -> None:
    demand = Constraint("eq", target=60)
    request = Request(PROMPT, constraint=demand, guide=True, seed=3)
    pieces = [event for event in engine.answer([request]) if isinstance(event, Piece)]
    assert sum(piece.keep is not None for piece in pieces) <= 1


def test_the_clock_stops_the_search_with_the_best_so_far(settings: Settings) -> None:
    hurried = Engine(settings.model_copy(update={"time_limit": 1e-6}))
    [answer] = guided(hurried, Constraint("eq", target=40), seeds=[1])
    assert answer.end and answer.end.reason is EndReason.TIME
