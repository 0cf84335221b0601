"""What form the client wants: JSON or YAML, readable or compact, the object itself, a Table, or metadata only.

The model is AS/pkg/endpoints/handlers/negotiation, and for the order of clauses github.com/munnerz/goautoneg. Protobuf
and CBOR are not among what we serve; clients that prefer them list JSON as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from krate import errors
from krate_api.http import JSON, Request


class Form(StrEnum):
    """Transformations of a response."""

    OBJECT = ""
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"


class Include(StrEnum):
    """What each row of a Table carries of its object."""

    METADATA = "Metadata"
    OBJECT = "Object"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to answer."""

    media: str = JSON
    form: Form = Form.OBJECT
    version: str = "v1"
    """Of meta.k8s.io, for transformations."""
    pretty: bool = False
    include: Include = Include.METADATA

    @property
    def yaml(self) -> bool:
        return self.media == YAML

    @property
    def as_stored(self) -> bool:
        """Whether stored bytes answer without being looked at."""
        return self.form is Form.OBJECT and self.media == JSON and not self.pretty

    @property
    def api_version(self) -> str:
        """Of what a transformation makes."""
        return f"{_META}/{self.version}"


YAML: Final = "application/yaml"
_META: Final = "meta.k8s.io"
_VERSIONS: Final = frozenset({"v1", "v1beta1"})
_STREAMS: Final = frozenset({JSON})
SERVED: Final = (JSON, YAML)
_LIST: Final = "a list (*unstructured.UnstructuredList)"
_OBJECT: Final = "not a list (*unstructured.Unstructured)"
_FEW: Final = 12
"""Go sorts so many by insertion, which its order of clauses, being none, makes visible."""
_HUMANS: Final = ("curl", "Wget", "Mozilla/5.0")
_TRUE: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of an Accept header."""

    type: str
    subtype: str
    quality: float
    parameters: Mapping[str, str]

    def before(self, other: "Clause") -> bool:
        """Whether this one is tried first: by quality or, whatever the quality, because the other is a wildcard."""
        return (
            self.quality > other.quality
            or (self.type != "*" and other.type == "*")
            or (self.subtype != "*" and other.subtype == "*")
        )

    def matches(self, media: str) -> bool:
        kind, _, sub = media.partition("/")
        return (self.type == kind and self.subtype in {sub, "*"}) or (self.type == "*" and self.subtype == "*")


def clauses(accept: str) -> list[Clause]:
    """The clauses of an Accept header in the order in which they are tried."""
    found = [clause for text in accept.split(",") if (clause := _clause(text.strip(" "))) is not None]
    if len(found) > _FEW:
        return sorted(found, key=lambda clause: -clause.quality)
    for end in range(1, len(found)):
        place = end
        while place and found[place].before(found[place - 1]):
            found[place - 1], found[place] = found[place], found[place - 1]
            place -= 1
    return found


def _clause(text: str) -> Clause | None:
    media, *rest = text.split(";")
    kind, _, sub = media.strip(" ").partition("/")
    if not sub:
        kind, sub = (kind, "*") if kind == "*" else ("", "")
    if not kind or "/" in sub:
        return None
    parameters: dict[str, str] = {}
    quality = 1.0
    for part in rest:
        name, _, value = part.partition("=")
        if not value or "=" in value:
            continue
        if name.strip(" ") == "q":
            quality = _quality(value)
        else:
            parameters[name.strip(" ")] = value.strip(" ")
    return Clause(kind.strip(" "), sub.strip(" "), quality, parameters)


def _quality(text: str) -> float:
    try:
        return float(text) if text == text.strip() else 0.0
    except ValueError:
        return 0.0


def negotiate(request: Request, *, collection: bool, watching: bool = False) -> Wanted:
    """How to answer a request about objects.

    Args:
        request: the request.
        collection: whether a list is the answer; one event of a watch is an object.
        watching: whether frames are streamed.

    Raises:
        NotAcceptable: no clause is served, or it makes nothing of such an answer.
        BadRequest: rows of a Table cannot carry what is asked for.
    """
    served = SERVED if not watching else tuple(f"{media};stream=watch" for media in SERVED if media in _STREAMS)
    found = _first(request, transforming=True)
    if found is None:
        raise _not_acceptable(SERVED)
    if watching and found.media not in _STREAMS:
        raise _not_acceptable(served)
    if found.form is (Form.METADATA if collection and not watching else Form.METADATA_LIST):
        what = _LIST if collection and not watching else _OBJECT
        raise errors.NotAcceptable(f"you requested {found.form}, but the requested object is {what}")
    if found.form is Form.TABLE:
        found = replace(found, include=_include(request))
    return replace(found, pretty=(found.pretty or is_human(request)) and not watching)


def of_status(request: Request) -> Wanted:
    """How to answer with a Status: never transformed, and readable JSON to those who accept nothing we have."""
    found = _first(request, transforming=False)
    return Wanted(pretty=True) if found is None else replace(found, pretty=found.pretty or is_human(request))


def is_human(request: Request) -> bool:
    """Whether a person reads the answer: the query says so, or the client is a browser or a tool like one."""
    asked = request.param("pretty")
    return asked in _TRUE if asked else request.header("user-agent").startswith(_HUMANS)


def _not_acceptable(served: tuple[str, ...]) -> errors.NotAcceptable:
    return errors.NotAcceptable(f"only the following media types are accepted: {', '.join(served)}")


def _include(request: Request) -> Include:
    asked = request.param("includeObject") or Include.METADATA
    try:
        return Include(asked)
    except ValueError:
        why = f"Invalid value: {errors.quoted(asked)}: must be 'Metadata', 'Object', 'None', or empty"
        raise errors.BadRequest(f"Unable to convert to Table as requested: includeObject: {why}") from None


def _first(request: Request, *, transforming: bool) -> Wanted | None:
    accept = request.header("accept")
    if not accept:
        return Wanted()
    for clause in clauses(accept):
        for media in SERVED:
            if clause.matches(media) and (found := _wanted(media, clause.parameters, transforming=transforming)):
                return found
    return None


def _wanted(media: str, parameters: Mapping[str, str], *, transforming: bool) -> Wanted | None:
    """What a clause asks for; None when we have it not."""
    if "stream" in parameters and (parameters["stream"] != "watch" or media not in _STREAMS):
        return None
    if "sv" in parameters and not (transforming and parameters["sv"] == "v1"):
        return None
    pretty = parameters.get("pretty") == "1"
    form, group, version = (parameters.get(name, "") for name in ("as", "g", "v"))
    if not (form or group or version):
        return Wanted(media, pretty=pretty)
    if not transforming or group != _META or version not in _VERSIONS or not form or form not in set(Form):
        return None
    return Wanted(media, Form(form), version, pretty)
