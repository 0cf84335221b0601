"""Rules of the forge that neither RBAC nor a schema can say.

Who may remove finalizers, set protected labels, ask for a merge, report a check, edit other people's words, or delete
an organisation.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from krate import errors, kinds, names
from krate.identity import Attributes, Caller
from krate.kinds import Form
from krate.models.organization import DeletionPolicy
from krate_api.admission.interface import Operation, Request, Review
from krate_api.authz.authorizer import Authorizer

_PLATFORM: Final = Attributes("*", "*", "*", "*")


class Guard(Protocol):
    """One rule."""

    async def __call__(self, request: Request) -> str:
        """Why the request is refused; empty when it is not."""
        ...


class Guards:
    """All rules, as one validator."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer
        self._guards: tuple[Guard, ...] = (
            self._finalizers,
            self._retained,
            self._labels,
            self._merge,
            self._check,
            self._words,
        )

    def interested(self, request: Request) -> bool:
        return request.kind.form is not Form.BUILTIN and not request.subresource

    async def validate(self, request: Request, review: Review) -> None:  # noqa: ARG002 - the port's shape
        for guard in self._guards:
            if why := await guard(request):
                kind = request.kind
                raise errors.Forbidden.of(plural=kind.plural, group=kind.group, name=request.name, message=why)

    async def _may(self, caller: Caller, verb: str, subresource: str, namespace: str, repository: str) -> bool:
        kind = kinds.REPOSITORY
        attributes = Attributes(verb, kind.group, kind.version, kind.plural, subresource, namespace, repository)
        return (await self._authorizer.review(caller, attributes)).allowed

    async def _platform(self, caller: Caller) -> bool:
        """Whether the caller may do everything: a platform engineer."""
        return (await self._authorizer.review(caller, _PLATFORM)).allowed

    async def _finalizers(self, request: Request) -> str:
        if request.operation is not Operation.UPDATE or request.old is None or request.object is None:
            return ""
        before = set(request.old["metadata"].get("finalizers") or [])
        gone = sorted(before - set(request.object["metadata"].get("finalizers") or []))
        ours = [item for item in gone if item.startswith(names.FINALIZER_PREFIX)]
        if not ours or _controller(request.caller) or await self._platform(request.caller):
            return ""
        return f"finalizer {ours[0]} is removed by its controller; ask a platform engineer if it is stuck"

    async def _retained(self, request: Request) -> str:
        if request.kind is not kinds.ORGANIZATION or request.operation is not Operation.DELETE or request.old is None:
            return ""
        if request.old["spec"].get("deletionPolicy") == DeletionPolicy.DELETE:
            return ""
        return "spec.deletionPolicy is Retain; set deletionPolicy: Delete first"

    async def _labels(self, request: Request) -> str:
        if request.kind.form is not Form.FORGE or request.object is None:
            return ""
        repository = (request.object.get("spec") or {}).get("repository")
        before = _protected(request.old)
        if not repository or _protected(request.object) == before or _controller(request.caller):
            return ""
        if await self._may(request.caller, "update", kinds.GIT_SUBRESOURCE, request.namespace, repository):
            return ""
        return f"labels that begin with {names.PROTECTED_LABEL_PREFIX} are set by Writers of the repository"

    async def _merge(self, request: Request) -> str:
        """Asking for a merge, and withdrawing somebody else's request, needs create on repositories/merge."""
        if request.kind is not kinds.PULL_REQUEST or request.object is None:
            return ""
        asked = (request.object.get("status") or {}).get("mergeRequest")
        before = ((request.old or {}).get("status") or {}).get("mergeRequest")
        if asked == before or (asked is None and before is not None and before["user"] == request.caller.username):
            return ""
        repository = request.object["spec"]["repository"]
        if await self._may(request.caller, "create", kinds.MERGE_SUBRESOURCE, request.namespace, repository):
            return ""
        return (
            f'User "{request.caller.username}" may not merge in repository "{repository}"; '
            "a Writer of it can, or can give you the role in spec.access"
        )

    async def _check(self, request: Request) -> str:
        if request.kind is not kinds.CHECK or request.object is None:
            return ""
        if request.old is not None:
            reporter = (request.old.get("status") or {}).get("reporter", "")
            return "" if reporter == request.caller.username else f"only its reporter {reporter} may update this check"
        repository = request.object["spec"]["repository"]
        if await self._may(request.caller, "create", kinds.CHECKS_SUBRESOURCE, request.namespace, repository):
            return ""
        return f'User "{request.caller.username}" may not report checks on repository "{repository}"'

    async def _words(self, request: Request) -> str:
        """Somebody else's Comment or Review is edited by moderators only; settling a thread is no edit."""
        if request.kind not in {kinds.COMMENT, kinds.REVIEW} or request.old is None:
            return ""
        author = (request.old.get("status") or {}).get("author", "")
        if author == request.caller.username or _only_settles(request):
            return ""
        kind = kinds.COMMENT
        attributes = Attributes(
            "update", kind.group, kind.version, kind.plural, kinds.MODERATE_SUBRESOURCE, request.namespace, request.name
        )
        if (await self._authorizer.review(request.caller, attributes)).allowed:
            return ""
        return f"it was written by {author}; moderators (update on comments/moderate) may change it"


def _controller(caller: Caller) -> bool:
    return caller.username.startswith(names.service_account_user(names.SYSTEM_NAMESPACE, ""))


def _protected(obj: Mapping[str, Any] | None) -> dict[str, str]:
    labels = ((obj or {}).get("metadata") or {}).get("labels") or {}
    return {key: value for key, value in labels.items() if key.startswith(names.PROTECTED_LABEL_PREFIX)}


def _only_settles(request: Request) -> bool:
    if request.kind is not kinds.COMMENT or request.object is None or request.old is None:
        return False
    before = {key: value for key, value in request.old["spec"].items() if key != "resolved"}
    after = {key: value for key, value in request.object["spec"].items() if key != "resolved"}
    return before == after
