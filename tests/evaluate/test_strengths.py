"""Strengths are those computed by hand, and their intervals hold what votes were drawn from."""

from math import exp, log
from random import Random

import pytest

from hesui.evaluate.strengths import Vote, bradley_terry


def between(first, second, wins, ties, losses, start=0):
    scores = [1] * wins + [0.5] * ties + [0] * losses
    return [Vote(first, second, score, start + place) for place, score in enumerate(scores)]


def drawn(rng, strengths, n, effect=0.0):
    """Votes between any two systems; `effect` is log-odds a character."""
    votes = []
    for prompt in range(n):
        first, second = rng.sample(sorted(strengths), 2)
        longer = round(rng.gauss(40 * (strengths[first] - strengths[second]), 60))
        odds = strengths[first] - strengths[second] + effect * longer
        votes.append(Vote(first, second, float(rng.random() < 1 / (1 + exp(-odds))), prompt, longer))
    return votes


def test_two_systems_have_the_strengths_computed_by_hand():
    # t = ln 2 solves wins - n σ(2t) + prior (1 - 2σ(t)) = 0 with σ(2t) = 4/5, σ(t) = 2/3: 16.5 - 16 - 1.5/3 = 0
    found = bradley_terry(between("tuned", "base", 15, 3, 2), prior=1.5, resamples=99)
    assert list(found.strengths) == ["tuned", "base"]
    assert found.strengths["tuned"].value == pytest.approx(log(2))
    assert found.strengths["base"].value == pytest.approx(-log(2))
    assert (found.votes, found.length, found.undefined) == (20, None, "")


def test_who_stands_first_does_not_matter():
    votes = between("a", "b", 15, 2, 5)
    turned = [Vote(second, first, 1 - score, prompt, -longer) for first, second, score, prompt, longer in votes]
    for with_length in (False, True):
        one, other = (bradley_terry(some, with_length, resamples=99).strengths for some in (votes, turned))
        assert one["a"] == pytest.approx(other["a"])


def test_newton_and_mm_find_the_same_where_lengths_are_equal():
    votes = between("a", "b", 12, 3, 5) + between("b", "c", 9, 1, 6, 20) + between("c", "d", 14, 0, 0, 40)
    plain, regressed = bradley_terry(votes, resamples=99), bradley_terry(votes, with_length=True, resamples=99)
    assert list(plain.strengths) == list(regressed.strengths)
    for name, estimate in plain.strengths.items():
        assert regressed.strengths[name] == pytest.approx(estimate, abs=1e-5)
    assert regressed.length == pytest.approx((0, 0, 0), abs=1e-9)


def test_a_system_that_won_everything_stays_finite():
    found = bradley_terry(between("a", "b", 30, 0, 0), resamples=99).strengths["a"]
    assert 1 < found.value < 5


def test_only_ties_are_equal_strengths():
    found = bradley_terry(between("a", "b", 0, 30, 0), resamples=99).strengths
    assert found["a"] == pytest.approx((0, 0, 0), abs=1e-9)


def test_the_strengths_that_votes_were_drawn_from_lie_in_their_intervals():
    rng, true = Random(1), {"a": 0.6, "b": 0.1, "c": -0.7}
    covered = 0
    for seed in range(100):
        found = bradley_terry(drawn(rng, true, 200), resamples=199, seed=seed).strengths
        covered += sum(found[name].low <= true[name] <= found[name].high for name in true)
    assert 0.90 <= covered / 300 <= 0.99


def test_the_effect_of_length_is_told_from_strength():
    true = {"a": 0.8, "b": -0.8}
    votes = drawn(Random(2), true, 1500, effect=0.02)
    plain, fair = bradley_terry(votes, resamples=99), bradley_terry(votes, with_length=True, resamples=99)
    assert plain.strengths["a"].value > 1.3 * fair.strengths["a"].value
    assert fair.strengths["a"].low <= 0.8 <= fair.strengths["a"].high
    assert fair.length.low <= 2.0 <= fair.length.high  # log-odds a hundred characters


def test_votes_on_one_prompt_are_drawn_together():
    votes = between("a", "b", 40, 0, 20)
    repeated = [vote for vote in votes for _ in range(4)]
    apart = [vote._replace(prompt=place) for place, vote in enumerate(repeated)]
    together, single = (bradley_terry(some, resamples=199).strengths["a"] for some in (repeated, apart))
    assert single.high - single.low < 0.7 * (together.high - together.low)


def test_the_same_seed_gives_the_same_intervals():
    votes = between("a", "b", 15, 2, 5)
    assert bradley_terry(votes, resamples=99) == bradley_terry(votes, resamples=99)
    assert bradley_terry(votes, resamples=99) != bradley_terry(votes, resamples=99, seed=1)


def test_fewer_than_twenty_votes_or_prompts_are_too_few():
    votes = between("a", "b", 10, 0, 10)
    assert bradley_terry(votes).undefined == ""
    assert bradley_terry(votes[1:]) == ({}, 19, None, "few")
    assert bradley_terry([vote._replace(prompt="one") for vote in votes]).undefined == "few"
    assert bradley_terry([]).undefined == "few"


def test_systems_that_no_votes_connect_are_not_ranked():
    votes = between("a", "b", 10, 0, 10) + between("c", "d", 10, 0, 10, 20)
    assert bradley_terry(votes) == ({}, 40, None, "apart")
    assert bradley_terry(votes + between("d", "a", 1, 0, 0, 40), resamples=99).undefined == ""


@pytest.mark.parametrize("vote", [Vote("a", "a", 1, 0), Vote("a", "b", 0.7, 0), Vote("a", "b", float("nan"), 0)])
def test_what_is_no_vote_is_refused(vote):
    with pytest.raises(ValueError, match="is no vote"):
        bradley_terry([vote])


def test_too_few_resamples_and_no_prior_are_refused():
    for kind in ({"resamples": 38}, {"prior": 0}):
        with pytest.raises(ValueError, match="at least 39 and a prior above 0"):
            bradley_terry([], **kind)
