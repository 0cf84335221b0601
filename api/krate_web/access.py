"""May the signed-in user do that? The server is asked; nothing here knows a rule (UI-09)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from krate import errors, kinds
from krate.identity import Attributes
from krate.kinds import Kind
from krate.names import Verb
from krate_kube.interface import Client


@dataclass(frozen=True, slots=True)
class Answer:
    """One access review's answer."""

    allowed: bool
    reason: str = ""


def on(kind: Kind, verb: Verb, *, namespace: str, name: str = "", subresource: str = "") -> Attributes:
    """The question whether `verb` on an object of `kind` is allowed."""
    return Attributes(verb, kind.group, kind.version, kind.plural, subresource, namespace, name)


async def review(client: Client, question: Attributes) -> Answer:
    """Ask one question; no answer is a no, with the reason why there is none."""
    asked: Mapping[str, Any] = {
        "verb": str(question.verb),
        "group": question.group,
        "version": question.version,
        "resource": question.resource,
        "subresource": question.subresource,
        "namespace": question.namespace,
        "name": question.name,
    }
    body = {
        "apiVersion": kinds.SELF_SUBJECT_ACCESS_REVIEW.api_version,
        "kind": kinds.SELF_SUBJECT_ACCESS_REVIEW.name,
        "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
    }
    try:
        answer = await client.create(kinds.SELF_SUBJECT_ACCESS_REVIEW, body)
    except errors.Unauthorized:
        raise
    except errors.StatusError as problem:
        return Answer(allowed=False, reason=f"the access review failed: {problem.message}")
    status = answer.get("status") or {}
    return Answer(bool(status.get("allowed")), str(status.get("reason") or ""))


async def reviews(client: Client, *questions: Attributes) -> tuple[Answer, ...]:
    """Ask several questions at once."""
    return tuple(await asyncio.gather(*(review(client, question) for question in questions)))


async def may_list(client: Client, kind: Kind, namespace: str = "") -> bool:
    """Whether the user may list `kind`, asked before a read that a page can do without.

    A read that is merely tried and refused would stand in the audit as something that the user did.
    """
    return (await review(client, on(kind, Verb.LIST, namespace=namespace if kind.namespaced else ""))).allowed


async def may_get(client: Client, kind: Kind, name: str, namespace: str = "") -> bool:
    """Whether the user may read one object; the same, for one."""
    return (await review(client, on(kind, Verb.GET, namespace=namespace, name=name))).allowed


async def whoami(client: Client) -> str:
    """Name of the signed-in user, as the server authenticated it."""
    kind = kinds.SELF_SUBJECT_REVIEW
    answer = await client.create(kind, {"apiVersion": kind.api_version, "kind": kind.name})
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")
