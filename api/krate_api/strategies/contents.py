"""Strategies of ConfigMap and Secret: keys, sizes, types, and data that stays (KK/pkg/apis/core/validation)."""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from krate import errors, names
from krate.errors import Cause, CauseType
from krate_api.strategies.interface import Object, Stamp, Strategy

MAX_SIZE: Final = 1 << 20
"""Bytes of all values together."""
_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_RULE: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_QUANTUM: Final = 4
_OPAQUE: Final = "Opaque"
_ACCOUNT_NAME: Final = "kubernetes.io/service-account.name"
_NEEDED: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""Keys without which a Secret of the type is refused."""
_BASIC_AUTH: Final = ("kubernetes.io/basic-auth", ("username", "password"))
_JSON: Final = frozenset({".dockercfg", ".dockerconfigjson"})


class SecretStrategy(Strategy):
    """`stringData` is encoded into `data`; an immutable Secret stays as it is."""

    def prepare(self, obj: Object, stamp: Stamp) -> None:
        if obj.get("type") in (None, ""):
            obj["type"] = _OPAQUE
        strings: Mapping[str, str] = obj.pop("stringData", None) or {}
        if strings:
            encoded = {key: base64.b64encode(value.encode()).decode() for key, value in strings.items()}
            obj["data"] = {**(obj.get("data") or {}), **encoded}

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        data: Mapping[str, str] = obj.get("data") or {}
        found = [*_frozen(obj, old, ("data",)), *_key_problems(data, "data")]
        if sum(map(_size, data.values())) > MAX_SIZE:
            found.append(_too_long("data"))
        return [*found, *_type_problems(obj, data)]


class ConfigMapStrategy(Strategy):
    """An immutable ConfigMap stays as it is."""

    def problems(self, obj: Mapping[str, Any], old: Mapping[str, Any] | None) -> Sequence[Cause]:
        data: Mapping[str, str] = obj.get("data") or {}
        binary: Mapping[str, str] = obj.get("binaryData") or {}
        found = [*_frozen(obj, old, ("data", "binaryData")), *_key_problems(data, "data")]
        both = "duplicate of key present in binaryData"
        found += [_invalid(f"data[{key}]", errors.quoted(key), both) for key in sorted(data.keys() & binary.keys())]
        found += _key_problems(binary, "binaryData")
        if sum(len(value.encode()) for value in data.values()) + sum(map(_size, binary.values())) > MAX_SIZE:
            found.append(_too_long("[]"))
        return found


def _key_problems(data: Mapping[str, Any], field: str) -> Iterator[Cause]:
    for key in sorted(data):
        problems: list[str] = []
        if len(key) > names.MAX_SUBDOMAIN:
            problems.append(f"must be no more than {names.MAX_SUBDOMAIN} characters")
        if not _KEY.fullmatch(key):
            problems.append(_KEY_RULE)
        if key in {".", ".."}:
            problems.append(f"must not be '{key}'")
        elif key.startswith(".."):
            problems.append("must not start with '..'")
        for text in problems:
            yield _invalid(f"{field}[{key}]", errors.quoted(key), text)


def _type_problems(obj: Mapping[str, Any], data: Mapping[str, str]) -> Iterator[Cause]:
    """What the type of a Secret asks of it. No text ever holds a value."""
    kind = obj.get("type", "")
    if kind == "kubernetes.io/service-account-token":
        if not (obj["metadata"].get("annotations") or {}).get(_ACCOUNT_NAME):
            yield _required(f"metadata.annotations[{_ACCOUNT_NAME}]")
    elif kind == _BASIC_AUTH[0] and not any(key in data for key in _BASIC_AUTH[1]):
        yield from (_required(f"data[{key}]") for key in _BASIC_AUTH[1])
    for key in _NEEDED.get(kind, ()):
        if key not in data or (key == "ssh-privatekey" and not data[key]):
            yield _required(f"data[{key}]")
        elif key in _JSON and (why := _json_problem(base64.b64decode(data[key]))):
            yield _invalid(f"data[{key}]", '"<secret contents redacted>"', why)


def _json_problem(raw: bytes) -> str:
    """Why this is no JSON object; empty when it is one."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        text = raw.decode(errors="replace").lstrip()
        return (
            f"invalid character '{text[0]}' looking for beginning of value" if text else "unexpected end of JSON input"
        )
    return "" if isinstance(found, dict) else "json: cannot unmarshal into Go value of type map[string]interface {}"


def _frozen(obj: Mapping[str, Any], old: Mapping[str, Any] | None, members: Sequence[str]) -> Iterator[Cause]:
    if not old or not old.get("immutable"):
        return
    text = "Forbidden: field is immutable when `immutable` is set"
    if not obj.get("immutable"):
        yield Cause(CauseType.FORBIDDEN, text, "immutable")
    for member in members:
        if (obj.get(member) or {}) != (old.get(member) or {}):
            yield Cause(CauseType.FORBIDDEN, text, member)


def _size(encoded: str) -> int:
    """Bytes of a value in base64."""
    return len(encoded) // _QUANTUM * 3 - encoded.count("=", -2)


def _too_long(field: str) -> Cause:
    return Cause(CauseType.TOO_LONG, f"Too long: may not be more than {MAX_SIZE} bytes", field)


def _invalid(field: str, shown: str, text: str) -> Cause:
    return Cause(CauseType.INVALID, f"Invalid value: {shown}: {text}", field)


def _required(field: str) -> Cause:
    return Cause(CauseType.REQUIRED, "Required value", field)
