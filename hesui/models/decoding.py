"""The decoding loop: many drafts in one batch, each with its own prompt, adapter, settings and end.

Knows nothing of demands, queues or events: it moves drafts forward one token at a time. Where a mark is written into a
draft, the model reads it a token a step while the other rows go on, and draws no token of it.
"""

from __future__ import annotations

import math
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

# Ids to write behind a text that has grown beyond so many characters.
Mark = Callable[[str, int], Sequence[int]]


@dataclass(slots=True)
class Draft:
    """One text being drawn: its prompt, what it consists of so far, and how it ended."""

    prompt: list[int]
    adapter: str | None  # None = the base alone
    sampling: Sampling
    limit: int  # tokens the text may have
    dice: Dice
    text: Detokenizer
    ids: list[int] = field(default_factory=list)  # of the text and of its marks, those it began with first
    logprobs: list[float] = field(default_factory=list)  # of each of the ids, and of the end token
    ends: list[float] = field(default_factory=list)  # beside each logprob: log-probability of ending there instead
    drawn: int = 0  # tokens drawn for this draft, those it began with and marks left out
    mark: Mark | None = None  # what to write behind the newest token, for the model alone to read
    marks: set[int] = field(default_factory=set)  # places in `ids` that were written so; they are no part of `text`
    room: int | None = None  # ids that the text and its marks may have; None = no marks, `limit` says it
    read: int = 0  # ids whose keys and values have been computed
    watch: Callable[[Draft], bool] | None = None  # called after each token; True stops the draft
    hold: bool = False  # put the end off while anything else is plausible
    stopped: bool = False  # by `watch`
    reason: EndReason | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more is to be drawn."""
        return self.stopped or self.reason is not None

    @property
    def draws(self) -> bool:
        """Whether a token can be drawn: the text goes on, and the model has read all of it."""
        return not self.finished and self.read == len(self.ids)

    @property
    def most(self) -> int:
        """Ids that it may have at the end, marks included."""
        return self.limit if self.room is None else self.room

    @property
    def tokens(self) -> int:
        """How many of the ids are the text's own."""
        return len(self.ids) - len(self.marks)

    def chosen(self, logprobs: Sequence[float]) -> list[float]:
        """Of the first ids' `logprobs` those of tokens that were drawn."""
        return [logprob for place, logprob in enumerate(logprobs) if place not in self.marks]

    def take(self, token: int, logprob: float, end: float, ends: Sequence[int]) -> None:
        """Append a drawn token, and stop where it says so."""
        self.drawn += 1
        self.logprobs.append(logprob)
        self.ends.append(end)
        if token in ends:
            self.reason = EndReason.END
            return
        self.ids.append(token)
        before = len(self.text.text)
        if self.text.add(token) and self.mark is not None:
            self._write(self.mark(self.text.text, before))
        if self.watch is not None and self.watch(self):
            self.stopped = True
        elif self.tokens >= self.limit or len(self.ids) >= self.most:
            self.reason = EndReason.LIMIT

    def _write(self, mark: Sequence[int]) -> None:
        self.marks.update(range(len(self.ids), len(self.ids) + len(mark)))
        self.ids += mark
        self.logprobs += [0.0] * len(mark)
        self.ends += [-math.inf] * len(mark)

    def next_unread(self) -> int:
        """The next of the ids that the model has not read; any of a finished draft, which is computed for nothing."""
        self.read += 1
        return self.ids[min(self.read, len(self.ids)) - 1] if self.ids else 0

    def branch(self, start: int, seed: int) -> Draft:
        """A draft that shares the first `start` ids and draws its own from there, with other random numbers."""
        text = self.text.empty()
        for place, token in enumerate(self.ids[:start]):
            if place not in self.marks:
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
            mark=self.mark,
            marks={place for place in self.marks if place < start},
            room=self.room,
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
        for draft in drafts:
            draft.read = len(draft.ids)
        knobs = Knobs.of([draft.sampling for draft in drafts], self._base.device)
        if len(drafts) > len(groups):
            rows = [row for row, group in enumerate(groups) for _ in group]
            index = torch.tensor(rows, device=self._base.device)
            cache.reorder_cache(index)
            mask, logits = None if mask is None else mask[index], logits[index]
        return Batch(drafts, cache, self._mix.parts([draft.adapter for draft in drafts]), knobs, mask, logits)

    @torch.inference_mode()
    def _draw(self, batch: Batch, ends: Sequence[int]) -> None:
        drawing = [draft.draws for draft in batch.drafts]
        if not any(drawing):
            return
        rolls = [draft.dice.roll() if draws else 0.0 for draft, draws in zip(batch.drafts, drawing, strict=True)]
        hold = [draft.hold for draft in batch.drafts]
        drawn: Drawn = draw(batch.logits, batch.knobs, rolls, hold, self._ends)
        for draft, draws, token, logprob, end in zip(batch.drafts, drawing, *drawn, strict=True):
            if draws:
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
        newest = [[draft.next_unread()] for draft in batch.drafts]
        tokens = torch.tensor(newest, device=self._base.device)
        if batch.mask is not None:
            batch.mask = torch.cat([batch.mask, batch.mask.new_ones(len(newest), 1)], dim=1)
        width = 0 if batch.mask is None else batch.mask.shape[1]
        batch.logits = self._compute(tokens, batch.mask, width, batch.cache, batch.parts)
