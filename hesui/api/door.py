"""Who may use the endpoint: whoever has the key, or without a key only programs on this machine; never a web page.

Without a key nothing tells a program from a page of a foreign site in this machine's browser but what browsers say
of themselves: where the request comes from (Origin, Sec-Fetch-Site) and whom it was meant for (Host).
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from starlette.requests import Request

from hesui.api.refusals import Refusal
from hesui.listening import is_local, is_loopback, on_space
from hesui.settings import Settings


def require_entry(settings: Settings, request: Request) -> None:
    """Raise Refusal where `request` may not come in."""
    key = settings.api_key.get_secret_value().strip()  # a secret read from a file ends in a line break
    if key:
        _require_key(key, request)
    elif on_space() or not is_local(settings, request.client.host if request.client else "", request.headers):
        raise Refusal(403, "the API is off here: it needs a key, which its owner sets with HESUI_API_KEY", "api_off")
    elif not is_loopback(_host(request.headers.get("host", ""))):
        raise Refusal(403, "without a key the API answers only to 127.0.0.1 and localhost", "foreign_host")
    _refuse_pages(request)


def require_json(request: Request) -> None:
    """Raise Refusal unless the body is said to be JSON, which no form of a web page can send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "send JSON: Content-Type: application/json", "not_json")


def _require_key(key: str, request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Headers are latin-1 on the wire; a key of other characters was sent as UTF-8.
    same = hmac.compare_digest(given.strip().encode("latin-1", "replace"), key.encode())
    if scheme.lower() != "bearer" or not same:
        raise Refusal(
            401, "wrong or no key; send Authorization: Bearer KEY", "invalid_api_key", www_authenticate="Bearer"
        )


def _refuse_pages(request: Request) -> None:
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "none")
    foreign = origin is not None and origin.partition("://")[2] != request.headers.get("host")
    if foreign or site not in ("none", "same-origin"):
        raise Refusal(403, "web pages of other sites may not use this API", "foreign_origin")


def _host(header: str) -> str:
    """The name in a Host header, without its port."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
