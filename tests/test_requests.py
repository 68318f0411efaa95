"""What may be asked, and the requests that ask it."""

from __future__ import annotations

import math

import pytest

from hesui.errors import HesuiError, InputError, ModelNotFound
from hesui.length import Constraint, approx, parse
from hesui.records import Sampling
from hesui.requests import MAX_DEMAND, build_requests, validate, validate_counter, validate_models
from hesui.settings import Settings


@pytest.fixture
def settings() -> Settings:
    return Settings(max_prompt=50)


@pytest.mark.parametrize(
    "prompt, key",
    [
        ("", "error.prompt_empty"),
        (" \n\u3000", "error.prompt_empty"),
        ("祝" * 51, "error.prompt_too_long"),
        ("祝\ud800", "error.prompt_encoding"),
    ],
)
def test_an_unusable_prompt_is_named(prompt: str, key: str, settings: Settings) -> None:
    with pytest.raises(InputError) as caught:
        validate(prompt, None, settings)
    assert caught.value.key == key


@pytest.mark.parametrize(
    "constraint, key",
    [
        (Constraint("eq", target=0), "error.demand_zero"),
        (Constraint("le", max=0), "error.demand_zero"),
        (Constraint("ge", min=-3), "error.demand_zero"),
        (Constraint("range", min=0, max=0), "error.demand_zero"),
        (approx(MAX_DEMAND + 1), "error.demand_too_large"),
        (Constraint("le", max=10**5000), "error.demand_too_large"),
        (Constraint("range", min=1, max=100_000), "error.demand_too_large"),
        (Constraint("eq", target=5, unit="page"), "error.unit_unknown"),  # type: ignore[arg-type]
    ],
)
def test_an_unusable_demand_is_named_in_one_line(constraint: Constraint, key: str, settings: Settings) -> None:
    with pytest.raises(InputError) as caught:
        validate("写一段", constraint, settings)
    assert caught.value.key == key
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "constraint",
    [
        None,
        Constraint("eq", target=1),
        Constraint("range", min=0, max=5),
        Constraint("ge", min=MAX_DEMAND),
        approx(MAX_DEMAND),  # its band ends above
    ],
)
def test_what_lies_in_the_limits_passes(constraint: Constraint | None, settings: Settings) -> None:
    validate("写一段", constraint, settings)


def test_the_requests_differ_in_the_model_only(settings: Settings) -> None:
    base, tuned = build_requests("写50字", ["base", "tuned"], parse("写50字"), settings, seed=7, guide=True, best_of=2)
    assert (base.model, tuned.model) == ("base", "tuned")
    assert (base.messages, base.seed, base.guide, base.best_of) == (tuned.messages, 7, True, 2)
    assert base.constraint == tuned.constraint is not None


def test_the_counter_is_the_chosen_one_else_the_prompts_else_the_default(settings: Settings) -> None:
    demand = Constraint("eq", target=50, count_rule="han")
    for counter, constraint, rule in [("raw", demand, "raw"), (None, demand, "han"), (None, None, "word")]:
        [request] = build_requests("写", ["base"], constraint, settings, counter=counter)  # type: ignore[arg-type]
        assert request.counter == rule


def test_without_a_demand_nothing_is_guided(settings: Settings) -> None:
    [request] = build_requests("写一段", ["base"], None, settings, guide=True)
    assert not request.guide


@pytest.mark.parametrize(
    "options",
    [
        {"best_of": 0},
        {"best_of": 17},
        {"seed": -1},
        {"seed": 2**63},
        {"sampling": Sampling(temperature=-0.1)},
        {"sampling": Sampling(temperature=math.nan)},
        {"sampling": Sampling(top_p=0)},
        {"sampling": Sampling(max_tokens=0)},
    ],
)
def test_an_option_out_of_range_says_the_range(options: dict[str, object], settings: Settings) -> None:
    with pytest.raises(InputError, match="must lie from"):
        build_requests("写一段", ["base"], None, settings, **options)  # type: ignore[arg-type]


def test_unknown_names_are_answered_with_the_known_ones() -> None:
    with pytest.raises(ModelNotFound, match="base, tuned"):
        validate_models(["base", "../tuned"], ["base", "tuned"])
    with pytest.raises(InputError, match="han_latin"):
        validate_counter("words")
    with pytest.raises(HesuiError):
        validate_models([], ["base"])
