"""What stands between a page and the rest of the web: the headers of every answer, and who may send a form.

A form is accepted when three independent things hold: the browser says the page that sent it is ours (Origin, or
Sec-Fetch-Site where a browser leaves Origin out), the form carries a token derived from the session cookie, and the
cookie itself is SameSite. Losing one of the three does not open the door.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from krate import correlation

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""No inline script or style, no eval, no foreign origin at all (security.md 5.3)."""

RAW_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""Policy of files out of repositories: whatever they hold, it runs nothing and reaches nothing."""

_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # A page is one person's: shared caches keep nothing, and the back button after signing out shows nothing.
    "Cache-Control": "no-store",
}

CSRF_FIELD: Final = "csrf"


class SecurityHeaders:
    """ASGI middleware: security headers on every answer, and one correlation id for the request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        found = dict(scope["headers"]).get(correlation.HEADER.lower().encode())
        with correlation.bound(correlation.accept(found.decode("latin-1") if found else None)) as bound:

            async def send_with_headers(message: Message) -> None:
                if message["type"] == "http.response.start":
                    headers = MutableHeaders(scope=message)
                    headers.setdefault(correlation.HEADER, bound)
                    for name, value in _HEADERS.items():
                        headers.setdefault(name, value)
                await send(message)

            await self.app(scope, receive, send_with_headers)


def csrf_token(secret: str) -> str:
    """The token that forms carry for the holder of `secret` (the session token, or a sign-in page's own cookie).

    It is derived, so no server-side state or key is shared between replicas, and it does not lead back to the secret.
    It is stable per session on purpose: SameSite=Lax keeps cookies out of cross-site subresource requests, so the
    compression oracles that masking defends against have nothing to measure, and equal pages stay equal bytes.
    """
    return hmac.new(secret.encode(), b"krate csrf", hashlib.sha256).hexdigest()


def csrf_valid(secret: str, token: str) -> bool:
    return bool(secret) and hmac.compare_digest(csrf_token(secret), token)


def same_origin(headers: Mapping[str, str], origin: str) -> bool:
    """Whether a browser says that a page of `origin` sent this request; saying nothing at all is a no."""
    sent = headers.get("origin")
    if sent is not None:
        return sent == origin
    return headers.get("sec-fetch-site") == "same-origin"
