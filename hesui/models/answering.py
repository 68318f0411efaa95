"""Answers any number of requests with one base and its adapters, in batches; the caller has the device to itself.

Knows nothing of queues or of loading the base.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby

from hesui.errors import HesuiError
from hesui.models.alone import attached
from hesui.models.base import Base
from hesui.models.decoding import Decoder, Draft
from hesui.models.device import is_out_of_memory, out_of_memory
from hesui.models.guide import Search
from hesui.models.lora import Mix, NotMixable, read_adapter
from hesui.models.registry import ADAPTER_WEIGHTS, AdapterSource
from hesui.models.rows import Row, make_row
from hesui.records import EndReason, Piece, Request

log = logging.getLogger(__name__)

MAX_DRAFTS = {"cpu": 64, "mps": 64, "cuda": 256}  # in one batch; more of them slow each other down
CACHE_BYTES = {"cpu": 2**29, "mps": 2**30, "cuda": 2**33}  # of keys and values in one batch
PULSE = 0.1  # seconds without a piece after which an empty one gives the caller a chance to cancel
SEQUENTIAL = "sequential"  # the note of a row that could not share a batch


class Answering:
    """A base in memory and the adapters that have been used with it."""

    def __init__(self, base: Base, time_limit: float, marking: Collection[str] = ()) -> None:
        """`marking` names models that know countdown marks, beside the adapters that say so themselves."""
        self.base = base
        self._marking = set(marking)
        self._time_limit = time_limit
        self._mix = Mix(base.model)
        self._decoder = Decoder(base, self._mix)
        self._alone: dict[str, AdapterSource] = {}  # adapters that need PEFT's own code
        self._read: dict[str, int] = {}  # when the weights in memory were written, in ns

    def has(self, source: AdapterSource) -> bool:
        """Whether the adapter is known as it lies on the disk."""
        return self._read.get(source.name) == _written(source)

    def add(self, source: AdapterSource) -> None:
        """Make an adapter available under its name. Raises ModelError where it cannot be used with this base."""
        self._alone.pop(source.name, None)
        try:
            self._mix.add(read_adapter(source, self.base.model))
        except NotMixable:
            self._alone[source.name] = source
        if source.marks:
            self._marking.add(source.name)
        else:
            self._marking.discard(source.name)
        self._read[source.name] = _written(source)

    def rows(self, requests: Sequence[Request]) -> list[Row]:
        """The rows that answer `requests`. Raises InputError where one cannot be served."""
        return [
            make_row(index, request, self.base, request.model in self._marking)
            for index, request in enumerate(requests)
        ]

    def answer(self, rows: Sequence[Row]) -> Iterator[Piece]:
        """Stream the answers of `rows`, each ending with a piece that has `end` set.

        Raises DeviceOutOfMemory; any other failure is logged, and ends the rows with an error.
        """
        try:
            yield from self._answer_lanes(rows)
        except HesuiError:
            raise
        except Exception as error:
            if is_out_of_memory(error):
                raise out_of_memory(self.base.device, self.base.model.dtype, _thriftier(rows)) from error
            log.exception("answering failed")
            yield from (row.finish(EndReason.ERROR) for row in rows if not row.ended)

    def _answer_lanes(self, rows: Sequence[Row]) -> Iterator[Piece]:
        for lane, group in groupby(sorted(rows, key=self._lane), self._lane):
            source = self._alone.get(lane)
            for batch in self._batches(list(group)):
                with ExitStack() as stack:
                    if source is not None:
                        stack.enter_context(attached(source, self.base.model))
                        _detach_drafts(batch)
                    yield from _with_pulse(batch, self._answer_batch(batch))

    def _lane(self, row: Row) -> str:
        """Rows with one lane can share a batch; the lane of an adapter that cannot is its name."""
        return row.request.model if row.request.model in self._alone else ""

    def _batches(self, rows: list[Row]) -> Iterator[list[Row]]:
        """Rows of about one length together, as many as fit."""
        batch: list[Row] = []
        for row in sorted(rows, key=_length):
            if batch and not self._fits([*batch, row]):
                yield batch
                batch = []
            batch.append(row)
        yield batch

    def _fits(self, rows: Sequence[Row]) -> bool:
        return self._room([draft for row in rows for draft in row.drafts]) >= 0

    def _room(self, drafts: Sequence[Draft]) -> int:
        """How many more drafts of the longest one's length fit in a batch; negative where it is too full."""
        longest = max(len(draft.prompt) + draft.most for draft in drafts)
        kind = self.base.device.type
        most = min(MAX_DRAFTS[kind], CACHE_BYTES[kind] // (longest * self.base.cache_bytes))
        return most - len(drafts)

    def _answer_batch(self, rows: list[Row]) -> Iterator[Piece | None]:
        """None where nothing changed: the caller may cancel at each item."""
        clock = Clock(self._time_limit)
        for row in rows:
            row.started = time.monotonic()
        for _ in self._decoder.run([row.drafts for row in rows]):
            clock.stop_late([draft for row in rows for draft in row.drafts])
            for row in rows:
                if not row.ended:
                    yield row.finish() if row.drawn and not row.searches else row.progress()
        yield from self._search([search for row in rows for search in row.searches], clock)
        yield from (row.finish() for row in rows if not row.ended)

    def _search(self, searches: list[Search], clock: Clock) -> Iterator[None]:
        """Draw tails, all searches' together, until each is done."""
        for search in searches:
            search.settle()
        while (open_ := [search for search in searches if not search.done]) and not clock.late:
            groups = [search.branch() for search in open_]
            for batch in self._chunks(groups):
                tails = [tail for group in batch for tail in group]
                for _ in self._decoder.run(batch):
                    clock.stop_late(tails)
                    yield None
            for search in open_:
                search.settle()

    def _chunks(self, groups: Sequence[list[Draft]]) -> Iterator[list[list[Draft]]]:
        chunk: list[list[Draft]] = []
        for group in groups:
            if chunk and self._room([draft for one in [*chunk, group] for draft in one]) < 0:
                yield chunk
                chunk = []
            chunk.append(group)
        yield chunk


def _thriftier(rows: Sequence[Row]) -> str | None:
    """What to ask for instead, so that less memory is needed; None where the requests are modest already."""
    if any(row.request.best_of > 1 for row in rows):
        return "ask for fewer candidates (best of 1)"
    if any(row.searches for row in rows):
        return "switch the length guide off"
    return "ask for one answer at a time" if len(rows) > 1 else None


class Clock:
    """The time that a batch may take."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._end

    def stop_late(self, drafts: Sequence[Draft]) -> None:
        """Mark the unfinished ones as ended by the clock, once the time is over."""
        if self.late:
            for draft in drafts:
                if not draft.finished:
                    draft.reason = EndReason.TIME


def _with_pulse(rows: Sequence[Row], pieces: Iterator[Piece | None]) -> Iterator[Piece]:
    """The pieces, and an empty one of an unfinished row wherever none came for a while."""
    last = time.monotonic()
    for piece in pieces:
        now = time.monotonic()
        if piece is not None:
            yield piece
        elif now - last >= PULSE:
            yield Piece(next(row.index for row in rows if not row.ended))
        else:
            continue
        last = now


def _detach_drafts(rows: Sequence[Row]) -> None:
    """The base itself computes with these rows' adapter now: nothing is to be added to its layers."""
    for row in rows:
        row.note = SEQUENTIAL
        for draft in row.drafts:
            draft.adapter = None


def _length(row: Row) -> tuple[int, int, int]:
    return row.drafts[0].limit, len(row.drafts[0].prompt), row.index


def _written(source: AdapterSource) -> int:
    return (source.folder / ADAPTER_WEIGHTS).stat().st_mtime_ns
