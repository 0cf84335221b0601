"""Literals that cannot be what they are used for: patterns, timestamps, durations (cel-go's AST validators)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from krate_cel import patterns
from krate_cel.interpreter import times, tree
from krate_cel.interpreter.values import EvalError

_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "matches": patterns.compiled,
    "timestamp": times.timestamp,
    "duration": times.duration,
}


def problems(found: tree.Tree) -> Iterator[tuple[int, str]]:
    """Ids of the literals, and what is wrong."""
    pending: list[tree.Node] = [found.root]
    while pending:
        node = pending.pop()
        match node:
            case tree.Call(function="matches" | "timestamp" | "duration" as name, arguments=(*_, tree.Const() as last)):
                if isinstance(last.value, str) and not _reads(name, last.value):
                    yield last.id, f"invalid {name} argument"
            case _:
                pass
        pending += tree.parts(node)


def _reads(name: str, value: str) -> bool:
    try:
        _READERS[name](value)
    except (ValueError, EvalError):
        return False
    return True
