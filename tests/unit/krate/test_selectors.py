"""Label and field selectors: the grammar, the texts and the matching of k8s.io/apimachinery 0.36.

The expectations were recorded from `labels.Parse` and `fields.ParseSelector` themselves.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from krate import errors, names, selectors
from krate.selectors import EVERYTHING, Operator, Requirement, Selector

KEY = names.LABEL_KEY_RULE
VALUE = names.LABEL_VALUE_RULE


def requirements(*found: str) -> Selector:
    """`a in b|c` as requirements."""
    parsed: list[Requirement] = []
    for text in found:
        key, operator, *values = text.split(" ")
        parsed.append(Requirement(key, Operator(operator), frozenset(values[0].split("|")) if values else frozenset()))
    return Selector(tuple(parsed))


LABELS: dict[str, Selector] = {
    "": EVERYTHING,
    "  ": EVERYTHING,
    "a": requirements("a exists"),
    "!a": requirements("a !"),
    "a,b": requirements("a exists", "b exists"),
    "a=b": requirements("a = b"),
    "a==b": requirements("a == b"),
    "a!=b": requirements("a != b"),
    "a=": requirements("a = "),
    "a in (b,c)": requirements("a in b|c"),
    "a in (c,b,b)": requirements("a in b|c"),
    "a notin (b)": requirements("a notin b"),
    "a in ()": requirements("a in "),
    "a in (,)": requirements("a in "),
    "a in (b,)": requirements("a in b|"),
    "a in (,b)": requirements("a in |b"),
    "a>1": requirements("a gt 1"),
    "a<5": requirements("a lt 5"),
    "in in (in)": requirements("in in in"),
    "notin notin (notin)": requirements("notin notin notin"),
    "x/y=z": requirements("x/y = z"),
    "example.com/app.kubernetes_io-x=1": requirements("example.com/app.kubernetes_io-x = 1"),
    "  a  =  b  ,  c ": requirements("a = b", "c exists"),
    "a\t=\nb": requirements("a = b"),
    "a=b,a=c": requirements("a = b", "a = c"),
}


@pytest.mark.parametrize("text", LABELS, ids=repr)
def test_parse_labels(text: str) -> None:
    """A label selector parses to its requirements, in the order they stand."""
    assert selectors.parse_labels(text) == LABELS[text]


LABEL_ERRORS: dict[str, str] = {
    "a b c": "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    "a lt 5": "unable to parse requirement: found 'lt', expected: in, notin, =, ==, !=, gt, lt",
    "a ! b": "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt",
    "a=b=c": "found '=', expected: ',' or 'end of string'",
    "a=(b)": "unable to parse requirement: found '(', expected: identifier",
    "=a": "found '=', expected: !, identifier, or 'end of string'",
    "(a)": "found '(', expected: !, identifier, or 'end of string'",
    ",a": "found ',', expected: !, identifier, or 'end of string'",
    "a,": "found '', expected: identifier after ','",
    "a,,b": "found ',', expected: identifier after ','",
    "!": "unable to parse requirement: found '', expected: identifier",
    "!!a": "unable to parse requirement: found '!', expected: identifier",
    "a=!b": "unable to parse requirement: found '!', expected: identifier",
    "a in b": "unable to parse requirement: found 'b' expected: '('",
    "a in (b": "unable to parse requirement: found '', expected: ',' or ')'",
    "a in (": "unable to parse requirement: found '', expected: ',', ')' or identifier",
    "a in (!": "unable to parse requirement: found '!', expected: ',', ')' or identifier",
    "a in (b,": "unable to parse requirement: found '', expected: ',', or identifier",
    "a in (b c)": "unable to parse requirement: found 'c', expected: ',' or ')'",
    "a in (b;c)": f'unable to parse requirement: values[0][a]: Invalid value: "b;c": {VALUE}',
    "a in (;,|)": (
        f'unable to parse requirement: [values[0][a]: Invalid value: ";": {VALUE}, '
        f'values[1][a]: Invalid value: "|": {VALUE}]'
    ),
    "a>b": (
        'unable to parse requirement: values[0]: Invalid value: "b": '
        "for 'Gt', 'Lt' operators, the value must be an integer"
    ),
    "a>99999999999999999999": (
        'unable to parse requirement: values[0]: Invalid value: "99999999999999999999": '
        "for 'Gt', 'Lt' operators, the value must be an integer"
    ),
    "a<-1": f'unable to parse requirement: values[0][a]: Invalid value: "-1": {VALUE}',
    "/a": 'unable to parse requirement: <nil>: Invalid value: "/a": prefix part must be non-empty',
    "a/": f'unable to parse requirement: <nil>: Invalid value: "a/": name part must be non-empty; name part {KEY}',
    "a/b/c": (
        f'unable to parse requirement: <nil>: Invalid value: "a/b/c": a valid label key {KEY} with an optional DNS '
        "subdomain prefix and '/' (e.g. 'example.com/MyName')"
    ),
    "A/b=1": f'unable to parse requirement: <nil>: Invalid value: "A/b": prefix part {names.SUBDOMAIN_RULE}',
    "-a": f'unable to parse requirement: <nil>: Invalid value: "-a": name part {KEY}',
    'a"': f'unable to parse requirement: <nil>: Invalid value: "a\\"": name part {KEY}',
    "é": f'unable to parse requirement: <nil>: Invalid value: "é": name part {KEY}',
    "a=é": f'unable to parse requirement: values[0][a]: Invalid value: "é": {VALUE}',
    "k"
    * 64: f'unable to parse requirement: <nil>: Invalid value: "{"k" * 64}": name part must be no more than 63 bytes',
    "a=" + "v" * 64: (
        f'unable to parse requirement: values[0][a]: Invalid value: "{"v" * 64}": must be no more than 63 bytes'
    ),
    "a\0b": "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
}


@pytest.mark.parametrize("text", LABEL_ERRORS, ids=lambda text: repr(text[:30]))
def test_parse_labels_refuses(text: str) -> None:
    """What is no label selector is a 400 in upstream's words."""
    with pytest.raises(errors.BadRequest) as caught:
        selectors.parse_labels(text)
    assert caught.value.message == LABEL_ERRORS[text]


