"""A value with its type, and what can be wrong with one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

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


MAX_PROBLEMS: Final = 100
"""Problems that are told of one object, and `MAX_PATH` of each path: mistakes must not grow into a larger answer."""
MAX_PATH: Final = 4096


class TypeMismatch(Exception):
    """A value does not fit its type."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)[:MAX_PROBLEMS]
        lines = [f"{path}: {message}" if path else message for path, message in self.problems]
        super().__init__(lines[0] if len(lines) == 1 else "\n".join(["errors:", *(f"  {line}" for line in lines)]))


def under(prefix: str, problems: list[Problem]) -> list[Problem]:
    """The problems of a part, as the whole sees them."""
    if not problems:
        return problems
    return [((prefix + path)[:MAX_PATH], message) for path, message in problems[:MAX_PROBLEMS]]
