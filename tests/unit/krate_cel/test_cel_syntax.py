"""The checked tree is read back from the engine's own bytes."""

import pytest
from cel_expr_python import cel

from krate_cel import engine, syntax, wire
from krate_cel.syntax import Call, Comprehension, Const, Group, Ident, Select, Tree

ENV = engine.checker({"v": cel.Type.DYN, "variables.t": cel.Type.STRING})

TREES = [
    ("null", Const(None)),
    ("true", Const(value=True)),
    ("-5", Const(-5)),
    ("7u", Const(7)),
    ("1.5", Const(1.5)),
    ("'ä'", Const("ä")),
    ("b'\\x00'", Const(b"\0")),
    ("v.a", Select(Ident("v"), "a", test=False)),
    ("has(v.a)", Select(Ident("v"), "a", test=True)),
    ("variables.t", Ident("variables.t")),
    ("has(variables.t)", Ident("variables.t")),
    ("v.size()", Call("size", (Ident("v"),))),
    ("sets.contains([1], [2])", Call("sets.contains", (Group((Const(1),)), Group((Const(2),))))),
    ("{'a': v}", Group((Const("a"), Ident("v")))),
    ("v.?a", Call("_?._", (Ident("v"), Const("a")))),
    ("v[0]", Call("_[_]", (Ident("v"), Const(0)))),
    (
        "v.exists(x, x == 1)",
        Comprehension(
            ("x",),
            Ident("v"),
            "@result",
            Const(value=False),
            Call("@not_strictly_false", (Call("!_", (Ident("@result"),)),)),
            Call("_||_", (Ident("@result"), Call("_==_", (Ident("x"), Const(1))))),
            Ident("@result"),
        ),
    ),
]


@pytest.mark.parametrize(("expression", "root"), TREES, ids=[row[0] for row in TREES])
def test_trees(expression, root):
    """Every kind of expression is decoded to the node that stands for it."""
    assert Tree(root) == syntax.decode(ENV.compile(expression).serialize())


def test_two_variable_loops():
    """A macro with two variables keeps both names."""
    tree = syntax.decode(ENV.compile("v.all(i, x, i == x)").serialize())
    assert isinstance(tree.root, Comprehension)
    assert tree.root.names == ("i", "x")


def test_names_and_members():
    """Names and the members selected of them are found wherever they stand."""
    tree = syntax.decode(ENV.compile("v.a.b == 1 && has(v.c) && v.l.all(x, x.y > 0) && variables.t == ''").serialize())
    assert tree.names() >= {"v", "variables.t", "x"}
    assert tree.selected() == {"v.a", "v.c", "v.l", "x.y"}


def test_replaced_calls_are_in_the_tree_that_runs():
    """A call of a function that the engine lacks is not there any more; its arguments are."""
    found = engine.compile_checked("v.a.find('(x)') + [v.b].max()", checks=ENV, runs=engine.shared_runner())
    functions = {node.function for node in found.tree.walk() if isinstance(node, Call)}
    assert functions & {"find", "max"} == set()
    assert "regex.extract" in functions
    assert {"v.a", "v.b"} <= found.tree.selected()


def test_numbers_of_every_length_survive_the_wire():
    """A field is read back as it was put."""
    for value in (0, 1, 127, 128, 300, 2**31, 2**63, 2**64 - 1):
        assert [(3, value)] == list(wire.fields(wire.put(3, value)))
    for value in (b"", b"x" * 127, b"x" * 128, b"x" * 70_000):
        assert [(9, value)] == list(wire.fields(wire.put(9, value)))


def test_what_is_no_message_is_refused():
    """Group tags do not occur in what the engine writes."""
    with pytest.raises(ValueError, match="unknown wire type: 3"):
        list(wire.fields(b"\x0b"))
    with pytest.raises(TypeError):
        wire.as_bytes(5)