FIELDS: dict[str, Selector] = {
    "": EVERYTHING,
    "a=b": requirements("a = b"),
    "a==b": requirements("a == b"),
    "a!=b": requirements("a != b"),
    "a=": requirements("a = "),
    "c!=d,a=b": requirements("a = b", "c != d"),
    "a=b,,": requirements("a = b"),
    r"a=x\,y": requirements("a = x,y"),
    r"a=x\=y": requirements("a = x=y"),
    r"a=x\\y": requirements("a = x\\y"),
    r"a=x\\,b=c": requirements("a = x\\", "b = c"),
    "a.b.c=d": requirements("a.b.c = d"),
    "=": EVERYTHING,
    "a!b=c": requirements("a!b = c"),
    "é=ü": requirements("é = ü"),
}


@pytest.mark.parametrize("text", FIELDS, ids=repr)
def test_parse_fields(text: str) -> None:
    """A field selector parses to its terms, sorted, values unescaped."""
    assert selectors.parse_fields(text) == FIELDS[text]


FIELD_ERRORS = {
    "x": "invalid selector: 'x'; can't understand 'x'",
    "a=b,x": "invalid selector: 'a=b,x'; can't understand 'x'",
    "a<b": "invalid selector: 'a<b'; can't understand 'a<b'",
    "a=b=c": "invalid field selector: unescaped character in value: 61",
    r"a=\x": r"invalid field selector: invalid escape sequence: \x",
    "a=b\\": "invalid field selector: invalid escape sequence: \\",
}


