"""Formats of OpenAPI: what is compressed, and version 2 as protobuf, which client-go's discovery client insists on."""

import gzip
import hashlib

import httpx2
import pytest

import crd_rooms
import openapi_messages
import recordings
from served_api import API

V3 = "/openapi/v3/apis/krate.a5c.ai/v1alpha1"
PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
OLDER = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


def raw(client: API, path: str, **headers: str) -> tuple[httpx2.Response, bytes]:
    with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


def test_compression(admin: API) -> None:
    """Version 2 is compressed for who reads gzip, version 3 is not, as upstream."""
    plain, body = raw(admin, "/openapi/v2", **{"accept-encoding": "identity"})
    packed, compressed = raw(admin, "/openapi/v2", **{"accept-encoding": "gzip"})
    assert (packed.headers["content-encoding"], gzip.decompress(compressed)) == ("gzip", body)
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding, Accept"
    assert plain.headers["etag"] == packed.headers["etag"]
    assert "content-encoding" not in raw(admin, V3, **{"accept-encoding": "gzip"})[0].headers


@pytest.mark.parametrize("accept", [PROTOBUF, OLDER, f"{OLDER},application/json", f"application/json;q=0.5,{PROTOBUF}"])
def test_protobuf_is_negotiated(admin: API, accept: str) -> None:
    """Both names of the format get it, under its present name, with a tag of its own."""
    answer = admin.get("/openapi/v2", headers={"accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, PROTOBUF)
    assert answer.headers["etag"] == f'"{hashlib.sha512(answer.content).hexdigest().upper()}"'
    again = admin.get("/openapi/v2", headers={"accept": accept, "if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_protobuf_says_what_json_says(admin: API) -> None:
    """Read by the published message definitions, the protobuf document is the JSON document, zeros apart."""
    schema = recordings.read("openapi_drain")["schema"]
    body = recordings.definition("Sewer", schema, scope="Namespaced", subresources=recordings.SCALED)
    crd_rooms.established(admin, body)
    packed = openapi_messages.document(admin.get("/openapi/v2", headers={"accept": PROTOBUF}).content)
    plain = admin.get("/openapi/v2").json()
    assert "com.example.sewer.v1.Sewer" in packed["definitions"]
    assert packed == meant(plain)


def test_extensions_are_block_style(admin: API) -> None:
    """The values of extensions are YAML as gnostic writes it: clients compare them as text."""
    fields = [{"jsonPath": ".spec.color"}, {"jsonPath": ".spec.size"}]
    spec = {"type": "object", "properties": {name: {"type": "string"} for name in ("color", "size")}}
    schema = {"type": "object", "properties": {"spec": spec}}
    body = crd_rooms.definition(kind="Shirt", versions=[crd_rooms.version(schema=schema, selectableFields=fields)])
    crd_rooms.established(admin, body)
    packed = admin.get("/openapi/v2", headers={"accept": PROTOBUF}).content
    assert b"x-kubernetes-selectable-fields" in packed
    assert b"- fieldPath: spec.color\n- fieldPath: spec.size\n" in packed


MAPS = frozenset({"properties", "paths", "definitions", "parameters", "responses"})


def meant(value: object, *, names: bool = False) -> object:
    """JSON without the zeros that protobuf cannot tell from nothing; extensions and what a name stands for are kept."""
    if isinstance(value, dict):
        return {
            key: one if key.startswith("x-") else meant(one, names=key in MAPS and not names)
            for key, one in value.items()
            if names or key == "additionalProperties" or key.startswith("x-") or one not in (0, "", None)
        }
    return [meant(one) for one in value] if isinstance(value, list) else value
