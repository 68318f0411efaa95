"""Errors in the form of the API: an object with message, type and code, under a fitting status. Shows no traceback."""

from __future__ import annotations

import logging
from typing import Any

from starlette.responses import JSONResponse

from hesui.errors import DeviceOutOfMemory, HesuiError, InputError, ModelNotFound, QueueFull

RETRY_AFTER = 5  # seconds; an answer of the embedded model takes about as long

log = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is not answered, and the status that says why."""

    def __init__(self, status: int, message: str, code: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        """The API's error object."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        return {"error": {"message": str(self), "type": kind, "param": None, "code": self.code}}

    def response(self) -> JSONResponse:
        """The whole answer to the request."""
        return JSONResponse(self.body(), self.status, self.headers)


def refusal(error: Exception) -> Refusal:
    """The refusal that tells `error`; what was not foreseen goes to the log in full and is not shown."""
    match error:
        case Refusal():
            return error
        case InputError():
            return Refusal(400, str(error), _code(error))
        case ModelNotFound():
            return Refusal(404, str(error), "model_not_found")
        case QueueFull():
            return Refusal(429, str(error), "queue_full", retry_after=str(RETRY_AFTER))
        case DeviceOutOfMemory():
            return Refusal(503, str(error), "out_of_memory")
        case HesuiError():
            return Refusal(500, str(error), _code(error))
        case _:
            log.error("an answer through the API failed", exc_info=error)
            return Refusal(500, "the server failed; its log says why", "internal_error")


def _code(error: HesuiError) -> str:
    return error.key.removeprefix("error.")
