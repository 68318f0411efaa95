"""The decoding loop: many drafts in one batch, each with its own prompt, adapter, settings and end.

Knows nothing of demands, queues or events: it moves drafts forward one token at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from hesui.models.base import Base
from hesui.models.chat import Detokenizer
from hesui.models.lora import Mix, Part
from hesui.models.sampling import Dice, Drawn, Knobs, draw
from hesui.records import EndReason, Sampling

PREFILL_TOKENS = 1024  # of all rows together in one forward pass, so that a long prompt can be cancelled
WORTH_DROPPING = 0.25  # the share of finished rows from which copying the cache pays


@dataclass(slots=True)
class Draft:
    """One text being drawn: its prompt, what it consists of so far, and how it ended."""

    prompt: list[int]
    adapter: str | None  # None = the base alone
    sampling: Sampling
    limit: int  # tokens the text may have
    dice: Dice
    text: Detokenizer
    ids: list[int] = field(default_factory=list)  # of the text, the given ones first
    logprobs: list[float] = field(default_factory=list)  # of each of the ids, and of the end token
    ends: list[float] = field(default_factory=list)  # beside each logprob: log-probability of ending there instead
    drawn: int = 0  # tokens drawn for this draft, given ones left out
    watch: Callable[[Draft], bool] | None = None  # called after each token; True stops the draft
    hold: bool = False  # put the end off while anything else is plausible
    stopped: bool = False  # by `watch`
    reason: EndReason | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more is to be drawn."""
        return self.stopped or self.reason is not None

    def take(self, token: int, logprob: float, end: float, ends: Sequence[int]) -> None:
        """Append a drawn token, and stop where it says so."""
        self.drawn += 1
        self.logprobs.append(logprob)
        self.ends.append(end)
        if token in ends:
            self.reason = EndReason.END
            return
        self.ids.append(token)
        self.text.add(token)
        if self.watch is not None and self.watch(self):
            self.stopped = True
        elif len(self.ids) >= self.limit:
            self.reason = EndReason.LIMIT

    def branch(self, start: int, seed: int) -> Draft:
        """A draft that shares the first `start` ids and draws its own from there, with other random numbers."""
        text = self.text.empty()
        for token in self.ids[:start]:
            text.add(token)
        return Draft(
            prompt=self.prompt,
            adapter=self.adapter,
            sampling=self.sampling,
            limit=self.limit,
            dice=Dice(seed),
            text=text,
            ids=self.ids[:start],
            logprobs=self.logprobs[:start],
            ends=self.ends[:start],
        )


@dataclass(slots=True)
class Batch:
    """The rows that are computed together: (rows, …) in every tensor."""

    drafts: list[Draft]
    cache: Any  # transformers' DynamicCache
    parts: dict[str, Part]  # what adapters add
    knobs: Knobs
    mask: Tensor | None  # (rows, tokens so far), 0 at left padding; None = no padding
    logits: Tensor  # (rows, vocabulary) for the next token


