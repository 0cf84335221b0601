"""Types of Go as their JSON form shows them: what Kubernetes' own objects are decoded into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final


class Form(Enum):
    """What a scalar is in JSON."""

    TEXT = auto()
    BOOL = auto()
    INTEGER = auto()
    FLOAT = auto()
    BYTES = auto()
    """Text in base64."""
    TIME = auto()
    """Text in RFC 3339, of whole seconds."""
    MICRO_TIME = auto()
    """The same, of microseconds."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of one JSON type."""

    word: str
    """The Go type, as messages spell it."""
    form: Form = Form.TEXT
    bits: int = 0
    """Of an integer, without its sign."""


@dataclass(frozen=True, slots=True)
class AnyValue:
    """Any JSON value, kept as it is."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """An array."""

    of: "Shape"
    word: str


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object with free keys."""

    of: "Shape"
    word: str


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a struct.

    A zero value is left out (`omitempty`) unless the field is a pointer, whose zero value means something, or always
    written.
    """

    shape: "Shape"
    pointer: bool = False
    always: bool = False


@dataclass(frozen=True, slots=True)
class Struct:
    """An object with fields."""

    name: str
    members: Mapping[str, Member] = field(default_factory=dict[str, Member])

    @property
    def word(self) -> str:
        return f"v1.{self.name}"


class Special:
    """A type that is decoded by hand, as some are in Go."""


Shape = Scalar | AnyValue | ListOf | MapOf | Struct | Special

STRING: Final = Scalar("string")
BOOL: Final = Scalar("bool", Form.BOOL)
INT64: Final = Scalar("int64", Form.INTEGER, 63)
INT32: Final = Scalar("int32", Form.INTEGER, 31)
FLOAT: Final = Scalar("float64", Form.FLOAT)
BYTES: Final = Scalar("[]uint8", Form.BYTES)
TIME: Final = Scalar("string", Form.TIME)
MICRO_TIME: Final = Scalar("string", Form.MICRO_TIME)
ANY: Final = AnyValue()
STRINGS: Final = ListOf(STRING, "[]string")


def members(shape: Shape, *names: str, pointer: bool = False, always: bool = False) -> dict[str, Member]:
    """Fields of one type."""
    return {name: Member(shape, pointer, always) for name in names}
