"""Errors render as Status objects and come back from them unchanged."""

from typing import Any

import pytest

from krate import errors
from krate.errors import Cause, CauseType

CLASSES = {
    errors.BadRequest: (400, "BadRequest"),
    errors.Unauthorized: (401, "Unauthorized"),
    errors.Forbidden: (403, "Forbidden"),
    errors.NotFound: (404, "NotFound"),
    errors.MethodNotAllowed: (405, "MethodNotAllowed"),
    errors.NotAcceptable: (406, "NotAcceptable"),
    errors.Conflict: (409, "Conflict"),
    errors.AlreadyExists: (409, "AlreadyExists"),
    errors.Expired: (410, "Expired"),
    errors.RequestEntityTooLarge: (413, "RequestEntityTooLarge"),
    errors.UnsupportedMediaType: (415, "UnsupportedMediaType"),
    errors.Invalid: (422, "Invalid"),
    errors.TooManyRequests: (429, "TooManyRequests"),
    errors.InternalError: (500, "InternalError"),
    errors.ServiceUnavailable: (503, "ServiceUnavailable"),
    errors.Timeout: (504, "Timeout"),
}


def status(error: errors.StatusError, **parts: Any) -> dict[str, Any]:
    """A Status with the parts that every Status has."""
    base = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": error.message}
    return {**base, **parts}


def test_every_class_is_in_the_table() -> None:
    """The table of this suite names every class of error."""
    assert set(CLASSES) == set(errors.StatusError.__subclasses__())


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_class_knows_code_reason_and_sentence(cls: type[errors.StatusError]) -> None:
    """A class alone makes a whole Status: code, reason and its docstring as message."""
    code, reason = CLASSES[cls]
    error = cls()
    assert error.status() == status(error, reason=reason, code=code)
    assert error.message
    assert error.message == (cls.__doc__ or "").strip()
    assert str(error) == error.message


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_status_comes_back_as_the_same_error(cls: type[errors.StatusError]) -> None:
    """A client that receives a Status raises the class that the server raised, with everything it carried."""
    error = cls(
        "why",
        details={"name": "web", "group": "krate.a5c.ai", "kind": "repositories"},
        causes=[Cause(CauseType.REQUIRED, "Required value", "spec.title")],
        retry_after=3,
    )
    back = errors.from_status(error.status(), 599)
    assert (type(back), back.status()) == (cls, error.status())
    plain = errors.from_status(cls().status(), 599)
    assert (type(plain), plain.status()) == (cls, cls().status())


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"
TEXTS = (
    (
        errors.NotFound.of(plural="pulls", group="g", name="a"),
        'pulls.g "a" not found',
        {"name": "a", "group": "g", "kind": "pulls"},
    ),
    (
        errors.NotFound.of(plural="namespaces", group="", name="nope"),
        'namespaces "nope" not found',
        {"name": "nope", "kind": "namespaces"},
    ),
    (
        errors.AlreadyExists.of(plural="pulls", group="g", name="a"),
        'pulls.g "a" already exists',
        {"name": "a", "group": "g", "kind": "pulls"},
    ),
    (
        errors.AlreadyExists.of(plural="pulls", group="g", name="a", terminating=True),
        'object is being deleted: pulls.g "a" already exists',
        {"name": "a", "group": "g", "kind": "pulls"},
    ),
    (
        errors.Conflict.of(plural="pulls", group="g", name="u"),
        f'Operation cannot be fulfilled on pulls.g "u": {MODIFIED}',
        {"name": "u", "group": "g", "kind": "pulls"},
    ),
    (
        errors.Conflict.of(plural="pulls", group="g", name="u", message="because"),
        'Operation cannot be fulfilled on pulls.g "u": because',
        {"name": "u", "group": "g", "kind": "pulls"},
    ),
    (
        errors.Forbidden.of(plural="pulls", group="g", name="", message="User cannot"),
        "pulls.g is forbidden: User cannot",
        {"group": "g", "kind": "pulls"},
    ),
    (
        errors.Forbidden.of(plural="pulls", group="g", name="a", message="User cannot"),
        'pulls.g "a" is forbidden: User cannot',
        {"name": "a", "group": "g", "kind": "pulls"},
    ),
)