class Decoder:
    """Draws drafts from a base and its adapters."""

    def __init__(self, base: Base, mix: Mix) -> None:
        self._base = base
        self._mix = mix
        self._ends = torch.tensor(base.ends, dtype=torch.long, device=base.device)

    def run(self, groups: Sequence[Sequence[Draft]], ignore_end: bool = False) -> Iterator[None]:
        """Draw until every draft is finished; pauses after each token and within long prompts.

        The drafts of a group share prompt, ids so far and adapter, whose keys and values are computed once.
        `ignore_end` goes on through end tokens, for measuring. Mark a draft finished to take it out.
        """
        batch = yield from self._begin(groups)
        ends = () if ignore_end else self._base.ends
        while True:
            self._draw(batch, ends)
            yield
            if not self._keep_unfinished(batch):
                return
            self._forward(batch)

    def _begin(self, groups: Sequence[Sequence[Draft]]) -> Generator[None, None, Batch]:
        firsts = [group[0] for group in groups]
        tokens, mask = self._padded([[*draft.prompt, *draft.ids] for draft in firsts])
        parts = self._mix.parts([draft.adapter for draft in firsts])
        cache = DynamicCache(config=self._base.model.config)
        width = max(16, PREFILL_TOKENS // len(firsts))
        for start in range(0, tokens.shape[1], width):
            if start:
                yield
            logits = self._compute(tokens[:, start : start + width], mask, start + width, cache, parts)
        return self._spread(groups, cache, mask, logits)

    @torch.inference_mode()
    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor | None]:
        """Ids (rows, longest) padded on the left, and their mask; None where nothing is padded."""
        width = max(map(len, rows))
        gaps = [width - len(row) for row in rows]
        tokens = torch.tensor([[0] * gap + list(row) for gap, row in zip(gaps, rows, strict=True)])
        tokens = tokens.to(self._base.device)
        if not any(gaps):
            return tokens, None
        columns = torch.arange(width, device=self._base.device)
        return tokens, (columns >= torch.tensor(gaps, device=self._base.device).unsqueeze(1)).long()

    @torch.inference_mode()
    def _compute(self, tokens: Tensor, mask: Tensor | None, width: int, cache: Any, parts: dict[str, Part]) -> Tensor:
        """Logits (rows, vocabulary) after `tokens` (rows, new), the last columns of the first `width`."""
        seen = positions = None
        if mask is not None:
            seen = mask[:, :width]
            positions = (seen.cumsum(1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        with self._mix.active(parts):
            output = self._base.model(
                input_ids=tokens,
                attention_mask=seen,
                position_ids=positions,
                use_cache=True,
                logits_to_keep=1,
                **{self._base.cache_name: cache},
            )
        logits: Tensor = output.logits[:, -1]
        return logits

    @torch.inference_mode()
    def _spread(self, groups: Sequence[Sequence[Draft]], cache: Any, mask: Tensor | None, logits: Tensor) -> Batch:
        """The batch in which every draft of a group continues from the group's one row."""
        drafts = [draft for group in groups for draft in group]
        knobs = Knobs.of([draft.sampling for draft in drafts], self._base.device)
        if len(drafts) > len(groups):
            rows = [row for row, group in enumerate(groups) for _ in group]
            index = torch.tensor(rows, device=self._base.device)
            cache.reorder_cache(index)
            mask, logits = None if mask is None else mask[index], logits[index]
        return Batch(drafts, cache, self._mix.parts([draft.adapter for draft in drafts]), knobs, mask, logits)

    @torch.inference_mode()
    def _draw(self, batch: Batch, ends: Sequence[int]) -> None:
        rolls = [draft.dice.roll() for draft in batch.drafts]
        hold = [draft.hold for draft in batch.drafts]
        drawn: Drawn = draw(batch.logits, batch.knobs, rolls, hold, self._ends)
        for draft, token, logprob, end in zip(batch.drafts, *drawn, strict=True):
            if not draft.finished:
                draft.take(token, logprob, end, ends)

    @torch.inference_mode()
    def _keep_unfinished(self, batch: Batch) -> bool:
        """Drop finished rows once that pays; False where none is left."""
        alive = [row for row, draft in enumerate(batch.drafts) if not draft.finished]
        if not alive:
            return False
        if len(batch.drafts) - len(alive) >= WORTH_DROPPING * len(batch.drafts):
            index = torch.tensor(alive, device=self._base.device)
            batch.drafts = [batch.drafts[row] for row in alive]
            batch.cache.reorder_cache(index)
            batch.knobs = Knobs.of([draft.sampling for draft in batch.drafts], self._base.device)
            batch.parts = self._mix.parts([draft.adapter for draft in batch.drafts])
            batch.mask = None if batch.mask is None else batch.mask[index]
        return True

    @torch.inference_mode()
    def _forward(self, batch: Batch) -> None:
        newest = [[draft.ids[-1] if draft.ids else 0] for draft in batch.drafts]
        tokens = torch.tensor(newest, device=self._base.device)
        if batch.mask is not None:
            batch.mask = torch.cat([batch.mask, batch.mask.new_ones(len(newest), 1)], dim=1)
        width = 0 if batch.mask is None else batch.mask.shape[1]
        batch.logits = self._compute(tokens, batch.mask, width, batch.cache, batch.parts)
