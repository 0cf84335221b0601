"""Nothing outgrows a reader."""

import ast

import pytest

import sources

FILE, FUNCTION = 300, 40


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body, its docstring aside."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("part", [sources.product], ids=["product"])
def test_files(part):
    """No file is longer than 300 lines."""
    assert [source.name for source in part() if len(source.lines) > FILE] == []


@pytest.mark.parametrize("part", [sources.product], ids=["product"])
def test_functions(part):
    """No function's body is longer than 40 lines."""
    found = [
        f"{source.name}:{node.lineno} {node.name}: {length(node)}"
        for source in part()
        for node in source.functions()
        if length(node) > FUNCTION
    ]
    assert found == []
