"""Errors of the API: each class knows its code and reason, its docstring is its sentence, `status()` renders it.

    StatusError
    ├── BadRequest 400          ├── Conflict 409             ├── TooManyRequests 429
    ├── Unauthorized 401        ├── AlreadyExists 409        ├── InternalError 500
    ├── Forbidden 403           ├── Expired 410              ├── ServiceUnavailable 503
    ├── NotFound 404            ├── RequestEntityTooLarge 413└── Timeout 504
    ├── MethodNotAllowed 405    ├── UnsupportedMediaType 415
    └── NotAcceptable 406       └── Invalid 422

The texts are those of kube-apiserver (AM/pkg/api/errors/errors.go), because clients and people match them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self

from krate.quoting import quoted as quoted  # noqa: PLC0414 - whoever writes messages finds it here


class CauseType(StrEnum):
    """Machine-readable causes of an Invalid (meta/v1 CauseType)."""

    REQUIRED = "FieldValueRequired"
    INVALID = "FieldValueInvalid"
    NOT_SUPPORTED = "FieldValueNotSupported"
    DUPLICATE = "FieldValueDuplicate"
    NOT_FOUND = "FieldValueNotFound"
    FORBIDDEN = "FieldValueForbidden"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"
    TYPE_INVALID = "FieldValueTypeInvalid"
    INTERNAL = "InternalError"
    NAMESPACE_TERMINATING = "NamespaceTerminating"
    RESOURCE_VERSION_TOO_LARGE = "ResourceVersionTooLarge"
    FIELD_MANAGER_CONFLICT = "FieldManagerConflict"


@dataclass(frozen=True, slots=True)
class Cause:
    """One problem of a request, at one field."""

    type: str
    message: str
    field: str = ""

    def render(self) -> dict[str, str]:
        entry = {"reason": str(self.type), "message": self.message, "field": self.field}
        return {key: value for key, value in entry.items() if value}


class StatusError(Exception):
    """the request failed."""

    code: ClassVar[int] = 500
    reason: ClassVar[str] = ""

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, Any] | None = None,
        causes: Iterable[Cause] = (),
        retry_after: int | None = None,
        continue_token: str | None = None,
        code: int | None = None,
        reason: str | None = None,
    ) -> None:
        self.message = message if message is not None else (type(self).__doc__ or "").strip()
        self.details = dict(details) if details is not None else None
        self.causes = tuple(causes)
        self.retry_after = retry_after
        self.continue_token = continue_token
        self.http_code = code if code is not None else type(self).code
        self.http_reason = reason if reason is not None else type(self).reason
        self.denied = False
        """Set by admission: a policy refused the request, whatever the code says."""
        super().__init__(self.message)

    def status(self) -> dict[str, Any]:
        """The error as a meta/v1 Status object."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.continue_token} if self.continue_token else {},
            "status": "Failure",
            "message": self.message,
        }
        if self.http_reason:
            body["reason"] = self.http_reason
        details = dict(self.details) if self.details is not None else {}
        if self.causes:
            details["causes"] = [cause.render() for cause in self.causes]
        if self.retry_after is not None:
            details["retryAfterSeconds"] = self.retry_after
        if details or self.details is not None:
            body["details"] = details
        body["code"] = self.http_code
        return body


def unsupported(field: str, shown: str, supported: Iterable[str]) -> Cause:
    """The cause of a value that is none of those supported (apimachinery pkg/util/validation/field NotSupported).

    Args:
        field: path of the field.
        shown: the value as it is to be printed, quoted where it is text.
        supported: what the field may hold.
    """
    options = ", ".join(map(quoted, supported))
    return Cause(CauseType.NOT_SUPPORTED, f"Unsupported value: {shown}: supported values: {options}", field)


def qualified(plural: str, group: str) -> str:
    """`pulls.forge.example`, or `configmaps` for the core group."""
    return f"{plural}.{group}" if group else plural


def _details(plural: str, group: str, name: str) -> dict[str, str]:
    details = {"name": name, "group": group, "kind": plural}
    return {key: value for key, value in details.items() if value}


class BadRequest(StatusError):
    """the server rejected our request due to an error in our request."""

    code, reason = 400, "BadRequest"


class Unauthorized(StatusError):
    """Unauthorized"""  # noqa: D415 - upstream's text has no full stop

    code, reason = 401, "Unauthorized"


class Forbidden(StatusError):
    """forbidden."""

    code, reason = 403, "Forbidden"

    @classmethod
    def of(cls, *, plural: str, group: str, name: str, message: str) -> Self:
        subject = f'{qualified(plural, group)} "{name}"' if name else qualified(plural, group)
        return cls(f"{subject} is forbidden: {message}", details=_details(plural, group, name))


