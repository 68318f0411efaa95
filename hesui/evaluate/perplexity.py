"""How likely each answer is under the base, after its prompt: what a text that was bent to a length costs in quality.

Loads the base for it; knows no metric.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hesui.evaluate.folder import EvaluationFolder, Likelihood
from hesui.evaluate.guards import TAIL
from hesui.models.registry import Registry
from hesui.records import Message
from hesui.settings import Settings

AT_ONCE = 512  # answers between two times that they are stored


def measure_perplexity(folder: EvaluationFolder, settings: Settings, unwanted: Callable[[], bool]) -> Iterator[int]:
    """Measure what is not measured yet, and store it; yields how many answers have been, each time.

    The end token counts too: a text that stops in the middle is unlikely there. Raises what loading the base raises.
    """
    known = folder.likelihoods()
    left = [answer for _, answer in folder.answers() if answer.text and answer[:3] not in known]
    if not left:
        return
    from hesui.models.base import load_base
    from hesui.models.likelihood import Scored, likelihoods

    prompts = folder.prompts()
    base = load_base(Registry(settings).base(), settings)
    asked = [base.chat.prompt([*row.history, Message("user", row.prompt)]) for row in prompts]
    left.sort(key=lambda answer: len(answer.text))
    for start in range(0, len(left), AT_ONCE):
        part = left[start : start + AT_ONCE]
        rows = [
            Scored([*asked[answer.prompt], *base.chat.encode(answer.text), *base.ends[:1]], len(asked[answer.prompt]))
            for answer in part
        ]
        found = {part[place][:3]: _summed(nats) for place, nats in likelihoods(base, rows, unwanted) if nats}
        folder.append_likelihoods(found)
        yield len(found)
        if unwanted():
            return


def _summed(nats: list[float]) -> Likelihood:
    tail = nats[-max(1, len(nats) // TAIL) :]
    return Likelihood(round(sum(nats), 4), len(nats), round(sum(tail), 4), len(tail))
