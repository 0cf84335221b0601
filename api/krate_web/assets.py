"""Static files under addresses that hold their content's digest: cached for ever, never stale.

Style sheets are joined into one file and scripts into another, in a fixed order, vendored ones unchanged. htmx and its
extension must run in one go: htmx starts as soon as the browser gets to it, and an extension that came a moment later
would find the page already processed, its live stream never opened.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from krate import errors

ROOT: Final = Path(__file__).parent / "static"
PREFIX: Final = "/-/static/"

BUNDLES: Final = {
    "app.css": tuple(
        f"css/{name}.css"
        for name in ("fonts", "tokens", "base", "frame", "parts", "lists", "code", "diff", "pull", "panel", "narrow")
    ),
    "app.js": (
        "vendor/htmx.min.js",
        "vendor/hx-sse.min.js",
        *(f"js/{name}.js" for name in ("start", "times", "forms", "panel", "diff", "keys", "palette", "live")),
    ),
}
"""Bundles and the files they are made of, in order."""

_TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_COMPRESSED: Final = frozenset({".js", ".css", ".svg"})


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is served."""

    name: str
    body: bytes
    packed: bytes
    """The same, gzipped; empty where that gains nothing."""
    media: str
    digest: str


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    media = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if suffix in _COMPRESSED else b""
    return Asset(name, body, packed, media, hashlib.sha256(body).hexdigest()[:16])


def _read(name: str) -> bytes:
    if name in BUNDLES:
        return b"\n".join((ROOT / part).read_bytes() for part in BUNDLES[name])
    return (ROOT / name).read_bytes()


def _names() -> tuple[str, ...]:
    served = (ROOT / "fonts").glob("*.woff2"), ROOT.glob("*.svg")
    return (*BUNDLES, *sorted(str(path.relative_to(ROOT)) for paths in served for path in paths))


class Assets:
    """All static files, in memory.

    Args:
        reload: read a file again whenever a page names it, for people who change it.
    """

    def __init__(self, *, reload: bool = False) -> None:
        self._reload = reload
        self._by_name = {name: _asset(name, _read(name)) for name in _names() if not name.endswith(".css")}
        self._by_name["app.css"] = self._style()
        self._by_path = {self._path(asset): asset for asset in self._by_name.values()}

    def _style(self) -> Asset:
        """The style sheet, with the fonts it names under their digests."""
        text = _read("app.css").decode()
        for name, asset in self._by_name.items():
            text = text.replace(f'url("{name}")', f'url("{self._path(asset)}")')
        return _asset("app.css", text.encode())

    @staticmethod
    def _path(asset: Asset) -> str:
        stem, _, suffix = asset.name.rpartition(".")
        return f"{PREFIX}{stem}.{asset.digest}.{suffix}"

    def url(self, name: str) -> str:
        """Address of a file, for templates.

        Raises:
            KeyError: there is no such file.
        """
        if self._reload:
            asset = self._style() if name == "app.css" else _asset(name, _read(name))
            self._by_name[name] = asset
            self._by_path[self._path(asset)] = asset
        return self._path(self._by_name[name])

    def weight(self, name: str) -> int:
        """Bytes that travel for a file."""
        asset = self._by_name[name]
        return len(asset.packed or asset.body)

    async def serve(self, request: Request) -> Response:
        """The endpoint."""
        asset = self._by_path.get(request.url.path)
        if asset is None:
            raise errors.NotFound
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.media, headers={**headers, "Content-Encoding": "gzip"})
        return Response(asset.body, media_type=asset.media, headers=headers)