class NotFound(StatusError):
    """the server could not find the requested resource"""  # noqa: D415

    code, reason = 404, "NotFound"

    @classmethod
    def of(cls, *, plural: str, group: str, name: str) -> Self:
        return cls(f'{qualified(plural, group)} "{name}" not found', details=_details(plural, group, name))


class MethodNotAllowed(StatusError):
    """the server does not allow this method on the requested resource"""  # noqa: D415

    code, reason = 405, "MethodNotAllowed"


class NotAcceptable(StatusError):
    """only the following media types are accepted: application/json, application/yaml"""  # noqa: D415

    code, reason = 406, "NotAcceptable"


class Conflict(StatusError):
    """the object has been modified; please apply your changes to the latest version and try again."""

    code, reason = 409, "Conflict"

    @classmethod
    def of(cls, *, plural: str, group: str, name: str, message: str | None = None) -> Self:
        why = message or ("the object has been modified; please apply your changes to the latest version and try again")
        return cls(
            f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}',
            details=_details(plural, group, name),
        )


class AlreadyExists(StatusError):
    """the object already exists."""

    code, reason = 409, "AlreadyExists"

    @classmethod
    def of(cls, *, plural: str, group: str, name: str, terminating: bool = False) -> Self:
        prefix = "object is being deleted: " if terminating else ""
        return cls(f'{prefix}{qualified(plural, group)} "{name}" already exists', details=_details(plural, group, name))


class Expired(StatusError):
    """the resourceVersion for the provided list is too old."""

    code, reason = 410, "Expired"


class RequestEntityTooLarge(StatusError):
    """Request entity too large: limit is 3145728"""  # noqa: D415

    code, reason = 413, "RequestEntityTooLarge"


class UnsupportedMediaType(StatusError):
    """the body of the request was in an unknown format."""

    code, reason = 415, "UnsupportedMediaType"


class Invalid(StatusError):
    """the server rejected our request due to an error in our request"""  # noqa: D415

    code, reason = 422, "Invalid"

    @classmethod
    def of(cls, *, kind: str, group: str, name: str, causes: Iterable[Cause]) -> Self:
        """The upstream aggregate: one problem plain, several in brackets, each once; details.kind is the Kind."""
        causes = tuple(causes)
        said = (f"{cause.field}: {cause.message}" if cause.field else cause.message for cause in causes)
        problems = list(dict.fromkeys(said))
        text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
        return cls(
            f'{qualified(kind, group)} "{name}" is invalid: {text}',
            details=_details(kind, group, name),
            causes=causes,
        )


class TooManyRequests(StatusError):
    """the server has received too many requests and has asked us to try again later."""

    code, reason = 429, "TooManyRequests"


class InternalError(StatusError):
    """an error on the server has prevented the request from succeeding."""

    code, reason = 500, "InternalError"

    @classmethod
    def of(cls, message: str) -> Self:
        return cls(f"Internal error occurred: {message}", causes=(Cause("", message),))


class ServiceUnavailable(StatusError):
    """the server is currently unable to handle the request."""

    code, reason = 503, "ServiceUnavailable"


class Timeout(StatusError):
    """the server was unable to return a response in the time allotted."""

    code, reason = 504, "Timeout"


@cache
def _by_reason() -> dict[str, type[StatusError]]:
    return {child.reason: child for child in StatusError.__subclasses__() if child.reason}


def from_status(status: Mapping[str, Any], code: int) -> StatusError:
    """The error a client raises for a Status it received.

    Args:
        status: the body, a Status object where the server followed the API's rules.
        code: the HTTP status code, used where the body has none.
    """
    reason = _text(status.get("reason"))
    details = status.get("details") if isinstance(status.get("details"), Mapping) else None
    listed = (details or {}).get("causes")
    causes = [
        Cause(_text(entry.get("reason")), _text(entry.get("message")), _text(entry.get("field")))
        for entry in (listed if isinstance(listed, list) else [])
        if isinstance(entry, Mapping)
    ]
    kept = {key: value for key, value in (details or {}).items() if key not in {"causes", "retryAfterSeconds"}}
    return _by_reason().get(reason, StatusError)(
        _text(status.get("message")) or reason or str(code),
        details=kept if details is not None else None,
        causes=causes,
        retry_after=_number((details or {}).get("retryAfterSeconds")),
        code=_number(status.get("code")) or code,
        reason=reason,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else None
