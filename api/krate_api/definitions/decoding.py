"""Decoding a definition into its types: Go's, and the two that it decodes by hand."""

from collections.abc import Mapping
from typing import Any, Final

from krate_api.definitions import shapes
from krate_api.definitions.shapes import DEFINITION, JSON_SCHEMA, STATUS
from krate_api.schemas import gotypes
from krate_api.schemas.godecoding import Decoder, Malformed, check
from krate_api.schemas.gotypes import Shape

MAX_DEPTH: Final = 128
"""Levels of schemas inside schemas. Upstream ends at ten thousand levels of JSON; nobody's API is a hundred deep."""


def decode(obj: dict[str, Any]) -> list[str]:
    """Bring a definition into the form of its types, in place; answers unknown fields.

    Raises:
        Malformed: a value has the wrong type.
    """
    decoder = _Decoder()
    found = decoder.struct(obj, DEFINITION)
    obj.clear()
    obj.update(found)
    return decoder.unknown


def nothing() -> dict[str, Any]:
    """The status of a definition of which nothing is known yet."""
    return _Decoder().struct({}, STATUS)


class _Decoder(Decoder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def value(self, value: Any, shape: Shape, at: str, where: tuple[str, str]) -> Any:
        match shape:
            case shapes.SchemaOr():
                return self._either(value, shape, at, where)
            case shapes.Schema():
                return self._schema(value, at, where)
            case _:
                return super().value(value, shape, at, where)

    def _schema(self, value: Any, at: str, where: tuple[str, str]) -> dict[str, Any]:
        check(value, dict, where, JSON_SCHEMA.word)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Malformed(f"json: exceeded max depth of {MAX_DEPTH} schemas inside each other")
        found = self.struct(value, JSON_SCHEMA, at, where[1])
        self._depth -= 1
        return found

    def _either(self, value: Any, shape: shapes.SchemaOr, at: str, where: tuple[str, str]) -> Any:
        told = len(self.unknown)
        try:
            if isinstance(value, dict):
                return self._schema(value, at, where)
            if isinstance(value, bool if shape.other is gotypes.BOOL else list):
                return self.value(value, shape.other, at, where)
        finally:
            del self.unknown[told:]
        raise Malformed(f"{shape.word} or JSON schema expected")


def defaults(obj: Mapping[str, Any]) -> None:
    """Fill in what a definition leaves open (AX/pkg/apis/apiextensions/v1/defaults.go), in place."""
    spec, status = obj["spec"], obj["status"]
    names = spec["names"]
    if not names.get("singular") and names["kind"]:
        names["singular"] = names["kind"].lower()
    if not names.get("listKind") and names["kind"]:
        names["listKind"] = f"{names['kind']}List"
    conversion = spec.setdefault("conversion", {"strategy": "None"})
    service = ((conversion.get("webhook") or {}).get("clientConfig") or {}).get("service")
    if service is not None:
        service.setdefault("port", 443)
    if not status["storedVersions"]:
        status["storedVersions"] = stored_version(spec) or None


def stored_version(spec: Mapping[str, Any]) -> list[str]:
    """The version that objects are stored in, as the first of the versions that they were ever stored in."""
    return [version["name"] for version in spec["versions"] or () if version["storage"]][:1]
