"""What is wrong with a text that is no JSON, as kube-apiserver 1.36 was recorded saying it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate_api import json_problems

RECORDED = {
    b"": "unexpected end of JSON input",
    b'{"spec": ': "unexpected end of JSON input",
    b'{"a":"': "unexpected end of JSON input",
    b"x": "invalid character 'x' looking for beginning of value",
    b"[1,]": "invalid character ']' looking for beginning of value",
    b'{"a":+1}': "invalid character '+' looking for beginning of value",
    b'{"a" 1}': "invalid character '1' after object key",
    b'{"a":1 "b":2}': "invalid character '\"' after object key:value pair",
    b'{"a":01}': "invalid character '1' after object key:value pair",
    b'{"a":"\xe9"x}': "invalid character 'x' after object key:value pair",
    b"[1 2]": "invalid character '2' after array element",
    b"{a:1}": "invalid character 'a' looking for beginning of object key string",
    b"{'a':1}": "invalid character '\\'' looking for beginning of object key string",
    b'{"a":1,}': "invalid character '}' looking for beginning of object key string",
    b'{"a":"\x01"}': "invalid character '\\x01' in string literal",
    b'{"a":"\\q"}': "invalid character 'q' in string escape code",
    b'{"a":"\\u12g4"}': "invalid character 'g' in \\u hexadecimal character escape",
    b'{"a":-x}': "invalid character 'x' in numeric literal",
    b'{"a":1.x}': "invalid character 'x' after decimal point in numeric literal",
    b'{"a":1ex}': "invalid character 'x' in exponent of numeric literal",
    b'{"a":tru}': "invalid character '}' in literal true (expecting 'e')",
    b'{"a":nul': "invalid character ' ' in literal null (expecting 'l')",
    b"{} {}": "invalid character '{' after top-level value",
    b'{"a":1e400}': "json: cannot unmarshal number 1e400 into Go value of type float64",
    b"[" * 20_000: "invalid character '[' exceeded max depth",
}


@pytest.mark.parametrize("data", RECORDED, ids=lambda data: repr(data[:20]))
def test_recorded(data: bytes) -> None:
    """The first problem of a text has Go's words."""
    assert json_problems.describe(data) == RECORDED[data]


def test_a_long_text_is_not_looked_through() -> None:
    """Of a text that is long nothing more is said than that it is wrong."""
    data = b"[" + b"1," * json_problems.LONGEST
    assert json_problems.describe(data) == f"invalid JSON in a text of {len(data)} bytes"


@given(st.text(alphabet='{}[]",:0123456789.eE+-truefalsn \\u\n').map(str.encode) | st.binary(max_size=30))
def test_agrees_with_a_parser(data: bytes) -> None:
    """A text has a problem exactly when another parser refuses it."""
    try:
        json.loads(data.decode("latin-1"), parse_constant=_refuse)
    except ValueError:
        assert json_problems.describe(data)
    else:
        assert json_problems.describe(data) == ""


def _refuse(constant: str) -> None:
    raise ValueError(constant)
