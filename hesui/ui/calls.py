"""The named endpoints, for gradio_client and MCP: what the commands of the same names do, and nothing else.

Their type hints and docstrings are what callers are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.events import api

from hesui.answers import Answers, follow
from hesui.api.asking import demanded
from hesui.api.replies import record
from hesui.errors import HesuiError, InputError
from hesui.evaluate.board import Board, require_set
from hesui.evaluate.standings import standings
from hesui.evaluate.views import make_filters
from hesui.length import COUNTERS, count, parse
from hesui.records import BASE, Request, Sampling
from hesui.requests import build_requests, validate_counter, validate_models
from hesui.ui.page import Page
from hesui.ui.rounds import paced

DRAWN = Sampling()
MODELS = 8  # that one comparison may ask
CHARACTERS = 1_000_000  # of a text that is counted or read


def expose(page: Page) -> None:
    """Offer the endpoints, each under its function's name."""
    calls = Calls(page)
    for call in (calls.generate, calls.compare, calls.parse, calls.count, calls.leaderboard):
        api(call, api_name=call.__name__, api_visibility="public")


def hide_others(blocks: gr.Blocks) -> None:
    """Take the names of all other functions: Gradio hides what is private from its clients, but its routes would
    still call it by name. The page calls them by number, and each checks its caller's rights."""
    for function in blocks.fns.values():
        if function.api_visibility != "public":
            function.api_name = False  # type: ignore[assignment]  # how Gradio marks one without a name


