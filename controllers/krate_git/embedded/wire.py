"""The calls of `/-/host/v1/`: one row each, from which the server and its client derive everything else.

Arguments and results travel as JSON in the shapes that `krate_git.interface` annotates, so a call cannot mean one
thing here and another there. A call is `POST /-/host/v1/<name>` with an object of its arguments; it answers
`{"value": ...}`, or an error `{"error": <class>, "message": ...}` under a status that says the same.
"""

import functools
import inspect
import typing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import pydantic

from krate import kinds
from krate.kinds import Kind
from krate.names import Verb
from krate_git import interface

PREFIX: Final = "/-/host/v1/"
_CONFIG: Final = pydantic.ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", extra="forbid")


@dataclass(frozen=True, slots=True)
class Call:
    """One method of a GitHost, and the access review that it costs."""

    name: str
    kind: Kind
    verb: Verb

    @functools.cache  # noqa: B019 - calls are rows of a table and live as long as the program
    def _hints(self) -> dict[str, Any]:
        port = interface.GitHosting if hasattr(interface.GitHosting, self.name) else interface.GitReading
        return typing.get_type_hints(getattr(port, self.name))

    @functools.cache  # noqa: B019
    def arguments(self) -> type[pydantic.BaseModel]:
        """Model of the arguments."""
        fields: dict[str, Any] = {name: (hint, ...) for name, hint in self._hints().items() if name != "return"}
        return pydantic.create_model(f"{self.name}_arguments", __config__=_CONFIG, **fields)

    @functools.cache  # noqa: B019
    def result(self) -> type[pydantic.BaseModel]:
        """Model of the result, as `value`."""
        return pydantic.create_model(f"{self.name}_result", __config__=_CONFIG, value=(self._hints()["return"], ...))


CALLS: Final = {
    call.name: call
    for call in (
        Call("put_organization", kinds.HOSTED_ORGANIZATION, Verb.UPDATE),
        Call("find_organization", kinds.HOSTED_ORGANIZATION, Verb.GET),
        Call("delete_organization", kinds.HOSTED_ORGANIZATION, Verb.DELETE),
        Call("put_team", kinds.HOSTED_TEAM, Verb.UPDATE),
        Call("find_team", kinds.HOSTED_TEAM, Verb.GET),
        Call("delete_team", kinds.HOSTED_TEAM, Verb.DELETE),
        Call("put_repository", kinds.HOSTED_REPOSITORY, Verb.UPDATE),
        Call("find_repository", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("retire_repository", kinds.HOSTED_REPOSITORY, Verb.DELETE),
        Call("delete_repository", kinds.HOSTED_REPOSITORY, Verb.DELETE),
        Call("put_access", kinds.HOSTED_ACCESS, Verb.UPDATE),
        Call("find_access", kinds.HOSTED_ACCESS, Verb.GET),
        Call("put_ref_policy", kinds.HOSTED_REF_POLICY, Verb.UPDATE),
        Call("find_ref_policy_digest", kinds.HOSTED_REF_POLICY, Verb.GET),
        Call("refs", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("resolve", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("tree", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("blob", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("commits", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("compare", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("diff", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("blame", kinds.HOSTED_REPOSITORY, Verb.GET),
        Call("contains", kinds.HOSTED_REPOSITORY, Verb.GET),
    )
}

STATUSES: Final[dict[type[interface.GitError], HTTPStatus]] = {
    interface.RepositoryMissing: HTTPStatus.NOT_FOUND,
    interface.RevisionMissing: HTTPStatus.NOT_FOUND,
    interface.RefMoved: HTTPStatus.CONFLICT,
    interface.HostNameTaken: HTTPStatus.CONFLICT,
    interface.PredecessorExists: HTTPStatus.CONFLICT,
    interface.HostForbidden: HTTPStatus.FORBIDDEN,
    interface.HostUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    interface.PolicyInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    interface.GitError: HTTPStatus.BAD_REQUEST,
}
"""Errors that travel; a subclass that is not listed travels as the nearest class that is."""

_ERRORS: Final = {error.__name__: error for error in STATUSES}


def kind_of(error: interface.GitError) -> type[interface.GitError]:
    """The listed class that an error travels as."""
    return next(parent for parent in inspect.getmro(type(error)) if parent in STATUSES)


def error_of(name: str, message: str) -> interface.GitError:
    """The error that an answer names."""
    return _ERRORS.get(name, interface.GitError)(message)
