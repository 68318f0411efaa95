"""What the curves of a run say about its settings: rules that each name a setting and a value to try.

Levels of loss are medians of stretches and what counts as a change is measured against the noise between neighbouring
points, so that a rule speaks of the curve and not of a batch. Knows no words: a key names them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, median
from typing import Any, Literal, NamedTuple

from hesui.train.config import TrainConfig, suggested_epochs
from hesui.train.curves import Curves, Point, Probe, best, finite
from hesui.train.runs import Status

Level = Literal["problem", "warning", "hint"]  # it will not work so; it could go better; worth knowing
LEVELS: tuple[Level, ...] = ("problem", "warning", "hint")

STRETCHES = 8  # a curve is judged by the medians of so many stretches
RISE = 0.15  # of the lowest level: less is no divergence
FLAT = 0.03  # of the first level: less is no learning
BEGINNING = 5  # points
FALLING = 0.05  # of the level, over the last third: less is no reason to go on
RISE_OF_FIRST = 0.03  # nor is less than this of the first level: a loss near zero wavers by more than itself
BLOWN = 2.0  # times the first level: diverged even where there are too few points to tell noise
NOTHING_LEFT = 0.05  # nats a token: a loss this low has nothing to teach
EVAL_RISE = 0.03  # of the lowest evaluation loss
EXPLODING = 5.0  # times the usual gradient norm
SURE = 3.0  # standard errors
FEW_ROWS, ENOUGH_ROWS = 100, 800  # 800 strict examples gave 35 / 69 / 88 % within 2 / 5 / 10
LATELY = 3  # probes that together say how a run stands
LONG_AGO = 4  # probes since the best one
SMALL = "Qwen/Qwen3-0.6B"  # the smallest base that writes well
MEMORY = "error.train_memory"  # how a status says that memory ran out


@dataclass(frozen=True, slots=True)
class Advice:
    """One piece of advice; `key` names its words, `values` fill them.

    `values` always holds `setting`, a field of TrainConfig, and `value`, what to try; mostly `now` as well.
    """

    key: str
    level: Level
    values: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The advice as a JSON object."""
        return {"key": self.key, "level": self.level, **self.values}


