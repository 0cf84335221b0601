"""Names: what may be one, in upstream's words, and what is derived from one."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krate import names

SUBDOMAINS = {
    "a": (),
    "web": (),
    "web-1": (),
    "a.b-c.d0": (),
    "0": (),
    "a" * 253: (),
    "a" * 254: ("must be no more than 253 characters",),
    "": (names.SUBDOMAIN_RULE,),
    "A": (names.SUBDOMAIN_RULE,),
    "-a": (names.SUBDOMAIN_RULE,),
    "a-": (names.SUBDOMAIN_RULE,),
    "a..b": (names.SUBDOMAIN_RULE,),
    ".a": (names.SUBDOMAIN_RULE,),
    "a_b": (names.SUBDOMAIN_RULE,),
    "a/b": (names.SUBDOMAIN_RULE,),
    "é": (names.SUBDOMAIN_RULE,),
    "a\n": (names.SUBDOMAIN_RULE,),
    "\u0131": (names.SUBDOMAIN_RULE,),  # a dotless i is no i, whatever case folding says
    "E" * 254: ("must be no more than 253 characters", names.SUBDOMAIN_RULE),
}


@pytest.mark.parametrize("name", SUBDOMAINS, ids=lambda name: f"{name[:20]!r} {len(name)}")
def test_subdomain(name: str) -> None:
    """DNS-1123 subdomains: length and characters."""
    assert names.subdomain_problems(name) == SUBDOMAINS[name]


LABELS = {
    "a": (),
    "web-1": (),
    "a" * 63: (),
    "a" * 64: ("must be no more than 63 characters",),
    "a.b": ("must not contain dots",),
    "A": (names.LABEL_RULE,),
    "": (names.LABEL_RULE,),
    "a-": (names.LABEL_RULE,),
    "a\n": (names.LABEL_RULE,),
}


@pytest.mark.parametrize("name", LABELS, ids=lambda name: f"{name[:20]!r} {len(name)}")
def test_label(name: str) -> None:
    """DNS-1123 labels: what namespaces are named with."""
    assert names.label_problems(name) == LABELS[name]


EXAMPLE = "(e.g. 'example.com/MyName')"
KEY = f"name part {names.LABEL_KEY_RULE}"
LABEL_KEYS = {
    "a": (),
    "A_b.c-d": (),
    "example.com/x": (),
    "a" * 253 + "/" + "b" * 63: (),
    "k" * 64: ("name part must be no more than 63 bytes",),
    "p" * 254 + "/x": ("prefix part must be no more than 253 bytes",),
    "": ("name part must be non-empty", KEY),
    "/x": ("prefix part must be non-empty",),
    "x/": ("name part must be non-empty", KEY),
    "/": ("prefix part must be non-empty", "name part must be non-empty", KEY),
    "A.com/x": (f"prefix part {names.SUBDOMAIN_RULE}",),
    "-x": (KEY,),
    "x y": (KEY,),
    "x\n": (KEY,),
    "a/b/c": (f"a valid label key {names.LABEL_KEY_RULE} with an optional DNS subdomain prefix and '/' {EXAMPLE}",),
}


@pytest.mark.parametrize("key", LABEL_KEYS, ids=lambda key: f"{key[:20]!r} {len(key)}")
def test_label_key(key: str) -> None:
    """Qualified names: an optional prefix, and a name."""
    assert names.label_key_problems(key) == LABEL_KEYS[key]


LABEL_VALUES = {
    "": (),
    "a": (),
    "A_b.c-d": (),
    "v" * 63: (),
    "v" * 64: ("must be no more than 63 bytes",),
    "-": (names.LABEL_VALUE_RULE,),
    "a b": (names.LABEL_VALUE_RULE,),
    "a/b": (names.LABEL_VALUE_RULE,),
    "a\n": (names.LABEL_VALUE_RULE,),
    "é" * 32: ("must be no more than 63 bytes", names.LABEL_VALUE_RULE),
}


@pytest.mark.parametrize("value", LABEL_VALUES, ids=lambda value: f"{value[:20]!r} {len(value)}")
def test_label_value(value: str) -> None:
    """Label values: empty, or short words."""
    assert names.label_value_problems(value) == LABEL_VALUES[value]


PATH_SEGMENTS = {
    "system:discovery": (),
    "A b": (),
    ".": ("may not be '.'",),
    "..": ("may not be '..'",),
    "a/b": ("may not contain '/'",),
    "a%b": ("may not contain '%'",),
    "a/b%c": ("may not contain '/'", "may not contain '%'"),
}


@pytest.mark.parametrize("name", PATH_SEGMENTS)
def test_path_segment(name: str) -> None:
    """RBAC objects may be named with anything that is one segment of a path."""
    assert names.path_segment_problems(name) == PATH_SEGMENTS[name]


def test_user_object_name() -> None:
    """A user's object bears the user name when it can, else a hash of it."""
    assert names.user_object_name("alice") == "alice"
    assert names.user_object_name("alice@example.com") == "u-" + hashlib.sha256(b"alice@example.com").hexdigest()[:16]


@given(st.text())
def test_user_object_name_is_always_a_name(username: str) -> None:
    """Whatever somebody signs in as, their object can be named, and two users never share a name by spelling."""
    name = names.user_object_name(username)
    assert names.subdomain_problems(name) == ()
    assert name == username or name.startswith("u-")


def test_child_name() -> None:
    """Names of children are readable, the same every time, and differ when any part differs."""
    assert names.child_name("web", "reader") == names.child_name("web", "reader")
    different = [("web", "reader"), ("web", "writer"), ("webr", "eader"), ("web", "read", "er"), ("web",)]
    found = {names.child_name(*parts) for parts in different}
    assert len(found) == len(different)


@given(st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,80}[a-z0-9])?", fullmatch=True), st.lists(st.text(), max_size=3))
def test_child_name_fits(prefix: str, parts: list[str]) -> None:
    """A child's name has at most 63 characters and ends in a letter or digit."""
    name = names.child_name(prefix, *parts)
    assert len(name) <= names.MAX_LABEL
    assert name[-1].isalnum()


def test_service_account_user() -> None:
    """ServiceAccounts authenticate under the name that RBAC subjects resolve to."""
    assert (
        names.service_account_user("krate-system", "krate-hosted") == "system:serviceaccount:krate-system:krate-hosted"
    )
