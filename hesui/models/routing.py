"""Sends each request to whoever has its model, the local engine or a server, and makes one stream of their answers.

Knows neither how they answer nor what is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from hesui.errors import SettingsError
from hesui.models.engine import Engine
from hesui.models.remote import PULSE, RemoteEngine
from hesui.records import Event, Piece, Request
from hesui.settings import Settings


class Router:
    """All models that there are; an `Answerer`. Raises SettingsError where a server's model has an adapter's name."""

    def __init__(self, settings: Settings) -> None:
        self.local = Engine(settings)
        self.remote = RemoteEngine(settings)
        taken = [name for name in self.remote.names() if name in self.local.registry.names()]
        if taken:
            raise SettingsError(
                f"HESUI_REMOTES names {taken[0]!r}, which is an adapter's name; choose another one",
                "error.remote_taken",
                name=taken[0],
            )

    def names(self) -> list[str]:
        """What a request may name as its model: the base, the adapters, then the servers' models."""
        return list(dict.fromkeys([*self.local.registry.names(), *self.remote.names()]))

    def answer(self, requests: Sequence[Request]) -> Iterator[Event]:
        """Stream the answers to `requests`, local and remote ones at the same time; closing cancels both.

        Raises what `Engine.answer` and `RemoteEngine.ask` raise.
        """
        ours = self.local.registry.names()
        far = [place for place, request in enumerate(requests) if self._is_remote(request.model, ours)]
        near = [place for place in range(len(requests)) if place not in far]
        if not far:
            yield from self.local.answer(requests)
        elif not near:
            yield from self.remote.answer(requests)
        else:
            yield from self._both(requests, near, far)

    def _is_remote(self, model: str, ours: Sequence[str]) -> bool:
        # An adapter that was trained meanwhile keeps its name.
        return model in self.remote.names() and model not in ours

    def _both(self, requests: Sequence[Request], near: Sequence[int], far: Sequence[int]) -> Iterator[Event]:
        with closing(self.remote.ask([requests[place] for place in far])) as asked:
            events = self.local.answer([requests[place] for place in near])
            with closing(events):  # type: ignore[type-var]  # a generator
                for event in events:
                    yield _placed(event, near)
                    yield from (_placed(piece, far) for piece in asked.take(0))
            while not asked.done:
                yield from (_placed(piece, far) for piece in asked.take(PULSE) or [asked.pulse()])


def _placed(event: Event, places: Sequence[int]) -> Event:
    """`event` about some of the requests, told by their places among all."""
    if isinstance(event, Piece):
        return replace(event, row=places[event.row])
    return replace(event, rows=tuple(places))