@pytest.mark.parametrize("text", FIELD_ERRORS, ids=repr)
def test_parse_fields_refuses(text: str) -> None:
    """What is no field selector is a 400 in upstream's words."""
    with pytest.raises(errors.BadRequest) as caught:
        selectors.parse_fields(text)
    assert caught.value.message == FIELD_ERRORS[text]


@dataclass(frozen=True)
class Match:
    """A selector, and the labels it must and must not match."""

    text: str
    yes: tuple[dict[str, str], ...]
    no: tuple[dict[str, str], ...]


MATCHES = (
    Match("", ({}, {"a": "b"}), ()),
    Match("a", ({"a": ""}, {"a": "b"}), ({}, {"b": "a"})),
    Match("!a", ({}, {"b": "a"}), ({"a": ""},)),
    Match("a=b", ({"a": "b"},), ({}, {"a": ""}, {"a": "B"})),
    Match("a=", ({"a": ""},), ({}, {"a": "b"})),
    Match("a!=b", ({}, {"a": ""}, {"a": "c"}), ({"a": "b"},)),
    Match("a in (b,c)", ({"a": "b"}, {"a": "c"}), ({}, {"a": "d"})),
    Match("a notin (b,c)", ({}, {"a": "d"}), ({"a": "b"}, {"a": "c"})),
    Match("a>1", ({"a": "2"}, {"a": "10"}), ({}, {"a": "1"}, {"a": "0"}, {"a": "x"}, {"a": "1.5"}, {"a": "٣"})),
    Match("a<2", ({"a": "1"}, {"a": "-5"}), ({}, {"a": "2"}, {"a": ""}, {"a": "1_0"}, {"a": "9" * 30})),
    Match("a,b=c", ({"a": "x", "b": "c"},), ({"a": "x"}, {"b": "c"})),
    Match("a=b,a=c", (), ({"a": "b"}, {"a": "c"})),
)


@pytest.mark.parametrize("case", MATCHES, ids=lambda case: case.text or "everything")
def test_matches(case: Match) -> None:
    """Selectors match as upstream's do."""
    selector = selectors.parse_labels(case.text)
    assert [selector.matches(labels) for labels in case.yes] == [True] * len(case.yes)
    assert [selector.matches(labels) for labels in case.no] == [False] * len(case.no)


PINNED = {"a=b": "b", "a==b": "b", "a in (b)": "b", "a=": "", "a!=b": None, "a in (b,c)": None, "a": None, "b=a": None}


@pytest.mark.parametrize("text", PINNED)
def test_exact(text: str) -> None:
    """A selector knows the one value it pins a key to, which an index can look up."""
    assert selectors.parse_labels(text).exact("a") == PINNED[text]


OBJECTS: tuple[tuple[Any, Selector | None], ...] = (
    (None, None),
    ({}, EVERYTHING),
    ({"matchLabels": {"a": "b"}}, requirements("a = b")),
    ({"matchLabels": None, "matchExpressions": None}, EVERYTHING),
    ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b", "c"]}]}, requirements("a in b|c")),
    ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, requirements("a notin b")),
    ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, requirements("a exists")),
    ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist", "values": []}]}, requirements("a !")),
    (
        {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]},
        requirements("a = b", "c exists"),
    ),
)


@pytest.mark.parametrize(("obj", "want"), OBJECTS, ids=lambda value: str(value)[:60])
def test_from_object(obj: Any, want: Selector | None) -> None:
    """A metav1.LabelSelector becomes a Selector: none selects nothing, the empty one everything."""
    assert selectors.from_object(obj) == want


def test_from_object_refuses_an_unknown_operator() -> None:
    """An operator that does not exist is named in the error."""
    with pytest.raises(errors.BadRequest, match='"Near" is not a valid label selector operator'):
        selectors.from_object({"matchExpressions": [{"key": "a", "operator": "Near"}]})
