"""The built-in composer in the place of a teacher: offline, at no cost, always the same answer to the same call.

A hand-written grammar, never passed off as a language model. What it cannot write it declines.
"""

from __future__ import annotations

import asyncio
import json
from random import Random

import regex

from hesui.corpus.reading import answer, draw_prompts
from hesui.distil.calls import Call, Outcome, Reply, Stage
from hesui.distil.config import Config
from hesui.length import parse
from hesui.prompts import is_feedback, offered_labels, text_to_label

NAME = "built-in composer"
LETTER = "letter"  # the class whose answers have a salutation and a signature, each on a line of its own

_POINTS_BACK = regex.compile(
    r"它们?|他们?|她们?|这个|那个|这些|那些|这样|那样|这里|那里|该(?=[^如怎])|上述|上面|刚才|前面|前者|后者|其(?=[中他余]?[是有的])|此(?=问题|方法|功能|处)"
    r"|\b(?:it|its|this|that|these|those|they|them|their|he|him|his|she|her|the former|the latter|the same|above)\b",
    regex.IGNORECASE,
)
_LETTER = regex.compile(r"\A([^：\n]{1,30}：)(?!\n)(.*[。！？])([^。！？\n]{1,20})\Z", regex.DOTALL)


class ComposerTeacher:
    """Implements hesui.distil.calls.Teacher with the grammar in hesui.corpus."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @property
    def model(self) -> str:
        """The name that answers are kept under."""
        return NAME

    async def complete(self, call: Call) -> Reply:
        """Answer one call; what the grammar cannot write is refused, in a sentence."""
        await asyncio.sleep(0)  # a pause, a stop and the heartbeat get their turn
        rng = Random(call.key(NAME))
        if call.stage is Stage.EXPAND:
            return self._prompts(call, rng)
        return self._answer(call, rng) if call.stage is Stage.ANSWER else _label(call)

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _prompts(self, call: Call, rng: Random) -> Reply:
        drawn = draw_prompts(call.task, rng, self._config.per_call)
        if not drawn:
            return _declined(f"the built-in composer knows no prompts of class {call.task!r}; use a language model")
        return Reply(Outcome.OK, json.dumps({"questions": drawn}, ensure_ascii=False))

    def _answer(self, call: Call, rng: Random) -> Reply:
        asked = [message.content for message in call.messages if message.role == "user"]
        told = is_feedback(asked[-1])
        prompt = next(text for text in reversed(asked) if not is_feedback(text))
        exact = told or rng.random() >= self._config.sloppiness
        text = answer(call.task, prompt, parse(prompt), rng, exact)
        if text is None:
            return _declined("the built-in composer cannot write this; it knows festive Chinese only")
        return Reply(Outcome.OK, _LETTER.sub(r"\1\n\2\n\3", text) if call.task == LETTER else text)


def _label(call: Call) -> Reply:
    """Whether a question points back to something said before: a rule about words, and honestly called one."""
    asked = call.messages[-1].content
    if call.task != "coreference" or not {"yes", "no"} <= offered_labels(asked).keys():
        return _declined("the built-in rule only tells whether a question needs what was said before it")
    words = list(dict.fromkeys(_POINTS_BACK.findall(text_to_label(asked))))
    reasoning = (
        f"Built-in rule, not a language model: “{'”, “'.join(words)}” can point back to something said before."
        if words
        else "Built-in rule, not a language model: no word of the text points back to something said before."
    )
    record = {"clues": words, "reasoning": reasoning, "label": "yes" if words else "no"}
    return Reply(Outcome.OK, json.dumps(record, ensure_ascii=False))


def _declined(why: str) -> Reply:
    return Reply(Outcome.REFUSED, detail=why)
