"""ConfigMaps and Secrets: what they may hold, as kube-apiserver 1.36 was recorded to say it."""

import base64
from typing import Any

import pytest

from api_answers import created, failure
from krate import kinds
from krate.kinds import Kind
from served_api import API, typed

KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
BIG = "a" * (1 << 20)
TOO_LONG = "Too long: may not be more than 1048576 bytes"
AUTH = "kubernetes.io/"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


INVALID: dict[str, tuple[Kind, dict[str, Any], list[tuple[str, str]]]] = {
    "a key": (kinds.CONFIG_MAP, {"data": {"a b": "v"}}, [("data[a b]", f'Invalid value: "a b": {KEY_RULE}')]),
    "a key in both": (
        kinds.CONFIG_MAP,
        {"data": {"k": "v"}, "binaryData": {"k": "", "a b": ""}},
        [
            ("data[k]", 'Invalid value: "k": duplicate of key present in binaryData'),
            ("binaryData[a b]", f'Invalid value: "a b": {KEY_RULE}'),
        ],
    ),
    "too much": (kinds.CONFIG_MAP, {"data": {"k": BIG}, "binaryData": {"b": "YQ=="}}, [("[]", TOO_LONG)]),
    "too much of a secret": (kinds.SECRET, {"stringData": {"k": BIG, "b": "a"}}, [("data", TOO_LONG)]),
    "keys of dots": (
        kinds.SECRET,
        {"data": {".": "", "..": "", "..x": ""}},
        [
            ("data[.]", "Invalid value: \".\": must not be '.'"),
            ("data[..]", "Invalid value: \"..\": must not be '..'"),
            ("data[..x]", "Invalid value: \"..x\": must not start with '..'"),
        ],
    ),
    "basic auth": (
        kinds.SECRET,
        {"type": f"{AUTH}basic-auth"},
        [("data[username]", "Required value"), ("data[password]", "Required value")],
    ),
    "ssh": (kinds.SECRET, {"type": f"{AUTH}ssh-auth"}, [("data[ssh-privatekey]", "Required value")]),
    "tls": (
        kinds.SECRET,
        {"type": f"{AUTH}tls"},
        [("data[tls.crt]", "Required value"), ("data[tls.key]", "Required value")],
    ),
    "docker": (kinds.SECRET, {"type": f"{AUTH}dockerconfigjson"}, [("data[.dockerconfigjson]", "Required value")]),
    "docker without JSON": (
        kinds.SECRET,
        {"type": f"{AUTH}dockercfg", "stringData": {".dockercfg": "x"}},
        [
            (
                "data[.dockercfg]",
                "Invalid value: \"<secret contents redacted>\": invalid character 'x' looking for beginning of value",
            )
        ],
    ),
    "a token of nobody": (
        kinds.SECRET,
        {"type": f"{AUTH}service-account-token"},
        [(f"metadata.annotations[{AUTH}service-account.name]", "Required value")],
    ),
}


@pytest.mark.parametrize("name", INVALID)
def test_invalid(admin: API, namespace: str, name: str) -> None:
    """What is wrong with keys, sizes and types is said of each, and never with a value."""
    kind, parts, want = INVALID[name]
    answer = admin.create(kind, {**typed(kind), "metadata": {"name": "x"}, **parts}, namespace=namespace)
    assert answer.status_code == 422, answer.text
    causes = failure(answer)["details"]["causes"]
    assert [(cause["field"], cause["message"]) for cause in causes] == want


CORRUPT = {
    "!x": 0, "abc": 0, "YWJj=": 4, "YQ=": 3, "YQ==x": 4, "Y": 0, "=": 0, "YWJjZA=!": 6, "YWJj!": 4, "YWJjZGU=e": 8,
}  # fmt: skip


@pytest.mark.parametrize("text", CORRUPT)
def test_no_base64(admin: API, namespace: str, text: str) -> None:
    """A value that is no base64 is refused as Go's decoder refuses it, at the same byte."""
    for kind, member in ((kinds.SECRET, "data"), (kinds.CONFIG_MAP, "binaryData")):
        body = {**typed(kind), "metadata": {"name": "x"}, member: {"k": text}}
        answer = admin.create(kind, body, namespace=namespace)
        why = f"illegal base64 data at input byte {CORRUPT[text]}"
        message = f'{kind.name} in version "v1" cannot be handled as a {kind.name}: {why}'
        assert (answer.status_code, failure(answer)) == (400, {"message": message, "reason": "BadRequest"})


def test_secrets(admin: API, namespace: str) -> None:
    """Texts are encoded and win over data, line breaks go, and a Secret without a type is opaque."""
    parts = {"type": "", "data": {"k": "YW\nJj", "t": "YQ=="}, "stringData": {"t": "text"}}
    made = created(admin, kinds.SECRET, {**typed(kinds.SECRET), "metadata": {"name": "x"}, **parts}, namespace)
    assert (made["type"], made["data"]) == ("Opaque", {"k": "YWJj", "t": encoded("text")})
    assert "stringData" not in made


@pytest.mark.parametrize("kind", [kinds.SECRET, kinds.CONFIG_MAP], ids=lambda kind: kind.plural)
def test_immutable(admin: API, namespace: str, kind: Kind) -> None:
    """What is immutable keeps its data and stays so; labels may change, and it may go."""
    body = {**typed(kind), "metadata": {"name": "x"}, "data": {"k": "YQ=="}, "immutable": True}
    created(admin, kind, body, namespace)
    text = "Forbidden: field is immutable when `immutable` is set"
    answer = admin.change(kind, "x", {"data": {"k": "Yg=="}, "immutable": None}, namespace=namespace)
    causes = failure(answer)["details"]["causes"]
    assert [(cause["field"], cause["message"]) for cause in causes] == [("immutable", text), ("data", text)]
    assert admin.change(kind, "x", {"metadata": {"labels": {"a": "b"}}}, namespace=namespace).status_code == 200
    assert admin.remove(kind, "x", namespace=namespace).status_code == 200


def test_deleted_accounts_are_shown(admin: API, namespace: str) -> None:
    """A deleted ServiceAccount and Namespace are answered with their last state, everything else with a Status."""
    kind = kinds.SERVICE_ACCOUNT
    made = created(admin, kind, {**typed(kind), "metadata": {"name": "x"}}, namespace)
    gone = admin.remove(kind, "x", namespace=namespace).json()
    assert (gone["kind"], gone["metadata"]["uid"]) == (kind.name, made["metadata"]["uid"])
