import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hesui.models.sampling import NUCLEUS, Dice, Knobs, draw
from hesui.records import Sampling

ENDS = torch.tensor([0])


def tokens(logits: torch.Tensor, sampling: Sampling, rolls: list[float], hold: bool = False) -> list[int]:
    knobs = Knobs.of([sampling] * len(logits), logits.device)
    return draw(logits, knobs, rolls, [hold] * len(logits), ENDS).tokens


def frequencies(probabilities: list[float], sampling: Sampling) -> list[float]:
    rolls = torch.linspace(0, 1, 4001)[:-1].tolist()
    drawn = tokens(torch.tensor(probabilities).log().expand(len(rolls), -1), sampling, rolls)
    return [drawn.count(token) / len(rolls) for token in range(len(probabilities))]


def test_tokens_come_as_often_as_their_probability_says() -> None:
    assert frequencies([0.1, 0.6, 0.3], Sampling(1.0, 1.0)) == pytest.approx([0.1, 0.6, 0.3], abs=0.002)


def test_temperature_sharpens() -> None:
    assert frequencies([0.2, 0.8], Sampling(0.5, 1.0)) == pytest.approx([0.04 / 0.68, 0.64 / 0.68], abs=0.002)


def test_top_p_keeps_the_smallest_set_with_that_mass() -> None:
    assert frequencies([0.1, 0.6, 0.3], Sampling(1.0, 0.7)) == pytest.approx([0, 2 / 3, 1 / 3], abs=0.002)


def test_top_k_keeps_so_many() -> None:
    assert frequencies([0.1, 0.6, 0.3], Sampling(1.0, 1.0, top_k=1)) == [0, 1, 0]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert frequencies([0.1, 0.4, 0.5], Sampling(0.0)) == [0, 0, 1]


def test_rows_with_different_settings_share_a_batch() -> None:
    logits = torch.tensor([0.1, 0.4, 0.5]).log().expand(3, -1)
    knobs = Knobs.of([Sampling(0.0), Sampling(1.0, 1.0), Sampling(1.0, 1.0, top_k=1)], logits.device)
    assert draw(logits, knobs, [0.99, 0.99, 0.99], [False] * 3, ENDS).tokens == [2, 0, 2]


@given(st.integers(0, 2**32), st.floats(0.05, 1.0), st.floats(0.3, 2.0))
def test_a_large_vocabulary_draws_what_a_full_sort_would(seed: int, top_p: float, temperature: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = 4 * torch.randn(1, 3 * NUCLEUS, generator=generator)
    probs, order = (logits / temperature).softmax(-1).sort(dim=-1, descending=True)
    kept = probs * (probs.cumsum(-1) - probs < top_p)
    roll = float(torch.rand(1, generator=generator))
    [token] = tokens(logits, Sampling(temperature, top_p), [roll])
    place = int((order[0] == token).nonzero())
    assert place == 0 or kept[0, place] > 0
    edges = kept.cumsum(-1)[0] / kept.sum()
    assert edges[place] >= roll - 1e-4
    assert place == 0 or edges[place - 1] <= roll + 1e-4


def test_an_end_is_put_off_where_something_else_is_plausible_and_only_there() -> None:
    logits = torch.tensor([[0.8, 0.2], [0.99, 0.01]]).log()
    assert tokens(logits, Sampling(0.0), [0.5, 0.5], hold=True) == [1, 0]
    assert tokens(logits, Sampling(0.0), [0.5, 0.5], hold=False) == [0, 0]


def test_log_probabilities_are_the_models_own_whatever_the_settings() -> None:
    logits = torch.tensor([[0.2, 0.5, 0.3]]).log()
    drawn = draw(logits, Knobs.of([Sampling(0.1, 0.1)], logits.device), [0.5], [True], ENDS)
    assert torch.tensor([*drawn.logprobs, *drawn.ends]).exp().tolist() == pytest.approx([0.5, 0.2])


def test_the_same_seed_gives_the_same_numbers() -> None:
    one, same, other = Dice(7), Dice(7), Dice(8)
    numbers = [one.roll() for _ in range(200)]
    assert numbers == [same.roll() for _ in range(200)]
    assert numbers != [other.roll() for _ in range(200)]
    assert len(set(numbers)) > 190
