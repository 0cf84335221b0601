"""URLs as Go's net/url takes them apart (url.ParseRequestURI), for the `uri` format and CEL's `url()`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
_HOST_BAD: Final = re.compile(r"""[^A-Za-z0-9\-_.~!$&'()*+,;=:\[\]<>"%\x80-\U0010ffff]""")
_HOST_ESCAPE: Final = re.compile(r"%(?!25)([0-7][0-9A-Fa-f])")
_USER_BAD: Final = re.compile(r"[^A-Za-z0-9\-._:~!$&'()*+,;=%@]")
_PORT: Final = re.compile(r":[0-9]*")


class BadUrl(ValueError):
    """The text is no URL; the message is Go's."""


@dataclass(frozen=True, slots=True)
class Url:
    """A parsed URL."""

    text: str
    scheme: str = ""
    opaque: str = ""
    host: str = ""
    """With its port, as it stands in the text."""
    path: str = ""
    """As it was written."""
    query: str = ""
    parameters: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]], compare=False)

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        if self.host.startswith("["):
            return self.host[1:].partition("]")[0]
        return self.host.rpartition(":")[0] if _PORT.search(self.host) else self.host

    @property
    def port(self) -> str:
        return self.host.rpartition(":")[2] if re.search(r":[0-9]*$", self.host) else ""


def parse(text: str) -> Url:
    """The URL that `text` is, absolute or an absolute path.

    Raises:
        BadUrl: it is neither.
    """
    if _CONTROL.search(text):
        raise BadUrl("net/url: invalid control character in URL")
    if not text:
        raise BadUrl("empty url")
    if text == "*":
        return Url(text, path="*")
    scheme, rest = _scheme(text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(text, scheme, opaque=rest, query=query, parameters=_parameters(query))
        raise BadUrl("invalid URI for request")
    host = ""
    if scheme and rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        host, rest = _host(authority), slash + path
    _check_escapes(rest)
    return Url(text, scheme, host=host, path=rest, query=query, parameters=_parameters(query))


def _scheme(text: str) -> tuple[str, str]:
    found = _SCHEME.fullmatch(text)
    if found:
        return found[1].lower(), found[2]
    if text.startswith(":"):
        raise BadUrl("missing protocol scheme")
    return "", text


def _check_escapes(text: str) -> None:
    bad = _BAD_ESCAPE.search(text)
    if bad:
        raise BadUrl(f'invalid URL escape "{bad[0]}"')


def _host(authority: str) -> str:
    user, at, host = authority.rpartition("@")
    if at and _USER_BAD.search(user):
        raise BadUrl("net/url: invalid userinfo")
    _check_escapes(user)
    if host.startswith("["):
        address, closed, port = host.partition("]")
        if not closed:
            raise BadUrl("missing ']' in host")
        if port and not _PORT.fullmatch(port):
            raise BadUrl(f'invalid port "{port}" after host')
        return unquote(host) if "%25" in address else host
    name, colon, port = host.partition(":")
    if colon and not port.isdigit() and port:
        raise BadUrl(f'invalid port ":{port}" after host')
    escape = _HOST_ESCAPE.search(name)
    if escape:
        raise BadUrl(f'invalid URL escape "{escape[0]}"')
    _check_escapes(name)
    bad = _HOST_BAD.search(name)
    if bad:
        raise BadUrl(f'invalid character "{bad[0]}" in host name')
    return unquote(host)


def _parameters(query: str) -> dict[str, list[str]]:
    """The query taken apart; what is malformed is left out, as Go's URL.Query does."""
    found: dict[str, list[str]] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if not part or ";" in part or _BAD_ESCAPE.search(part):
            continue
        found.setdefault(_unescaped(name), []).append(_unescaped(value))
    return found


def _unescaped(text: str) -> str:
    return unquote_to_bytes(text.replace("+", " ")).decode(errors="replace")
