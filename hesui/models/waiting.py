"""A bounded first-come queue for the one device; knows nothing of what is done with a turn."""

from __future__ import annotations

import threading
from collections import deque

from hesui.errors import QueueFull


class Turnstile:
    """Gives out turns one at a time, in order; at most `limit` tickets wait."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._line: deque[Ticket] = deque()  # the first one has the turn
        self._moved = threading.Condition()

    def enter(self) -> Ticket:
        """A place at the end of the line. Raises QueueFull where `limit` others wait already."""
        with self._moved:
            waiting = max(0, len(self._line) - 1)
            if self._line and waiting >= self._limit:
                raise QueueFull(
                    f"{waiting} requests wait already, {self._limit} may; try again in a moment",
                    "error.queue_full",
                    waiting=waiting,
                    limit=self._limit,
                )
            ticket = Ticket(self)
            self._line.append(ticket)
            return ticket

    def position(self, ticket: Ticket) -> int:
        """How many are ahead of `ticket`; 0 = it has the turn."""
        with self._moved:
            return self._line.index(ticket)

    def leave(self, ticket: Ticket) -> None:
        """Give up the place, be it waiting or served; leaving twice is harmless."""
        with self._moved:
            if ticket in self._line:
                self._line.remove(ticket)
                self._moved.notify_all()

    def wait(self, timeout: float) -> None:
        """Sleep until the line moves, `timeout` seconds at most."""
        with self._moved:
            self._moved.wait(timeout)


class Ticket:
    """A place in the line; as a context manager it leaves at the end."""

    def __init__(self, turnstile: Turnstile) -> None:
        self._turnstile = turnstile

    @property
    def position(self) -> int:
        """How many are ahead; 0 = it has the turn."""
        return self._turnstile.position(self)

    def wait(self, timeout: float) -> None:
        """Sleep until the line moves, `timeout` seconds at most."""
        self._turnstile.wait(timeout)

    def __enter__(self) -> Ticket:
        return self

    def __exit__(self, *_: object) -> None:
        self._turnstile.leave(self)
