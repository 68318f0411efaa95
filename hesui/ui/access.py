"""Who may do what: asked by every handler that spends, changes or deletes, not only by its button.

Knows nothing of sign-in: whoever sits at the machine that the app listens on is its owner.
"""

from __future__ import annotations

from gradio import Request

from hesui.errors import NotAllowed
from hesui.listening import address, is_local
from hesui.settings import Settings


def is_owner(settings: Settings, request: Request) -> bool:
    """Whether the visitor owns this app: it listens on loopback only, and no proxy passed the visitor on."""
    return is_local(settings, request.client.host if request.client else "", request.headers)


def require_owner(settings: Settings, request: Request) -> None:
    """Raise NotAllowed where the visitor is not the owner."""
    if not is_owner(settings, request):
        raise NotAllowed(
            "only the owner may do this: here that is whoever opens the app on its own machine "
            f"(it listens on {address(settings)}); start it with HESUI_HOST=127.0.0.1 and open it there",
            "error.not_owner",
            address=address(settings),
        )
