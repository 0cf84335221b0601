"""The small laws of the house."""

import ast
import re

import sources

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
SUPPRESSION = re.compile(
    r"#\s*(noqa|type:\s*ignore|pyright:\s*ignore)(?P<rule>[:\[]\s*[A-Za-z0-9, -]+\]?)?(?P<rest>.*)"
)
HOSTS = re.compile(r"(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org)")
TRIVIAL = 3
"""Statements from which on two equal bodies are no accident."""


def test_names_say_something():
    """No module or package has a name that says nothing."""
    found = [source.name for source in sources.product() if {*source.path.with_suffix("").parts} & VAGUE]
    assert found == []


def body(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return "" if len(statements) < TRIVIAL else "\n".join(ast.dump(statement) for statement in statements)


def test_no_function_is_written_twice():
    """No two functions have the same body."""
    first: dict[str, str] = {}
    twice: list[str] = []
    for source in sources.product():
        for node in source.functions():
            text = body(node)
            here = f"{source.name}:{node.lineno} {node.name}"
            if text and text in first:
                twice.append(f"{here} = {first[text]}")
            first.setdefault(text, here)
    assert twice == []


def test_suppressions_have_rules():
    """A suppressed check names its rule."""
    found = [
        f"{source.name}:{number}"
        for source in (*sources.product(), *sources.tests())
        for number, line in enumerate(source.lines, 1)
        if (match := SUPPRESSION.search(line)) and not match["rule"] and "SUPPRESSION" not in line
    ]
    assert found == []


def test_tests_are_claims():
    """Every test says what it claims."""
    found = [
        f"{source.name}:{node.lineno} {node.name}"
        for source in sources.tests()
        if source.path.name.startswith("test_")
        for node in source.functions()
        if node.name.startswith("test_") and ast.get_docstring(node) is None
    ]
    assert found == []


def test_nothing_blocks_the_event_loop():
    """Nobody sleeps but the synchronous commands of the terminal."""
    found = [
        source.name
        for source in sources.product()
        if "krate_cli" not in source.path.parts and re.search(r"\btime\.sleep\(", source.text)
    ]
    assert found == []


def test_no_hosts_of_package_indexes():
    """No lock or setup file names the host of a package index."""
    files = [path for path in sorted((sources.ROOT / "requirements").iterdir()) if path.is_file()]
    assert [path.name for path in files if HOSTS.search(path.read_text())] == []