class View(NamedTuple):
    """What every rule looks at."""

    curves: Curves
    status: Status
    config: TrainConfig

    @property
    def ended(self) -> bool:
        """Whether the run went through all of its steps."""
        return self.status.state == "done"

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1; 1 where its length is not known."""
        return min(self.curves.last_step / self.status.steps, 1.0) if self.status.steps else 1.0

    @property
    def rows(self) -> int | None:
        """Rows that the run learns from."""
        return _whole(self.curves.used.get("rows"))

    @property
    def epochs(self) -> float:
        """How often the run goes through its rows, or would."""
        used = self.curves.used.get("epochs")
        if isinstance(used, (int, float)) and math.isfinite(used) and used > 0:
            return float(used)
        return self.config.epochs or suggested_epochs(self.rows or 1_000, self.config.method)

    @property
    def steps(self) -> int:
        """The number of steps where it was set, or where a limit cut it; 0 where it follows from the epochs."""
        limit = self.config.most_steps
        return self.config.steps or (limit if limit == self.status.steps else 0)


Rule = Callable[[View], Advice | None]


def advise(curves: Curves, status: Status, config: TrainConfig) -> list[Advice]:
    """What to change, the gravest first; nothing where all goes well.

    Where memory ran out, only what would need less of it, in the order to try.
    """
    view = View(curves, status, config)
    if status.note_key == MEMORY:
        return memory(view)
    every = BY_REWARD if config.method == "grpo" else RULES
    found = {advice.key: advice for rules in every if (advice := _first(rules, view))}
    return sorted(found.values(), key=lambda advice: LEVELS.index(advice.level))


def _first(rules: Sequence[Rule], view: View) -> Advice | None:
    """What the first rule says that says anything."""
    return next((advice for rule in rules if (advice := rule(view))), None)


# The loss


def not_a_number(view: View) -> Advice | None:
    """The loss is NaN or infinite and stays so, or the run failed at a gradient that is."""
    failed = view.curves.grad_norm if view.status.state == "failed" else ()
    since = [step for step in (_broken_since(view.curves.loss), _broken_since(failed)) if step is not None]
    return _slower("advice.nan", "problem", view, 10, step=min(since)) if since else None


def _broken_since(series: Sequence[Point]) -> int | None:
    """The first of the steps at the end that are no numbers."""
    if not series or math.isfinite(series[-1].value):
        return None
    good = max((at for at, point in enumerate(series) if math.isfinite(point.value)), default=-1)
    return series[good + 1].step


def not_a_number_once(view: View) -> Advice | None:
    """Single steps gave no loss, as rows do whose answer was cut off whole."""
    broken = len(view.curves.loss) - len(finite(view.curves.loss))
    context = _context(view)
    if not broken or not context:
        return None
    return Advice("advice.nan_once", "hint", {"setting": "context", "now": context, "value": 2 * context, "n": broken})


def diverging(view: View) -> Advice | None:
    """The loss rises and does not come back."""
    values = _values(view.curves.loss)
    if len(values) < 3:
        return None
    levels = _levels(values)
    first, low, last = levels[0], min(levels), levels[-1]
    # Against the lowest level, which itself is low by chance, both of the last two must stand out.
    rise = min(levels[-2:]) - low
    sure = len(values) >= 2 * STRETCHES and rise > max(
        RISE * abs(low), RISE_OF_FIRST * abs(first), 2 * SURE * _noise_of_level(values)
    )
    blown = last > max(BLOWN * first, NOTHING_LEFT)
    if not sure and not blown:
        return None
    return _slower("advice.diverging", "problem", view, 10 if blown else 3, low=low, last=last)


def flat(view: View) -> Advice | None:
    """The loss never moved."""
    values = _values(view.curves.loss)
    if len(values) < 2 * STRETCHES or view.share < max(0.3, min(2 * view.config.warm_up, 1.0)):
        return None
    levels = _levels(values)
    first, last = levels[0], fmean(levels[-2:])
    noise = _noise_of_level(values)
    unsure = SURE * math.sqrt(1.5) * noise  # of one level against the mean of two
    if first - last > max(FLAT * abs(first), min(unsure, 4 * FLAT * abs(first))):
        return None
    # A loss that sinks at once and then rests has learned: its very first values tell.
    beginning = values[:BEGINNING]
    noise *= math.sqrt(len(values) / STRETCHES / len(beginning))
    if median(beginning) - last > max(4 * FLAT * abs(first), SURE * noise):
        return None
    if first < NOTHING_LEFT:
        return Advice("advice.nothing_to_learn", "warning", {"setting": "epochs", "now": view.epochs, "value": 1})
    now = view.config.learning_rate
    value = min(_tidy(now * (10 if now < 1e-4 else 3)), 1.0)
    return Advice("advice.flat", "warning", {"setting": "learning_rate", "now": now, "value": value})


def still_falling(view: View) -> Advice | None:
    """The loss was still on its way down when the run ended, and what was not trained on agrees."""
    curves = view.curves
    third = finite(curves.loss)
    third = third[len(third) * 2 // 3 :]
    if not view.ended or len(third) < 5:
        return None
    slope, error = _slope(third)
    drop = -slope * (third[-1].step - third[0].step)
    level = median(point.value for point in third)
    if drop < FALLING * abs(level) or -slope < SURE * error or not _unseen_agrees(curves):
        return None
    if view.steps:
        values = {"setting": "steps", "now": view.steps, "value": math.ceil(view.steps * 1.5)}
        return Advice("advice.still_falling.steps", "hint", values)
    values = {"setting": "epochs", "now": view.epochs, "value": _epochs(view.epochs * 1.5)}
    return Advice("advice.still_falling", "hint", values)


def _unseen_agrees(curves: Curves) -> bool:
    """Whether evaluation loss and probes, where there are any, are at their best at the end."""
    evaluated = finite(curves.evaluation)
    if len(evaluated) > 1 and evaluated[-1].value > min(point.value for point in evaluated[:-1]):
        return False
    top = best(curves)
    return top is None or len(curves.probes) < 3 or top.step > curves.last_step / 2


# What was not trained on


def memorising(view: View) -> Advice | None:
    """The probe falls while the loss falls."""
    scored = _scored(view.curves)
    if len(scored) < 2 * LATELY:
        return None
    windows = [scored[at : at + LATELY] for at in range(len(scored) - LATELY + 1)]
    top = max(windows[:-LATELY], key=_mean_score)
    was, is_now = _mean_score(top), _mean_score(scored[-LATELY:])
    if was - is_now < SURE * _error_of(top) * math.sqrt(2) or not _fell_since(view.curves, top[1].step):
        return None
    top_probe = best(view.curves) or top[1]
    return Advice("advice.memorising", "warning", _back_to(view, top_probe.step) | {"was": was, "is": is_now})


def overfit(view: View) -> Advice | None:
    """Evaluation loss rises while the loss falls; whether it matters is for the probe to say."""
    evaluated = finite(view.curves.evaluation)
    if len(evaluated) < 4:
        return None
    low = min(evaluated, key=lambda point: point.value)
    rise = min(point.value for point in evaluated[-2:]) - low.value
    # Noise cannot be told from a bend in so few points; a rise that goes on is more than a bend.
    if low in evaluated[-2:] or rise < EVAL_RISE * abs(low.value) or not _fell_since(view.curves, low.step):
        return None
    top = best(view.curves)
    if top and top.step > low.step:
        return Advice("advice.overfit.probe_better", "hint", _back_to(view, top.step) | {"low": low.step})
    if not top and not view.config.probe_prompts:
        values = {"setting": "probe_prompts", "now": 0, "value": 32, "step": low.step}
        return Advice("advice.overfit.no_probe", "warning", values)
    return Advice("advice.overfit", "warning", _back_to(view, low.step))


def long_past_its_best(view: View) -> Advice | None:
    """The best probe lies in the first half, and none since came near it."""
    scored = _scored(view.curves)
    top = best(view.curves)
    if top is None or top.step == 0 or top not in scored:
        return None
    since = scored[scored.index(top) + 1 :]
    wait = view.config.patience or LONG_AGO
    if len(since) < max(wait, LATELY, len(scored) / 2) or top.score - _mean_score(since) < _error_of([top]):
        return None
    values = {"setting": "patience", "now": view.config.patience, "value": wait, "step": top.step, "n": len(since)}
    return Advice("advice.early_stop", "hint", values)


def _scored(curves: Curves) -> list[Probe]:
    """The probes after the beginning that have a score."""
    return [probe for probe in curves.probes if probe.step > 0 and math.isfinite(probe.score)]


def _mean_score(probes: Sequence[Probe]) -> float:
    return fmean(probe.score for probe in probes)


def _error_of(probes: Sequence[Probe]) -> float:
    """The standard error of the mean score, at most: as if each prompt were asked once and scored by one share."""
    n = sum(max(probe.n, 1) for probe in probes)
    share = min(max(_mean_score(probes), 0.1), 0.9)  # at 0 and 1 the formula would see no error at all
    return math.sqrt(share * (1 - share) / n)


def _fell_since(curves: Curves, step: int) -> bool:
    """Whether the loss is lower at the end than it was around `step`."""
    smooth = finite(curves.smooth)
    then = [point.value for point in smooth if point.step <= step]
    return bool(then) and smooth[-1].value < then[-1]


def _back_to(view: View, step: int) -> dict[str, Any]:
    """As many epochs as it took to come to `step`, or as many steps where the run is set in steps."""
    if view.steps:
        return {"setting": "steps", "now": view.steps, "value": max(step, 1), "step": step}
    whole = view.status.steps or view.curves.last_step or 1
    value = _epochs(view.epochs * step / whole)
    return {"setting": "epochs", "now": view.epochs, "value": value, "step": step}


# Gradients and data


def gradients_explode(view: View) -> Advice | None:
    """The gradient norm left its usual range for good, or leaves it again and again."""
    values = _values(view.curves.grad_norm)
    if len(values) < 20:
        return None
    half = len(values) // 2
    usual = median(values[:half])
    lately = median(values[-max(len(values) // 10, 3) :])
    spikes = sum(value > 2 * EXPLODING * usual for value in values[half:])
    if usual <= 0 or (lately < EXPLODING * usual and spikes < 3):
        return None
    now = view.config.max_grad_norm
    told = {"usual": usual, "top": max(values[half:])}
    if now == 0 or now > 0.3:
        value = 1.0 if now == 0 or now > 1 else 0.3
        return Advice("advice.gradients", "warning", {"setting": "max_grad_norm", "now": now, "value": value} | told)
    return _slower("advice.gradients.rate", "warning", view, 3, **told)


def few_rows(view: View) -> Advice | None:
    """Too few rows to learn a length from."""
    rows = view.rows
    if rows is None or rows >= FEW_ROWS:
        return None
    return Advice("advice.few_rows", "warning", {"setting": "data", "now": rows, "value": ENOUGH_ROWS})


# Of the rules in a line, one at most speaks: the others would say the same again, less well.
RULES: tuple[tuple[Rule, ...], ...] = (
    (not_a_number, diverging, flat, still_falling),
    (not_a_number, not_a_number_once),
    (not_a_number, diverging, gradients_explode),
    (not_a_number, diverging, memorising, overfit, long_past_its_best),
    (few_rows,),
)
BY_REWARD: tuple[tuple[Rule, ...], ...] = (  # grpo's loss wavers around nothing, however well it goes
    (not_a_number, not_a_number_once),
    (not_a_number, gradients_explode),
    (not_a_number, long_past_its_best),
    (few_rows,),
)


# Memory


def memory(view: View) -> list[Advice]:
    """What needs less memory, in the order to try: what costs nothing first, what changes the model last."""
    config = view.config
    tried = (
        _micro_batch(view),
        _shorter(view),
        None if config.gradient_checkpointing else _less("gradient_checkpointing", False, True),
        _less("adaptation", "full", "lora") if config.adaptation == "full" else _rank(config),
        _smaller(config),
    )
    found = [advice for advice in tried if advice]
    return [Advice(one.key, "hint" if at else "problem", one.values) for at, one in enumerate(found)]


def _micro_batch(view: View) -> Advice | None:
    used = _whole(view.curves.used.get("micro_batch"))  # what a 0 came to
    now = min(view.config.micro_batch or used or view.config.batch, view.config.batch)
    return _less("micro_batch", now, now // 2) if now > 1 else None


def _shorter(view: View) -> Advice | None:
    """A context that 95 % of the rows fit into, or else half of it."""
    now = _context(view)
    if not now or now <= 128:
        return None
    common = _whole(view.curves.used.get("tokens_p95"))
    value = math.ceil(common / 64) * 64 if common else now
    return _less("context", now, value if value < now else now // 2)


def _rank(config: TrainConfig) -> Advice | None:
    return _less("rank", config.rank, config.rank // 2) if config.rank > 4 else None


def _smaller(config: TrainConfig) -> Advice | None:
    if config.base == "embedded":
        return None
    return _less("base", config.base, "embedded" if SMALL.rpartition("-")[2] in config.base else SMALL)


def _less(setting: str, now: object, value: object) -> Advice:
    return Advice(f"advice.memory.{setting}", "hint", {"setting": setting, "now": now, "value": value})


# What was used


def _context(view: View) -> int | None:
    """Tokens of a row at most, as set or as the worker chose."""
    return view.config.context or _whole(view.curves.used.get("context"))


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# Arithmetic


def _slower(key: str, level: Level, view: View, factor: int, **told: float) -> Advice:
    now = view.config.learning_rate
    values = {"setting": "learning_rate", "now": now, "value": _tidy(now / factor), "factor": factor}
    return Advice(key, level, values | told)


def _tidy(value: float) -> float:
    """`value` with one digit that counts."""
    return float(f"{value:.0e}")


def _epochs(value: float) -> float:
    """A number of epochs as a person would give it."""
    return max(round(value, 1), 0.1) if value < 3 else float(round(value))


def _values(series: Sequence[Point]) -> list[float]:
    return [point.value for point in finite(series)]


def _levels(values: Sequence[float]) -> list[float]:
    """The medians of eight stretches of equal length; of fewer where there are too few values."""
    stretches = min(STRETCHES, len(values))
    edges = [len(values) * at // stretches for at in range(stretches + 1)]
    return [median(values[start:end]) for start, end in pairwise(edges)]


def _noise_of_level(values: Sequence[float]) -> float:
    """The standard error of one stretch's median, from how far neighbouring values lie apart.

    1.4826 · MAD estimates a standard deviation, the difference of two values has √2 of it, and a median of n values
    has √(π/2n) of it.
    """
    apart = [abs(after - before) for before, after in pairwise(values)]
    if not apart:
        return 0.0
    deviation = 1.4826 * median(apart) / math.sqrt(2)
    return deviation * math.sqrt(math.pi / 2 / max(len(values) / STRETCHES, 1))


def _slope(points: Sequence[Point]) -> tuple[float, float]:
    """The least-squares slope a step, and its standard error."""
    middle = fmean(point.step for point in points)
    level = fmean(point.value for point in points)
    spread = sum((point.step - middle) ** 2 for point in points)
    slope = sum((point.step - middle) * (point.value - level) for point in points) / spread
    left = sum((point.value - level - slope * (point.step - middle)) ** 2 for point in points)
    return slope, math.sqrt(left / (len(points) - 2) / spread)
