"""One file: highlighted, with an address for every line; Markdown as a document, images as images."""

import asyncio
from dataclasses import dataclass
from typing import ClassVar, Final

from markupsafe import Markup

from krate import models
from krate.models.content import BlobView, CommitView
from krate_web import codelines, places, repositories
from krate_web.contents import Contents
from krate_web.markdown import Place
from krate_web.page import Crumb, Page
from krate_web.pages.code import steps
from krate_web.visits import Visit

IMAGES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
}
"""Raster formats only: an SVG is a document that can hold scripts."""
_DOCUMENTS: Final = (".md", ".markdown")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobPage(Page):
    """A file."""

    template: ClassVar[str] = "pages/blob.html"
    repository: models.Repository
    blob: BlobView
    ref: str
    steps: tuple[Crumb, ...]
    latest: CommitView | None
    lines: tuple[Markup, ...]
    document: Markup | None
    """The file as a document, where it is one and was not asked for as text."""
    image: str
    raw: str
    history: str
    permalink: str
    other_view: str
    """Address of the text of a document, or of the document behind a text."""
    is_document: bool


def suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return f".{name.rpartition('.')[2].lower()}" if "." in name else ""


async def build(visit: Visit) -> BlobPage:
    repository = await repositories.load(visit)
    namespace, name = repository.metadata.namespace, repository.metadata.name
    path = visit.params["path"].strip("/")
    asked = visit.query("ref")
    ref = asked or repository.spec.default_branch
    reader = Contents(visit.client, namespace, name)
    blob, latest = await asyncio.gather(reader.blob(ref, path), reader.latest(ref, path))
    is_document = suffix(path) in _DOCUMENTS and _is_text(blob)
    plain = visit.query("view") == "text"
    document: Markup | None = None
    if is_document and not plain:
        place = Place(namespace, name, asked, path.rpartition("/")[0])
        (document,) = await visit.site.workshop.markdown([blob.content], place)
    here = places.blob(namespace, name, path, ref=asked)
    pinned = places.blob(namespace, name, path, ref=latest.sha) if latest else ""
    raw = places.raw(namespace, name, path, ref=asked)
    return BlobPage(
        frame=repositories.frame(
            visit, repository, "code", Crumb(path), title=f"{path} · {namespace}/{name}", wide=document is None
        ),
        repository=repository,
        blob=blob,
        ref=ref,
        steps=steps(namespace, name, path, asked),
        latest=latest,
        lines=() if document is not None else await _lines(visit, blob),
        document=document,
        image=raw if blob.binary and suffix(path) in IMAGES else "",
        raw=raw,
        history=places.commits(namespace, name, ref=asked, path=path),
        permalink=pinned,
        other_view=here if plain else f"{here}{'&' if asked else '?'}view=text",
        is_document=is_document,
    )


def _is_text(blob: BlobView) -> bool:
    return not blob.binary and blob.encoding == "utf-8"


async def _lines(visit: Visit, blob: BlobView) -> tuple[Markup, ...]:
    if not _is_text(blob):
        return ()
    coloured = await visit.site.workshop.lines(blob.content, path=blob.path, key=blob.sha)
    return tuple(codelines.html(line) for line in coloured)