@pytest.mark.parametrize(("error", "message", "details"), TEXTS, ids=[message for _, message, _ in TEXTS])
def test_upstream_texts(error: errors.StatusError, message: str, details: dict[str, str]) -> None:
    """The sentences are kube-apiserver's; details hold the plural, and nothing empty."""
    want = status(error, message=message, reason=type(error).reason, details=details, code=type(error).code)
    assert error.status() == want


def test_invalid_lists_causes() -> None:
    """One problem stands plain, several in brackets; details name the Kind and hold every cause."""
    one = Cause(CauseType.REQUIRED, "Required value", "spec.title")
    two = Cause(CauseType.TOO_LONG, "Too long", "spec.body")
    single = errors.Invalid.of(kind="Pull", group="g", name="b", causes=[one])
    double = errors.Invalid.of(kind="Pull", group="g", name="b", causes=[one, two])
    assert single.message == 'Pull.g "b" is invalid: spec.title: Required value'
    assert double.message == 'Pull.g "b" is invalid: [spec.title: Required value, spec.body: Too long]'
    assert double.status()["details"] == {
        "name": "b",
        "group": "g",
        "kind": "Pull",
        "causes": [
            {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.title"},
            {"reason": "FieldValueTooLong", "message": "Too long", "field": "spec.body"},
        ],
    }


def test_hidden_details_stay_an_empty_object() -> None:
    """A failed JSON patch answers `details: {}`: kopf looks for it."""
    assert errors.Invalid(details={}).status()["details"] == {}
    assert "details" not in errors.Invalid().status()


def test_retry_and_continue() -> None:
    """The time to wait stands in details, a token to go on in metadata."""
    assert errors.TooManyRequests(retry_after=7).status()["details"] == {"retryAfterSeconds": 7}
    assert errors.Expired(continue_token="abc").status()["metadata"] == {"continue": "abc"}


def test_overridden_code_and_reason() -> None:
    """An answer without a class of its own keeps its code, and has no reason unless given one."""
    plain = errors.StatusError("resourceVersion should not be set on objects to be created")
    assert plain.status() == status(plain, code=500)
    teapot = errors.StatusError("short and stout", code=418, reason="Teapot")
    assert teapot.status() == status(teapot, reason="Teapot", code=418)


FOREIGN: tuple[tuple[Any, int, type[errors.StatusError], int, str], ...] = (
    ({}, 502, errors.StatusError, 502, "502"),
    ({"reason": "Teapot", "message": "no", "code": 418}, 400, errors.StatusError, 418, "no"),
    ({"reason": "NotFound"}, 404, errors.NotFound, 404, "NotFound"),
    ({"reason": None, "message": None, "details": None, "code": None}, 500, errors.StatusError, 500, "500"),
    ({"reason": "Invalid", "details": {"causes": None}}, 422, errors.Invalid, 422, "Invalid"),
    ({"reason": "Invalid", "details": {"causes": ["x"]}}, 422, errors.Invalid, 422, "Invalid"),
    ({"reason": "Invalid", "details": "x"}, 422, errors.Invalid, 422, "Invalid"),
    ({"reason": "Conflict", "details": {"causes": [{"reason": "X"}]}}, 409, errors.Conflict, 409, "Conflict"),
    ({"reason": ["NotFound"], "message": {"a": 1}, "code": "x"}, 404, errors.StatusError, 404, "404"),
)


@pytest.mark.parametrize(("body", "code", "cls", "want", "message"), FOREIGN, ids=[str(body) for body, *_ in FOREIGN])
def test_foreign_status(body: Any, code: int, cls: type[errors.StatusError], want: int, message: str) -> None:
    """Whatever a server calls a Status becomes an error with its code; nothing in it can break the client."""
    error = errors.from_status(body, code)
    assert (type(error), error.http_code, error.message) == (cls, want, message)


QUOTED = {"plain": '"plain"', 'a"b': '"a\\"b"', "a\\b": '"a\\\\b"', "a\nb": '"a\\nb"', "é": '"é"', "": '""'}


@pytest.mark.parametrize("text", QUOTED, ids=repr)
def test_quoted(text: str) -> None:
    """A value inside a message cannot end its own quotes or break the line."""
    assert errors.quoted(text) == QUOTED[text]
