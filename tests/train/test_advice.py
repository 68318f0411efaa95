"""Each kind of curve gets its advice, whatever the noise, and a healthy run gets none."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import pytest

from hesui.train.advice import advise
from hesui.train.config import TrainConfig, make_config
from hesui.train.curves import Curves, Point, Probe, smoothed
from hesui.train.runs import Status

SEEDS = range(12)
STEPS = 300
USED = {"kind": "used", "step": 0, "rows": 800, "context": 1024, "epochs": 10.0, "tokens_p95": 300}
CONFIG = make_config(data="data", base="Qwen/Qwen3-1.7B")
DONE = Status(state="done", step=STEPS, steps=STEPS)


def recorded(shape, seed, *, noise=0.08, steps=STEPS, every=1, norm=None, evaluation=None, probe=None, used=USED):
    """A run as it would have been recorded: `shape` and the like give the true level at a share of the run."""
    chance = random.Random(seed)

    def series(level, noise, count):
        marks = [max(round(steps * at / count), 1) for at in range(1, count + 1)]
        return tuple(Point(step, level(step / steps) * math.exp(chance.gauss(0, noise))) for step in marks)

    loss = series(shape, noise, steps // every)
    return Curves(
        loss=loss,
        smooth=smoothed(loss),
        grad_norm=series(norm or (lambda at: 1.0 + 0.5 * math.exp(-8 * at)), 0.3, steps // every),
        evaluation=series(evaluation, 0.005, 10) if evaluation else (),
        probes=tuple(_probe(chance, steps * at // 10, probe(at / 10)) for at in range(11)) if probe else (),
        used=used,
    )


def _probe(chance, step, level, n=32):
    """32 prompts, each with one luck in all four measures, as one error decides them all."""
    luck = [chance.random() for _ in range(n)]
    shares = [sum(one < min(level * ease, 1) for one in luck) / n for ease in (0.7, 0.8, 1.1, 1.4)]
    return Probe(step, n, *shares, 1.0, 5.0)


def keys(curves, status=DONE, config=CONFIG):
    return [advice.key for advice in advise(curves, status, config)]


def only(curves, status=DONE, config=CONFIG):
    (advice,) = advise(curves, status, config)
    return advice


def sinks(at):
    """A loss that falls and comes to rest."""
    return 1.0 + 2.0 * math.exp(-9 * at)


def learns(at):
    """A probe that gets better to the end."""
    return 0.1 + 0.55 * at


HEALTHY = {
    "plain": dict(shape=sinks),
    "noisy": dict(shape=sinks, noise=0.2),
    "quick": dict(shape=lambda at: 0.8 + 2.5 * math.exp(-60 * at)),
    "with evaluation": dict(shape=sinks, evaluation=lambda at: 1.1 + 2 * math.exp(-8 * at)),
    "with a probe": dict(shape=sinks, probe=learns),
    "probe comes to rest": dict(shape=sinks, probe=lambda at: 0.1 + 0.5 * (1 - math.exp(-3 * at))),
    "logged now and then": dict(shape=sinks, steps=50_000, every=100),
    "short": dict(shape=sinks, steps=30),
    "preferences": dict(shape=lambda at: 0.35 + 0.34 * math.exp(-7 * at)),
    "gradients that grow a little": dict(shape=sinks, norm=lambda at: 0.5 + 1.2 * at),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_run_gets_no_advice(kind, seed):
    curves = recorded(seed=seed, **HEALTHY[kind])
    steps = curves.last_step
    assert keys(curves, Status(state="done", step=steps, steps=steps)) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.35, 0.7])
def test_a_healthy_run_gets_no_advice_on_its_way_either(share, seed):
    curves = until(recorded(sinks, seed, evaluation=lambda at: 1.1 + 2 * math.exp(-8 * at), probe=learns), share)
    assert keys(curves, Status(state="running", step=curves.last_step, steps=STEPS)) == []


def until(curves, share):
    end = share * STEPS
    cut = {
        name: tuple(one for one in getattr(curves, name) if one.step <= end)
        for name in ("loss", "smooth", "grad_norm", "evaluation", "probes")
    }
    return replace(curves, **cut)


@pytest.mark.parametrize("losses", [(), (2.0,), (2.0, 1.9), (2.2, 2.9, 1.8, 2.5, 2.0)])
def test_a_run_of_a_few_steps_gets_no_advice(losses):
    loss = tuple(Point(step, value) for step, value in enumerate(losses, 1))
    curves = Curves(loss=loss, smooth=smoothed(loss))
    assert keys(curves, Status(state="done", step=len(losses), steps=len(losses))) == []


# The loss


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_that_still_falls_at_the_end_wants_more_epochs(seed):
    advice = only(recorded(lambda at: 3.0 - 1.5 * at, seed))
    assert (advice.key, advice.level) == ("advice.still_falling", "hint")
    assert advice.values == {"setting": "epochs", "now": 10.0, "value": 15.0}


def test_a_run_set_in_steps_is_told_more_steps():
    for setting in ("steps", "most_steps"):
        advice = only(recorded(lambda at: 3.0 - 1.5 * at, 1), config=CONFIG.model_copy(update={setting: STEPS}))
        assert advice.values == {"setting": "steps", "now": 300, "value": 450}


def test_a_run_that_stayed_below_its_limit_of_steps_is_told_more_epochs():
    config = CONFIG.model_copy(update={"most_steps": STEPS + 1})
    assert only(recorded(lambda at: 3.0 - 1.5 * at, 1), config=config).values["setting"] == "epochs"


def test_a_loss_of_rewards_is_not_read_as_one_of_answers():
    rises = recorded(lambda at: 0.001 + 0.05 * at, 1)
    assert keys(rises) == ["advice.diverging"]
    assert keys(rises, config=CONFIG.model_copy(update={"method": "grpo"})) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_that_falls_while_the_evaluation_rests_wants_no_more_epochs(seed):
    rests = recorded(lambda at: 3.0 - 1.5 * at, seed, evaluation=lambda at: 2.0 if at < 0.45 else 2.01)
    assert keys(rests) == []


def test_a_run_under_way_is_not_told_to_run_longer():
    curves = until(recorded(lambda at: 3.0 - 1.5 * at, 1), 0.8)
    assert keys(curves, Status(state="running", step=240, steps=STEPS)) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("noise", "slope"), [(0.02, 0.0), (0.08, 0.0), (0.2, 0.0), (0.05, 0.01)])
def test_a_loss_that_never_moves_wants_a_higher_learning_rate(seed, noise, slope):
    advice = only(recorded(lambda at: 2.5 * (1 - slope * at), seed, noise=noise))
    assert (advice.key, advice.level) == ("advice.flat", "warning")
    assert advice.values == {"setting": "learning_rate", "now": 3e-4, "value": 9e-4}


def test_a_very_low_learning_rate_is_raised_tenfold():
    advice = only(recorded(lambda at: 2.5, 1), config=CONFIG.model_copy(update={"learning_rate": 2e-6}))
    assert advice.values["value"] == 2e-5


def test_a_loss_is_not_called_flat_while_it_warms_up():
    curves = until(recorded(lambda at: 2.5, 1), 0.25)
    assert keys(curves, Status(state="running", step=75, steps=STEPS)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_that_is_low_from_the_start_has_nothing_to_teach(seed):
    advice = only(recorded(lambda at: 0.02, seed))
    assert advice.key == "advice.nothing_to_learn"
    assert advice.values == {"setting": "epochs", "now": 10.0, "value": 1}


def climbs(at):
    return sinks(at) if at < 0.5 else 1.02 + 2.5 * (at - 0.5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("noise", [0.05, 0.15])
def test_a_loss_that_rises_wants_a_lower_learning_rate(seed, noise):
    advice = only(recorded(climbs, seed, noise=noise))
    assert (advice.key, advice.level) == ("advice.diverging", "problem")
    assert advice.values["setting"] == "learning_rate"
    assert (advice.values["value"], advice.values["factor"]) == (1e-4, 3)
    assert advice.values["low"] < advice.values["last"]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loss_that_blows_up_wants_a_much_lower_one(seed):
    advice = only(recorded(lambda at: 2.0 + 20 * max(at - 0.3, 0), seed))
    assert (advice.values["value"], advice.values["factor"]) == (3e-5, 10)


def test_a_loss_that_blows_up_within_five_steps_is_seen():
    loss = tuple(Point(step, value) for step, value in enumerate((2.5, 2.4, 4.0, 11.0, 60.0), 1))
    assert only(Curves(loss=loss)).key == "advice.diverging"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spike_that_comes_back_is_no_divergence(seed):
    assert keys(recorded(lambda at: 9.0 if 0.5 < at < 0.52 else sinks(at), seed)) == []


@pytest.mark.parametrize("broken", [math.nan, math.inf])
@pytest.mark.parametrize("since", [1, 150, STEPS])
def test_a_loss_that_is_no_number_wants_a_tenth_of_the_learning_rate(broken, since):
    curves = recorded(sinks, 1)
    loss = tuple(Point(step, broken if step >= since else value) for step, value in curves.loss)
    advice = only(replace(curves, loss=loss, smooth=smoothed(loss)))
    assert (advice.key, advice.level) == ("advice.nan", "problem")
    assert advice.values == {"setting": "learning_rate", "now": 3e-4, "value": 3e-5, "factor": 10, "step": since}


def test_a_run_that_failed_at_a_gradient_without_bounds_is_told_the_same():
    curves = until(recorded(sinks, 1), 0.5)
    curves = replace(curves, grad_norm=(*curves.grad_norm[:-1], Point(150, math.inf)))
    advice = only(curves, Status(state="failed", step=150, steps=STEPS))
    assert (advice.key, advice.values["step"]) == ("advice.nan", 150)


def test_single_steps_without_a_loss_point_to_answers_cut_off():
    curves = recorded(sinks, 1)
    loss = tuple(Point(step, math.nan if step in (50, 90) else value) for step, value in curves.loss)
    advice = only(replace(curves, loss=loss, smooth=smoothed(loss)))
    assert (advice.key, advice.level) == ("advice.nan_once", "hint")
    assert advice.values == {"setting": "context", "now": 1024, "value": 2048, "n": 2}


# What was not trained on


def turns(at):
    """An evaluation loss that is best at 40 % of the run."""
    return 1.2 + 1.5 * abs(at - 0.4)


def wanes(at):
    """A probe that is best at 40 % and falls after it."""
    return 0.1 + 1.5 * at if at <= 0.4 else max(0.7 - 1.1 * (at - 0.4), 0.05)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_evaluation_loss_that_rises_with_its_probe_falling_is_memorising(seed):
    advice = only(recorded(sinks_on, seed, evaluation=turns, probe=wanes))
    assert (advice.key, advice.level) == ("advice.memorising", "warning")
    assert advice.values["setting"] == "epochs"
    assert 2 <= advice.values["value"] <= 7
    assert advice.values["was"] > advice.values["is"]


def sinks_on(at):
    """A loss that falls to the end, as it does where rows come again."""
    return 0.3 + 2.0 * math.exp(-2.5 * at)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_probe_that_gets_better_outweighs_an_evaluation_loss_that_rises(seed):
    advice = only(recorded(sinks_on, seed, evaluation=turns, probe=learns))
    assert (advice.key, advice.level) == ("advice.overfit.probe_better", "hint")
    assert advice.values["low"] == 120
    assert advice.values["step"] > 120


@pytest.mark.parametrize("seed", SEEDS)
def test_an_evaluation_loss_that_rises_without_any_probe_asks_for_one(seed):
    config = CONFIG.model_copy(update={"probe_prompts": 0})
    advice = only(recorded(sinks_on, seed, evaluation=turns), config=config)
    assert advice.key == "advice.overfit.no_probe"
    assert advice.values == {"setting": "probe_prompts", "now": 0, "value": 32, "step": 120}


def test_an_evaluation_loss_that_rises_before_the_first_probe_wants_fewer_epochs():
    advice = only(recorded(sinks_on, 1, evaluation=turns))
    assert (advice.key, advice.level) == ("advice.overfit", "warning")
    assert advice.values == {"setting": "epochs", "now": 10.0, "value": 4.0, "step": 120}


def test_fewer_steps_are_told_where_the_run_is_set_in_steps():
    advice = only(recorded(sinks_on, 1, evaluation=turns), config=CONFIG.model_copy(update={"steps": STEPS}))
    assert advice.values == {"setting": "steps", "now": 300, "value": 120, "step": 120}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_probe_that_falls_while_the_loss_falls_is_memorising(seed):
    assert only(recorded(sinks_on, seed, probe=wanes)).key == "advice.memorising"


def probes(*scores, n=32):
    return tuple(Probe(30 * at, n, *[score] * 4, 1.0, 5.0) for at, score in enumerate(scores))


def test_a_probe_at_its_best_long_ago_suggests_to_stop_early():
    curves = replace(recorded(sinks, 1), probes=probes(0.1, 0.3, 0.6, 0.5, 0.5, 0.48, 0.5, 0.5, 0.51, 0.49, 0.5))
    advice = only(curves)
    assert (advice.key, advice.level) == ("advice.early_stop", "hint")
    assert advice.values == {"setting": "patience", "now": 0, "value": 4, "step": 60, "n": 8}


def test_the_patience_that_was_set_is_kept_to():
    curves = replace(recorded(sinks, 1), probes=probes(0.1, 0.6, 0.5, 0.48, 0.5, 0.49, 0.5))
    assert keys(curves, config=CONFIG.model_copy(update={"patience": 6})) == []
    assert keys(curves, config=CONFIG.model_copy(update={"patience": 5})) == ["advice.early_stop"]


def test_a_probe_that_is_luck_at_the_beginning_does_not_stop_a_run():
    curves = replace(recorded(sinks, 1), probes=probes(0, 0, 0.03, 0, 0, 0, 0.02, 0))
    assert keys(curves) == []


# Gradients and rows


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_that_leave_their_range_are_to_be_clipped_harder(seed):
    advice = only(recorded(sinks, seed, norm=lambda at: 1.0 if at < 0.7 else 40.0))
    assert (advice.key, advice.level) == ("advice.gradients", "warning")
    assert (advice.values["setting"], advice.values["now"], advice.values["value"]) == ("max_grad_norm", 1.0, 0.3)
    assert advice.values["top"] > 5 * advice.values["usual"]


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_that_spike_again_and_again_are_seen(seed):
    assert keys(recorded(sinks, seed, norm=lambda at: 60.0 if at > 0.5 and at * 100 % 10 < 1 else 1.0)) == [
        "advice.gradients"
    ]


@pytest.mark.parametrize(
    ("now", "setting", "value"),
    [(0.0, "max_grad_norm", 1.0), (5.0, "max_grad_norm", 1.0), (0.3, "learning_rate", 1e-4)],
)
def test_gradients_that_cannot_be_clipped_harder_want_a_lower_learning_rate(now, setting, value):
    config = CONFIG.model_copy(update={"max_grad_norm": now})
    advice = only(recorded(sinks, 1, norm=lambda at: 1.0 if at < 0.7 else 40.0), config=config)
    assert (advice.values["setting"], advice.values["value"]) == (setting, value)


def test_too_few_rows_are_told_from_the_first_step():
    advice = only(Curves(used=USED | {"rows": 40}), Status(state="running", steps=STEPS))
    assert (advice.key, advice.level) == ("advice.few_rows", "warning")
    assert advice.values == {"setting": "data", "now": 40, "value": 800}


@pytest.mark.parametrize("used", [{}, {"rows": None}, {"rows": "many"}, {"rows": True}, {"epochs": "x", "context": []}])
def test_a_worker_that_says_nothing_of_its_rows_gets_no_advice_on_them(used):
    assert keys(recorded(sinks, 1, used=used)) == []


def test_the_gravest_advice_comes_first():
    curves = replace(recorded(climbs, 1, used=USED | {"rows": 40}))
    assert keys(curves) == ["advice.diverging", "advice.few_rows"]


# Memory

FULL = Status(state="failed", note_key="error.train_memory")


def memory(**changes):
    curves = Curves(used=USED)
    found = advise(curves, FULL, CONFIG.model_copy(update=changes))
    assert [advice.level for advice in found] == ["problem", *["hint"] * (len(found) - 1)][: len(found)]
    assert all(advice.key == f"advice.memory.{advice.values['setting']}" for advice in found)
    return [(advice.values["setting"], advice.values["now"], advice.values["value"]) for advice in found]


def test_a_run_out_of_memory_is_told_what_to_change_in_order():
    assert memory() == [
        ("micro_batch", 16, 8),
        ("context", 1024, 320),
        ("gradient_checkpointing", False, True),
        ("rank", 8, 4),
        ("base", "Qwen/Qwen3-1.7B", "Qwen/Qwen3-0.6B"),
    ]


def test_what_is_at_its_least_already_is_not_told_again():
    assert memory(micro_batch=1, context=64, gradient_checkpointing=True, rank=4, base="embedded") == []
    assert memory(micro_batch=2, context=320)[:2] == [("micro_batch", 2, 1), ("context", 320, 160)]
    assert memory(base="Qwen/Qwen3-0.6B")[-1] == ("base", "Qwen/Qwen3-0.6B", "embedded")


def test_what_the_worker_chose_counts_where_nothing_was_set():
    found = advise(Curves(used=USED | {"micro_batch": 4}), FULL, CONFIG)
    assert found[0].values == {"setting": "micro_batch", "now": 4, "value": 2}
    assert "advice.memory.context" not in [advice.key for advice in advise(Curves(), FULL, CONFIG)]


def test_a_full_fine_tuning_out_of_memory_is_told_of_lora_before_another_base():
    assert [setting for setting, _, _ in memory(adaptation="full")][-2:] == ["adaptation", "base"]


# All of it


def test_every_advice_names_a_setting_and_can_be_stored():
    everything = [
        *advise(Curves(used=USED), FULL, CONFIG),
        *advise(recorded(climbs, 1), DONE, CONFIG),
        *advise(recorded(sinks_on, 1, probe=wanes), DONE, CONFIG),
        *advise(recorded(lambda at: 2.5, 1), DONE, CONFIG),
    ]
    for advice in everything:
        record = json.loads(json.dumps(advice.record(), allow_nan=False))
        assert record["setting"] in TrainConfig.model_fields
        assert "value" in record
