"""Request bodies: JSON and YAML into plain objects, with the words of kube-apiserver for what is no object.

The fast parser takes JSON as it comes. Numbers become what Go's unstructured objects hold: whole numbers of 64 bits
where they fit, floats where they do not; what neither holds is refused.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
import yaml
import yaml.reader
import yaml.scanner

from krate import errors
from krate.kinds import Form, Kind
from krate_api import json_problems, yaml_bodies
from krate_api.http import Request
from krate_api.protobuf import messages
from krate_api.schemas import gofmt

ACCEPTED: Final = ("application/json", "application/yaml")
MAX_DEPTH: Final = 64
_SHOWN: Final = 30
"""Bytes of a body that a refusal shows (AS/pkg/endpoints/handlers/rest.go summarizeData)."""
_MAX_QUOTED: Final = 1024
_GROUP_VERSION: Final = re.compile(r"[^/]*(?:/[^/]*)?")
_TYPE_META: Final = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)


def media_type(request: Request) -> str:
    """Media type of the request's body, lower case, without parameters."""
    return request.header("content-type").partition(";")[0].strip().lower()


def check_media_type(request: Request, accepted: tuple[str, ...] = ACCEPTED) -> str:
    """The body's media type; an absent one is JSON.

    Raises:
        UnsupportedMediaType: it is none of `accepted`.
    """
    found = media_type(request) or ACCEPTED[0]
    if found not in accepted:
        raise errors.UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: " + ", ".join(accepted)
        )
    return found


def accepted_for(kind: Kind) -> tuple[str, ...]:
    """Media types of bodies of a kind: protobuf only for Kubernetes' own, as their clients send it."""
    return (*ACCEPTED, messages.MEDIA) if kind.form is Form.BUILTIN and messages.readable(kind.name) else ACCEPTED


class Malformed(Exception):
    """the text is no value, in the words of its parser."""


def value_of(data: bytes, media: str) -> Any:
    """Any value in a body, bounded in depth.

    Args:
        data: the body.
        media: its media type.

    Raises:
        Malformed: it does not parse, or is nested too deeply.
    """
    try:
        value = yaml_bodies.load(data) if media.endswith("yaml") else orjson.loads(data)
    except yaml.MarkedYAMLError as error:
        raise Malformed(f"yaml: {_marked(error)}") from None
    except orjson.JSONDecodeError as error:
        raise Malformed(json_problems.describe(data) or _first_line(error)) from None
    except yaml.reader.ReaderError as error:
        raise Malformed(f"yaml: {error.reason}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise Malformed(f"yaml: {_first_line(error)}") from None
    except RecursionError:
        raise Malformed("exceeded max depth") from None
    if settle(value, MAX_DEPTH) > MAX_DEPTH:
        raise Malformed("exceeded max depth")
    return value


def _marked(error: yaml.MarkedYAMLError) -> str:
    """The parser's sentence with the line it speaks of, as Go's port of the same parser says it."""
    lines = [mark.line for mark in (error.context_mark, error.problem_mark) if mark is not None]
    line = next(filter(None, lines), 0)
    # A scanner has not yet counted the line it is on.
    where = f"line {line + isinstance(error, yaml.scanner.ScannerError)}: " if line else ""
    return where + (error.problem or "unknown problem parsing YAML content")


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


_INT64: Final = 1 << 63


def settle(value: Any, limit: int) -> int:
    """How deeply `value` is nested; stops just beyond `limit`. Numbers become, in place, what Go would hold."""
    deepest = 0
    stack = [(value, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if level > limit:
            return level
        if isinstance(node, dict):
            members = node.items()
        elif isinstance(node, list):
            members = enumerate(node)
        else:
            continue
        for key, item in members:
            if isinstance(item, dict | list):
                stack.append((item, level + 1))
            elif isinstance(item, float):
                if item.is_integer() and -_INT64 <= item < _INT64:
                    node[key] = int(item)
            elif isinstance(item, int) and not -_INT64 <= item < _INT64:
                node[key] = float(item)
    return deepest


def parse_object(
    data: bytes, media: str, *, kind: str, assumed: Mapping[str, str] | None = None, message: str = ""
) -> dict[str, Any]:
    """The object in a body, which says of what kind it is.

    Args:
        data: the body.
        media: its media type.
        kind: the kind expected, for the message.
        assumed: members that hold this where the body says nothing.
        message: what the table of messages calls the kind, where that is not its name.

    Raises:
        BadRequest: it is no object of a known form.
        Malformed: it holds a number that no object can hold.
    """
    if media == messages.MEDIA:
        try:
            return messages.decode(data, message or kind)
        except messages.Malformed:
            raise _unrecognized("proto: malformed body", data, kind) from None
    try:
        value = value_of(data, media)
    except Malformed as malformed:
        if str(malformed).startswith("json: "):
            raise  # it says what it is, and then cannot be held
        why = str(malformed) if media.endswith("yaml") else f"couldn't get version/kind; json parse error: {malformed}"
        raise _unrecognized(why, data, kind) from None
    if isinstance(value, dict):
        value.update({key: text for key, text in (assumed or {}).items() if value.get(key) in ("", None)})
    why = type_problem(value, data)
    if why:
        raise _unrecognized(why, data, kind)
    if "apiVersion" in value:  # Programs put it together of group and version also where the group is empty.
        value["apiVersion"] = (value["apiVersion"] or "").removeprefix("/")
    return value


def type_problem(value: Any, data: bytes) -> str:
    """Why a value does not say what it is (AM/pkg/runtime/serializer/json/meta.go Interpret); "" when it does."""
    if value is None:
        value = {}
    if not isinstance(value, dict):
        return f"couldn't get version/kind; json parse error: {cannot_unmarshal(value)} Go value of type {_TYPE_META}"
    for member in ("apiVersion", "kind"):
        if not isinstance(value.get(member), str | None):
            found = cannot_unmarshal(value[member])
            return f"couldn't get version/kind; json parse error: {found} Go struct field .{member} of type string"
    version = value.get("apiVersion") or ""
    if not _GROUP_VERSION.fullmatch(version):
        return f"unexpected GroupVersion string: {version}"
    if not value.get("kind"):
        shown = data[:_MAX_QUOTED].decode("utf-8", "replace")
        return f"Object 'Kind' is missing in '{shown}'"
    return ""


def unregistered(kind: str, version: str) -> str:
    """Why a kind that says what it is cannot be read: nobody knows it."""
    known = f"no kind {errors.quoted(kind)} is registered for version {errors.quoted(version)}"
    return f'{known} in scheme "pkg/runtime/scheme.go:111"'


def cannot_unmarshal(value: Any) -> str:
    """How Go begins to say that a value is of another type than the field it is for."""
    return f"json: cannot unmarshal {gofmt.word(value)} into"


def _unrecognized(why: str, data: bytes, kind: str) -> errors.BadRequest:
    return errors.BadRequest(f"the object provided is unrecognized (must be of type {kind}): {why} ({_summary(data)})")


def _summary(data: bytes) -> str:
    """The beginning of a body: as text where it could be JSON, else in hexadecimal digits."""
    if not data:
        return "<empty>"
    rest = " ..." if len(data) > _SHOWN else ""
    shown = data[:_SHOWN]
    return (shown.decode("utf-8", "replace") if data.startswith(b"{") else shown.hex()) + rest
