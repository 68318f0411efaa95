import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import AutoTokenizer, Qwen3ForCausalLM

from hesui.answers import collect
from hesui.errors import DeviceOutOfMemory, InputError, ModelError, ModelNotFound, QueueFull, UnsafeWeights
from hesui.length import Constraint, count
from hesui.models.answering import MAX_DRAFTS
from hesui.models.decoding import Decoder
from hesui.models.engine import Engine
from hesui.records import BASE, EndReason, Loading, Message, Piece, Request, Sampling, Waiting
from hesui.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
PROMPT = (Message("user", "写一段50字的春节祝福"),)
GREEDY = Sampling(temperature=0, max_tokens=40)
MODELS = [BASE, "one", "two", "patterns"]


def request(model: str = BASE, prompt: str | None = None, **fields: object) -> Request:
    messages = PROMPT if prompt is None else (Message("user", prompt),)
    return Request(messages, model, **({"sampling": Sampling(max_tokens=30)} | fields))


def texts(engine: Engine, requests: list[Request]) -> list[str]:
    return [answer.text for answer in collect(engine, requests)]


def pieces(events: Iterator) -> Iterator[Piece]:
    return (event for event in events if isinstance(event, Piece))


def by_peft(settings: Settings, model: str) -> str:
    """What transformers' own generate() answers greedily, with PEFT's own adapter."""
    tokenizer = AutoTokenizer.from_pretrained(settings.base_model)
    network = Qwen3ForCausalLM.from_pretrained(settings.base_model, dtype=torch.float32)
    if model != BASE:
        network = PeftModel.from_pretrained(network, settings.adapters / model)
    turns = [{"role": "user", "content": PROMPT[0].content}]
    inputs = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    output = network.generate(**inputs, do_sample=False, max_new_tokens=40, pad_token_id=0)
    return tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True).strip()


def test_greedy_rows_of_a_mixed_batch_are_what_each_model_answers_alone(engine: Engine, settings: Settings) -> None:
    answers = texts(engine, [request(model, sampling=GREEDY) for model in MODELS])
    assert answers == [by_peft(settings, model) for model in MODELS]
    assert len(set(answers)) == len(MODELS)


def test_prompts_of_different_lengths_share_a_batch(engine: Engine) -> None:
    requests = [request(model, prompt) for model in (BASE, "one") for prompt in ("写", "写一段" * 30, "春节祝福")]
    assert texts(engine, requests) == [texts(engine, [one])[0] for one in requests]


def test_a_seed_gives_one_text_whatever_else_is_in_the_batch(engine: Engine) -> None:
    mine = request("one", seed=5)
    others = [request(model, seed=seed) for seed in (5, 6) for model in MODELS]
    alone = texts(engine, [mine])[0]
    assert texts(engine, [*others, mine])[-1] == alone
    assert texts(engine, [request("one", seed=6)])[0] != alone


def test_many_requests_are_cut_into_batches_and_keep_their_order(engine: Engine) -> None:
    requests = [
        request(MODELS[number % 3], prompt="祝福" * (number % 5 + 1), seed=number, sampling=Sampling(max_tokens=4))
        for number in range(MAX_DRAFTS["cpu"] + 9)
    ]
    answers = texts(engine, requests)
    assert all(answers[row] == texts(engine, [requests[row]])[0] for row in (0, 1, 33, len(requests) - 1))


def test_pieces_add_up_and_every_row_ends_once(engine: Engine) -> None:
    requests = [request(model, seed=3, sampling=Sampling(max_tokens=12)) for model in MODELS]
    shown = [""] * len(requests)
    ended: list[int] = []
    for piece in pieces(engine.answer(requests)):
        assert piece.row not in ended
        shown[piece.row] = shown[piece.row][: piece.keep] + piece.text
        ended += [piece.row] if piece.end else []
    assert sorted(ended) == [0, 1, 2, 3]
    assert shown == texts(engine, requests)


def test_a_row_ends_where_its_model_ends_it_or_at_the_limit(engine: Engine) -> None:
    answers = [collect(engine, [request(seed=seed)])[0] for seed in range(30)]
    ends = [answer.end for answer in answers if answer.end]
    assert {end.reason for end in ends} == {EndReason.END, EndReason.LIMIT}
    assert all((end.tokens == 30) == (end.reason is EndReason.LIMIT) for end in ends)
    assert all(end.drawn == end.tokens + (end.reason is EndReason.END) for end in ends)


