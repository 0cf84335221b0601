"""Plain Python values into the engine and out of it, without loss.

The engine reads Python strings up to their first NUL (py_cel_value.cc takes `PyUnicode_AsUTF8` as a C string): a policy
would judge the harmless beginning of a text. A string with a NUL is therefore handed over as what a protobuf
StringValue looks like, which it reads whole. What cannot be handed over at all is an error, never a different value.
"""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from cel_expr_python import cel

from krate_cel import errors, extents, references

MAX_RESULT: Final = 1024 * 1024
"""Bytes of a result, roughly: a variable may carry a body, nothing sensible is larger."""

_ESCAPED_NUL: Final = b"\\u0000"
_STRICT: Final = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
_MAX_DEPTH: Final = 200
_MORE: Final = 0x80
_INT64: Final = 1 << 63


class _StringValueType:
    full_name = "google.protobuf.StringValue"


class _Text:
    """A string as the engine takes a `google.protobuf.StringValue`: by its type's name and its wire format."""

    DESCRIPTOR = _StringValueType
    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __hash__(self) -> int:
        return hash(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Text) and other._value == self._value

    def SerializePartialToString(self) -> bytes:  # noqa: N802 - the engine calls it by this name
        data = self._value.encode()
        length, size = bytearray(), len(data)
        while size >= _MORE:
            length.append(size & (_MORE - 1) | _MORE)
            size >>= 7
        length.append(size)
        return b"\x0a" + bytes(length) + data


class Inputs:
    """Values for the variables of an expression, made ready for the engine once. For one thread.

    Args:
        bindings: values by variable, of the types that JSON is read as: None, bool, int, float, str, list, dict (and
            datetime, timedelta, bytes where the variable has such a type). A tuple or a StrEnum deep inside is an
            error of evaluation. Containers must not change while the inputs are in use.

    Raises:
        EvaluationError: a value cannot be represented (an integer beyond 64 bits, half a surrogate pair).
    """

    __slots__ = ("_bindings", "_ready", "scopes", "size")

    def __init__(self, bindings: Mapping[str, Any]) -> None:
        self._bindings = dict(bindings)
        self._ready: dict[str, Any] = {}
        self.scopes: dict[Any, Any] = {}
        """What environments have made of them (`Environment.scope`)."""
        self.size = 0
        """Bytes of all values as JSON."""
        for name, value in bindings.items():
            self._ready[name], size = _ready(name, value)
            self.size += size

    def ready(self) -> dict[str, Any]:
        """The values as the engine takes them."""
        return self._ready

    def plain(self) -> Mapping[str, Any]:
        """The values as they were given."""
        return self._bindings

    def extent(self) -> extents.Extent:
        """How large the values are."""
        return extents.measure(self._bindings)

    def extended(self, bindings: Mapping[str, Any]) -> "Inputs":
        """These and more; one of the same name is replaced."""
        more = Inputs(bindings)
        more._bindings = {**self._bindings, **more._bindings}
        more._ready = {**self._ready, **more._ready}
        more.size += self.size
        return more


def _ready(name: str, value: Any) -> tuple[Any, int]:
    """`value` for the engine, and its size as JSON; nearly always it is fine as it is."""
    try:
        text = orjson.dumps(value, option=_STRICT)
    except (TypeError, RecursionError):  # orjson's JSONEncodeError is a TypeError
        return _converted(name, value, 0), len(repr(value))
    if _ESCAPED_NUL in text:
        return _converted(name, value, 0), len(text)
    return value, len(text)


def _converted(name: str, value: Any, depth: int) -> Any:
    """`value` rebuilt from what the engine takes."""
    if depth > _MAX_DEPTH:
        raise errors.EvaluationError(f"{name} is nested too deeply")
    match value:
        case None | bool() | float() | datetime.datetime() | datetime.timedelta() | bytearray():
            return value
        case str():
            return _text(name, str.__str__(value))
        case int():
            if not -_INT64 <= value < 2 * _INT64:
                raise errors.EvaluationError(f"{name} holds an integer beyond 64 bits")
            return int(value)
        case bytes():
            return bytearray(value)  # bytes are read up to their first NUL, bytearrays are not
        case Mapping():
            return {_key(name, key): _converted(name, item, depth + 1) for key, item in value.items()}
        case Sequence():
            return [_converted(name, item, depth + 1) for item in value]
        case _:
            raise errors.EvaluationError(f"{name} holds a {type(value).__name__}, which CEL does not know")


def _key(name: str, key: Any) -> Any:
    return _text(name, key) if isinstance(key, str) else key


def _text(name: str, value: str) -> Any:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise errors.EvaluationError(f"{name} holds half a surrogate pair") from None
    return _Text(value) if "\0" in value else value


def result(value: cel.Value) -> Any:
    """The plain value of a result.

    Raises:
        EvaluationError: it is an error, too large, or has no plain form (an optional, a type).
    """
    kind = value.type()
    if kind == cel.Type.BOOL:
        return value.plain_value()
    if kind == cel.Type.NULL:
        return None
    if kind == cel.Type.ERROR:
        raise errors.EvaluationError(reason(_plain(value)))
    plain = _plain(value)
    references.repay(plain)
    if isinstance(plain, str) and len(plain) <= MAX_RESULT:
        return plain
    if isinstance(plain, cel.Type):
        raise errors.EvaluationError("a type is not a result")
    if extents.measure(plain).size > MAX_RESULT:
        raise errors.BudgetExceeded(f"the result is larger than {MAX_RESULT} bytes")
    return bytes(plain) if isinstance(plain, bytearray) else plain


def _plain(value: cel.Value) -> Any:
    try:
        return value.plain_value()
    except (TypeError, RuntimeError, SystemError):
        raise errors.EvaluationError("an optional value is not a result; append .orValue(...)") from None


_STATUS: Final = re.compile(r"^[A-Z][A-Z_]+: (.*?)(?: \[[A-Z_]+\])?$", re.DOTALL)
_WORDS: Final = (
    (re.compile(r'Key not found in map : "((?:min|max) called on empty list)"'), r"\1"),  # krate_cel.macros
    (re.compile(r'Key not found in map : "?(.*?)"?'), r"no such key: \1"),
    (re.compile(r"Index error: index=(-?\d+) size=\d+"), r"index out of bounds: \1"),
    (re.compile(r"No matching overloads found : (.*)"), r"no such overload: \1"),
    (re.compile("Applying SELECT to non-message type"), "no such key: the value has no fields"),
    (re.compile("divide by zero"), "division by zero"),
    (re.compile("Iteration budget exceeded"), f"the limit of {extents.ITERATIONS} iterations is exceeded"),
    (re.compile('No value with name "(.*)" found in Activation'), r"no value for \1"),
)
"""The engine's words, and those of cel-go that Kubernetes shows; other texts are shown as they are."""


def reason(text: str) -> str:
    """An error of the engine in the words of Kubernetes."""
    found = _STATUS.match(text)
    message = found[1] if found else text
    for theirs, ours in _WORDS:
        if match := theirs.fullmatch(message):
            return match.expand(ours)
    return message
