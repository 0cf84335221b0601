"""Request bodies: JSON and YAML into plain values, and everything hostile into a 400."""

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import api_requests
from krate import errors, kinds
from krate.kinds import Kind
from krate_api import bodies, yaml_bodies

JSON, YAML, PROTOBUF = "application/json", "application/yaml", "application/vnd.kubernetes.protobuf"

VALUES: dict[str, tuple[bytes, str, Any]] = {
    "object": (b'{"a": [1, 2.5, true, null, "x"]}', JSON, {"a": [1, 2.5, True, None, "x"]}),
    "last of two wins": (b'{"a": 1, "a": 2}', JSON, {"a": 2}),
    "escapes": (rb'{"a": "\u00e9\n\ud83d\ude00"}', JSON, {"a": "é\n😀"}),
    "64 levels": (b"[" * 64 + b"]" * 64, JSON, json.loads("[" * 64 + "]" * 64)),
    "YAML object": (b"a: 1\nb: [x, 'y']\nc: {d: null}\n", YAML, {"a": 1, "b": ["x", "y"], "c": {"d": None}}),
    "YAML is JSON too": (b'{"a": "b"}', YAML, {"a": "b"}),
    "YAML times are texts": (b"a: 2026-11-25\nb: 2026-11-25T10:00:00Z\n", YAML,
                             {"a": "2026-11-25", "b": "2026-11-25T10:00:00Z"}),
    "YAML minutes are texts": (b"a: 12:30\nb: 1:30:00\nc: 12:30.5\n", YAML,
                               {"a": "12:30", "b": "1:30:00", "c": "12:30.5"}),
    "YAML numbers": (b"a: 0x1F\nb: 1_000\nc: 1e3\nd: .5\ne: -7\n", YAML,
                     {"a": 31, "b": 1000, "c": 1000.0, "d": 0.5, "e": -7}),
    "YAML booleans": (b"a: yes\nb: off\nc: 'yes'\n", YAML, {"a": True, "b": False, "c": "yes"}),
    "YAML keys are texts": (b"1: a\ntrue: b\nnull: c\n", YAML, {"1": "a", "true": "b", "null": "c"}),
    "YAML aliases": (b"a: &x {k: v}\nb: *x\n", YAML, {"a": {"k": "v"}, "b": {"k": "v"}}),
    "numbers beyond 64 bits": (b'{"a": 123456789012345678901234567890}', JSON, {"a": 1.2345678901234568e29}),
    "YAML numbers beyond 64 bits": (b"a: 123456789012345678901234567890", YAML, {"a": 1.2345678901234568e29}),
    "YAML octal": (b"a: 0777\nb: 0o17\nc: -0b11\nd: 08\n", YAML, {"a": 511, "b": 15, "c": -3, "d": 8.0}),
    "YAML merge keys are keys": (b"a: &x {k: v}\nb: {<<: *x}\n", YAML, {"a": {"k": "v"}, "b": {"<<": {"k": "v"}}}),
    "YAML nothing": (b"# only a comment\n", YAML, None),
    "YAML texts by tag": (b"a: !!str 5\nb: !!str true\n", YAML, {"a": "5", "b": "true"}),
    "YAML block text": (b"a: |\n  x\n  y\n", YAML, {"a": "x\ny\n"}),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_parse(name: str) -> None:
    """What is well formed becomes plain values of JSON's types."""
    data, media, want = VALUES[name]
    assert bodies.value_of(data, media) == want


def bomb(levels: int) -> bytes:
    """A billion laughs: every line doubles the one before."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, levels))]
    return "\n".join(lines).encode()


def merge_bomb(levels: int) -> bytes:
    """The same by merge keys."""
    lines = ["a0: &a0 {x: y}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: v}}" for n in range(1, levels))]
    return "\n".join(lines).encode()


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", JSON),
    "truncated": (b'{"a":', JSON),
    "two values": (b"{} {}", JSON),
    "a trailing comma": (b"[1,]", JSON),
    "NaN": (b"[NaN]", JSON),
    "Infinity": (b"[Infinity]", JSON),
    "a comment": (b"{} // x", JSON),
    "single quotes": (b"{'a': 1}", JSON),
    "invalid UTF-8": (b'"\xff"', JSON),
    "an overlong encoding": (b'"\xc0\xae"', JSON),
    "half a character": (rb'"\ud800"', JSON),
    "a control character": (b'"\x01"', JSON),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), JSON),
    "65 levels": (b"[" * 65 + b"]" * 65, JSON),
    "a hundred thousand levels": (b"[" * 100_000, JSON),
    "a hundred thousand objects": (b'{"a":' * 100_000, JSON),
    "YAML 65 levels": (b"[" * 65 + b"]" * 65, YAML),
    "YAML broken": (b"a: [", YAML),
    "YAML two documents": (b"a: 1\n---\nb: 2\n", YAML),
    "YAML bomb": (bomb(40), YAML),
    "YAML merge bomb": (merge_bomb(40), YAML),
    "YAML number beyond floats": (b"a: 1e999", YAML),
    "YAML integer of nothing": (b"a: !!int x", YAML),
    "YAML boolean of nothing": (b"a: !!bool x", YAML),
    "YAML alias of itself": (b"a: &a [*a]", YAML),
    "YAML unknown alias": (b"a: *x", YAML),
    "YAML object of Python": (b"a: !!python/object/apply:os.system ['id']", YAML),
    "YAML binary": (b"a: !!binary aGVsbG8=", YAML),
    "YAML set": (b"a: !!set {x, y}", YAML),
    "YAML not a number": (b"a: .nan", YAML),
    "YAML infinite": (b"a: -.inf", YAML),
    "YAML half a character": (b'a: "\\ud800"', YAML),
    "YAML list as key": (b"? [a, b]\n: c", YAML),
    "YAML map as key": (b"? {a: b}\n: c", YAML),
    "YAML invalid UTF-8": (b"a: \xff", YAML),
    "YAML tab": (b"a:\n\t- b", YAML),
    "YAML own tag": (b"a: !mine b", YAML),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("name", REFUSED)
def test_parse_refuses(name: str) -> None:
    """What is not, or would grow without bound, is refused with one line of reason."""
    data, media = REFUSED[name]
    with pytest.raises(bodies.Malformed) as caught:
        bodies.value_of(data, media)
    assert "\n" not in str(caught.value)
    assert 0 < len(str(caught.value)) < 400


DEEP = {"flow lists": b"[", "flow maps": b"{a: ", "block lists": b"- "}


@pytest.mark.parametrize("name", DEEP)
def test_deep_yaml_ends_in_an_error_not_in_a_crash(name: str) -> None:
    """YAML nested as deeply as a body allows is refused by a process that lives on."""
    program = (
        "import sys; from krate_api import bodies\n"
        "try:\n    bodies.value_of(sys.stdin.buffer.read(), 'application/yaml')\n"
        "except bodies.Malformed:\n    print('refused')\n"
    )
    text = DEEP[name] * (3 * 1024 * 1024 // len(DEEP[name]))
    done = subprocess.run([sys.executable, "-c", program], input=text, capture_output=True, check=False, timeout=100)
    assert (done.returncode, done.stdout) == (0, b"refused\n")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(ANY_JSON)
def test_json_round_trip(value: Any) -> None:
    """Whatever JSON can say is read as it was said."""
    assert bodies.value_of(json.dumps(value).encode(), JSON) == value


@given(st.binary(max_size=60) | st.text("[]{}:,-&*!|>'\"#%@` ab1\n\t?.", max_size=60).map(str.encode),
       st.sampled_from([JSON, YAML]))  # fmt: skip
def test_any_bytes_parse_or_are_refused(data: bytes, media: str) -> None:
    """No bytes do anything but parse or be refused, and what parses is JSON."""
    try:
        value = bodies.value_of(data, media)
    except bodies.Malformed:
        return
    assert json.loads(json.dumps(value, allow_nan=False)) == value


@given(st.dictionaries(st.text(), ANY_JSON, max_size=4))
def test_yaml_says_what_json_says(value: dict[str, Any]) -> None:
    """An object that the server writes as YAML is read back as it was."""
    assert bodies.value_of(yaml_bodies.dump(value), YAML) == value


AMBIGUOUS = ("y", "n", "yes", "NO", "on", "true", "null", "~", "", "1", "1_000", "0x1F", "0o17", "017", "1e3", "1E-3",
             ".5", ".inf", ".NaN", "12:30", "2026-11-25", "2026-11-25T10:00:00Z", "=", "<<", "- a", "a: b", "# x",
             "*x", "&x", "!x", "@x", "%x", "`x")  # fmt: skip


@pytest.mark.parametrize("text", AMBIGUOUS, ids=repr)
def test_yaml_texts_stay_texts(text: str) -> None:
    """A text that some reader could take for another type is quoted, as value and as key."""
    written = yaml_bodies.dump({text: text}).decode()
    assert yaml.safe_load(written) == {text: text}
    quoted = [f"{mark}{text}{mark}" for mark in "\"'"]
    assert written.strip() in {form.replace("TEXT", one) for one in quoted for form in ("TEXT: TEXT", "? TEXT\n: TEXT")}


def test_yaml_repeats_instead_of_referring() -> None:
    """Equal parts of an object are written out: no aliases that a client would have to follow."""
    part = {"a": "b"}
    assert yaml_bodies.dump({"c": part, "d": part}) == b"c:\n  a: b\nd:\n  a: b\n"


_GO_STRUCT = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
_PARSE = "couldn't get version/kind; json parse error: "
UNRECOGNIZED = {
    "a list": (b"[]", JSON, f"{_PARSE}json: cannot unmarshal array into Go value of type {_GO_STRUCT} (5b5d)"),
    "a text": (b'"x"', JSON, f"{_PARSE}json: cannot unmarshal string into Go value of type {_GO_STRUCT} (227822)"),
    "a number": (b"5", JSON, f"{_PARSE}json: cannot unmarshal number into Go value of type {_GO_STRUCT} (35)"),
    "a boolean": (b"true", JSON, f"{_PARSE}json: cannot unmarshal bool into Go value of type {_GO_STRUCT} (74727565)"),
    "null": (b"null", JSON, "Object 'Kind' is missing in 'null' (6e756c6c)"),
    "nothing": (b"", JSON, f"{_PARSE}unexpected end of JSON input (<empty>)"),
    "nothing in YAML": (b"", YAML, "Object 'Kind' is missing in '' (<empty>)"),
    "an empty object": (b"{}", JSON, "Object 'Kind' is missing in '{}' ({})"),
    "a list in YAML": (
        b"- a", YAML, f"{_PARSE}json: cannot unmarshal array into Go value of type {_GO_STRUCT} (2d2061)",
    ),
    "truncated": (b'{"apiVersion": ', JSON, f'{_PARSE}unexpected end of JSON input ({{"apiVersion": )'),
    "YAML as JSON": (
        b"apiVersion: v1\nkind: X\n", JSON,
        _PARSE + "invalid character 'a' looking for beginning of value "
        "(61706956657273696f6e3a2076310a6b696e643a20580a)",
    ),
    "NaN": (
        b'{"kind":NaN}', JSON, f"{_PARSE}invalid character 'N' looking for beginning of value ({{\"kind\":NaN}})",
    ),
    "no kind": (
        b'{"apiVersion":"ref.example.com/v1"}', JSON,
        'Object \'Kind\' is missing in \'{"apiVersion":"ref.example.com/v1"}\' ({"apiVersion":"ref.example.com ...)',
    ),
    "a version of another type": (
        b'{"apiVersion":5,"kind":"Pull"}', JSON,
        _PARSE + "json: cannot unmarshal number into Go struct field .apiVersion of type string "
        '({"apiVersion":5,"kind":"Pull"})',
    ),
    "a version of three parts": (
        b'{"apiVersion":"a/b/c","kind":"Pull","metadata":{"name":"b"}}', JSON,
        'unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c","kind":" ...)',
    ),
    "more behind it": (
        b'{"apiVersion":"ref.example.com/v1","kind":"Pull"} x', JSON,
        f'{_PARSE}invalid character \'x\' after top-level value ({{"apiVersion":"ref.example.com ...)',
    ),
    "broken YAML": (b"a: [", YAML, "yaml: line 1: did not find expected node content (613a205b)"),
    "YAML that is no UTF-8": (b"\xff", YAML, "yaml: invalid leading UTF-8 octet (ff)"),
    "YAML that refers too much": (
        b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
            b"%c: &%c [%b]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(6)
        ), YAML,
        "yaml: document contains excessive aliasing (613a202661205b782c782c782c782c782c782c782c782c782c785d0a623a ...)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNRECOGNIZED)
def test_an_object_is_wanted(name: str) -> None:
    """A body that is no object says why and shows its beginning, as kube-apiserver 1.36 was recorded saying it."""
    data, media, text = UNRECOGNIZED[name]
    with pytest.raises(errors.BadRequest) as caught:
        bodies.parse_object(data, media, kind="Pull")
    assert caught.value.message == f"the object provided is unrecognized (must be of type Pull): {text}"


MEDIA = {
    "": JSON,
    "application/json": JSON,
    "Application/JSON; charset=utf-8": JSON,
    "application/yaml": YAML,
}


@pytest.mark.parametrize("header", MEDIA, ids=repr)
def test_media_type(header: str) -> None:
    """Media types are compared without case and parameters; an absent one is JSON."""
    request = api_requests.request("POST", "/", headers={"content-type": header} if header else {})
    assert bodies.check_media_type(request) == MEDIA[header]


@pytest.mark.parametrize("header", ["text/plain", "application/cbor", "json", "*/*"])
def test_media_type_refused(header: str) -> None:
    """Other media types are refused with the list of those that are taken."""
    request = api_requests.request("POST", "/", headers={"content-type": header})
    with pytest.raises(
        errors.UnsupportedMediaType, match=r"accepted media types include: application/json, application/yaml$"
    ):
        bodies.check_media_type(request)


PROTOBUF_KINDS = {kinds.CONFIG_MAP: True, kinds.SECRET: True, kinds.LEASE: True, kinds.REPOSITORY: False,
                  kinds.VALIDATING_POLICY: False}  # fmt: skip


@pytest.mark.parametrize("kind", PROTOBUF_KINDS, ids=lambda kind: kind.name)
def test_protobuf_is_for_built_ins(kind: Kind) -> None:
    """Only kinds of Kubernetes itself may come as protobuf: their typed clients send nothing else."""
    assert (PROTOBUF in bodies.accepted_for(kind)) == PROTOBUF_KINDS[kind]


async def test_body_limit() -> None:
    """A body of the limit is read, one byte more is refused, whether announced or not."""
    assert len(await api_requests.request("POST", "/", body=b"x" * 100).body(limit=100)) == 100
    for headers in ({}, {"content-length": "101"}):
        with pytest.raises(errors.RequestEntityTooLarge, match="limit is 100"):
            await api_requests.request("POST", "/", headers=headers, body=b"x" * 101).body(limit=100)


@pytest.mark.parametrize(
    ("plain", "aliases", "accepted"),
    [(250_000, 0, True), (20, 99, True), (3_000, 100_000, True), (50, 2_000, True), (10, 5_000, False)],
)
def test_yaml_may_be_large_but_not_by_aliases(*, plain: int, aliases: int, accepted: bool) -> None:
    """Any number of nodes is read; when there are many, one in a hundred must be written out (yaml.v2)."""
    data = b"x: &x [1]\nplain: [%s]\naliases: [%s]\n" % (b"1," * plain, b"*x," * aliases)
    if accepted:
        assert len(bodies.value_of(data, "application/yaml")["aliases"]) == aliases
    else:
        with pytest.raises(bodies.Malformed, match="excessive aliasing"):
            bodies.value_of(data, "application/yaml")
