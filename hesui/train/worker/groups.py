"""GRPO's part of a trainer: several answers to each prompt of a step, as the product asks for them.

A step is counted in prompts, as everywhere in a run: each has a group of `samples` answers, drawn and learned from at
once. Knows nothing of what an answer is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from typing import Any

from torch.utils.data import Sampler

from hesui.train.config import TrainConfig
from hesui.train.worker.batches import NARROWEST, AlikeSampler
from hesui.train.worker.plan import Plan

TEMPERATURE = 1.0  # the model's own distribution, the one that is trained


class GroupSampler(Sampler[int]):
    """Indices of prompts as TRL wants them: each step's prompts, every one `group` times, once for each of its passes.

    TRL draws the answers of all passes of a step in the first one, so the others get the same indices. The last step of
    an epoch is filled up from its beginning, where TRL's own sampler would leave the rest out.
    """

    def __init__(self, order: AlikeSampler, prompts: int, group: int, passes: int) -> None:
        """A step has so many `prompts`."""
        self._order = order
        self._prompts = prompts
        self._group = group
        self._passes = passes

    def __len__(self) -> int:
        return -(-len(self._order) // self._prompts) * self._prompts * self._group * self._passes

    def __iter__(self) -> Iterator[int]:
        order = list(self._order)
        steps = -(-len(order) // self._prompts)
        filled = list(islice(cycle(order), steps * self._prompts))
        for start in range(0, len(filled), self._prompts):
            block = [index for index in filled[start : start + self._prompts] for _ in range(self._group)]
            for _ in range(self._passes):
                yield from block


def grouped(trainer: Any, config: TrainConfig, plan: Plan, lengths: Sequence[int]) -> Any:
    """A GRPO trainer that asks with the prompts' own ids and lets no answer run longer than its step's demands."""

    class Grouped(trainer):  # type: ignore[misc]
        def _get_train_sampler(self, *_: Any) -> GroupSampler:
            prompts = plan.micro * plan.accumulation
            epoch: Callable[[], int] = lambda: self.state.global_step // plan.per_epoch  # noqa: E731
            order = AlikeSampler(lengths, prompts, config.seed, epoch)
            return GroupSampler(order, prompts, config.samples, plan.accumulation)

        def _tokenize_prompts(self, prompts: Sequence[Sequence[int]]) -> tuple[list[list[int]], None, dict[str, Any]]:
            return [list(ids) for ids in prompts], None, {}  # ids already, as the product asks; no images

        def _generate_and_score_completions(self, inputs: Sequence[dict[str, Any]]) -> Any:
            self.generation_config.max_new_tokens = max(row["room"] for row in inputs)
            made = super()._generate_and_score_completions(inputs)
            self.tokens += int(made["prompt_mask"].sum() + made["completion_mask"].sum())
            return made

    return Grouped


def group_arguments(config: TrainConfig, plan: Plan, room: int) -> dict[str, Any]:
    """TRL's arguments that say how answers are drawn; `room` is the tokens that the longest one may have."""
    return {
        "per_device_train_batch_size": plan.micro * config.samples,
        "per_device_eval_batch_size": plan.micro * config.samples,
        "num_generations": config.samples,
        "max_completion_length": room,
        "temperature": TEMPERATURE,
        "pad_to_multiple_of": NARROWEST,
        "beta": config.beta,
    }