class Calls:
    """The endpoints; each raises gr.Error with the sentence that says what is wrong."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._board = Board(page.settings)

    def generate(
        self,
        prompt: str,
        model: str = BASE,
        length: str = "",
        guide: bool = False,
        best_of: int = 1,
        counter: str = "",
        temperature: float = DRAWN.temperature,
        top_p: float = DRAWN.top_p,
        seed: int = 0,
        max_tokens: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Answer a prompt with one model, and judge the answer by the length that the prompt demands.

        Args:
            prompt: What to write, such as 给老师写一段50字以内的拜年话.
            model: Who answers: base, an adapter or a model behind a server.
            length: A demand instead of the prompt's own, such as 50字以内 or "within 50 words"; empty = the prompt's.
            guide: Steer decoding to the demanded length.
            best_of: Candidates to draw, 1 to 16; the nearest complete one is kept.
            counter: How characters are counted: word, chars, han, han_latin or raw; empty = as the prompt says, else word.
            temperature: 0 to 2; 0 always takes the likeliest token.
            top_p: Nucleus mass, above 0 to 1.
            seed: The same seed gives the same answer.
            max_tokens: Limit of the answer in tokens; 0 = derived from the demand.

        Returns:
            model, text, count, ok (null without a demand) and end_reason (null while it is being written).
        """
        with _told():
            sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens or None)
            requests = self._requests(prompt, [model], length, counter, sampling=sampling, guide=guide,
                                      best_of=best_of, seed=seed)  # fmt: skip
            for state in self._follow(requests):
                yield record(state.rows[0], requests[0])

    def compare(
        self,
        prompt: str,
        models: list[str],
        length: str = "",
        guide: bool = False,
        best_of: int = 1,
        counter: str = "",
        temperature: float = DRAWN.temperature,
        top_p: float = DRAWN.top_p,
        seed: int = 0,
        max_tokens: int = 0,
    ) -> Iterator[dict[str, Any]]:
        """Answer a prompt with several models in one batch, alike in all but the model.

        Args:
            prompt: What to write, such as 给老师写一段50字以内的拜年话.
            models: Who answers, 8 at most, such as ["base", "tuned"]; empty = base and the first adapter.
            length: A demand instead of the prompt's own, such as 50字以内 or "within 50 words"; empty = the prompt's.
            guide: Steer decoding to the demanded length.
            best_of: Candidates to draw, 1 to 16; the nearest complete one is kept.
            counter: How characters are counted: word, chars, han, han_latin or raw; empty = as the prompt says, else word.
            temperature: 0 to 2; 0 always takes the likeliest token.
            top_p: Nucleus mass, above 0 to 1.
            seed: The same seed gives the same answer.
            max_tokens: Limit of an answer in tokens; 0 = derived from the demand.

        Returns:
            constraint (null without a demand), and answers with model, text, count, ok and end_reason each.
        """
        with _told():
            sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens or None)
            chosen = models or list(self._page.names())[:2]
            requests = self._requests(prompt, chosen, length, counter, sampling=sampling, guide=guide,
                                      best_of=best_of, seed=seed)  # fmt: skip
            constraint = requests[0].constraint
            for state in self._follow(requests):
                answers = [record(answer, request) for answer, request in zip(state.rows, requests, strict=True)]
                yield {"constraint": constraint and asdict(constraint), "answers": answers}

    def parse(self, prompt: str) -> dict[str, Any] | None:
        """Read the length demand of a prompt.

        Args:
            prompt: The prompt, such as 给老师写一段50字以内的拜年话.

        Returns:
            op (eq, le, ge, approx, range), min, max, target, unit, scope, count_rule, span and extra; null where there is none.
        """
        with _told():
            self._require_short(prompt)
            found = parse(prompt)
            return asdict(found) if found else None

    def count(self, text: str, counter: str = "") -> dict[str, int]:
        """Count the characters of a text, by all five rules or by one.

        Args:
            text: The text.
            counter: word, chars, han, han_latin or raw; empty = all of them.

        Returns:
            The count by each rule.
        """
        with _told():
            self._require_short(text)
            return {rule: count(text, rule) for rule in ([validate_counter(counter)] if counter else COUNTERS)}

    def leaderboard(
        self,
        prompts: str = "",
        counter: str = "",
        ops: list[str] = [],  # noqa: B006  # Gradio shows it as the default, and nobody changes it
        decoding: list[str] = [],  # noqa: B006
    ) -> list[dict[str, Any]]:
        """How the models stand that were evaluated on one set of prompts.

        Args:
            prompts: The set, by the beginning of its hash; empty = the one that was answered last.
            counter: How characters are counted: word, chars, han, han_latin or raw; empty = word.
            ops: Only prompts with these kinds of demands: eq, approx, le, ge, range; empty = all.
            decoding: Only answers that came about so: raw, guided; empty = all.

        Returns:
            A row for each model and decoding: shares within 2, 5 and 10 %, errors, guards, and intervals.
        """
        with _told():
            filters = make_filters(counter=counter, ops=ops, decodings=decoding)
            found = require_set(self._board.refresh(), prompts or None)
            return [{"set": found.id[:12], **row.record(filters.counter)} for row in standings(found, filters)]

    def _requests(self, prompt: str, models: list[str], length: str, counter: str, **options: Any) -> list[Request]:
        validate_models(models, self._page.names())
        self._require_few(models)
        given, constraint = demanded(prompt, length)
        rule = validate_counter(counter) if counter else None
        return build_requests(given, models, constraint, self._page.settings, counter=rule, **options)

    def _follow(self, requests: list[Request]) -> Iterator[Answers]:
        """The answers as they come; left before its end, it cancels them."""
        with closing(follow(self._page.answerer, requests)) as states:  # type: ignore[type-var]  # has a close
            for state in paced(states):
                if state.status is None:
                    yield state

    def _require_few(self, models: list[str]) -> None:
        if len(models) > MODELS:
            raise InputError(
                f"{len(models)} models are asked for, {MODELS} at once are allowed", "error.option_range",
                name="models", value=len(models), low=1, high=MODELS,
            )  # fmt: skip

    def _require_short(self, text: str) -> None:
        if len(text) > CHARACTERS:
            raise InputError(
                f"the text has {len(text):,} characters, {CHARACTERS:,} are allowed; shorten it", "error.prompt_too_long",
                count=len(text), limit=CHARACTERS,
            )  # fmt: skip


@contextmanager
def _told() -> Iterator[None]:
    """Hands our own errors' sentences to the caller; of any other error Gradio tells nothing."""
    try:
        yield
    except HesuiError as error:
        raise gr.Error(str(error), print_exception=False) from error
