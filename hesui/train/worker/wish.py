"""What a person wants of the run that this process works on; knows nothing of training."""

from __future__ import annotations

from threading import Event

from hesui.train.runs import RunFolder, Wanted


class Ended(Exception):
    """A person wants the run to end, and there is nothing to save, or nothing is to be saved."""


class Wish:
    """The wish in the run's folder, or the system's signal, whichever says that the run must end."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._told = Event()

    def stop(self) -> None:
        """What a signal means: stop, unless the folder says cancel."""
        self._told.set()

    def now(self) -> Wanted:
        """What is wanted at this moment."""
        wanted = self._folder.wanted()
        return "stop" if wanted == "run" and self._told.is_set() else wanted

    def require_run(self) -> None:
        """Raise Ended where the run must end."""
        if self.now() != "run":
            raise Ended


class Following(Wish):
    """The wish of a process that follows another one, which tells it of the end at a step."""

    def now(self) -> Wanted:
        """Go on: what ends the run is the leader's to see."""
        return "run"
