"""TLS: the peer certificate and a way to hang up reach the application through a subclass of uvicorn's protocol.

Certificates of clients are optional and, when sent, must chain to our CA: OpenSSL refuses the handshake otherwise.
"""

import asyncio
import ssl
from pathlib import Path
from typing import Any

from krate_api.wire import StatusProtocol


class CertificateProtocol(StatusProtocol):
    """Puts the verified client certificate (DER) into `scope["extensions"]["tls"]`, and how to drop the connection.

    A peer that reads nothing cannot be told to go: only a connection that is dropped frees what waits for it.
    """

    _certificate: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own narrowing
        super().connection_made(transport)
        tls: Any = transport.get_extra_info("ssl_object")
        self._certificate = tls.getpeercert(True) if tls is not None else None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})  # type: ignore[assignment]  # a TypedDict
        extensions["tls"] = {"client_certificate": self._certificate, "abort": self.transport.abort}


def server_context(certificate: Path, key: Path, ca: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer, client certificates of our CA optional."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context
