"""What went wrong, as people need it: a sentence, the fields, the policy that refused, the id that finds the rest."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from krate import correlation, errors, kinds
from krate.kinds import Kind
from krate_kube.interface import Client, Unreachable
from krate_web import access, places

_VAP: Final = re.compile(
    r"ValidatingAdmissionPolicy '(?P<policy>[^']+)' with binding '(?P<binding>[^']*)' denied request: "
)
_KYVERNO: Final = re.compile(r"Policy (?P<policy>[a-z0-9][-a-z0-9.]*) (?:failed|error): ")
_WEBHOOK: Final = re.compile(r'admission webhook "(?P<webhook>[^"]+)" denied the request: ')
_SPEC_FIELD: Final = re.compile(r"\bobject\.spec(?P<path>(?:\.\??[A-Za-z]+)+)")
_VARIABLE: Final = re.compile(r"\bvariables\.(?P<name>\w+)")
_METHODS: Final = frozenset(
    {
        "size",
        "matches",
        "contains",
        "startsWith",
        "endsWith",
        "exists",
        "all",
        "trim",
        "orValue",
        "hasValue",
        "lowerAscii",
    }
)
SIGN_IN_AGAIN: Final = "Your session has ended. Sign in again; what you typed is kept on this page."


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One problem at one field."""

    field: str
    """Path in the object, such as `spec.body`."""
    message: str

    @property
    def input(self) -> str:
        """Name of the input that holds the field: the last word that is not `branch`."""
        words = [word for word in re.split(r"[.\[\]]+", self.field) if word and not word.isdigit() and word != "branch"]
        return words[-1] if words else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A refusal or a failure, ready to be shown where the action was."""

    title: str
    """Who or what said no."""
    message: str
    """What was said."""
    fields: tuple[FieldProblem, ...] = ()
    policy: str = ""
    """Name of the policy that refused."""
    policy_kind: str = ""
    policy_href: str = ""
    """Where the policy can be read, by whom it may be."""
    advice: str = ""
    """What to do, or who can help."""
    code: int = 500
    correlation: str = ""

    @property
    def first_input(self) -> str:
        """Name of the input that focus should move to."""
        return next((entry.input for entry in self.fields if entry.input), "")

    def at(self, name: str) -> str:
        """What is wrong with the input `name`; "" when nothing is."""
        return "; ".join(entry.message for entry in self.fields if entry.input == name)


def of(error: Exception) -> Problem:
    """The problem behind an exception of a call to the API."""
    if isinstance(error, Unreachable):
        return Problem(
            title="The API server cannot be reached",
            message=str(error),
            advice="Nothing was changed. Try again when it is back; what you typed stays here.",
            code=503,
            correlation=correlation.current(),
        )
    if not isinstance(error, errors.StatusError):
        return Problem(title="This page failed", message="An error in the UI.", correlation=correlation.current())
    return _refusal(error)


def _refusal(error: errors.StatusError) -> Problem:
    policy, kind, message = _policy(error.message)
    fields = tuple(FieldProblem(cause.field, cause.message) for cause in error.causes if cause.field)
    return Problem(
        title=f"{policy} refused this" if policy else _title(error),
        message=message,
        fields=fields,
        policy=policy,
        policy_kind=kind,
        advice=SIGN_IN_AGAIN if isinstance(error, errors.Unauthorized) else _ADVICE.get(error.http_code, ""),
        code=error.http_code,
        correlation=correlation.current(),
    )


_TITLES: Final[Mapping[int, str]] = {
    400: "The request was refused",
    401: "You are signed out",
    403: "You may not do this",
    404: "It is not here",
    409: "Somebody was faster",
    410: "It is gone",
    413: "That is too large",
    422: "Some of this cannot be accepted",
    429: "Too many requests",
    503: "The API server is busy",
    504: "The API server took too long",
}
_ADVICE: Final[Mapping[int, str]] = {
    409: "Look at what changed, then try again.",
    429: "Wait a moment, then try again.",
    503: "Nothing was changed. Try again in a moment.",
    504: "It may or may not have happened: look before you try again.",
}


def _title(error: errors.StatusError) -> str:
    if isinstance(error, errors.AlreadyExists):
        return "It exists already"
    return _TITLES.get(error.http_code, "The API server failed")


def _policy(message: str) -> tuple[str, str, str]:
    """Name and kind of the policy that refused, and what it said, out of a denial's text.

    The texts are those of kube-apiserver and of Kyverno (real-components.md, "Deny"); our own evaluation uses them too.
    """
    for pattern, kind in ((_VAP, kinds.VALIDATING_ADMISSION_POLICY.name), (_KYVERNO, kinds.VALIDATING_POLICY.name)):
        found = pattern.search(message)
        if found is not None:
            return found["policy"], kind, message[found.end() :]
    webhook = _WEBHOOK.search(message)
    if webhook is not None:
        return webhook["webhook"], "admission webhook", message[webhook.end() :]
    return "", "", message


_POLICY_KINDS: Final = (
    kinds.VALIDATING_POLICY,
    kinds.NAMESPACED_VALIDATING_POLICY,
    kinds.VALIDATING_ADMISSION_POLICY,
)


async def explained(client: Client, problem: Problem, *, namespace: str) -> Problem:
    """`problem` with its policy's address and the fields it reads, where the user may read the policy."""
    if not problem.policy:
        return problem
    found = await _find_policy(client, problem, namespace)
    if found is None:
        return problem
    kind, body = found
    paths = tuple(dict.fromkeys(_paths(body.get("spec") or {}, problem.message)))
    fields = tuple(FieldProblem(f"spec.{path}", problem.message) for path in paths)
    href = places.manifest(kind, namespace, problem.policy)
    return replace(problem, fields=problem.fields or fields, policy_kind=kind.name, policy_href=href)


