"""Decoding into types of Go: unknown fields out, wrong types refused in the words of its decoder (encoding/json)."""

import datetime
import re
from collections.abc import Mapping
from typing import Any, Final

from krate_api.schemas import base64text, gofmt
from krate_api.schemas.causes import child
from krate_api.schemas.gotypes import AnyValue, Form, ListOf, MapOf, Scalar, Shape, Special, Struct

_NOWHERE: Final = ("", "")
_ZERO: Final = ("", 0, False, [], {})
_LAYOUTS: Final = {Form.TIME: "2006-01-02T15:04:05Z07:00", Form.MICRO_TIME: "2006-01-02T15:04:05.000000Z07:00"}
_PRECISIONS: Final = {Form.TIME: "seconds", Form.MICRO_TIME: "microseconds"}
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?P<fraction>(?:\.\d+)?)(?P<zone>Z|[+-]\d\d:\d\d)", re.ASCII
)
_MICROSECONDS: Final = re.compile(r"\.\d{6}", re.ASCII)
_NEVER: Final = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)
"""Go's zero time."""
_FITS: Final = {Form.TEXT: str, Form.BOOL: bool}


class Malformed(ValueError):
    """a value has the wrong type, in the words of Go's decoder."""


class Decoder:
    """Walks a value along its type.

    `at` is the path that reports of unknown fields show, with list numbers and map keys; `go` the one of type errors,
    which names fields of structs only.
    """

    def __init__(self, *, alone: bool = False) -> None:
        """`alone`: whether the decoder is the standard library's, which names no field where a time is none."""
        self.unknown: list[str] = []
        self._alone = alone

    def struct(self, value: Mapping[str, Any], shape: Struct, at: str = "", go: str = "") -> dict[str, Any]:
        """The value in the form of a struct, as Go would write it.

        Raises:
            Malformed: a value has the wrong type.
        """
        found: dict[str, Any] = {}
        for key in value:
            member = shape.members.get(key)
            if member is None:
                self.unknown.append(child(at, key))
                continue
            if value[key] is None:
                continue
            inner = self.value(value[key], member.shape, child(at, key), (shape.name, child(go, key)))
            if member.pointer or member.always or inner not in _ZERO:
                found[key] = inner
        for key, member in shape.members.items():
            if member.always and key not in found:
                found[key] = self.zero(member.shape)
        return found

    def zero(self, shape: Shape) -> Any:
        """What a field holds that nobody wrote."""
        match shape:
            case Struct():
                return self.struct({}, shape)
            case Scalar(form=Form.TEXT):
                return ""
            case Scalar(form=Form.BOOL):
                return False
            case _:
                return None

    def value(self, value: Any, shape: Shape, at: str, where: tuple[str, str]) -> Any:
        """A value that is not null in the form of its type.

        Args:
            value: as it was sent.
            shape: its type.
            at: where it stands in the object.
            where: the struct around it, and the path of its field.
        """
        match shape:
            case Scalar():
                return self.scalar(value, shape, where)
            case ListOf():
                check(value, list, where, shape.word)
                return [self._item(item, shape.of, child(at, number), where) for number, item in enumerate(value)]
            case MapOf():
                check(value, dict, where, shape.word)
                return {key: self._item(item, shape.of, child(at, key), where) for key, item in value.items()}
            case Struct():
                check(value, dict, where, shape.word)
                return self.struct(value, shape, at, where[1])
            case AnyValue():
                return value
            case Special():
                raise NotImplementedError

    def _item(self, value: Any, shape: Shape, at: str, where: tuple[str, str]) -> Any:
        """An item of a list or a map, where null is a zero value."""
        if value is not None or isinstance(shape, AnyValue):
            return self.value(value, shape, at, where)
        found = self.zero(shape)
        return {} if found is None else found

    def scalar(self, value: Any, shape: Scalar, where: tuple[str, str]) -> Any:
        """A text, a number, a boolean."""
        match shape.form:
            case Form.TEXT | Form.BOOL:
                check(value, _FITS[shape.form], where, shape.word)
                return value
            case Form.INTEGER | Form.FLOAT:
                return _number(value, shape, where)
            case Form.BYTES:
                check(value, str, where, shape.word)
                return _bytes(value)
            case Form.TIME | Form.MICRO_TIME:
                check(value, str, _NOWHERE if self._alone else where, shape.word)
                return _time(value, shape.form)


def check(value: Any, wanted: type, where: tuple[str, str], word: str) -> None:
    """Whether a value is of the JSON type that its field takes.

    Raises:
        Malformed: it is of another.
    """
    if not isinstance(value, wanted):
        raise mismatch(value, where, word)


def mismatch(value: Any, where: tuple[str, str], word: str, shown: str = "") -> Malformed:
    """The refusal of a value of another type; `shown` stands behind its own."""
    place = f"struct field {where[0]}.{where[1]}" if where[0] else "value"
    return Malformed(f"json: cannot unmarshal {gofmt.word(value)}{shown} into Go {place} of type {word}")


def _number(value: Any, shape: Scalar, where: tuple[str, str]) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise mismatch(value, where, shape.word)
    if shape.form is Form.FLOAT:
        return int(value) if isinstance(value, float) and value.is_integer() else value
    if not isinstance(value, int) or not -(1 << shape.bits) <= value < 1 << shape.bits:
        raise mismatch(value, where, shape.word, f" {gofmt.encode(value)}")
    return value


def _bytes(text: str) -> str:
    try:
        return base64text.canonical(text)
    except ValueError as problem:
        raise Malformed(str(problem)) from None


def _time(text: str, form: Form) -> str:
    """A time as Go writes it; empty for the one that stands for none."""
    parts = _RFC3339.fullmatch(text)
    if parts is None:
        raise _unparsed(text, form, text, "2006")
    if form is Form.MICRO_TIME and not _MICROSECONDS.fullmatch(parts["fraction"]):
        raise _unparsed(text, form, parts["fraction"] + parts["zone"], ".000000")
    try:
        moment = datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise _unparsed(text, form, text, "2006") from None
    return "" if moment == _NEVER else f"{moment.replace(tzinfo=None).isoformat(timespec=_PRECISIONS[form])}Z"


def _unparsed(text: str, form: Form, rest: str, wanted: str) -> Malformed:
    return Malformed(f'parsing time "{text}" as "{_LAYOUTS[form]}": cannot parse "{rest}" as "{wanted}"')
