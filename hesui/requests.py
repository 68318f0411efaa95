"""What may be asked, and the requests that ask it: one set of rules for the page and the command line.

Knows neither how a demand is read from a prompt nor who answers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import get_args

from hesui.errors import InputError, ModelNotFound
from hesui.length import COUNTERS, DEFAULT_COUNTER, Constraint, Counter
from hesui.length.constraint import Op, Unit
from hesui.records import Message, Request, Sampling
from hesui.settings import Settings

MAX_DEMAND = 20_000  # of any unit; more is no demand on a small model
MAX_BEST_OF = 16  # candidates
MAX_TOKENS = 32_768
MAX_TEMPERATURE = 2.0
MAX_SEED = 2**63 - 1  # what torch's generator takes


def validate(prompt: str, constraint: Constraint | None, settings: Settings) -> None:
    """Raise InputError where `prompt` or the demand on its answer cannot be served."""
    validate_prompt(prompt, settings)
    if constraint is not None:
        validate_demand(constraint)


def validate_prompt(prompt: str, settings: Settings) -> None:
    """Raise InputError on an empty, overlong or undecodable prompt."""
    if not prompt.strip():
        raise InputError("the prompt is empty; write what the answer should be about", "error.prompt_empty")
    if len(prompt) > settings.max_prompt:
        raise InputError(
            f"the prompt has {len(prompt):,} characters, {settings.max_prompt:,} are allowed; shorten it",
            "error.prompt_too_long",
            count=len(prompt),
            limit=settings.max_prompt,
        )
    try:
        prompt.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"the prompt is not valid UTF-8 at character {error.start + 1}; give it as UTF-8 text",
            "error.prompt_encoding",
            position=error.start + 1,
        ) from None


def validate_demand(constraint: Constraint) -> None:
    """Raise InputError on an op, a unit or a number that no answer is written to."""
    _require_known("op", constraint.op, get_args(Op))
    _require_known("unit", constraint.unit, get_args(Unit))
    bound = constraint.min if constraint.max is None else constraint.max  # a range may start at 0
    wanted = bound if constraint.target is None else constraint.target
    assert wanted is not None  # Constraint guarantees a number
    if wanted < 1:
        raise InputError(
            f"the demand is {_shown(wanted)}; ask for a length from 1 to {MAX_DEMAND:,}",
            "error.demand_zero",
            value=_shown(wanted),
            limit=MAX_DEMAND,
        )
    if wanted > MAX_DEMAND:
        raise InputError(
            f"the demand is {_shown(wanted)}, at most {MAX_DEMAND:,} is allowed; ask for less",
            "error.demand_too_large",
            value=_shown(wanted),
            limit=MAX_DEMAND,
        )


def validate_counter(counter: str) -> Counter:
    """`counter` itself where it names a counting rule; else InputError with the allowed ones."""
    for known in COUNTERS:
        if counter == known:
            return known
    raise _unknown("counter", counter, COUNTERS)


def validate_models(models: Collection[str], known: Collection[str]) -> None:
    """Raise ModelNotFound with the `known` names where one of `models` is not among them."""
    if not models:
        raise InputError("no model is chosen; choose at least one", "error.model_none")
    for model in models:
        if model not in known:
            names = ", ".join(sorted(known))
            raise ModelNotFound(
                f"unknown model {model!r}; there are: {names}", "error.model_unknown", model=model, known=names
            )


def build_requests(
    prompt: str,
    models: Sequence[str],
    constraint: Constraint | None,
    settings: Settings,
    *,
    sampling: Sampling | None = None,
    counter: Counter | None = None,
    guide: bool = False,
    best_of: int = 1,
    seed: int = 0,
) -> list[Request]:
    """One request a model, alike in all but the model. Raises InputError on what cannot be served.

    `counter` None means: the prompt's own counting rule where it states one, else the default.
    """
    validate(prompt, constraint, settings)
    sampling = sampling or Sampling()
    _validate_sampling(sampling)
    _require_range("best_of", best_of, 1, MAX_BEST_OF)
    _require_range("seed", seed, 0, MAX_SEED)
    rule = counter or (constraint and constraint.count_rule) or DEFAULT_COUNTER
    return [
        Request(
            messages=(Message("user", prompt),),
            model=model,
            sampling=sampling,
            constraint=constraint,
            counter=validate_counter(rule),
            guide=guide and constraint is not None,
            best_of=best_of,
            seed=seed,
        )
        for model in models
    ]


def _validate_sampling(sampling: Sampling) -> None:
    _require_range("temperature", sampling.temperature, 0, MAX_TEMPERATURE)
    _require_range("top_p", sampling.top_p, 0.01, 1)
    _require_range("top_k", sampling.top_k, 0, 1_000_000)
    if sampling.max_tokens is not None:
        _require_range("max_tokens", sampling.max_tokens, 1, MAX_TOKENS)


def _require_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also false for NaN
        raise InputError(
            f"{name} is {_shown(value)}; it must lie from {low} to {high}",
            "error.option_range",
            name=name,
            value=_shown(value),
            low=low,
            high=high,
        )


def _require_known(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise _unknown(name, value, known)


def _unknown(name: str, value: str, known: Sequence[str]) -> InputError:
    allowed = ", ".join(known)
    return InputError(
        f"unknown {name} {value!r}; allowed are: {allowed}", f"error.{name}_unknown", value=value, known=allowed
    )


def _shown(number: float) -> str:
    """`number` for a sentence; str() would refuse an integer of thousands of digits."""
    if isinstance(number, float) or abs(number) < 10**15:
        return f"{number:,}"
    return "over 10¹⁵"