async def _find_policy(client: Client, problem: Problem, namespace: str) -> tuple[Kind, Mapping[str, Any]] | None:
    likely = [
        kind
        for kind in _POLICY_KINDS
        if (kind.name == kinds.VALIDATING_ADMISSION_POLICY.name)
        == (problem.policy_kind == kinds.VALIDATING_ADMISSION_POLICY.name)
    ]
    for kind in likely:
        within = namespace if kind.namespaced else ""
        try:
            if await access.may_get(client, kind, problem.policy, within):
                return kind, await client.get(kind, problem.policy, namespace=within)
        except errors.StatusError:
            continue
        except Unreachable:
            return None
    return None


def _paths(spec: Mapping[str, Any], message: str) -> Iterator[str]:
    """Fields of the object's spec that the failing validation reads; of all validations when none can be told apart."""
    validations: Sequence[Mapping[str, Any]] = spec.get("validations") or []
    failing = [entry for entry in validations if entry.get("message") and _same(entry["message"], message)]
    variables = {str(entry.get("name")): str(entry.get("expression")) for entry in spec.get("variables") or []}
    for entry in failing or validations:
        for text in _texts(str(entry.get("expression") or ""), variables):
            for match in _SPEC_FIELD.finditer(text):
                words = [word.lstrip("?") for word in match["path"].split(".") if word]
                if kept := [word for word in words if word not in _METHODS]:
                    yield ".".join(kept)


def _same(written: str, said: str) -> bool:
    """Whether a policy's message is what was said: line breaks of a folded text are no difference."""
    return " ".join(written.split()) in " ".join(said.split())


def _texts(expression: str, variables: Mapping[str, str]) -> Iterator[str]:
    """An expression, and those of the variables it uses, directly or through each other."""
    seen: set[str] = set()
    waiting = [expression]
    while waiting:
        text = waiting.pop()
        yield text
        for match in _VARIABLE.finditer(text):
            if match["name"] not in seen and match["name"] in variables:
                seen.add(match["name"])
                waiting.append(variables[match["name"]])
