"""Nothing outgrows a reader."""

import ast
from collections.abc import Callable

import pytest

import sources

FILE, FUNCTION = 300, 40
Part = Callable[[], tuple[sources.Source, ...]]
EVERYWHERE = pytest.mark.parametrize("part", [sources.product, sources.tests], ids=["product", "tests"])


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, its docstring aside."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@EVERYWHERE
def test_files(part: Part) -> None:
    """No file is longer than 300 lines."""
    assert [source.name for source in part() if len(source.lines) > FILE] == []


@EVERYWHERE
def test_functions(part: Part) -> None:
    """No function's body is longer than 40 lines."""
    found = [
        f"{source.name}:{node.lineno} {node.name}: {length(node)}"
        for source in part()
        for node in source.functions()
        if length(node) > FUNCTION
    ]
    assert found == []
