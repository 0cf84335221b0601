"""Semantic versions (AS/pkg/cel/library/semverlib.go, github.com/blang/semver)."""

import functools
import re
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(?:-((?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?"
)
_MAX_LENGTH: Final = 256


class BadVersion(ValueError):
    """The text is no version."""


@functools.total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; what was built of it does not count."""

    major: int
    minor: int
    patch: int
    before: tuple[str, ...] = ()

    def _order(self) -> tuple[object, ...]:
        parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.before)
        return (self.major, self.minor, self.patch, not self.before, parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._order() == other._order()

    def __lt__(self, other: "Version") -> bool:
        return self._order() < other._order()

    def __hash__(self) -> int:
        return hash(self._order())


def parse(text: str, *, tolerant: bool = False) -> Version:
    """A version.

    Args:
        text: the version.
        tolerant: whether a `v` in front, missing numbers and zeros in front of them are forgiven.

    Raises:
        BadVersion: it is none.
    """
    if tolerant:
        text = _normalised(text)
    found = _FORM.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if found is None:
        raise BadVersion("No Major.Minor.Patch elements found" if text.count(".") < 2 else f'Invalid version "{text}"')  # noqa: PLR2004 - three numbers
    return Version(int(found[1]), int(found[2]), int(found[3]), tuple(found[4].split(".")) if found[4] else ())


def _normalised(text: str) -> str:
    numbers, mark, rest = re.fullmatch(r"v?([^+-]*)([+-]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [part.lstrip("0") or "0" if part else part for part in numbers.split(".")]
    parts += ["0"] * (3 - len(parts))
    return ".".join(parts) + mark + rest
