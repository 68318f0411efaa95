"""A link restores the form it was made from, and forgives what is wrong in it."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hesui.errors import InputError, ModelNotFound
from hesui.length import COUNTERS
from hesui.settings import Settings
from hesui.ui.form import AUTO, BEST_OF, Form, from_query, to_query

FORMS = st.builds(
    Form,
    prompt=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    left=st.sampled_from(["base", "tuned", "a b"]),
    right=st.sampled_from(["base", "tuned"]),
    guide=st.booleans(),
    best=st.sampled_from(BEST_OF),
    counter=st.sampled_from([AUTO, *COUNTERS]),
    temperature=st.floats(0, 2),
    top_p=st.floats(0.01, 1),
    seed=st.integers(0, 2**31),
    tokens=st.integers(0, 4096),
)


@given(FORMS)
def test_a_link_restores_its_form(form):
    default = Form(right="tuned")
    query = dict(parse_qsl(to_query(form, default), keep_blank_values=True))
    assert from_query(query, default) == form


def test_a_link_holds_only_what_differs():
    assert to_query(Form(prompt="a", seed=5), Form()) == "prompt=a&seed=5"


@pytest.mark.parametrize("name", ["best", "seed", "temperature", "tokens", "counter"])
def test_what_a_link_says_wrongly_is_ignored(name):
    assert from_query({name: "nonsense", "unknown": "x"}, Form()) == Form()


def test_a_prompt_too_long_for_a_link_is_refused():
    with pytest.raises(InputError):
        to_query(Form(prompt="长" * 8000), Form())


def test_both_requests_differ_in_the_model_only():
    left, right = Form("写50字", right="tuned", guide=True, best=4, seed=3).requests(Settings(), ["base", "tuned"])
    assert (left.model, right.model) == ("base", "tuned")
    assert (left.sampling, left.seed, left.guide, left.best_of) == (right.sampling, right.seed, right.guide, 4)
    assert left.constraint == right.constraint


def test_empty_fields_mean_the_defaults():
    left, _ = Form("写50字", temperature=None, top_p=None, seed=None, tokens=None).requests(Settings(), ["base"])
    assert (left.sampling.temperature, left.sampling.max_tokens, left.seed) == (0.5, None, 0)


def test_an_unknown_model_is_refused_before_anything_runs():
    with pytest.raises(ModelNotFound):
        Form("写50字", left="gone").requests(Settings(), ["base"])
