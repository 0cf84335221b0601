"""What form the client wants: JSON or YAML, the object itself, a Table, or metadata only.

The model is AS/pkg/endpoints/handlers/negotiation. Clauses are tried in the order they are written; a clause with an
unknown `as` falls through to the next one.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from krate import errors
from krate_api.http import Request


class Form(StrEnum):
    """Transformations of a response."""

    OBJECT = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to answer."""

    media: str = "application/json"
    form: Form = Form.OBJECT

    @property
    def yaml(self) -> bool:
        return self.media == "application/yaml"


_JSON: Final = frozenset({"application/json", "application/*", "*/*"})
_YAML: Final = frozenset({"application/yaml"})
_META: Final = "meta.k8s.io"
_VERSIONS: Final = frozenset({"v1"})


def clauses(accept: str) -> list[tuple[str, dict[str, str]]]:
    """Media types and parameters of an Accept header, most wanted first: by q, wildcards last, then as written."""
    found: list[tuple[tuple[float, int, int], str, dict[str, str]]] = []
    for number, clause in enumerate(accept.split(",")):
        media, *rest = (part.strip() for part in clause.split(";"))
        parameters = dict(part.split("=", 1) for part in rest if "=" in part)
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 1.0
        if not math.isfinite(quality):
            quality = 1.0
        if media:
            found.append(((-quality, media.count("*"), number), media.lower(), parameters))
    return [(media, parameters) for _, media, parameters in sorted(found, key=lambda item: item[0])]


def negotiate(request: Request, *, collection: bool, watching: bool = False) -> Wanted:
    """The first acceptable clause of the request.

    Raises:
        NotAcceptable: there is none.
    """
    accept = ",".join(request.headers("accept")) or "*/*"
    for media, parameters in clauses(accept):
        found = "application/json" if media in _JSON else "application/yaml" if media in _YAML else ""
        if not found or (watching and found == "application/yaml"):
            continue
        form = _form(parameters, collection=collection)
        if form is not None:
            return Wanted(found, form)
    raise errors.NotAcceptable


def _form(parameters: dict[str, str], *, collection: bool) -> Form | None:
    wanted = parameters.get("as", "")
    if not wanted:
        return Form.OBJECT
    if parameters.get("g") != _META or parameters.get("v") not in _VERSIONS:
        return None
    match wanted:
        case Form.TABLE | Form.METADATA:
            return Form(wanted)
        case Form.METADATA_LIST:
            return Form.METADATA_LIST if collection else None
        case _:
            return None
