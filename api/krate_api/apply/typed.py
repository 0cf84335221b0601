"""A value with its type, and what can be wrong with one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from krate_api.apply.typedefs import Type

Problem = tuple[str, str]
"""Where, as a path, and what."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An object at one version."""

    value: Any
    type: Type
    version: str = ""
    """apiVersion."""


class TypeMismatch(Exception):
    """A value does not fit its type."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{path}: {message}" if path else message for path, message in self.problems]
        super().__init__(lines[0] if len(lines) == 1 else "\n".join(["errors:", *(f"  {line}" for line in lines)]))


def under(prefix: str, problems: list[Problem]) -> list[Problem]:
    """The problems of a part, as the whole sees them."""
    return [(prefix + path, message) for path, message in problems] if problems else problems
