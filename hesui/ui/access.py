"""Who may do what: asked by every handler that spends, changes or deletes, not only by its button.

Knows nothing of sign-in: whoever sits at the machine that the app listens on is its owner.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

from gradio import Request

from hesui.errors import NotAllowed
from hesui.settings import Settings

FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")  # a proxy's: the visitor is elsewhere


def address(settings: Settings) -> str:
    """Where the app listens; a Space tells Gradio itself."""
    return os.environ.get("GRADIO_SERVER_NAME", settings.host)


def is_owner(settings: Settings, request: Request) -> bool:
    """Whether the visitor owns this app: it listens on loopback only, and no proxy passed the visitor on."""
    headers: Mapping[str, str] = request.headers
    client = request.client.host if request.client else ""
    forwarded = any(name in headers for name in FORWARDED)
    return is_loopback(address(settings)) and is_loopback(client) and not forwarded


def require_owner(settings: Settings, request: Request) -> None:
    """Raise NotAllowed where the visitor is not the owner."""
    if not is_owner(settings, request):
        raise NotAllowed(
            "only the owner may do this: here that is whoever opens the app on its own machine "
            f"(it listens on {address(settings)}); start it with HESUI_HOST=127.0.0.1 and open it there",
            "error.not_owner",
            address=address(settings),
        )


def is_loopback(host: str) -> bool:
    """Whether `host` reaches this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