def test_closing_the_stream_stops_the_drawing_and_frees_the_turn(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[int] = []
    forward = Decoder._forward
    monkeypatch.setattr(Decoder, "_forward", lambda self, batch: (steps.append(1), forward(self, batch)))
    stream = engine.answer([request("one", sampling=Sampling(max_tokens=400), seed=1)])
    next(pieces(stream))
    stream.close()
    drawn = len(steps)
    assert drawn <= 1
    assert texts(engine, [request(sampling=Sampling(max_tokens=3))])
    assert len(steps) <= drawn + 3


def test_who_waits_is_told_the_position_and_may_leave(engine: Engine) -> None:
    first = engine.answer([request(sampling=Sampling(max_tokens=100), seed=2)])
    next(pieces(first))
    second, third = engine.answer([request()]), engine.answer([request()])
    assert [next(second), next(third)] == [Waiting(1), Waiting(2)]
    fourth = engine.answer([request()])
    with pytest.raises(QueueFull):
        next(fourth)
    second.close()
    assert next(third) == Waiting(1)
    first.close()
    assert any(piece.end for piece in pieces(third))


def test_loading_is_shown_and_happens_once(settings: Settings) -> None:
    engine = Engine(settings)
    assert not engine.loaded
    first = [event for event in engine.answer([request("one")]) if isinstance(event, Loading)]
    again = [event for event in engine.answer([request("one")]) if isinstance(event, Loading)]
    assert {event.what for event in first} == {settings.base_model, "one"}
    assert all(0 <= event.fraction <= 1 for event in first)
    assert again == []


def test_an_adapter_trained_anew_is_read_anew(
    save_adapter: Callable, settings: Settings, tmp_path: Path, base_folder: Path
) -> None:
    engine = Engine(settings.model_copy(update={"home": tmp_path}))
    save_adapter(base_folder, tmp_path / "adapters" / "mine", seed=1)
    before = texts(engine, [request("mine", sampling=GREEDY)])
    save_adapter(base_folder, tmp_path / "adapters" / "mine", seed=2)
    assert texts(engine, [request("mine", sampling=GREEDY)]) != before


@pytest.mark.parametrize("name", ["../x", "nobody", str(Path("/etc"))])
def test_an_unknown_model_is_answered_with_the_names_there_are(engine: Engine, name: str) -> None:
    with pytest.raises(ModelNotFound, match="choose one of: base, dora, one, patterns, two"):
        next(engine.answer([request(name)]))


def test_pickled_weights_are_refused(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "adapters" / "old"
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.bin").write_bytes(b"")
    with pytest.raises(UnsafeWeights):
        next(Engine(settings.model_copy(update={"home": tmp_path})).answer([request("old")]))


def test_a_base_that_cannot_be_loaded_is_explained_and_may_be_tried_again(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    engine = Engine(settings.model_copy(update={"base_model": str(tmp_path)}))
    for _ in range(2):
        with pytest.raises(ModelError, match="cannot be loaded"):
            list(engine.answer([request()]))


def test_a_prompt_beyond_the_context_is_refused_with_the_sizes(engine: Engine) -> None:
    with pytest.raises(InputError, match="the prompt has 6.. tokens .* room for 512"):
        list(engine.answer([request(prompt="祝" * 600)]))


def test_a_demand_beyond_the_context_is_refused_unless_less_will_do(engine: Engine) -> None:
    with pytest.raises(InputError, match="ask for less"):
        list(engine.answer([request(constraint=Constraint("eq", target=9000))]))
    assert texts(engine, [request(constraint=Constraint("le", max=9000))])


def test_the_demand_sets_the_token_limit(engine: Engine) -> None:
    def longest(target: int) -> int:
        demand = Constraint("eq", target=target)
        wanted = [request(constraint=demand, sampling=Sampling(2.0, 1.0), seed=seed) for seed in range(40)]
        return max(answer.end.tokens for answer in collect(engine, wanted) if answer.end)

    assert 200 < longest(10) < longest(90) < 490


def test_an_adapter_that_cannot_share_a_batch_answers_after_the_others_and_says_so(
    engine: Engine, settings: Settings
) -> None:
    answers = collect(engine, [request(model, sampling=GREEDY) for model in ("dora", BASE, "one")])
    assert [answer.text for answer in answers] == [by_peft(settings, model) for model in ("dora", BASE, "one")]
    assert [answer.end.note for answer in answers if answer.end] == ["sequential", None, None]


def test_closing_while_such_an_adapter_answers_gives_the_base_back(engine: Engine, settings: Settings) -> None:
    stream = engine.answer([request("dora", sampling=GREEDY)])
    next(pieces(stream))
    stream.close()
    assert texts(engine, [request(sampling=GREEDY)]) == [by_peft(settings, BASE)]


def test_of_several_candidates_the_nearest_is_kept(engine: Engine) -> None:
    demand = Constraint("eq", target=20)
    sampling = Sampling(1.0, max_tokens=100)
    single = [request(constraint=demand, seed=seed, sampling=sampling) for seed in range(8)]
    alone = collect(engine, single)
    [best] = collect(engine, [request(constraint=demand, best_of=8, sampling=sampling)])
    assert best.text in [answer.text for answer in alone]
    assert abs(count(best.text) - 20) == min(abs(count(answer.text) - 20) for answer in alone)
    assert best.end and best.end.drawn == sum(answer.end.drawn for answer in alone if answer.end)


def test_the_clock_ends_what_takes_too_long(settings: Settings) -> None:
    engine = Engine(settings.model_copy(update={"time_limit": 1e-6}))
    [answer] = collect(engine, [request(sampling=Sampling(max_tokens=400))])
    assert answer.end and answer.end.reason is EndReason.TIME


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"best_of": 4}, "fewer candidates"),
        ({"guide": True, "constraint": Constraint("eq", target=20)}, "guide off"),
        ({}, "smaller model"),
    ],
)
@pytest.mark.parametrize("failure", ["[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 GB"])
def test_running_out_of_memory_is_named_with_the_next_setting_to_try(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, fields: dict, advice: str, failure: str
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(failure)

    monkeypatch.setattr(Decoder, "_forward", fail)
    with pytest.raises(DeviceOutOfMemory, match=advice):
        list(engine.answer([request(seed=1, **fields)]))
    monkeypatch.undo()
    assert texts(engine, [request()])


def test_an_unforeseen_failure_is_logged_and_ends_the_rows(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr(Decoder, "_forward", fail)
    with caplog.at_level(logging.ERROR):
        answers = collect(engine, [request(seed=1), request("one", seed=1)])
    assert [answer.end.reason for answer in answers if answer.end] == [EndReason.ERROR] * 2
    assert "surprise" in caplog.text
    monkeypatch.undo()
    assert texts(engine, [request()])


def test_no_requests_are_no_work(engine: Engine) -> None:
    assert list(engine.answer([])) == []


def test_importing_the_engine_loads_no_torch() -> None:
    script = "import sys, hesui.models.engine; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
