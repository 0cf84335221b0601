"""How one API server is reached, as a value: address, trust, identity and patience."""

import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TokenSource = Callable[[], str]
"""Answers the bearer token to send now; called for every request, so that a rotated token is picked up."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds after which waiting is given up."""

    connect: float = 5.0
    read: float = 35.0
    """Between two pieces of an answer; the server itself gives up after 30 s."""
    watch: float = 150.0
    """Between two pieces of a watch; servers send a bookmark about once a minute."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and how patiently a request is repeated."""

    attempts: int = 5
    """Requests in all, the first one included."""
    base: float = 0.1
    """Seconds before the second attempt; doubled each time, with jitter."""
    ceiling: float = 10.0
    """Longest pause in seconds; a server that asks for more gets its refusal handed to the caller."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything needed to speak to one API server as one identity. Secrets are kept out of its text form."""

    server: str
    """`https://host:port`, with an optional path prefix."""
    ca: str = ""
    """Certificates to trust, PEM; "" trusts those of the system."""
    token: TokenSource | None = field(default=None, repr=False)
    certificate: str = field(default="", repr=False)
    """Client certificate, PEM."""
    key: str = field(default="", repr=False)
    """Its private key, PEM."""
    insecure: bool = False
    """Do not verify the server. Never the default, never from a file unless asked for."""
    namespace: str = "default"
    """Namespace of requests that name none; for people's tools."""
    timeouts: Timeouts = Timeouts()
    retries: Retries = Retries()

    def tls(self) -> ssl.SSLContext:
        """The TLS side of the connection.

        Raises:
            ssl.SSLError: the certificates or the key cannot be used.
        """
        context = ssl.create_default_context(cadata=self.ca or None)
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.certificate:
            # OpenSSL reads a chain from a file only; this one lives for two lines and is readable by us alone.
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as chain:
                chain.write(self.certificate.rstrip() + "\n" + self.key)
                chain.flush()
                context.load_cert_chain(chain.name)
        return context


def fixed_token(token: str) -> TokenSource:
    """A token that never changes."""
    return lambda: token


def file_token(path: Path) -> TokenSource:
    """A token that a file holds; read each time, because kubelets rotate it in place."""
    return lambda: path.read_text(encoding="utf-8").strip()
